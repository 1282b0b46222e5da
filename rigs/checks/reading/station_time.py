"""In whose time a recording is judged: where the station's clock was set at its boot, in the station's own.

That is its back office's time too; a run in real time may meet one whose clock is minutes off the rig's.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from evc5.rigs.checks.reading.frames import CALL, Frame, Reader, lines
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import transcript

CLOCK_SET = b'"clock-set"'


def set_ahead_s(messages: Path, events: Path, start: float) -> float:
    """How far the clock was set ahead of the recording before its first stamp, and that confirms it."""
    rows = [raw for _, raw in lines(events) if CLOCK_SET in raw] if events.is_file() else []
    first = next(_stamped(messages, start), None) if rows else None
    if first is None:
        return 0.0
    frame, stamp = first
    set_s = 0.0
    for raw in rows:
        with suppress(orjson.JSONDecodeError, KeyError, TypeError):  # the judge tells of a broken line
            row = orjson.loads(raw)
            set_s += row["detail"]["offset_s"] if start + row["t"] <= frame.t else 0.0
    stamped_s = stamp - frame.t
    return set_s if abs(stamped_s - set_s) < abs(stamped_s) else 0.0  # else it was set right


def _stamped(messages: Path, start: float) -> Iterator[tuple[Frame, float]]:
    """The station's CALLs that tell the time, each with that."""
    reader = Reader(start)
    for number, raw in transcript(messages):
        with suppress(ValueError, TypeError):
            frame = reader.read(number, raw)
            if frame.up and frame.kind == CALL and isinstance(frame.payload, dict):
                yield frame, epoch(frame.payload.get("timestamp", ""))
