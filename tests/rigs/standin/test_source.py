"""An AC source in front of the charge point: what it gives is what the twin in place of the metal gets."""

from pathlib import Path
from typing import Any

import pytest
from stood_in import free_ports, models_alone, played

from evc5 import BadInput, Bench
from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.guarded import GuardedSupply
from evc5.rigs.hardware.scpi import dialects
from evc5.rigs.hardware.scpi.instruments import ScpiSource
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.dry_run import rehearse
from evc5.rigs.served.source import check_source, fed
from evc5.rigs.standin import scpi
from evc5.rigs.standin.plug import Power
from evc5.rigs.standin.talk import Devices

SOURCES = ("ametek-mx", "chroma-61800", "pacific-upc")


@pytest.fixture
def bench() -> Bench:
    return Bench(connectors=1, behaviour="ocpp16", start="2024-03-01T10:00:00Z").advance(1.0)


class Wire:
    """A session whose other end is an instrument of ours."""

    def __init__(self, instrument: scpi.Instrument) -> None:
        self._instrument = instrument

    def tell(self, lines: tuple[str, ...], **values: float) -> None:
        for line in lines:
            self._instrument.hear(line.format(**values))

    def ask(self, line: str) -> str:
        return str(self._instrument.hear(line))


def source(bench: Bench, name: str) -> tuple[ScpiSource, Wire]:
    dialect = dialects.find(name, Path())
    wire = Wire(scpi.source(dialect, Power(bench)))
    return ScpiSource(wire, dialect), wire  # type: ignore[arg-type]  # only what it says is needed of a session


def seen(bench: Bench) -> tuple[float, ...]:
    now = bench.reading(1)
    return tuple(now[f"u{n}_v"] for n in (1, 2, 3))


def last_status(bench: Bench) -> tuple[str, str]:
    told = [frame.payload for frame in bench.run_so_far().frames(action="StatusNotification")]
    last = [payload for payload in told if payload["connectorId"] == 1][-1]
    return last["status"], last["errorCode"]


@pytest.mark.parametrize("dialect", SOURCES)
def test_the_twin_has_the_voltage_and_the_frequency_of_its_source(bench: Bench, dialect: str) -> None:
    told, _ = source(bench, dialect)
    told.voltage((224.0, 224.0, 224.0))
    told.frequency(50.4)
    bench.advance(5.0)
    assert seen(bench) == (224.0, 224.0, 224.0)
    assert bench.assembly.world.outlet(1).reading().frequency_hz == 50.4


def test_phases_may_differ_where_the_source_can_and_else_it_is_said(bench: Bench) -> None:
    told, _ = source(bench, "pacific-upc")
    told.voltage((231.0, 0.0, 229.0))
    bench.advance(5.0)
    assert seen(bench) == (231.0, 0.0, 229.0)
    with pytest.raises(BenchFault, match="chroma-61800 gives each phase the same, asked for 231, 0, 229"):
        source(bench, "chroma-61800")[0].voltage((231.0, 0.0, 229.0))


# 195.5 V and 253 V: EN 50160, 230 V less 15 % and more 10 %.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("volts", "status"),
    [
        (195.6, ("Available", "NoError")),
        (195.4, ("Faulted", "UnderVoltage")),
        (252.9, ("Available", "NoError")),
        (253.1, ("Faulted", "OverVoltage")),
    ],
)
def test_too_little_and_too_much_is_told(bench: Bench, volts: float, status: tuple[str, str]) -> None:
    told, _ = source(bench, "ametek-mx")
    told.voltage((volts,) * 3)
    bench.advance(20.0)
    assert last_status(bench) == status
    told.voltage((230.0,) * 3)
    bench.advance(20.0)
    assert last_status(bench) == ("Available", "NoError")


def test_a_source_that_is_off_gives_nothing_and_what_it_was_told_once_it_is_on(bench: Bench) -> None:
    told, _ = source(bench, "ametek-mx")
    told.off()
    told.voltage((224.0,) * 3)
    bench.advance(1.0)
    assert seen(bench) == (0.0, 0.0, 0.0)
    told.on()
    bench.advance(5.0)
    assert seen(bench) == (224.0,) * 3


def test_what_the_models_have_not_is_an_error_of_the_instrument(bench: Bench) -> None:
    told, wire = source(bench, "ametek-mx")
    told.frequency(400.0)
    assert "within 40 and 65 Hz, got 400" in wire.ask("SYSTem:ERRor?")
    assert bench.assembly.world.frequency_hz == 50.0


