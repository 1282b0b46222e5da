"""What real cars do beside the standard: minimum, ramp, sleep, stubbornness, pre-heating, cold."""

import pytest

from evc5.models.heat import Ambient
from evc5.models.vehicles import presets, vehicle

OFFERS = {"renault-twingo-electric": (8, 7), "vw-id3-58": (6, None)}


def charging(box, outlet):
    return outlet.reading().i_a[0] > 1.0


def test_current_ramps_up_at_the_cars_own_rate(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(ramp_up_a_s=2.0, loss_a_w=0.0), soc=0.2, amps=16)
    box.run(5.0)  # 2 s reaction, 3 s start
    assert outlet.reading().i_a[0] == pytest.approx(0.0)
    box.run(4.0)
    assert outlet.reading().i_a[0] == pytest.approx(8.0)
    box.run(4.0)
    assert outlet.reading().i_a[0] == pytest.approx(16.0)


def test_a_lower_offer_is_obeyed_after_one_reaction_and_one_fall(wallbox, car):
    box = wallbox()
    outlet = box.charge(car("renault-zoe-ze50", ramp_down_a_s=16.0), soc=0.2, amps=32)
    box.run(60)
    outlet.set_pwm(16)
    box.run(1.99)
    assert outlet.reading().i_a[0] == pytest.approx(32.0)
    box.run(0.51)
    assert outlet.reading().i_a[0] == pytest.approx(24.0)
    box.run(0.51)
    assert outlet.reading().i_a[0] == pytest.approx(16.0)


def test_of_two_changes_within_the_reaction_the_last_counts_and_the_first_sets_the_time(wallbox, car):
    box = wallbox()
    outlet = box.charge(car("renault-zoe-ze50"), soc=0.2, amps=32)
    box.run(60)
    outlet.set_pwm(20)
    box.run(1.5)
    outlet.set_pwm(10)
    box.run(0.5 + 22 / 16.0)
    assert outlet.reading().i_a[0] == pytest.approx(10.0)


@pytest.mark.parametrize("id_", presets())
def test_no_car_takes_longer_than_the_standard_allows(id_):
    car = vehicle(id_)
    assert car.reaction_s + car.max_a / car.ramp_down_a_s <= 5.0


@pytest.mark.parametrize(("id_", "limits"), OFFERS.items())
def test_below_its_minimum_a_car_does_not_charge(wallbox, id_, limits):
    enough, too_little = limits
    box = wallbox()
    outlet = box.charge(vehicle(id_), soc=0.2, amps=enough)
    box.run(30)
    assert charging(box, outlet)
    if too_little:
        outlet.set_pwm(too_little)
        box.run(30)
        assert not charging(box, outlet)
        assert outlet.pilot == "B"


def test_a_sleeping_car_ignores_the_offer_until_the_pilot_is_interrupted(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(sleep_after_s=1800.0, wake_s=3.0), soc=0.2)
    box.run(60)
    outlet.set_pwm(None)
    box.run(1900)
    outlet.set_pwm(16)
    box.run(120)
    assert outlet.pilot == "B"
    outlet.hold_pilot("F")
    box.run(2.0)
    outlet.hold_pilot(None)
    box.run(30)
    assert outlet.pilot == "B"  # too short
    outlet.hold_pilot("F")
    assert outlet.pilot == "F"
    box.run(4.0)
    outlet.hold_pilot(None)
    box.run(30)
    assert charging(box, outlet)


def test_a_short_pause_lets_no_car_sleep(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(sleep_after_s=1800.0), soc=0.2)
    box.run(60)
    outlet.set_pwm(None)
    box.run(1700)
    outlet.set_pwm(16)
    box.run(30)
    assert charging(box, outlet)


