"""Virtual time: the one file that schedules, on SimPy.

Within an instant, order is by rank and then first scheduled: inputs (hands, frames), then control, then
samples and records, which so see the instant settled.
"""

from collections.abc import Callable, Container
from heapq import heappop, heappush
from math import inf
from operator import attrgetter
from typing import Any, NamedTuple, cast

import simpy

INPUT, CONTROL, SAMPLE = 0, 1, 2

Action = Callable[[], None]
_Event = simpy.Event


class Ring(NamedTuple):
    """A setting of an alarm, as it stands in the queue; in the queue's order."""

    t_s: float
    rank: int
    number: int
    alarm: "Alarm"
    is_stale: bool  # moved or cleared since: it rings no more, unless the alarm is set to that instant again


class Timeline(simpy.Environment):
    """A SimPy environment in seconds since the run's start, with absolute deadlines and ranks.

    `idle` is what can be worked out ahead while time has to stand still; whether it is, must not show.
    `leap` is asked before an alarm has a sample taken, with how far time may go: True where it has moved time
    on, and all is as if each instant had been stepped through.
    """

    # SimPy's own costs a call of Python's, and time is asked for at every turn.
    now = property(attrgetter("_now"))

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[Action] = []
        self.leap: Callable[[float], bool] | None = None
        # What is to be done stands in SimPy's own queue, beside its events; it never compares the two.
        self._due = cast(list[tuple[float, int, int, Any]], self._queue)

    def at(self, t_s: float, action: Action, rank: int = CONTROL) -> None:
        """Run `action` at `t_s` (not before now), at its `rank` within that instant."""
        # Pushed with its absolute time: env.schedule() takes a delay, and now + (t - now) is not always t.
        now = self._now
        heappush(self._due, (t_s if t_s > now else now, rank, next(self._eid), action))

    def soon(self, action: Action, rank: int = CONTROL) -> None:
        """Run `action` within this instant, after what already stands at this rank or an earlier one."""
        now = self._now
        heappush(self._due, (now, rank, next(self._eid), action))

    def step(self) -> None:
        """Do what is due first, and stand at its instant; simpy's EmptySchedule where nothing is."""
        queue = self._due
        if queue and not isinstance(action := queue[0][3], _Event):
            self._now = heappop(queue)[0]
            action()
        else:
            super().step()

    def advance(self, until_s: float, *, inclusive: bool = True) -> None:
        """Do everything due before `until_s` (and at it, where inclusive), then stand at `until_s`.

        `run(until=t)` leaves the events at t undone and refuses t == now; neither suits a bench.
        """
        if until_s < self._now:
            raise ValueError(f"until_s must be >= now ({self._now}), got {until_s}")
        queue = self._due
        step = self.step
        leap = self.leap
        while queue:
            t_s, rank, _, action = queue[0]
            if t_s >= until_s and (t_s > until_s or not inclusive):
                break
            if leap is None or rank != SAMPLE or type(action) is not _Setting or not leap(until_s):
                step()
        self._now = until_s

    def ahead(self, alarms: Container["Alarm"], until_s: float = inf) -> tuple[float, list[Ring]]:
        """When the first thing is due that is none of these alarms, and their settings before it.

        Nobody looks beyond `until_s`, which is told where nothing is due before. A heap's entry is no later
        than those below it: few are looked at, however many wait.
        """
        queue = self._due
        first_s = until_s
        rings: list[Ring] = []
        places = [0]
        while places:
            place = places.pop()
            if place >= len(queue) or queue[place][0] >= first_s:
                continue
            t_s, rank, number, action = queue[place]
            alarm = action.alarm if type(action) is _Setting else None
            if alarm is None or (alarm not in alarms and not action.is_stale):
                first_s = t_s
                continue
            if alarm in alarms:
                rings.append(Ring(t_s, rank, number, alarm, action.is_stale))
            places += (2 * place + 1, 2 * place + 2)
        return first_s, sorted(ring for ring in rings if ring.t_s < first_s)

    def skip_to(self, t_s: float) -> None:
        """Stand at `t_s`, past alarms that were set for instants before it and no longer ring."""
        queue = self._due
        while queue and queue[0][0] <= t_s and type(queue[0][3]) is _Setting and queue[0][3].is_stale:
            heappop(queue)
        if queue and queue[0][0] < t_s:
            raise RuntimeError(f"nothing must be due before {t_s}, got {queue[0]}")
        self._now = t_s


class _Setting:
    """One setting of an alarm: done at its instant, it rings, unless the alarm was moved or cleared since."""

    __slots__ = ("alarm", "t_s")

    def __init__(self, alarm: "Alarm", t_s: float) -> None:
        self.alarm = alarm
        self.t_s = t_s

    @property
    def is_stale(self) -> bool:
        """Was the alarm moved or cleared since?"""
        return self.alarm.due_s != self.t_s

    def __call__(self) -> None:
        alarm = self.alarm
        if alarm.due_s == self.t_s:
            alarm.due_s = None
            alarm.action()


class Alarm:
    """One deadline that can be moved or cleared; SimPy's own timeouts cannot be cancelled."""

    __slots__ = ("_rank", "_timeline", "action", "due_s")

    def __init__(self, timeline: Timeline, action: Action, rank: int = CONTROL) -> None:
        self._timeline = timeline
        self._rank = rank
        self.action = action
        self.due_s: float | None = None

    def set(self, t_s: float) -> None:
        """Ring once at `t_s`; an earlier setting is forgotten."""
        if t_s != self.due_s:
            self.due_s = t_s
            self._timeline.at(t_s, _Setting(self, t_s), self._rank)

    def clear(self) -> None:
        self.due_s = None
