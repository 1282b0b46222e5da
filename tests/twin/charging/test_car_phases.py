"""What is learnt of a car from its current alone: on how many phases it draws, until it leaves."""

import pytest

from evc5.models.outlet import Outlet, OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.twin.charging.car_phases import CarPhases
from evc5.twin.connector.channel import Channel


class Watched:
    """One outlet with a load in a car's place, and what is learnt of it: how often it is told, and what."""

    def __init__(self, wired: int = 3) -> None:
        self.timeline = Timeline()
        world = World(self.timeline, [OutletSpec(phases=wired)])
        self.outlet: Outlet = world.outlet(1)
        self.told: list[int | None] = []
        self.cars = CarPhases(lambda: self.told.append(self.cars.of(1)))
        self.cars.watch([Channel(self.timeline, self.outlet, lambda: None)])
        self.outlet.plug_in_box()

    def draws(self, closed: int, phases: int, amps: float) -> int | None:
        self.outlet.set_contactor(closed)
        self.outlet.box(True, phases, amps)
        self.timeline.advance(self.timeline.now + 1.0)
        return self.cars.of(1)


@pytest.mark.parametrize(("wired", "closed", "used", "amps", "learnt"), [
    (3, 3, 3, 10.0, 3), (3, 3, 2, 10.0, 2), (3, 3, 1, 10.0, 1), (1, 1, 1, 10.0, 1),
    (3, 1, 1, 10.0, None),  # relays leave it one: it may be able to use more
    (3, 3, 3, 0.6, 3), (3, 3, 3, 0.5, None), (3, 3, 1, 0.5, None), (3, 0, 3, 10.0, None),
])  # fmt: skip
def test_a_car_is_known_by_all_phases_wired_or_fewer_than_conduct(wired, closed, used, amps, learnt):
    one = Watched(wired)
    assert one.draws(closed, used, amps) == learnt
    assert one.told == [learnt] * (learnt is not None), "told once, and only news"


@pytest.mark.parametrize("forgets", [lambda one: one.outlet.unplug(), lambda one: one.cars.forget()])
def test_what_is_known_of_a_car_ends_with_it_and_with_the_firmware(forgets):
    one = Watched()
    assert one.draws(3, 2, 10.0) == 2 and one.draws(3, 2, 0.0) == 2, "a pause changes nothing"
    forgets(one)
    assert one.cars.of(1) is None


def test_a_dead_phase_teaches_nothing_of_the_car():
    one = Watched()
    one.outlet.inject("phase-loss")
    assert one.draws(3, 3, 10.0) is None


def test_a_car_that_draws_on_more_than_it_was_thought_to_is_not_known_any_more():
    """L1 and L3 of a car known to use one: with L2 dead it could use three."""
    one = Watched()
    assert one.draws(3, 1, 10.0) == 1
    one.outlet.inject("phase-loss")
    assert one.draws(3, 1, 10.0) == 1
    assert one.draws(3, 3, 10.0) is None
    assert one.told == [1, None]
