"""A log of anybody's, told as our own recordings are: frame by frame, with time, direction and station."""

import pickle
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import orjson

from evc5.rigs.checks.reading import pieces
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.logs import decoding, times
from evc5.rigs.checks.reading.logs.decoding import Line
from evc5.rigs.checks.reading.logs.entries import entries
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.outages import SILENT, SKIPPED, STRANGER, Outages
from evc5.rigs.checks.reading.logs.repeats import Repeats
from evc5.rigs.checks.reading.logs.survey import Pairs, Survey, survey
from evc5.rigs.checks.reading.logs.told import Progress, Told
from evc5.rigs.checks.reading.logs.zones import Timed, Zone
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.frames import json_text

LOOKED_AT_ENTRIES = 2000  # entries in which a part of a log tells its first time
CHUNK = 5_000  # frames of a log written newest first that are turned in memory
TOLD_LINES = 2_000  # lines after which it is told how far the reader is
SHOWN_LINES = 100  # of a log without frames, in which is looked for what it holds
PACKED = 10  # a packed log is about so many times longer
WANTED = 'a frame is a JSON array as [2,"id","Heartbeat",{}], anywhere in a line or over several'
UNREAD = {  # what a log may hold in the place of frames: the codings are what `[2,"` and its like become
    r"(?i)<[\w-]*:?Envelope\b|urn://ocpp/c[sp]/20": "it is OCPP over SOAP (1.5, 1.6S), and 1.6J is read here",
    r"\bWz[IMQ]sI": "its frames are in base64: decode them first",
    r"(?i)\b5b ?3[234] ?2c": "its frames are in hexadecimal: decode them first",
}
STAMP_AHEAD_S = 86_400.0  # a stamp further ahead of what the log told so far is a clock fault, no time


