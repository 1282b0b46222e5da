"""The numbers that a station gives its messages: those left out stood in a hole of the log."""

import re
from collections import deque
from dataclasses import dataclass, field

NUMBERED = re.compile(r"(.*?)(\d+)\Z", re.DOTALL)
MOST_DIGITS = 8  # assumed: longer ones are random, or times
LEAST_STEPS = 2  # so many in a row, and the ids are numbers that count
LEFT_OUT = 2  # assumed: a single number may have been given and not used, or be told out of turn
WIDEST_STEP = 8  # assumed: what lies further apart does not count; others may have numbers in between


@dataclass(slots=True)
class Numbers:
    """The ids of one station's CALLs, as far as they count."""

    _last: tuple[str, int] | None = None
    _steps: deque[int] = field(default_factory=lambda: deque(maxlen=16))
    _between: deque[int] = field(default_factory=lambda: deque(maxlen=64))  # the other side's, since the last

    def skipped(self, id: str) -> bool | None:
        """Are numbers left out before this id? None where that cannot be told."""
        step = self._step(id)
        counts = len(self._steps) >= LEAST_STEPS and all(0 < one <= WIDEST_STEP for one in self._steps)
        return step >= max(self._steps) + LEFT_OUT if counts and step is not None and step > 0 else None

    def tell(self, id: str, after_silence: bool) -> None:
        """The id of the next CALL; what is left out in a silence is no habit."""
        step = self._step(id)
        if step and not after_silence:
            self._steps.append(step)
        self._last = _number(id)
        self._between.clear()

    def tell_other(self, id: str) -> None:
        """The id of a CALL of the other side, which takes a number where one counter serves both."""
        number = _number(id)
        if number is not None:
            self._between.append(number[1])

    def _step(self, id: str) -> int | None:
        """How many numbers from the last one; None where they have not the same form."""
        now, last = _number(id), self._last
        if now is None or last is None or now[0] != last[0]:
            return None
        return now[1] - last[1] - sum(last[1] < n < now[1] for n in self._between)


def _number(id: str) -> tuple[str, int] | None:
    """What stands before the number, and the number."""
    match = NUMBERED.match(id)
    return None if match is None or len(match[2]) > MOST_DIGITS else (match[1], int(match[2]))
