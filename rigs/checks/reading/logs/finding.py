"""OCPP frames in a text: JSON arrays that begin with 2, 3 or 4 and an id, however they are quoted."""

import ast
import html
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson

from evc5.rigs.checks.reading.logs import loose
from evc5.rigs.checks.reading.logs.actions import ACTIONS
from evc5.rigs.checks.reading.logs.found import shape

_CODES = (  # OCPP-J 4.2.3, table 7
    "NotImplemented|NotSupported|InternalError|ProtocolError|SecurityError|FormationViolation|"
    "FormatViolation|PropertyConstraintViolation|OccurrenceConstraintViolation|OccurenceConstraintViolation|"
    "TypeConstraintViolation|GenericError|MessageTypeNotSupported|RpcFrameworkError"
)
_BARE = (  # an id without quotes counts where what follows it is an action, a payload or an error code
    r"(?=2\s*,\s*[\w.:-]+\s*,\s*[\"']?(?:" + "|".join(sorted(ACTIONS)) + r")\b"
    r"|3\s*,\s*[\w.:-]+\s*,\s*\{|4\s*,\s*[\w.:-]+\s*,\s*[\"']?(?:" + _CODES + r")\b)"
)
HEAD = re.compile(r"\[\s*(?:[234]\s*,\s*(?P<quote>\\+[\"']|\"\"(?=[^,\"\]\s])|[\"'])|" + _BARE + ")")
STRING_REST = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)  # of a JSON string, from somewhere inside it
FIELD_REST = re.compile(r'(?:[^"]|"")*')  # of a quoted CSV field
BIG_NUMBER = b"0" * 19  # as its shape is; beyond 64 bits orjson makes a float of it
MOST_OPENED = 400  # brackets; in fewer none lies deeper than what json and repr can follow
# A number as MongoDB's canonical extended JSON writes it.
EXTENDED = re.compile(r'\{\s*"\$number(?:Int|Long|Double|Decimal)"\s*:\s*"(-?[\d.]+(?:E[+-]?\d+)?)"\s*\}')
# What stands between the quotes of a text as Python prints it, and of bytes.
PRINTED = re.compile(r"(b?)'((?:[^'\\]|\\.)*)'", re.DOTALL)
SMART = str.maketrans({"“": '"', "”": '"', "„": '"', "\u00a0": " "})


@dataclass(slots=True, eq=False, repr=False)
class Place:
    """A frame in a text: where it stands, and its array; `body` is None where `text` is no JSON.

    `is_cut`: the text ends before the frame does.
    """

    start: int
    end: int
    body: Any
    text: str = ""
    is_cut: bool = False


def plain(text: str) -> str:
    """A text as it was before a web page, a word processor or a database had it; a frame's is left alone."""
    if '"$number' in text:
        return EXTENDED.sub(r"\1", text)
    is_escaped = "&quot;" in text or "&#34;" in text
    if not (is_escaped or _is_smart(text)) or HEAD.search(text):
        return text
    text = html.unescape(text) if is_escaped else text
    return text.translate(SMART) if _is_smart(text) else text


def _is_smart(text: str) -> bool:
    return "“" in text or "”" in text or "\u00a0" in text


def places(text: str) -> list[Place]:
    """The frames of a text, one after the other."""
    found: list[Place] = []
    match = HEAD.search(text)
    while match is not None:
        place = _place(text, match)
        if place is None:
            match = HEAD.search(text, match.end())
            continue
        found.append(place)
        match = HEAD.search(text, max(place.end, match.end()))
    return found


def _place(text: str, match: re.Match[str]) -> Place | None:
    quote = match["quote"]
    start = match.start()
    if quote and quote.startswith("\\"):
        return _escaped(text, start)
    if quote == '""':
        end = _end(FIELD_REST, text, start)
        inner = text[start:end].replace('""', '"')
        return _inside(inner, start, end, is_open=end == len(text))
    return _read(text, start)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _escaped(text: str, start: int) -> Place | None:
    """A frame inside a string of JSON, which may itself stand in one."""
    end = _end(STRING_REST, text, start)
    return _inside(unescaped(text[start:end]), start, end, is_open=end == len(text))


def _inside(inner: str, start: int, end: int, is_open: bool) -> Place | None:
    place = next(iter(places(inner)), None)
    if place is None:
        return None
    place.is_cut &= is_open
    place.start, place.end = start, end
    return place


def unescaped(content: str) -> str:
    """What a string of JSON says, from what stands between its quotes."""
    try:
        return str(json.loads(f'"{content}"', strict=False))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", content.replace("\\n", "\n"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(strict=False, parse_constant=_no_constant)


def _read(text: str, start: int) -> Place | None:
    if "\\" in text and (place := _printed(text, start)) is not None:
        return place
    end = text.rfind("]") + 1
    body = at_once(text[start:end])
    if body is None:
        try:
            body, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            return _unread(text, start, error)
    return Place(start, end, body) if len(body) > 1 else None


def at_once(text: str) -> list[Any] | None:
    """An array that fills a text, where the quick reader understands it as the patient one would."""
    if text.count("[") + text.count("{") > MOST_OPENED or BIG_NUMBER in shape(text):
        return None
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, list) else None


def _unread(text: str, start: int, error: Exception) -> Place | None:
    """What JSON does not know may be what a programming language prints; else the rest is kept as text."""
    if _is_open(text, start):
        return Place(start, len(text), None, text[start:].rstrip(), is_cut=True)
    try:
        body, end = loose.read(text, start)
    except (ValueError, RecursionError):
        end = _close(text, start)
        return Place(start, end, None, text[start:end].rstrip())
    del error
    return Place(start, end, body) if isinstance(body, list) and len(body) > 1 else None


def _printed(text: str, start: int) -> Place | None:
    """A frame in a text or in bytes as Python prints them, where their quotes begin with it."""
    match = PRINTED.match(text, start - 1 - (text[max(start - 2, 0) : start] == "b'")) if start else None
    if match is None or match.start(2) != start:
        return None
    try:
        told = ast.literal_eval(match[0])
        body = json.loads(told.decode() if isinstance(told, bytes) else told)
    except (ValueError, SyntaxError, RecursionError):
        return None
    return Place(start, match.end(2), body) if isinstance(body, list) and len(body) > 1 else None


_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*(?:\"|$)|[\[\]{}]", re.DOTALL)


def _depth_ends(text: str, start: int) -> tuple[int, bool]:
    """Where the array that begins at a place ends, and whether it does."""
    depth = 0
    for match in _TOKEN.finditer(text, start):
        sign = match[0]
        depth += sign in ("[", "{")
        depth -= sign in ("]", "}")
        if depth <= 0:
            return match.end(), True
    return len(text), False


def _is_open(text: str, start: int) -> bool:
    return not _depth_ends(text, start)[1]


def _close(text: str, start: int) -> int:
    return _depth_ends(text, start)[0]


def is_closed(text: str) -> bool:
    """Does an array that begins with this text end in it?"""
    return _depth_ends(text, 0)[1]
