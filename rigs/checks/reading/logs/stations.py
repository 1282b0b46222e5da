"""Which station a frame is of, as its line or its record says."""

import re
from functools import lru_cache

from evc5.rigs.checks.reading.logs.actions import ACTIONS
from evc5.rigs.checks.reading.logs.found import Found, Memo, shape

LONGEST_IDENTITY = (
    48  # characters; CiString20 for a serial number, and identities of URLs are not much longer
)

NAMES = frozenset(  # fields that name the station, in small letters without signs
    {
        *("station", "stationid", "stationidentity", "chargebox", "chargeboxid", "chargeboxidentity"),
        *("chargepoint", "chargepointid", "chargepointidentity", "chargepointname", "cp", "cpid", "cpname"),
        *("charger", "chargerid", "chargername", "chargingstation", "chargingstationid", "identity"),
        *("ocppid", "ocppidentity", "clientid", "deviceid", "evsename", "cbid", "unitid", "asset", "assetid"),
    }
)
_LABEL = (
    r"(?:charge[ _-]?box|charge[ _-]?point|charg(?:e|ing)[ _-]?station|charger|station|cp|cb|ocpp|client"
    r"|device)[ _-]?(?:id|identity|identifier|name)?|identity"
)
_NAME = r"(?P<name>[^\s\"'\[\](){}<>,;:=|\\]{1,48})"
_SENT = r"(?:recv|send|sent|received|empfangen|gesendet|ontvangen|verzonden|reçu|envoyé|enviado|recibido)"
_WITH = r"(?:from|to|von|an|van|naar|de|à|da|para)"
_ARROW = r"(?:<-+|<=+|<<+|←|-+>|=+>|>>+|→)"
LABELLED = re.compile(rf"(?<![a-z])(?:{_LABEL})\\*[\"']?\s*[=:]\s*\\*[\"']?{_NAME}", re.IGNORECASE)
PATTERNS = (
    LABELLED,
    *(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            rf"(?:^|[\s\]:]){_NAME}: (?:receive message|send)\s*$",
            rf"\b{_SENT}\b(?: \w+){{0,3}}? (?:{_WITH} )?[\"']?{_NAME}[\"']?\s*:?\s*$",
            rf"\b(?:from|to)\b (?:charge ?point |charger |station |cp |client )?[\"'\[(]?{_NAME}",
            rf"\b(?:{_LABEL}) [\"']{_NAME}[\"']",
            rf"wss?://[^\s\"']+/{_NAME}(?=[\s\"',;\])]|$)",
            rf"/(?:ocpp|ocpp16|ocpp1\.6|ocppj|ws|websocket|CentralSystemService)/{_NAME}",
            rf"(?:^|\s){_NAME}\s*{_ARROW}\s*$",
            rf"(?:^|\s){_NAME}\s*{_ARROW}\s*(?:csms|cs|server|backend|central ?system)\b",
            rf"\b(?:csms|cs|server|backend|central ?system)\s*{_ARROW}\s*{_NAME}",
        )
    ),
    re.compile(r"[\[(](?P<name>(?=[A-Z0-9*_.-]*[A-Z])(?=[A-Z*_.-]*\d)[A-Z0-9*_.-]{3,36})[\])]"),  # [CP001]
)
NO_NAMES = frozenset(  # what stands where a name may stand and is none
    {
        *("csms", "cs", "server", "backend", "back-end", "central", "system", "centralsystem", "charger"),
        *(
            "station",
            "chargepoint",
            "client",
            "websocket",
            "message",
            "the",
            "charge",
            "point",
            "json",
            "ocpp",
        ),
        *("info", "debug", "trace", "warn", "error", "message", "frame", "null", "none", "undefined", "call"),
        *(
            "callresult",
            "request",
            "response",
            "data",
            "text",
            "msg",
            "payload",
            "true",
            "false",
            "cp",
            "raw",
            "b",
        ),
        *("send", "sent", "receive", "received", "recv", "in", "out", "http", "https", "ws", "wss", "main"),
    }
)

MESSAGES = frozenset(action.lower() for action in ACTIONS)
MESSAGE_ENDS = re.compile(r"[._-]?(?:req|conf|request|response|confirmation)$")


def named(found: Found) -> str:
    """The station that a frame's surroundings name; empty where they name none."""
    for name, value in reversed(list(found.fields.items())) if found.fields else ():
        if is_label(name) and (station := _taken(value)):
            return station
    name = _in_text(found.before[-300:]) or _in_text(_head(found)) or _labelled(found.after[:200])
    return "" if name == found.action else name


def _head(found: Found) -> str:
    """The line above a frame that has nothing before it on its own."""
    return "" if found.before.strip() or not found.held else found.held[-1]


@lru_cache(maxsize=4096)
def is_label(name: str) -> bool:
    return re.sub(r"[^a-z]", "", name.lower()) in NAMES


def _in_text(text: str) -> str:
    alike = shape(text)
    known = _WHICH.get(alike)
    if known == NOWHERE:
        return ""
    if known is not None:
        match = PATTERNS[known[0]].match(text, known[1])
        if match is not None and (name := _taken(match["name"])):
            return name
    for which, pattern in enumerate(PATTERNS):
        for match in reversed(list(pattern.finditer(text))):
            if name := _taken(match["name"]):
                _WHICH.put(alike, (which, match.start()))
                return name
    _WHICH.put(alike, NOWHERE)
    return ""


NOWHERE = (-1, -1)
# By the shape of a text: which pattern found its station, and where.
_WHICH: Memo[tuple[int, int]] = Memo()


@lru_cache(maxsize=4096)
def _labelled(text: str) -> str:
    return next((name for match in LABELLED.finditer(text) if (name := _taken(match["name"]))), "")


@lru_cache(maxsize=4096)
def _taken(name: str) -> str:
    name = name.strip().strip("\"'.,")
    if MESSAGE_ENDS.sub("", name.lower()) in MESSAGES:
        return ""
    is_name = (
        0 < len(name) <= LONGEST_IDENTITY and name.lower() not in NO_NAMES and re.search(r"[A-Za-z0-9]", name)
    )
    return name if is_name and not re.fullmatch(r"[\d:.,TZ+-]*[:.][\d:.,TZ+-]*", name) else ""
