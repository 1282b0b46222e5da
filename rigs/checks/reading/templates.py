"""MeterValues that differ from one seen before in numbers only: they come by the hundred thousand.

A line that was read, validated and understood in full becomes a template: its own bytes, with t, id,
connector, transaction, timestamp and values left open. Where a template fits, all else is equal byte for
byte, and only the open fields need reading. A pattern skips what lies between them, which is compared at once
when they are found: a pattern compares byte by byte, and takes several times as long.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.meter import Layout

# Possessive throughout: what a field may hold ends where it cannot go on, so nothing is tried again.
NUMBER = rb"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+"
INTEGER = rb"(?:0|-?+[1-9][0-9]{0,9}+)"
SECOND = rb"[0-5][0-9](?:\.[0-9]{1,9}+)?+"
# The fields that may differ: how each is found in a line, and what may stand in its place.
FIELDS: dict[str, tuple[bytes, bytes]] = {
    "t": (rb'(?<=\{"t":)' + NUMBER + rb"(?=,)", NUMBER),
    "at": (rb'(?<="at":")[^"\\]*(?=")', rb'[^"\\]*+'),
    "id": (rb'(?<="frame":\[2,")[^"\\]{1,36}(?=","MeterValues",)', rb'[^"\\]{1,36}+'),
    "connector": (rb'(?<="connectorId":)' + INTEGER + rb"(?=[,}])", INTEGER),
    "transaction": (rb'(?<="transactionId":)' + INTEGER + rb"(?=[,}])", INTEGER),
    "hour": (rb'(?<="timestamp":")\d{4}-\d\d-\d\dT\d\d(?=:)', rb"\d{4}-\d\d-\d\dT\d\d"),
    "minute": (rb"(?<=-\d\dT\d\d:)[0-5]\d(?=:)", rb"[0-5]\d"),
    "second": (rb"(?<=-\d\dT\d\d:\d\d:)" + SECOND + rb'(?=Z","sampledValue")', SECOND),
    "value": (rb'(?<="value":")[-.\d]+(?=")', rb'[^"]++'),  # of what: looked at for all at once
}
NUMERIC = b"-.0123456789"  # what a value is made of; whether it is a number shows when it is read
_FIND = re.compile(b"|".join(b"(?P<%s>%s)" % (name.encode(), find) for name, (find, _) in FIELDS.items()))


class Row(NamedTuple):
    """The open fields of one such line; `numbers` are its values, as bytes with commas between."""

    epoch_s: float
    id: str
    connector: int
    transaction: int | None
    stamp: float
    layout: Layout
    numbers: bytes


@dataclass(slots=True, eq=False, repr=False)
class Template:
    """A line's bytes as a pattern, and where among its groups each field stands.

    The line of its reply may follow, whose t is the last group: one pattern for both, as it is slow to make.
    """

    pattern: re.Pattern[bytes]
    parts: list[bytes]  # what lies between the fields, and each field's place
    layout: Layout
    head: tuple[int, ...]  # as HEAD; -1 where the line has no transaction
    values: slice
    commas: bytes  # what is left of its numbers without their digits

    def numbers(self, groups: tuple[bytes, ...], buffer: bytes, at: int) -> bytes | None:
        """Its values with commas between, where all between the fields its pattern found is its own."""
        self.parts[1::2] = groups[:-1]
        if not buffer.startswith(b"".join(self.parts), at):
            return None
        numbers = b",".join(groups[self.values])
        return numbers if numbers.translate(None, NUMERIC) == self.commas else None


def template_of(raw: bytes, layout: Layout) -> Template | None:
    """The template of a line; None where it does not have each field once and a number per column."""
    found = [(match.lastgroup or "", match.start(), match.end()) for match in _FIND.finditer(raw)]
    names = [name for name, _, _ in found]
    once = all(names.count(name) == 1 for name in ("t", "at", "id", "connector", *HEAD[4:]))
    if names.count("transaction") != raw.count(b'"transactionId"') or names.count("transaction") > 1:
        return None
    if not once or names.count("value") != len(layout.columns):
        return None
    first = names.index("value")
    head = tuple(names.index(name) if name in names else -1 for name in HEAD)
    values = slice(first, first + len(layout.columns))
    if set(names[values]) != {"value"}:
        return None
    ends, starts = [0, *(end for _, _, end in found)], [*(start for _, start, _ in found), len(raw)]
    between = [raw[end:start] for end, start in zip(ends, starts, strict=True)]
    fields = [b"(%s)" % FIELDS[name][1] for name in names]
    fields.append(b"(?:%s%s%s)?" % (REPLY_HEAD, b"\\%d" % (head[1] + 1), REPLY_TAIL))
    pattern = b"".join(_skipped(text) + field for text, field in zip(between, fields, strict=True))
    parts = [part for text in between for part in (text, b"")][:-1]
    commas = b"," * (len(layout.columns) - 1)
    return Template(re.compile(pattern, re.DOTALL), parts, layout, head, values, commas)


def _skipped(text: bytes) -> bytes:
    """A pattern of its first byte and as many more."""
    return re.escape(text[:1]) + (b".{%d}+" % (len(text) - 1) if len(text) > 1 else b"")


REPLY_HEAD = (
    rb'\{"t":(' + NUMBER + rb'),"at":"[^"\\]*+","station":"[^"\\]*+","dir":"down","frame":\[3,"'
)  # then the id again
REPLY_TAIL = rb'",\{\}\]\}\n'
MOST_HOURS = 1000  # remembered
HEAD = ("t", "id", "connector", "transaction", "hour", "minute", "second")


class Templates:
    """The templates of one transcript, the one last used first."""

    MOST = 32  # a station has a handful; a transcript with more is read in full, which costs only time

    def __init__(self, time: Callable[[float], float]) -> None:
        self._time = time  # epoch seconds of a t
        self._templates: list[Template] = []
        self._hours: dict[bytes, float] = {}

    def match(self, raw: bytes) -> Row | None:
        """A line by itself."""
        found = self.find(raw, 0)
        if found is None or found[3] < len(raw):
            return None
        template, groups, numbers, _ = found
        return self._row(template, groups, numbers)

    def find(self, buffer: bytes, at: int) -> tuple[Template, tuple[bytes, ...], bytes, int] | None:
        """A line at this place in a buffer, with that of its reply where this is right behind it.

        What fits, the open fields, the values among them with commas between, and where it ends; the last
        field is None where no reply follows.
        """
        for index, template in enumerate(self._templates):
            match = template.pattern.match(buffer, at)
            if match is None:
                continue
            groups = match.groups()
            if (numbers := template.numbers(groups, buffer, at)) is not None:
                if index:
                    self._templates.insert(0, self._templates.pop(index))
                return template, groups, numbers, match.end()
        return None

    def learn(self, raw: bytes, layout: Layout) -> None:
        """Take a line that was judged in full as the pattern for others."""
        template = template_of(raw, layout) if len(self._templates) < self.MOST else None
        if template is not None:
            self._templates.append(template)

    def _row(self, template: Template, groups: tuple[bytes, ...], numbers: bytes) -> Row | None:
        t, id, connector, transaction = template.head[:4]
        stamp = self.stamp(template, groups)
        if stamp is None:
            return None
        return Row(
            self._time(float(groups[t])),
            groups[id].decode(),
            int(groups[connector]),
            None if transaction < 0 else int(groups[transaction]),
            stamp,
            template.layout,
            numbers,
        )

    def stamp(self, template: Template, groups: tuple[bytes, ...]) -> float | None:
        """The epoch of the timestamp; None where there is no such moment."""
        _, _, _, _, hour, minute, second = template.head
        since = self._hours.get(groups[hour])
        if since is None and (since := self._hour(groups[hour])) is None:
            return None
        return since + 60 * int(groups[minute]) + float(groups[second])

    def _hour(self, text: bytes) -> float | None:
        """The epoch of an hour; None where there is no such hour, for the general way to judge."""
        try:
            since = epoch(f"{text.decode()}:00:00Z")
        except ValueError:
            return None
        if len(self._hours) > MOST_HOURS:
            self._hours.clear()
        self._hours[text] = since
        return since
