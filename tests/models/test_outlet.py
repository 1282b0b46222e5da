"""One outlet without a controller: its cable and lock, what it tells, and what mains and hands do to it."""

from dataclasses import replace

import pytest

from evc5.models.meter import MeterSpec
from evc5.models.outlet import Outlet, OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.vehicles import vehicle
from evc5.models.world import World

CAR = replace(vehicle("vw-id3-58"), undershoot_a=0.0, reactive_a=0.0)


class Alone:
    """An outlet, and what it has told: its pilot, and the faults that it senses."""

    def __init__(self, **spec: object) -> None:
        self.timeline = Timeline()
        self.outlet: Outlet = World(self.timeline, [OutletSpec(**spec)]).outlet(1)
        self.pilots: list[tuple[float, str]] = []
        self.sensed: list[tuple[float, set[str]]] = []
        self.outlet.on_pilot.append(lambda one: self.pilots.append((self.timeline.now, one.pilot)))
        self.outlet.on_senses.append(lambda one: self.sensed.append((self.timeline.now, set(one.senses))))

    def charging(self, amps: float = 16.0) -> "Alone":
        self.outlet.plug_in(CAR, 0.3)
        self.outlet.set_pwm(amps)
        self.outlet.set_contactor(self.outlet.spec.phases)
        return self.wait(60.0)

    def wait(self, seconds: float) -> "Alone":
        self.timeline.advance(self.timeline.now + seconds)
        return self

    def amps(self) -> float:
        return self.outlet.reading().i_a[0]


def test_a_car_that_comes_and_goes_is_told_at_once():
    one = Alone().wait(10.0)
    one.outlet.plug_in(CAR, 0.3)
    one.wait(5.0)
    one.outlet.unplug()
    one.wait(5.0)
    assert one.pilots == [(10.0, "B"), (15.0, "A")]


def test_a_locked_cable_stays_until_the_lock_lets_go_and_a_car_holds_its_own():
    one = Alone()
    outlet = one.outlet
    assert (outlet.cable_a, outlet.locked) == (None, False)
    outlet.plug_in(CAR, 0.3, cable_a=20.0)
    outlet.set_lock(True)
    outlet.set_lock(False)
    assert outlet.cable_a == 20.0, "the car holds it"
    outlet.set_lock(True)
    outlet.unplug()
    assert (outlet.cable_a, outlet.capability_a[0], outlet.locked) == (20.0, 20.0, True)
    outlet.plug_in(CAR, 0.3, cable_a=32.0)
    assert outlet.cable_a == 20.0, "the next car comes to the cable that is there"
    outlet.unplug()
    outlet.set_lock(True)
    assert outlet.cable_a == 20.0
    outlet.set_lock(False)
    assert (outlet.cable_a, outlet.capability_a[0], outlet.locked) == (None, 32.0, False)
    outlet.plug_in(CAR, 0.3, cable_a=13.0)
    outlet.unplug()
    assert outlet.cable_a is None, "nothing held it"


@pytest.mark.parametrize(("fault", "does", "sensed"), [
    ("contactor-welded", lambda one: one.set_contactor(0), "contactor-welded"),
    ("lock-failure", lambda one: one.set_lock(True), "lock-failure"),
    ("diode-failure", lambda one: one.set_pwm(10.0), "diode-failure"),
])  # fmt: skip
def test_what_is_sensed_by_an_act_is_told_in_the_instant_of_the_act(fault, does, sensed):
    one = Alone().charging()
    one.outlet.set_pwm(None)
    one.outlet.inject(fault)
    one.wait(30.0)
    assert one.sensed == []
    does(one.outlet)
    one.wait(1.0)
    assert one.sensed == [(90.0, {sensed})]


def test_a_diode_is_missed_while_a_car_is_there_and_offered_current_and_no_longer():
    one = Alone()
    one.outlet.inject("diode-failure")
    one.outlet.set_pwm(10.0)
    one.wait(10.0)
    one.outlet.plug_in(CAR, 0.3)
    one.wait(10.0)
    one.outlet.unplug()
    one.wait(10.0)
    assert one.sensed == [(10.0, {"diode-failure"}), (20.0, set())]


def test_without_mains_the_contactor_drops_and_with_them_it_closes_as_it_is_driven():
    one = Alone().charging()
    one.outlet.inject("power-loss")
    assert (one.outlet.powered, one.outlet.phases, one.outlet.pilot, one.amps()) == (False, 0, "E", 0.0)
    one.outlet.clear("power-loss")
    assert (one.outlet.powered, one.outlet.phases) == (True, 3)
    assert one.wait(60.0).amps() == pytest.approx(16.0)


