"""How much current the charger allows itself at a temperature: levels with hysteresis, never a slope.

Nothing public says how the EVC5 derates: `Staircase()` is assumed. The others are published behaviours.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import NamedTuple


class Level(NamedTuple):
    """At or above `up_c` no more than `limit_a` flows; given back below `down_c`."""

    up_c: float
    down_c: float
    limit_a: float


Levels = tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Staircase:
    """Even steps of current from `start_c` to `stop_c`, where `least_a` is reached; off at `off_c`."""

    start_c: float = 60.0  # assumed for the EVC5
    stop_c: float = 75.0  # assumed
    off_c: float = 80.0  # assumed
    resume_c: float = 70.0  # assumed
    step_a: float = 1.0  # assumed
    least_a: float = 6.0  # IEC 61851-1's least offer
    hysteresis_k: float = 2.0  # assumed

    def __post_init__(self) -> None:
        if not self.start_c <= self.stop_c < self.off_c or self.resume_c >= self.off_c:
            raise ValueError(
                "derating must have start_c <= stop_c < off_c > resume_c, got "
                f"{self.start_c:g}, {self.stop_c:g}, {self.off_c:g}, {self.resume_c:g}"
            )
        for name in ("step_a", "hysteresis_k"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"derating {name} must be > 0, got {getattr(self, name):g}")

    def levels(self, rated_a: float) -> Levels:
        """For an outlet of this rating."""
        count = max(int((rated_a - self.least_a) / self.step_a + 0.999), 1)
        width = (self.stop_c - self.start_c) / max(count - 1, 1)
        steps = [
            Level(
                self.start_c + n * width,
                self.start_c + n * width - self.hysteresis_k,
                max(rated_a - (n + 1) * self.step_a, self.least_a),
            )
            for n in range(count)
        ]
        return (*steps, Level(self.off_c, self.resume_c, 0.0))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows (°C, share of the rating, °C to give it back), rising in temperature and falling in current."""

    rows: tuple[tuple[float, float, float], ...]
    least_a: float = 6.0

    def __post_init__(self) -> None:
        if not self.rows:
            raise ValueError("derating table must have a row, got none")
        for up_c, share, down_c in self.rows:
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"derating share must be within 0 and 1, got {share:g} at {up_c:g} °C")
            if down_c >= up_c:
                raise ValueError(f"derating must give back below {up_c:g} °C, got {down_c:g}")
        for (cool_c, more, back_c), (hot_c, less, later_c) in pairwise(self.rows):
            if hot_c <= cool_c or (later_c < back_c and later_c != -inf):
                raise ValueError(
                    f"derating table must rise in temperature, got {hot_c:g} after {cool_c:g} °C"
                )
            if less > more:
                raise ValueError(
                    "derating table must not rise with temperature, "
                    f"got {less:g} at {hot_c:g} °C after {more:g}"
                )

    def levels(self, rated_a: float) -> Levels:
        """For an outlet of this rating."""
        return tuple(
            Level(up_c, down_c, max(rated_a * share, self.least_a) if share else 0.0)
            for up_c, share, down_c in self.rows
        )


Derating = Staircase | Table

# OpenEVSE open_evse.h: 65 °C half, back at 62; 68 °C a quarter, back at 65 (assumed); 71 °C stop, latched.
OPENEVSE = Table(((65.0, 0.5, 62.0), (68.0, 0.25, 65.0), (71.0, 0.0, -inf)))


def charx(start_c: float = 60.0, stop_c: float = 75.0) -> Staircase:
    """Phoenix CHARX (help 4.11): linear between two user settings, nothing at the second, 3 % hysteresis."""
    reach_c = stop_c - 0.1  # its line ends in 0 A at stop_c; below 6 A there is nothing to offer
    hysteresis_k = 0.03 * (stop_c - start_c)
    return Staircase(start_c, reach_c, stop_c, stop_c - hysteresis_k, 0.5, 6.0, hysteresis_k)
