"""A wall box for the electrical world alone: a mode 3 controller in twenty lines, so no test needs `twin`."""

from collections.abc import Callable

import pytest

from models.outlet import Outlet, OutletSpec
from models.supply import Supply
from models.timeline import Timeline
from models.world import World


class Wallbox:
    """Offers `amps`, closes the contactor in state C and opens it outside, at once."""

    def __init__(self, world: World, phases: int = 3) -> None:
        self.world, self.timeline, self.phases = world, world.timeline, phases
        for outlet in world.outlets:
            outlet.on_pilot.append(self.follow)

    def follow(self, outlet: Outlet) -> None:
        outlet.set_contactor(min(self.phases, outlet.spec.phases) if outlet.pilot == "C" else 0)

    def charge(self, vehicle, soc: float, amps: float = 32.0, connector: int = 1) -> Outlet:
        outlet = self.world.outlet(connector)
        outlet.plug_in(vehicle, soc)
        outlet.set_pwm(amps)
        return outlet

    def run(self, seconds: float) -> None:
        self.timeline.advance(self.timeline.now + seconds)


@pytest.fixture
def wallbox() -> Callable[..., Wallbox]:
    def make(phases: int = 3, supply: Supply | None = None, outlets: int = 1, **spec) -> Wallbox:
        return Wallbox(World(Timeline(), [OutletSpec(**spec)] * outlets, supply), phases)

    return make