@pytest.mark.parametrize("dead", [(0.0, 1.0, 1.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)])
def test_one_phase_with_voltage_is_power(dead):
    one = Alone()
    one.outlet.supply_is(tuple(230.0 * factor for factor in dead))
    assert (one.outlet.powered, one.outlet.pilot) == (True, "A")


@pytest.mark.parametrize("state", ["E", "F"])
def test_a_pilot_that_is_held_stops_the_car_and_let_go_lets_it_begin_anew(state):
    one = Alone().charging()
    one.outlet.hold_pilot(state)
    assert one.outlet.pilot == state
    assert one.wait(5.0).amps() < 0.1
    one.outlet.hold_pilot(None)
    assert one.wait(60.0).amps() == pytest.approx(16.0)
    assert [pilot for _, pilot in one.pilots] == ["B", "C", state, "B", "C"]


def test_the_grids_phases_lie_behind_the_outlets_as_it_is_wired():
    one = Alone(rotation=(3, 1, 2))
    one.outlet.supply_is((210.0, 220.0, 230.0))
    assert one.outlet.reading().u_v == (230.0, 210.0, 220.0)
    single = Alone(phases=1, rotation=(2, 3, 1))
    single.outlet.supply_is((210.0, 220.0, 230.0))
    assert (single.outlet.reading().u_v, single.outlet.capability_a) == ((220.0, 0.0, 0.0), (32.0, 0.0, 0.0))


def test_a_second_car_a_strange_cable_and_too_many_phases_are_refused():
    one = Alone(phases=1).charging()
    with pytest.raises(ValueError, match="connector 1 must be free, got vw-id3-58 in it"):
        one.outlet.plug_in(CAR, 0.3)
    with pytest.raises(ValueError, match="connector 1 must be free"):
        one.outlet.plug_in_box()
    with pytest.raises(ValueError, match="contactor phases must be within 0 and 1, got 3"):
        one.outlet.set_contactor(3)
    one.outlet.unplug()
    one.outlet.unplug()
    one.outlet.plug_in(CAR, 0.0, cable_a=63.0)
    one.outlet.unplug()
    one.outlet.plug_in(CAR, 1.0)


@pytest.mark.parametrize(("spec", "words"), [
    ({"rated_a": 5.9}, "outlet rated_a must be within 6 and 80 A, got 5.9"),
    ({"rated_a": 80.1}, "outlet rated_a must be within 6 and 80 A, got 80.1"),
    ({"phases": 2}, "outlet phases must be 1 or 3, got 2"),
    ({"rotation": (1, 1, 3)}, r"outlet rotation must be an order of 1, 2, 3, got \(1, 1, 3\)"),
])  # fmt: skip
def test_an_impossible_outlet_is_refused_in_words(spec, words):
    with pytest.raises(ValueError, match=words):
        OutletSpec(**spec)


def test_a_frozen_meter_goes_on_showing_what_it_showed_until_it_thaws():
    one = Alone().charging()
    frozen_wh = one.outlet.metered().register_wh
    one.outlet.inject("meter-frozen")
    one.wait(600.0)
    one.outlet.inject("reader-failure")
    assert one.wait(600.0).outlet.metered().register_wh == frozen_wh
    assert not one.outlet.meter_is_sound and one.outlet.meter_answers
    one.outlet.clear("meter-frozen")
    assert one.outlet.metered().register_wh == one.outlet.reading().register_wh > frozen_wh + 3000.0
    one.outlet.inject("meter-frozen")
    assert one.outlet.metered().register_wh > frozen_wh + 3000.0, "anew"


def test_what_a_meter_has_counted_is_told_in_whole_microwatthours_whatever_it_shows():
    """16 A at 230 V on three phases for a minute, less what the car takes to begin."""
    spec = MeterSpec(
        gain_error_pct=0.0, resolution_wh=100.0, register_wh=90.0, register_phase_wh=(20.0, 30.0, 40.0)
    )
    one = Alone(meter=spec).charging()
    third_uwh = one.outlet.reading().energy_wh * 1e6 / 3.0
    assert third_uwh > 10e6
    counted, *by_phase = one.outlet.counted_uwh()
    assert counted == pytest.approx(90e6 + 3 * third_uwh, abs=1.0)
    begun = [20e6 + third_uwh, 30e6 + third_uwh, 40e6 + third_uwh]
    assert by_phase == pytest.approx(begun, abs=5e3)  # 5 W for 2 s are of L1 alone
    assert all(type(uwh) is int for uwh in one.outlet.counted_uwh())
    assert one.outlet.metered().register_wh % 100.0 == 0.0
