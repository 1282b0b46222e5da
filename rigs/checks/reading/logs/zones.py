"""In which zone a log writes its times: learned from the CSMS's `currentTime` alone, stretch by stretch.

A station's own stamps must not tell it: one that calls its local time UTC would hide behind them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from evc5.rigs.checks.reading.instants import QUARTER_S
from evc5.rigs.checks.reading.logs.found import Found

MOST_FRAMES_WAITING = 20_000  # frames held until the CSMS tells its time
MOST_BYTES_WAITING = 32 << 20  # and bytes of what they say, which take five times as much decoded
BACK_S = 1200.0  # assumed: a log that goes back so far has changed its zone, else it is jumbled
JUMP_S = 60.0  # assumed: where a zone changes its times jump by so much less at most
SUMMER_S = 3600.0  # summer time is an hour ahead
NIGHT_ENDS_H = 5  # o'clock; assumed: by then summer time has begun or ended


@dataclass(slots=True, eq=False, repr=False)
class Timed:
    """A frame with the time of its line: as it is written, and once that is known in epoch seconds."""

    found: Found
    written: float
    is_local: bool
    up: bool
    current: float | None = None  # the CSMS's currentTime in it
    epoch_s: float = 0.0
    is_stamped: bool = True  # its line has a time of its own
    station: str = ""
    offline_since: float | None = None  # of the first frame after an outage
    silent_since: float | None = None  # of the first frame after a silence of both sides that may hide frames
    late_s: float | None = None  # the heartbeat interval, where the silence is longer than an open line has
    hole: str = ""  # what tells that it is a hole
    said: bytes = b""  # all that it says, as JSON without spaces, where JSON can


class Zone:
    """The zone of a log's local times; `offset_s` is how far they are ahead of UTC."""

    def __init__(self, zone: ZoneInfo | None, guess_s: float | None) -> None:
        self._zone = zone
        self._guess_s = guess_s
        self.offset_s: float | None = None
        self.offsets: list[float] = []  # one after the other, as they were learned
        self._last = float("-inf")
        self._is_second = False  # of the hour that October has twice

    def told(self, frames: Iterable[Timed]) -> Iterator[Timed]:
        """The frames with their times; those before the CSMS told its own wait for it."""
        waiting: list[Timed] = []
        held = 0  # bytes that those waiting say
        for frame in frames:
            if not frame.is_local:
                frame.epoch_s = frame.written
            elif self._zone is not None:
                frame.epoch_s = self._by_zone(frame.written, self._zone)
            if not waiting and (self._zone is not None or not frame.is_local):
                yield frame
                continue
            waiting.append(frame)
            frame.said = bytes(memoryview(frame.said))  # a copy: orjson's own have kilobytes to spare
            held += len(frame.said)
            if frame.is_local and frame.current is not None:
                yield from self._learn(waiting, frame.written - frame.current)
            elif len(waiting) >= MOST_FRAMES_WAITING or held >= MOST_BYTES_WAITING:
                yield from self._assign(waiting, self._or_guess())
            else:
                continue
            waiting = []
            held = 0
        yield from self._assign(waiting, self._or_guess())

    def _or_guess(self) -> float:
        return self.offset_s if self.offset_s is not None else self._guess_s or 0.0

    def _learn(self, waiting: list[Timed], ahead_s: float) -> Iterator[Timed]:
        offset = round(ahead_s / QUARTER_S) * QUARTER_S
        if self.offset_s is None:
            self._becomes(offset)
        change = 0 if self.offset_s == offset else self._changes_at(waiting, offset)
        if self.offset_s != offset and change is not None:
            yield from self._assign(waiting[:change], self._or_guess())
            waiting = waiting[change:]
            self._becomes(offset)
        yield from self._assign(waiting, self._or_guess())

    def _becomes(self, offset: float) -> None:
        self.offset_s = offset
        self.offsets.append(offset)

    def _changes_at(self, waiting: list[Timed], offset: float) -> int | None:
        """Where the log's own times jump as its zone would; None: the CSMS's clock jumped, not the zone."""
        jump = offset - (self.offset_s or 0.0)
        steps = list(pairwise([self._last, *(frame.written for frame in waiting)]))
        for index, (before, after) in enumerate(steps):
            step = after - before
            if (jump < 0 and step < -BACK_S) or (jump > 0 and before > 0 and step >= jump - JUMP_S):
                return index
        widest = max(range(len(steps)), key=lambda index: steps[index][1] - steps[index][0])
        at_night = datetime.fromtimestamp(waiting[widest].written, UTC).hour < NIGHT_ENDS_H
        return widest if at_night and abs(jump) <= SUMMER_S and self._last > 0 else None

    def _assign(self, frames: list[Timed], offset: float) -> Iterator[Timed]:
        for frame in frames:
            if frame.is_local and self._zone is None:
                frame.epoch_s = frame.written - offset
                self._last = frame.written
            yield frame

    def _by_zone(self, written: float, zone: ZoneInfo) -> float:
        """By the zone that the user names; of the hour that comes twice the lines tell the second."""
        local = datetime.fromtimestamp(written, UTC).replace(tzinfo=zone)
        twice = local.utcoffset() != local.replace(fold=1).utcoffset()
        self._is_second = twice and (self._is_second or written < self._last - BACK_S)
        self._last = written
        return local.replace(fold=int(self._is_second)).timestamp()