class Log:
    """A log of one file or several, read as often as it is asked for, and never whole in memory."""

    def __init__(
        self,
        paths: Sequence[Path],
        name: str,
        *,
        station: str | None = None,
        zone: ZoneInfo | None = None,
        end: str | None = None,
    ) -> None:
        self._paths = _in_order(paths)
        self._name = name
        self._station = station
        self._zone = zone
        self.end = end or "csms"
        self.progress: Progress | None = None
        self._letters = sum(map(_letters, paths))
        self._files: list[tuple[int, str]] = []  # those read so far, as Told has them
        self._cut: list[Path] = []  # those of them whose packing has no end
        self._ends_at: int | None = None  # the line of a frame in the middle of which it ends
        self.survey = survey(self._found(), self.end == "station")
        if self.survey.is_reversed and not pieces.are_lettered(self._paths):
            self._paths.reverse()
        self._zone_of_log: Zone | None = None
        self._left_out = 0
        if self.survey.shortened is not None:
            raise BadInput(f"{self._name} {_cut(self.survey.shortened)}")
        if not self.survey.frames:
            raise BadInput(f"{self._name} holds no OCPP frames ({self._shown()})")

    def records(self) -> Iterator[tuple[int, bytes]]:
        """The frames as lines of `messages.jsonl`, with the numbers of their own lines."""
        start: float | None = None
        for frame in self.frames():
            if not frame.found.is_frame:
                yield frame.found.line, frame.found.text.encode() + b"\n"
                continue
            start = frame.epoch_s if start is None else start
            yield from lines_of(frame, start)

    def frames(self) -> Iterator[Timed]:
        """The frames in order, with their times, once each."""
        told = self.survey
        self._zone_of_log = Zone(self._zone, told.guess_s)
        repeats = Repeats(told.is_doubled)
        timed = self._zone_of_log.told(repeats.once(self._timed()))
        yield from Outages(holes=True).marked(timed) if self.told().knows_clock else timed
        self._left_out = repeats.left_out

    def told(self) -> Told:
        """What is known of the log; once its frames were read, with what was met on the way."""
        told = self.survey
        vendor = str(told.boot.get("chargePointVendor", ""))
        version = told.version
        notes, clock, files = tuple(self._notes()), self._clock(), tuple(self._files)
        return Told(told.stations, version, vendor, clock, self.end, notes, told.records, files)

    # -- reading ---------------------------------------------------------------------------------

    def _lines(self) -> Iterator[Line]:
        first, read = 1, 0
        self._files, self._cut = [], []
        for path in self._paths:
            if len(self._paths) > 1:
                self._files.append((first, str(path)))
            number = first - 1
            for line in decoding.lines(path, first, self._cut.append):
                number = line.number
                read += len(line.text) + 1
                if self.progress is not None and number % TOLD_LINES == 0:
                    self.progress(read, max(self._letters, read))
                yield line
            first = number + 1

    def _found(self) -> Iterator[Found]:
        return entries(self._lines())

    def _ordered(self) -> Iterator[Found]:
        return _calls_first(_turned(self._found())) if self.survey.is_reversed else self._found()

    def _timed(self) -> Iterator[Timed]:
        """Each frame with its direction, station and the time of its line."""
        pairs, clock = Pairs(), _Clock(self.survey)
        station = ""
        for found in self._ordered():
            if not found.is_frame:
                if found.is_cut:
                    self._ends_at = found.line
                elif self.survey.is_dense and found.text and self._station is None:
                    yield Timed(found, clock.epoch_s, clock.is_local, up=True, is_stamped=False)
                continue
            station = self.survey.station_of(found) or station
            up = self._way(found, pairs, station)
            pairs.went(found, up, station)
            frame = clock.timed(found, up)
            frame.station = station
            if self._station is None or station == self._station:
                yield frame

    def _way(self, found: Found, pairs: Pairs, station: str) -> bool:
        directions = self.survey.directions
        beside, is_sure = directions.way(found)
        inside = pairs.way(found, station)
        if beside is not None and (inside is None or is_sure):
            return beside
        if inside is not None:
            return inside
        by_id = directions.by_id(found) if found.kind == 2 else None
        return True if by_id is None else by_id

    # -- telling ---------------------------------------------------------------------------------

    def _clock(self) -> str:
        told = self.survey
        if not told.is_stamped:
            return "csms"
        if not told.is_local:
            return "told"
        return "learned" if self._zone is not None or told.tells_time else "station"

    def _notes(self) -> Iterator[str]:
        told = self.survey
        if len(told.records) == 1:
            side = "charge point" if told.records[0] else "CSMS"
            yield f"the log holds the frames of the {side} alone: what the other side said is not known"
        for path in self._cut:
            yield f"{path.name} is cut off, its packing has no end: what stands before that is judged"
        if self._ends_at is not None:
            yield f"the log ends in the middle of a frame (line {self._ends_at}), which is left out"
        if told.is_reversed:
            yield "the log is written newest first and was read from its end"
        if self._left_out:
            yield f"{self._left_out} frames stand in the log a second time and were left out"
        zone = self._zone_of_log
        if zone is not None and zone.offsets and self._zone is None:
            offsets = ", then ".join(map(_hours, zone.offsets))
            yield f"its times have no zone; by the CSMS's currentTime they are UTC{offsets}"

    def _shown(self) -> str:
        """The first line of a log that could not be read, for the one who must see why."""
        lines = list(islice((line for line in self._lines() if line.text.strip()), SHOWN_LINES))
        if not lines:
            return "it is empty"
        found = ((line, why) for line in lines for sign, why in UNREAD.items() if re.search(sign, line.text))
        line, told = next(found, (lines[0], WANTED))
        return f"line {line.number}: {_printable(line.text.strip()[:60])!r}; {told}"


