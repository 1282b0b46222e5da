"""The bench of a rig while it is served: what it reads is recorded, and it is left dead at the end."""

from collections.abc import Mapping
from typing import Any

from evc5.rigs.hardware.bench import HardwareBench
from evc5.rigs.hardware.instruments import described
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.hardware import Hardware
from evc5.rigs.served.back_office import Service, Station, Tell
from evc5.rigs.served.source import check_source, fed


class Metal:
    """Starts the bench when it is made; what it reads goes to the one station that the rig is for."""

    def __init__(self, service: Service, hardware: Hardware, rig: RigFile, tell: Tell) -> None:
        self._service = service
        self._hardware = hardware
        self._tell = tell
        self._station: Station | None = None
        if (lacks := check_source(rig)) is not None:
            tell(lacks)
        self.latest: dict[int, Mapping[str, Any]] = {}  # by connector: what was read last
        self.bench = HardwareBench(hardware, rig.folder, service.hub.post, self._measured, service.factor)
        first = next(fed(rig), None)
        try:
            self.bench.start(None if first is None else first.detail)
        except BaseException:
            self._tell_left()
            raise
        service.pace.every_second.append(self.bench.renew)

    def record(self, station: Station) -> None:
        """From now on what is read belongs to this station's recording."""
        instrument = described(self._hardware, self._service.factor)
        if instrument is not None:
            station.recorder.measure(instrument)
        self._station = station

    def close(self) -> None:
        """Leave the bench dead, and say in the recording how it ended."""
        self.bench.close()
        about = self.bench.about()
        if self.bench.fault is not None:
            self._tell(f"the bench failed: {self.bench.fault}")
        self._tell_left()
        if self._station is not None:
            summary = self._station.recorder.summary
            summary["bench"] = about
            if (offer := self.bench.worst_offer) is not None:
                summary["telemetry"] |= {"offered_by": offer.by, "offered_a": round(offer.off_a, 2)}
            faults = [*([self.bench.fault] if self.bench.fault else []), *self.bench.left]
            if faults:
                summary["bench_faults"] = faults

    def _tell_left(self) -> None:
        for why in self.bench.left:
            self._tell(f"BENCH NOT PROVEN DEAD: {why}")

    def _measured(self, connector: int, columns: Mapping[str, Any]) -> None:
        self.latest[connector] = columns
        if self._station is not None:
            self._station.recorder.measured(self._service.timeline.now, connector, columns)
