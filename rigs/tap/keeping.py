"""What passed, kept: a run directory a charge point and day. Nothing here can stop a byte.

What cannot be written waits, and is told; what waits too long is given up, and is told.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.served.back_office import Tell, file_name, shown
from evc5.rigs.tap.forward import Line, Told
from evc5.rigs.tap.pseudonyms import Pseudonyms
from evc5.twin.clock import Calendar

MOST_UNREAD_BYTES = 256 << 20  # that passed and wait to be recorded, of all together; assumed
MOST_UNWRITTEN_BYTES = 16 << 20  # of one charge point that no disk takes; assumed


@dataclass(slots=True)
class Kept:
    """One charge point's recording of one day (of UTC)."""

    identity: str
    recorder: Recorder
    day: date
    began: float  # monotonic: t = 0
    unwritten_bytes: int = 0  # since the disk took no more
    is_lost: bool = False
    fresh: int = 0  # frames since it was judged last

    @property
    def directory(self) -> Path:
        return self.recorder.directory


@dataclass(slots=True)
class Keeper:
    """`hear` may be called in any thread and returns at once; all else belongs to one."""

    directory: Path
    lock: Lock  # of the directory, and so of all that lies in it
    tell: Tell
    warn: Tell  # of what is not recorded
    pseudonyms: Pseudonyms | None
    stations: dict[str, Kept] = field(default_factory=dict)
    finished: list[Path] = field(default_factory=list)  # days that are over
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _unread: deque[tuple[float, Told]] = field(default_factory=deque)
    _came_bytes: int = 0  # counts the forwarding thread
    _read_bytes: int = 0  # counts the other
    _missed: int = 0  # messages that came faster than they could be recorded
    _lines: dict[str, Line] = field(default_factory=dict)

    def hear(self, told: Told) -> None:
        size = len(told.message.content) if told.message is not None else 0
        if self._came_bytes - self._read_bytes > MOST_UNREAD_BYTES:
            self._missed += 1
            return
        self._came_bytes += size
        self._unread.append((time.monotonic(), told))

    def work(self) -> None:
        """Record what was heard until now."""
        for _ in range(len(self._unread)):
            heard_at, told = self._unread.popleft()
            self._read_bytes += len(told.message.content) if told.message is not None else 0
            try:
                self._take(told, heard_at)
            except Exception as error:
                self._fails(told.line.identity, error)
        if self._missed:
            self.warn(f"NOT RECORDED: {self._missed} messages came faster than they can be written")
            self._missed = 0

    def second(self) -> None:
        """Hand over what is written; days that are over end."""
        today = self.now().date()
        for kept in list(self.stations.values()):
            try:
                if kept.day != today:
                    self._end_or_tell(kept)
                    del self.stations[kept.identity]
                elif not kept.is_lost:
                    kept.recorder.flush()
                    self._taken(kept)
            except Exception as error:
                self._fails(kept.identity, error)

    def close(self) -> list[Path]:
        """End all recordings; their directories, of days that were over before, too."""
        self.work()
        for kept in self.stations.values():
            self._end_or_tell(kept)
        self.stations.clear()
        return self.finished

    # --- one charge point ---

    def _take(self, told: Told, heard_at: float) -> None:
        identity = told.line.identity
        if told.kind == "refused":
            self.tell(f"{shown(identity) or 'someone'} is not connected: {told.why}")
            return
        if told.kind == "failed":
            self.warn(f"{shown(identity) or 'someone'} is hung up on, a fault of ours: {told.why}")
            if identity not in self.stations:
                return
        kept = self.stations.get(identity)
        if kept is None:
            kept = self.stations[identity] = self._new(identity, heard_at)
        if not kept.is_lost:
            self._write(kept, told, max(heard_at - kept.began, 0.0))

    def _write(self, kept: Kept, told: Told, t_s: float) -> None:
        recorder = kept.recorder
        if told.kind == "opened":
            self._lines[kept.identity] = told.line
            self.tell(f"{shown(kept.identity)} is connected")
            recorder.event(t_s, None, "link-up", {"kind": "dialled in"})
        elif told.kind == "closed":
            if self._lines.get(kept.identity) is not told.line:
                return  # a newer connection has taken its place
            self.tell(f"{shown(kept.identity)} has gone ({recorder.redactor.text(told.why)})")
            recorder.event(t_s, None, "link-down", {"kind": "hung up", "reason": told.why})
        elif told.kind == "failed":
            recorder.event(t_s, None, "link-down", {"kind": "fault", "reason": told.why})
        elif told.kind == "unread":
            self.warn(f"NOT RECORDED: what {shown(kept.identity)} says passes unread: {told.why}")
            recorder.event(t_s, None, "operator", {"unread": told.why})
        elif told.message is not None:
            self._message(kept, told.kind == "up", told.message.text, t_s)
            if told.message.lost_bytes:
                cut = {"cut": f"{told.message.lost_bytes} bytes of a message passed and are not recorded"}
                recorder.event(t_s, None, "operator", cut)

    def _message(self, kept: Kept, up: bool, text: str, t_s: float) -> None:
        if self.pseudonyms is not None:
            text = self.pseudonyms.frame(text)
        kept.fresh += 1
        if kept.unwritten_bytes:
            kept.unwritten_bytes += len(text)
        kept.recorder.frame(t_s, kept.identity, up, text)

    def _new(self, identity: str, began: float) -> Kept:
        now = self.now()
        header = {"rig": "tap", "csms": "tapped", "pace": 1.0, "station": identity}
        directory = self._free(self.directory / file_name(identity, self.stations), now.date())
        recorder = Recorder(directory, Calendar(now), header, own_station=False, keeper=self.lock)
        if self.pseudonyms is not None:
            self.pseudonyms.keep()
        return Kept(identity, recorder, now.date(), began)

    def _free(self, folder: Path, day: date) -> Path:
        """A directory of this day that nobody has written into."""
        found = folder / f"{day}"
        number = 1
        while found.exists():
            number += 1
            found = folder / f"{day}-{number}"
        return found

    def _end(self, kept: Kept) -> None:
        if kept.is_lost:
            return
        kept.recorder.close(time.monotonic() - kept.began, "complete")
        self.finished.append(kept.directory)

    # --- what goes wrong ---

    def _end_or_tell(self, kept: Kept) -> None:
        try:
            self._end(kept)
        except Exception as error:
            self.warn(f"NOT RECORDED: the end of {kept.directory}: {_why(error)}")

    def _fails(self, identity: str, error: Exception) -> None:
        """Traffic goes on; the recording too, where the disk takes it again."""
        kept = self.stations.get(identity)
        why = _why(error)
        if kept is not None and isinstance(error, FileNotFoundError) and not kept.directory.exists():
            del self.stations[identity]
            self.warn(
                f"NOT RECORDED: {shown(identity)}: somebody took {kept.directory} away; a new one begins"
            )
        elif kept is None or not isinstance(error, OSError) or kept.unwritten_bytes > MOST_UNWRITTEN_BYTES:
            if kept is not None and not kept.is_lost:
                kept.is_lost = True
                self.warn(f"NOT RECORDED any further today: {shown(identity)}: {why}; its traffic goes on")
            elif kept is None:
                self.warn(f"NOT RECORDED: {shown(identity)}: {why}; its traffic goes on")
        elif not kept.unwritten_bytes:
            kept.unwritten_bytes = 1
            self.tell(f"NOT RECORDED for now: {shown(identity)}: {why}; it waits, and traffic goes on")

    def _taken(self, kept: Kept) -> None:
        if kept.unwritten_bytes:
            kept.unwritten_bytes = 0
            self.tell(f"{shown(kept.identity)} is recorded again; nothing is missing")


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}"
