"""What hands give a bench's verbs: refused by name, in one line, where it cannot be meant."""

import json
from collections.abc import Collection, Mapping
from math import isfinite
from numbers import Integral, Real
from typing import Any

import orjson

from evc5.rigs.errors import BadInput

SHOWN = 60  # characters of what was given
PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS  # JSON has neither


def is_number(given: object) -> bool:
    """Is it finite, NumPy's too; true and false are none."""
    try:  # of a float it is known at once
        return isinstance(given, (float, Real)) and not isinstance(given, bool) and isfinite(given)
    except OverflowError:  # of more digits than a float has
        return False


def number(given: object, name: str, allowed: str = "a number") -> float:
    """A finite one."""
    if not is_number(given):
        raise refused(name, allowed, given)
    return float(given)  # type: ignore[arg-type]  # it is one


def whole(given: object, name: str, most: int) -> int:
    """From 1 to `most`."""
    if isinstance(given, Integral) and not isinstance(given, bool) and 1 <= int(given) <= most:
        return int(given)
    raise refused(name, f"1 to {most}", given)


def text(given: object, name: str, allowed: str = "text") -> str:
    """What can be written as UTF-8."""
    try:
        if isinstance(given, str):
            given.encode()
            return given
    except UnicodeEncodeError:
        pass
    raise refused(name, allowed, given)


def one_of(given: object, name: str, known: Collection[str]) -> str:
    if isinstance(given, str) and given in known:
        return given
    raise refused(name, f"one of {', '.join(known)}", given)


def table(given: object, name: str) -> dict[str, Any]:
    if given is None:
        return {}
    if isinstance(given, (dict, Mapping)):  # the one is known at once
        return dict(given)
    raise refused(name, "a table", given)


def payload(given: object, name: str) -> dict[str, Any]:
    """A table that JSON can hold."""
    told = table(given, name)
    try:
        _write(told)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"{name} must be JSON ({error}), got {_shown(given)}") from None
    return told


def _write(told: dict[str, Any]) -> None:
    """orjson is many times as fast; what it will not write (numbers beyond 64 bits) Python's own may."""
    try:
        orjson.dumps(told, option=PLAIN)
    except orjson.JSONEncodeError:
        json.dumps(told)


def refused(name: str, allowed: str, given: object) -> BadInput:
    return BadInput(f"{name} must be {allowed}, got {_shown(given)}")


def _shown(given: object) -> str:
    told = repr(given)
    return told if len(told) <= SHOWN else f"{told[: SHOWN - 3]}..."
