"""Reads what a run recorded: OCPP frames as a stream, and the tables people ask of them.

Everything streams: a table holds its own rows and nothing else of the recording. Lines that a kill has cut,
and lines that are not ours, are passed over (`evc5 verify` reports them).
"""

import io
import json
import os
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.packed import BUFFER_BYTES, Block, Unpacked, blocks, is_packed

KINDS = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR"}  # OCPP-J 1.6, 4.2

# The head of a line as our recorder writes it: enough to pass over a frame without parsing its payload.
_HEAD = re.compile(
    rb'\{"t":(?P<t>-?\d{1,9}(?:\.\d+)?),"at":"(?P<at>[^"]+)","station":"(?P<station>[^"\\]*)","dir":"(?P<dir>up|down)",'
    rb'(?P<lost>"lost":true,)?"frame":\[\s*(?P<kind>[234])\s*,\s*"(?P<id>[^"\\]*)"\s*,\s*(?:"(?P<action>[^"\\]*)")?'
)


_AT = re.compile(rb'"at":\s*"([^"]+)"')
_FRAME = b'"frame":['
_REPLY = re.compile(rb'"frame":\s*\[\s*[34]')
_NEWLINE = ord("\n")
_HEAD_BYTES = 512  # a head is shorter
_NEAR_BYTES = 1 << 16
_TAIL_BYTES = 1 << 18  # longer than any frame
MOST_S = 1e10  # three centuries: no run lasts longer
LAST = "~"  # sorts after every instant


class Head(NamedTuple):
    """What a frame is, without its payload; a reply bears the action of the CALL it answers."""

    t: float
    at: str
    station: str
    dir: str  # up = charge point to CSMS
    kind: str | None  # CALL, CALLRESULT, CALLERROR; None where the text is no OCPP frame
    id: str | None
    action: str | None
    lost: bool


class Frame(NamedTuple):
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


def heads(
    path: Path, since: str = "", until: str = LAST, actions: Collection[str] | None = None
) -> Iterator[tuple[Head, bytes]]:
    """The head of each frame in [since, until), with its line; instants as the recorder writes them.

    With `actions`, only those CALLs and their replies: other lines are passed over unread.
    """
    wanted = None if actions is None else _calls_of(actions)
    awaited: dict[tuple[str, str, str], str | None] = {}  # the action of each CALL that has no reply yet
    for line in _lines(path, since, until):
        if wanted is not None and _is_other(line, wanted, bool(awaited)):
            continue
        head = head_of(line)
        if head is None or head.at < since:
            continue
        if head.at >= until:
            return
        if head.kind != "CALL":
            head = _answering(head, awaited)
        elif actions is None or head.action in actions:
            awaited[head.station, head.dir, head.id or ""] = head.action
        if actions is None or head.action in actions:
            yield head, line


def calls(path: Path, actions: Collection[str]) -> Iterator[bytes]:
    """The lines that are CALLs of these actions by their first bytes, unparsed, the lost ones among them."""
    wanted = _calls_of(actions)
    return (line for line in _lines(path) if not _is_result(line) and wanted.search(line, 0, _HEAD_BYTES))


def last_t(path: Path) -> float:
    """When the last whole frame passed, in seconds of the run; 0 without any."""
    if not path.exists():
        return 0.0
    found = (head_of(line) for text in _tails(path) for line in reversed(text.split(b"\n")[:-1]))
    return next((head.t for head in found if head is not None), 0.0)


def frame_of(head: Head, line: bytes) -> Frame:
    """The whole frame of a line; BadInput where its time is none."""
    row = _parsed(line)
    if row is None:  # damaged behind its head
        row = {"text": line.decode(errors="replace").rstrip("\n")}
    try:
        at = datetime.fromisoformat(head.at)
    except ValueError:
        raise BadInput(f"the frame at {head.t} s: at must be a date-time, got {head.at!r:.80}") from None
    what = (head.kind, head.id, head.action, head.lost)
    return Frame(head.t, at, head.station, head.dir, *what, row.get("frame"), row.get("text"))


