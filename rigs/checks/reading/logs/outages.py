"""When a station was offline, from its frames alone: it is silent, and what it says next is from the silence.

A station that keeps its line says a Heartbeat in time; one whose line is down keeps what happens for later.
Where both sides are silent and what follows is fresh, the log may have a hole.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs.checks.reading.frames import Reader, lines
from evc5.rigs.checks.reading.logs import times
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.holes import Numbers, is_rhythm
from evc5.rigs.checks.reading.logs.zones import Timed

SILENT_S = 600.0  # assumed: silence that long may be an outage, whatever the heartbeat interval
MOST_INTERVAL_S = 1e9  # three decades: no station says more
NUMBER = re.compile(r"\d{1,9}")
BEATS = 1.5  # heartbeat intervals without a word that an open line does not have
OLD_S = 30.0  # assumed: a message that is older when it goes waited for its line
LOOKED_AT_FRAMES = 12  # frames after a silence in which an old one tells of it
WITHIN_S = 60.0  # and how long after it
BRIEF_S = 60.0  # assumed: numbers given out of turn are rarely further apart
HOLE_S = 4.0  # assumed: a silence of both sides that is shorter hides nothing
BEAT_KEY = "HeartbeatInterval"
# What tells of a hole: ids left out, a transaction that nobody was given, or silence alone.
SKIPPED, STRANGER, SILENT = "skipped", "stranger", "silent"
WHOLE = "whole"  # nothing is missing, and the station was silent for too long


@dataclass(slots=True, eq=False, repr=False)
class _Silence:
    """One of the station, until frames tell what it was."""

    since: float  # when the station last said something
    quiet_since: float  # when either side did
    until: float
    is_long: bool  # an open line does not have it
    skipped: bool | None = None  # are ids left out? None: not told
    is_told: bool = False  # was a CALL of the station met since?
    begins: bool = False  # does the station tell of a start since?
    knows_stranger: bool = False  # before that, of a transaction that it was never given?
    waiting: deque[Timed] = field(default_factory=deque)
    gaps: list[tuple[Timed, float]] = field(default_factory=list)  # those that end a quiet, and since when

    @property
    def is_brief(self) -> bool:
        return self.until - self.quiet_since <= BRIEF_S

    @property
    def kept_since(self) -> float:
        """Of when the first is that was kept."""
        stamps = (times.own_stamp(frame.found) for frame in self.waiting if _is_old(frame))
        return min((stamp for stamp in stamps if stamp is not None), default=self.since)


@dataclass(slots=True, eq=False, repr=False)
class _Station:
    """What is known of one station's line."""

    last: float | None = None  # when it last said something
    heard: float | None = None  # when either side did
    is_prompt: bool = True  # its last stamp was fresh when it went
    interval_s: float | None = None  # of its heartbeats
    asked: tuple[str, float] | None = None  # the id of a change of it that is not answered yet, and its value
    numbers: Numbers = field(default_factory=Numbers)
    csms_numbers: Numbers = field(default_factory=Numbers)
    quiet_s: deque[float] = field(default_factory=lambda: deque(maxlen=64))  # longer than an open line's
    transactions: deque[int] = field(default_factory=lambda: deque(maxlen=64))  # given, or spoken of
    silence: _Silence | None = None


