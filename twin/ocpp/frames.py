"""OCPP-J frames: one text, one of three messages. Source: OCPP-J 1.6 section 4.2."""

import json
import re
from typing import Any, NamedTuple

import orjson

from evc5.models.units import made

MAX_ID = 36  # characters, OCPP-J 4.1.4
MAX_DEPTH = 1000  # arrays and objects within each other that the parser follows (orjson: 1024)

_CALL_HEAD = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\]+)"\s*,')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

Payload = dict[str, Any]


class Call(NamedTuple):
    """A request: `[2, id, action, payload]`."""

    id: str
    action: str
    payload: Payload


class Result(NamedTuple):
    """A confirmation: `[3, id, payload]`."""

    id: str
    payload: Payload


class Error(NamedTuple):
    """A refusal: `[4, id, code, description, details]`."""

    id: str
    code: str
    description: str
    details: Payload


class Broken(NamedTuple):
    """A CALL whose id can be read but that breaks the frame's form: to be answered with `code`."""

    id: str
    code: str
    description: str


class Refusal(Exception):
    """A CALL that is answered with a CALLERROR."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


Frame = Call | Result | Error | Broken


def call_text(id_: str, action: str, payload: Payload) -> str:
    return _text((2, id_, action, payload))


def result_text(id_: str, payload: Payload) -> str:
    return _text((3, id_, payload))


def error_text(id_: str, code: str, description: str = "", details: Payload | None = None) -> str:
    return _text((4, id_, code, description[:255], details or {}))


def _text(frame: tuple[Any, ...]) -> str:
    """A test may want numbers that no 64 bits hold, and what nests deeper than any frame of OCPP."""
    try:
        return orjson.dumps(frame).decode()
    except orjson.JSONEncodeError:
        return json.dumps(frame, separators=(",", ":"), ensure_ascii=False)


def decode(text: str) -> Frame | None:
    """The message in a text; None where nothing can be answered (no JSON, no id, unknown type: 4.1.3)."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        why = _beyond(text)
        return unreadable(text, "FormationViolation", why) if why else None
    if not isinstance(frame, list) or len(frame) < 2 or not isinstance(frame[1], str):
        return None
    kind, id_, *rest = frame
    if kind == 2:
        return _call(id_, rest)
    if kind == 3 and len(rest) == 1:
        payload = rest[0] if rest[0] is not None else {}
        return made(Result, (id_, payload)) if isinstance(payload, dict) else None
    if kind == 4 and rest and isinstance(rest[0], str):
        return _error(id_, rest)
    return None


def unreadable(text: str, code: str, description: str) -> Broken | None:
    """What is answered to a CALL that is not parsed but bears its id; None where it is none."""
    head = _CALL_HEAD.match(text)
    return Broken(head[1][:MAX_ID], code, description) if head else None


def _beyond(text: str) -> str:
    """How a text is more than the parser takes; "" where it is simply no JSON."""
    if _is_deep(text):
        return "nested too deep"
    try:
        text.encode()
        json.loads(text)  # which takes any number, and halves of characters where they are escaped
    except (ValueError, RecursionError):
        return ""
    return "a number that is not finite, or half a character"


def _is_deep(text: str) -> bool:
    """Does it nest deeper than the parser follows?"""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for char in _STRING.sub("", text):
        depth += (char in "[{") - (char in "]}")
        if depth > MAX_DEPTH:
            return True
    return False


def _call(id_: str, rest: list[Any]) -> Call | Broken:
    if not 0 < len(id_) <= MAX_ID:
        return Broken(id_, "FormationViolation", f"a message id has 1 to {MAX_ID} characters, got {len(id_)}")
    if len(rest) != 2:
        return Broken(id_, "FormationViolation", f"a CALL has 4 elements, got {len(rest) + 2}")
    action, payload = rest
    if not isinstance(action, str):
        return Broken(id_, "FormationViolation", "the action must be a string")
    payload = payload if payload is not None else {}  # null stands for an empty payload, OCPP-J 4.2.1
    if not isinstance(payload, dict):
        return Broken(id_, "FormationViolation", "the payload must be an object")
    return made(Call, (id_, action, payload))


def _error(id_: str, rest: list[Any]) -> Error:
    description = rest[1] if len(rest) > 1 and isinstance(rest[1], str) else ""
    details = rest[2] if len(rest) > 2 and isinstance(rest[2], dict) else {}
    return Error(id_, rest[0], description, details)
