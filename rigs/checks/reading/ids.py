"""Message ids: has this one been used before? (OCPP-J 4.1.4)"""

import re

DIGITS = "0123456789"
COUNTER = re.compile(r"(?:.*\D)?(?:0|[1-9]\d{0,17})", re.ASCII | re.DOTALL)


class Ids:
    """Message ids of one sender: counters take next to no memory, others are kept, the newest 100,000."""

    MOST, MOST_RUNS = 100_000, 64

    def __init__(self) -> None:
        self._runs: dict[str, list[list[int]]] = {}  # by prefix: first and last of each unbroken count
        self._others: dict[str, None] = {}
        self._prefix = self._next = ""
        self._run = [0, 0]  # the id that goes on the count last used
        self.fell = False  # did a count of several begin again?

    def is_new(self, id: str) -> bool:
        if id == self._next and id not in self._others:
            self._run[1] += 1
            self._next = f"{self._prefix}{self._run[1] + 1}"
            return True
        return self._counted(id) if COUNTER.fullmatch(id) else self._other(id)

    def _counted(self, id: str) -> bool:
        prefix = id.rstrip(DIGITS)
        count, runs = int(id[len(prefix) :]), self._runs.get(prefix)
        self.fell |= bool(runs) and self._is_back(prefix, count)
        if runs is None:
            if len(self._runs) >= self.MOST_RUNS:  # no counter, but ids that end in digits by chance
                return self._other(id)
            runs = self._runs[prefix] = []
        if any(first <= count <= last for first, last in runs):
            return False
        if runs and count < runs[-1][1]:
            return self._other(id)
        runs.append([count, count])
        del runs[: -self.MOST_RUNS]
        self._run = runs[-1]
        self._prefix = prefix
        self._next = f"{prefix}{count + 1}"
        return id not in self._others

    def _is_back(self, prefix: str, count: int) -> bool:
        """Is it a count of three or more that begins again? Who repeats one id does not count."""
        first, last = self._runs[prefix][-1]
        return count <= first < last - 1

    def _other(self, id: str) -> bool:
        if id in self._others:
            return False
        self._others[id] = None
        if len(self._others) > self.MOST:
            del self._others[next(iter(self._others))]
        return True
