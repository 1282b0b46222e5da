"""Who may share a Modbus line: each port has one speed and one master, and each meter its own unit."""

from collections.abc import Iterator

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.modbus.ports import Place, place_of
from evc5.rigs.rigfile.hardware import Device, Hardware

ON_MODBUS = ("modbus-meter", "modbus-box", "meter-emulator")
SERVES = "meter-emulator"


def check_lines(hardware: Hardware) -> None:
    """BadInput for devices that disagree about a line, named by their places in the rig."""
    before: dict[object, tuple[str, Place, Device]] = {}
    for where, device in _on_modbus(hardware):
        try:
            place = place_of(device.url or "")
        except BadInput as error:
            raise BadInput(f"{where}.url: {error}") from None
        line = place.port or (place.host, place.tcp_port)
        if line in before:
            _fits(where, device, place, *before[line])
        before.setdefault(line, (where, place, device))
        unit = (line, device.unit, device.driver)
        if device.driver != "modbus-box" and unit in before:
            raise BadInput(f"{where}.unit must be another than that of {before[unit][0]}, got {device.unit}")
        before[unit] = (where, place, device)


def _on_modbus(hardware: Hardware) -> Iterator[tuple[str, Device]]:
    for role, connector, device in hardware.devices():
        if device.driver in ON_MODBUS:
            yield f"hardware.connector.{connector}.{role}" if connector else f"hardware.{role}", device


def _fits(where: str, device: Device, place: Place, other: str, its: Place, its_device: Device) -> None:
    if place != its:
        raise BadInput(
            f"{where}.url must have the settings of {other}, whose port it shares: {its_device.url}"
        )
    if SERVES in (device.driver, its_device.driver):
        raise BadInput(
            f"{where}.url must be another line than that of {other}: a meter that is served has its own"
        )
