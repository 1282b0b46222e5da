"""The kWh meter: its class, its steps, its starting current."""

from dataclasses import replace
from struct import pack, unpack

import pytest

from evc5.models.faults import Fault
from evc5.models.meter import Metered, MeterSpec, as_float32_kwh, misread
from evc5.models.supply import Supply


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


@pytest.mark.parametrize(("id_", "shares"), [
    ("nissan-leaf-40", (1.0, 0.0, 0.0)), ("vw-e-golf-2017", (1 / 2, 1 / 2, 0.0)),
    ("renault-zoe-ze50", (1 / 3, 1 / 3, 1 / 3)),
])  # fmt: skip
def test_the_phases_registers_add_up_to_the_total(wallbox, car, id_, shares):
    began_wh = (100.0, 200.0, 400.0)
    spec = MeterSpec(gain_error_pct=0.0, resolution_wh=0.0, register_wh=700.0, register_phase_wh=began_wh)
    box = wallbox(meter=spec)
    outlet = box.charge(car(id_), soc=0.2, amps=16)
    for _ in range(2):  # over a change of the current
        box.run(1800)
        outlet.set_pwm(10)
    seen = outlet.reading()
    wanted = [wh + seen.energy_wh * share for wh, share in zip(began_wh, shares, strict=True)]
    assert seen.register_phase_wh == pytest.approx(wanted)
    assert seen.register_wh == pytest.approx(700.0 + seen.energy_wh)


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
        ({"class_pct": -0.1}, "meter class_pct must be within 0 and 5, got -0.1"),
        ({"class_pct": 5.1}, "meter class_pct must be within 0 and 5, got 5.1"),
        ({"gain_error_pct": -1.1}, "meter gain_error_pct must be within +-1, got -1.1"),
        ({"amp_step": -0.1}, "meter amp_step must be >= 0, got -0.1"),
    ],
)
def test_an_impossible_meter_is_refused_in_words(changes, words):
    with pytest.raises(ValueError) as refused:
        replace(MeterSpec(), **changes)
    assert str(refused.value) == words


def test_a_meter_that_is_just_possible_is_taken():
    ends = dict.fromkeys(
        ("resolution_wh", "start_a", "register_wh", "volt_step", "amp_step", "watt_step"), 0.0
    )
    for class_pct in (0.0, 5.0):
        for error_pct in (-class_pct, class_pct):
            gain = MeterSpec(class_pct=class_pct, gain_error_pct=error_pct, **ends).gain(1, "meter/1")
            assert gain == pytest.approx(1.0 + error_pct / 100.0)


@pytest.mark.parametrize(("step_w", "phase_w"), [(0.0, 3627.1), (1.0, 3627.0), (10.0, 3630.0)])
def test_each_phases_power_is_its_own_in_the_meters_steps(wallbox, car, step_w, phase_w):
    """15.77 A at 230 V, on two of three phases."""
    box = wallbox(meter=MeterSpec(watt_step=step_w))
    outlet = box.charge(car("vw-e-golf-2017", max_a=15.77), soc=0.2)
    box.run(60)
    told = outlet.metered()
    assert told.phase_w == pytest.approx((phase_w, phase_w, 0.0))
    assert told.p_w == pytest.approx(2 * 3627.1, abs=step_w / 2 + 1e-6)
    assert told.pf == pytest.approx(1.0)


def test_the_bus_tells_volts_in_tenths_and_a_power_factor_of_one_where_nothing_flows(wallbox):
    told = wallbox(supply=Supply((229.96,) * 3)).world.outlet(1).metered()
    assert told.u_v == pytest.approx((230.0,) * 3)
    assert (told.pf, told.p_w, told.i_a) == (1.0, 0.0, (0.0, 0.0, 0.0))


def test_the_power_factor_is_power_over_volts_times_amps(wallbox, car):
    """A 3-4-5 triangle: 6 A of power beside 4.5 A of reactive current."""
    box = wallbox()
    outlet = box.charge(car(reactive_a=4.5, min_a=7.5), soc=0.2, amps=7.5)
    box.run(60)
    assert outlet.metered().pf == pytest.approx(0.8)


WHOLE = Metered(
    (10.0, 11.0, 12.0), (230.0, 231.0, 232.0), (2300.0, 2541.0, 2784.0), 7625.0, 0.99, 600.0,
    (100.0, 200.0, 300.0), 0.5, 30.0, 50.0,
)  # fmt: skip
BEFORE = WHOLE._replace(i_a=(1.0, 1.0, 1.0), p_w=690.0, register_wh=90.0, soc=0.2, temp_c=20.0)


@pytest.mark.parametrize(("fault", "frozen", "told"), [
    (Fault.METER_JUMP, None, {"register_wh": 10_600.0,
                              "register_phase_wh": tuple(wh + 10_000 / 3 for wh in (100.0, 200.0, 300.0))}),
    (Fault.METER_PHASE, None, {"i_a": (10.0, 0.0, 12.0), "u_v": (230.0, 0.0, 232.0),
                               "phase_w": (2300.0, 0.0, 2784.0), "p_w": 5084.0}),
    (Fault.METER_FROZEN, BEFORE, {"i_a": (1.0, 1.0, 1.0), "p_w": 690.0, "register_wh": 90.0}),
    (Fault.METER_CRC, None, {}),
])  # fmt: skip
def test_a_meter_that_misreads_tells_this_and_the_rest_as_it_is(fault, frozen, told):
    """The car's charge and the socket's temperature are no meter's."""
    assert misread(WHOLE, {fault}, frozen) == WHOLE._replace(**told)
