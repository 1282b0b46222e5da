"""Virtual time: the one file that schedules, on SimPy.

Within an instant, order is by rank and then first scheduled: inputs (hands, frames), then control, then
samples and records, which so see the instant settled.
"""

from collections.abc import Callable
from functools import partial
from heapq import heappush
from typing import Any, cast

import simpy

INPUT, CONTROL, SAMPLE = 0, 1, 2

Action = Callable[[], None]


class _Due:
    """The least that SimPy's `step` asks of an event: callbacks, and no failure to raise."""

    __slots__ = ("callbacks",)
    _ok = True

    def __init__(self, callback: "Callable[[_Due], None]") -> None:
        self.callbacks: Any = (callback,)


class Timeline(simpy.Environment):
    """A SimPy environment in seconds since the run's start, with absolute deadlines and ranks.

    `idle` is what can be worked out ahead while time has to stand still; whether it is, must not show.
    """

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[Action] = []

    def at(self, t_s: float, action: Action, rank: int = CONTROL) -> None:
        """Run `action` at `t_s` (not before now), at its `rank` within that instant."""
        self.push(t_s, lambda _: action(), rank)

    def push(self, t_s: float, callback: Callable[["_Due"], None], rank: int) -> None:
        """`at` for a callback that takes the event as SimPy's do."""
        # Pushed with its absolute time: env.schedule() takes a delay, and now + (t - now) is not always t.
        now = self._now
        queue = cast(Any, self._queue)
        heappush(queue, (t_s if t_s > now else now, rank, next(self._eid), _Due(callback)))

    def soon(self, action: Action, rank: int = CONTROL) -> None:
        """Run `action` within this instant, after what already stands at this rank or an earlier one."""
        self.at(self._now, action, rank)

    def advance(self, until_s: float, *, inclusive: bool = True) -> None:
        """Do everything due before `until_s` (and at it, where inclusive), then stand at `until_s`.

        `run(until=t)` leaves the events at t undone and refuses t == now; neither suits a bench.
        """
        if until_s < self._now:
            raise ValueError(f"until_s must be >= now ({self._now}), got {until_s}")
        queue = self._queue
        step = self.step
        while queue and (queue[0][0] <= until_s if inclusive else queue[0][0] < until_s):
            step()
        self._now = until_s


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
        self._timeline.push(t_s, partial(self._ring, t_s), self._rank)

    def clear(self) -> None:
        self.due_s = None

    def _ring(self, t_s: float, _: _Due) -> None:
        if self.due_s == t_s:  # else it was moved or cleared since
            self.due_s = None
            self._action()
