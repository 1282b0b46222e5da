"""How virtual time moves: as fast as it can, in lockstep with sockets, or after the wall clock."""

import time
from collections.abc import Callable, Sequence
from math import ceil, log10
from typing import Any, NoReturn, Protocol

from evc5.models.timeline import Timeline
from evc5.twin.line.hub import Hub
from evc5.twin.line.wire import WireLink

ROUNDS_AT_ONCE = 1000  # of reading within one instant: a CSMS that never stops must let time go on
TOLD_EVERY_S = 0.5  # wall clock: how often progress is told
POLLING_S = 1e-3  # wall clock: how long to wait for an answer before going to sleep over it; assumed
SLOWEST = 1e-3  # factor: a minute takes 17 hours; below, time stands still; assumed
MAX_WAIT_S = 1.0  # wall clock: the longest single wait


class Pace(Protocol):
    """Moves the time of one run."""

    def advance(self, until_s: float, *, inclusive: bool = True) -> None:
        """Do everything due before `until_s` (and at it, where inclusive), then stand at `until_s`."""
        ...


class Lockstep:
    """Virtual time jumps from event to event, and stands still while an answer of a CSMS is outstanding.

    All links share one wait. When a link's patience, of the wall clock, is over, its reply never came.
    """

    stride_s = 900.0  # virtual: how far to go before progress is told

    def __init__(self, timeline: Timeline, hub: Hub, links: Sequence[WireLink]) -> None:
        self._timeline = timeline
        self._hub = hub
        self._links = links

    def advance(self, until_s: float, *, inclusive: bool = True) -> None:
        timeline = self._timeline
        if until_s < timeline.now:
            raise ValueError(f"until_s must be >= now ({timeline.now}), got {until_s}")
        while timeline._now < until_s or inclusive:
            self.settle()
            if timeline._now > until_s:
                break  # an errand of another thread has gone further
            due_s = timeline.peek()
            if due_s > until_s or (due_s == until_s and not inclusive):
                break
            timeline.advance(due_s, inclusive=False)
        timeline.advance(max(until_s, timeline._now), inclusive=inclusive)
        self._write_down()

    def stand(self) -> NoReturn:
        """Serve sockets and errands at the present instant, until one raises."""
        while True:
            self.settle()
            self._write_down()
            self._hub.wait(None)
            self._hub.handle()

    def settle(self) -> None:
        """Bring the present instant to rest: everything due done, everything sent answered, all read."""
        timeline = self._timeline
        hub = self._hub
        timeline.advance(timeline._now)
        for _ in range(ROUNDS_AT_ONCE):
            waited = self._await_answers()
            if waited or not hub.wait(0.0):  # what had come by the end of a wait was read with the answer
                break
            hub.handle()
            timeline.advance(timeline._now)

    def _await_answers(self) -> bool:
        """Stand still while an answer is outstanding; True where one was."""
        timeline = self._timeline
        hub = self._hub
        waited = False
        while (deadline_wall_s := self._deadline_wall_s()) is not None:
            waited = True
            for work in timeline.idle:
                work()
            left_s = deadline_wall_s - time.monotonic()
            if hub.wait(left_s, POLLING_S) if left_s > 0 else hub.wait(0.0):
                hub.handle()
            if left_s <= 0:
                self._give_up()
            timeline.advance(timeline._now)
        return waited

    def _deadline_wall_s(self) -> float | None:
        """The first moment, of the wall clock, at which an answer counts as lost."""
        first: float | None = None
        for link in self._links:
            deadline_wall_s = link.deadline_wall_s
            if deadline_wall_s is not None and (first is None or deadline_wall_s < first):
                first = deadline_wall_s
        return first

    def _write_down(self) -> None:
        for link in self._links:
            link.write_down()

    def _give_up(self) -> None:
        wall_s = time.monotonic()
        for link in self._links:
            if link.deadline_wall_s is not None and link.deadline_wall_s <= wall_s:
                link.give_up()


