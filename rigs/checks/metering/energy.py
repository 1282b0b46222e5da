"""Energy against power: what a register rose by, and what the power or current told can have brought."""

from collections import deque
from dataclasses import dataclass, field
from math import inf, nan
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.flow import Flow, by_phase, flow_of
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND
from evc5.rigs.checks.reading.steps import step_of
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import CURRENT
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.profiles import HIGH_VOLTS, PHASES_UNTOLD, VOLTS
from evc5.rigs.checks.state.requirement import Requirement as R

ENERGY, INTERVAL = "metering.energy-power", "metering.energy-interval"
REQUIREMENTS = (
    R(ENERGY, "The energy between two samples is what the power at both allows", "7.31", needs=(CURRENT,)),
    R(INTERVAL, "The energy of an interval is what its register rose by", "7.31"),
)
LOADED_A = 6.0  # IEC 61851-1 Annex A: a car that charges takes so much or more, nearly all of it as power
LEAST_FACTOR = 0.5  # assumed: and no charger under load has a power factor below
WHOLE_WH = 1.0  # a register told in whole watt-hours may have been cut
TELLING_WH = 50.0  # assumed: so much energy tells a register that stands still from one that was cut
OF_TOLD = 0.5  # assumed: what was sampled now and then may differ so much from what flowed in between
KILO_PART = 0.3  # assumed: a factor of 1000 is told from others by so much
INTERVAL_PART = 0.1  # assumed: interval and register may be read some seconds apart
DISTURBED_S = 5.0  # assumed: what happened near a sample may have changed the power around it
MOST_DISTURBED = 256  # moments kept
SESSIONS = 64  # kept at a time, for data that arrives late
OFTEN_BEHIND = 3  # assumed: so many times caught up is no chance

STILL = "the register stands still while power is told to flow"
KWH_AS_WH = "the register rises by a thousandth of the energy told to flow: kWh called Wh"
WH_AS_KWH = "the register rises by a thousand times the energy told to flow: Wh called kWh, or kW called W"
BACK = "the register of what comes in rises while power is told to go back"
LAGS = "the register is told as it stood a while before: it stands still, and then catches up"
OTHER = "the energy between samples is not what the power at both ends allows"
ALL_IN_ALL = "the energy of the transaction is not what the power told allows"


@dataclass(slots=True, eq=False, repr=False)
class Suspect:
    """Two samples between which the register did not do as the power told."""

    epoch_s: float
    since: float
    low_wh: float
    high_wh: float
    slack_wh: float
    told_wh: float


@dataclass(slots=True, eq=False, repr=False)
class Session:
    """The samples of one transaction so far."""

    last: tuple[float, float, float, float] = (nan, nan, nan, nan)  # stamp, least W, most W, register
    low_wh: float = 0.0
    high_wh: float = 0.0
    told_wh: float = 0.0
    doubt_wh: float = 0.0  # of pairs between which something happened: how far off they are
    first_epoch_s: float = nan
    pairs: int = 0
    peak_w: float = -inf  # the most power told
    step_wh: float = 0.0
    suspects: list[Suspect] = field(default_factory=list)


class Samples(NamedTuple):
    """Samples of one transaction in the order they came."""

    order: Array
    epoch_s: Array
    rows: Array  # stamp, least W, most W, register: four rows
    interval_wh: Array  # nan where none is told
    step_wh: float  # the register's resolution, as these tell it

    @staticmethod
    def of(block: Block, register: Array) -> "Samples":
        """Those that tell the same measurands."""
        low, high = bounds(block, flow_of(block))
        interval = block.column("Energy.Active.Import.Interval")
        interval_wh = np.full(len(block), nan) if interval is None else interval
        rows = np.stack([block.stamp, low, high, register])
        return Samples(block.order, block.epoch_s, rows, interval_wh, step_of(block))


def joined(parts: list[Samples]) -> Samples:
    """All in the order they came, whatever their measurands: a pair is a sample and the next one."""
    order = np.concatenate([part.order for part in parts])
    at = np.argsort(order, kind="stable")
    epoch_s, interval_wh = (
        np.concatenate([getattr(part, of) for part in parts])[at] for of in ("epoch_s", "interval_wh")
    )
    rows = np.concatenate([part.rows for part in parts], axis=1)[:, at]
    return Samples(order[at], epoch_s, rows, interval_wh, max(part.step_wh for part in parts))


