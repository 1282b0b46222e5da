"""Readings of one form, read without parsing each: all in which their lines differ is captured at once.

A charge point sends few forms of MeterValues, and a year of each. The first line of a form is parsed and made
a pattern of; a line that the pattern matches throughout differs from it in nothing but what is captured.
"""

import re
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

Labels = Callable[[Mapping[str, str]], int]  # the number of a value's set of labels

_MOST = 64  # forms; what comes in more is parsed line by line

# What may differ from line to line of one form; the last group is the one that is wanted.
_VARIABLE = re.compile(
    rb'\A\{"t":(?P<t>[0-9.e+-]+)(?=,)|(?<="at":")(?P<sent>[^"\\]*)(?=")|(?<="frame":\[2,")(?P<id>[^"\\]*)(?=")'
    rb'|(?<="connectorId":)(?P<connector>\d+)|(?<="transactionId":)(?P<transaction>-?\d+)'
    rb'|(?<="timestamp":")(?P<stamp>[^"\\]*)(?=")|(?<="value":")(?P<value>[^"\\]*)(?=")'
)
_PATTERNS = {
    "t": rb"([0-9.e+-]+)",
    "sent": rb'[^"\\]*',
    "id": rb'[^"\\]*',
    "connector": rb"(\d{1,18})",
    "transaction": rb"(-?\d{1,18})",
    "stamp": rb'([^"\\]*)',
    "value": rb'([^"\\]*)',
}


@dataclass(frozen=True, slots=True)
class Form:
    """One form of lines; the places are those of the pattern's groups."""

    pattern: re.Pattern[bytes]
    t: int
    connector: int
    transaction: int | None
    stamp: int
    values: "itemgetter[Any]"
    size: int  # values
    labels: bytes  # of each value the number of its labels, as an array of "i"


class Told(NamedTuple):
    """One line's reading; texts as they stand there."""

    t_s: float
    connector: int
    transaction: int | None
    stamp: str
    values: tuple[bytes, ...]
    labels: bytes


class Forms:
    """The forms seen so far, the latest first."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._forms: list[Form] = []

    def read(self, line: bytes) -> Told | None:
        """The reading of a line of known form; None of one that has to be parsed."""
        for place, form in enumerate(self._forms):
            if match := form.pattern.fullmatch(line):
                if place:
                    self._forms.insert(0, self._forms.pop(place))
                return _told(form, match.groups())
        return None

    def learn(self, line: bytes) -> None:
        """Take a line for a form, where it is one reading of a CALL that arrived and nothing in it is odd."""
        if len(self._forms) < _MOST and (form := _form(line, self._labels)) is not None:
            self._forms.insert(0, form)


def _told(form: Form, groups: tuple[bytes, ...]) -> Told:
    values = form.values(groups)
    return Told(
        float(groups[form.t]),
        int(groups[form.connector]),
        None if form.transaction is None else int(groups[form.transaction]),
        groups[form.stamp].decode(),
        values if form.size > 1 else (values,),
        form.labels,
    )


def _form(line: bytes, labels: Labels) -> Form | None:
    found = list(_VARIABLE.finditer(line))
    captured: dict[str, list[bytes]] = {kind: [] for kind in _PATTERNS}
    places: dict[str, list[int]] = {kind: [] for kind in _PATTERNS}
    parts = []
    end = 0
    groups = 0
    for match in found:
        kind = str(match.lastgroup)
        begin, stop = match.span(kind)
        parts += [re.escape(line[end:begin]), _PATTERNS[kind]]
        end = stop
        captured[kind].append(match[kind])
        if b"(" in _PATTERNS[kind]:
            places[kind].append(groups)
            groups += 1
    sampled = _only_reading(line, captured)
    if not sampled:
        return None
    return Form(
        pattern=re.compile(b"".join([*parts, re.escape(line[end:])])),
        t=places["t"][0],
        connector=places["connector"][0],
        transaction=next(iter(places["transaction"]), None),
        stamp=places["stamp"][0],
        values=itemgetter(*places["value"]),
        size=len(sampled),
        labels=array("i", [labels(value) for value in sampled]).tobytes(),
    )


def _only_reading(line: bytes, captured: Mapping[str, list[bytes]]) -> list[dict[str, str]]:
    """The values of the line's one reading; none where what was captured is not just what it tells."""
    try:
        row = orjson.loads(line)
        payload = row["frame"][3]
        (reading,) = payload["meterValue"]
        sampled: list[dict[str, str]] = reading["sampledValue"]
        transaction = [payload["transactionId"]] if "transactionId" in payload else []
        told = {
            "t": [row["t"]],
            "connector": [payload["connectorId"]],
            "transaction": transaction,
            "stamp": [reading["timestamp"]],
            "value": [value["value"] for value in sampled],
        }
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, ValueError):
        return []
    same = all([_plain(value) for value in told[kind]] == captured[kind] for kind in told if kind != "t")
    return sampled if same and not row.get("lost") and len(captured["t"]) == 1 else []


def _plain(value: object) -> bytes:
    return str(value).encode()