def test_a_program_s_supply_is_the_same(bench: Bench) -> None:
    devices = Devices({}, Power(bench))
    line = '{"role": "supply", "verb": "voltage", "l1_v": 224, "l2_v": 225, "l3_v": 226}'
    assert devices.answer(line) == {"ok": True}
    assert devices.answer('{"role": "supply", "verb": "frequency", "hz": 49.9}') == {"ok": True}
    bench.advance(1.0)
    assert seen(bench) == (224.0, 225.0, 226.0) and bench.assembly.world.frequency_hz == 49.9


# --- a rig's grid ---


def rig(grid: dict[str, Any], **supply: Any) -> RigFile:
    hardware = {"supply": {"driver": "sim", **supply}} if supply else {}
    return RigFile.parse({
        "name": "fed", "start": "2024-03-01T10:00:00Z", "days": 0.25, "grid": grid, "hardware": hardware,
        "station": {"backend": "hardware", "connectors": 1, "behaviour": "ocpp16"},
    })  # fmt: skip


SAG = {"at": "2h", "lasts_s": 60.0, "factor": 0.8, "phases": [2]}


@pytest.mark.slow
def test_a_source_is_told_the_grid_that_the_twin_has() -> None:
    one = rig({"voltage_v": 228.0, "walk_v": 2.0, "profile": [[12, 0.98]], "sags": [SAG]}, max_v=260.0)
    twin = Bench(rig=one.revised({"station.backend": "twin", "hardware": None}))
    states = list(fed(one))
    assert len(states) > 20 and states[0].t_s == 0.0
    for state in states:
        twin.advance(max(state.t_s - twin.assembly.timeline.now, 0.0))
        assert seen(twin) == pytest.approx(state.volts, abs=0.06)
    twin.close()


def test_a_rig_that_says_nothing_of_its_grid_leaves_the_source_as_it_stands() -> None:
    assert list(fed(rig({}, max_v=260.0))) == [] and list(fed(rig({"impedance_ohm": 0.2}))) == []


def test_more_than_a_source_may_give_is_refused_before_anything_is_energised() -> None:
    swell = {"sags": [{**SAG, "factor": 1.2}]}
    refused = r"hardware.supply.max_v must be >= 276, what \[grid\] asks for at 7200 s, got 253"
    with pytest.raises(BadInput, match=refused):
        check_source(rig(swell, period_s=1.0))
    with pytest.raises(BadInput, match=refused):
        rehearse(rig(swell, period_s=1.0))
    assert check_source(rig(swell, max_v=280.0)) is None
    asked: list[tuple[float, ...]] = []

    class Bare:
        def voltage(self, volts: tuple[float, float, float]) -> None:
            asked.append(volts)

    guarded = GuardedSupply(Bare(), 253.0)  # type: ignore[arg-type]  # one verb is enough
    guarded.voltage((253.0, 0.0, 230.0))
    for volts in ((253.1, 230.0, 230.0), (float("nan"),) * 3, (-1.0,) * 3):
        with pytest.raises(BenchFault, match=r"max_v \(253 V\)"):
            guarded.voltage(volts)
    assert asked == [(253.0, 0.0, 230.0)]


def test_a_grid_that_nobody_can_play_is_said() -> None:
    told = "grid.sags: not played, as there is no driver for hardware.supply"
    assert check_source(rig({"sags": [SAG]})) == told
    assert told in rehearse(rig({"sags": [SAG]}))[0]


@pytest.mark.slow
def test_a_rig_s_sag_reaches_the_charge_point_through_the_source(tmp_path: Path) -> None:
    table = models_alone(16.0, 0.5)
    (port,) = free_ports(1)
    table["hardware"]["stand_in"] = True
    table["hardware"]["supply"] = {
        "driver": "scpi-source", "url": f"TCPIP0::127.0.0.1::{port}::SOCKET", "dialect": "ametek-mx",
        "untried": True, "timeout_s": 20.0,
    }  # fmt: skip
    table["grid"] = {"voltage_v": 226.0, "sags": [{"at": 4.0, "lasts_s": 6.0, "factor": 0.8}]}
    table["sessions"] = []
    outcome, said = played(table, tmp_path)
    assert outcome.bench_fault is None, said
    (run,) = outcome.runs
    read = set(run.telemetry["u1_v"].dropna().round(1))
    assert {226.0, 180.8} <= read <= {226.0, 180.8, 0.0}, read
    codes = [frame.payload["errorCode"] for frame in run.frames(action="StatusNotification")]
    assert "UnderVoltage" in codes and codes[-1] == "NoError"
    told = [row["detail"]["grid_v"] for row in run.events.to_dict("records") if "grid_v" in row["detail"]]
    assert told == [[226.0] * 3, [180.8] * 3, [226.0] * 3]
    assert outcome.passed, run.findings
