"""What happened at each connector through time: cables, faults, transactions, and who disturbed it when."""

from bisect import bisect_left, bisect_right
from collections import defaultdict

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.listeners import Bench, Event

FOREVER = float("inf")
RECONNECT_S = 200.0  # EVC4 boot log: it tries again after three minutes
HAIR_S = 0.002  # stamps are written to the millisecond
DAY_S = 86_400.0
QUIET_S = 5.0  # nothing else so long before: its effects are over; assumed
MOST = 4096  # stretches and instants kept per connector
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

    def open(self, t: float) -> None:
        if not self.begins or self.ends[-1] < FOREVER:
            self.begins.append(t)
            self.ends.append(FOREVER)
            del self.begins[:-MOST], self.ends[:-MOST]

    def close(self, t: float) -> None:
        if self.begins and self.ends[-1] == FOREVER:
            self.ends[-1] = t

    def begin_of(self, t: float) -> float | None:
        """When the stretch that holds at t began; None where none does."""
        k = bisect_right(self.begins, t + HAIR_S) - 1
        return self.begins[k] if k >= 0 and t + HAIR_S < self.ends[k] else None

    def begins_of(self, t: Array) -> Array:
        """The same of many instants; -inf where none does."""
        begins, ends = np.array([-FOREVER, *self.begins]), np.array([-FOREVER, *self.ends])
        k = np.searchsorted(begins, t + HAIR_S, side="right") - 1
        found: Array = np.where(t + HAIR_S < ends[k], begins[k], -FOREVER)
        return found

    def cover(self, t: Array, after_s: float = 0.0) -> Array:
        """Which of these instants lie in a stretch, but for its first seconds."""
        if not self.begins:
            return np.zeros(len(t), bool)
        begins, ends, t = np.array(self.begins), np.array(self.ends), t + HAIR_S
        k = np.searchsorted(begins, t, side="right") - 1
        found: Array = (k >= 0) & (t < ends[k]) & (t >= begins[k] + after_s)
        return found

    def last_end(self, t: Array) -> Array:
        """When, before each instant, a stretch last ended; -inf where none did."""
        ends = np.array([-FOREVER, *(end for end in self.ends if end < FOREVER)])
        found: Array = ends[np.searchsorted(ends, t + HAIR_S, side="right") - 1]
        return found


class Happenings:
    """Keeps it all by connector; checks ask it about whole columns of instants."""

    def __init__(self, bench: Bench) -> None:
        self._story = bench.story
        self.running: defaultdict[int, Stretches] = defaultdict(Stretches)
        self.plugged: defaultdict[int, Stretches] = defaultdict(Stretches)
        self.faulty: defaultdict[int, Stretches] = defaultdict(Stretches)  # with any fault
        self._active: defaultdict[int, set[str]] = defaultdict(set)
        self._touched: defaultdict[int, list[float]] = defaultdict(list)  # connector 0: the station
        self._mute: list[
            tuple[float, float]
        ] = []  # silent outages, up to when the station may notice their end
        self._mute_t: float | None = None
        bus = bench.bus
        bus.events["link-down"].append(self._falls_mute)
        bus.events["link-up"].append(self._hears_again)
        bus.calls["StartTransaction"].append(self._started)
        bus.calls["StopTransaction"].append(self._stopped)
        for name in HANDS:
            bus.events[name].append(self._hands)
        for action in COMMANDS:
            bus.calls[action].append(lambda call: self.touch(0, call.t))
        for name in ALL:
            bus.events[name].append(lambda event: self.touch(0, event.t))

    def faults(self, connector: int) -> frozenset[str]:
        """Those that are injected now."""
        return frozenset(self._active[connector])

    def is_mute(self, t: float) -> bool:
        """Does nothing pass, behind a socket that is open?"""
        return any(begin <= t <= end for begin, end in self._mute) or (self._mute_t or FOREVER) <= t

    def last_dark(self, t: Array) -> Array:
        """When, before each instant, the station last came back from a boot; -inf where it never did."""
        ends = np.array([-FOREVER, *(end for _, end in self._story.dark)])
        found: Array = ends[np.searchsorted(ends, t, side="right") - 1]
        return found

    def touch(self, connector: int, t: float) -> None:
        """Something was done to a connector, or (0) to the station."""
        times = self._touched[connector]
        times.append(t)
        if len(times) > 2 * MOST:
            del times[:MOST]

    def touches(self, connector: int, since: float, until: float) -> int:
        """How often something was done to a connector or the station, from `since` to `until` inclusive."""
        found = 0
        for which in {connector, 0}:
            times = self._touched[which]
            found += bisect_right(times, until) - bisect_left(times, since)
        return found

    def alone(self, connector: int, since: float, until: float) -> bool:
        """Was what happened at `since` all that was done to the connector or station, no fault, no outage?"""
        edge = np.array([since - QUIET_S, since, until])
        return (
            self.touches(connector, since - QUIET_S, until) == 1
            and not self.faulty[connector].cover(edge).any()
            and not self.unsure(edge).any()
            and not self._story.was_unheard(since - 60.0, until)
        )

    def unsure(self, t: Array, margin_s: float = 60.0) -> Array:
        """Instants about which the frames tell nothing or not all: outages, darkness, a queue that drains."""
        story, found = self._story, np.zeros(len(t), bool)
        gone = [*((begin, end + RECONNECT_S) for begin, end in story.outages), *story.dark, *self._mute]
        gone += [(since, FOREVER) for since in (story.down_t, story.dark_t) if since is not None]
        for begin, end in gone:
            found |= (t >= begin - 1.0) & (t <= end + margin_s)
        return found

    def _falls_mute(self, event: Event) -> None:
        if event.detail.get("kind") == "silent":
            self._mute_t = event.t

    def _hears_again(self, event: Event) -> None:
        """Behind an open socket a station learns of it when it next says something."""
        if self._mute_t is not None:
            beat_s = float(self._story.integer("HeartbeatInterval", event.t) or DAY_S)
            self._mute = [*self._mute[-63:], (self._mute_t, event.t + beat_s)]
            self._mute_t = None

    # -- what the bus tells ----------------------------------------------------------------------

    def _started(self, call: Call) -> None:
        running = self._story.open.get(call.payload["connectorId"])
        if running is not None and running.start_t == call.t:
            stretches = self.running[running.connector]
            stretches.close(running.start)  # of one that was never stopped
            stretches.open(running.start)

    def _stopped(self, call: Call) -> None:
        stopped = self._story.by_id.get(call.payload["transactionId"])
        if stopped is not None and stopped.stop_t == call.t:
            begins, ends = self.running[stopped.connector].begins, self.running[stopped.connector].ends
            if stopped.start in begins:
                ends[len(begins) - 1 - begins[::-1].index(stopped.start)] = epoch(call.payload["timestamp"])

    def _hands(self, event: Event) -> None:
        connector = event.connector
        if connector is None:
            return
        self.touch(connector, event.t)
        if event.name == "plug-in":
            self.plugged[connector].open(event.t)
        elif event.name == "unplug":
            self.plugged[connector].close(event.t)
        elif event.name in ("fault", "clear"):
            self._fault(connector, event)

    def _fault(self, connector: int, event: Event) -> None:
        active = self._active[connector]
        (active.add if event.name == "fault" else active.discard)(str(event.detail.get("fault")))
        stretches = self.faulty[connector]
        if active:
            stretches.open(event.t)
        else:
            stretches.close(event.t)
