"""A transcript line by line: each becomes a frame, with its time and direction."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.recording.reading.packed import opened

CALL, RESULT, ERROR = 2, 3, 4  # OCPP-J 4.2.1-4.2.3
MOST_T_S = 1e10  # three centuries: no frame of a run is later


class Frame:
    """One OCPP frame: `up` is to the CSMS; `fault` says why it is none."""

    __slots__ = ("action", "epoch_s", "fault", "id", "kind", "line", "lost", "payload", "up")

    def __init__(
        self,
        line: int,
        epoch_s: float,
        up: bool,
        lost: bool,
        kind: int,
        id: str,
        action: str,
        payload: Any,
        fault: str = "",
    ) -> None:
        self.line = line
        self.epoch_s = epoch_s
        self.up = up
        self.lost = lost
        self.kind = kind
        self.id = id
        self.action, self.payload, self.fault = action, payload, fault


class Reader:
    """Reads lines of `messages.jsonl`; learns the run's epoch from the first, if not told."""

    def __init__(self, start: float | None = None, time: Callable[[float], float] | None = None) -> None:
        self.start = start  # epoch seconds of t = 0
        self._time_of = time  # epoch seconds of any t, where its clock does not go with the run's

    def read(self, number: int, raw: bytes) -> Frame:
        """The frame on this line; ValueError where the line is no record of one."""
        try:
            record = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"not a JSON line: {error.msg} at column {error.colno}") from None
        if not isinstance(record, dict) or record.get("dir") not in ("up", "down"):
            raise ValueError("not a record of a frame: needs t or at, dir (up or down) and frame or text")
        epoch_s = self._time(record)
        up = record["dir"] == "up"
        lost = bool(record.get("lost"))
        if "frame" not in record:
            return Frame(
                number, epoch_s, up, lost, 0, "", "", None, fault=f"not JSON: {record.get('text')!r:.80}"
            )
        return frame_of(number, epoch_s, up, lost, record["frame"])

    def _time(self, record: dict[str, Any]) -> float:
        t_s, at = record.get("t"), record.get("at")
        if isinstance(t_s, int | float) and not abs(t_s) <= MOST_T_S:
            raise ValueError(f"t must be seconds of the run, got {t_s!r:.40}")
        if self.start is None:
            if not isinstance(at, str):
                raise ValueError("the first line must carry `at`, the UTC time of its frame")
            self.start = epoch(at) - (t_s if isinstance(t_s, int | float) else 0.0)
        if isinstance(t_s, int | float):
            return self.start + t_s if self._time_of is None else self._time_of(t_s)
        if not isinstance(at, str):
            raise ValueError("a line must carry t (seconds) or at (date-time)")
        return epoch(at)


def frame_of(number: int, epoch_s: float, up: bool, lost: bool, body: Any) -> Frame:
    """A decoded frame, or one whose `fault` says why OCPP-J 4.2 knows no such thing."""

    def foreign(why: str) -> Frame:
        return Frame(number, epoch_s, up, lost, 0, "", "", body, fault=f"{why}: {body!s:.80}")

    if not isinstance(body, list) or len(body) < 3:
        return foreign("not an array of at least three")
    kind, id = body[0], body[1]
    if kind not in (CALL, RESULT, ERROR) or isinstance(kind, bool | float):
        return foreign("message type must be 2, 3 or 4")
    if not isinstance(id, str):
        return foreign("message id must be a string")
    if len(body) != {CALL: 4, RESULT: 3, ERROR: 5}[kind]:
        return foreign("wrong number of elements")
    if kind == CALL and not isinstance(body[2], str):
        return foreign("action must be a string")
    if kind == ERROR:
        return Frame(number, epoch_s, up, lost, kind, id, "", body[2:])
    payload = {} if body[-1] is None else body[-1]  # null is legal to receive, OCPP-J 4.2.1
    return Frame(number, epoch_s, up, lost, kind, id, body[2] if kind == CALL else "", payload)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, with their numbers from 1."""
    with opened(path) as file:
        for number, raw in enumerate(file, 1):
            if not raw.isspace():
                yield number, raw
