"""When a station was offline, from its frames alone: it is silent, and what it says next is from the silence.

A station that keeps its line says a Heartbeat in time; one whose line is down keeps what happens for later.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from evc5.rigs.checks.reading.logs import times
from evc5.rigs.checks.reading.logs.zones import Timed

SILENT_S = 600.0  # assumed: silence that long may be an outage, whatever the heartbeat interval
BEATS = 1.5  # heartbeat intervals without a word that an open line does not have
OLD_S = 30.0  # assumed: a message that is older when it goes waited for its line
LOOKED_AT_FRAMES = 12  # frames after a silence in which an old one tells of it
WITHIN_S = 60.0  # and how long after it


@dataclass(slots=True)
class _Station:
    """What is known of one station's line."""

    last: float | None = None  # when it last said something
    is_prompt: bool = True  # its last stamp was fresh when it went
    interval_s: float | None = None  # of its heartbeats
    since: float | None = None  # a silence that may be an outage, until frames tell
    until: float = 0.0
    waiting: deque[Timed] = field(default_factory=deque)


class Outages:
    """Marks the first frame after each outage with when it began."""

    def __init__(self) -> None:
        self._stations: dict[str, _Station] = {}

    def marked(self, frames: Iterable[Timed]) -> Iterator[Timed]:
        for frame in frames:
            station = self._stations.setdefault(frame.station, _Station())
            if station.since is not None:
                station.waiting.append(frame)
                if self._is_decided(station, frame):
                    yield from self._released(station)
            elif self._begins(station, frame):
                station.since, station.until = station.last, frame.epoch_s
                station.waiting.append(frame)
                if self._is_decided(station, frame):
                    yield from self._released(station)
            else:
                yield frame
            self._learn(station, frame)
        for station in self._stations.values():
            yield from self._released(station)

    def _begins(self, station: _Station, frame: Timed) -> bool:
        if not frame.up or station.last is None or not station.is_prompt:
            return False
        beat = station.interval_s
        silent_s = SILENT_S if beat is None else min(max(BEATS * beat, 2 * OLD_S), SILENT_S)
        return frame.epoch_s - station.last > silent_s

    def _is_decided(self, station: _Station, frame: Timed) -> bool:
        """An old stamp from within the silence tells of an outage; enough fresh ones of none."""
        since = station.since or 0.0
        stamp = times.own_stamp(frame.found) if frame.up else None
        if stamp is not None and since - OLD_S <= stamp < station.until - OLD_S:
            station.waiting[0].offline_since = since
            return True
        return len(station.waiting) >= LOOKED_AT_FRAMES or frame.epoch_s - station.until > WITHIN_S

    def _released(self, station: _Station) -> Iterator[Timed]:
        yield from station.waiting
        station.waiting.clear()
        station.since = None

    def _learn(self, station: _Station, frame: Timed) -> None:
        if not frame.up:
            told = frame.found.payload
            interval = told.get("interval") if frame.current is not None and isinstance(told, dict) else None
            if isinstance(interval, int) and interval > 0:
                station.interval_s = float(interval)
            return
        stamp = times.own_stamp(frame.found)
        if stamp is not None:
            station.is_prompt = abs(frame.epoch_s - stamp) <= OLD_S
        station.last = frame.epoch_s
