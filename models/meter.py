"""The kWh meter: what it counts, how wrong it may be, and in which steps it shows it."""

from dataclasses import dataclass
from random import Random
from struct import pack, unpack

from models.segment import Reading


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """An Eastron SDM72D class instrument, the type seen in public Ecotap configurations."""

    class_pct: float = 1.0  # class 1, EN 62053-21; SDM72D-M-2 data sheet
    gain_error_pct: float | None = None  # None: drawn once per meter within 0.3..class, from the seed
    resolution_wh: float = 1.0  # assumed; SDM72D pulses 1000/kWh, displays 0.1 kWh
    start_a: float = 0.04  # SDM72D-M-2: starting current 40 mA
    register_wh: float = 0.0  # what it shows at the run's start
    volt_step: float = 0.1  # SDM72D-M-2
    amp_step: float = 0.1  # SDM72D-M-2
    watt_step: float = 1.0  # assumed
    float32: bool = False  # register read as a 32-bit float of kWh, as Eastron's Modbus map gives it

    def __post_init__(self) -> None:
        if not 0.0 <= self.class_pct <= 5.0:
            raise ValueError(f"meter class_pct must be within 0 and 5, got {self.class_pct:g}")
        if self.gain_error_pct is not None and abs(self.gain_error_pct) > self.class_pct:
            raise ValueError(
                f"meter gain_error_pct must be within +-{self.class_pct:g}, got {self.gain_error_pct:g}"
            )
        for name in ("resolution_wh", "start_a", "register_wh", "volt_step", "amp_step", "watt_step"):
            if getattr(self, name) < 0.0:
                raise ValueError(f"meter {name} must be >= 0, got {getattr(self, name):g}")

    def gain(self, seed: int, name: str) -> float:
        """This meter's factor on true energy, the same for its life."""
        if self.gain_error_pct is not None:
            return 1.0 + self.gain_error_pct / 100.0
        rng = Random(f"{seed}/{name}")
        size = rng.uniform(min(0.3, self.class_pct), self.class_pct)
        return 1.0 + rng.choice((-1.0, 1.0)) * size / 100.0

    def shows(self, true: Reading) -> Reading:
        """A reading as it comes over the bus: rounded to the meter's steps, small currents as none."""
        i1, i2, i3 = (_rounded(a, self.amp_step) if a >= self.start_a else 0.0 for a in true.i_a)
        u1, u2, u3 = (_rounded(v, self.volt_step) for v in true.u_v)
        register_wh = as_float32_kwh(true.register_wh) if self.float32 else true.register_wh
        watts = _rounded(true.p_w, self.watt_step) if i1 or i2 or i3 else 0.0
        return true._replace(i_a=(i1, i2, i3), u_v=(u1, u2, u3), p_w=watts, register_wh=register_wh)


def _rounded(value: float, step: float) -> float:
    return round(value / step) * step if step else value


def as_float32_kwh(register_wh: float) -> float:
    """What is left of a register after passing through a 32-bit float: steps of 0.98 Wh from 8192 kWh."""
    kwh: float = unpack("<f", pack("<f", register_wh / 1000.0))[0]
    return kwh * 1000.0
