"""Who does a bench's work: its caller, where all time is virtual, or `thread` beside a socket."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from evc5.models.timeline import Timeline
from evc5.twin.line.pace import Pace, Paced
from evc5.twin.ocpp.rpc import REPLY_TIMEOUT_S

T = TypeVar("T")


class Worker(Protocol):
    """Does a bench's work, one errand at a time."""

    def do(self, errand: Callable[[], T]) -> T:
        """Have something done where the environment lives; its result or its exception."""
        ...

    def advance(self, until_s: float) -> None:
        """Return when virtual time stands at `until_s` and everything due by then is done."""
        ...

    def until(self, condition: Callable[[], bool]) -> bool:
        """Go on until `condition` holds: as far as a reply may take, paced for as long as patience lasts."""
        ...

    def close(self) -> None: ...


class Here:
    """The caller does it."""

    def __init__(self, timeline: Timeline, pace: Pace) -> None:
        self._timeline = timeline
        self._pace = pace

    def do(self, errand: Callable[[], T]) -> T:
        return errand()

    def advance(self, until_s: float) -> None:
        self._pace.advance(until_s)

    def until(self, condition: Callable[[], bool]) -> bool:
        if isinstance(self._pace, Paced):  # a rig's script goes on meanwhile: it is not kept waiting
            self._pace.advance(self._timeline.now)
            return condition()
        return step_until(condition, self._timeline, self._pace)

    def close(self) -> None:
        pass


def step_until(condition: Callable[[], bool], timeline: Timeline, pace: Pace) -> bool:
    """Do what is due, instant by instant, until `condition` holds or a reply would be too late."""
    latest_s = timeline.now + REPLY_TIMEOUT_S
    pace.advance(timeline.now)
    while not condition() and timeline.peek() <= latest_s:
        pace.advance(timeline.peek())
    return condition()
