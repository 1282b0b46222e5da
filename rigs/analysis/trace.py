"""A run's frames as text that reads as a diff: golden files are made of it."""

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.printable import printable, printable_lines
from evc5.rigs.recording.reading.frames import Frame

ARROWS = {"up": "->", "down": "<-"}  # as seen from the charge point


def wire_trace(run: Recorded) -> str:
    """One line a frame: seconds, direction, message id, action or reply, payload with its keys in order."""
    return "".join(f"{line}\n" for line in _lines(run))


def last_lines(run: Recorded, most: int) -> list[str]:
    """The end of the trace, for a look at what came last."""
    return list(deque(_lines(run), maxlen=most))


def _lines(run: Recorded) -> Iterator[str]:
    for frame in run.frames():
        lost = "  LOST" if frame.lost else ""
        yield printable_lines(f"{frame.t:>10.3f} {ARROWS[frame.dir]} {_said(frame)}{lost}")


def _keys(payload: dict[str, Any]) -> Iterator[str]:
    """A configuration, one key a line."""
    for row in payload.get("configurationKey", ()):
        access = "  (read-only)" if row["readonly"] else ""
        told = printable(f"{row['key']} = {row.get('value', '?')}")
        yield f"\n{'':>14}{told}{access}"
    for key in payload.get("unknownKey", ()):
        yield f"\n{'':>14}{printable(str(key))} is unknown"


def _said(frame: Frame) -> str:
    if frame.frame is None or frame.kind is None:
        return f"no frame {json.dumps(frame.text)}"
    told = json.dumps(frame.payload, sort_keys=True, ensure_ascii=False)
    head = printable(f"[{frame.id}] {frame.action}")
    if frame.kind == "CALL":
        return f"{head} {told}"
    if frame.kind == "CALLRESULT" and frame.action == "GetConfiguration":
        return f"{head} ={''.join(_keys(frame.payload))}"
    if frame.kind == "CALLRESULT":
        return f"{head} = {told}"
    return f"{head} ! {printable(str(frame.frame[2]))} {told}"
