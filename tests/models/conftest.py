"""A wall box for the electrical world alone: a mode 3 controller in twenty lines, so no test needs `twin`."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from evc5.models.outlet import Outlet, OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.vehicles import Vehicle, vehicle
from evc5.models.world import World

# A car that draws exactly what it is offered.
PLAIN = {"undershoot_a": 0.0, "reactive_a": 0.0, "reaction_s": 2.0, "start_s": 3.0}


class Wallbox:
    """Closes the contactor in state C and opens it outside, at once; `phases` may be changed between."""

    def __init__(self, world: World, phases: int = 3) -> None:
        self.world, self.timeline, self.phases = world, world.timeline, phases
        for outlet in world.outlets:
            outlet.on_pilot.append(self.follow)

    def follow(self, outlet: Outlet) -> None:
        outlet.set_contactor(min(self.phases, outlet.spec.phases) if outlet.pilot in "CD" else 0)

    def charge(self, car: Vehicle, soc: float, amps: float = 32.0, connector: int = 1, **how) -> Outlet:
        outlet = self.world.outlet(connector)
        outlet.plug_in(car, soc, **how)
        outlet.set_pwm(amps)
        return outlet

    def run(self, seconds: float) -> None:
        self.timeline.advance(self.timeline.now + seconds)


@pytest.fixture
def wallbox() -> Callable[..., Wallbox]:
    def make(
        phases: int = 3, supply=None, ambient=None, outlets: int = 1, thermal=None, derating=None, **spec
    ):
        world = World(
            Timeline(), [OutletSpec(**spec)] * outlets, supply, ambient, thermal=thermal, derating=derating
        )
        return Wallbox(world, phases)

    return make


@pytest.fixture
def car() -> Callable[..., Vehicle]:
    """A preset made plain, with changes."""

    def make(id_: str = "vw-id3-58", **changes) -> Vehicle:
        return replace(vehicle(id_), **(PLAIN | changes))

    return make
