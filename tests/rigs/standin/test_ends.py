"""The other ends of devices: what a bench tells them is what the twin then does."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from stood_in import free_ports

from evc5 import Bench
from evc5.models.vehicles import presets
from evc5.rigs.command.cli import main
from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.drivers.far import told_vehicle, vehicle_of
from evc5.rigs.hardware.drivers.http_switch import HttpSwitch
from evc5.rigs.hardware.modbus.box import Coils
from evc5.rigs.hardware.scpi import dialects
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.listener import Address
from evc5.rigs.served.serve import Order, serve
from evc5.rigs.standin import scpi
from evc5.rigs.standin.plug import HEATER, Plug, Power
from evc5.rigs.standin.relays import Relays
from evc5.rigs.standin.talk import Devices
from evc5.rigs.standin.web import WebSwitch

COILS = Coils(
    pilot={"B": (0,), "C": (0, 1)}, cable={"20": (2,), "32": (3,)}, fault={"diode": (4,)}, mains=7
)  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    bench = Bench(connectors=1, behaviour="ocpp16", start="2024-03-01T10:00:00Z")
    bench.advance(1.0)
    return bench


def charging(bench: Bench, plug: Plug) -> None:
    """A cable that shows C, in a transaction."""
    plug.plug(32.0)
    bench.present_tag(1, "TAG1")
    plug.pilot("C")
    bench.advance(10.0)


def test_the_coils_of_a_box_are_what_the_pilot_shows(bench: Bench) -> None:
    plug = Plug(bench, 1)
    box = Relays(COILS, plug, Power(bench))
    seen = []
    for on in ({7, 3}, {7, 3, 0}, {7, 3, 0, 1}, {7, 3, 0}, {7}):
        box.switched(frozenset(on))
        bench.advance(1.0)
        seen.append((bench.reading(1)["pilot"], plug.outlet.cable_a))
    assert seen == [("B", 32.0), ("B", 32.0), ("C", 32.0), ("B", 32.0), ("A", None)]
    box.switched(frozenset())
    bench.advance(1.0)
    assert bench.reading(1)["u1_v"] == 0.0  # the mains have gone


def test_a_load_in_scpi_draws_what_its_dialect_says(bench: Bench) -> None:
    plug = Plug(bench, 1)
    load = scpi.load(dialects.find("chroma-a800067", Path()), plug)
    charging(bench, plug)
    for line in ("PHASE1:RLOAD 2300", "PHASE2:RLOAD 2300", "PHASE3:RLOAD 2300", "RLOADE ON"):
        assert load.hear(line) is None
    bench.advance(5.0)
    assert [bench.reading(1)[f"i{n}_a"] for n in (1, 2, 3)] == pytest.approx([10.0] * 3)
    assert load.hear("SYSTem:ERRor?") == '0,"No error"'
    load.hear("MAKE:TEA")
    assert "Undefined header" in str(load.hear("SYSTem:ERRor?"))
    load.hear("RLOADE OFF")
    bench.advance(5.0)
    assert bench.reading(1)["i1_a"] == 0.0


def test_an_analyser_in_scpi_tells_what_flows(bench: Bench) -> None:
    plug = Plug(bench, 1, is_loaded=False)
    charging(bench, plug)
    dialect = dialects.find("yokogawa-wt", Path())
    told = str(scpi.analyser(dialect, plug).hear(dialect.read)).split(",")
    named = dict(zip(dialect.tells, map(float, told), strict=True))
    assert (named["u1_v"], named["i1_a"], named["i2_a"]) == (230.0, HEATER[0], 0.0)
    assert named["p1_w"] == pytest.approx(230.0 * HEATER[0])


def test_lines_of_json_are_verbs_and_what_cannot_be_done_is_said(bench: Bench) -> None:
    devices = Devices({1: Plug(bench, 1)}, Power(bench))

    def ask(role: str, verb: str, **more: Any) -> dict[str, Any]:
        return devices.answer(json.dumps({"role": role, "verb": verb, "connector": 1, **more}))

    assert ask("cable", "plug", cable_a=32.0) == {"ok": True}
    assert ask("reader", "present", id_tag="TAG1", hold_s=1.0) == {"ok": True}
    bench.advance(2.0)
    told = ask("cable", "read")
    assert (told["high_v"], told["low_v"]) == (9.0, -12.0) and 9.0 > told["mean_v"] > -12.0
    assert ask("meter", "read")["u_v"] == [230.0] * 3
    assert "same on each phase" in ask("load", "draw", l1_a=6.0, l2_a=9.0, l3_a=0.0)["error"]
    assert "one of [1]" in ask("cable", "unplug", connector=2)["error"]
    assert "no brew of a kettle" in ask("kettle", "brew")["error"]
    assert "error" in devices.answer("not JSON") and "error" in devices.answer("[]")


def test_a_car_that_is_told_in_json_is_the_same_car() -> None:
    for car in presets().values():
        assert vehicle_of(json.loads(json.dumps(told_vehicle(car)))) == car


def rig(**hardware: Any) -> RigFile:
    station = {"backend": "hardware", "identity": "CP1", "connectors": 1, "behaviour": "ocpp16"}
    start = "2024-03-01T10:00:00Z"
    return RigFile.parse(
        {"name": "p", "start": start, "days": 0.01, "station": station, "hardware": hardware}
    )


@pytest.mark.parametrize("driver", ["command", "person"])
def test_another_pace_than_the_clock_s_is_refused_with_any_driver_but_models(
    driver: str, tmp_path: Path
) -> None:
    reader = {"driver": driver, **({"program": ["x"]} if driver == "command" else {})}
    table = rig(connector={"1": {"cable": {"driver": "sim"}, "reader": reader}})
    with pytest.raises(BadInput, match=f"--pace must be 1 with any driver but sim.* got 60 with {driver}"):
        serve(Order(Address(port=0), table, out=tmp_path / "run", pace=60.0), lambda _: None)
    assert not (tmp_path / "run").exists()


TAKEN = {
    "modbus-meter": {"url": "tcp://127.0.0.1:{port}", "map": "SDM630"},
    "sim": {"url": "tcp://127.0.0.1:{port}"},
    "scpi-analyser": {"url": "TCPIP0::127.0.0.1::{port}::SOCKET", "dialect": "yokogawa-wt", "untried": True},
    "http-switch": {"url": "http://127.0.0.1:{port}"},
}


@pytest.mark.slow
@pytest.mark.parametrize("driver", TAKEN)
def test_a_place_that_another_has_is_named_and_is_no_fault_of_ours(
    driver: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = {
            name: str(text).format(port=port) if name == "url" else text
            for name, text in TAKEN[driver].items()
        }
        device = {"driver": driver, **told}
        hardware = {"mains": device} if driver == "http-switch" else {"connector": {"1": {"meter": device}}}
        Path("rig.toml").write_text(rig(**hardware).to_toml())
        assert main(["stand-in", "rig.toml"]) == 3
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in said.replace("::", ":") and "cannot be served" in said
    assert "fault of evc5" not in said


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "channel"), [("shelly", 0), ("shelly-gen1", 0), ("gude", 2)])
def test_a_switch_on_the_network_is_the_mains(bench: Bench, kind: str, channel: int) -> None:
    power = Power(bench)
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    served = WebSwitch(url, channel, power)
    try:
        switch = HttpSwitch(url, channel, kind, 5.0)
        assert switch.get()
        switch.set(False)
        bench.advance(1.0)
        assert not switch.get() and bench.reading(1)["u1_v"] == 0.0
        switch.set(True)
        bench.advance(1.0)
        assert bench.reading(1)["u1_v"] == 230.0
    finally:
        served.close()
