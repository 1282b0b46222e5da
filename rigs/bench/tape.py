"""A recording's back office side, to be played again: which reply each CALL got, what was asked and when.

Everything streams: the file is read as far ahead as the next thing that is needed.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from evc5.models.units import DAY_S
from evc5.rigs.bench.network import LOCKSTEP, SAME_TIME_S
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.events import events
from evc5.rigs.recording.reading.packed import opened
from evc5.twin.clock import parse_instant
from evc5.twin.ocpp.agent import CLOCK_STEP_S


class Entry(NamedTuple):
    """One recorded frame; `frame` is empty where the text is no OCPP frame."""

    place: int  # how many frames stand before it
    t_s: float
    up: bool
    lost: bool
    text: str
    frame: list[Any]

    @property
    def kind(self) -> int:
        return self.frame[0] if len(self.frame) > 1 and self.frame[0] in (2, 3, 4) else 0


class Answer(NamedTuple):
    """What became of a CALL sent at `asked_s`: its reply, None where none came."""

    asked_s: float
    reply: Entry | None

    def text(self, id_: str) -> str:
        """The reply as an answer to the CALL of this id."""
        assert self.reply is not None
        frame = self.reply.frame
        return self.reply.text if frame[1] == id_ else orjson.dumps([frame[0], id_, *frame[2:]]).decode()


class LinkChange(NamedTuple):
    """The back office hung up, could not be reached, or was there again."""

    t_s: float
    event: str
    detail: dict[str, Any]


class Tape(NamedTuple):
    """A recording, by its messages.jsonl or its run directory; BadInput where it holds no frame."""

    messages: Path
    pace: str | float  # as its summary has it: max (in memory), lockstep, or a factor
    foreign_time: bool
    clock_step_s: float = CLOCK_STEP_S  # from which difference on the station followed its time
    days: float | None = None  # how long it is, and of what seed, where its summary says so
    seed: int | None = None
    rig: str | None = None

    @classmethod
    def open(cls, path: Path) -> "Tape":
        messages = run_directory.messages(path) if path.is_dir() else path
        if run_directory.is_without_frames(path):
            raise BadInput(f"{path} {run_directory.NO_FRAMES}")
        if not messages.is_file():
            raise BadInput(f"{path} is neither a run directory nor a messages.jsonl")
        try:
            summary = run_directory.read_summary(messages.parent)
        except BadInput:  # a transcript on its own
            summary = {}
        days = summary["simulated_s"] / DAY_S if summary.get("simulated_s") else None
        pace = summary.get("pace", LOCKSTEP)
        seed = summary.get("seed")
        rig = summary.get("rig")
        foreign = summary.get("foreign_time")
        foreign = _foreign(messages) if foreign is None else foreign
        step_s = summary.get("clock_step_s", CLOCK_STEP_S)
        return cls(messages, pace, foreign, step_s, days, seed, rig)

    def entries(self) -> Iterator[Entry]:
        """The frames in order."""
        place = 0
        with opened(self.messages) as file:
            for line in file:
                entry = _entry(place, line)
                if entry is not None:
                    yield entry
                    place += 1

    def unasked(self) -> Iterator[Entry]:
        """What the back office sent by itself: CALLs, replies too late or to nothing, no frames at all."""
        return (entry for asked, entry in _paired(self.entries()) if asked is None and entry is not None)

    def said(self) -> Iterator[Entry]:
        """What the charge point sent."""
        return (entry for entry in self.entries() if entry.up)

    def link_changes(self) -> Iterator[LinkChange]:
        """The ends and beginnings of the connection that no rig file asked for."""
        for row in events(self.messages.with_name(run_directory.EVENTS)):
            if row["detail"].get("kind") in ("lost", "refused", "reconnected"):
                yield LinkChange(row["t"], row["event"], row["detail"])


class Answers:
    """The replies of a tape, asked for by action: each CALL of an action gets what the next one got then."""

    def __init__(self, tape: Tape) -> None:
        self._pairs = _paired(tape.entries())
        self._waiting: defaultdict[str, deque[Answer]] = defaultdict(deque)

    def next(self, action: str) -> Answer | None:
        """What the next CALL of this action got; None where the tape has no more."""
        waiting = self._waiting[action]
        while not waiting:
            pair = next(self._pairs, None)
            if pair is None:
                return None
            asked, reply = pair
            if asked is not None:
                self._waiting[asked.frame[2]].append(Answer(asked.t_s, reply))
        return waiting.popleft()


def _paired(entries: Iterator[Entry]) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Each CALL of the charge point with its reply or None; None with what the back office sent by itself.

    The charge point has one CALL outstanding at a time: what comes after the next one answers nothing.
    """
    asked: Entry | None = None
    for entry in entries:
        if entry.up and entry.kind == 2:
            if asked is not None:
                yield asked, None
            asked = entry
        elif not entry.up and asked is not None and entry.kind in (3, 4) and entry.frame[1] == asked.frame[1]:
            yield asked, entry
            asked = None
        elif not entry.up:
            yield None, entry
    if asked is not None:
        yield asked, None


def _entry(place: int, line: bytes) -> Entry | None:
    try:
        row = orjson.loads(line)
        frame = row.get("frame")
        text = row["text"] if frame is None else _as_sent(line, frame)
        parts = frame if isinstance(frame, list) else []
        return Entry(place, float(row["t"]), row["dir"] == "up", bool(row.get("lost")), text, parts)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None  # a cut line, or not ours: evc5 verify reports it


def _as_sent(line: bytes, frame: Any) -> str:
    """The frame's own text, as our recorder keeps it at the end of the line."""
    text = line[line.index(b'"frame":') + 8 :].rstrip()[:-1]
    try:
        same = orjson.loads(text) == frame
    except orjson.JSONDecodeError:
        same = False
    return (text if same else orjson.dumps(frame)).decode()


def _foreign(messages: Path) -> bool:
    """Did the back office live in another time than the run? Guessed from its answer to the boot."""
    with opened(messages) as file:
        for line in file:
            entry = _entry(0, line)
            if entry is None or entry.up or entry.kind != 3 or not isinstance(entry.frame[2], dict):
                continue
            told = parse_instant(str(entry.frame[2].get("currentTime")))
            here = datetime.fromisoformat(orjson.loads(line)["at"])
            if told is not None:
                return abs((told - here).total_seconds()) > SAME_TIME_S
    return False
