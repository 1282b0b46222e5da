"""The numbers that a station gives its messages: those left out stood in a hole of the log."""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

NUMBERED = re.compile(r"(.*?)(\d+)\Z", re.DOTALL)
MOST_DIGITS = 8  # assumed: longer ones are random, or times
LEAST_STEPS = 2  # so many in a row, and the ids are numbers that count
LEFT_OUT = 2  # assumed: a single number may have been given and not used, or be told out of turn
STEPS_KEPT = 8  # where so many are alike, a single number that is left out tells as well
RHYTHM = 3  # assumed: so many silences, the shortest RHYTHM_PART of the longest, are the station's own
RHYTHM_PART = 0.8  # assumed: a late beat is as late every time
WIDEST_STEP = 8  # assumed: what lies further apart does not count; others may have numbers in between


@dataclass(slots=True, eq=False, repr=False)
class Numbers:
    """The ids of one station's CALLs, as far as they count."""

    _last: tuple[str, int] | None = None
    _steps: deque[int] = field(default_factory=lambda: deque(maxlen=STEPS_KEPT))
    _is_uneven: bool = False  # it leaves out numbers while it talks, or gives them out of turn
    _between: deque[int] = field(default_factory=lambda: deque(maxlen=64))  # the other side's, since the last

    def skipped(self, id: str, is_brief: bool = False) -> bool | None:
        """Are numbers left out before this id? None where that cannot be told.

        In a brief silence they are believed only where it is long known that they count.
        """
        step = self._step(id)
        if not self._counts or step is None or step <= 0:
            return None
        left_out = step - max(self._steps)
        is_known = len(self._steps) == STEPS_KEPT and not self._is_uneven
        least = 1 if is_known and len({*self._steps}) == 1 else LEFT_OUT
        if left_out >= least and (is_known or not is_brief):
            return True
        return None if left_out > 0 else False

    def tell(self, id: str, are_left_out: bool, may_be: bool) -> None:
        """The id of the next CALL; what is left out in a silence is no habit."""
        step = self._step(id)
        if step and not are_left_out and (not may_be or step == 1 or self._counts):
            self._is_uneven |= not may_be and self._counts and not self._goes_on(id, step)
            self._steps.append(step)
        self._last = _number(id)
        self._between.clear()

    def _goes_on(self, id: str, step: int) -> bool:
        """By no more than before, or from the beginning again."""
        now = _number(id)
        return 0 < step <= max(self._steps) or (step < 0 and now is not None and now[1] <= WIDEST_STEP)

    def tell_other(self, id: str) -> None:
        """The id of a CALL of the other side, which takes a number where one counter serves both."""
        number = _number(id)
        if number is not None:
            self._between.append(number[1])

    @property
    def _counts(self) -> bool:
        return len(self._steps) >= LEAST_STEPS and all(0 < one <= WIDEST_STEP for one in self._steps)

    def _step(self, id: str) -> int | None:
        """How many numbers from the last one; None where they have not the same form."""
        now, last = _number(id), self._last
        if now is None or last is None or now[0] != last[0]:
            return None
        if len(self._between) == self._between.maxlen:
            return None  # who knows how many more there were
        return now[1] - last[1] - sum(last[1] < n < now[1] for n in self._between)


def is_rhythm(lengths: Sequence[float]) -> bool:
    """Are there so many silences, of about one length, that they are a station's own?"""
    return len(lengths) >= RHYTHM and min(lengths) >= RHYTHM_PART * max(lengths)


def _number(id: str) -> tuple[str, int] | None:
    """What stands before the number, and the number."""
    match = NUMBERED.match(id)
    return None if match is None or len(match[2]) > MOST_DIGITS else (match[1], int(match[2]))
