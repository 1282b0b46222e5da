"""The kWh meter: its class, its steps, its starting current."""

from dataclasses import replace
from struct import pack, unpack

import pytest

from evc5.models.meter import MeterSpec, as_float32_kwh


def test_the_error_is_drawn_once_within_the_class_and_repeats_with_the_seed():
    gains = [MeterSpec(class_pct=1.0).gain(seed, "meter/1") for seed in range(200)]
    assert all(0.003 <= abs(gain - 1.0) <= 0.01 for gain in gains)
    assert min(gains) < 1.0 < max(gains)
    assert gains[3] == MeterSpec().gain(3, "meter/1") != MeterSpec().gain(3, "meter/2")


def test_a_register_counts_in_whole_steps(wallbox, car):
    box = wallbox(meter=MeterSpec(gain_error_pct=0.5, resolution_wh=10.0, register_wh=123_450.0))
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(1800)
    seen = outlet.reading()
    assert seen.register_wh == 10.0 * int((123_450.0 + seen.energy_wh * 1.005) / 10.0)


def test_the_phases_registers_add_up_to_the_total(wallbox, car):
    box = wallbox(meter=MeterSpec(gain_error_pct=0.0, resolution_wh=0.0))
    outlet = box.charge(car("vw-e-golf-2017"), soc=0.2, amps=16)
    box.run(3600)
    seen = outlet.reading()
    assert sum(seen.register_phase_wh) == pytest.approx(seen.register_wh)
    assert seen.register_phase_wh[2] == 0.0
    assert seen.register_phase_wh[0] == pytest.approx(seen.energy_wh / 2)


def test_currents_below_the_starting_current_do_not_count(wallbox, car):
    box = wallbox(meter=MeterSpec(gain_error_pct=0.0, resolution_wh=0.0))
    outlet = box.charge(car(standby_a=0.03), soc=1.0, amps=16)
    box.run(10)
    outlet.set_contactor(3)
    box.run(3600)
    assert (outlet.reading().energy_wh, outlet.reading().register_wh) == (pytest.approx(5.0), 0.0)
    assert outlet.metered().i_a == (0.0, 0.0, 0.0)


def test_the_bus_tells_tenths_of_volts_and_amperes(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(max_a=15.77), soc=0.2, amps=16)
    box.run(60)
    told = outlet.metered()
    assert told.i_a == pytest.approx((15.8, 15.8, 15.8))
    assert told.p_w == round(told.p_w)
    assert told.register_wh == outlet.reading().register_wh


def test_a_float32_register_loses_a_watt_hour_from_8192_kwh(wallbox, car):
    """Steps of 0.98 Wh from 8192 kWh, 7.8 Wh from 65 536 kWh."""
    assert as_float32_kwh(8_192_000.4) == pytest.approx(8_192_000.0)
    assert as_float32_kwh(65_536_003.0) == pytest.approx(65_536_000.0)
    box = wallbox(meter=MeterSpec(float32=True, register_wh=8_192_000.0))
    told = box.world.outlet(1).metered().register_wh
    assert told == unpack("<f", pack("<f", told / 1000.0))[0] * 1000.0


def test_a_shown_reading_leaves_the_true_one_alone(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(max_a=15.77), soc=0.2, amps=16)
    box.run(60)
    before = outlet.reading()
    outlet.metered()
    assert outlet.reading() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"class_pct": 9.0}, "meter class_pct must be within 0 and 5, got 9"),
        ({"gain_error_pct": 1.5}, "meter gain_error_pct must be within +-1, got 1.5"),
        ({"resolution_wh": -1.0}, "meter resolution_wh must be >= 0, got -1"),
        ({"start_a": -0.1}, "meter start_a must be >= 0, got -0.1"),
    ],
)
def test_an_impossible_meter_is_refused_in_words(changes, words):
    with pytest.raises(ValueError) as refused:
        replace(MeterSpec(), **changes)
    assert str(refused.value) == words
