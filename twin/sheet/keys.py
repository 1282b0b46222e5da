"""What a configuration key may hold: a value, wherever it comes from, held against the key's row."""

import re
from collections.abc import Mapping

from evc5.twin.sheet.rows import Key, Measurand

MAX_VALUE_CHARS = 500  # OCPP 1.6, 6.7 and 7.29: CiString500Type
INT_LIMIT = 2**31 - 1  # assumed: a 32-bit signed number in the controller
PHASES = ("L1", "L2", "L3")
CHANNELS = 2  # of an EVC5; chg_KWH1 and chg_KWH2 are theirs, chg_KWH3 measures the grid connection

_INT = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def normal(key: Key, text: str, channels: int, measurands: Mapping[str, Measurand]) -> str:
    """`text` as the charge point stores it; ValueError ("must be …, got …") where it would refuse it."""
    if len(text) > MAX_VALUE_CHARS:
        raise ValueError(f"must be at most {MAX_VALUE_CHARS} characters, got {len(text)}")
    if key.type == "Int":
        return _int(key, text.strip())
    if key.type == "Bool":
        return _bool(text.strip())
    if key.type == "CSL":
        return ",".join(_items(key, text, channels, measurands))
    if key.pattern and not re.fullmatch(key.pattern, text):
        got = (
            repr(text) if key.access != "W" else f"{len(text)} characters"
        )  # what none may read, none is shown
        raise ValueError(f"must match {key.pattern}, got {got}")
    return text


def initial(key: Key, channels: int) -> str:
    """The value before anybody set one, on a station with so many channels."""
    text = key.default if isinstance(key.default, str) else ""
    if not key.channels or not text:
        return text
    return ",".join(text.replace("{n}", str(number)) for number in range(1, channels + 1))


def split(text: str) -> list[str]:
    """The items of a comma separated list, none for an empty one."""
    return [item.strip() for item in text.split(",")] if text.strip() else []


def measurand_and_phase(item: str, measurands: Mapping[str, Measurand]) -> tuple[Measurand, str | None]:
    """What an item of a measurand list asks for: bare, or of one phase as "Voltage.L1" (9.1.17)."""
    if item in measurands:
        return measurands[item], None
    name, _, phase = item.rpartition(".")
    if phase not in PHASES or name not in measurands or not measurands[name].phases:
        raise ValueError(f"{item} is no measurand of this charge point; it has {', '.join(measurands)}")
    return measurands[name], phase


def _int(key: Key, text: str) -> str:
    if not _INT.fullmatch(text):
        raise ValueError(f"must be a whole number, got {text!r}")
    value = int(text)
    low = -INT_LIMIT - 1 if key.min is None else key.min
    high = INT_LIMIT if key.max is None else key.max
    if value < low:
        raise ValueError(f"must be >= {low}, got {value}")
    if value > high:
        raise ValueError(f"must be <= {high}, got {value}")
    return str(max(value, key.raised_to) if key.raised_to else value)


def _bool(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"must be true or false, got {text!r}")
    return text.lower()


def _items(key: Key, text: str, channels: int, measurands: Mapping[str, Measurand]) -> list[str]:
    items = split(text)
    if key.channels == "each" and len(items) != channels:
        raise ValueError(f"must have {channels} item(s), one for each connector, got {text!r}")
    for item in items:
        if key.measurands:
            measurand_and_phase(item, measurands)
        elif key.options and not item.partition("=")[1]:
            raise ValueError(f"must be a list of name=value, got {text!r}")
        elif key.pattern and not re.fullmatch(key.pattern, item):
            raise ValueError(f"must have items that match {key.pattern}, got {text!r}")
        elif key.max is not None:
            _number(key, item)
    return items


def _number(key: Key, item: str) -> None:
    if not _NUMBER.fullmatch(item) or not (key.min or 0) <= float(item) <= (key.max or 0):
        raise ValueError(f"must have items between {key.min} and {key.max}, got {item!r}")
