"""Meters on Modbus: maps as data, read and served, and lines on which things go wrong."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.hardware.modbus.serving import MeterEmulator

HERE = Path()
NAMES = (
    "SDM630", "SDM72D-M-2", "SDM72D-M", "SDM120", "ABB-B21", "ABB-B23", "ABB-B24", "EM330", "EM340",
    "iEM3000", "PRO380",
)  # fmt: skip
VALUES: Mapping[str, float | None] = {
    "u1_v": 230.1, "u2_v": 229.5, "u3_v": 231.0, "i1_a": 16.02, "i2_a": 15.9, "i3_a": 0.0,
    "p1_w": 3685.0, "p2_w": 3600.0, "p3_w": 0.0, "total_w": 7285.0, "hz": 50.0, "energy_wh": 123_400.0,
    "serial": 12_345_678.0,
}  # fmt: skip


@contextmanager
def served(
    name: str, values: Mapping[str, float | None] = VALUES
) -> Iterator[tuple[MeterEmulator, ModbusMeter]]:
    map_ = maps.find(name, HERE)
    emulator = MeterEmulator("tcp://127.0.0.1:0", map_, {1: lambda: values})
    meter = ModbusMeter(Line(f"tcp://127.0.0.1:{emulator.port}", 1, 0.2), map_)
    try:
        yield emulator, meter
    finally:
        meter.close()
        emulator.close()


# Registers as mbmd, evcc, SmartEVSE and Victron's driver name them: what a meter's words are, by hand.
@pytest.mark.parametrize(
    ("name", "quantity", "words", "value"),
    [
        ("SDM630", "u1_v", [0x4366, 0x3333], 230.2),  # float32, high word first
        ("SDM630", "energy_wh", [0x3F80, 0x0000], 1000.0),  # kWh
        ("ABB-B23", "i1_a", [0x0000, 0x0640], 16.0),  # 0.01 A
        ("ABB-B23", "energy_wh", [0, 0, 0, 100], 1000.0),  # 0.01 kWh
        ("ABB-B23", "u1_v", [0xFFFF, 0xFFFF], None),  # not there
        ("ABB-B23", "total_w", [0x7FFF, 0xFFFF], None),
        ("EM340", "i1_a", [0x3E80, 0x0000], 16.0),  # 0.001 A, low word first
        ("iEM3000", "total_w", [0x3F80, 0x0000], 1000.0),  # kW
        ("PRO380", "total_w", [0x7FC0, 0x0000], None),  # no number
    ],
)
def test_registers_are_numbers_as_the_maker_says(
    name: str, quantity: str, words: list[int], value: float | None
) -> None:
    map_ = maps.find(name, HERE)
    field = next(field for field in map_.fields if field.name == quantity)
    told = field.decoded(words, map_.low_word_first)
    assert told == (None if value is None else pytest.approx(value))
    assert field.decoded(field.encoded(told, map_.low_word_first), map_.low_word_first) == told


@pytest.mark.slow
@given(st.sampled_from(NAMES), st.floats(-500.0, 500.0))
def test_what_is_served_reads_back_within_a_digit(name: str, value: float) -> None:
    map_ = maps.find(name, HERE)
    for field in map_.fields:
        if field.type[0] != "u":
            told = field.decoded(field.encoded(value, map_.low_word_first), map_.low_word_first)
            assert told == pytest.approx(value, abs=max(field.factor / 2 + 1e-9, 1e-3))


@pytest.mark.parametrize("name", NAMES)
def test_no_request_asks_for_more_than_the_meter_gives_and_all_is_asked_for(name: str) -> None:
    map_ = maps.find(name, HERE)
    blocks = list(map_.blocks())
    assert all(count <= map_.most for _, _, count, _ in blocks)
    assert sorted(field.name for *_, fields in blocks for field in fields) == sorted(
        f.name for f in map_.fields
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_meter_of_each_map_is_read_as_it_is_served(name: str) -> None:
    with served(name) as (_, meter):
        reading = meter.read()
    known = {field.name for field in maps.find(name, HERE).fields}
    assert reading.energy_wh == pytest.approx(VALUES["energy_wh"])
    assert reading.power_w == pytest.approx(7285.0)
    assert reading.i_a[0] == (pytest.approx(16.02) if "i1_a" in known else None)
    assert reading.u_v[2] == (pytest.approx(231.0) if "u3_v" in known else None)


@pytest.mark.slow
def test_a_line_that_fails_is_a_fault_of_the_bench_and_the_next_read_is_fine() -> None:
    with served("SDM630") as (emulator, meter):
        assert meter.serial() == "12345678"
        emulator.spoil("silence")
        with pytest.raises(BenchFault, match="unit 1: no answer to registers 0x0000"):
            meter.read()
        emulator.spoil("silence", False)
        assert meter.read().total_w == 7285.0
        absent = ModbusMeter(Line(f"tcp://127.0.0.1:{emulator.port}", 9, 0.2), maps.find("SDM630", HERE))
        with pytest.raises(BenchFault, match="unit 9: no answer"):
            absent.read()
        absent.close()
    with pytest.raises(BenchFault):
        meter.read()


@pytest.mark.slow
def test_watts_in_another_unit_are_not_believed() -> None:
    with (
        served("SDM630", {**VALUES, "u1_v": 230_100.0}) as (_, meter),
        pytest.raises(BenchFault, match="its map"),
    ):
        meter.read()


@pytest.mark.parametrize(
    "url", ["udp://h:1", "h:502", "serial:///dev/x?parity=Q", "serial:///dev/x?baud=fast"]
)
def test_a_place_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        Line(url, 1, 1.0)


def test_a_map_of_one_s_own_is_read_from_a_file_and_checked(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('function = 4\ntotal_w = [10, "s16", 10.0]\n')
    (field,) = maps.find("mine.toml", tmp_path).fields
    assert (field.address, field.decoded([0xFFFE], False)) == (10, -20.0)
    for text in ('total_w = [10, "f8", 1.0]', "total_w = 7", "function = 9", "watts = 1", ""):
        (tmp_path / "bad.toml").write_text(text + "\n")
        with pytest.raises(BadInput, match="map bad"):
            maps.find("bad.toml", tmp_path)
