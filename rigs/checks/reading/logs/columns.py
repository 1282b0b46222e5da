"""In which column a log names its stations, where no word says so: the one whose values part its talk."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evc5.rigs.checks.reading.logs.actions import CALL
from evc5.rigs.checks.reading.logs.found import Found

BREAK = re.compile(r"[\s|,;=<>()\[\]{}\"'/]+")
IDENTITY = re.compile(r"(?=[^\d]*\d)(?=[\d_.*-]*[A-Za-z])[A-Za-z0-9][\w.*-]{1,47}")  # letters and digits
NO_IDENTITY = re.compile(
    r"\d+[A-Za-z]{1,3}\d*(?:[.\d:]*Z)?|[\d-]+T[\d.:Z+-]*|0x[0-9a-f]+|ocpp1\.?6j?|v?1\.6j?", re.I
)
MOST_ABOVE = 6  # lines above a frame that may name its station
MOST_TOKENS = 24  # of a line, from its beginning
COVERED_PART = 0.95  # of the frames have the column
PAIRED_PART = 0.98  # of the replies stand under the name of their CALL
LEAST_REPLIES = 8  # assumed: in fewer a column may fit by chance
TURNS = 3  # so many times a value stations take turns: one that dials in anew takes none


@dataclass(frozen=True, slots=True)
class Column:
    """A place around a frame: a word of a field of its record, of its line, or of a line above it."""

    field: str = ""
    above: int = 0
    word: int = 0

    def of(self, found: Found) -> str:
        """What stands there; empty where nothing does that may name a station."""
        if self.field:
            text = found.fields.get(self.field, "")
        else:
            text = _above(found, self.above) if self.above else found.before
        words = _words(text)
        return _identity(words[self.word]) if self.word < len(words) else ""


def parting(seen: Sequence[Found]) -> Column | None:
    """The column that parts the frames of several stations; None where none does, or there is but one."""
    told: defaultdict[Column, list[tuple[Found, str]]] = defaultdict(list)
    for found in seen:
        for column, name in _named(found):
            told[column].append((found, name))
    fit = [column for column, rows in told.items() if len(rows) >= COVERED_PART * len(seen) and _parts(rows)]
    return min(fit, key=lambda column: len({name for _, name in told[column]}), default=None)


def _parts(rows: Sequence[tuple[Found, str]]) -> bool:
    """Do stations take turns under these names, each with its CALLs, replies and several actions?"""
    actions: defaultdict[str, set[str]] = defaultdict(set)
    for found, name in rows:
        if found.kind == CALL:
            actions[name].add(found.action)
    turns = sum(before != after for (_, before), (_, after) in pairwise(rows))
    if len(actions) < 2 or turns < TURNS * len(actions):
        return False
    if sum(len(told) > 1 for told in actions.values()) < COVERED_PART * len(actions):
        return False
    same, other = _answered(rows)
    return same >= LEAST_REPLIES and same >= PAIRED_PART * (same + other)


def _answered(rows: Sequence[tuple[Found, str]]) -> tuple[int, int]:
    """How many replies stand under a name that their CALL stood under, and how many do not."""
    open_calls: defaultdict[str, Counter[str]] = defaultdict(Counter)
    same, other = 0, 0
    for found, name in rows:
        waiting = open_calls[found.id]
        if found.kind == CALL:
            waiting[name] += 1
        elif waiting[name] > 0:
            waiting[name] -= 1
            same += 1
        else:
            other += any(count > 0 for count in waiting.values())
    return same, other


def _named(found: Found) -> Iterator[tuple[Column, str]]:
    for field, value in found.fields.items():
        for word, name in _identities(value):
            yield Column(field=field, word=word), name
    for above in range(MOST_ABOVE + 1):
        for word, name in _identities(_above(found, above) if above else found.before):
            yield Column(above=above, word=word), name


def _identities(text: str) -> Iterator[tuple[int, str]]:
    return ((place, word) for place, word in enumerate(_words(text)) if _identity(word))


def _above(found: Found, lines: int) -> str:
    return found.held[-lines] if lines <= len(found.held) else ""


def _words(text: str) -> list[str]:
    return [word.strip(":") for word in BREAK.split(text[:300])][:MOST_TOKENS]


def _identity(word: str) -> str:
    return word if IDENTITY.fullmatch(word) and not NO_IDENTITY.fullmatch(word) else ""
