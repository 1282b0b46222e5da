"""The devices of a bench: what a rig file may say of them, their limits, and the way down."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import bench_box
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from small_world import START

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware import making
from evc5.rigs.hardware.devices import Devices
from evc5.rigs.hardware.drivers.command import Command, Program
from evc5.rigs.hardware.instruments import columns, described
from evc5.rigs.hardware.offer import BY_LEVELS, BY_NOMINAL, UnitPilot
from evc5.rigs.hardware.roles import Pilot, Reading
from evc5.rigs.recording.writing.measured_telemetry import MeasuredTelemetry
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.hardware import Hardware
from evc5.twin.clock import Calendar

HERE = Path()
SIM = {"driver": "sim", "offers_a": 16.0}
OUTLET = {"cable": SIM, "load": {**SIM, "max_a": 20.0}, "meter": SIM, "reader": SIM}
BENCH = {"connector": {"1": OUTLET}, "mains": {"driver": "sim"}, "climate": {"driver": "sim", "max_c": 40.0}}


def rig(hardware: dict[str, Any], **station: Any) -> RigFile:
    return RigFile.parse(
        {"name": "r", "start": "2024-03-01T10:00:00Z", "days": 1.0, "hardware": hardware,
         "station": {"backend": "hardware", **station}}
    )  # fmt: skip


def devices(table: dict[str, Any] = BENCH) -> Devices:
    return Devices(Hardware.model_validate(table), HERE)


# --- the rig file ---


@pytest.mark.parametrize(
    ("hardware", "station", "said"),
    [
        (BENCH, {"backend": "twin"}, 'hardware needs station.backend = "hardware"'),
        (
            {"connector": {"2": OUTLET}},
            {"connectors": 1},
            r"hardware.connector must be <= station.connectors \(1\)",
        ),
        ({"connector": {"x": OUTLET}}, {}, "connector must be 1 or 2, got x"),
        (
            {"mains": {"driver": "modbus-meter", "url": "tcp://h", "map": "SDM630"}},
            {},
            "mains.driver must be one of",
        ),
        ({"connector": {"1": {"meter": {"driver": "modbus-meter", "map": "SDM630"}}}}, {}, "must have a url"),
        (
            {"connector": {"1": {"meter": {"driver": "modbus-meter", "url": "tcp://h"}}}},
            {},
            "must have a map",
        ),
        ({"mains": {"driver": "command"}}, {}, "must have a program"),
        ({"mains": {"driver": "magic"}}, {}, "must be 'person', 'sim'"),
        ({"lamp": {"driver": "sim"}}, {}, "hardware.lamp"),
    ],
)
def test_a_bench_that_cannot_be_is_refused_by_its_key(hardware: Any, station: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        rig(hardware, **station)


def test_a_driver_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = {"driver": "modbus-meter", "url": "tcp://127.0.0.1:502", "map": "SDM630"}
    hardware = rig({"connector": {"1": {"meter": meter}}}).hardware
    assert hardware is not None
    monkeypatch.setattr(making, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"hardware.connector.1.meter: .* pip install 'evc5-twin\[modbus\]'"):
        making.check(hardware, HERE)


def test_a_map_that_is_not_known_is_refused_with_those_that_are() -> None:
    meter = {"driver": "modbus-meter", "url": "tcp://127.0.0.1:502", "map": "SDM1"}
    hardware = Hardware.model_validate({"connector": {"1": {"meter": meter}}})
    with pytest.raises(BadInput, match=r"hardware.connector.1.meter.map must be one of SDM630"):
        making.check(hardware, HERE)


# --- limits, and the way down ---


@pytest.mark.parametrize("amps", [(20.1, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, float("nan"))])
def test_a_load_is_never_asked_for_more_than_it_may(amps: tuple[float, float, float]) -> None:
    load = devices().get("load", 1)
    assert load is not None
    load.draw((20.0, 20.0, 20.0))
    with pytest.raises(BenchFault, match=r"max_a \(20 A\)"):
        load.draw(amps)


def test_a_chamber_is_never_made_hotter_than_it_may() -> None:
    climate = devices().get("climate")
    assert climate is not None
    climate.ambient(40.0)
    with pytest.raises(BenchFault, match=r"max_c \(40 °C\)"):
        climate.ambient(40.1)
    assert climate.read() == 40.0


def test_the_way_down_leaves_no_load_no_car_and_no_mains() -> None:
    bench = devices()
    cable, load, meter = (bench.get(role, 1) for role in ("cable", "load", "meter"))
    assert cable is not None and load is not None and meter is not None
    cable.plug(32.0)
    cable.pilot("C")
    load.draw((16.0, 16.0, 16.0))
    assert meter.read().i_a == (16.0, 16.0, 16.0) and meter.read().power_w == pytest.approx(3 * 16 * 230.0)
    assert bench.way_down() == []
    assert meter.read().i_a == (0.0, 0.0, 0.0) and meter.read().u_v == (0.0, 0.0, 0.0)
    assert UnitPilot().offer(cable.read()).state == "A"


def test_a_load_that_does_not_let_go_is_not_proven_dead_unless_the_mains_are_cut() -> None:
    gone = {"driver": "command", "program": [sys.executable, "-c", "pass"], "timeout_s": 5.0}
    alone = devices({"connector": {"1": {"load": gone}}}).way_down()
    assert len(alone) == 1 and alone[0].startswith("connector 1 load: ")
    assert devices({"connector": {"1": {"load": gone}}, "mains": {"driver": "sim"}}).way_down() == []


# --- any program as a driver ---


def program(text: str, timeout_s: float = 5.0) -> Command:
    return Command(Program([sys.executable, "-c", text], "meter", 1, timeout_s), "meter")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has ended"),
        ("input(); print('well')", "it answers no JSON: 'well'"),
        ("input(); print('[1]')", "it answers no table"),
        ('input(); print(\'{"error": "hot"}\')', "does not off: hot"),
        ("import time; time.sleep(60)", "no answer within 0.2 s"),
    ],
)
def test_a_program_that_does_not_do_it_is_a_fault_of_the_bench(text: str, said: str) -> None:
    one = program(text, 0.2 if "sleep" in text else 10.0)
    with pytest.raises(BenchFault, match=said):
        one.off()
    one.close()


@pytest.mark.slow
def test_a_program_does_the_verbs_and_tells_what_it_reads(tmp_path: Path) -> None:
    box = ROOT / "tests" / "support" / "bench_box.py"
    words = [sys.executable, str(box), str(tmp_path / "box.json")]
    cable, load = (Command(Program(words, role, 1, 10.0), role) for role in ("cable", "load"))
    cable.plug(32.0)
    load.draw((6.0, 7.0, 8.0))
    assert UnitPilot().offer(cable.read()).amps == pytest.approx(16.0)
    assert bench_box.read(tmp_path / "box.json")["draws"] == [6.0, 7.0, 8.0]
    for one in (cable, load):
        one.close()


# --- what is read ---


# Measured on a WARP charger in state C: the mean of the line at each offer, IEC 61851-1's 0.6 A a percent.
MEANS = {
    6: -10.30,
    8: -9.70,
    10: -9.10,
    12: -8.48,
    14: -7.87,
    16: -7.27,
    20: -6.05,
    24: -4.82,
    28: -3.62,
    32: -2.40,
}


@pytest.mark.parametrize("amps", MEANS)
def test_the_mean_of_the_pilot_alone_tells_the_offer(amps: int) -> None:
    mean, unit = Pilot(mean_v=MEANS[amps]), UnitPilot()
    before = unit.offer(mean, "C")
    assert (before.by, before.off_a) == (BY_NOMINAL, pytest.approx(2.0))
    assert before.amps == pytest.approx(amps, abs=2.0)
    unit.offer(Pilot(high_v=6.05, low_v=-12.1))  # the peaks, once
    for pilot in (mean, Pilot(high_v=6.05, mean_v=MEANS[amps])):
        offer = unit.offer(pilot, "C")
        assert (offer.by, offer.off_a) == (BY_LEVELS, pytest.approx(0.1))
        assert offer.amps == pytest.approx(amps, abs=0.1)
    assert unit.worst == before and offer.state == "C"


# The standard allows each level 0.6 V: the mean of such a unit, worked out by hand, read with nominal levels.
@pytest.mark.parametrize("high_v", [5.47, 6.0, 6.53])
@pytest.mark.parametrize("low_v", [-12.6, -12.0, -11.4])
@pytest.mark.parametrize("amps", [6.0, 16.0, 32.0, 48.0])
def test_nominal_levels_are_within_two_amps_of_any_unit_that_keeps_the_standard(
    amps: float, low_v: float, high_v: float
) -> None:
    duty = amps / 60.0
    told = UnitPilot().offer(Pilot(mean_v=duty * high_v + (1.0 - duty) * low_v), "C")
    assert told.amps is not None and abs(told.amps - amps) <= told.off_a
    steady = UnitPilot().offer(Pilot(mean_v=high_v), "C")
    assert steady.amps == 0.0


def test_a_mean_of_nobody_knows_which_state_offers_nothing() -> None:
    assert UnitPilot().offer(Pilot(mean_v=-7.27)).amps is None
    assert UnitPilot().offer(Pilot(mean_v=-7.27), "A").amps is None


def test_a_pilot_that_nobody_reads_offers_nothing_known() -> None:
    assert (UnitPilot().offer(Pilot()).state, UnitPilot().offer(Pilot(high_v=9.0)).amps) == (None, None)


def test_what_an_instrument_does_not_know_is_no_number() -> None:
    told = columns(None, Reading(i_a=(1.0, None, None), total_w=230.0))
    assert (told["i1_a"], told["i2_a"], told["u1_v"], told["pf"], told["p_w"]) == (
        1.0,
        None,
        None,
        None,
        230.0,
    )
    assert Reading(p_w=(1.0, 2.0, None)).power_w is None and Reading(p_w=(1.0, 2.0, 3.0)).power_w == 6.0


def test_the_least_exact_meter_says_how_exact_telemetry_is() -> None:
    good, poor = (
        {"meter": {**SIM, "period_s": s, "accuracy": {"current_pct": p}}} for s, p in ((1.0, 0.2), (5.0, 1.0))
    )
    told = described(Hardware.model_validate({"connector": {"1": good, "2": poor}}))
    assert told is not None and (told["period_s"], told["current_pct"]) == (5.0, 1.0)
    assert described(Hardware.model_validate({"connector": {"1": {"meter": {"driver": "person"}}}})) is None


@pytest.mark.slow
@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.floats(0.1, 40_000.0), st.integers(1, 2)), min_size=1, max_size=30))
def test_every_reading_is_a_row_of_its_day(gaps: list[tuple[float, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        telemetry = MeasuredTelemetry(Path(folder), Calendar(START))
        t_s = np.cumsum([gap for gap, _ in gaps])
        for at, (_, connector) in zip(t_s.tolist(), gaps, strict=True):
            telemetry.read(at, connector, {"i1_a": at, "pilot": "C"})
        telemetry.checkpoint()
        parts = [pq.read_table(path).to_pylist() for path in sorted(Path(folder).glob("part-*.parquet"))]
    rows = [row for part in parts for row in part]
    assert [row["t"] for row in rows] == t_s.tolist() and {row["soc"] for row in rows} == {None}
    assert [len({row["at"].date() for row in part}) for part in parts] == [1] * len(parts)
    assert json.dumps([row["connector"] for row in rows]) == json.dumps([connector for _, connector in gaps])


# --- the self-check before a run ---


def test_a_bench_at_rest_says_what_it_read() -> None:
    seen = devices().checked()
    assert seen == {
        "connector 1 pilot": "12.0 V high, 12.0 V low, 12.0 V mean, 100.0 % duty",
        "connector 1 meter": "230.0, 230.0, 230.0 V, 0.00 A",
    }


@pytest.mark.parametrize(
    ("role", "read", "said"),
    [
        ("meter", Reading(i_a=(0.0, 4.1, None)), r"connector 1 meter: 4\.1 A flow while nothing should"),
        ("cable", Pilot(), "connector 1 cable: the pilot cannot be read"),
        ("both", 0.0, "connector 1: no supply, neither meter nor pilot show a voltage"),
    ],
)
def test_a_bench_that_is_not_at_rest_or_not_readable_begins_nothing(role: str, read: Any, said: str) -> None:
    bench = devices()
    instruments = {role: read} if role != "both" else {"meter": DEAD_METER, "cable": Pilot(high_v=read)}
    for name, told in instruments.items():
        bench._made[name, 1] = Always(told)
    with pytest.raises(BenchFault, match=said):
        bench.checked()


def test_a_bench_whose_mains_the_rig_left_off_is_well_without_a_supply() -> None:
    bench = devices()
    bench._made["meter", 1], bench._made["cable", 1] = Always(DEAD_METER), Always(Pilot(high_v=0.0))
    assert set(bench.checked_at_rest(is_live=False)) == {"connector 1 pilot", "connector 1 meter"}
    with pytest.raises(BenchFault, match="no supply"):
        bench.checked_at_rest(is_live=True)


def test_current_that_flows_on_with_the_load_off_is_found_after_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evc5.rigs.hardware.devices.SEEN_WITHIN_S", 0.0)
    bench = devices()
    bench._made["meter", 1] = Always(Reading((230.0,) * 3, (6.1, 0.0, 0.0)))
    with pytest.raises(BenchFault, match=r"still 6\.1 A"):
        bench.checked_at_rest(is_live=True)


DEAD_METER = Reading((0.4, 0.0, 0.3), (0.0, 0.0, 0.0))


class Always:
    """An instrument that reads the same for ever."""

    def __init__(self, read: Any) -> None:
        self.read = lambda: read
