"""One run at a time at each device: whoever is at one of them keeps every other rig that names it away."""

import hashlib
import os
import tempfile
from pathlib import Path

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.modbus.ports import place_of
from evc5.rigs.hardware.modbus.sharing import ON_MODBUS
from evc5.rigs.recording.writing.lock import Held, Lock
from evc5.rigs.rigfile.hardware import Device, Hardware


def locked(hardware: Hardware) -> list[Lock]:
    """A lock for each place of a bench; BadInput, with none kept, where another run is at one of them.

    Models in our own process are in no place.
    """
    names = {place: where for where, device in _devices(hardware) if (place := place_name(device))}
    locks: list[Lock] = []
    try:
        for place, where in sorted(names.items()):
            locks.append(_lock(place, where))
    except BadInput:
        for lock in locks:
            lock.release()
        raise
    return locks


def _lock(place: str, where: str) -> Lock:
    name = hashlib.sha256(place.encode()).hexdigest()[:16]
    try:
        return Lock(Path(tempfile.gettempdir()) / f"evc5-bench-{name}")
    except Held:
        raise BadInput(f"{where}: another run is at {place}; end it first") from None


def place_name(device: Device) -> str:
    """What it is that two runs cannot both use: a port, a unit or an output there, a program's instrument."""
    if device.driver in ON_MODBUS:
        place = place_of(device.url or "")
        if place.is_serial:
            return os.path.realpath(place.port) if os.name != "nt" else place.port.upper()
        return f"{place.host}:{place.tcp_port} unit {device.unit}"
    if device.driver == "http-switch":
        return f"{(device.url or '').rstrip('/')} output {device.channel}"
    if device.program:
        return f"{' '.join(device.program)} in {Path.cwd()}"
    return device.url or ""


def _devices(hardware: Hardware) -> list[tuple[str, Device]]:
    return [
        (f"hardware.connector.{connector}.{role}" if connector else f"hardware.{role}", device)
        for role, connector, device in hardware.devices()
    ]