class Outages:
    """Marks the first frame after each outage with when it began, and where `holes` can be those as well."""

    def __init__(self, holes: bool = False) -> None:
        self._holes = holes
        self._stations: dict[str, _Station] = {}

    def marked(self, frames: Iterable[Timed]) -> Iterator[Timed]:
        for frame in frames:
            station = self._stations.setdefault(frame.station, _Station())
            if station.silence is not None and frame.epoch_s - station.silence.until > WITHIN_S:
                yield from self._released(station)
            station.silence = station.silence or self._silence(station, frame)
            heard = frame.epoch_s if station.heard is None else station.heard
            if station.silence is not None and frame.epoch_s - heard > HOLE_S:
                station.silence.gaps.append((frame, heard))
            self._learn(station, frame, station.silence)
            if station.silence is None:
                yield frame
                continue
            station.silence.waiting.append(frame)
            if self._is_decided(station.silence, frame):
                yield from self._released(station)
        for station in self._stations.values():
            yield from self._released(station)

    def _released(self, station: _Station) -> Iterator[Timed]:
        """What waits until it is known what a silence was; nobody told of an outage: is it a hole?"""
        silence, station.silence = station.silence, None
        if silence is not None:
            if silence.waiting[0].offline_since is None and self._holes:
                self._mark(station, silence)
            elif self._holes and self._are_both(station, silence):
                self._mark_both(silence)
            elif silence.skipped is not False and self._holes:  # it may number what it could not send
                silence.waiting[0].silent_since = silence.quiet_since
            yield from silence.waiting

    def _mark(self, station: _Station, silence: _Silence) -> None:
        """Each frame before which some may be missing."""
        for frame, since in silence.gaps:
            quiet_s = frame.epoch_s - since
            is_long = station.interval_s is not None and quiet_s > BEATS * station.interval_s
            is_late = is_long and not any(map(_is_old, silence.waiting))
            frame.late_s = station.interval_s if is_late else None
            frame.silent_since = since if is_late or silence.skipped is not False else None
            frame.hole = self._told_by(station, silence.skipped, quiet_s, is_late)

    def _are_both(self, station: _Station, silence: _Silence) -> bool:
        """Is a hole ahead of an outage? Then a start is missing, and what was kept is of its end alone."""
        if not silence.knows_stranger or silence.skipped is False:
            return False
        return silence.kept_since - silence.since > self._silent_s(station)

    @staticmethod
    def _mark_both(silence: _Silence) -> None:
        first = silence.waiting[0]
        first.offline_since, first.silent_since = silence.kept_since, silence.quiet_since
        first.hole = SKIPPED if silence.skipped else STRANGER

    def _told_by(self, station: _Station, skipped: bool | None, quiet_s: float, is_late: bool) -> str:
        if skipped is not None:
            return SKIPPED if skipped else WHOLE
        return SILENT if is_late and not self._is_habit(station, quiet_s) else ""

    @staticmethod
    def _is_habit(station: _Station, quiet_s: float) -> bool:
        """A log has a hole or two; more silences of one length are the station's own."""
        station.quiet_s.append(quiet_s)
        return is_rhythm(station.quiet_s)

    # -- silences --------------------------------------------------------------------------------

    def _silence(self, station: _Station, frame: Timed) -> _Silence | None:
        """One that this frame ends and that may be an outage or a hole."""
        if station.last is None or station.heard is None:
            return None
        is_long = frame.up and station.is_prompt and frame.epoch_s - station.last > self._silent_s(station)
        if is_long or (self._holes and frame.epoch_s - station.heard > HOLE_S):
            return _Silence(station.last, station.heard, frame.epoch_s, is_long)
        return None

    def _silent_s(self, station: _Station) -> float:
        beat = station.interval_s
        return SILENT_S if beat is None else min(max(BEATS * beat, 2 * OLD_S), SILENT_S)

    @staticmethod
    def _is_decided(silence: _Silence, frame: Timed) -> bool:
        """An old stamp from within the silence tells of an outage; enough fresh ones of none."""
        stamp = times.own_stamp(frame.found) if frame.up and silence.is_long else None
        if stamp is not None and silence.since - OLD_S <= stamp < silence.until - OLD_S:
            silence.waiting[0].offline_since = silence.since
            return True
        return len(silence.waiting) >= LOOKED_AT_FRAMES or (silence.is_told and not silence.is_long)

    # -- what is learned -------------------------------------------------------------------------

    def _learn(self, station: _Station, frame: Timed, silence: _Silence | None) -> None:
        station.heard = frame.epoch_s
        self._learn_transaction(station, frame, silence)
        if not frame.up:
            self._learn_interval(station, frame)
            if frame.found.kind == 2:
                if silence is not None and station.csms_numbers.skipped(frame.found.id, silence.is_brief):
                    silence.skipped = silence.is_told = True
                station.csms_numbers.tell(frame.found.id, *_loses(silence))
                station.numbers.tell_other(frame.found.id)
            return
        stamp = times.own_stamp(frame.found)
        if stamp is not None:
            station.is_prompt = abs(frame.epoch_s - stamp) <= OLD_S
        station.last = frame.epoch_s
        self._learn_change(station, frame.found)
        if frame.found.kind == 2:
            if silence is not None and not silence.is_told:
                self._ask_number(station.numbers, silence, frame)
            station.numbers.tell(frame.found.id, *_loses(silence))
            station.csms_numbers.tell_other(frame.found.id)

    @staticmethod
    def _ask_number(numbers: Numbers, silence: _Silence, frame: Timed) -> None:
        """Of the first CALL after a silence."""
        silence.is_told = True
        silence.skipped = numbers.skipped(frame.found.id, silence.is_brief)
        if silence.skipped is None and frame.found.action == "BootNotification":
            silence.skipped = False  # it was down, and says so

    @staticmethod
    def _learn_transaction(station: _Station, frame: Timed, silence: _Silence | None) -> None:
        """One that it was given, or speaks of."""
        if silence is not None:
            silence.begins |= frame.up and frame.found.action == "StartTransaction"
        told, kind = frame.found.payload, frame.found.kind
        id = told.get("transactionId") if isinstance(told, dict) and (kind == 2) == frame.up else None
        if not isinstance(id, int) or id <= 0 or id in station.transactions:
            return
        station.transactions.append(id)
        if silence is not None and frame.up and not silence.begins:
            silence.knows_stranger = True

    def _learn_interval(self, station: _Station, frame: Timed) -> None:
        """A boot's answer gives it; a change of the key counts at once where it is a longer one."""
        told = frame.found.payload
        if not isinstance(told, dict):
            return
        if frame.current is not None and _seconds(told.get("interval")):
            station.interval_s = _seconds(told.get("interval"))
        elif told.get("key") == BEAT_KEY and (asked := _seconds(told.get("value"))):
            station.interval_s = max(asked, station.interval_s or 0.0)
            station.asked = frame.found.id, asked

    @staticmethod
    def _learn_change(station: _Station, found: Found) -> None:
        """A shorter one counts where it is taken."""
        if station.asked is None or found.kind != 3 or found.id != station.asked[0]:
            return
        if isinstance(found.payload, dict) and found.payload.get("status") == "Accepted":
            station.interval_s = station.asked[1]
        station.asked = None


