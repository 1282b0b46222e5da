"""Drivers made from what a rig file says; what they need beside us is named before anything is touched."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evc5.models.faults import OVER_VOLTAGE_V
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.drivers import far, sim
from evc5.rigs.hardware.guarded import GuardedClimate, GuardedLoad, GuardedSupply
from evc5.rigs.hardware.modbus.sharing import check_lines
from evc5.rigs.hardware.scpi import dialects
from evc5.rigs.rigfile.hardware import Device, Hardware

NEEDS = {  # driver: a module, and our extra that brings it
    **dict.fromkeys(("modbus-meter", "meter-emulator", "modbus-box"), ("pymodbus", "modbus")),
    **dict.fromkeys(("scpi-load", "scpi-source", "scpi-analyser"), ("pyvisa_py", "scpi")),
}
SAFE_V = OVER_VOLTAGE_V  # where a rig names no limit: what any charger bears for ever
SAFE_A, SAFE_C = 32.0, 60.0  # where a rig names no limit: the largest cable of most, the hottest air; assumed


@dataclass(slots=True)
class Parts:
    """What drivers of one bench share: where files are, and the simulated outlets."""

    folder: Path
    station: sim.SimStation = field(default_factory=sim.SimStation)
    outlets: dict[int, sim.SimOutlet] = field(default_factory=dict)
    _lines: Any = None

    @property
    def lines(self) -> Any:
        """Modbus lines, each opened once."""
        if self._lines is None:
            from evc5.rigs.hardware.modbus.line import Lines

            self._lines = Lines()
        return self._lines

    def outlet(self, connector: int | None, device: Device) -> sim.SimOutlet:
        return self.outlets.setdefault(connector or 1, sim.SimOutlet(self.station, device.offers_a))


Made = Callable[[Parts, str, int | None, Device], Any]


def check(hardware: Hardware, folder: Path) -> None:
    """BadInput for what a driver lacks: a library, a map."""
    for role, connector, device in hardware.devices():
        where = f"hardware.connector.{connector}.{role}" if connector else f"hardware.{role}"
        module, extra = NEEDS.get(device.driver, ("", ""))
        if module and find_spec(module) is None:
            how = f"pip install 'evc5-twin[{extra}]'"
            raise BadInput(f"{where}: driver {device.driver} needs {module}: {how}")
        try:
            _check_data(role, device, folder)
        except BadInput as error:
            raise BadInput(f"{where}.{error}") from None
    check_lines(hardware)


def _check_data(role: str, device: Device, folder: Path) -> None:
    """BadInput for a map or dialect that is none, or does not fit."""
    if device.driver in ("modbus-meter", "meter-emulator"):
        from evc5.rigs.hardware.modbus import maps

        maps.find(device.map or "", folder)
    elif device.driver == "modbus-box":
        from evc5.rigs.hardware.modbus import box

        if box.find(device.map or "", folder).mains is None and role == "mains":
            raise BadInput(f"map {device.map}: mains must be a coil")
    elif device.driver.startswith("scpi-"):
        dialect = dialects.find(device.dialect or "", folder)
        if f"scpi-{dialect.role}" != device.driver:
            raise BadInput(f"dialect {dialect.name} is that of a {dialect.role}, not for {device.driver}")
        if dialect.current == "dc":
            raise BadInput(f"dialect {dialect.name} is direct current: an outlet has alternating current")
        if not (dialect.tried or device.untried):
            raise BadInput(
                f"dialect {dialect.name} was never run on metal; untried = true uses it all the same"
            )


def make(parts: Parts, role: str, connector: int | None, device: Device) -> Any | None:
    """The driver of a device, its limits in front of it; None for a person."""
    made = MAKES[device.driver](parts, role, connector, device)
    if role == "load" and made is not None:
        return GuardedLoad(made, SAFE_A if device.max_a is None else device.max_a)
    if role == "supply" and made is not None:
        return GuardedSupply(made, most_v(device))
    if role == "climate" and made is not None:
        return GuardedClimate(made, SAFE_C if device.max_c is None else device.max_c)
    return made


def most_v(device: Device) -> float:
    """The highest voltage that a source may give."""
    return SAFE_V if device.max_v is None else device.max_v


def _person(parts: Parts, role: str, connector: int | None, device: Device) -> None:
    return None


def _sim(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    if device.url:
        return far.FarSim(far.FarProgram(device.url, role, connector, device.timeout_s), role)
    outlet = parts.outlet(connector, device)
    every = list(parts.outlets.values())
    by_role: dict[str, Any] = {
        "cable": sim.SimCable(outlet),
        "load": sim.SimLoad(outlet),
        "meter": sim.SimMeter(outlet),
        "reader": sim.SimReader(),
        "supply": sim.SimSupply(every, parts.station),
        "mains": sim.SimMains(every, parts.station),
        "climate": sim.SimClimate(parts.station),
    }
    return by_role[role]


def _command(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    from evc5.rigs.hardware.drivers.command import Command, Program

    return Command(Program(device.program, role, connector, device.timeout_s), role)


def _modbus_meter(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    from evc5.rigs.hardware.modbus import maps
    from evc5.rigs.hardware.modbus.meter import ModbusMeter

    line = parts.lines.line(device.url or "", device.unit, device.timeout_s)
    return ModbusMeter(line, maps.find(device.map or "", parts.folder))


def _modbus_box(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    from evc5.rigs.hardware.modbus import box

    line = parts.lines.line(device.url or "", device.unit, device.timeout_s)
    coils = box.find(device.map or "", parts.folder)
    return box.ModbusMains(line, coils.mains or 0) if role == "mains" else box.ModbusBox(line, coils)


def _scpi(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    from evc5.rigs.hardware.scpi import instruments

    dialect = dialects.find(device.dialect or "", parts.folder)
    session = instruments.Session(device.url or "", dialect, device.timeout_s)
    makes: dict[str, Any] = {
        "load": instruments.ScpiLoad, "supply": instruments.ScpiSource, "meter": instruments.ScpiAnalyser
    }  # fmt: skip
    return makes[role](session, dialect)


def _http_switch(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    from evc5.rigs.hardware.drivers.http_switch import HttpSwitch

    return HttpSwitch(device.url or "", device.channel, device.kind, device.timeout_s)


MAKES: dict[str, Made] = {
    "person": _person,
    "sim": _sim,
    "command": _command,
    "modbus-meter": _modbus_meter,
    "meter-emulator": _person,  # it serves what the others do: see `bench`
    "modbus-box": _modbus_box,
    "http-switch": _http_switch,
    **dict.fromkeys(("scpi-load", "scpi-source", "scpi-analyser"), _scpi),
}
