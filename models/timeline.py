"""Virtual time: the one file that schedules, on SimPy.

Within an instant, order is by rank and then first scheduled: inputs (hands, frames), then control, then
samples and records, which so see the instant settled.
"""

from collections.abc import Callable, Container
from heapq import heappop, heappush
from math import inf
from typing import Any, NamedTuple, cast

import simpy

INPUT, CONTROL, SAMPLE = 0, 1, 2

Action = Callable[[], None]


class _Due:
    """The least that SimPy's `step` asks of an event: callbacks, and no failure to raise."""

    __slots__ = ("callbacks",)
    _ok = True

    def __init__(self, callback: "Callable[[_Due], None]") -> None:
        self.callbacks: Any = (callback,)


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

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[Action] = []
        self.leap: Callable[[float], bool] | None = None

    def at(self, t_s: float, action: Action, rank: int = CONTROL) -> None:
        """Run `action` at `t_s` (not before now), at its `rank` within that instant."""
        self.push(t_s, lambda _: action(), rank)

    def push(self, t_s: float, callback: Callable[["_Due"], None], rank: int) -> None:
        """`at` for a callback that takes the event as SimPy's do."""
        self.put(t_s, rank, _Due(callback))

    def put(self, t_s: float, rank: int, due: _Due) -> None:
        # Pushed with its absolute time: env.schedule() takes a delay, and now + (t - now) is not always t.
        now = self._now
        queue = cast(Any, self._queue)
        heappush(queue, (t_s if t_s > now else now, rank, next(self._eid), due))

    def soon(self, action: Action, rank: int = CONTROL) -> None:
        """Run `action` within this instant, after what already stands at this rank or an earlier one."""
        self.at(self._now, action, rank)

    def advance(self, until_s: float, *, inclusive: bool = True) -> None:
        """Do everything due before `until_s` (and at it, where inclusive), then stand at `until_s`.

        `run(until=t)` leaves the events at t undone and refuses t == now; neither suits a bench.
        """
        if until_s < self._now:
            raise ValueError(f"until_s must be >= now ({self._now}), got {until_s}")
        queue = cast(Any, self._queue)
        step = self.step
        leap = self.leap
        while queue and (queue[0][0] <= until_s if inclusive else queue[0][0] < until_s):
            _, rank, _, due = queue[0]
            if leap is None or rank != SAMPLE or type(due) is not _Ringing or not leap(until_s):
                step()
        self._now = until_s

    def ahead(self, alarms: Container["Alarm"]) -> tuple[float, list[Ring]]:
        """When the first thing is due that is none of these alarms, and their settings before it.

        A heap's entry is no later than those below it: few are looked at, however many wait.
        """
        queue = cast(Any, self._queue)
        first_s = inf
        rings: list[Ring] = []
        places = [0]
        while places:
            place = places.pop()
            if place >= len(queue) or queue[place][0] >= first_s:
                continue
            t_s, rank, number, due = queue[place]
            alarm = due.alarm if type(due) is _Ringing else None
            if alarm is None or (alarm not in alarms and not due.is_stale):
                first_s = t_s
                continue
            if alarm in alarms:
                rings.append(Ring(t_s, rank, number, alarm, due.is_stale))
            places += (2 * place + 1, 2 * place + 2)
        return first_s, sorted(ring for ring in rings if ring.t_s < first_s)

    def skip_to(self, t_s: float) -> None:
        """Stand at `t_s`, past alarms that were set for instants before it and no longer ring."""
        queue = cast(Any, self._queue)
        while queue and queue[0][0] <= t_s and type(queue[0][3]) is _Ringing and queue[0][3].is_stale:
            heappop(queue)
        if queue and queue[0][0] < t_s:
            raise RuntimeError(f"nothing must be due before {t_s}, got {queue[0]}")
        self._now = t_s


class _Ringing(_Due):
    """One setting of an alarm."""

    __slots__ = ("alarm", "t_s")

    def __init__(self, alarm: "Alarm", t_s: float) -> None:
        self.callbacks = (alarm._ring,)
        self.alarm = alarm
        self.t_s = t_s

    @property
    def is_stale(self) -> bool:
        """Was the alarm moved or cleared since?"""
        return self.alarm.due_s != self.t_s


class Alarm:
    """One deadline that can be moved or cleared; SimPy's own timeouts cannot be cancelled."""

    __slots__ = ("_action", "_rank", "_timeline", "due_s")

    def __init__(self, timeline: Timeline, action: Action, rank: int = CONTROL) -> None:
        self._timeline = timeline
        self._action = action
        self._rank = rank
        self.due_s: float | None = None

    def set(self, t_s: float) -> None:
        """Ring once at `t_s`; an earlier setting is forgotten."""
        if t_s == self.due_s:
            return
        self.due_s = t_s
        self._timeline.put(t_s, self._rank, _Ringing(self, t_s))

    def clear(self) -> None:
        self.due_s = None

    def _ring(self, setting: Any) -> None:
        if self.due_s == setting.t_s:  # else it was moved or cleared since
            self.due_s = None
            self._action()
