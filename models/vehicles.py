"""The cars: what each draws, refuses and loses. The presets are data, in vehicles.toml."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import inf, sqrt
from typing import Any

from evc5.models.curve import Curve

# From this battery temperature on, at most so many capacities per hour: assumed.
ACCEPTANCE = ((-273.15, 0.05), (-10.0, 0.1), (0.0, 0.3), (10.0, 2.0), (45.0, 0.3))
LEAST_V = 150.0  # assumed: below it an on-board charger cuts out
PILOT_REACTION_MAX_S = 5.0  # IEC 61851-1 as quoted by everest-core Charger.cpp: the car follows within 5 s


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One car as the charger meets it. Amps are per phase; losses count on the grid side of its inlet:
    P_dc = P_ac - (loss_a_w + loss_b * P_ac)."""

    id: str
    name: str
    usable_wh: float
    phases: int
    max_a: float
    min_a: float = 6.0  # one phase; IEC 61851-1's least offer
    min_3p_a: float = 6.0  # two or three phases
    undershoot_a: float = 0.3  # below the offer at max_a, fading to 0 at 6 A; evcc #17233, #23296: 0.2-0.7
    loss_a_w: float = 235.0  # [D] fit over the EV2Gym efficiency table, all cars
    loss_b: float = 0.073  # [D] same fit
    reactive_a: float = 1.2  # [D] pf 0.98 at 6 A (evcc #21708)
    curve: Curve = field(default_factory=Curve)
    reaction_s: float = 2.0  # assumed; the standard allows 5
    start_s: float = 3.0  # assumed: from mains at the inlet to the first current
    ramp_up_a_s: float = 4.0  # assumed
    ramp_down_a_s: float = 16.0  # assumed; the whole fall must fit within the 5 s
    standby_w: float = 5.0  # evcc #21708: 4-6 W in state B through a closed contactor
    standby_a: float = 0.05  # evcc #21708, on L1
    stops_without_pwm: bool = True  # else it draws on in C until the contactor opens under load ("Kona 1")
    resumes_after_phase_change: bool = True  # else only a new plug-in or a pilot interruption wakes it
    ventilation: bool = False  # asks for it: state D instead of C
    preheat_w: float = 0.0  # drawn on L1 after full; BMW i3 2.0-2.3 kW, evcc #11343
    preheat_s: float = 0.0
    sleep_after_s: float = inf  # without a sufficient offer for so long it sleeps ...
    wake_s: float = 3.0  # ... until the pilot is interrupted for so long; Phoenix EV Charge Control Basic
    acceptance: tuple[tuple[float, float], ...] = ACCEPTANCE
    battery_tau_s: float = 6 * 3600.0  # assumed: the pack's temperature follows air and charging
    battery_rise_k: float = 8.0  # assumed: above air, in the end, while charging
    source: str = "user"

    def __post_init__(self) -> None:
        for name, (allowed, holds) in _RULES.items():
            value = getattr(self, name)
            if not holds(value):
                raise ValueError(f"vehicle {self.id}: {name} must be {allowed}, got {value}")
        for (cold_c, _), (warm_c, _) in pairwise(self.acceptance):
            if warm_c <= cold_c:
                raise ValueError(
                    f"vehicle {self.id}: acceptance must rise in temperature, got {warm_c:g} after {cold_c:g}"
                )
        least_w = self.dc_w(self.active_a(self.min_a) * LEAST_V)
        if least_w <= 0.0:
            raise ValueError(
                f"vehicle {self.id}: losses must leave power for the battery at {self.min_a:g} A and "
                f"{LEAST_V:g} V, got {least_w:.0f} W"
            )
        fall_s = self.reaction_s + self.max_a / self.ramp_down_a_s
        if fall_s > PILOT_REACTION_MAX_S:
            raise ValueError(
                f"vehicle {self.id}: reaction_s + max_a / ramp_down_a_s must be <= 5 s, got {fall_s:g}"
            )

    def least_a(self, phases: int) -> float:
        """Below this offer it does not charge on so many phases."""
        return self.min_a if phases == 1 else self.min_3p_a

    def draw_a(self, offered_a: float) -> float:
        """RMS current per phase it takes when so much is offered and the battery accepts it."""
        if self.max_a <= 6.0:
            return min(offered_a, self.max_a)
        amps = min(offered_a, self.max_a)
        return amps - self.undershoot_a * max(0.0, (amps - 6.0) / (self.max_a - 6.0))

    def active_a(self, rms_a: float) -> float:
        """The part of an RMS current that carries power, beside the filter's reactive current."""
        return sqrt(max(rms_a * rms_a - self.reactive_a * self.reactive_a, 0.0))

    def ac_w(self, dc_w: float) -> float:
        """Power at the inlet for so much into the battery."""
        return (dc_w + self.loss_a_w) / (1.0 - self.loss_b)

    def dc_w(self, ac_w: float) -> float:
        """Power into the battery for so much at the inlet."""
        return ac_w * (1.0 - self.loss_b) - self.loss_a_w


_POSITIVE = ("> 0", lambda value: 0.0 < value < inf)
_ABOVE_ZERO = ("> 0", lambda value: value > 0.0)
_NOT_NEGATIVE = (">= 0", lambda value: 0.0 <= value < inf)
_RULES: dict[str, tuple[str, Any]] = {
    "usable_wh": _POSITIVE,
    "phases": ("1, 2 or 3", lambda value: value in (1, 2, 3)),
    "max_a": ("within 6 and 80 A", lambda value: 6.0 <= value <= 80.0),
    "min_a": ("within 6 and 80 A", lambda value: 6.0 <= value <= 80.0),
    "min_3p_a": ("within 6 and 80 A", lambda value: 6.0 <= value <= 80.0),
    "undershoot_a": _NOT_NEGATIVE,
    "loss_a_w": _NOT_NEGATIVE,
    "loss_b": ("within 0 and 0.5", lambda value: 0.0 <= value <= 0.5),
    "reactive_a": ("within 0 and 5 A", lambda value: 0.0 <= value <= 5.0),
    "reaction_s": ("within 0 and 5 s", lambda value: 0.0 <= value <= PILOT_REACTION_MAX_S),
    "start_s": _NOT_NEGATIVE,
    "ramp_up_a_s": _ABOVE_ZERO,
    "ramp_down_a_s": _ABOVE_ZERO,
    "preheat_w": _NOT_NEGATIVE,
    "preheat_s": _NOT_NEGATIVE,
    "sleep_after_s": _ABOVE_ZERO,
    "wake_s": _NOT_NEGATIVE,
    "acceptance": ("rows of (°C, rate > 0)", lambda rows: rows and all(rate > 0.0 for _, rate in rows)),
    "battery_tau_s": _ABOVE_ZERO,
    "battery_rise_k": _NOT_NEGATIVE,
    "standby_w": _NOT_NEGATIVE,
    "standby_a": _NOT_NEGATIVE,
}


@cache
def presets() -> dict[str, Vehicle]:
    """Every shipped car by its id."""
    table = tomllib.loads(files("evc5.models").joinpath("vehicles.toml").read_text(encoding="utf-8"))
    return {id_: Vehicle(id=id_, **row) for id_, row in table.items()}


def vehicle(id_: str) -> Vehicle:
    """The preset of this id; ValueError with the known ids otherwise."""
    try:
        return presets()[id_]
    except KeyError:
        raise ValueError(f"vehicle must be one of {', '.join(presets())}, got {id_!r}") from None