def test_a_car_may_refuse_to_resume_on_other_phases(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(resumes_after_phase_change=False), soc=0.2)
    box.run(60)
    outlet.set_pwm(None)
    box.run(20)
    box.phases = 1
    outlet.set_pwm(16)
    box.run(60)
    assert outlet.pilot == "B"
    outlet.hold_pilot("F")
    box.run(4)
    outlet.hold_pilot(None)
    box.run(60)
    assert outlet.reading().i_a == pytest.approx((16.0, 0.0, 0.0))


def test_most_cars_resume_on_other_phases(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(60)
    outlet.set_pwm(None)
    box.run(20)
    box.phases = 1
    outlet.set_pwm(16)
    box.run(60)
    assert outlet.reading().i_a == pytest.approx((16.0, 0.0, 0.0))


def test_without_an_offer_the_current_falls_at_the_cars_own_rate_before_its_switch_opens(wallbox, car):
    box = wallbox()
    outlet = box.charge(car("renault-zoe-ze50", ramp_down_a_s=16.0, loss_a_w=0.0), soc=0.2, amps=32)
    box.run(60)
    outlet.set_pwm(None)
    box.run(2.0 + 1.0)  # its reaction, and half of its fall
    assert (outlet.reading().i_a[0], outlet.pilot) == (pytest.approx(16.0), "C")
    box.run(1.01)
    assert (outlet.reading().i_a[0], outlet.pilot, outlet.openings_under_load) == (0.0, "B", 0)


@pytest.mark.parametrize(("changes", "soc", "until_s"), [
    ({"start_s": 30.0}, 0.2, 10.0), ({"preheat_w": 2200.0, "preheat_s": 900.0}, 0.9999, 120.0),
])  # fmt: skip
def test_without_an_offer_a_car_that_does_not_charge_opens_its_switch_at_once(
    wallbox, car, changes, soc, until_s
):
    """Before its first current, and while it heats."""
    box = wallbox()
    outlet = box.charge(car(**changes), soc, amps=16)
    box.run(until_s)
    assert outlet.pilot == "C"
    outlet.set_pwm(None)
    box.run(2.0)
    assert (outlet.pilot, outlet.reading().p_w) == ("B", 0.0)


def test_a_car_that_ignores_the_stop_is_cut_off_after_six_seconds(wallbox, car):
    """IEC 61851-1 sequence 10.2: the wall box opens under load; until then it draws on."""
    box = wallbox()
    outlet = box.charge(car(stops_without_pwm=False), soc=0.3, amps=16)
    box.run(60)
    outlet.set_pwm(None)
    box.run(6.0)
    assert outlet.reading().i_a[0] == pytest.approx(16.0)
    outlet.set_contactor(0)
    box.run(0.1)
    assert (outlet.reading().i_a[0], outlet.openings_under_load) == (0.0, 1)
    box.run(5)
    assert outlet.pilot == "B"


def test_after_full_a_car_may_heat_on_one_phase_for_a_while(wallbox, car):
    """BMW i3: 2.0-2.3 kW on one phase at the end, evcc #11343."""
    box = wallbox()
    outlet = box.charge(car(preheat_w=2200.0, preheat_s=900.0), soc=0.999, amps=16)
    while outlet.reading().soc < 1.0:
        box.run(10)
    seen = outlet.reading()
    assert (seen.p_w, seen.pilot) == (2200.0, "C")
    assert seen.i_a == (pytest.approx(2200.0 / 230.0), 0.0, 0.0)
    box.run(901)
    assert (outlet.reading().p_w, outlet.pilot) == (0.0, "B")
    assert outlet.circuit.ledger.standby_wh == pytest.approx(2200.0 * 0.25, rel=0.01)


def test_a_full_car_in_a_closed_contactor_takes_its_standby_on_l1(wallbox, car):
    """evcc #21708: 4-6 W, 0.05 A on L1."""
    box = wallbox()
    outlet = box.charge(car(), soc=1.0, amps=16)
    box.run(10)
    outlet.set_contactor(3)
    box.run(30)
    seen = outlet.reading()
    assert (seen.p_w, seen.i_a) == (5.0, (pytest.approx(0.05), 0.0, 0.0))


def test_a_cold_battery_accepts_less_until_it_has_warmed(wallbox, car):
    """Acceptance rows are assumed: 0.1C below 0 °C, 0.3C from there."""
    box = wallbox(ambient=Ambient(-4.0, 0.0))
    cold = car(usable_wh=58_000.0, loss_a_w=0.0, loss_b=0.0, battery_tau_s=3600.0, battery_rise_k=8.0)
    outlet = box.charge(cold, soc=0.2, amps=16)
    box.run(60)
    assert outlet.reading().p_w == pytest.approx(5800.0)
    # It warms from -4 towards +4 °C: 0 °C after one time constant's ln 2, counted from the first current.
    box.run(5 + 3600.0 * 0.693147 - 60 - 2)
    assert outlet.reading().p_w == pytest.approx(5800.0)
    box.run(60)
    assert outlet.reading().p_w == pytest.approx(3 * 16 * 230.0)


def test_a_battery_can_be_colder_than_the_air(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(loss_a_w=0.0, loss_b=0.0), soc=0.2, amps=16, battery_c=-20.0)
    box.run(60)
    assert outlet.reading().p_w == pytest.approx(0.05 * 58_000.0)


def test_a_car_that_asks_for_ventilation_shows_state_d(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(ventilation=True), soc=0.2, amps=16)
    box.run(60)
    assert (outlet.pilot, charging(box, outlet)) == ("D", True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phases": 4}, "phases must be 1, 2 or 3, got 4"),
        ({"max_a": 100.0}, "max_a must be within 6 and 80 A, got 100.0"),
        ({"usable_wh": 0.0}, "usable_wh must be > 0, got 0.0"),
        ({"loss_b": 0.9}, "loss_b must be within 0 and 0.5, got 0.9"),
        ({"reaction_s": 6.0}, "reaction_s must be within 0 and 5 s, got 6.0"),
        ({"ramp_down_a_s": 2.0}, "reaction_s + max_a / ramp_down_a_s must be <= 5 s, got 10"),
        ({"acceptance": ((0.0, 0.3), (-10.0, 0.1))}, "acceptance must rise in temperature, got -10 after 0"),
        ({"acceptance": ()}, "acceptance must be rows of (°C, rate > 0), got ()"),
        ({"loss_a_w": 900.0}, "losses must leave power for the battery at 6 A and 150 V, got -77 W"),
        ({"phases": 0}, "phases must be 1, 2 or 3, got 0"),
        ({"max_a": 80.1}, "max_a must be within 6 and 80 A, got 80.1"),
        ({"min_3p_a": 80.1}, "min_3p_a must be within 6 and 80 A, got 80.1"),
        ({"loss_b": -0.1}, "loss_b must be within 0 and 0.5, got -0.1"),
        ({"reactive_a": 5.1}, "reactive_a must be within 0 and 5 A, got 5.1"),
        ({"undershoot_a": -0.1}, "undershoot_a must be >= 0, got -0.1"),
        ({"ramp_up_a_s": 0.0}, "ramp_up_a_s must be > 0, got 0.0"),
        ({"reaction_s": 4.1}, "reaction_s + max_a / ramp_down_a_s must be <= 5 s, got 5.1"),
        ({"acceptance": ((0.0, 0.3), (0.0, 0.4))}, "acceptance must rise in temperature, got 0 after 0"),
        ({"acceptance": ((0.0, 0.0),)}, "acceptance must be rows of (°C, rate > 0), got ((0.0, 0.0),)"),
        ({"min_a": 5.0}, "min_a must be within 6 and 80 A, got 5.0"),
    ],
)
def test_an_impossible_car_is_refused_in_words(car, changes, words):
    with pytest.raises(ValueError) as refused:
        car(**changes)
    assert words in str(refused.value)
