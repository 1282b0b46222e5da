"""Which CALL leaves when: alarms ring, and what they post goes out one at a time, first in, first out.

The same order as on the timeline: by instant, by rank (a reply comes before all else), then first set first.
"""

from collections import deque
from collections.abc import Callable, Container, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from typing import NamedTuple

from evc5.models.timeline import Ring
from evc5.models.units import made
from evc5.rigs.stretches.streams import State, Stream
from evc5.twin.sessions.samples import Telling

MOST_CALLS = 4000  # of one stretch: what is rendered at once stays in the caches


class Post(NamedTuple):
    """Something told: `telling` is None for a heartbeat."""

    t_s: float
    telling: Telling | None
    stamp_epoch_s: float | None


class Call(NamedTuple):
    """A post on the wire."""

    post: Post
    sent_t_s: float
    answered_t_s: float


class Due(NamedTuple):
    """A stream's alarm as it stands in the queue, in the queue's order."""

    t_s: float
    rank: int
    number: int
    set_t_s: float | None  # None: before the stretch
    stream: Stream
    state: State


class Rest(NamedTuple):
    """A moment at which nothing is on its way, and how far everything had come."""

    calls: int
    kept: int
    due: tuple[Due, ...]


class Agenda:
    """Lives through the rings of a stretch; `calls` and `kept` are those up to its last moment of rest."""

    def __init__(
        self, rings: Sequence[tuple[Ring, Stream]], silent: Container[Telling], latency_s: float
    ) -> None:
        first = {stream: ring for ring, stream in reversed(rings) if not ring.is_stale}
        self._due = [Due(*ring[:3], None, stream, stream.state) for stream, ring in first.items()]
        heapify(self._due)
        self._numbers = count(max((ring.number for ring, _ in rings), default=0) + 1)
        self._former = {(stream, ring.t_s): ring.number for ring, stream in reversed(rings)}
        self._latency_s = latency_s
        self._waiting: deque[Post] = deque()
        self._urgent: deque[Post] = deque()
        self._reply_t_s = inf  # inf: no CALL is outstanding
        self.calls: list[Call] = []
        self.kept: list[Post] = []
        self.rest = Rest(0, 0, ())
        self._told = {stream: self._goes(stream, silent) for stream in first}

    def _goes(
        self, stream: Stream, silent: Container[Telling]
    ) -> list[tuple[Telling | None, Callable[[Post], None]]]:
        """What each of its rings tells, and where that goes; `silent` tellings have no values."""
        if stream.is_heartbeat:
            return [(None, self._urgent.append)]
        told = [telling for telling in stream.tellings if telling not in silent]
        return [(one, self.kept.append if one.kept else self._waiting.append) for one in told]

    def run(self, end_s: float) -> None:
        """Go on while all is done before `end_s`."""
        due = self._due
        while due and len(self.calls) < MOST_CALLS:
            if self._reply_t_s <= due[0].t_s:
                if self._reply_t_s >= end_s:
                    break
                self._answered()
            elif due[0].t_s < end_s:
                self._ring(heappop(due))
            else:
                break
            if self._reply_t_s == inf:
                self.rest = made(Rest, (len(self.calls), len(self.kept), tuple(due)))
        del self.calls[self.rest.calls :]
        del self.kept[self.rest.kept :]

    def _ring(self, due: Due) -> None:
        t_s, rank, _, _, stream, state = due
        stamp_epoch_s, next_t_s, state = stream.ring(t_s, state)
        for telling, put in self._told[stream]:
            put(made(Post, (t_s, telling, stamp_epoch_s)))
        if self._reply_t_s == inf:
            self._send(t_s)
        if next_t_s is not None:
            number = self._former.get((stream, next_t_s)) or next(self._numbers)
            heappush(self._due, made(Due, (next_t_s, rank, number, t_s, stream, state)))

    def _answered(self) -> None:
        t_s = self._reply_t_s
        self._reply_t_s = inf
        self._send(t_s)

    def _send(self, t_s: float) -> None:
        if self._urgent or self._waiting:
            post = (self._urgent or self._waiting).popleft()
            self._reply_t_s = t_s + self._latency_s
            self.calls.append(made(Call, (post, t_s, self._reply_t_s)))
