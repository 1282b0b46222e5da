"""The meter on the charger's own bus: it tells what the reference reads, or nothing."""

from pathlib import Path

import pytest

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware import bus
from evc5.rigs.hardware.bus import Bus
from evc5.rigs.hardware.modbus import maps
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.modbus.meter import ModbusMeter
from evc5.rigs.hardware.modbus.serving import MeterEmulator
from evc5.rigs.hardware.roles import Reading

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
