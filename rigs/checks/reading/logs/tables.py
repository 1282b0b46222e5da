"""Logs as tables: CSV with a row of names on top, whatever parts its fields."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator

from evc5.rigs.checks.reading.logs.decoding import Line
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.records import frames_of

SEPARATORS = ",;\t|"
NAMED = re.compile(  # one of the columns at least tells what a log of messages tells
    r"time|date|stamp|direction|action|message|payload|frame|charge|station|event|log|content|data|@", re.I
)
NAME = re.compile(r"(?:[\w @./#:-]|\([^()]*\)){1,40}")
LARGEST_FIELD = 16 << 20
IN_UNITS = re.compile(r" \[\w{1,8}\]")  # TimeGenerated [UTC], as Azure writes it
MOST_REMEMBERED = 64  # remembered
csv.field_size_limit(LARGEST_FIELD)


def separator(head: str) -> str | None:
    """What parts the names of a table's first line; None where it is no such line."""
    head = IN_UNITS.sub("", head)
    if "[" in head or "{" in head:
        return None
    for sign in SEPARATORS:
        names = [name.strip().strip('"') for name in head.split(sign)]
        if len(names) > 1 and all(NAME.fullmatch(name) for name in names) and any(map(NAMED.search, names)):
            return None if any(re.search(r"\d\d:\d\d", name) for name in names) else sign
    return None


def rows(head: Line, rest: Iterable[Line], sign: str) -> Iterator[Found]:
    """The frames of a table's rows; a field may go on over lines."""
    numbers, recent = _Numbered(rest), deque[list[str]](maxlen=MOST_REMEMBERED)
    names = next(csv.reader([head.text], delimiter=sign))
    for cells in csv.reader(numbers, delimiter=sign):
        first = numbers.first
        numbers.first = 0
        if numbers.is_open:
            _complete(cells, recent)
        recent.append(cells)
        record = dict(zip([name.strip() or str(at) for at, name in enumerate(names)], cells, strict=False))
        record |= {str(at): cell for at, cell in enumerate(cells) if at >= len(names)}
        yield from frames_of(record, first)


def _complete(cells: list[str], others: Iterable[list[str]]) -> None:
    """A row that the log's end cuts in a name says there what all others say, as far as it goes."""
    at = len(cells) - 1
    told = {row[at] for row in others if at < len(row)} if cells else set()
    alike = {name for name in told if name.startswith(cells[at])}
    if len(alike) == 1:
        cells[at] = alike.pop()


class _Numbered:
    """The text of lines for a reader that knows no numbers, and the number of the row's first."""

    def __init__(self, rest: Iterable[Line]) -> None:
        self._rest = iter(rest)
        self.first = 0
        self.is_open = False  # the last of them

    def __iter__(self) -> Iterator[str]:
        for line in self._rest:
            self.first = self.first or line.number
            self.is_open = line.is_open
            yield line.text + "\n"
