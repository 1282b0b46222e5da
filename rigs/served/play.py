"""A rig played on the charge point that it is for: its keys, its bench, hands where the bench has none."""

import sys
from collections.abc import Iterator
from pathlib import Path

from evc5.models.units import DAY_S
from evc5.rigs.durations import lasts
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware import bus
from evc5.rigs.hardware.bench import BOX_FAULTS
from evc5.rigs.hardware.modbus import box
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.hardware import Device, Hardware
from evc5.rigs.served.back_office import Service, Station, Tell
from evc5.rigs.served.keys import RigKeys
from evc5.rigs.served.metal import Metal
from evc5.rigs.served.operator import Operator, Script, Step, role_of, steps

PERSON = "a person"


class Play:
    """Begins when its station dials in. The bench is started when this is made; `end` leaves it dead."""

    def __init__(self, service: Service, rig: RigFile, directory: Path, tell: Tell) -> None:
        self._service = service
        self._rig = rig
        self._directory = directory
        self._tell = tell
        self._script: Script | None = None
        self._keys: RigKeys | None = None
        self._bench: Metal | None = None
        if rig.hardware is not None:
            tell(f"{rig.name} takes {lasts(rig.days * DAY_S / service.factor)} of real time on this bench")
            self._bench = Metal(service, rig.hardware, rig, tell)
        on_metal = rig.station.backend == "hardware"
        self.operator = Operator(service.hub, sys.stderr, sys.stdin) if on_metal else None
        service.on_first.append(self._begin)

    @property
    def over(self) -> bool:
        return self._script is not None and self._script.over

    @property
    def fault(self) -> str | None:
        """What of the bench failed."""
        return self._bench.bench.fault if self._bench is not None else None

    def end(self) -> None:
        """Keys back while the charge point still has power; after a fault or Ctrl-C the bench goes first."""
        in_order = self.over and self.fault is None
        if in_order:
            self._put_back()
        if self._bench is not None:
            self._bench.close()
        if self.operator is not None:
            self.operator.dismiss()
        if not in_order:
            self._put_back()

    def _begin(self, station: Station) -> None:
        if station.identity != self._rig.station.identity:
            return
        if self._bench is not None:
            self._bench.record(station)
        if self.operator is None:
            self._play(station)
            return
        self._keys = RigKeys(self._service, station, self._rig, self._directory, self._tell)
        self._keys.set(lambda: self._play(station))

    def _play(self, station: Station) -> None:
        bench = self._bench.bench if self._bench is not None else None
        self._script = Script(self._service, station, self._rig, self.operator, bench)

    def _put_back(self) -> None:
        if self._keys is not None:
            self._keys.put_back()


def check_hands(rig: RigFile) -> None:
    """BadInput where a bench would be energised, somebody is needed, and nobody is at the terminal."""
    if rig.hardware is None or sys.stdin.isatty() or not _energises(rig.hardware):
        return
    lacking = [step for step in steps(rig) if who(rig, step) == PERSON]
    if lacking:
        roles = ", ".join(sorted({_place(step) for step in lacking}))
        told = f"{lacking[0].ask}{f' and {len(lacking) - 1} more' if len(lacking) > 1 else ''}"
        raise BadInput(f"{rig.where}hardware: no terminal to ask at, and no driver for {roles}: {told}")


def check_boxes(rig: RigFile) -> None:
    """BadInput where a box of relays lacks the coils of what the rig will have it do."""
    for step in steps(rig):
        device = next(_devices(rig.hardware, step), None) if rig.hardware is not None else None
        if device is None or device.driver != "modbus-box" or role_of(step) != "cable":
            continue
        coils = box.find(device.map or "", rig.folder)
        table, wanted = _of_box(step)
        if lacking := [name for name in wanted if name not in getattr(coils, table)]:
            where = f"{rig.where}hardware.{_place(step)}.map: {device.map}"
            raise BadInput(f"{where} has no {table}.{lacking[0]}, which it takes: {step.ask}")


def _of_box(step: Step) -> tuple[str, tuple[str, ...]]:
    """Table of a box's map, and which of its rows a step needs."""
    if step.event == "plug-in":
        return "cable", (f"{step.detail['cable_a']:g}",)
    if step.event in ("fault", "clear") and step.detail["fault"] in BOX_FAULTS:
        return "fault", (BOX_FAULTS[step.detail["fault"]],)
    return ("pilot", ("B",)) if step.event == "unplug" else ("pilot", ())


def who(rig: RigFile, step: Step) -> str:
    """The driver that does a step, else a person."""
    device = next(_devices(rig.hardware, step), None) if rig.hardware is not None else None
    if device is None or device.driver == "person":
        return PERSON
    if step.event in ("fault", "clear") and step.detail["fault"] not in (*BOX_FAULTS, *bus.FAULTS):
        return PERSON
    return device.driver


def _devices(hardware: Hardware, step: Step) -> Iterator[Device]:
    """Those that could do a step, the nearest first."""
    role = role_of(step)
    roles = ("mains", "supply") if role == "mains" else (role,)
    for wanted in roles:
        for name, connector, device in hardware.devices():
            if name == wanted and connector in (None, step.connector):
                yield device


def _place(step: Step) -> str:
    where = f"connector.{step.connector}." if step.connector is not None else ""
    return f"{where}{role_of(step)}"


def _energises(hardware: Hardware) -> bool:
    return any(device.driver != "person" for _, _, device in hardware.devices())
