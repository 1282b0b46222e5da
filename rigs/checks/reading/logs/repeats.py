"""A log that holds frames twice: the same log once more, or every frame by two loggers."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

import orjson

from evc5.rigs.checks.reading.logs.zones import Timed

KEPT_FRAMES = 300_000  # frames remembered
SAME_IN_A_ROW = (
    4  # frames in a row that must be the same again; a station that says a thing twice says the one
)
NEAR_FRAMES = 12  # frames within which a second logger tells of the same one


class Repeats:
    """Leaves out what was told before, and counts it."""

    def __init__(self, doubled: bool) -> None:
        self._doubled = doubled
        self._seen: OrderedDict[int, int] = OrderedDict()
        self._count = 0
        self.left_out = 0

    def once(self, frames: Iterable[Timed]) -> Iterator[Timed]:
        pending: list[tuple[Timed, int]] = []  # seen before, one after the other: maybe the log again
        last: int | None = None  # where the latest of them stood before
        again = False  # it is the log again
        for frame in frames:
            key = key_of(frame)
            place = self._seen.get(key)
            if self._doubled and place is not None and self._count - place <= NEAR_FRAMES:
                self.left_out += 1
                continue
            if place is None or (last is not None and place != last + 1):
                yield from self._new(pending)
                pending = []
                again = False
            last = place
            pending.append((frame, key))
            if place is None:
                yield from self._new(pending)
                pending = []
            elif again or len(pending) == SAME_IN_A_ROW:
                self.left_out += len(pending)
                pending = []
                again = True
        yield from self._new(pending)

    def _new(self, frames: list[tuple[Timed, int]]) -> Iterator[Timed]:
        for frame, key in frames:
            self._seen[key] = self._count
            self._seen.move_to_end(key)
            self._count += 1
            if len(self._seen) > KEPT_FRAMES:
                self._seen.popitem(last=False)
            yield frame


def key_of(frame: Timed) -> int:
    """What makes two frames the same one: when they are told to have gone, which way, and all they say."""
    body = frame.found.body
    try:
        said = frame.found.text.encode("utf-8", "replace") if body is None else orjson.dumps(body)
        frame.said = b"" if body is None else said
    except TypeError:  # numbers beyond 64 bits, halves of characters
        said = repr(body).encode("utf-8", "replace")
    return hash((frame.written if frame.is_stamped else None, frame.up, frame.station, said))
