"""Values as TOML has them: what Python, numpy or pandas hand over becomes tables, lists and plain values."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BadInput

_PART = re.compile(r'"([^"]*)"|\[(\d+)\]|([^.\[\]"]+)')
_WHOLE = re.compile(r'(?:"[^"]*"|[^.\[\]"]+)(?:\[\d+\])*(?:\.(?:"[^"]*"|[^.\[\]"]+)(?:\[\d+\])*)*')


def plain(value: Any) -> Any:
    """Arrays and tuples as lists, mappings as dicts without their Nones, scalars as Python's own."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple | range | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime) and hasattr(value, "to_pydatetime"):  # pandas
        return value.to_pydatetime()
    return plain(value.tolist()) if hasattr(value, "tolist") else value  # numpy


def changed(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a table with other values at some key paths; a value of None takes the key away.

    A path is written as errors write it: `ambient.mean_c`, `sessions[0].soc`, `station.files."http://a.b/c"`.
    """
    whole: dict[str, Any] = plain(table)
    for path, value in changes.items():
        _set(whole, path, value)
    return whole


def parts(path: str) -> list[str | int]:
    """A key path's keys and indices."""
    if not _WHOLE.fullmatch(path):
        raise BadInput(f"{path!r} must be a key path such as ambient.mean_c or sessions[0].soc")
    return [int(index) if index else quoted or bare for quoted, index, bare in _PART.findall(path)]


def _set(whole: dict[str, Any], path: str, value: Any) -> None:
    *way, last = parts(path)
    inner: Any = whole
    for depth, part in enumerate(way):
        if isinstance(inner, dict) and isinstance(part, str):
            inner = inner.setdefault(part, {})
        else:
            inner = _item(inner, part, path, depth)
    if not (isinstance(inner, dict) and isinstance(last, str)):
        _item(inner, last, path, len(way))
    if value is not None:
        inner[last] = plain(value)
    elif isinstance(inner, dict):
        inner.pop(last, None)
    else:
        del inner[last]


def _item(inner: Any, part: str | int, path: str, depth: int) -> Any:
    """What a list holds at an index; BadInput where there is no list, or it is shorter."""
    if isinstance(inner, dict):
        raise BadInput(f"{path} is not a key here: {_until(path, depth)} is no list with items")
    if not isinstance(inner, list):
        raise BadInput(f"{path} is not a key here: {_until(path, depth)} is no table")
    if not isinstance(part, int):
        raise BadInput(f"{path} is not a key here: {_until(path, depth)} is a list, take one as [0]")
    if part >= len(inner):
        raise BadInput(f"{path} must have an index below {len(inner)}, got {part}")
    return inner[part]


def _until(path: str, depth: int) -> str:
    """The first so many parts of a path."""
    text = ""
    for part in parts(path)[:depth]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
