"""Relays: a cable box and mains on Modbus coils, and switches on the network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from switch_bench import coil_box, web_switch

from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.drivers.http_switch import HttpSwitch
from evc5.rigs.hardware.modbus import box
from evc5.rigs.hardware.modbus.line import Line

MAP = """
mains = 7
[pilot]
B = 0
C = [0, 1]
E = 2
[cable]
20 = 3
32 = 4
[fault]
diode = 5
"""


@pytest.fixture
def coils(tmp_path: Path) -> box.Coils:
    (tmp_path / "box.toml").write_text(MAP)
    return box.find("box.toml", tmp_path)


@contextmanager
def boxed(coils: box.Coils) -> Iterator[tuple[Any, box.ModbusBox, box.ModbusMains]]:
    with coil_box(8) as served:
        line = Line(f"tcp://127.0.0.1:{served.port}", 1, 1.0)
        yield served, box.ModbusBox(line, coils), box.ModbusMains(line, coils.mains or 0)
        line.close()


@pytest.mark.slow
def test_what_is_on_is_what_state_cable_and_faults_ask_for(coils: box.Coils) -> None:
    with boxed(coils) as (served, cable, mains):
        cable.plug(32.0)
        assert served.on() == {0, 4}
        cable.pilot("C")
        assert served.on() == {0, 1, 4}
        cable.fault("diode", True)
        mains.set(True)
        assert served.on() == {0, 1, 4, 5, 7} and mains.get()
        cable.unplug()
        assert served.on() == {7}
        mains.set(False)
        assert served.on() == set()
        for ask in (lambda: cable.plug(63.0), lambda: cable.pilot("D"), lambda: cable.fault("pe-open", True)):
            with pytest.raises(BenchFault, match="the box knows no"):
                ask()


@pytest.mark.slow
def test_a_relay_that_sticks_is_a_fault(coils: box.Coils) -> None:
    with boxed(coils) as (served, cable, mains):
        served.stuck = {1, 7}
        cable.plug(20.0)
        with pytest.raises(BenchFault, match="coil 1 of the box does not switch"):
            cable.pilot("C")
        with pytest.raises(BenchFault, match="coil 7 of the mains does not switch"):
            mains.set(True)


@pytest.mark.parametrize("text", ["[pilot]\nF = 1", "[cable]\n32 = true", "[lamp]\nred = 1", "[pilot"])
def test_a_map_of_coils_is_checked(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(BadInput, match=r"map bad\.toml"):
        box.find("bad.toml", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "channel"), [("shelly", 0), ("gude", 2)])
def test_a_switch_on_the_network_switches_and_is_seen_to(kind: str, channel: int) -> None:
    with web_switch(kind) as served:
        switch = HttpSwitch(served.url, channel, kind, 1.0)
        for on in (True, False):
            switch.set(on)
            assert switch.get() is on and served.states[channel] is on
        served.stuck = True
        with pytest.raises(BenchFault, match="does not switch on"):
            switch.set(True)
        served.says = b"<html>"
        with pytest.raises(BenchFault):
            switch.get()
        served.says = json.dumps({"result": {}, "outputs": []}).encode()
        with pytest.raises(BenchFault, match="tells no state"):
            switch.get()
    with pytest.raises(BenchFault):
        switch.set(True)
