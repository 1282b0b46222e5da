"""The kWh meter: what it counts, how wrong it may be, and in which steps it shows it."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import NamedTuple

from evc5.models.faults import JUMP_WH, Fault
from evc5.models.functions import ONE, Functions, Number
from evc5.models.segment import ZERO, Segment
from evc5.models.supply import Three

Numbers = tuple[Number, Number, Number]


class Metered(NamedTuple):
    """What the charge point reads of one outlet: kWh meter, the car's charge, the sensor at the socket.

    Of many instants each is an array, or the one number that holds at all of them.
    """

    i_a: Numbers
    u_v: Three
    phase_w: Numbers
    p_w: Number
    pf: Number  # unity while no current flows
    register_wh: Number
    register_phase_wh: Numbers
    soc: Number | None  # None without a car
    temp_c: Number
    frequency_hz: float


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """An Eastron SDM72D class instrument, the type seen in public Ecotap configurations."""

    class_pct: float = 1.0  # class 1, EN 62053-21; SDM72D-M-2 data sheet
    gain_error_pct: float | None = None  # None: drawn once per meter within 0.3..class, from the seed
    resolution_wh: float = 1.0  # assumed; SDM72D pulses 1000/kWh, displays 0.1 kWh
    start_a: float = 0.04  # SDM72D-M-2: starting current 40 mA
    register_wh: float = 0.0  # what it shows at the run's start
    register_phase_wh: Three | None = None  # and for each phase; None: a third of it each
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

    def tells(self, segment: Segment, t_s: Number, fn: Functions = ONE) -> Metered:
        """What comes over the bus at `t_s`: in the meter's steps, currents too small to count as none.

        With `MANY` at all of many instants, between which no outlet's segment may change; Mixed where only
        some have a current that counts.
        """
        power, amps, pf, added, soc = segment.state(t_s, fn)
        fixed = segment.fixed
        draw = segment.draw
        register_wh, by_phase_wh = segment.registers(added, fn)
        if self.float32:
            register_wh = as_float32_kwh(register_wh, fn)
        currents: Numbers = ZERO
        watts: Number = 0.0
        by_phase_w: Numbers = ZERO
        if pf is not None and fn.holds(amps >= self.start_a):
            a = _rounded(amps, self.amp_step, fn)
            live1, live2, live3 = draw.live
            currents = (a if live1 else 0.0, a if live2 else 0.0, a if live3 else 0.0)
            s1, s2, s3 = draw.share
            step = self.watt_step
            watts = power
            by_phase_w = (power * s1, power * s2, power * s3)
            if step:
                scale = power / step
                watts = fn.round(scale) * step
                by_phase_w = (
                    fn.round(scale * s1) * step if s1 else 0.0,
                    fn.round(scale * s2) * step if s2 else 0.0,
                    fn.round(scale * s3) * step if s3 else 0.0,
                )
        return Metered(
            currents,
            _volts(fixed.u_v, self.volt_step),
            by_phase_w,
            watts,
            1.0 if pf is None else fn.where(watts != 0.0, pf, 1.0),
            register_wh,
            by_phase_wh,
            soc,
            segment.temp_c(t_s, fn),
            fixed.frequency_hz,
        )


def misread(told: Metered, faults: Collection[str], frozen: Metered | None) -> Metered:
    """What comes over the bus instead; charge and the socket's temperature are no meter's."""
    if frozen is not None:
        told = frozen._replace(soc=told.soc, temp_c=told.temp_c)
    if Fault.METER_JUMP in faults:
        by_phase = tuple(wh + JUMP_WH / 3.0 for wh in told.register_phase_wh)
        told = told._replace(register_wh=told.register_wh + JUMP_WH, register_phase_wh=by_phase)
    return _without_l2(told) if Fault.METER_PHASE in faults else told


def _without_l2(told: Metered) -> Metered:
    u1, _, u3 = told.u_v
    return told._replace(
        i_a=_two(told.i_a), u_v=(u1, 0.0, u3), phase_w=_two(told.phase_w), p_w=told.p_w - told.phase_w[1]
    )


def _two(three: Numbers) -> Numbers:
    return (three[0], 0.0, three[2])


@lru_cache(maxsize=64)
def _volts(u_v: Three, step: float) -> Three:
    u1, u2, u3 = u_v
    return (_rounded(u1, step), _rounded(u2, step), _rounded(u3, step))


def _rounded(value: Number, step: float, fn: Functions = ONE) -> Number:
    return fn.round(value / step) * step if step else value


def as_float32_kwh(register_wh: Number, fn: Functions = ONE) -> Number:
    """What is left of a register after passing through a 32-bit float: steps of 0.98 Wh from 8192 kWh."""
    return fn.float32(register_wh / 1000.0) * 1000.0
