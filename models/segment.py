"""The closed-form electrical solution of one outlet between two events, for one instant or for many."""

from math import exp, expm1, floor, inf, sqrt
from typing import Any, NamedTuple

import numpy as np

from models.flow import Flow
from models.vehicles import Vehicle

Three = tuple[float, float, float]
Columns = dict[str, Any]


class Reading(NamedTuple):
    """Everything electrical about one outlet at one instant; amps and volts per phase, L1 to L3."""

    t_s: float
    pilot: str
    duty_pct: float
    phases: int
    i_a: Three
    u_v: Three
    p_w: float
    pf: float | None  # None at zero current
    energy_wh: float  # true, since the run's start
    register_wh: float  # as the meter shows it
    register_phase_wh: Three  # its registers of each phase; rounded each for itself
    soc: float | None  # None without a car
    temp_c: float
    demand_a: Three | None  # what the car would draw unlimited; None without a car
    capability_a: Three  # least of rated, cable and heat
    frequency_hz: float
    offered_a: float


class Draw(NamedTuple):
    """How a flow of power is carried: by which phases, beside which reactive current, and where it goes."""

    flow: Flow = Flow()
    live: tuple[bool, bool, bool] = (False, False, False)
    sum_u_v: float = 0.0  # of the live phases
    reactive_a: float = 0.0
    keep: float = 0.0  # of each Wh drawn, what reaches the battery ...
    drain_w: float = 0.0  # ... less this


IDLE = Draw()


