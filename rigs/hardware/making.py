"""Drivers made from what a rig file says; what they need beside us is named before anything is touched."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.drivers import sim
from evc5.rigs.hardware.guarded import GuardedClimate, GuardedLoad
from evc5.rigs.rigfile.hardware import Device, Hardware

NEEDS = {"modbus-meter": ("pymodbus", "modbus")}  # driver: a module, and our extra that brings it
SAFE_A, SAFE_C = 32.0, 60.0  # where a rig names no limit: the largest cable of most, the hottest air; assumed


@dataclass(slots=True)
class Parts:
    """What drivers of one bench share: where files are, and the simulated outlets."""

    folder: Path
    station: sim.SimStation = field(default_factory=sim.SimStation)
    outlets: dict[int, sim.SimOutlet] = field(default_factory=dict)

    def outlet(self, connector: int | None, device: Device) -> sim.SimOutlet:
        return self.outlets.setdefault(connector or 1, sim.SimOutlet(self.station, device.offers_a))


Made = Callable[[Parts, str, int | None, Device], Any]


def check(hardware: Hardware, folder: Path) -> None:
    """BadInput for what a driver lacks: a library, a map."""
    for role, connector, device in hardware.devices():
        where = f"hardware.connector.{connector}.{role}" if connector else f"hardware.{role}"
        module, extra = NEEDS.get(device.driver, ("", ""))
        if module and find_spec(module) is None:
            raise BadInput(
                f"{where}: driver {device.driver} needs {module}: pip install 'evc5-twin[{extra}]'"
            )
        if device.driver == "modbus-meter":
            from evc5.rigs.hardware.modbus import maps

            try:
                maps.find(device.map or "", folder)
            except BadInput as error:
                raise BadInput(f"{where}.{error}") from None


def make(parts: Parts, role: str, connector: int | None, device: Device) -> Any | None:
    """The driver of a device, its limits in front of it; None for a person."""
    made = MAKES[device.driver](parts, role, connector, device)
    if role == "load" and made is not None:
        return GuardedLoad(made, SAFE_A if device.max_a is None else device.max_a)
    if role == "climate" and made is not None:
        return GuardedClimate(made, SAFE_C if device.max_c is None else device.max_c)
    return made


def _person(parts: Parts, role: str, connector: int | None, device: Device) -> None:
    return None


def _sim(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
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
    from evc5.rigs.hardware.modbus.line import Line
    from evc5.rigs.hardware.modbus.meter import ModbusMeter

    line = Line(device.url or "", device.unit, device.timeout_s)
    return ModbusMeter(line, maps.find(device.map or "", parts.folder))


def _http_switch(parts: Parts, role: str, connector: int | None, device: Device) -> Any:
    from evc5.rigs.hardware.drivers.http_switch import HttpSwitch

    return HttpSwitch(device.url or "", device.channel, device.kind, device.timeout_s)


MAKES: dict[str, Made] = {
    "person": _person,
    "sim": _sim,
    "command": _command,
    "modbus-meter": _modbus_meter,
    "http-switch": _http_switch,
}
