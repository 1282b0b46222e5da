"""A cable box and a load in a car's place: what is told them is what they do."""

import pytest

OFFERED_A = 20.0


@pytest.fixture
def at_a_box(wallbox):
    """A wall box that offers 20 A to a box that has been told nothing yet."""
    box = wallbox()
    outlet = box.world.outlet(1)
    outlet.plug_in_box(32.0)
    outlet.set_pwm(OFFERED_A)
    box.run(60)
    return box, outlet


@pytest.mark.parametrize("told", [None, (False, 3, 10.0)])
def test_a_box_is_at_rest_in_state_b_until_it_is_told_whatever_its_load_is(at_a_box, told):
    box, outlet = at_a_box
    if told:
        outlet.box(*told)
    box.run(60)
    seen = outlet.reading()
    assert (outlet.pilot, outlet.phases, seen.i_a, seen.energy_wh) == ("B", 0, (0.0, 0.0, 0.0), 0.0)


def test_a_load_draws_what_it_is_told_and_not_what_is_offered_as_resistors_do(at_a_box):
    box, outlet = at_a_box
    outlet.box(True, 3, 10.0)
    box.run(0.0)
    assert outlet.reading().i_a == pytest.approx((10.0, 10.0, 10.0)), "at once"
    box.run(3600.0)
    seen = outlet.reading()
    assert (outlet.pilot, seen.offered_a, seen.pf) == ("C", OFFERED_A, 1.0)
    assert seen.i_a == pytest.approx((10.0, 10.0, 10.0))
    assert seen.energy_wh == pytest.approx(3 * 230.0 * 10.0)
    outlet.box(True, 3, 25.0)
    box.run(1.0)
    assert outlet.reading().i_a == pytest.approx((25.0, 25.0, 25.0))
    ledger = outlet.circuit.ledger
    assert (ledger.loss_wh, ledger.standby_wh) == (0.0, 0.0)


def test_a_load_is_never_full_and_rests_without_current(at_a_box):
    box, outlet = at_a_box
    outlet.box(True, 3, 32.0)
    box.run(365 * 86_400.0)
    assert outlet.reading().i_a == pytest.approx((32.0, 32.0, 32.0))
    outlet.box(False, 3, 32.0)
    box.run(60)
    outlet.set_contactor(3)
    box.run(60)
    assert outlet.reading().i_a == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("amps", "broken"), [(10.0, 1), (0.0, 0)])
def test_a_contactor_that_opens_breaks_a_load_that_draws(at_a_box, amps, broken):
    box, outlet = at_a_box
    outlet.box(True, 3, amps)
    box.run(60)
    outlet.set_contactor(0)
    assert outlet.openings_under_load == broken


def test_a_load_on_one_phase_leaves_the_others_alone(at_a_box):
    box, outlet = at_a_box
    outlet.box(True, 1, 8.0)
    box.run(60)
    assert outlet.reading().i_a == pytest.approx((8.0, 0.0, 0.0))


def test_without_a_box_nobody_hears_it(wallbox, car):
    box = wallbox()
    with pytest.raises(ValueError, match="connector 1 has no cable box"):
        box.world.outlet(1).box(True, 3, 10.0)
    with pytest.raises(ValueError, match="connector 1 has no cable box"):
        box.charge(car(), 0.5).box(True, 3, 10.0)