def silences(path: Path, reader: Reader) -> Iterator[tuple[float, float]]:
    """Of a recording of ours that has lost its events: from when to when it was offline, in epoch seconds."""
    for frame in Outages().marked(_timed(path, reader)):
        if frame.offline_since is not None:
            yield frame.offline_since, frame.epoch_s


def _timed(path: Path, reader: Reader) -> Iterator[Timed]:
    for number, raw in lines(path):
        with suppress(ValueError):  # the judge complains of it
            frame = reader.read(number, raw)
            if not frame.lost and not frame.fault:
                body = [frame.kind, frame.id, *([frame.action] if frame.kind == 2 else []), frame.payload]
                found = Found(number, body)
                current = None if frame.up else times.current_time(found)
                yield Timed(found, frame.epoch_s, False, frame.up, current, epoch_s=frame.epoch_s)


def _loses(silence: _Silence | None) -> tuple[bool, bool]:
    """Are numbers left out for sure; may they be?"""
    return (False, False) if silence is None else (bool(silence.skipped), not silence.is_brief)


def _is_old(frame: Timed) -> bool:
    """Is it of the station, and was it kept for longer than it takes to send?"""
    stamp = times.own_stamp(frame.found) if frame.up else None
    return stamp is not None and frame.epoch_s - stamp > OLD_S


def _seconds(told: Any) -> float | None:
    """Above zero, as a number or written out; None of anything else."""
    if isinstance(told, str) and NUMBER.fullmatch(told):
        told = int(told)
    is_number = isinstance(told, int) and not isinstance(told, bool)
    return float(told) if is_number and 0 < told < MOST_INTERVAL_S else None
