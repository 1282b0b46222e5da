"""Frames wait for the CSMS to tell its time, but never so many or so large that memory grows with the log."""

from collections.abc import Iterator

import pytest

from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.zones import Timed, Zone

MANY = 100_000
MB = 1 << 20


class Source:
    """Frames without end, and how many were asked of it."""

    def __init__(self, frames: Iterator[Timed]) -> None:
        self._frames = frames
        self.asked = 0

    def __iter__(self) -> Iterator[Timed]:
        for frame in self._frames:
            self.asked += 1
            yield frame


def timed(number: int, *, is_local: bool, size: int = 10) -> Timed:
    found = Found(number, [2, str(number), "DataTransfer", {}])
    return Timed(found, 1e9 + number, is_local, up=True, said=b"x" * size)


def asked_before_the_first(frames: Iterator[Timed]) -> int:
    source = Source(frames)
    next(Zone(None, guess_s=None).told(source))
    return source.asked


@pytest.mark.slow
def test_frames_of_a_log_whose_csms_never_tells_its_time_wait_up_to_a_number() -> None:
    local = (timed(k, is_local=True) for k in range(MANY))
    assert asked_before_the_first(local) == 20_000


def test_large_frames_wait_up_to_32_mb_of_what_they_say() -> None:
    large = (timed(k, is_local=True, size=MB) for k in range(MANY))
    assert asked_before_the_first(large) == 32


@pytest.mark.slow
def test_frames_with_a_zone_that_follow_one_without_wait_up_to_the_same_number() -> None:
    mixed = (timed(k, is_local=k == 0) for k in range(MANY))
    assert asked_before_the_first(mixed) == 20_000


def test_frames_with_a_zone_wait_for_nothing() -> None:
    zoned = (timed(k, is_local=False) for k in range(MANY))
    assert asked_before_the_first(zoned) == 1
