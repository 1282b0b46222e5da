"""Frames in a record of JSON or CSV: as an array, in a string, or taken apart into fields of their own."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from evc5.rigs.checks.reading.logs import stations
from evc5.rigs.checks.reading.logs.actions import CALL, ERROR, RESULT
from evc5.rigs.checks.reading.logs.directions import DIRECTION_NAMES, plain_name
from evc5.rigs.checks.reading.logs.finding import HEAD, places
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.parts import (
    PART,
    PAYLOAD_NAMES,
    REQUEST_NAMES,
    RESPONSE_NAMES,
    taken_apart,
)

LONGEST_FIELD = 200  # characters of a field that may tell of time, direction or station
DEEPEST_BESIDE = 4  # assumed: nothing that tells when a frame went lies deeper beside it
DEEPEST = 40  # assumed: no record holds its frame deeper
PAYLOADS = frozenset({*PAYLOAD_NAMES, *REQUEST_NAMES, *RESPONSE_NAMES})

# A field in a list of fields: what names it, and what it says.
LABELS = ("field", "key", "name", "column")
SAID = ("value", "val")
OF_ITSELF = ("id", "name", "identity")
MOST_BESIDE = 40  # fields of the objects beside a frame that are looked at, as many as tshark writes


def frames_of(record: Any, line: int) -> Iterator[Found]:
    """Every frame in a decoded value, with the fields around it."""
    yield from _walk(record, line, {}, 0)


def may_hold(text: str) -> bool:
    """Could a text of JSON hold a frame?"""
    return HEAD.search(text) is not None or PART.search(text) is not None


def is_frame(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 2
        and type(value[0]) is int
        and value[0] in (CALL, RESULT, ERROR)
        and isinstance(value[1], str | int)
        and not isinstance(value[1], bool)
        and (value[0] != CALL or isinstance(value[2], str))
        and (value[0] == CALL or isinstance(value[1], str) or isinstance(value[2], dict))
    )


def _walk(value: Any, line: int, around: Mapping[str, str], depth: int) -> Iterator[Found]:
    if depth > DEEPEST:
        return
    if is_frame(value):
        yield Found(line, value, fields=around)
    elif isinstance(value, dict):
        yield from _object(value, line, around, depth)
    elif isinstance(value, list) and (pairs := _paired(value)) is not None:
        yield from _object(pairs, line, around, depth)
    elif isinstance(value, list):
        fields = around if any(isinstance(item, dict | list) for item in value) else _listed(value, around)
        for item in value:
            yield from _walk(item, line, fields, depth + 1)
    elif isinstance(value, str):
        yield from _in_text(value, line, around, depth)


def _object(value: dict[str, Any], line: int, around: Mapping[str, str], depth: int) -> Iterator[Found]:
    fields = {**_beside(value), **around, **scalars(value)}
    if own := _own(value):
        way = value["dir"] == "up"
        yield Found(line, own[0], own[1], fields=fields, lost=bool(value.get("lost")), way=way)
        return
    if parts := taken_apart(value):
        calls = {name: text for name, text in fields.items() if plain_name(name) not in DIRECTION_NAMES}
        for part in parts:
            told = calls if part.is_beside else fields
            yield Found(line, part.body, fields=told, answers=part.answers, is_beside=part.is_beside)
        return
    for name, item in value.items():
        if _holds(name):  # as tshark has the lines of a packet
            yield from _in_text(name, line, fields, depth + 1)
        if isinstance(item, dict | list | str):
            yield from _walk(item, line, fields, depth + 1)


def _own(value: dict[str, Any]) -> tuple[Any, str] | None:
    """A record of our own `messages.jsonl`."""
    if value.get("dir") not in ("up", "down"):
        return None
    if "frame" in value:
        return value["frame"], ""
    text = value.get("text")
    return (None, text) if isinstance(text, str) else None


def scalars(value: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a record that may tell of its frame."""
    return {
        str(name): str(item)
        for name, item in value.items()
        if isinstance(item, str | int | float) and len(str(item)) <= LONGEST_FIELD and not _holds(item)
    }


def _paired(value: list[Any]) -> dict[str, Any] | None:
    """A list of fields, each an object of a name and a value, as one object; None where it is none."""
    found: dict[str, Any] = {}
    for item in value:
        if not is_pair(item):
            return None
        label = next(item[name] for name in LABELS if isinstance(item.get(name), str))
        found[label] = next(item[name] for name in SAID if name in item)
    return found or None


def is_pair(item: Any) -> bool:
    """Is it a field of a record: an object of a name and what it says?"""
    return (
        isinstance(item, dict)
        and 2 <= len(item) <= 3
        and any(isinstance(item.get(name), str) for name in LABELS)
        and any(name in item for name in SAID)
    )


def _beside(value: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the objects in a record, which may tell when its frame went; of payloads none."""
    found: dict[str, str] = {}
    for name, item in value.items():
        if isinstance(item, dict | list) and plain_name(str(name)) not in PAYLOADS:
            _gather(str(name), item, found, 0)
    return found


def _gather(name: str, item: Any, found: dict[str, str], depth: int) -> None:
    if len(found) >= MOST_BESIDE or depth > DEEPEST_BESIDE:
        return
    if isinstance(item, list):
        item = _paired(item)
    if isinstance(item, dict):
        for inner, said in item.items():
            of_value = len(item) == 1 and (inner.startswith("$") or inner.endswith("Value"))  # {"$date": …}
            of_value |= inner in OF_ITSELF and stations.is_label(name)  # {"charger": {"id": …}}
            _gather(name if of_value else str(inner), said, found, depth + 1)
    elif item is not None:
        found.update(scalars({name: item}))


def _holds(item: Any) -> bool:
    return isinstance(item, str) and "[" in item and HEAD.search(item) is not None


def _listed(value: list[Any], around: Mapping[str, str]) -> dict[str, str]:
    """A list of plain values, as a row has them: each is a field, named by its place."""
    found = {str(place): str(item) for place, item in enumerate(value) if isinstance(item, str | int | float)}
    return {**around, **{name: text for name, text in found.items() if len(text) <= LONGEST_FIELD}}


def _in_text(text: str, line: int, around: Mapping[str, str], depth: int) -> Iterator[Found]:
    if "[" not in text and "{" not in text:
        return
    if text.lstrip()[:1] == "{" and may_hold(text):
        try:
            inner = orjson.loads(text)
        except orjson.JSONDecodeError:
            inner = None
        if inner is not None:
            yield from _walk(inner, line, around, depth + 1)
            return
    at = 0
    for place in places(text):
        found = Found(line, place.body, place.text, text[at : place.start], text[place.end :], fields=around)
        at = place.end
        yield found