class Segment:
    """Immutable: holds from `t0_s` until the outlet begins another."""

    __slots__ = (
        "_max_draw_a",
        "_usable_wh",
        "capability_a",
        "counted_phase_wh",
        "counted_wh",
        "draw",
        "duty_pct",
        "energy_wh",
        "frequency_hz",
        "gain",
        "offered_a",
        "phase_share",
        "phases",
        "pilot",
        "resolution_wh",
        "soc",
        "t0_s",
        "temp_c",
        "u_v",
        "varies",
        "vehicle",
    )

    def __init__(
        self,
        t0_s: float,
        pilot: str,
        duty_pct: float,
        offered_a: float,
        phases: int,
        u_v: Three,
        frequency_hz: float,
        draw: Draw,
        energy_wh: float,
        counted_wh: float,
        counted_phase_wh: Three,
        gain: float,
        resolution_wh: float,
        vehicle: Vehicle | None,
        soc: float | None,
        max_draw_a: float,
        capability_a: Three,
        temp_c: float,
    ) -> None:
        self.t0_s, self.pilot, self.duty_pct = t0_s, pilot, duty_pct
        self.offered_a, self.phases = offered_a, phases
        self.u_v, self.frequency_hz, self.draw = u_v, frequency_hz, draw
        self.energy_wh, self.counted_wh = energy_wh, counted_wh
        self.counted_phase_wh, self.phase_share = counted_phase_wh, _share(u_v, draw)
        self.gain, self.resolution_wh = gain, resolution_wh
        self.vehicle, self.soc, self.capability_a, self.temp_c = vehicle, soc, capability_a, temp_c
        self._max_draw_a = max_draw_a
        self._usable_wh = vehicle.usable_wh if vehicle else inf
        self.varies = draw is not IDLE

    def at(self, t_s: float) -> Reading:
        """The outlet at `t_s`, at or after `t0_s`."""
        tau = t_s - self.t0_s
        flow, live, sum_u, reactive, keep, drain = self.draw
        const, slope, decay, lam = flow
        power = const + slope * tau
        joules = (const + 0.5 * slope * tau) * tau
        if decay:
            power += decay * exp(-lam * tau)
            joules -= decay * expm1(-lam * tau) / lam
        added = joules / 3600.0
        soc, pf = self.soc, None
        currents = _NO_CURRENT
        if sum_u:
            active = power / sum_u
            amps = sqrt(active * active + reactive * reactive)
            if amps:
                pf = active / amps
                currents = (amps if live[0] else 0.0, amps if live[1] else 0.0, amps if live[2] else 0.0)
        if soc is not None:
            soc += (keep * added - drain * tau / 3600.0) / self._usable_wh
        shown = added * self.gain
        step = self.resolution_wh
        counted = self.counted_wh + shown
        (c1, c2, c3), (s1, s2, s3) = self.counted_phase_wh, self.phase_share
        by_phase = (c1 + shown * s1, c2 + shown * s2, c3 + shown * s3)
        if step:
            w1, w2, w3 = by_phase
            by_phase = (
                floor(w1 / step + 1e-9) * step,
                floor(w2 / step + 1e-9) * step,
                floor(w3 / step + 1e-9) * step,
            )
        return _new_reading(
            Reading,
            (
                t_s,
                self.pilot,
                self.duty_pct,
                self.phases,
                currents,
                self.u_v,
                power,
                pf,
                self.energy_wh + added,
                floor(counted / step + 1e-9) * step if step else counted,
                by_phase,
                soc,
                self.temp_c,
                None if soc is None else self._demand_a(soc),
                self.capability_a,
                self.frequency_hz,
                self.offered_a,
            ),
        )

    def _demand_a(self, soc: float) -> Three:
        car = self.vehicle
        if car is None or not self._max_draw_a:
            return _NO_CURRENT
        accepts_w = car.ac_w(car.usable_wh * car.curve.rate(min(max(soc, 0.0), 1.0)))
        active = accepts_w / _nominal(self.u_v, car.phases)
        amps = min(self._max_draw_a, sqrt(active * active + car.reactive_a * car.reactive_a))
        return (amps, amps if car.phases > 1 else 0.0, amps if car.phases > 2 else 0.0)

    def columns(self, t_s: "np.ndarray[Any, Any]") -> Columns:
        """The telemetry columns at these instants; NaN where a value is null (no car, no current)."""
        tau, size = t_s - self.t0_s, len(t_s)
        flow, live, sum_u, reactive, keep, drain = self.draw
        power = np.full(size, flow.const_w) + flow.slope_w_s * tau
        joules = (flow.const_w + 0.5 * flow.slope_w_s * tau) * tau
        if flow.decay_w:
            power += flow.decay_w * np.exp(-flow.lambda_s * tau)
            joules -= flow.decay_w * np.expm1(-flow.lambda_s * tau) / flow.lambda_s
        added = joules / 3600.0
        active = power / sum_u if sum_u else np.zeros(size)
        amps = np.sqrt(active * active + reactive * reactive) if sum_u else active
        with np.errstate(invalid="ignore", divide="ignore"):
            pf = active / amps
        soc = np.full(size, np.nan)
        if self.soc is not None:
            soc = self.soc + (keep * added - drain * tau / 3600.0) / self._usable_wh
        counted, step = self.counted_wh + added * self.gain, self.resolution_wh
        register = np.floor(counted / step + 1e-9) * step if step else counted
        return {
            "pilot": np.full(size, self.pilot),
            "duty_pct": np.full(size, self.duty_pct),
            "phases": np.full(size, self.phases),
            "demand_a": self._demand_columns(soc),
            "capability_a": np.tile(np.array(self.capability_a), (size, 1)),
            **{f"i{n}_a": amps if on else np.zeros(size) for n, on in enumerate(live, 1)},
            **{f"u{n}_v": np.full(size, volts) for n, volts in enumerate(self.u_v, 1)},
            "p_w": power,
            "pf": pf,
            "energy_wh": self.energy_wh + added,
            "register_wh": register,
            "soc": soc,
            "temp_c": np.full(size, self.temp_c),
        }

    def _demand_columns(self, soc: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        size, car = len(soc), self.vehicle
        if self.soc is None:
            return np.full((size, 3), np.nan)
        if size == 1 or car is None or not self._max_draw_a:
            return np.array([self._demand_a(float(value)) for value in soc])
        starts = np.array([piece.s0 for piece in car.curve.pieces])
        s0, _, r0, _, slope = np.array(car.curve.pieces).T
        index = np.maximum(np.searchsorted(starts, soc, side="right") - 1, 0)
        rate = r0[index] + slope[index] * (soc - s0[index])
        active = car.ac_w(car.usable_wh * rate) / _nominal(self.u_v, car.phases)
        amps = np.minimum(self._max_draw_a, np.sqrt(active * active + car.reactive_a**2))
        return np.outer(amps, np.arange(3) < car.phases)


def _nominal(u_v: Three, phases: int) -> float:
    """Sum of the voltages a car of so many phases would use; 230 V stands in for a dead supply."""
    return sum(u_v[:phases]) or 230.0 * phases


_NO_CURRENT: Three = (0.0, 0.0, 0.0)


def _share(u_v: Three, draw: Draw) -> Three:
    """Which part of the energy each phase carries: the current is the same on all live ones."""
    if not draw.sum_u_v:
        return _NO_CURRENT
    u1, u2, u3 = (u if live else 0.0 for u, live in zip(u_v, draw.live, strict=True))
    return (u1 / draw.sum_u_v, u2 / draw.sum_u_v, u3 / draw.sum_u_v)
_new_reading = tuple.__new__
