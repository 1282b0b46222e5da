"""The outages of a recording of ours that has lost its events: from its frames alone, as of any log."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from evc5.rigs.checks.reading.frames import Reader, lines
from evc5.rigs.checks.reading.logs import times
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.outages import Outages
from evc5.rigs.checks.reading.logs.zones import Timed


def silences(path: Path, reader: Reader) -> Iterator[tuple[float, float]]:
    """From when to when the station was offline, in epoch seconds, in order."""
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
