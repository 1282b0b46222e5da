"""The electrical world: supply, air and outlets on one timeline."""

from collections.abc import Sequence

from models.heat import Ambient
from models.outlet import Outlet, OutletSpec
from models.supply import Supply
from models.timeline import Timeline


class World:
    """An installation. It moves only by its timeline, and by what is done to its outlets."""

    def __init__(
        self,
        timeline: Timeline,
        outlets: Sequence[OutletSpec],
        supply: Supply | None = None,
        ambient: Ambient | None = None,
        seed: int = 0,
    ) -> None:
        self.timeline, self.seed = timeline, seed
        self.supply, self.ambient = supply or Supply(), ambient or Ambient()
        self.outlets = tuple(Outlet(self, number, spec) for number, spec in enumerate(outlets, 1))

    def outlet(self, connector: int) -> Outlet:
        """By its number, from 1."""
        if not 1 <= connector <= len(self.outlets):
            raise ValueError(f"connector must be within 1 and {len(self.outlets)}, got {connector}")
        return self.outlets[connector - 1]
