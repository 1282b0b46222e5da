"""The kWh meter: what it counts, how wrong it may be, and in which steps it shows it."""

from dataclasses import dataclass
from math import floor
from random import Random


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """An Eastron SDM72D class instrument, the type seen in public Ecotap configurations."""

    class_pct: float = 1.0  # class 1, EN 62053-21; SDM72D-M-2 data sheet
    gain_error_pct: float | None = None  # None: drawn once per meter within 0.3..class, from the seed
    resolution_wh: float = 1.0  # assumed; SDM72D pulses 1000/kWh, displays 0.1 kWh
    start_a: float = 0.04  # SDM72D-M-2: starting current 40 mA
    register_wh: float = 0.0  # what it shows at the run's start

    def __post_init__(self) -> None:
        if not 0.0 <= self.class_pct <= 5.0:
            raise ValueError(f"meter class_pct must be within 0 and 5, got {self.class_pct:g}")
        if self.gain_error_pct is not None and abs(self.gain_error_pct) > self.class_pct:
            raise ValueError(
                f"meter gain_error_pct must be within +-{self.class_pct:g}, got {self.gain_error_pct:g}"
            )
        for name in ("resolution_wh", "start_a", "register_wh"):
            if getattr(self, name) < 0.0:
                raise ValueError(f"meter {name} must be >= 0, got {getattr(self, name):g}")

    def gain(self, seed: int, name: str) -> float:
        """This meter's factor on true energy, the same for its life."""
        if self.gain_error_pct is not None:
            return 1.0 + self.gain_error_pct / 100.0
        rng = Random(f"{seed}/{name}")
        size = rng.uniform(min(0.3, self.class_pct), self.class_pct)
        return 1.0 + rng.choice((-1.0, 1.0)) * size / 100.0


def shown_wh(counted_wh: float, resolution_wh: float) -> float:
    """A counter shows whole steps only, and only ever reached ones."""
    if resolution_wh <= 0.0:
        return counted_wh
    return floor(counted_wh / resolution_wh + 1e-9) * resolution_wh
