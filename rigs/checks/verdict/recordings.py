"""What is judged: the frames of one station, and of a run directory its summary, events and telemetry."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evc5.rigs.checks.reading.frames import lines
from evc5.rigs.checks.reading.logs.told import Progress
from evc5.rigs.checks.reading.sources import STDIN, Sources, is_run, named
from evc5.rigs.checks.reading.station_time import DIALLED_IN
from evc5.rigs.checks.reading.transcripts import Transcript, opened
from evc5.rigs.checks.state.connectors import HANDS
from evc5.rigs.checks.verdict.verdict import read_summary
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import keeps, messages

if TYPE_CHECKING:
    from evc5.rigs.checks.reading.logs.fleet import StationLog


class Recording(NamedTuple):
    """One recording: `name` is that of its station, or of its file where nothing names one."""

    name: str
    transcript: "Transcript | StationLog"
    summary: dict[str, Any]
    directory: Path | None = None

    @property
    def is_from_power_on(self) -> bool:
        """Is it from the station's first moment on? A real one, or one with a memory, had a life before."""
        served = self.summary.get("csms") in DIALLED_IN or self.summary.get("continues")
        return self.directory is not None and not served

    @property
    def keeps_frames(self) -> bool:
        return keeps(self.summary, "messages")

    def part(self, name: str) -> Path | None:
        """A file or folder of the run directory, where it is there."""
        path = None if self.directory is None else self.directory / name
        return path if path is not None and path.exists() else None


def one(source: Sources, station: str | None, timezone: str | None, end: str | None) -> Recording:
    """The recording of one station; BadInput where there are several and none is named."""
    logs = list(_opened(source, station, timezone, end))
    if len(logs) > 1:
        raise BadInput(f"{_listed([log.name for log in logs])} are recordings of their own; name one")
    (log,) = logs
    if isinstance(log, Recording):
        return log
    if station is None and len(stations := log.told().stations) > 1:
        raise BadInput(f"{log.name} holds the frames of {_listed(stations)}; name one station")
    return _of_log(log, station)


def every(
    source: Sources,
    station: str | None,
    timezone: str | None,
    end: str | None,
    progress: Progress | None = None,
) -> Iterator[Recording]:
    """Every recording that a source holds; `progress` hears how far the parting of a log of many is."""
    for log in _opened(source, station, timezone, end):
        if isinstance(log, Recording):
            yield log
        elif station is not None or len(log.told().stations) < 2:
            yield _of_log(log, station)
        else:
            from evc5.rigs.checks.reading.logs.fleet import Fleet  # nobody else needs its reader

            log.tell_progress(progress)
            fleet = Fleet(log.log)
            for name, part in fleet.stations.items():
                yield Recording(name, part, {"behaviour": part.told().behaviour})


def _opened(
    source: Sources, station: str | None, timezone: str | None, end: str | None
) -> Iterator[Recording | Transcript]:
    paths = [] if source == STDIN else named(source)
    for directory in filter(is_run, paths):
        transcript = Transcript([messages(directory)])
        summary = read_summary(directory)
        if summary.get("csms") in DIALLED_IN:
            summary.setdefault("behaviour", transcript.told().behaviour)
        yield Recording(str(directory), transcript, summary, directory)
    files = [path for path in paths if not is_run(path)]
    if files or source == STDIN:
        yield from opened(files or STDIN, station=station, timezone=timezone, end=end)


def _of_log(log: Transcript, station: str | None = None) -> Recording:
    told = log.told()
    if station is not None and station not in told.stations:
        named = _listed(told.stations) if told.stations else "none by name"
        raise BadInput(f"{log.name} holds no frames of the station {station}; it holds {named}")
    return Recording(station or next(iter(told.stations), log.name), log, {"behaviour": told.behaviour})


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*names[:4], *([f"{len(names) - 4} more"] if len(names) > 4 else [])])


def tells_of_hands(recording: Recording) -> bool:
    """Is what was done at the connectors written down? Of a station that dialled in only if a rig did it."""
    events = recording.part("events.jsonl")
    if events is None or recording.is_from_power_on or recording.summary.get("csms") not in DIALLED_IN:
        return events is not None
    marks = [f'"event":"{name}"'.encode() for name in HANDS]
    return any(mark in raw for _, raw in lines(events) for mark in marks)
