"""Readings that contradict themselves: two running, or one at a time and often.

One alone is let pass, as at a ramp a meter's quantities are not of one instant; where the current stands
still from the reading before it to the one behind it there is no ramp.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

from evc5.rigs.checks.reading.columns import Array

OFTEN = 3  # assumed: so many times alone within WITHIN_READINGS are none that happened by chance
WITHIN_READINGS = 16  # assumed
STILL_PART = 0.1  # assumed: a current that moves by more may be on a ramp

Say = Callable[[], None]


@dataclass(slots=True, eq=False, repr=False)
class Alone:
    """The latest readings of one thing, and those among them that were off alone."""

    was_off: bool = False
    level: float = np.nan
    count: int = 0
    pending: tuple[int, Say] | None = None  # off, and steady from the one before; the next one tells
    places: deque[int] = field(default_factory=lambda: deque(maxlen=OFTEN))

    def take(self, off: Array, level: Array, say: Callable[[int], Say]) -> Array:
        """Which readings are off for the second time running; those that are often off alone are said."""
        running = off
        if self.pending is not None or off.any():
            before = np.append(self.was_off, off[:-1])
            self._look(off, before, level, say)
            running = off & before
        self.was_off, self.level = bool(off[-1]), float(level[-1])
        self.count += len(off)
        return running

    def _look(self, off: Array, before: Array, level: Array, say: Callable[[int], Say]) -> None:
        still = np.abs(np.diff(np.append(self.level, level))) <= STILL_PART * np.abs(level)
        self._settle(bool(still[0]) and not off[0])
        for k in np.flatnonzero(off & ~before & still).tolist():
            self.pending = self.count + k, say(k)
            if k + 1 < len(off):
                self._settle(bool(still[k + 1]) and not off[k + 1])

    def _settle(self, is_alone: bool) -> None:
        """The reading behind the one that is pending."""
        pending, self.pending = self.pending, None
        if pending is None or not is_alone:
            return
        self.places.append(pending[0])
        if len(self.places) == OFTEN and pending[0] - self.places[0] < WITHIN_READINGS:
            pending[1]()


@dataclass(slots=True, eq=False, repr=False)
class NowAndThen:
    """Those of all things."""

    _alone: dict[Hashable, Alone] = field(default_factory=dict)

    def tell(self, key: Hashable, off: Array, level: Array, say: Callable[[int], Say]) -> None:
        """`level` is what stands still where nothing happens; `say` gives what tells of reading k."""
        for k in np.flatnonzero(self.sure(key, off, level, say)).tolist():
            say(k)()

    def sure(self, key: Hashable, off: Array, level: Array, say: Callable[[int], Say]) -> Array:
        """Likewise, and which are off for the second time running is left to the caller to tell."""
        return self._alone.setdefault(key, Alone()).take(off, level, say)
