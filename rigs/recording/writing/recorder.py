"""Writes a run directory while the run goes on: frames, events and telemetry, streaming.

Frames are the hot path: their text goes to the file as it was sent. What comes from elsewhere (a user's raw
text, a real station) may be no JSON at all and is looked at first.
"""

import json
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from evc5.models.timeline import Timeline
from evc5.rigs.errors import described
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.writing.journal import Journal
from evc5.rigs.recording.writing.levels import EVERYTHING, Levels
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.recording.writing.outlet_recorder import Watch
from evc5.rigs.recording.writing.redaction import Redactor
from evc5.twin.clock import Calendar

if TYPE_CHECKING:
    from evc5.rigs.recording.writing.measured_telemetry import MeasuredTelemetry
    from evc5.rigs.recording.writing.telemetry_writer import TelemetryWriter

# A kill -9 loses what was buffered: the least of this, of `Levels.flush_s`, and of what a journal keeps.
FLUSH_WALL_S = 1.0  # where rig time follows the wall clock, files are to be watched as they grow

MOST_FAULTS = 20  # that are written down; whatever comes after them is most likely the same
DEEPEST_RECORDED = 64  # arrays and objects within each other that a frame is recorded as a frame with

_now = time.monotonic


class Recorder:
    """Everything that goes into one run directory.

    `header` is what summary.json says of the run from its first moment on (rig, seed, behaviour, policies,
    versions ...). A station that is our own twin (`own_station`) always sends JSON; a real one may not.
    `secrets` are credentials known beforehand: neither they nor those that pass are written down.
    `levels`: what is written down at all.
    `keeper` keeps others out of the directory already; without one its lock is taken here, until the end.
    Raises BadInput where `directory` exists and is not a run directory, or somebody else records there.
    """

    def __init__(
        self,
        directory: Path,
        calendar: Calendar,
        header: Mapping[str, Any],
        *,
        own_station: bool = True,
        keeper: object = None,
        secrets: Iterable[str] = (),
        levels: Levels = EVERYTHING,
    ) -> None:
        self.directory = directory
        self.frames = 0
        self.faults = 0  # of evc5 itself
        self.redactor = Redactor(secrets)
        self.levels = levels
        self.keeps_frames = levels.keeps_frames
        start = {"state": "running", "start": calendar.iso(0.0), "recording": levels.told()}
        self.summary: dict[str, Any] = {**start, **header}
        run_directory.check(directory)
        self._lock = Lock(directory) if keeper is None else None
        run_directory.claim(directory, self.redactor.tree(self.summary))
        self._iso = calendar.iso
        self._own_station = own_station
        # Without credentials: nearly all frames of our own runs can have none, and are not searched.
        self._up = self.redactor.own if own_station else self.redactor.frame
        self._down = self.redactor.to_own if own_station else self.redactor.frame
        self._heads: dict[tuple[str, bool], str] = {}
        self._events = Journal(directory / run_directory.EVENTS)
        self._messages = levels.journal(directory, explained_by=self._events)
        self._watches: list[Watch] = []
        self._calendar = calendar
        self._measured: MeasuredTelemetry | None = None
        self._began = time.monotonic()
        self._due_s = levels.flush_s
        self._due_wall_s = self._began + FLUSH_WALL_S

    def frame(self, t_s: float, station: str, up: bool, text: str, lost: bool = False) -> None:
        """One OCPP frame at the charge point's end; `up` goes to the CSMS, `lost` never arrived."""
        text = self._up(text) if up else self._down(text)
        if self.keeps_frames:
            head = self._heads.get((station, up)) or self._head(station, up)
            body = f'"frame":{text}' if up and self._own_station else _looked_at(text)
            if lost:
                head += '"lost":true,'
            self._messages.write(_line(repr(float(t_s)), self._iso(t_s), head + body).encode())
        self.frames += 1
        self._flush_when_due(t_s)

    @property
    def hides(self) -> bool:
        """Are there secrets to be found in frames of our own station?"""
        return self.redactor.knows_any

    def line(self, t: str, at: str, station: str, up: bool, text: str) -> str:
        """The line of a frame of our own that holds no secret, with these texts for its instant."""
        head = self._heads.get((station, up)) or self._head(station, up)
        return _line(t, at, f'{head}"frame":{text}')

    def lines(self, text: str, frames: int, t_s: float) -> None:
        """So many lines at once, the last one of `t_s`; `text` holds them where frames are kept."""
        if self.keeps_frames:
            self._messages.write(text.encode())
        self.frames += frames
        self._flush_when_due(t_s)

    def event(self, t_s: float, connector: int | None, event: str, detail: Mapping[str, Any]) -> None:
        """Something that happened around the frames; telemetry gets a row at its instant."""
        row = {
            "t": float(t_s),
            "at": self._iso(t_s),
            "connector": connector,
            "event": event,
            "detail": self.redactor.tree(detail),
        }
        self._events.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        for watch in self._watches:
            if connector in (None, watch.connector):
                watch.mark(forced=True)
        self._flush_when_due(t_s)

    def fault(self, t_s: float, error: Exception) -> None:
        """A fault of evc5 itself: the run goes on, and its verdict is inconclusive."""
        said = self.redactor.text(f"a fault of evc5 itself: {described(error)}")
        faults = self.summary.setdefault("bench_faults", [])
        self.faults += 1
        if len(faults) < MOST_FAULTS:
            faults.append(said)
            self.event(t_s, None, "operator", {"bench_fault": said})

    def watch(self, world: Any, controller: Any, timeline: Timeline) -> None:
        """Record the telemetry of a world's outlets and of the channels that drive them, if any."""
        for outlet in world.outlets:
            channel = controller.channel(outlet.connector) if controller is not None else None
            writer = self._telemetry if self.levels.telemetry else None
            self._watches.append(Watch(outlet, channel, timeline, writer))

    def reading(self, connector: int, t_s: float) -> dict[str, Any]:
        """The telemetry columns of one connector as they would be recorded at `t_s`, now."""
        watch = next(watch for watch in self._watches if watch.connector == connector)
        return self._telemetry.row(connector, watch.span(t_s))

    def measure(self, instrument: Mapping[str, Any]) -> None:
        """From now on telemetry comes from instruments, as exact as `instrument` says."""
        self.summary["telemetry"] = dict(instrument)
        if self.levels.telemetry:
            from evc5.rigs.recording.writing.measured_telemetry import MeasuredTelemetry

            place = self.directory / run_directory.TELEMETRY
            self._measured = MeasuredTelemetry(place, self._calendar)

    def measured(self, t_s: float, connector: int, columns: Mapping[str, Any]) -> None:
        """What instruments read at a connector; what they do not know is left out."""
        if self._measured is not None:
            self._measured.read(t_s, connector, columns)

    def flush(self) -> None:
        """Hand what is buffered to the operating system: from here a kill loses nothing of it."""
        self._messages.flush()

    def checkpoint(self, t_s: float) -> None:
        """Make the directory complete up to `t_s` (closing rows included), and go on recording."""
        self.flush()
        self._settle()
        self._close_telemetry(t_s)
        self._write_summary(t_s, "running")

    def close(self, t_s: float, state: str = "complete") -> None:
        """End the recording at `t_s`: closing rows, closed files, and `state` in the summary."""
        self.flush()
        self._settle()
        self._close_telemetry(t_s)
        self._tell_telemetry()
        self._write_summary(t_s, state)
        if self._lock is not None:
            self._lock.release()

    def _flush_when_due(self, t_s: float) -> None:
        if t_s >= self._due_s or _now() >= self._due_wall_s:
            self._flush(t_s)

    def _flush(self, t_s: float) -> None:
        self._due_s = t_s + self.levels.flush_s
        self._due_wall_s = _now() + FLUSH_WALL_S
        self.flush()
        if self._watches and self.levels.telemetry:
            self._telemetry.close_days(t_s)

    @cached_property
    def _telemetry(self) -> "TelemetryWriter":
        from evc5.rigs.recording.writing.telemetry_writer import TelemetryWriter  # loads arrow

        return TelemetryWriter(self.directory / run_directory.TELEMETRY, self._calendar)

    def _close_telemetry(self, t_s: float) -> None:
        if self._watches and self.levels.telemetry:
            self._telemetry.checkpoint(t_s)
        if self._measured is not None:
            self._measured.checkpoint()

    def _tell_telemetry(self) -> None:
        """Of a charge point that nobody measured, what its own meter told."""
        wanted = self.levels.telemetry and self.keeps_frames and not self._own_station
        if not wanted or self._measured is not None:
            return
        from evc5.rigs.recording.writing.told_telemetry import SOURCE, tell  # loads arrow

        if tell(self.directory, self._calendar):
            self.summary["telemetry"] = {"source": SOURCE}

    def _settle(self) -> None:
        for watch in self._watches:
            watch.settle()

    def _write_summary(self, t_s: float, state: str) -> None:
        wall_s = time.monotonic() - self._began
        self.summary |= {
            "state": state,
            "simulated_s": t_s,
            "wall_s": round(wall_s, 3),
            "frames": self.frames,
        }
        run_directory.write_summary(self.directory, self.redactor.tree(self.summary))

    def _head(self, station: str, up: bool) -> str:
        direction = "up" if up else "down"
        head = f'"station":{json.dumps(station)},"dir":"{direction}",'
        self._heads[station, up] = head
        return head


def _line(t: str, at: str, rest: str) -> str:
    return f'{{"t":{t},"at":"{at}",{rest}}}\n'


def _looked_at(text: str) -> str:
    """The frame's member of its line: `frame` where the text is a JSON array, else `text`."""
    try:
        if isinstance(frame := orjson.loads(text), list) and not _is_deep(text, frame):
            # Line breaks in valid JSON stand between tokens only; a line of ours must not break.
            return '"frame":' + text.replace("\r", " ").replace("\n", " ")
    except orjson.JSONDecodeError:
        pass
    return f'"text":{json.dumps(text)}'


def _is_deep(text: str, frame: Any) -> bool:
    """Does it nest deeper than any frame of OCPP 1.6? Many a reader of JSON would break down over it."""
    if text.count("[") + text.count("{") <= DEEPEST_RECORDED:
        return False
    level = [frame]
    for _ in range(DEEPEST_RECORDED):
        level = [item for one in level if isinstance(one, list | dict) for item in _inside(one)]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