class EnergyFlow:
    """Follows each transaction's samples; what does not fit is told at its end, as the cause that it has."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._sessions: dict[tuple[int, int], Session] = {}
        self._disturbed: deque[float] = deque(maxlen=MOST_DISTURBED)
        bus = context.bus
        bus.readings.append(self._readings)
        bus.calls["StatusNotification"].append(self._status)
        bus.calls["StopTransaction"].append(self._stopped)
        for action in ("SetChargingProfile", "ClearChargingProfile", "ChangeConfiguration"):
            bus.replies[action].append(self._ordered)
        for name in ("fault", "clear", "plug-in", "unplug", "power-cut", "power-restore"):
            bus.events[name].append(self._event)
        bus.end.append(self._end)

    # -- what disturbs ---------------------------------------------------------------------------

    def _status(self, call: Call) -> None:
        self._disturbed.append(call.epoch_s)

    def _ordered(self, call: Call) -> None:
        self._disturbed.append(call.answered_s)

    def _event(self, event: Event) -> None:
        self._disturbed.append(event.epoch_s)

    def _undisturbed(self, begin: float, end: float) -> bool:
        """Did nothing happen at any connector? What one takes the others may have to leave."""
        since, until = begin - DISTURBED_S, end + DISTURBED_S
        happened = any(since <= epoch_s <= until for epoch_s in self._disturbed)
        places = (0, *self._context.history.outlets())
        return not happened and not any(self._limit_steps(one, since, until) for one in places)

    def _limit_steps(self, connector: int, since: float, until: float) -> bool:
        """Does an accepted schedule have another limit there meanwhile? It may be back by the next sample."""
        return len(set(self._context.profiles.caps_within(connector, since, until, either_way=True))) > 1

    # -- samples ---------------------------------------------------------------------------------

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told: dict[int, list[Samples]] = {}
        for block in self._context.instant(blocks):
            register = block.column(DEFAULT_MEASURAND)
            if block.transaction is None or block.layout.context != "Sample.Periodic" or register is None:
                continue
            told.setdefault(block.transaction, []).append(Samples.of(block, register))
        for transaction, parts in told.items():
            session = self._session(connector, transaction)
            samples = parts[0] if len(parts) == 1 else joined(parts)
            self._interval(connector, session, samples)
            self._pairs(connector, session, samples)

    def _session(self, connector: int, transaction: int) -> Session:
        key = connector, transaction
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = Session()
            if len(self._sessions) > SESSIONS:
                self._close(next(iter(self._sessions)))
        return session

    def _pairs(self, connector: int, session: Session, samples: Samples) -> None:
        """Where nothing happened between two samples at nearly the same power, energy is power times time."""
        rows = samples.rows
        stamp, low, high, register = np.concatenate([np.array(session.last)[:, None], rows], axis=1)
        session.last = tuple(rows[:, -1].tolist())
        session.step_wh = max(session.step_wh, samples.step_wh)
        if np.isnan(session.first_epoch_s):
            session.first_epoch_s = float(samples.epoch_s[0])
        hours = np.diff(stamp) / 3600.0
        doubt_h = self._ledger.time.stepped_s(stamp) / 3600.0
        told = np.diff(register)
        least, most = np.minimum(low[1:], low[:-1]), np.maximum(high[1:], high[:-1])
        known = (hours > 0) & np.isfinite(least + most + told) & ~(told < 0)  # a fall is told of as one
        tolerances = self._context.tolerances
        slack = tolerances.meter_class * most * hours + WHOLE_WH + WHOLE_WH
        slack = slack + max(tolerances.resolution_wh, session.step_wh) + most * doubt_h
        session.doubt_wh += float(np.sum((most * doubt_h)[known]))
        even = np.maximum(high[1:], high[:-1]) - np.minimum(high[1:], high[:-1])
        steady = known & (even <= tolerances.steady_part * most)
        wrong = steady & ((told < least * hours - slack) | (told > most * hours + slack))
        good = steady & ~wrong
        self._ledger.held(ENERGY, int(np.count_nonzero(good)), connector, stamp[1:][good])
        between = [(power[1:] + power[:-1]) / 2 * hours for power in (low, high)]
        self._sum(session, between, told, known)
        session.peak_w = max(
            session.peak_w, float(np.max(high[1:], initial=-inf, where=np.isfinite(high[1:])))
        )
        self._doubt(session, stamp, between, told, np.where(known & ~good, slack, np.inf))
        for k in np.flatnonzero(wrong).tolist():
            if self._undisturbed(float(stamp[k]), float(stamp[k + 1])):
                part = (float(v) for v in (least[k] * hours[k], most[k] * hours[k], slack[k], told[k]))
                session.suspects.append(Suspect(float(samples.epoch_s[k]), float(stamp[k]), *part))

    @staticmethod
    def _sum(session: Session, between: list[Array], told: Array, known: Array) -> None:
        session.low_wh += float(np.sum(between[0][known]))
        session.high_wh += float(np.sum(between[1][known]))
        session.told_wh += float(np.sum(told[known]))
        session.pairs += int(np.count_nonzero(known))

    def _doubt(
        self,
        session: Session,
        stamp: Array,
        between: list[Array],
        told: Array,
        slack: Array,
    ) -> None:
        """What flowed between two samples may be far from the power at both, if it was changed meanwhile."""
        least, most = between
        off_wh = np.maximum(np.maximum(least - told, told - most), 0.0)
        for k in np.flatnonzero(off_wh > slack).tolist():
            if not self._undisturbed(float(stamp[k]), float(stamp[k + 1])):
                session.doubt_wh += float(off_wh[k])

    # -- the end of a transaction ----------------------------------------------------------------

    def _stopped(self, call: Call) -> None:
        for key in [key for key in self._sessions if key[1] == call.payload["transactionId"]]:
            self._close(key)

    def _end(self, epoch_s: float) -> None:
        for key in list(self._sessions):
            self._close(key)

    def _close(self, key: tuple[int, int]) -> None:
        """One cause, one finding: of suspects that all have one explanation, else of each as it is."""
        session = self._sessions.pop(key)
        connector = key[0]
        message = cause_of(session)
        if self._context.registers.is_named(connector) and message in (KWH_AS_WH, WH_AS_KWH):
            return
        lags = message is None and lags_behind(session.suspects)
        for suspect in session.suspects:
            low, high = suspect.low_wh, suspect.high_wh
            expected = (
                f"{low:.1f} to {high:.1f} Wh since {iso(suspect.since)}, within {suspect.slack_wh:.1f} Wh"
            )
            actual = f"{suspect.told_wh:.1f} Wh"
            says, severity = (LAGS, "warning") if lags else (message or OTHER, "error")
            self._ledger.broken(ENERGY, suspect.epoch_s, connector, expected, actual, says, severity=severity)
        if not session.suspects and message:
            expected = f"{session.low_wh:.0f} to {session.high_wh:.0f} Wh"
            told, until = f"{session.told_wh:.0f} Wh", session.last[0]
            self._ledger.broken(
                ENERGY, session.first_epoch_s, connector, expected, told, message, until=until
            )

    # -- an interval's energy --------------------------------------------------------------------

    def _interval(self, connector: int, session: Session, samples: Samples) -> None:
        told = samples.interval_wh
        if np.isnan(told).all():
            return
        rose = np.diff(np.concatenate([[session.last[3]], samples.rows[3]]))
        slack = 2 * samples.step_wh + INTERVAL_PART * np.maximum(rose, told)
        known = np.isfinite(rose + told)
        wrong = known & (np.abs(rose - told) > slack)
        self._ledger.judge_rows(
            INTERVAL,
            connector,
            samples.epoch_s,
            known,
            wrong,
            lambda k: (
                f"{rose[k]:g} Wh, as the register rose, within {slack[k]:.1f} Wh",
                f"{told[k]:g} Wh",
                "Energy.Active.Import.Interval is not what the register rose by",
            ),
        )


def bounds(block: Block, flow: Flow) -> tuple[Array, Array]:
    """The least and the most power that a block's samples tell; nan where they tell nothing.

    A power told in kW as W is one fault, which `metering.power` names: the currents speak in its place.
    """
    least, most = current_bounds(block)
    kilo = 1000.0 * np.abs(flow.watts)
    is_kilo = (
        (np.abs(flow.watts) < least) & (least * (1 - KILO_PART) <= kilo) & (kilo <= most * (1 + KILO_PART))
    )
    told = np.isfinite(flow.watts) & ~is_kilo
    return np.where(told, flow.watts, least), np.where(told, flow.watts, most)


def current_bounds(block: Block) -> tuple[Array, Array]:
    """The least and the most power that its currents can come to; nan where none is told.

    One current alone, with a phase or without, may be that of each phase or of one.
    """
    flow, told = flow_of(block), len(by_phase(block, "Current.Import"))
    volts = np.where(np.isnan(flow.volts), VOLTS * HIGH_VOLTS, flow.volts)
    apparent = np.abs(flow.total_amps) * volts  # a car may give back
    least = np.where(flow.amps >= LOADED_A, LEAST_FACTOR * apparent, 0.0 * apparent)
    return least, apparent * (1 if told > 1 else PHASES_UNTOLD)


def cause_of(session: Session) -> str | None:
    """What the whole of a transaction says of its register; None where nothing is wrong with the whole."""
    told, low, high = session.told_wh, session.low_wh, session.high_wh
    step = session.step_wh + WHOLE_WH
    tells = TELLING_WH + 3 * step
    if session.pairs < 2 or max(low * OF_TOLD, told) < tells:
        return None
    if session.peak_w < 0.0:
        return BACK
    slack = step * 2 + session.doubt_wh
    if low * (1 - OF_TOLD) - slack <= told <= high * (1 + OF_TOLD) + slack:
        return None
    if told <= 0:
        return STILL
    for factor, message in ((1000.0, KWH_AS_WH), (0.001, WH_AS_KWH)):
        as_told = told * factor
        if low * (1 - KILO_PART) - factor * step <= as_told <= high * (1 + KILO_PART) + factor * step:
            return message
    return ALL_IN_ALL if low * OF_TOLD >= tells else None


def lags_behind(suspects: list[Suspect]) -> bool:
    """Does the register stand still now and then, and come after each time to where it should be?

    It is read from its meter less often than it is told.
    """
    behind_wh, caught_up = 0.0, []
    for its in suspects:
        if its.low_wh > its.told_wh > 0.0:
            return False
        behind_wh += its.low_wh - its.told_wh if its.told_wh < its.low_wh else its.high_wh - its.told_wh
        if its.told_wh > 0.0:
            caught_up.append(behind_wh)
    most_wh = max((its.slack_wh + its.high_wh for its in suspects), default=0.0)
    return len(caught_up) >= OFTEN_BEHIND and max(caught_up) - min(caught_up) <= most_wh
