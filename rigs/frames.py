"""Reads what a run recorded: OCPP frames as a stream, and the tables people ask of them.

Everything streams: a table holds its own rows and nothing else of the recording. Lines that a kill has cut,
and lines that are not ours, are passed over (`evc5 verify` reports them).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

KINDS = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR"}  # OCPP-J 1.6, 4.2

# The head of a line as our recorder writes it: enough to pass over a frame without parsing its payload.
_HEAD = re.compile(
    rb'\{"t":(?P<t>[^,]+),"at":"(?P<at>[^"]+)","station":"(?P<station>[^"\\]*)","dir":"(?P<dir>up|down)",'
    rb'(?P<lost>"lost":true,)?"frame":\[\s*(?P<kind>[234])\s*,\s*"(?P<id>[^"\\]*)"\s*,\s*(?:"(?P<action>[^"\\]*)")?'
)


@dataclass(frozen=True, slots=True)
class Head:
    """What a frame is, without its payload; a reply bears the action of the CALL it answers."""

    t: float
    at: str
    station: str
    dir: str  # up = charge point to CSMS
    kind: str | None  # CALL, CALLRESULT, CALLERROR; None where the text is no OCPP frame
    id: str | None
    action: str | None
    lost: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One OCPP frame of a recording; `frame` is the JSON array, `text` stands where there is none."""

    t: float
    at: datetime
    station: str
    dir: str
    kind: str | None
    id: str | None
    action: str | None
    lost: bool
    frame: list[Any] | None
    text: str | None

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of a CALL or CALLRESULT, the details of a CALLERROR; empty where there is none."""
        place = {"CALL": 3, "CALLRESULT": 2, "CALLERROR": 4}.get(self.kind or "", 0)
        parts = self.frame or []
        payload = parts[place] if place and len(parts) > place else None
        return payload if isinstance(payload, dict) else {}


def heads(path: Path, since: str = "", until: str = "~") -> Iterator[tuple[Head, bytes]]:
    """The head of each frame in [since, until), with its line; instants as the recorder writes them."""
    actions: dict[tuple[str, str, str], str | None] = {}
    for line in _lines(path, since):
        head = _head(line)
        if head is None or head.at < since:
            continue
        if head.at >= until:
            return
        key = (head.station, "down" if head.dir == "up" else "up", head.id or "")
        if head.kind == "CALL":
            actions[head.station, head.dir, head.id or ""] = head.action
        elif key in actions:
            action = actions[key] if head.lost else actions.pop(key)
            head = _with_action(head, action)
        yield head, line


def frame_of(head: Head, line: bytes) -> Frame:
    """The whole frame of a line."""
    row = orjson.loads(line)
    at = datetime.fromisoformat(head.at)
    what = (head.kind, head.id, head.action, head.lost)
    return Frame(head.t, at, head.station, head.dir, *what, row.get("frame"), row.get("text"))


def events(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of events.jsonl."""
    for line in _lines(path):
        row = _parsed(line)
        if row is not None and "event" in row:
            yield row


def _head(line: bytes) -> Head | None:
    if match := _HEAD.match(line):
        kind = KINDS[int(match["kind"])]
        action = match["action"].decode() if kind == "CALL" and match["action"] is not None else None
        where = (match["at"].decode(), match["station"].decode(), match["dir"].decode())
        return Head(float(match["t"]), *where, kind, match["id"].decode(), action, bool(match["lost"]))
    row = _parsed(line)
    return _head_of_row(row) if row is not None else None


def _head_of_row(row: dict[str, Any]) -> Head | None:
    """The same from a parsed line, for those that do not begin as ours do."""
    try:
        frame = row.get("frame")
        parts = frame if isinstance(frame, list) else []
        kind = KINDS.get(parts[0]) if parts and isinstance(parts[0], int) else None
        id_ = str(parts[1]) if kind and len(parts) > 1 else None
        action = str(parts[2]) if kind == "CALL" and len(parts) > 2 else None
        lost = bool(row.get("lost"))
        return Head(
            float(row["t"]), str(row["at"]), str(row["station"]), str(row["dir"]), kind, id_, action, lost
        )
    except (KeyError, TypeError, ValueError):
        return None


def _with_action(head: Head, action: str | None) -> Head:
    return Head(head.t, head.at, head.station, head.dir, head.kind, head.id, action, head.lost)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _lines(path: Path, since: str = "") -> Iterator[bytes]:
    """The whole lines of a file from about `since` on; a last one without its end was cut, and left out."""
    if not path.exists():
        return
    with open(path, "rb", 1 << 20) as file:
        if since:
            file.seek(_offset(file, since))
        for line in file:
            if line.endswith(b"\n"):
                yield line


_AT = re.compile(rb'"at":"([^"]+)"')


def _offset(file: BinaryIO, since: str) -> int:
    """Where a line begins, some way before the first one at `since`: by bisection, as lines are in order."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > 1 << 16:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()  # the rest of a line
        match = _AT.search(file.readline(), 0, 200)
        if match is None:
            return low
        if match[1].decode() < since:
            low = middle
        else:
            high = middle
    file.seek(low)
    if low:
        file.readline()
    return file.tell()
