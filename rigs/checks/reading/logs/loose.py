"""Arrays and objects as Python, Node, Go and Java print them, read as if they had been JSON."""

import re
from typing import Any

WORDS = {
    **dict.fromkeys(("null", "None", "undefined", "nil", "<nil>"), None),
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
}
# Fields of OCPP 1.6 that hold text even where it looks like a number: a dump without quotes lost that.
TEXTS = frozenset(
    {
        *("value", "idTag", "parentIdTag", "key", "chargePointSerialNumber", "chargeBoxSerialNumber"),
        *("firmwareVersion", "iccid", "imsi", "meterSerialNumber", "data", "vendorErrorCode", "info"),
        *("vendorId", "messageId", "chargePointModel", "chargePointVendor"),
    }
)
STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
KEY = re.compile(r"\s*(?:'([^'\\]*)'|\"([^\"\\]*)\"|([\w.$-]+))\s*(?:=>|[:=])\s*")
BARE = re.compile(r"[^,\[\]{}()]+")
NAMED = re.compile(r"[A-Za-z_][\w.]*\s*(?=[({])")  # the class before its fields: SampledValue(value=…)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
SPACE = re.compile(r"\s*")
DEEPEST_LOOSE = 100  # assumed: no payload of OCPP is deeper; a reader that calls itself must end
CLOSES = {"{": "}", "(": ")", "[": "]"}


def read(text: str, at: int = 0) -> tuple[Any, int]:
    """The value at a place of a text, and where it ends; ValueError where there is none."""
    return _value(text, at, "", 0)


def _value(text: str, at: int, name: str, depth: int) -> tuple[Any, int]:
    if depth > DEEPEST_LOOSE:
        raise ValueError("nested too deep")
    at = _skip(text, at)
    if match := STRING.match(text, at):
        return _unescaped(match[0]), match.end()
    if match := NAMED.match(text, at):
        at = match.end()
    opened = text[at : at + 1]
    if opened == "[":
        return _list(text, at + 1, depth)
    if opened in ("{", "("):
        return _object(text, at + 1, CLOSES[opened], depth)
    match = BARE.match(text, at)
    if match is None:
        raise ValueError(f"nothing to read at {at}")
    return _bare(match[0].strip(), name), match.end()


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return found, at + 1
        value, at = _value(text, at, "", depth + 1)
        found.append(value)
        at = _past_comma(text, at, "]")


def _object(text: str, at: int, close: str, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == close:
            return found, at + 1
        match = KEY.match(text, at)
        if match is None:
            raise ValueError(f"no key at {at}")
        name = next(group for group in match.groups() if group is not None)
        found[name], at = _value(text, match.end(), name, depth + 1)
        at = _past_comma(text, at, close)


def _past_comma(text: str, at: int, close: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return at + 1
    if text[at : at + 1] != close:
        raise ValueError(f"neither a comma nor {close} at {at}")
    return at


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _unescaped(quoted: str) -> str:
    body = quoted[1:-1]
    return re.sub(r"\\(.)", r"\1", body, flags=re.DOTALL) if "\\" in body else body


def _bare(word: str, name: str) -> Any:
    if word in WORDS:
        return WORDS[word]
    if name in TEXTS:
        return word
    if not NUMBER.fullmatch(word):
        return word
    return float(word) if "." in word or "e" in word.lower() else int(word)
