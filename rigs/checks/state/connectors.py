"""What happened at each connector through time: cables, faults, transactions, and who disturbed it when."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from math import nextafter
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.reading.through_time import in_order, latest, places, within
from evc5.rigs.checks.state.boots import Boots
from evc5.rigs.checks.state.link import Link
from evc5.rigs.checks.state.transactions import Transaction

RECONNECTS_S = 200.0  # EVC4 boot log: it tries again after three minutes
STAMP_HAIR_S = 0.002  # stamps are written to the millisecond
WHOLE_SECOND_S = 1.0  # stations may stamp in whole seconds
ANEW_TOLD_S = 60.0  # after an outage or a boot all is told anew
BENCH_HAIR_S = 0.1  # assumed: so far apart a bench may date what it did and the frame that comes of it
QUIET_S = 5.0  # nothing else so long before: its effects are over; assumed
UNREADABLE = frozenset((  # faults of a meter that then tells nothing
    *("power-meter-failure", "meter-crc", "meter-garbage", "meter-late", "meter-wrong-unit"),
))  # fmt: skip
MISREAD = frozenset(("meter-frozen", "meter-jump", "meter-phase-lost"))  # ... that tells what is not so
SHORTED = "pilot-short"  # behind it nobody sees a cable come or go
OVERDRAW = "over-current"  # the vehicle's doing: it takes more than it is offered
UNSEEN_S = 0.5  # assumed: a cable pulled and put back so quickly may go unnoticed
STOP_TOLD_S = 30.0  # assumed: a start or stop is told so soon, behind other calls on a slow line
MOST_STRETCHES = 4096  # stretches and instants kept per connector
HANDS = ("plug-in", "unplug", "tag", "fault", "clear")
COMMANDS = (  # of the CSMS, that change what a connector does
    *("RemoteStartTransaction", "RemoteStopTransaction", "UnlockConnector", "ChangeAvailability", "Reset"),
    *("UpdateFirmware", "SendLocalList", "ClearCache"),
)
ALL = ("link-down", "link-up", "power-cut", "power-restore", "reset", "clock-set", "operator")


class Stretches:
    """From when to when something was so; the stretches follow each other, the last may still be open."""

    def __init__(self) -> None:
        self.begins: list[float] = []
        self.ends: list[float] = []

    def open(self, epoch_s: float) -> None:
        if not self.begins or self.ends[-1] < FOREVER:
            self.begins.append(epoch_s)
            self.ends.append(FOREVER)
            del self.begins[:-MOST_STRETCHES], self.ends[:-MOST_STRETCHES]

    def close(self, epoch_s: float) -> None:
        if self.begins and self.ends[-1] == FOREVER:
            self.ends[-1] = epoch_s

    def begin_of(self, epoch_s: float) -> float | None:
        """When the stretch that holds at `epoch_s` began; None where none does."""
        k = bisect_right(self.begins, epoch_s + STAMP_HAIR_S) - 1
        return self.begins[k] if k >= 0 and epoch_s + STAMP_HAIR_S < self.ends[k] else None

    def begins_of(self, epoch_s: Array, gap_s: float = 0.0) -> Array:
        """The same of many instants; -inf where none does. Stretches that follow within `gap_s` are one."""
        return in_order(lambda instants: self._begins_of(instants + STAMP_HAIR_S, gap_s), epoch_s)

    def _begins_of(self, instants: Array, gap_s: float) -> Array:
        found = np.full(len(instants), -FOREVER)
        held = self._held(instants, gap_s)
        for (begin, _), (first, last) in zip(held, places(instants, held), strict=True):
            found[first:last] = begin
        return found

    def cover(self, epoch_s: Array, after_s: float = 0.0) -> Array:
        """Which of these instants lie in a stretch, but for its first seconds."""
        if not self.begins:  # as of nearly all that may go wrong
            return np.zeros(len(epoch_s), bool)
        return in_order(lambda instants: self._cover(instants + STAMP_HAIR_S, after_s), epoch_s)

    def _cover(self, instants: Array, after_s: float) -> Array:
        return within(instants, [(begin + after_s, end) for begin, end in self._held(instants)])

    def _held(self, instants: Array, gap_s: float = -FOREVER) -> list[tuple[float, float]]:
        """From when to when it was so, as far as these instants, in order of time, reach."""
        found: list[tuple[float, float]] = []
        if not self.begins or not len(instants):
            return found
        first, last = float(instants[0]), float(instants[-1])
        for k in range(bisect_right(self.begins, last) - 1, -1, -1):
            begin, end = self.begins[k], self.ends[k]
            next_begin, next_end = found[-1] if found else (FOREVER, FOREVER)
            if found and next_begin - end < gap_s:
                found[-1] = begin, next_end
            elif next_begin <= first:
                break
            else:
                found.append((begin, min(end, next_begin)))
        return found[::-1]

    def edges_within(self, since: Array, until: Array) -> Array:
        """Pairs of instants between which a stretch begins or ends."""
        edges = np.sort(np.array([*self.begins, *self.ends]))
        found: Array = np.searchsorted(edges, since - STAMP_HAIR_S) < np.searchsorted(
            edges, until + STAMP_HAIR_S, side="right"
        )
        return found

    def near(self, epoch_s: float, margin_s: float) -> bool:
        """Does `epoch_s` lie in a stretch, or so near to one?"""
        return self.meets(epoch_s, epoch_s, margin_s)

    def meets(self, since: float, until: float, margin_s: float) -> bool:
        """Does a stretch lie in this time, or so near to it?"""
        pairs = zip(self.begins, self.ends, strict=True)
        return any(begin - margin_s <= until and since <= end + margin_s for begin, end in pairs)

    def last_end(self, epoch_s: Array) -> Array:
        """When, before each instant, a stretch last ended; -inf where none did."""
        if not self.begins:
            return np.full(len(epoch_s), -np.inf)
        ends = self.ends if not self.ends or self.ends[-1] < FOREVER else self.ends[:-1]
        return in_order(lambda instants: latest(instants + STAMP_HAIR_S, ends), epoch_s)


class Connectors:
    """Keeps it all by connector; checks ask it about single instants or whole columns of them."""

    def __init__(self, link: Link, boots: Boots) -> None:
        self._link, self._boots = link, boots
        self.named: set[int] = set()  # those that any frame has named
        self.statuses: dict[int, str] = {}  # as last told
        self.ordered_out: set[int] = set()  # what the CSMS takes out of service, now or when it is free
        self.unplugged: dict[int, float] = {}  # when a cable was last pulled
        self.winked: dict[int, float] = {}  # likewise, so briefly that it may have gone unnoticed
        self.card_shown: dict[int, float] = {}  # when a card was last shown
        self.ending: dict[int, float] = {}  # cable pulled, Finishing, remote stop
        self.running: defaultdict[int, Stretches] = defaultdict(Stretches)
        self.plugged: defaultdict[int, Stretches] = defaultdict(Stretches)
        self.faulty: defaultdict[int, Stretches] = defaultdict(Stretches)  # with any fault
        self.unmetered: defaultdict[int, Stretches] = defaultdict(Stretches)  # its meter does not answer
        # Its meter misleads, until the next start:
        self.misread: defaultdict[int, Stretches] = defaultdict(Stretches)
        self._reads_since: dict[int, float] = {}  # when the last fault that misleads its meter was cleared
        self.hidden: defaultdict[int, Stretches] = defaultdict(Stretches)  # no cable can be seen
        self.overdrawn: defaultdict[int, Stretches] = defaultdict(Stretches)  # by its vehicle
        self._cables: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)  # when, what it carries
        self._faults: defaultdict[int, set[str]] = defaultdict(set)  # those that are injected now
        self._touched: defaultdict[int, list[float]] = defaultdict(list)  # connector 0: the station

    def faults(self, connector: int) -> frozenset[str]:
        """Those that are injected now."""
        return frozenset(self._faults[connector])

    def is_unmetered(self, connector: int, stamp: float, margin_s: float = 0.0) -> bool:
        """Did the connector's meter not answer at this instant?"""
        failures = self.unmetered.get(connector)
        return failures is not None and failures.near(stamp, margin_s)

    def is_misread(self, connector: int | None, since: float, until: float) -> bool:
        """Does what the meter told in this time hold what is not so, as the bench had made it?

        So it is from such a fault until the first transaction that begins after it: energies are differences.
        Of the whole station (None or 0) where it is so of any connector.
        """
        which = [connector] if connector else list(self.misread)
        return any(self.misread[n].meets(since, until, WHOLE_SECOND_S) for n in which if n in self.misread)

    def ever_unmetered(self, connector: int) -> bool:
        """Was there ever such an instant?"""
        return connector in self.unmetered and bool(self.unmetered[connector].begins)

    def overdraws(self, connector: int, epoch_s: Array, margin_s: float) -> Array:
        """Instants at which the vehicle takes what it likes, or has just let go of it."""
        found = self.overdrawn[connector].cover(epoch_s)
        return found | (epoch_s - self.overdrawn[connector].last_end(epoch_s) <= margin_s)

    def cable_a(self, connector: int, epoch_s: Array) -> Array:
        """What the cable that was last plugged in may carry, at each instant; infinite where nothing says."""
        since, amps = np.array([(-FOREVER, FOREVER), *self._cables[connector]]).T
        found: Array = amps[np.searchsorted(since, epoch_s + STAMP_HAIR_S, side="right") - 1]
        return found

    def may_have_cable(self, connector: int, since: float, until: float) -> bool:
        """Was a cable in, or a fault there that keeps the station from seeing whether one is?"""
        stretches = self.plugged[connector], self.faulty[connector]
        return any(some.meets(min(since, until), max(since, until), UNSEEN_S) for some in stretches)

    def may_be_over(self, connector: int, epoch_s: float) -> bool:
        """Has its transaction (of 0: any) just been ended, so that a stop may be on its way?

        Of several things that may have ended it only the last is known: it may have come right after.
        """
        ending = [at for c, at in self.ending.items() if connector in (0, c)]
        ending += [at for c, at in self.card_shown.items() if connector in (0, c) and self._ran(c, at)]
        return any(-WHOLE_SECOND_S <= epoch_s - at <= STOP_TOLD_S for at in ending)

    def _ran(self, connector: int, epoch_s: float) -> bool:
        """Did a transaction run there already, just before this instant?"""
        return self.running[connector].begin_of(epoch_s - 2 * STAMP_HAIR_S) is not None

    def touch(self, connector: int, epoch_s: float) -> None:
        """Something was done to a connector, or (0) to the station."""
        times = self._touched[connector]
        times.append(epoch_s)
        if len(times) > 2 * MOST_STRETCHES:
            del times[:MOST_STRETCHES]

    def touches(self, connector: int, since: float, until: float) -> int:
        """How often something was done to a connector or the station, from `since` to `until` inclusive."""
        found = 0
        for which in {connector, 0}:
            times = self._touched[which]
            found += bisect_right(times, until) - bisect_left(times, since)
        return found

    def touched_once(self, connector: int, edge: Array) -> bool:
        """Was one thing done there, or to the station, between first and last edge, and all told at each?"""
        once = self.touches(connector, float(edge[0]), float(edge[-1])) == 1
        return once and not self.unsure(edge).any()

    def alone(self, connector: int, since: float, until: float) -> bool:
        """Was what happened at `since` all that was done to the connector or station, no fault, no outage?"""
        edge = np.array([since - QUIET_S, since, until])
        return (
            self.touched_once(connector, edge)
            and not self.faulty[connector].cover(edge).any()
            and not self._link.was_held_up(since, until)
        )

    def unsure(self, epoch_s: Array, margin_s: float | None = None) -> Array:
        """Instants about which the frames tell nothing or not all: outages, darkness, a queue that drains."""
        link = self._link
        boots = self._boots
        gone = [
            *((begin, end + RECONNECTS_S) for begin, end in link.outages),
            *boots.dark,
            *link.mute,
            *link.drained,
        ]
        open_since = (link.down_since, link.held_since, boots.dark_since)
        gone += [(since, FOREVER) for since in open_since if since is not None]
        after_s = ANEW_TOLD_S if margin_s is None else margin_s
        spans = [(begin - WHOLE_SECOND_S, nextafter(end + after_s, FOREVER)) for begin, end in gone]
        return in_order(lambda instants: within(instants, spans), epoch_s)

    # -- what the frames tell --------------------------------------------------------------------

    def told(self, call: Call) -> None:
        """A StatusNotification."""
        connector, status = call.payload["connectorId"], call.payload["status"]
        self.named.add(connector)
        if status == "Finishing" and self.statuses.get(connector) != status:  # told again it ends nothing
            self.ending[connector] = call.epoch_s
        self.statuses[connector] = status
        if UNREADABLE.isdisjoint(self._faults[connector]):
            self._meter_fails(connector, call.epoch_s, call.payload["errorCode"] == "PowerMeterFailure")

    def starts(self, started: Transaction) -> None:
        self.named.add(started.connector)
        stretches = self.running[started.connector]
        stretches.close(started.start)  # of one that was never stopped
        stretches.open(started.start)
        if started.connector in self.misread and self._reads_true(started):
            self.misread[started.connector].close(started.start_told)

    def _reads_true(self, started: Transaction) -> bool:
        """Did its meter tell what is so when it began? A start is told some time later."""
        since = self._reads_since.get(started.connector, FOREVER)
        is_now = MISREAD.isdisjoint(self._faults[started.connector])
        return is_now and since < min(started.start, started.start_told) - WHOLE_SECOND_S

    def stops(self, stopped: Transaction) -> None:
        begins, ends = self.running[stopped.connector].begins, self.running[stopped.connector].ends
        if stopped.start in begins:
            ends[len(begins) - 1 - begins[::-1].index(stopped.start)] = stopped.stop or stopped.start

    def ordered(self, call: Call, outlets: list[int]) -> None:
        """The answer to a ChangeAvailability."""
        if call.reply is not None and call.reply["status"] != "Rejected":
            asked = call.payload["connectorId"]
            which = {asked} if asked else {0, *outlets}
            inoperative = call.payload["type"] == "Inoperative"
            self.ordered_out = self.ordered_out | which if inoperative else self.ordered_out - which

    # -- what the events tell --------------------------------------------------------------------

    def event(self, epoch_s: float, name: str, connector: int | None, detail: dict[str, Any]) -> None:
        if name in ALL:
            self.touch(0, epoch_s)
        if connector is not None:
            if name in HANDS:
                self.touch(connector, epoch_s)
            self._at_connector(epoch_s, name, connector, detail)

    def _at_connector(self, epoch_s: float, name: str, connector: int, detail: dict[str, Any]) -> None:
        if name in ("fault", "plug-in") and epoch_s - self.unplugged.get(connector, -FOREVER) < UNSEEN_S:
            self.winked[connector] = self.unplugged.pop(connector)
        if name in ("fault", "clear"):
            self._fault(epoch_s, name == "fault", connector, str(detail.get("fault")))
        elif name == "plug-in":
            self.plugged[connector].open(epoch_s)
            self._plugs(epoch_s, connector, detail.get("cable_a"))
        elif name == "tag":
            self.card_shown[connector] = epoch_s
        elif name == "unplug":
            self.plugged[connector].close(epoch_s)
            self.ending[connector] = epoch_s
            if not self._faults[connector]:  # a broken pilot may hide it
                self.unplugged[connector] = epoch_s

    def _plugs(self, epoch_s: float, connector: int, cable_a: object) -> None:
        carries_a = float(cable_a) if isinstance(cable_a, int | float) and cable_a > 0 else FOREVER
        self._cables[connector].append((epoch_s, carries_a))
        del self._cables[connector][:-MOST_STRETCHES]

    def _fault(self, epoch_s: float, is_set: bool, connector: int, fault: str) -> None:
        active, stretches = self._faults[connector], self.faulty[connector]
        (active.add if is_set else active.discard)(fault)
        dark_since = self._boots.dark_since  # what it stopped for want of power it reads when it is back
        read_s = epoch_s if dark_since is None or not is_set else dark_since
        if fault in UNREADABLE:
            self._meter_fails(connector, read_s, not UNREADABLE.isdisjoint(active))
        elif fault in MISREAD:
            self.misread[connector].open(read_s)
            if not is_set:
                self._reads_since[connector] = epoch_s
        elif fault in (OVERDRAW, SHORTED):
            its = (self.overdrawn if fault == OVERDRAW else self.hidden)[connector]
            (its.open if is_set else its.close)(epoch_s)
        if active:
            stretches.open(epoch_s)
        else:
            stretches.close(epoch_s)

    def _meter_fails(self, connector: int, epoch_s: float, failing: bool) -> None:
        if failing:
            failed = self.unmetered[connector]
            failed.open(max([epoch_s, *failed.ends[-1:]]))
        elif connector in self.unmetered:
            self.unmetered[connector].close(epoch_s)
