"""Mode 3 as the telemetry shows it: contactor and pilot in time, phases never changed under load."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.connectors import Stretches
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.follow_times import DWELL_S, ROW_HAIR_S
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import spans

CLOSE, OPEN, PWM = "electrical.contactor-close", "electrical.contactor-open", "electrical.pwm-period"
SWITCH, PAUSE, DWELL = "electrical.phase-switch", "electrical.phase-pause", "electrical.phase-dwell"
REQUIREMENTS = (
    R(
        CLOSE,
        "The contactor closes within 3 s when a car with an offer asks",
        "IEC 61851-1 Annex A, sequence 4",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        OPEN,
        "The contactor opens within 0.1 s when the car is done or gone, or by the emergency stop button",
        "IEC 61851-1 Annex A, 8.1; IEC 60204-1: stop category 0",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        PWM,
        "The offer changes at most every 5 s, except to none",
        "IEC 61851-1 Annex A: 5 s",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        SWITCH,
        "The phases change with the contactor open only",
        "IEC 61851-1; EVerest EvseManager",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(PAUSE, "Between charging on one and on three phases lie 10 s", "assumed, as EVerest EvseManager: 10 s"),
    R(DWELL, "Back to three phases only after 600 s", "assumed, as EVerest EnergyManager: 600 s"),
)
CLOSE_S = 3.0  # IEC 61851-1 Annex A, sequence 4
OPEN_S = 0.1  # IEC 61851-1 Annex A, sequence 8.1
SAME_DUTY_PCT = 0.01  # recorded to more digits: less is no change
PWM_S = 5.0  # IEC 61851-1 Annex A, sequence 7
EMERGENCY = "emergency-stop"
PAUSE_S = 10.0  # EVerest's EvseManager manifest

TOO_SOON = {
    PAUSE: "charging goes on too soon on another number of phases",
    DWELL: "the phases are switched up too soon",
}
Run = tuple[float, float, float]  # from and to, and the phases it conducts on


class Contactor:
    """Closing and opening against the pilot."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._welded = set[int | None]()
        self._stopped: defaultdict[int | None, Stretches] = defaultdict(Stretches)  # by the button
        context.bus.telemetry.append(self._part)
        context.bus.events["fault"].append(self._fault)
        context.bus.events["clear"].append(self._clear)

    def _fault(self, event: Event) -> None:
        if event.detail.get("fault") == "contactor-welded":
            self._welded.add(event.connector)
        elif event.detail.get("fault") == EMERGENCY:
            self._stopped[event.connector].open(event.epoch_s)

    def _clear(self, event: Event) -> None:
        if event.detail.get("fault") == EMERGENCY:
            self._stopped[event.connector].close(event.epoch_s)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            asks = rows.among("pilot", "C", "D")
            offered, closed = rows.highest("offered_a") > 0, rows["phases"] > 0
            live = rows["u1_v"] > 0
            window_s = rows.instrument.window_s
            self._judge(CLOSE, connector, spans(rows, asks & offered & ~closed & live), CLOSE_S, window_s)
            if connector not in self._welded:
                done = rows.among("pilot", "A", "B") | self._stopped[connector].cover(rows["epoch_s"])
                self._judge(OPEN, connector, spans(rows, done & closed), OPEN_S, window_s)

    def _judge(
        self,
        requirement: str,
        connector: int,
        found: Iterator[tuple[float, float]],
        most_s: float,
        window_s: float,
    ) -> None:
        message = f"the contactor {'closes' if requirement == CLOSE else 'opens'} late"
        for begin, end in found:
            took_s = self._context.ledger.time.lasted_s(begin, end)
            good = _decided(took_s <= most_s + ROW_HAIR_S, took_s - most_s, window_s)
            expected, actual = f"within {most_s:g} s", f"after {took_s:.2f} s"
            _enter(self._context, requirement, good, end, connector, expected, actual, message)


