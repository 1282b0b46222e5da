"""The meter on the charger's own bus: it tells what the reference reads, or nothing."""

from pathlib import Path

import pytest
from local_csms import until
from stood_in import free_ports

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware import bus
from evc5.rigs.hardware.bench import HardwareBench
from evc5.rigs.hardware.bus import Bus
from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.hardware.modbus.serving import MeterEmulator
from evc5.rigs.hardware.roles import Reading
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.hardware import Hardware
from evc5.rigs.served.operator import steps
from evc5.rigs.served.play import PERSON, who

READING = Reading((230.0, 231.0, 229.0), (31.9, 31.8, 32.0), (7300.0, 7310.0, 7290.0), None, 50.0, 5000.0)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(bus.time, "monotonic", lambda: self.now)


def test_a_reading_is_passed_on_until_it_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, one = Clock(monkeypatch), Bus(is_measured=True)
    assert one.values() is None
    one.read(READING)
    told = one.values()
    assert told is not None and (told["i1_a"], told["total_w"], told["energy_wh"]) == (31.9, 21_900.0, 5000.0)
    clock.now += bus.STALE_S
    assert one.values() == told
    clock.now += 0.01
    assert one.values() is None


def test_set_points_are_told_and_counted_where_nobody_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, one = Clock(monkeypatch), Bus(is_measured=False)
    one.draws((10.0, 10.0, 0.0))
    clock.now += 3600.0
    told = one.values()
    assert told is not None and (told["i2_a"], told["p3_w"], told["total_w"]) == (10.0, 0.0, 4600.0)
    assert told["energy_wh"] == pytest.approx(4600.0)


def test_a_reference_without_a_register_is_counted_by_its_power(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, one = Clock(monkeypatch), Bus(is_measured=True)
    for watts in (7200.0, 3600.0, 0.0, None):
        one.read(Reading(total_w=watts))
        clock.now += 4.0
    one.read(Reading(total_w=0.0))
    told = one.values()
    assert told is not None and told["energy_wh"] == pytest.approx(8.0 + 4.0)  # 2 Wh/s, then 1 Wh/s, 4 s each
    one.read(Reading(i_a=(1.0, 1.0, 1.0)))
    told = one.values()
    assert told is not None and told["energy_wh"] is None


@pytest.mark.slow
def test_on_the_bus_a_charger_reads_the_reference_and_else_hears_nothing() -> None:
    one, map_ = Bus(is_measured=True), maps.find("SDM630", Path())
    served = MeterEmulator("tcp://127.0.0.1:0", map_, {1: one.values})
    charger = ModbusMeter(Line(f"tcp://127.0.0.1:{served.port}", 1, 0.2), map_)
    with pytest.raises(BenchFault, match="no answer"):
        charger.read()
    one.read(READING)
    told = charger.read()
    assert told.i_a == pytest.approx((31.9, 31.8, 32.0)) and told.energy_wh == pytest.approx(5000.0)
    charger.close()
    served.close()


@pytest.mark.slow
def test_a_meter_failure_of_a_rig_is_the_silence_of_the_meter_on_the_bus() -> None:
    (port,) = free_ports(1)
    url = f"tcp://127.0.0.1:{port}"
    outlet = {
        "meter": {"driver": "sim", "period_s": 0.05},
        "bus": {"driver": "meter-emulator", "url": url, "map": "SDM630"},
    }
    hardware = Hardware.model_validate({"connector": {"1": outlet}})
    bench = HardwareBench(hardware, Path(), lambda errand: errand(), lambda connector, columns: None)
    charger = ModbusMeter(Line(url, 1, 2.0), maps.find("SDM630", Path()))
    bench.start()
    try:
        until(lambda: bench._buses[1].values() is not None)
        assert charger.read().u_v == pytest.approx((230.0,) * 3)
        for event, answers in (("fault", False), ("clear", True)):
            verb = bench.verb(event, 1, {"fault": "power-meter-failure"})
            assert verb is not None
            verb()
            if answers:
                assert charger.read().hz == pytest.approx(50.0)
            else:
                with pytest.raises(BenchFault, match="no answer"):
                    charger.read()
        assert bench.verb("fault", 1, {"fault": "phase-loss"}) is None  # left to a person
    finally:
        charger.close()
        bench.close()


def test_who_brings_a_meter_failure_about_is_the_meter_on_the_bus() -> None:
    outlet = {"bus": {"driver": "meter-emulator", "url": "tcp://127.0.0.1:1502", "map": "SDM630"}}
    fault = {"at": 60.0, "fault": "power-meter-failure", "connector": 1}
    rig = RigFile.parse({
        "name": "bus", "start": "2024-03-01T10:00:00Z", "days": 0.01, "faults": [fault],
        "station": {"backend": "hardware", "connectors": 1, "behaviour": "ocpp16"},
        "hardware": {"connector": {"1": outlet}},
    })  # fmt: skip
    (step,) = steps(rig)
    assert who(rig, step) == "meter-emulator"
    assert who(rig.revised({"hardware": None}), step) == PERSON
