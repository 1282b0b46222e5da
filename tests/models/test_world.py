import pytest

from evc5.models.vehicles import presets, vehicle


def test_a_car_charges_to_full_and_lets_go(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(), soc=0.5)
    box.run(4 * 3600)
    assert (outlet.pilot, outlet.phases, outlet.reading().soc, outlet.reading().p_w) == ("B", 0, 1.0, 0.0)


def test_one_phase_at_16_a_is_3680_w(wallbox, car):
    box = wallbox(phases=1)
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(60)
    assert outlet.reading().p_w == pytest.approx(3680.0)
    assert outlet.reading().i_a == (pytest.approx(16.0), 0.0, 0.0)


def test_a_two_phase_car_leaves_the_third_phase_alone(wallbox, car):
    box = wallbox()
    outlet = box.charge(car("vw-e-golf-2017"), soc=0.2)
    box.run(60)
    assert outlet.reading().i_a == (pytest.approx(16.0), pytest.approx(16.0), 0.0)


def test_current_follows_the_offer_within_five_seconds(wallbox, car):
    box = wallbox()
    outlet = box.charge(car("renault-zoe-ze50"), soc=0.2, amps=32)
    box.run(60)
    outlet.set_pwm(10)
    box.run(5)
    assert outlet.reading().i_a[0] == pytest.approx(10.0)


def test_without_pwm_the_car_stops_and_opens_its_switch(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(), soc=0.2)
    box.run(60)
    outlet.set_pwm(None)
    box.run(5)
    assert (outlet.pilot, outlet.phases, outlet.reading().i_a[0]) == ("B", 0, 0.0)


def test_a_twingo_needs_eight_amps_on_three_phases(wallbox, car):
    box = wallbox()
    outlet = box.charge(car("renault-twingo-electric"), soc=0.2, amps=7)
    box.run(30)
    assert outlet.pilot == "B"
    outlet.set_pwm(8)
    box.run(30)
    assert outlet.reading().i_a[2] == pytest.approx(8.0)


def test_a_twingo_charges_from_six_amps_on_one_phase(wallbox, car):
    box = wallbox(phases=1)
    outlet = box.charge(
        car("renault-twingo-electric"), soc=0.2, amps=8
    )  # three-phase wiring: it expects three
    box.run(30)
    outlet.set_pwm(6)
    box.run(30)
    assert outlet.reading().i_a[0] == pytest.approx(6.0)


@pytest.mark.parametrize("id_", presets())
def test_energy_is_conserved_for_every_car(wallbox, id_):
    box = wallbox()
    outlet = box.charge(vehicle(id_), soc=0.15)
    box.run(30 * 3600)
    into = (1.0 - 0.15) * vehicle(id_).usable_wh
    ledger = outlet.circuit.ledger
    total = ledger.battery_wh + ledger.loss_wh + ledger.standby_wh
    assert outlet.reading().soc == 1.0
    assert outlet.reading().energy_wh == pytest.approx(total, rel=1e-9)
    assert ledger.battery_wh == pytest.approx(into, rel=1e-9)


@pytest.mark.parametrize("step_s", [1.7, 60.0, 3600.0])
def test_results_do_not_depend_on_how_often_one_looks(wallbox, car, step_s):
    seen, unseen = wallbox(), wallbox()
    watched, alone = seen.charge(car(), soc=0.9), unseen.charge(car(), soc=0.9)
    while seen.timeline.now < 7200.0:
        seen.run(min(step_s, 7200.0 - seen.timeline.now))
        watched.reading()
    unseen.run(7200.0)
    assert watched.reading() == alone.reading()


def test_segments_together_say_what_each_says_alone(wallbox):
    import numpy as np

    box = wallbox(outlets=2)
    outlet = box.charge(vehicle("vw-id3-58"), soc=0.9)
    segments = [outlet.segment]
    outlet.on_segment.append(lambda outlet: segments.append(outlet.segment))
    box.run(600)
    box.charge(vehicle("renault-zoe-ze50"), soc=0.5, connector=2)
    box.run(2 * 3600)
    times = [one.t0_s + np.arange(1 + n % 9) * 7.0 for n, one in enumerate(segments)]
    together = outlet.segment.rows(segments, np.concatenate(times), [len(t_s) for t_s in times])
    for name, values in together.items():
        alone = [one.columns(t_s)[name] for one, t_s in zip(segments, times, strict=True)]
        assert np.array_equal(values, np.concatenate(alone), equal_nan=values.dtype == float), name


def test_an_instant_that_changes_much_has_one_solution(wallbox):
    box = wallbox()
    outlet = box.charge(vehicle("vw-id3-58"), soc=0.5)
    outlet.set_pwm(10.0)
    box.run(0)
    solution = outlet.segment
    assert (solution.t0_s, solution.offered_a, solution.pilot) == (0.0, 10.0, "B")
    assert outlet.segment is solution


def test_the_register_never_falls_and_stays_within_its_class(wallbox):
    box = wallbox()
    outlet = box.charge(vehicle("kia-e-niro-64"), soc=0.2)
    shown = []
    for _ in range(600):
        box.run(60)
        shown.append(outlet.reading().register_wh)
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(outlet.reading().energy_wh, rel=0.01, abs=1.0)


def test_the_pilot_is_told_once_per_change_in_the_instant_it_happens(wallbox, car):
    box, heard = wallbox(), []
    box.world.outlet(1).on_pilot.append(lambda outlet: heard.append((outlet.pilot, box.timeline.now)))
    box.charge(car(), soc=0.5)
    box.run(10)
    box.world.outlet(1).unplug()
    box.run(0)
    assert heard == [("B", 0.0), ("C", 2.0), ("A", 10.0)]


def test_bad_hands_are_told_what_is_allowed(wallbox, car):
    outlet = wallbox().world.outlet(1)
    with pytest.raises(ValueError, match=r"soc must be within 0 and 1, got 1\.4"):
        outlet.plug_in(car(), 1.4)
    with pytest.raises(ValueError, match="cable_a must be one of 13, 20, 32, 63, got 16"):
        outlet.plug_in(car(), 0.4, cable_a=16)
    with pytest.raises(ValueError, match="pilot amps must be within 6 and 80 A, or None, got 4"):
        outlet.set_pwm(4)
    with pytest.raises(ValueError, match="contactor phases must be within 0 and 3, got 4"):
        outlet.set_contactor(4)
    with pytest.raises(ValueError, match="connector must be within 1 and 1, got 2"):
        wallbox().world.outlet(2)
