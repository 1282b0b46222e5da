"""Measured points of public logs (numbers and their sources from the models' own references)."""

from dataclasses import replace

import pytest

from evc5.models.supply import Supply
from evc5.models.vehicles import vehicle

# EV2Gym, ev_specs_v2g_enabled2024.json: efficiency at 1x6, 1x16, 3x6, 3x16 A, quantised there to 3 %.
EV2GYM = {
    "tesla-model-3-rwd": (75, 87, 87, 90),
    "tesla-model-y-lr": (72, 84, 87, 90),
    "vw-id3-58": (81, 87, 87, 90),
    "skoda-enyaq-50": (78, 84, 87, 90),
    "hyundai-kona-64-2020": (75, 90, 90, 93),
    "kia-e-niro-64": (75, 87, 90, 90),
    "peugeot-e208-11kw": (66, 84, 84, 90),
    "vw-id4-pro-77": (87, 87, 90, 90),
}
# ADAC, losses in % of what is metered: 11 kW wall box, 2.3 kW socket.
ADAC = {"fiat-500e-42": (6.3, 12.7), "renault-zoe-ze50": (9.7, 24.2)}


@pytest.mark.parametrize("id_", EV2GYM)
def test_efficiency_is_what_ev2gym_tabulates(id_):
    car = vehicle(id_)
    for (phases, amps), percent in zip([(1, 6), (1, 16), (3, 6), (3, 16)], EV2GYM[id_], strict=True):
        ac_w = phases * amps * 230.0
        assert 100 * car.dc_w(ac_w) / ac_w == pytest.approx(percent, abs=5.5), (phases, amps)


@pytest.mark.parametrize("id_", ADAC)
def test_losses_are_what_adac_measured(id_):
    car = vehicle(id_)
    for ac_w, percent in zip((11_000.0, 2_300.0), ADAC[id_], strict=True):
        assert 100 * (1 - car.dc_w(ac_w) / ac_w) == pytest.approx(percent, abs=0.2)


def drawn(wallbox, car, amps, volts=(230.0, 230.0, 230.0), phases=3):
    box = wallbox(phases=phases, supply=Supply(volts))
    outlet = box.charge(car, soc=0.3, amps=amps)
    box.run(60)
    return outlet.reading()


def test_an_id4_offered_16_a_draws_a_little_less(wallbox):
    """evcc #17233: 15.3, 15.5, 15.1 A."""
    assert drawn(wallbox, vehicle("vw-id4-pro-77"), 16).i_a == pytest.approx((15.3, 15.5, 15.1), abs=0.25)


def test_twelve_amps_offered_are_8210_w_at_the_measured_voltages(wallbox):
    """evcc #23296: 11.8, 12.0, 11.7 A at 232, 228, 232 V, 8210 W."""
    seen = drawn(wallbox, vehicle("vw-id3-58"), 12, (232.0, 228.0, 232.0))
    assert seen.i_a == pytest.approx((11.8, 12.0, 11.7), abs=0.25)
    assert seen.p_w == pytest.approx(8210, rel=0.01)


def test_six_amps_on_three_phases_have_a_power_factor_of_98_percent(wallbox):
    """evcc #21708: 6.15, 6.10, 6.12 A, 4219 W, pf 0.98 (an Enyaq with three phases)."""
    seen = drawn(wallbox, replace(vehicle("skoda-enyaq-50"), phases=3), 6, (233.0, 233.0, 233.0))
    assert seen.i_a == pytest.approx((6.15, 6.10, 6.12), abs=0.25)
    assert seen.p_w == pytest.approx(4219, rel=0.03)
    assert seen.pf == pytest.approx(0.98, abs=0.002)


def test_six_amps_on_one_phase_are_1398_w(wallbox):
    """SmartEVSE #22348: 6.04 A, 1398 W at 232 V."""
    seen = drawn(wallbox, vehicle("vw-id3-58"), 6, (232.0, 232.0, 232.0), phases=1)
    assert seen.i_a == pytest.approx((6.04, 0.0, 0.0), abs=0.25)
    assert seen.p_w == pytest.approx(1398, rel=0.03)


def test_in_the_tail_the_power_factor_falls_towards_a_half(wallbox, car):
    """0.5 at 0.7 A of active current."""
    seen = drawn(wallbox, car(reactive_a=1.2, preheat_w=0.0), 16)
    assert seen.pf == pytest.approx(0.997, abs=0.001)
    box = wallbox()
    tail = car(reactive_a=1.2, usable_wh=20_000.0)
    outlet = box.charge(tail, soc=0.995, amps=16)
    while outlet.reading().pilot != "B" or box.timeline.now < 100:
        before = outlet.reading()
        box.run(20)
    assert before.pf == pytest.approx(0.5, abs=0.15)
