"""Meters and relays on a serial line: its speed, what goes wrong on it, and who shares it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.modbus import maps, ports
from evc5.rigs.hardware.modbus.box import Coils, ModbusBox
from evc5.rigs.hardware.modbus.line import Line, Lines
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.hardware.modbus.serving import CoilUnit, MeterEmulator, MeterUnit, Server, crc
from evc5.rigs.standin.ptys import Pair

VALUES = {"u1_v": 230.1, "u2_v": 229.5, "u3_v": 231.0, "i1_a": 16.02, "i2_a": 15.9, "i3_a": 15.8,
          "total_w": 10_900.0, "hz": 50.0, "energy_wh": 123_400.0, "serial": 12_345_678.0}  # fmt: skip
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


@contextmanager
def lines(folder: Path) -> Iterator[tuple[str, str]]:
    """The URLs of the two ends of a serial line."""
    pair = Pair(folder / "port")
    try:
        yield f"serial://{folder / 'port'}?baud=9600", f"serial://{pair.far}?baud=9600"
    finally:
        pair.close()


@contextmanager
def metered(folder: Path, timeout_s: float = 0.4) -> Iterator[tuple[MeterEmulator, ModbusMeter]]:
    map_ = maps.find("SDM630", folder)
    with lines(folder) as (near, far):
        served = MeterEmulator(far, map_, {1: lambda: VALUES})
        meter = ModbusMeter(Line(near, 1, timeout_s), map_)
        try:
            yield served, meter
        finally:
            meter.close()
            served.close()


@posix
@pytest.mark.slow
def test_a_meter_on_a_serial_line_is_read_at_the_speed_of_its_bytes(tmp_path: Path) -> None:
    with metered(tmp_path, 6.0) as (served, meter):
        assert meter.serial() == "12345678"
        began = time.monotonic()
        told = meter.read()
        took_s = time.monotonic() - began
        asked = [count for function, _, count in served.asked if function == 4]
    assert told.i_a == pytest.approx((16.02, 15.9, 15.8)) and told.energy_wh == pytest.approx(123_400.0)
    line_s = sum((8 + 5 + 2 * count) * 10 / 9600 for count in asked)  # ten bits a byte at 9600 baud
    assert took_s >= line_s >= 0.05


@posix
@pytest.mark.slow
@pytest.mark.parametrize("how", ["silence", "crc", "garbage", "wrong-unit", "late"])
def test_what_goes_wrong_on_the_line_is_no_reading_and_the_next_one_is_sound(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evc5.rigs.hardware.modbus.serving.LATE_S", 1.2)
    monkeypatch.setattr("evc5.rigs.hardware.modbus.line.STRAY_S", 0.2 if how != "late" else 2.5)
    with metered(tmp_path, 0.3) as (served, meter):
        served.spoil(how)
        with pytest.raises(BenchFault, match="unit 1: no answer to registers 0x0000"):
            meter.read()
        served.spoil(how, False)
        meter.close()
        patient = ModbusMeter(
            Line(f"serial://{tmp_path / 'port'}?baud=9600", 1, 5.0), maps.find("SDM630", tmp_path)
        )
        assert patient.read().u_v == pytest.approx((230.1, 229.5, 231.0))
        patient.close()


@posix
@pytest.mark.slow
def test_what_goes_wrong_in_the_meter_is_read_as_it_tells_it(tmp_path: Path) -> None:
    with metered(tmp_path, 6.0) as (served, meter):
        served.spoil("jump")
        assert meter.read().energy_wh == pytest.approx(133_400.0)
        served.spoil("phase-lost")
        told = meter.read()
        assert (told.u_v[1], told.i_a[1]) == (0.0, 0.0) and told.i_a[0] == pytest.approx(16.02)
        with pytest.raises(BadInput, match="spoilt by silence"):
            served.spoil("tired")


@posix
@pytest.mark.slow
def test_a_meter_and_relays_share_one_port_and_nobody_else_on_it_answers(tmp_path: Path) -> None:
    switched: list[frozenset[int]] = []
    map_ = maps.find("SDM630", tmp_path)
    with lines(tmp_path) as (near, far):
        served = Server(far, {1: MeterUnit(map_, lambda: VALUES), 2: CoilUnit(switched.append)})
        shared = Lines()
        meter = ModbusMeter(shared.line(near, 1, 4.0), map_)
        box = ModbusBox(shared.line(near, 2, 4.0), Coils(pilot={"B": (0,), "C": (0, 1)}, cable={"32": (3,)}))
        box.plug(32.0)
        assert meter.read().hz == pytest.approx(50.0)
        box.pilot("C")
        assert switched[-1] == {0, 1, 3}
        meter.close()
        absent = ModbusMeter(Line(near, 9, 0.3), map_)
        with pytest.raises(BenchFault, match="unit 9: no answer"):
            absent.read()
        absent.close()
        served.close()
        with pytest.raises(BenchFault, match="no answer to coil"):  # the adapter is there, the box is not
            box.unplug()
    with pytest.raises(BenchFault, match="is not there"):
        box.unplug()


# The frame that the Modbus organisation's own texts and most calculators use as their example.
def test_the_checksum_is_that_of_the_standard() -> None:
    assert crc(bytes.fromhex("01 03 00 00 00 0A")).to_bytes(2, "little") == bytes.fromhex("C5 CD")


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("serial:///dev/ttyUSB0?baud=19200&parity=E", "/dev/ttyUSB0"),
        ("serial://COM3", "COM3"),
        ("serial:///COM12?baud=9600", "COM12"),
        ("serial:COM4", "COM4"),
        (r"serial://\\.\COM12", "COM12"),
        (r"serial:///\\.\COM12?baud=9600", "COM12"),
    ],
)
def test_a_serial_port_has_the_name_that_its_system_gives_it(url: str, port: str) -> None:
    assert ports.place_of(url).port == port


def test_a_byte_takes_as_long_as_its_bits() -> None:
    assert ports.place_of("serial:///dev/x?baud=9600").byte_s == pytest.approx(10 / 9600)
    assert ports.place_of("serial:///dev/x?baud=2400&parity=E&stop=1").byte_s == pytest.approx(11 / 2400)


def test_windows_is_told_that_it_has_no_pseudo_terminals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("evc5.rigs.standin.ptys.os.name", "nt")
    with pytest.raises(BadInput, match="com0com"):
        Pair(tmp_path)