def _letters(path: Path) -> int:
    """About how many it holds; nobody knows of a packed file before it is read."""
    return path.stat().st_size * (PACKED if path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst") else 1)


def _in_order(paths: Sequence[Path]) -> list[Path]:
    """The parts of a log as they were written: by the first time in each, where all tell one."""
    if pieces.are_lettered(paths):
        return list(paths)
    begun = {path: _begins(path) for path in paths} if len(paths) > 1 else {}
    if None in begun.values() or len(set(begun.values())) < len(begun):
        return list(paths)
    return sorted(paths, key=lambda path: begun.get(path) or 0.0)


def _begins(path: Path) -> float | None:
    for found in islice(entries(decoding.lines(path)), LOOKED_AT_ENTRIES):
        stamp = times.stamp_of(found) if found.kind else None
        at = stamp.at if stamp is not None else times.current_time(found) or times.own_stamp(found)
        if at is not None:
            return at
    return None


def _cut(found: Found) -> str:
    said = found.text if found.body is None else json_text(found.body)
    return (
        f"holds frames that its logger shortened (line {found.line}: {_printable(said[-60:])!r}); have it"
        " write them whole (websockets: WEBSOCKETS_MAX_LOG_SIZE=1000000)"
    )


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


class _Clock:
    """The time of each frame's line; where a log has none, its payloads tell."""

    def __init__(self, told: Survey) -> None:
        self._told = told
        self._near = told.near
        self.epoch_s = told.near or 0.0
        self.is_local = False

    def timed(self, found: Found, up: bool) -> Timed:
        stamp = times.stamp_of(found) if self._told.is_stamped else None
        current = None if up else times.current_time(found)
        if stamp is not None:
            self.epoch_s, self.is_local = times.settled(stamp, self._told.month_first, self._near)
            if stamp.kind in ("daily", "yearless"):
                self._near = self.epoch_s
        elif not self._told.is_stamped:
            self._payload(found, current)
        return Timed(found, self.epoch_s, self.is_local, up, current, is_stamped=stamp is not None)

    def _payload(self, found: Found, current: float | None) -> None:
        at = times.own_stamp(found) if current is None else current
        if at is not None and self.epoch_s < at <= self.epoch_s + STAMP_AHEAD_S:
            self.epoch_s = at


def lines_of(frame: Timed, start: float) -> Iterator[tuple[int, bytes]]:
    """A frame, and before the first after an outage or silence that: as lines of a run directory's files."""
    is_hole = frame.hole in (SKIPPED, STRANGER, SILENT)
    silent = [_silence(frame, "hole" if is_hole else "silence", start)] * (frame.silent_since is not None)
    offline = list(_offline(frame, start)) if frame.offline_since is not None else []
    for event in (*silent, *offline) if is_hole else (*offline, *silent):
        yield frame.found.line, event
    yield frame.found.line, record_of(frame, start)


def _silence(frame: Timed, name: str, start: float) -> bytes:
    since = iso(frame.silent_since or frame.epoch_s)
    detail = {"since": since, "interval_s": frame.late_s, "kind": frame.hole}
    return _event(frame.epoch_s, name, detail, start)


def _offline(frame: Timed, start: float) -> Iterator[bytes]:
    yield _event(frame.offline_since or frame.epoch_s, "link-down", {}, start)
    yield _event(frame.epoch_s, "link-up", {}, start)


def _event(at: float, name: str, detail: dict[str, Any], start: float) -> bytes:
    row = {"t": round(at - start, 6), "at": iso(at), "connector": None, "event": name, "detail": detail}
    return orjson.dumps(row) + b"\n"


def record_of(frame: Timed, start: float) -> bytes:
    """A frame as a line of `messages.jsonl`."""
    found = frame.found
    record: dict[str, Any] = {
        "t": round(frame.epoch_s - start, 6),
        "at": iso(frame.epoch_s),
        "station": frame.station,
        "dir": "up" if frame.up else "down",
    }
    if found.lost:
        record["lost"] = True
    if frame.said:
        return b'%b,"frame":%b}\n' % (orjson.dumps(record)[:-1], frame.said)
    return orjson.dumps(record | {"text": found.text if found.body is None else repr(found.body)}) + b"\n"


def _hours(offset_s: float) -> str:
    sign = "-" if offset_s < 0 else "+"
    minutes = round(abs(offset_s) / 60.0)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def _turned(found: Iterable[Found]) -> Iterator[Found]:
    """The same from its end on: chunk by chunk on disk, so that memory does not grow."""
    with tempfile.TemporaryFile() as file:
        places: list[int] = []
        chunk: list[Found] = []
        for one in found:
            chunk.append(one)
            if len(chunk) == CHUNK:
                places.append(_kept(file, chunk))
                chunk = []
        yield from reversed(chunk)
        for place in reversed(places):
            file.seek(place)
            yield from reversed(pickle.load(file))


def _calls_first(found: Iterable[Found]) -> Iterator[Found]:
    """A record that tells a CALL with its reply tells them in that order, whichever way the records go."""
    reply: Found | None = None
    for one in found:
        if one.is_beside:
            reply = one
            continue
        yield one
        if reply is not None:
            yield reply
            reply = None


def _kept(file: IO[bytes], chunk: list[Found]) -> int:
    place = file.seek(0, 2)
    pickle.dump(chunk, file, protocol=pickle.HIGHEST_PROTOCOL)
    return place
