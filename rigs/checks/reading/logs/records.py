"""Frames in a record of JSON or CSV: as an array, in a string, or taken apart into fields of their own."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from evc5.rigs.checks.reading.logs.actions import CALL, ERROR, RESULT
from evc5.rigs.checks.reading.logs.finding import HEAD, places
from evc5.rigs.checks.reading.logs.found import Found

LONGEST_FIELD = 200  # characters of a field that may tell of time, direction or station
DEEPEST = 40

KINDS = {
    **dict.fromkeys(("2", "call", "request", "req"), CALL),
    **dict.fromkeys(("3", "callresult", "response", "result", "conf", "confirmation", "res"), RESULT),
    **dict.fromkeys(("4", "callerror", "error"), ERROR),
}
# Names of the parts of a frame in the records of back offices, in small letters without signs.
KIND_NAMES = ("messagetypeid", "messagetype", "typeid", "msgtype", "type", "kind", "rpctype")
ID_NAMES = ("uniqueid", "messageid", "msgid", "correlationid", "requestid", "ocppmessageid", "id")
ACTION_NAMES = ("action", "operation", "method", "actionname", "command", "messagename")
PAYLOAD_NAMES = ("payload", "jsonpayload", "body", "data", "content", "params", "messagepayload", "message")
CODE_NAMES = ("errorcode", "code")
TEXT_NAMES = ("errordescription", "description")
PART = re.compile(r'"(?:message_?type(?:_?id)?|type_?id|msg_?type|unique_?id)"\s*:', re.IGNORECASE)


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
    elif isinstance(value, list):
        fields = around if any(isinstance(item, dict | list) for item in value) else _listed(value, around)
        for item in value:
            yield from _walk(item, line, fields, depth + 1)
    elif isinstance(value, str):
        yield from _in_text(value, line, around, depth)


def _object(value: dict[str, Any], line: int, around: Mapping[str, str], depth: int) -> Iterator[Found]:
    fields = {**around, **scalars(value)}
    if own := _own(value):
        way = value["dir"] == "up"
        yield Found(line, own[0], own[1], fields=fields, lost=bool(value.get("lost")), way=way)
        return
    if (body := _taken_apart(value)) is not None:
        yield Found(line, body, fields=fields)
        return
    for item in value.values():
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


def _taken_apart(value: Mapping[str, Any]) -> list[Any] | None:
    """The frame whose parts are fields of this record; None where they are not."""
    parts = {
        re.sub(r"[^a-z]", "", name.lower()): item for name, item in value.items() if isinstance(name, str)
    }
    kind = next((KINDS.get(_word(parts[name])) for name in KIND_NAMES if name in parts), None)
    id = next((parts[name] for name in ID_NAMES if _is_id(parts.get(name))), None)
    action = next((parts[name] for name in ACTION_NAMES if isinstance(parts.get(name), str)), None)
    payload = next((_decoded(parts[name]) for name in PAYLOAD_NAMES if name in parts), None)
    if kind is None or id is None:
        return None
    if kind == CALL:
        fits = action is not None and isinstance(payload, dict)
        return [CALL, str(id), action, payload] if fits else None
    if kind == RESULT:
        return [RESULT, str(id), payload] if isinstance(payload, dict) else None
    code = next((parts[name] for name in CODE_NAMES if isinstance(parts.get(name), str)), None)
    text = next((parts[name] for name in TEXT_NAMES if isinstance(parts.get(name), str)), "")
    return (
        None if code is None else [ERROR, str(id), code, text, payload if isinstance(payload, dict) else {}]
    )


def _word(value: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(value).lower())


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _decoded(value: Any) -> Any:
    """A payload, which may be text of JSON."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