class Paced:
    """Virtual time follows the wall clock, `factor` seconds a second; a frame is handled when it comes.

    Running late loses nothing: what is overdue is done at once, and `lateness` says how late. What stands in
    `every_second` is done once a second of the wall clock, whatever virtual time does meanwhile.
    """

    def __init__(
        self, timeline: Timeline, hub: Hub, factor: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if factor <= 0:
            raise ValueError(f"factor must be > 0, got {factor:g}")
        self._timeline = timeline
        self._hub = hub
        self._factor = factor
        self._clock = clock
        self.stride_s = factor * TOLD_EVERY_S
        self.lateness = Lateness()
        self.every_second: list[Callable[[], None]] = []
        self._last_second = clock()
        self._anchor: tuple[float, float] | None = None  # wall clock and virtual time at the first move

    def begin(self, wall_s: float) -> None:
        """Virtual time follows from here on: now, it was this reading of the wall clock."""
        self._anchor = wall_s, self._timeline.now

    def advance(self, until_s: float, *, inclusive: bool = True) -> None:
        timeline = self._timeline
        hub = self._hub
        if self._anchor is None:
            self._anchor = self._clock(), timeline.now
        while True:
            timeline.advance(timeline.now)
            self._each_second()
            due_s = timeline.peek()
            over = due_s > until_s or (due_s == until_s and not inclusive)
            target_s = until_s if over else due_s
            ahead_s = target_s - self._wall_now()
            if hub.wait(min(max(0.0, ahead_s / self._factor), MAX_WAIT_S)):
                met_s = min(self._wall_now(), target_s)
                if met_s >= until_s and not inclusive:
                    break  # what comes at the end is after it
                self._meet(met_s)
                hub.handle()
            if ahead_s > 0:
                continue  # it is time to look again: what came may have changed what is due
            if over:
                break
            self.lateness.note(-ahead_s)
            timeline.advance(due_s)
        timeline.advance(until_s, inclusive=inclusive)

    def _each_second(self) -> None:
        if (now := self._clock()) >= self._last_second + MAX_WAIT_S:
            self._last_second = now
            for action in self.every_second:
                action()

    def stand(self) -> NoReturn:
        """Go on with the wall clock, serving sockets and errands, until one raises."""
        while True:
            self.advance(float("inf"))

    def _meet(self, t_s: float) -> None:
        """Stand at the virtual instant at which a frame came, where that is still to come."""
        if t_s > self._timeline.now:
            self._timeline.advance(t_s, inclusive=False)

    def _wall_now(self) -> float:
        """Where virtual time should be by now."""
        assert self._anchor is not None
        wall_s, t_s = self._anchor
        return t_s + (self._clock() - wall_s) * self._factor


class Lateness:
    """How late instants were, in virtual seconds: counts in classes of 10^0.05, so memory does not grow."""

    CLASSES_A_DECADE = 20
    LEAST_S = 1e-4

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.instants = 0
        self.max_s = 0.0

    def note(self, late_s: float) -> None:
        place = ceil(self.CLASSES_A_DECADE * log10(max(late_s, self.LEAST_S)))
        self._counts[place] = self._counts.get(place, 0) + 1
        self.instants += 1
        self.max_s = max(self.max_s, late_s)

    def quantile(self, share: float) -> float:
        """What `share` of the instants were not later than, rounded up to a class."""
        left = ceil(share * self.instants)
        for place in sorted(self._counts):
            left -= self._counts[place]
            if left <= 0:
                return min(float(10 ** (place / self.CLASSES_A_DECADE)), self.max_s)
        return 0.0

    def summary(self) -> dict[str, Any]:
        """As summary.json has it."""
        names = {"p50_s": 0.5, "p99_s": 0.99}
        told = {name: round(self.quantile(share), 4) for name, share in names.items()}
        return {"instants": self.instants, **told, "max_s": round(self.max_s, 4)}
