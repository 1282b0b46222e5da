"""The algebra of charging schedules: what each allows at an instant, and until when that stands.

Instants are whole milliseconds of UTC since the epoch, so that boundaries are met exactly: seconds as floats
lose half a microsecond on the way through a calendar, and a boundary missed by a hair never passes.
Schedules are right-continuous: at its boundary the new value holds.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import floor, inf
from typing import NamedTuple

from evc5.models.units import NOMINAL_V

NEVER = 1 << 62  # an instant that does not come
DAY_MS, WEEK_MS = 86_400_000, 604_800_000  # OCPP 1.6 7.37: every 24 hours, every 7 days; no local midnight
DEFAULT_PHASES = 3  # OCPP 1.6 7.12, 7.14: numberPhases where none is given


class Cap(NamedTuple):
    """What one schedule allows: amperes per phase over so many phases."""

    amps: float
    phases: int | None = None  # as given; None: not said, which counts as three
    watts: float | None = None  # as given, in a schedule of watts
    min_rate: float | None = None  # minChargingRate, in the unit of the limit: a hint

    @property
    def width(self) -> int:
        """Phases it counts with."""
        return self.phases or DEFAULT_PHASES


def cap_of_watts(watts: float, phases: int | None, min_w: float | None = None) -> Cap:
    """A limit in watts, and what it is in amperes over its own numberPhases. Source: OCPP 1.6 7.12."""
    return Cap(watts / (NOMINAL_V * (phases or DEFAULT_PHASES)), phases, watts, min_w)


class Schedule(NamedTuple):
    """Periods of caps, once or recurring, from a start of their own or from where charging began."""

    offsets_ms: tuple[int, ...]  # of the periods, ascending from 0
    caps: tuple[Cap, ...]  # one a period
    start_ms: int | None  # None: where charging began
    duration_ms: int = NEVER
    every_ms: int | None = None  # of a recurring schedule
    backwards: bool = False  # a recurring schedule holds before its start as well
    valid_from_ms: int = -NEVER
    valid_to_ms: int = NEVER

    def at(self, epoch_ms: int, began_ms: int | None = None) -> tuple[Cap | None, int]:
        """The cap at `epoch_ms` (None: it says nothing) and the instant up to which that holds."""
        if epoch_ms < self.valid_from_ms:
            return None, self.valid_from_ms
        start = began_ms if self.start_ms is None else self.start_ms
        if epoch_ms >= self.valid_to_ms or start is None:
            return None, NEVER
        cap, until_ms = self._at(epoch_ms, start)
        return cap, min(until_ms, self.valid_to_ms)

    def steady_until(self, epoch_ms: int, began_ms: int | None = None) -> int:
        """The instant up to which it does nothing but recur, or say the same."""
        if self.every_ms is None:
            return self.at(epoch_ms, began_ms)[1]
        start = began_ms if self.start_ms is None else self.start_ms
        marks = [self.valid_from_ms, self.valid_to_ms]
        if start is not None and not self.backwards:
            marks.append(start)
        return min((mark for mark in marks if mark > epoch_ms), default=NEVER)

    def _at(self, epoch_ms: int, start_ms: int) -> tuple[Cap | None, int]:
        span = self.duration_ms
        following = NEVER
        if self.every_ms is not None and (epoch_ms >= start_ms or self.backwards):
            start_ms = latest(start_ms, self.every_ms, epoch_ms)
            following = start_ms + self.every_ms
            span = min(span, self.every_ms)  # ER 3.43: what reaches past the recurrence is not executed
        if epoch_ms < start_ms:
            return None, start_ms
        if epoch_ms - start_ms >= span:
            return None, following
        index = bisect_right(self.offsets_ms, epoch_ms - start_ms)
        end = self.offsets_ms[index] if index < len(self.offsets_ms) else span
        return self.caps[index - 1], start_ms + min(end, span)


def latest(start_ms: int, every_ms: int, epoch_ms: int) -> int:
    """The last occurrence at or before `epoch_ms` of what recurs from `start_ms`, in either direction."""
    return start_ms + (epoch_ms - start_ms) // every_ms * every_ms


def prevailing(stack: Sequence[Schedule], epoch_ms: int, began_ms: int | None) -> tuple[Cap | None, int]:
    """What the first schedule of `stack` that says anything says, and until when. Source: OCPP 1.6 3.13.2."""
    until_ms = NEVER
    for schedule in stack:
        cap, end_ms = schedule.at(epoch_ms, began_ms)
        until_ms = min(until_ms, end_ms)
        if cap is not None:
            return cap, until_ms
    return None, until_ms


def tenth(value: float) -> float:
    """`value` down to one decimal, as limits are written (7.14); one that has it but for rounding stays."""
    return value if value == inf else floor(value * 10 + 1e-6) / 10


def to_ms(epoch_s: float) -> int:
    """Epoch seconds as whole milliseconds; a boundary that arrives a rounding error early has arrived."""
    return floor(epoch_s * 1000 + 0.01)


def to_s(epoch_ms: int) -> float | None:
    """Milliseconds as epoch seconds; None for an instant that does not come."""
    return None if epoch_ms >= NEVER else epoch_ms / 1000
