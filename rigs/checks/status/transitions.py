"""What changes at a moment: a status with its contactor or car, a contactor under load, a shared current."""

from collections import deque
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.connectors import MOST_STRETCHES, Connectors, Stretches
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS, TELEMETRY
from evc5.rigs.checks.state.follow_times import ROW_HAIR_S
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import SHEET
from evc5.rigs.checks.state.spans import hold, lasting
from evc5.rigs.checks.status.against_telemetry import OPPOSITES, STATUS_SETTLED_S

CHARGING, PREPARING, HASTY = "status.charging", "status.preparing", "status.hasty-suspension"
HANDOVER, LOAD = "electrical.handover", "electrical.contactor-load"
IDLE = "service.idle"
FAULTED, MAINS, POWERED = "electrical.faulted", "electrical.mains", "metering.powered"
REQUIREMENTS = (
    R(
        CHARGING,
        "Charging stands while the contactor is closed for a car that asks, and no longer",
        "7.7",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        PREPARING,
        "A car at a connector in service ends its being Available at once",
        "4.9: A2",
        needs=(TELEMETRY,),
        arises=("StatusNotification",),
    ),
    R(
        HASTY,
        "SuspendedEV is told of a car that had its time and does not charge, SuspendedEVSE without an offer",
        "4.9: B3, B4, E3, E4, 7.7; IEC 61851-1 Annex A: 5 s",
        needs=(TELEMETRY,),
        arises=("StatusNotification",),
    ),
    R(
        IDLE,
        "Without a transaction, or without a car, nothing is allocated",
        "4.8; design: allocated_a",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        MAINS,
        "Without mains nothing is allocated or offered and nothing flows",
        "IEC 61851-1; events power-cut; design: allocated_a",
        needs=(TELEMETRY, EVENTS),
        arises=("power-cut",),
    ),
    R(
        POWERED,
        "No sample is taken while the mains are gone",
        "4.7; events power-cut",
        needs=(EVENTS,),
        arises=("power-cut",),
    ),
    R(
        FAULTED,
        "A connector that is Faulted offers nothing",
        "7.7",
        needs=(TELEMETRY, EVENTS),
        arises=("fault",),
    ),
    R(
        LOAD,
        "A contactor opens under load only where a car ignores that its offer ended",
        "IEC 61851-1 10.2",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        HANDOVER,
        "What is taken from one car is offered to another after its time to follow",
        "IEC 61851-1 Annex A: 5 s; sequence 10.2: 6 s",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
)
MOMENT_S = 0.2  # assumed: a status follows its contactor so soon
FOLLOW_S = 5.0  # IEC 61851-1 Annex A: a car follows a lower offer
OFF_S = 6.0  # IEC 61851-1 Annex A, sequence 10.2: and the end of one
IDLE_S = 5.0  # assumed: starts and stops may be stamped so much off
GONE_S = 1.0  # assumed: stamps may be a second off
LOAD_A = 1.0  # assumed: what a parked car takes is no load


class Known(NamedTuple):
    """What frames and events tell of a connector, row by row."""

    runs: Array  # a transaction
    plugged: Array
    sound: Array  # no fault is there
    sure: Array  # the frames tell all

    @classmethod
    def of(cls, connectors: Connectors, connector: int, epoch_s: Array) -> "Known":
        return cls(
            connectors.running[connector].cover(epoch_s),
            connectors.plugged[connector].cover(epoch_s),
            ~connectors.faulty[connector].cover(epoch_s),
            ~connectors.unsure(epoch_s),
        )


class Moments:
    """Judges rows of telemetry against those just before them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._cuts = Stretches()
        self._cleared: dict[int, list[float]] = {}  # by connector: when one of its faults ended
        # when something may have changed what is offered, and at which connector: 0, by the CSMS
        self._changes: deque[tuple[float, int]] = deque(maxlen=MOST_STRETCHES)
        context.bus.events["power-cut"].append(lambda event: self._cuts.open(event.epoch_s))
        context.bus.events["power-restore"].append(lambda event: self._cuts.close(event.epoch_s))
        context.bus.events["clear"].append(self._clear)
        context.bus.events["fault"].append(self._made_up_for)
        for action in ("SetChargingProfile", "ClearChargingProfile", "ChangeConfiguration"):
            context.bus.calls[action].append(lambda call: self._changes.append((call.epoch_s, 0)))
        for name in ("plug-in", "unplug", "tag", "fault", "clear"):
            context.bus.events[name].append(self._change)
        context.bus.readings.append(self._readings)
        context.bus.telemetry.append(self._part)

    def _clear(self, event: Event) -> None:
        times = self._cleared.setdefault(event.connector or 0, [])
        times.append(event.epoch_s)
        del times[:-MOST_STRETCHES]

    def _made_up_for(self, event: Event) -> None:
        """A fault that makes up for another ends it."""
        if event.connector is not None and self._connectors.faults(event.connector) >= OPPOSITES:
            self._clear(event)

    def _change(self, event: Event) -> None:
        self._changes.append((event.epoch_s, event.connector or 0))

    def _part(self) -> None:
        parts = self._context.telemetry.parts
        for connector, rows in parts.items():
            known = Known.of(self._connectors, connector, rows["epoch_s"])
            self._charging(connector, rows, known)
            self._preparing(connector, rows, known)
            self._suspended(connector, rows, known)
            self._suspended_by_whom(connector, rows, known)
            self._under_load(connector, rows)
            self._faulted(connector, rows, known)
            self._idle(connector, rows, known)
            self._without_mains(connector, rows, known)
        if len(parts) > 1:
            self._handovers(parts)

    # -- the status and the contactor ------------------------------------------------------------

    def _charging(self, connector: int, rows: Rows, known: Known) -> None:
        judged = known.runs & known.plugged & known.sound & known.sure
        closed, said = rows["phases"] > 0, rows.among("status", "Charging")
        flows = closed & rows.among("pilot", "C", "D") & (rows.highest("offered_a") > 0)
        steady = rows.steady("phases", said, flows)
        unsure = judged & ~steady
        judged &= steady
        wrong = judged & np.where(said, ~closed, flows)
        hold(self._ledger, CHARGING, rows, judged & ~wrong, connector, unsure)
        for begin, end, k in lasting(rows, wrong, MOMENT_S):
            contactor = "closed, the car asks" if closed[k] else "open"
            status = str(rows.text("status", k))
            message = f"{status} stands with the contactor {contactor}, for {end - begin:.1f} s"
            expected = "another status" if said[k] else "Charging"
            self._ledger.broken(CHARGING, begin, connector, expected, status, message)

    def _preparing(self, connector: int, rows: Rows, known: Known) -> None:
        judged = rows.among("pilot", "B", "C", "D") & known.plugged & known.sound & known.sure
        steady = rows.steady("status", "pilot")
        unsure = judged & ~steady
        judged &= steady
        wrong = judged & rows.among("status", "Available")
        if self._keys.has_option(f"chg_Ch{connector}Options", "PlugAndCharge", float(rows["epoch_s"][-1])):
            wrong &= ~known.runs  # A3 to A5: it may go to Charging at once
        hold(self._ledger, PREPARING, rows, judged & ~wrong, connector, unsure)
        for begin, end, _ in lasting(rows, wrong, MOMENT_S):
            message = f"a car is there and the connector Available, for {end - begin:.1f} s"
            self._ledger.broken(PREPARING, begin, connector, "Preparing", "Available", message)

    def _suspended(self, connector: int, rows: Rows, known: Known) -> None:
        """Another maker's station may well tell each moment as it is; ours waits for the car."""
        if not rows.instrument.is_exact:
            return
        offer, epoch_s = rows.highest("offered_a"), rows["epoch_s"]
        judged = rows.among("pilot", "B") & (offer > 0) & rows.among("status", "SuspendedEV")
        judged &= known.sound & known.sure
        judged[1:] &= rows.among("status", "Preparing", "SuspendedEVSE")[:-1]
        reaction_s = self._context.tolerances.reaction_s
        severity = self._ours()
        for k in np.flatnonzero(judged[1:]) + 1:
            if k >= rows.carried:
                since_s = _since_pause(epoch_s, offer, int(k))
                good = since_s >= reaction_s - ROW_HAIR_S
                expected, told = f">= {reaction_s:g} s after the offer", f"after {since_s:.2f} s"
                message = "a car counts as suspended before it had time to answer the offer"
                at = float(epoch_s[k])
                self._ledger.judge(HASTY, good, at, connector, expected, told, message, severity=severity)

    def _suspended_by_whom(self, connector: int, rows: Rows, known: Known) -> None:
        """Either may stand on while a car is given time to answer, but does not begin against the offer."""
        if not rows.instrument.is_exact:
            return
        judged = rows.among("pilot", "B", "C", "D") & known.sound & known.sure
        offers = rows.highest("offered_a") > 0
        for status, other, against in (
            ("SuspendedEVSE", "SuspendedEV", offers),
            ("SuspendedEV", "SuspendedEVSE", ~offers),
        ):
            said = judged & rows.among("status", status)
            begins = said.copy()
            begins[1:] &= ~rows.among("status", status)[:-1]
            begins[:1] = False
            hold(self._ledger, HASTY, rows, begins & ~against, connector)
            for begin, end, k in lasting(rows, said & against, MOMENT_S):
                if begins[k] and not self._has_a_cause(connector, begin):
                    told = "current is offered" if offers[k] else "nothing is offered"
                    message = f"{status} begins while {told}, for {end - begin:.1f} s"
                    severity = self._ours()
                    self._ledger.broken(HASTY, begin, connector, other, status, message, severity=severity)

    def _has_a_cause(self, connector: int, epoch_s: float) -> bool:
        """What the CSMS or somebody elsewhere does, and who comes or goes, may change what is offered."""
        at = np.array([epoch_s])
        cable = self._connectors.plugged[connector].edges_within(at - MOMENT_S, at + MOMENT_S)
        others = (when for when, where in self._changes if where != connector)
        return bool(cable[0]) or any(abs(when - epoch_s) <= MOMENT_S for when in others)

    def _ours(self) -> str:
        return "error" if self._context.evidence.behaviour == SHEET else "warning"

    def _faulted(self, connector: int, rows: Rows, known: Known) -> None:
        """While the fault lasts; after it the status waits for what the car makes of the offer (I3 to I5).

        Another that lasts may be none that the station knows of, as a contactor welded while it is closed.
        """
        lasts = ~known.sound
        for cleared in self._cleared.get(connector, ()) if lasts.any() else ():
            lasts &= (rows["epoch_s"] < cleared) | (rows["epoch_s"] > cleared + STATUS_SETTLED_S)
        faulted = lasts & rows.among("status", "Faulted")
        offers = rows.highest("offered_a") > 0
        steady = rows.steady("status", offers)
        hold(self._ledger, FAULTED, rows, faulted & ~offers & steady, connector, faulted & ~steady)
        faulted &= steady
        for begin, end, _ in lasting(rows, faulted & offers, MOMENT_S):
            message = f"a Faulted connector offers current, for {end - begin:.1f} s"
            actual = "an offer"
            self._ledger.broken(FAULTED, begin, connector, "no offer", actual, message)

    def _idle(self, connector: int, rows: Rows, known: Known) -> None:
        epoch_s = rows["epoch_s"]
        allocated = rows.highest("allocated_a") > 0
        idle = ~known.runs & known.sure
        told_until = self._context.history.link.delivered_until(self._context.telemetry.until, 0.0)
        idle &= ~allocated | (epoch_s <= told_until)  # else its start may be on its way
        gone = rows.among("pilot", "A") & rows.steady("pilot") & known.sure
        hold(self._ledger, IDLE, rows, (idle | gone) & ~allocated, connector)
        for begin, end, k in lasting(rows, (idle | gone) & allocated, IDLE_S):
            if not gone[k] and self._connectors.running[connector].meets(begin, begin + IDLE_S, 0.0):
                continue  # it starts between two rows
            amps = f"{rows.highest('allocated_a')[k]:.2f} A"
            without = "car" if gone[k] else "transaction"
            message = f"current is allocated without a {without}, for {end - begin:.0f} s"
            self._ledger.broken(IDLE, begin, connector, "0 A", amps, message)

    def _without_mains(self, connector: int, rows: Rows, known: Known) -> None:
        """The row of the very instant shows how it was, or how it is."""
        cut = self._cuts.cover(rows["epoch_s"], ROW_HAIR_S + rows.instrument.window_s)
        live = (rows.low.highest("offered_a") > 0) | (rows.low.current() > 0) | (rows.low["u1_v"] > 0)
        live |= rows.low.highest("allocated_a") > 0
        live |= (rows["phases"] > 0) & rows.steady("phases") & known.sound  # it may be welded
        hold(self._ledger, MAINS, rows, cut & ~live, connector)
        for k in np.flatnonzero(cut & live).tolist():
            if k >= rows.carried:
                epoch_s = float(rows["epoch_s"][k])
                message = "the power is cut and the connector live"
                allocated = rows.highest("allocated_a")[k]
                actual = f"{rows['u1_v'][k]:.0f} V, {rows.current()[k]:.1f} A, {allocated:.1f} A allocated"
                self._ledger.broken(MAINS, epoch_s, connector, "0 V, 0 A", actual, message)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        if not self._cuts.begins:
            return
        for block in blocks:
            wrong = self._cuts.cover(block.stamp, GONE_S) & self._cuts.cover(block.stamp + GONE_S)
            self._ledger.held(POWERED, int(np.count_nonzero(~wrong)), connector, block.stamp[~wrong])
            for k in np.flatnonzero(wrong).tolist():
                message = "a sample of a time without mains"
                actual = iso(float(block.stamp[k]))
                self._ledger.broken(POWERED, float(block.epoch_s[k]), connector, "none", actual, message)

    # -- the contactor and the current -----------------------------------------------------------

    def _under_load(self, connector: int, rows: Rows) -> None:
        """The row before tells what flowed; the offer has to be over for long, or something is at fault."""
        epoch_s = rows["epoch_s"]
        offer = rows.highest("offered_a")
        amps = rows.current()
        faulty = self._connectors.faulty[connector]
        opens = np.flatnonzero((rows["phases"][:-1] > 0) & (rows["phases"][1:] == 0)) + 1
        opens = opens[opens >= rows.carried]
        at = epoch_s[opens]
        sure = ~self._connectors.unsure(at, ROW_HAIR_S) & ~faulty.cover(at)
        sure &= at - faulty.last_end(at) > OFF_S
        for k in opens[sure].tolist():
            over = _since_offer(epoch_s, offer, k) >= OFF_S - ROW_HAIR_S
            good = over or amps[k - 1] <= LOAD_A or not rows.among("pilot", "C", "D")[k]
            if not good and not rows.instrument.is_exact:
                self._ledger.undecided(LOAD)  # it may have gone down since the reading before
                continue
            message = "the contactor opens under load"
            actual = f"{amps[k - 1]:.2f} A"
            expected = f"<= {LOAD_A:g} A, or {OFF_S:g} s after the offer"
            self._ledger.judge(LOAD, good, float(epoch_s[k]), connector, expected, actual, message)

    # -- one car after the other -----------------------------------------------------------------

    def _handovers(self, parts: dict[int, Rows]) -> None:
        most = self._most()
        if most is None:
            return
        for connector, rows in parts.items():
            offer = rows.highest("offered_a")
            slack = self._context.tolerances.current_a + rows.instrument.slack("offered_a", offer)
            rises = np.flatnonzero(np.diff(offer, prepend=offer[:1]) > slack)
            for k in rises[rises >= max(rows.carried, 1)].tolist():
                self._raised(connector, float(rows["epoch_s"][k]), float(offer[k]), parts, most)

    def _most(self) -> float | None:
        """What the station may take, at its highest; None where that is not known of all the time."""
        setting = self._keys.get("chg_stationmaxcurrent")
        if setting is None or setting.began_with_change:
            return None
        try:
            return max(float(text) for _, text in setting.history)
        except ValueError:
            return None

    def _raised(
        self, connector: int, epoch_s: float, offer_a: float, parts: dict[int, Rows], most: float
    ) -> None:
        """With the offers that other cars, connected still, may not have followed."""
        if self._ledger.time.stepped_s(np.array([epoch_s - OFF_S, epoch_s])).any():
            return  # a clock that is being set is no stop watch
        others = sum(_late_offer(rows, epoch_s) for other, rows in parts.items() if other != connector)
        if others == 0.0 or self._connectors.unsure(np.array([epoch_s])).any():
            return
        good = offer_a + others <= most + self._context.tolerances.current_a
        if good and not self._context.telemetry.instrument.is_exact:
            later = sum(
                _late_offer(rows, epoch_s, sure=False) for other, rows in parts.items() if other != connector
            )
            if offer_a + later > most + self._context.tolerances.current_a:
                self._ledger.undecided(HANDOVER)
                return
        message = "an offer is raised before another car had time to follow its own cut"
        told = f"{offer_a:.2f} A beside {others:.2f} A"
        self._ledger.judge(HANDOVER, good, epoch_s, connector, f"<= {most:g} A together", told, message)


def _since_offer(epoch_s: Array, offer: Array, k: int) -> float:
    """For how long there was no offer at row k."""
    offered = np.flatnonzero(offer[: k + 1] > 0)
    return float(epoch_s[k] - epoch_s[min(offered[-1] + 1, k)]) if len(offered) else np.inf


def _since_pause(epoch_s: Array, offer: Array, k: int) -> float:
    """For how long there has been an offer at row k; infinite where no row shows its beginning."""
    paused = np.flatnonzero(offer[: k + 1] == 0)
    return float(epoch_s[k] - epoch_s[paused[-1] + 1]) if len(paused) else np.inf


def _late_offer(rows: Rows, epoch_s: float, sure: bool = True) -> float:
    """The highest that a car, its contactor closed still, may hold for its offer: for sure, or at most."""
    now = rows.at(epoch_s)
    if now < 0 or rows["phases"][now] == 0:
        return 0.0
    offer: Array = (rows.low if sure else rows.high).highest("offered_a")
    window_s = FOLLOW_S if offer[now] > 0 else OFF_S
    window_s += rows.instrument.window_s * (-1.0 if sure else 1.0)
    return float(offer[max(rows.at(epoch_s - window_s + ROW_HAIR_S), 0) : now + 1].max())