def json_text(value: Any) -> str:
    """A value as the JSON that it was read from."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # it reads what is nested deeper than it writes
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def head_of(line: bytes) -> Head | None:
    """The head of a line by itself, which of a reply does not know the action; None where it is no frame."""
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
        t_s = float(row["t"])
        if row["dir"] not in ("up", "down") or not abs(t_s) <= MOST_S:
            return None
        return Head(t_s, str(row["at"]), str(row["station"]), row["dir"], kind, id_, action, lost)
    except (KeyError, TypeError, ValueError):
        return None


def _answering(head: Head, awaited: dict[tuple[str, str, str], str | None]) -> Head:
    """A reply with the action of the CALL it answers, which then awaits no more."""
    key = (head.station, "down" if head.dir == "up" else "up", head.id or "")
    action = awaited.get(key) if head.lost else awaited.pop(key, None)
    return head._replace(action=action)


def _calls_of(actions: Collection[str]) -> re.Pattern[bytes]:
    """Finds the CALLs of these actions in the first bytes of their lines."""
    names = b"|".join(re.escape(action.encode()) for action in actions)
    return re.compile(rb'"frame":\s*\[\s*2\s*,\s*"[^"]*"\s*,\s*"(?:' + names + rb')"')


def _is_other(line: bytes, wanted: re.Pattern[bytes], awaiting: bool) -> bool:
    """Neither a wanted CALL nor, where one awaits its reply, a reply."""
    if _is_result(line):
        return not awaiting
    if wanted.search(line, 0, _HEAD_BYTES):
        return False
    return not (awaiting and _REPLY.search(line, 0, _HEAD_BYTES))


def _is_result(line: bytes) -> bool:
    """Is it a CALLRESULT for sure? Half of all lines are, and no pattern says it sooner."""
    place = line.find(_FRAME, 0, _HEAD_BYTES)
    return place >= 0 and line.startswith(b"3", place + len(_FRAME))


def _at(line: bytes) -> str:
    """The instant of a line as it stands there; empty where none does."""
    match = _AT.search(line, 0, _HEAD_BYTES)
    return match[1].decode() if match else ""


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _tails(path: Path) -> Iterator[bytes]:
    """The end of a file; of a packed one its blocks, the last one first."""
    if is_packed(path):
        for block in reversed(blocks(path)):
            with Unpacked(path, [block]) as text:
                yield text.readall()
        return
    with user_files.opened(path) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
        yield file.read()


def _lines(path: Path, since: str = "", until: str = LAST) -> Iterator[bytes]:
    """The whole lines of a file from about `since` to about `until`; one that lacks its end was cut.

    Both places are found by bisection: a day of a year is read without the rest of it.
    """
    if path.exists():
        some = _unpacked(path, since, until) if is_packed(path) else _plain(path, since, until)
        yield from (line for line in some if line[-1] == _NEWLINE)


def _plain(path: Path, since: str, until: str) -> Iterator[bytes]:
    with user_files.opened(path, BUFFER_BYTES) as file:
        (begin, _), (_, end) = _around(file, since), _around(file, until)
        file.seek(begin)
        place = begin + (len(file.readline()) if begin else 0)
        for line in file:
            if place > end:
                return
            place += len(line)
            yield line


def _unpacked(path: Path, since: str, until: str) -> Iterator[bytes]:
    some = blocks(path)
    first = bisect_left(some, since, key=partial(_begins, path))
    last = bisect_left(some, until, key=partial(_begins, path))
    with io.BufferedReader(Unpacked(path, some[max(first - 1, 0) : last]), BUFFER_BYTES) as file:
        yield from file


def _begins(path: Path, block: Block) -> str:
    """The first instant that stands in a block; empty where none does."""
    with Unpacked(path, [block]) as text:
        return _at(text.read(_HEAD_BYTES))


def _around(file: BinaryIO, instant: str) -> tuple[int, int]:
    """Two places near each other: a line up to the first is before `instant`, one after the second not."""
    low = 0
    high = file.seek(0, os.SEEK_END)
    if instant in ("", LAST):
        return (0, 0) if instant == "" else (high, high)
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()  # the rest of a line
        line = file.readline()
        while line and not _at(line):  # one that is broken does not tell
            line = file.readline()
        if line and _at(line) < instant:
            low = middle
        else:
            high = middle
    return low, high
