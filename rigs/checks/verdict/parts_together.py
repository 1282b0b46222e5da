"""Parts of telemetry that are past and wait to be judged together: few long columns cost less than many.

A part may wait while only charging goes on, of which memory knows by time what was when. Whatever changes
more than that has them judged first, as they would have been without waiting.
"""

from collections.abc import Iterator

from evc5.rigs.checks.reading.frames import CALL, Frame
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.listeners import Event

Part = dict[int, Rows]

CHARGING_EVENTS = frozenset({"plug-in", "unplug", "tag"})
CHARGING_ACTIONS = frozenset(
    {"Authorize", "Heartbeat", "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction"}
)
MOST_ROWS = 20_000  # of all connectors: six days of two with a row a minute; nine gain a hundredth more
MOST_FRAMES = 8_000  # their readings wait as well, and room is to be left for those of a busy day
MOST_STARTS = 16  # the latest transactions are remembered, and so are to be those of a busy day
ANSWERED_S = 60.0  # assumed: by then what a CALL or an event changed has been answered and taken effect


class PartsTogether:
    """Takes parts as they are past, gives them back to be judged as one."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._rows = 0
        self._frames = 0  # counted when parts were last taken
        self._starts = 0  # transactions since
        self._is_first = True  # which tells what the readings after it are judged by
        self._changed_at = float("-inf")  # when something else than charging was last told

    def put(self, part: Part) -> None:
        """One more that is past."""
        self._parts.append(part)
        self._rows += _rows(part)

    def may_wait(self, epoch_s: float, frames: int, following: Part | None) -> bool:
        """May what is here be judged with the part that follows? `frames` is how many were told by now."""
        if self._is_first or following is None or epoch_s - self._changed_at <= ANSWERED_S:
            return False
        few = frames - self._frames <= MOST_FRAMES and self._starts <= MOST_STARTS
        return few and self._rows + _rows(following) <= MOST_ROWS

    def are_due(self, what: Frame | Event) -> bool:
        """Is what is told next more than charging, so that all that waits is to be judged before it?"""
        if _is_charging(what):
            self._starts += isinstance(what, Frame) and what.action == "StartTransaction"
            return False
        self._changed_at = what.epoch_s
        return bool(self._parts)

    def take(self, frames: int) -> dict[int, list[Rows]]:
        """All that waits, by connector."""
        parts, self._parts = self._parts, []
        self._rows = 0
        self._frames = frames
        self._starts = 0
        self._is_first = False
        connectors = sorted({connector for part in parts for connector in part})
        return {
            connector: [part[connector] for part in parts if connector in part] for connector in connectors
        }


def several_at_once(parts: Iterator[Part]) -> Iterator[Part]:
    """The same parts, read several after the other: each alone takes half as long again."""
    read: list[Part] = []
    for part in parts:
        read.append(part)
        if sum(map(_rows, read)) >= MOST_ROWS:
            yield from read
            read = []
    yield from read


def _rows(part: Part) -> int:
    return sum(map(len, part.values()))


def _is_charging(what: Frame | Event) -> bool:
    """Is it one of those that charging consists of? A reply is known by its CALL, which came before."""
    if isinstance(what, Event):
        return what.name in CHARGING_EVENTS
    return what.kind != CALL or what.action in CHARGING_ACTIONS