class PwmPeriod:
    """Seconds between changes of the duty cycle; taking the offer away needs no waiting."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._changed_s: dict[int, float] = {}  # by connector: t of its last change
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            duty, epoch_s, t_s = rows["duty_pct"], rows["epoch_s"], rows["t_s"]
            slack = rows.instrument.slack("duty_pct", duty)
            changed = np.flatnonzero(np.abs(np.diff(duty)) > SAME_DUTY_PCT + slack[:-1] + slack[1:]) + 1
            window_s = rows.instrument.window_s
            for now in changed[changed >= rows.carried].tolist():
                since_s = float(t_s[now]) - self._changed_s.get(connector, -inf)
                is_another = window_s < since_s < inf  # a reading may tell half of a change
                if duty[now] < 100.0 and is_another:
                    self._judge(connector, float(epoch_s[now]), since_s, window_s)
                self._changed_s[connector] = float(t_s[now])

    def _judge(self, connector: int, epoch_s: float, since_s: float, window_s: float) -> None:
        good = _decided(since_s >= PWM_S - ROW_HAIR_S, since_s - PWM_S, window_s)
        told = f"{since_s:.2f} s after the last change"
        message = "the duty cycle changes too often"
        _enter(self._context, PWM, good, epoch_s, connector, f">= {PWM_S:g} s", told, message)


def _decided(good: bool, beyond_s: float, window_s: float) -> bool | None:
    """The same, if it is so far beyond its limit, or None: it may be on either side by what readings tell."""
    return good if abs(beyond_s) > window_s or not window_s else None


def _enter(context: Context, requirement: str, good: bool | None, *case: Any) -> None:
    """A case that was decided, or one that was not."""
    if good is None:
        context.ledger.undecided(requirement)
    else:
        context.ledger.judge(requirement, good, *case)


class Phases:
    """From one to three phases and back, as the contactor conducts on them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._runs: defaultdict[int, list[Run]] = defaultdict(list)  # by connector: its last two
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            phases = rows["phases"]
            self._under_load(connector, rows, phases)
            new = slice(max(rows.carried - 1, 0), None)  # a run ends with the row after its last
            for run in _runs(rows["epoch_s"][new], phases[new]):
                self._ran(connector, run, rows.instrument.window_s)

    def _under_load(self, connector: int, rows: Rows, phases: Array) -> None:
        before, now = phases[:-1], phases[1:]
        moved = np.flatnonzero(before != now) + 1
        for k in moved[moved >= rows.carried].tolist():
            good = min(phases[k - 1], phases[k]) == 0
            decided = good if good or rows.instrument.is_exact else None  # it may have opened between
            actual = f"from {phases[k - 1]:g} to {phases[k]:g} phases"
            message = "the phases change while the contactor is closed"
            at = float(rows["epoch_s"][k])
            _enter(self._context, SWITCH, decided, at, connector, "an open contactor", actual, message)

    def _ran(self, connector: int, run: Run, window_s: float) -> None:
        before = self._runs[connector]
        if before and before[-1][2] == run[2]:  # equal neighbours are one
            before[-1] = (before[-1][0], run[1], run[2])
            return
        if before:
            self._judge(PAUSE, PAUSE_S, connector, before[-1], run, window_s)
        if len(before) == 2 and before[0][2] == run[2] > before[1][2]:
            self._judge(DWELL, DWELL_S, connector, before[0], run, window_s)
        self._runs[connector] = [*before[-1:], run]

    def _judge(
        self, requirement: str, least_s: float, connector: int, before: Run, run: Run, window_s: float
    ) -> None:
        epoch_s = run[0]
        took_s = self._context.ledger.time.lasted_s(before[1], epoch_s)
        good = _decided(took_s >= least_s - ROW_HAIR_S, took_s - least_s, window_s)
        expected, told = f">= {least_s:g} s", f"{took_s:.2f} s"
        _enter(self._context, requirement, good, epoch_s, connector, expected, told, TOO_SOON[requirement])


def _runs(epoch_s: Array, phases: Array) -> Iterator[Run]:
    """Each stretch of conducting on as many phases."""
    edges = np.concatenate([[0], np.flatnonzero(np.diff(phases)) + 1, [len(phases)]])
    for first, last in pairwise(edges.tolist()):
        if phases[first]:
            yield float(epoch_s[first]), float(epoch_s[min(last, len(epoch_s) - 1)]), float(phases[first])
