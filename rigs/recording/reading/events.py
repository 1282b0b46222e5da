"""Rows of events.jsonl, each held against its format: no reader meets one that is not as it must be."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from evc5.rigs import user_files
from evc5.rigs.recording.reading.frames import MOST_S

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Shape(NamedTuple):
    """What a field may hold, and that in words."""

    fits: Callable[[Any], bool]
    what: str


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_instant(value: Any) -> bool:
    if not isinstance(value, str) or not DATE_TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:  # 30 February
        return False
    return True


def _or_null(shape: Shape) -> Shape:
    return Shape(lambda value: value is None or shape.fits(value), f"{shape.what} or null")


TEXT, NUMBER = Shape(_is_text, "a text"), Shape(_is_number, "a number")
BOOLEAN = Shape(lambda value: isinstance(value, bool), "true or false")
FIELDS = {
    "t": Shape(lambda value: _is_number(value) and abs(value) <= MOST_S, "a number of seconds of the run"),
    "at": _or_null(Shape(_is_instant, "a UTC date-time")),
    "connector": _or_null(Shape(_is_count, "the number of a connector")),
    "event": TEXT,
    "detail": _or_null(Shape(lambda value: isinstance(value, dict), "an object")),
}
DETAILS = {  # of those that any reader goes by; others may be anything
    **dict.fromkeys(("fault", "kind", "reason", "firmware", "since"), TEXT),
    **dict.fromkeys(("vehicle", "version", "id_tag"), _or_null(TEXT)),
    **dict.fromkeys(("needed_wh", "soc", "cable_a", "interval_s", "grid_limit_a"), _or_null(NUMBER)),
    "offset_s": NUMBER,
    "takes_files": BOOLEAN,
}
NEEDED = {  # what an event is nothing without
    **dict.fromkeys(("plug-in", "unplug"), "connector"),
    **dict.fromkeys(("fault", "clear"), "fault"),
    "tag": "id_tag",
}


def events(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of an events.jsonl in their order, each with `connector` and `detail`.

    One that is not as it must be is passed over: `evc5 verify` tells of it.
    """
    if not path.exists():
        return
    with user_files.opened(path) as file:
        for line in file:
            with suppress(ValueError):  # one that a kill has cut among them
                yield event_row(line)


def event_row(line: bytes) -> dict[str, Any]:
    """One row; ValueError names the field that is wrong, its value and what it must be."""
    row = orjson.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"an event must be an object, got {row!r:.80}")
    _refuse_misshapen(FIELDS, {name: row.get(name) for name in FIELDS})
    row = {"connector": None, **row, "detail": row.get("detail") or {}}
    _refuse_misshapen(DETAILS, row["detail"])
    needed = NEEDED.get(row["event"])
    if needed is not None and {**row["detail"], **row}.get(needed) is None:
        raise ValueError(f"{row['event']} must have {needed}, got none")
    return row


def _refuse_misshapen(shapes: Mapping[str, Shape], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name in shapes and not shapes[name].fits(value):
            raise ValueError(f"{name} must be {shapes[name].what}, got {value!r:.80}")
