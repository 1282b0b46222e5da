"""Limits that stand in front of the drivers: more than `max_a`, `max_v` or `max_c` is never passed on."""

from dataclasses import dataclass

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.roles import Climate, Load, Supply, Three


@dataclass(frozen=True, slots=True)
class GuardedLoad:
    """A load that refuses more than it may, and what is no current."""

    load: Load
    max_a: float

    def draw(self, amps: Three) -> None:
        if not all(0.0 <= one <= self.max_a for one in amps):
            asked = ", ".join(f"{one:g}" for one in amps)
            raise BenchFault(f"a load must draw 0 to max_a ({self.max_a:g} A), asked for {asked}")
        self.load.draw(amps)

    def off(self) -> None:
        self.load.off()


@dataclass(frozen=True, slots=True)
class GuardedSupply:
    """A source that never gives more than it may."""

    supply: Supply
    max_v: float

    def on(self) -> None:
        self.supply.on()

    def off(self) -> None:
        self.supply.off()

    def voltage(self, volts: Three) -> None:
        if not all(0.0 <= one <= self.max_v for one in volts):
            asked = ", ".join(f"{one:g}" for one in volts)
            raise BenchFault(f"a source must give 0 to max_v ({self.max_v:g} V), asked for {asked}")
        self.supply.voltage(volts)

    def frequency(self, hz: float) -> None:
        self.supply.frequency(hz)


@dataclass(frozen=True, slots=True)
class GuardedClimate:
    """A chamber that is never made hotter than it may."""

    climate: Climate
    max_c: float

    def ambient(self, temp_c: float) -> None:
        if not temp_c <= self.max_c:
            raise BenchFault(f"a chamber must stay below max_c ({self.max_c:g} °C), asked for {temp_c:g}")
        self.climate.ambient(temp_c)

    def read(self) -> float:
        return self.climate.read()
