"""What a rig may say of Modbus lines and maps; each slip is named before anything is energised."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from evc5 import BadInput
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.making import check
from evc5.rigs.hardware.modbus import box, maps
from evc5.rigs.hardware.modbus.line import Line, Lines
from evc5.rigs.rigfile.hardware import Hardware


def meter(url: str, unit: int = 1, **more: Any) -> dict[str, Any]:
    return {"driver": "modbus-meter", "url": url, "unit": unit, "map": "SDM630", **more}


def checked(first: dict[str, Any], second: dict[str, Any], role: str = "meter") -> None:
    outlets = {"1": {"meter": first}, "2": {role: second}}
    check(Hardware.model_validate({"connector": outlets}), Path())


def test_two_meters_share_a_port_however_its_settings_are_written() -> None:
    one, other = "serial:///dev/x?baud=9600&parity=E", "serial:///dev/x?parity=e"
    checked(meter(one, 1), meter(other, 2))
    lines = Lines()
    assert lines.line(one, 1, 1.0)._client is lines.line(other, 2, 1.0)._client


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("serial:///dev/x?baud=9600", "serial:///dev/x?baud=19200",
         "connector.2.meter.url must have the settings of hardware.connector.1.meter, whose port it shares"),
        ("serial:///dev/x", "serial:///dev/x?stop=2", "must have the settings"),
        ("tcp://h:502", "rtu+tcp://h:502", "must have the settings"),
        ("tcp://h", "tcp://h:502", "connector.2.meter.unit must be another than that of"),
        ("tcp://h:99999", "tcp://h", "connector.1.meter.url: tcp://h:99999: the port must be within 0 and"),
        ("serial:///dev/x?Baud=9600", "tcp://h", "Baud is unknown; allowed: baud, parity, stop"),
        ("serial:///dev/x?bits=7", "tcp://h", "bits is unknown; allowed: baud, parity, stop"),
        ("serial:///dev/x?baud=", "tcp://h", "baud must be a number"),
        ("tcp://h:502?baud=9600", "tcp://h", "baud is unknown"),
    ],
)  # fmt: skip
def test_devices_that_disagree_about_a_line_are_named(first: str, second: str, told: str) -> None:
    with pytest.raises(BadInput) as error:
        checked(meter(first), meter(second))
    assert told in str(error.value)


def test_the_bus_of_the_charger_is_no_line_of_the_bench() -> None:
    bus = {**meter("serial:///dev/x", 2), "driver": "meter-emulator"}
    with pytest.raises(BadInput, match="a meter that is served has its own"):
        checked(meter("serial:///dev/x"), bus, "bus")
    checked(meter("serial:///dev/x"), {**bus, "url": "serial:///dev/y"}, "bus")


def test_a_box_is_cable_and_mains_at_once(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text("mains = 7\n[pilot]\nB = [0]\nC = [1]\n[cable]\n32 = [2]\n")
    relays = {"driver": "modbus-box", "url": "serial:///dev/x", "unit": 2, "map": "box.toml"}
    table = {"connector": {"1": {"cable": relays, "meter": meter("serial:///dev/x")}}, "mains": relays}
    check(Hardware.model_validate(table), tmp_path)


LATE_S = 0.5


@contextmanager
def slow_units() -> Iterator[str]:
    """Units on TCP, all of whose input registers are 7, and which take LATE_S to say so; their URL."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            while request := peer.recv(12):
                time.sleep(LATE_S)
                words = request[11]  # transaction 0 to 1, unit 6, function 7, address 8 to 9, count 10 to 11
                told = bytes((request[6], request[7], 2 * words)) + bytes((0, 7)) * words
                peer.sendall(request[:4] + len(told).to_bytes(2, "big") + told)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.slow
def test_each_device_of_a_line_is_waited_for_as_long_as_it_says() -> None:
    with slow_units() as url:
        lines = Lines()
        hasty, patient = lines.line(url, 1, LATE_S / 5), lines.line(url, 2, 20.0)
        for line in (hasty, patient, hasty):
            seen = _read(line)
            assert seen == ([7, 7] if line is patient else None)
        patient.close()


def _read(line: Line) -> list[int] | None:
    try:
        return line.read(4, 0, 2)
    except BenchFault:
        return None


def a_map(folder: Path, text: str) -> maps.Map:
    (folder / "own.toml").write_text(text)
    return maps.find("own.toml", folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('total_w = [0, "f32", 0.0]', "total_w must be"),
        ('total_w = [0, "f32", nan]', "total_w must be"),
        ('total_w = [-1, "f32", 1.0]', "total_w must be"),
        ('total_w = [65535, "f32", 1.0]', "total_w must be"),
        ('total_w = [0, "f32", 1.0, 5]', "function 3 or 4"),
        ('total_w = [0, "f16", 1.0]', "f32 u16"),
        ('most = 126\ntotal_w = [0, "f32", 1.0]', "most must be within 4 and 125, got 126"),
        ('most = 0\ntotal_w = [0, "f32", 1.0]', "most must be within 4 and 125, got 0"),
        (
            'low_word_first = "no"\ntotal_w = [0, "f32", 1.0]',
            "low_word_first must be true or false, got 'no'",
        ),
    ],
)
def test_a_map_that_cannot_be_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput) as error:
        a_map(tmp_path, text)
    assert told in str(error.value)


def test_the_last_register_and_the_longest_request_are_well(tmp_path: Path) -> None:
    own = a_map(tmp_path, 'most = 125\ntotal_w = [65534, "f32", 1.0]')
    assert [(address, count) for _, address, count, _ in own.blocks()] == [(65534, 2)]


# 16 bits: 0 to 65 535, or two's complement; a meter's display stops there too.
@pytest.mark.parametrize(
    ("type_", "watts", "told"),
    [("u16", -5.0, 0.0), ("u16", 70_000.0, None), ("s16", 40_000.0, None), ("s16", -40_000.0, -32_768.0)],
)
def test_what_a_register_cannot_hold_is_its_end(
    tmp_path: Path, type_: str, watts: float, told: float | None
) -> None:
    own = a_map(tmp_path, f'total_w = [0, "{type_}", 1.0]')
    (field,) = own.fields
    assert field.decoded(field.encoded(watts, False), False) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pilot = 5", "pilot must be a table of coils, got 5"),
        ("[pilot]\nA = [0]", "pilot.A; allowed: B, C, D, E"),
        ("[cable]\n16 = [0]", "cable.16; allowed: 13, 20, 32, 63"),
        ('mains = "seven"', "coils are numbers from 0 to 65535, got 'seven'"),
        ("mains = true", "coils are numbers from 0 to 65535, got True"),
        ("mains = 65536", "coils are numbers from 0 to 65535, got 65536"),
        ("mains = []", "mains must be one coil"),
        ("mains = [6, 7]", "mains must be one coil"),
        ("mains = 1\n[pilot]\nC = [0, 1]", "mains must be one coil that no pilot, cable or fault has, got 1"),
    ],
)
def test_a_box_that_cannot_be_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "box.toml").write_text(text)
    with pytest.raises(BadInput) as error:
        box.find("box.toml", tmp_path)
    assert told in str(error.value)


def test_a_box_may_be_mains_alone(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text("mains = [65535]")
    assert box.find("box.toml", tmp_path).mains == 65535
