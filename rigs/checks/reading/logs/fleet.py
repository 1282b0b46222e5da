"""A log of many stations, parted once into one file each on disk: memory does not grow with either."""

import gzip
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs.checks.reading.logs.log import Log, lines_of
from evc5.rigs.checks.reading.logs.told import Progress, Told
from evc5.rigs.checks.reading.logs.zones import Timed

MOST_BUFFERED = 8 << 20  # bytes of all stations together that wait to be written
NAMELESS = "(no name)"


@dataclass(slots=True, eq=False, repr=False)
class StationLog:
    """The frames of one station out of a log of many, read from its own file."""

    name: str
    path: Path
    said: Told
    boot: dict[str, Any] = field(default_factory=dict)  # its first BootNotification
    frames: int = 0
    is_own: bool = False
    keeps: object = None  # what holds its file

    def records(self) -> Iterator[tuple[int, bytes]]:
        with gzip.open(self.path, "rb") as file:
            for raw in file:
                number, _, record = raw.partition(b" ")
                yield int(number), record

    def tell_progress(self, progress: Progress | None) -> None:
        """The log was read when its stations were parted; each is soon read anew."""

    def told(self) -> Told:
        return self.said._replace(vendor=str(self.boot.get("chargePointVendor", "")))


class Fleet:
    """The stations of a log by name; their files go with this."""

    def __init__(self, log: Log) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="evc5-")
        self._folder = Path(self._kept.name)
        self._buffers: dict[str, list[bytes]] = {}
        self._buffered = 0
        self._starts: dict[str, float] = {}
        self.stations: dict[str, StationLog] = {}
        for frame in log.frames():
            if frame.found.is_frame:
                self._take(frame.station or NAMELESS, frame, log)
        self._flush()
        self.stations = dict(sorted(self.stations.items()))
        for station in self.stations.values():
            station.keeps = self
            station.said = log.told()._replace(stations=(station.name,))

    def _take(self, name: str, frame: Timed, log: Log) -> None:
        station = self.stations.get(name)
        if station is None:
            path = self._folder / f"{len(self.stations)}.gz"
            station = self.stations[name] = StationLog(name, path, log.told())
            self._starts[name] = frame.epoch_s
        found = frame.found
        if found.action == "BootNotification" and not station.boot and isinstance(found.payload, dict):
            station.boot = found.payload
        station.frames += 1
        for number, raw in lines_of(frame, self._starts[name]):
            line = b"%d " % number + raw
            self._buffers.setdefault(name, []).append(line)
            self._buffered += len(line)
        if self._buffered > MOST_BUFFERED:
            self._flush()

    def _flush(self) -> None:
        for name, lines in self._buffers.items():
            with gzip.open(self.stations[name].path, "ab", compresslevel=1) as file:
                file.write(b"".join(lines))
        self._buffers.clear()
        self._buffered = 0
