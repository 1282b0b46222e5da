"""Frames whose parts are fields of a record, as tables of back offices have them."""

import re
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from evc5.rigs.checks.reading.logs import stations, times
from evc5.rigs.checks.reading.logs.actions import ACTIONS, CALL, ERROR, RESULT
from evc5.rigs.checks.reading.logs.directions import plain_name
from evc5.rigs.checks.reading.logs.found import Found

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
REQUEST_NAMES = ("request", "requestpayload", "requestbody", "requestdata", "requestjson", "req")
RESPONSE_NAMES = (
    *("response", "responsepayload", "responsebody", "responsedata", "responsejson", "res", "confirmation"),
    *("conf", "result", "reply"),
)
CODE_NAMES = ("errorcode", "code")
TEXT_NAMES = ("errordescription", "description")
PART = re.compile(
    r'"(?:message_?type(?:_?id)?|type_?id|msg_?type|unique_?id)"\s*:'
    r'|"(?:action|operation|method|action_?name|command|message_?name)"\s*:\s*"(?:'
    + "|".join(sorted(ACTIONS))
    + r')"',
    re.IGNORECASE,
)

Parts = dict[str, Any]  # the fields of a record by their plain names


@dataclass(frozen=True, slots=True)
class Part:
    """A frame of a record; `answers` is the action where its id may be no more than the number of a row."""

    body: list[Any]
    answers: str = ""
    is_beside: bool = False  # a reply in the record of its CALL, whose way the record tells


def taken_apart(record: Mapping[str, Any]) -> list[Part]:
    """The frames that the fields of a record make: none, one, or a CALL with what was answered."""
    parts = {plain_name(name): item for name, item in record.items() if isinstance(name, str)}
    action = next((parts[name] for name in ACTION_NAMES if isinstance(parts.get(name), str)), "")
    told = next((name for name in ID_NAMES if _is_id(parts.get(name))), "")
    id = str(parts[told]) if told else ""
    answers = action if action in ACTIONS and told in ("", "id") else ""
    kind = next((KINDS.get(_word(parts[name])) for name in KIND_NAMES if name in parts), None)
    if kind is not None and (told or answers) and (body := _body(parts, kind, id, action)) is not None:
        return [Part(body, answers)]
    request = _payload(parts, REQUEST_NAMES)
    if action not in ACTIONS or request is None:
        return []
    response = _payload(parts, RESPONSE_NAMES)
    reply = [] if response is None else [Part([RESULT, id, response], answers, is_beside=True)]
    return [Part([CALL, id, action, request], answers), *reply]


def _body(parts: Parts, kind: int, id: str, action: str) -> list[Any] | None:
    payload = _payload(parts, PAYLOAD_NAMES)
    if kind == CALL:
        return [CALL, id, action, payload] if action and payload is not None else None
    if kind == RESULT:
        return None if payload is None else [RESULT, id, payload]
    code = next((parts[name] for name in CODE_NAMES if isinstance(parts.get(name), str)), None)
    text = next((parts[name] for name in TEXT_NAMES if isinstance(parts.get(name), str)), "")
    return None if code is None else [ERROR, id, code, text, payload or {}]


def _payload(parts: Parts, names: tuple[str, ...]) -> dict[str, Any] | None:
    found = next((_decoded(parts[name]) for name in names if name in parts), None)
    return found if isinstance(found, dict) else None


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


class RowIds:
    """Gives the frames of a table the ids that it left out: a reply that of the oldest CALL it may answer."""

    def __init__(self) -> None:
        self._open: defaultdict[tuple[str, str], deque[str]] = defaultdict(deque)
        self._early: dict[tuple[str, str], tuple[float, str]] = {}  # replies above their CALLs, newest first

    def given(self, found: Found) -> Found:
        """A frame whose id may be no more than the number of its row, with one that pairs it."""
        key = (stations.named(found), found.answers)
        found.body[1] = self._of_call(found, key) if found.kind == CALL else self._of_reply(found, key)
        return found

    def _of_call(self, found: Found, key: tuple[str, str]) -> str:
        at, id = self._early.pop(key, (float("-inf"), ""))
        if at >= _written(found):
            return id
        id = found.id or f"row-{found.line}"
        self._open[key].append(id)
        return id

    def _of_reply(self, found: Found, key: tuple[str, str]) -> str:
        waiting = self._open[key]
        if found.id in waiting:
            waiting.remove(found.id)
            return found.id
        if waiting:
            return waiting.popleft()
        id = found.id or f"row-{found.line}"
        self._early[key] = (_written(found), id)
        return id


def _written(found: Found) -> float:
    stamp = times.stamp_of(found)
    return stamp.at if stamp is not None else float("inf")
