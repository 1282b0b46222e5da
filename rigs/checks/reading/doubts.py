"""What somebody's log may lack: stretches in which nobody was heard, and what is missing in them.

After a hole for sure nothing that was known is known: the judge begins anew, as where a log begins. Where a
silence may be one and nothing tells, what was to be told in it is missing or lost; it is the station's where
that comes often, for a log has a hole or two. This outlives every hole.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from evc5.rigs.checks.reading.logs.holes import is_rhythm

MOST_SILENT = 4096  # silences remembered
MOST_DOUBTFUL = 20_000  # things missing, of one kind
MISSED_OFTEN = 3  # assumed: a log has a hole or two; so many silences without what is due are the station's

Say = Callable[[], None]


class Doubt(NamedTuple):
    """Something missing where nobody was heard; what is said of it where it is sure, and where not."""

    since: float  # of the silence
    silent_s: float
    sure: Say
    unsure: Say
    lost: Hashable = None  # what was lost; several findings may lack the same


@dataclass(slots=True, eq=False, repr=False)
class Holes:
    """The silences of both sides that may hide frames, and what would have been told in them."""

    _silences: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MOST_SILENT))
    _missing: defaultdict[str, list[Doubt]] = field(default_factory=lambda: defaultdict(list))
    _quiet: list[Doubt] = field(default_factory=list)  # silences that are themselves too long

    def silent(self, since: float, until: float) -> None:
        """Nobody was heard, and nothing tells that nothing is missing."""
        self._silences.append((since, until))

    def may_hide(self, since: float, until: float) -> float | None:
        """When the latest silence began in which a thing of this time may have been told; None: in none."""
        for begin, end in reversed(self._silences):
            if end <= since:
                return None
            if begin < until:
                return begin
        return None

    def lacks_more(self, since: float, than: str) -> bool:
        """Is something else missing, too, in the silence that began then?"""
        others = [doubts for what, doubts in self._missing.items() if what != than]
        return any(doubt.since == since for doubts in (*others, self._quiet) for doubt in doubts)

    def misses(self, what: str, doubt: Doubt) -> None:
        """Something was to be told in a silence."""
        if len(self._missing[what]) < MOST_DOUBTFUL:
            self._missing[what].append(doubt)

    def too_long(self, doubt: Doubt) -> None:
        """A silence in which anything was to be told; it counts once."""
        last = self._quiet[-1] if self._quiet else None
        is_new = last is None or doubt.since + doubt.silent_s / 2.0 >= last.since + last.silent_s
        if is_new and len(self._quiet) < MOST_DOUBTFUL:
            self._quiet.append(doubt)

    def was_off(self, until: float) -> None:
        """A silence that a boot ends was no station's that was there to speak."""
        if self._quiet and abs(self._quiet[-1].since + self._quiet[-1].silent_s - until) < 1.0:
            self._quiet.pop()

    def settle(self) -> None:
        """The log is over: what happened too often is sure."""
        for missing in self._missing.values():
            often = min(len({doubt.since for doubt in missing}), len({doubt.lost for doubt in missing}))
            is_habit = often >= MISSED_OFTEN
            _say(missing, is_habit)
        _say(self._quiet, is_rhythm([doubt.silent_s for doubt in self._quiet]))


def _say(doubts: list[Doubt], is_sure: bool) -> None:
    for doubt in doubts:
        (doubt.sure if is_sure else doubt.unsure)()
