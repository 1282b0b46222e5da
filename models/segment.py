"""The closed-form electrical solution of one outlet between two events, for one instant or for many."""

from collections.abc import Sequence
from math import exp, nan, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evc5.models.flow import Flow
from evc5.models.functions import FAST, ONE, Functions, Number
from evc5.models.heat import ENCLOSURE, NO_CURRENT, SOCKET, Air, Squares, Warmth
from evc5.models.ledger import Ledger
from evc5.models.supply import Three
from evc5.models.units import NOMINAL_V

if TYPE_CHECKING:
    from evc5.models.vehicles import Vehicle

Columns = dict[str, Any]
ZERO: Three = (0.0, 0.0, 0.0)
UNKNOWN: Three = (nan, nan, nan)
FIXED = (
    "duty_pct",
    "phases",
    *("capability1_a", "capability2_a", "capability3_a"),
    *("u1_v", "u2_v", "u3_v"),
)
DEMAND = ("demand1_a", "demand2_a", "demand3_a")
CURRENT = ("i1_a", "i2_a", "i3_a")
VARYING = (*DEMAND, *CURRENT, "p_w", "pf", "energy_wh", "register_wh", "soc", "temp_c")
FEW = 6  # so many instants are looked at sooner one by one than with numpy


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
    temp_c: float  # at the socket's contacts
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
    share: Three = ZERO  # of the power, on each phase

    def rms_a(self, tau_s: float) -> float:
        """Current of each live phase."""
        if not self.sum_u_v:
            return 0.0
        active = self.flow.power_w(tau_s) / self.sum_u_v
        return sqrt(active * active + self.reactive_a * self.reactive_a)

    def squares(self, lasts_s: float) -> Squares:
        """ΣI² over the live phases, for the heat; `lasts_s` bounds its largest value."""
        (const, slope, decay, lam), live, sum_u, reactive, *_ = self
        if not sum_u:
            return NO_CURRENT
        count = live[0] + live[1] + live[2]
        per = count / (sum_u * sum_u)
        idle = count * reactive * reactive
        first = const + decay
        last = const + slope * lasts_s + decay * exp(-lam * lasts_s) if slope or lam < 0.0 else first
        peak = per * max(first, last) ** 2 + idle
        if slope:
            return Squares(
                per * const * const + idle, 2.0 * per * const * slope, per * slope * slope, peak=peak
            )
        if decay:
            both, square = 2.0 * per * const * decay, per * decay * decay
            return Squares(per * const * const + idle, 0.0, 0.0, both, square, lam, peak)
        return Squares(peak, peak=peak)


IDLE = Draw()


class Fixed(NamedTuple):
    """What does not change while a segment lasts."""

    pilot: str
    duty_pct: float
    offered_a: float
    phases: int
    u_v: Three
    frequency_hz: float
    capability_a: Three
    vehicle: "Vehicle | None"
    max_draw_a: float  # the car's own limit; 0 when it is full
    gain: float  # of the meter; 0 below its starting current
    resolution_wh: float


class Segment:
    """Immutable: holds from `t0_s` until the outlet begins another."""

    __slots__ = (
        "_air",
        "_extra_k",
        "_others",
        "_own",
        "_recent",
        "draw",
        "fixed",
        "ledger",
        "soc",
        "t0_s",
    )

    varies = True  # the temperature follows the air all day

    def __init__(
        self,
        t0_s: float,
        fixed: Fixed,
        draw: Draw,
        ledger: Ledger,
        soc: float | None,
        air: Air,
        own: Warmth,
        others: tuple[Warmth, ...],
        extra_k: float = 0.0,
    ) -> None:
        self.t0_s = t0_s
        self.fixed = fixed
        self.draw = draw
        self.ledger = ledger
        self.soc = soc
        self._air = air
        self._own = own
        self._others = others
        self._extra_k = extra_k
        self._recent = list(others)  # where the last look found them: an idle outlet's segment lasts for days

    @property
    def pilot(self) -> str:
        return self.fixed.pilot

    @property
    def phases(self) -> int:
        return self.fixed.phases

    @property
    def offered_a(self) -> float:
        return self.fixed.offered_a

    def state(
        self, t_s: Number, fn: Functions = ONE
    ) -> tuple[Number, Number, Number | None, Number, Number | None]:
        """Power (W), current of each live phase (A), its power factor, Wh drawn since `t0_s`, SoC."""
        power, amps, added, soc = self._flowed(t_s, fn)
        pf = power / self.draw.sum_u_v / amps if fn.holds(amps != 0.0) else None
        return power, amps, pf, added, soc

    def _flowed(self, t_s: Number, fn: Functions) -> tuple[Number, Number, Number, Number | None]:
        """`state` without the power factor."""
        tau = t_s - self.t0_s
        (const, slope, decay, lam), _, sum_u, reactive, keep, drain, _ = self.draw
        power = const + slope * tau
        joules = (const + 0.5 * slope * tau) * tau
        if decay:
            power += decay * fn.exp(-lam * tau)
            joules -= decay * fn.expm1(-lam * tau) / lam
        added = joules / 3600.0
        amps = 0.0 * tau
        if sum_u:
            active = power / sum_u
            amps = fn.sqrt(active * active + reactive * reactive)
        soc = self.soc
        car = self.fixed.vehicle
        if soc is not None and car is not None:
            soc = soc + (keep * added - drain * tau / 3600.0) / car.usable_wh
        return power, amps, added, soc

    def counted(self, added_wh: Number) -> tuple[Number, tuple[Number, Number, Number]]:
        """The same between its steps: what a meter goes on from, and shows nobody."""
        c1, c2, c3 = self.ledger[2]
        s1, s2, s3 = self.draw.share
        shown = added_wh * self.fixed.gain
        return self.ledger[1] + shown, (c1 + shown * s1, c2 + shown * s2, c3 + shown * s3)

    def registers(
        self, added_wh: Number, fn: Functions = ONE
    ) -> tuple[Number, tuple[Number, Number, Number]]:
        """What the meter has counted in all and on each phase, in its steps, when `added_wh` were drawn."""
        counted, (c1, c2, c3) = self.counted(added_wh)
        step = self.fixed.resolution_wh
        if not step:
            return counted, (c1, c2, c3)
        return fn.floor(counted / step + 1e-9) * step, (
            fn.floor(c1 / step + 1e-9) * step,
            fn.floor(c2 / step + 1e-9) * step,
            fn.floor(c3 / step + 1e-9) * step,
        )

    def at(self, t_s: float) -> Reading:
        """The outlet at `t_s`, at or after `t0_s`."""
        power, amps, pf, added, soc = self.state(t_s)
        pilot, duty_pct, offered_a, phases, u_v, hertz, capability, car, max_draw_a, _, _ = self.fixed
        counted, by_phase = self.registers(added)
        live = self.draw.live
        currents = ZERO
        demand = None
        if amps:
            currents = (amps if live[0] else 0.0, amps if live[1] else 0.0, amps if live[2] else 0.0)
        if soc is not None and car is not None:
            demand = _demand_a(car, soc, max_draw_a, u_v) if max_draw_a else ZERO
        return _new_reading(
            Reading,
            (
                t_s, pilot, duty_pct, phases, currents, u_v, power, pf, self.ledger[0] + added,
                counted, by_phase, soc, self.temp_c(t_s), demand, capability, hertz, offered_a,
            ),
        )  # fmt: skip

    def temp_c(self, t_s: Number, fn: Functions = ONE) -> Number:
        """At the socket's contacts; of many instants no neighbour's current may change between them."""
        own = self._own
        tau = t_s - own.t0_s
        temp = self._air.at(t_s, fn) + self._extra_k
        temp += own.rises[ENCLOSURE].value(tau, fn)
        temp += own.rises[SOCKET].value(tau, fn)
        first_s = fn.first(t_s)
        for n, recent in enumerate(self._recent):
            known = recent if recent.t0_s <= first_s else self._others[n]
            self._recent[n] = warmth = known.when(first_s)
            temp += warmth.rises[ENCLOSURE].value(t_s - warmth.t0_s, fn)
        return temp

    def columns(self, t_s: Any) -> Columns:
        """The telemetry columns at these ascending instants; NaN where a value is null."""
        return {"pilot": np.full(len(t_s), self.pilot)} | self.rows([self], [t_s])

    @staticmethod
    def rows(segments: "Sequence[Segment]", times: Sequence[Any]) -> Columns:
        """The numbers among those columns, of segments of one outlet, each at its own ascending instants."""
        counts = [len(t_s) for t_s in times]
        fixed = np.repeat(np.array([segment._constants() for segment in segments]).T, counts, axis=1)
        told = dict(zip(FIXED, fixed, strict=True))
        varying = np.empty((len(VARYING), fixed.shape[1]))
        views = dict(zip(VARYING, varying, strict=True))
        air_c: Any = segments[0]._air.at(np.concatenate(times), FAST) if max(counts) > FEW else None
        looked: list[tuple[float, ...]] = []  # one by one
        places: list[int] = []
        first = 0
        for segment, t_s, count in zip(segments, times, counts, strict=True):
            end = first + count
            if count <= FEW:
                looked += [_varying(segment.at(t)) for t in t_s.tolist()]
                places += range(first, end)
            else:
                here = slice(first, end)
                segment._fill(views, here, t_s, air_c[here])
            first = end
        if looked:
            varying[:, places] = np.array(looked).T
        return told | views | {"phases": told["phases"].astype(np.int64)}

    def _constants(self) -> tuple[float, ...]:
        """In the order of `FIXED`."""
        fixed = self.fixed
        return (fixed.duty_pct, fixed.phases, *fixed.capability_a, *fixed.u_v)

    def _fill(self, told: Columns, here: slice, t_s: Any, air_c: Any) -> None:
        """Write what varies into its columns."""
        power, amps, added, soc = self._flowed(t_s, FAST)
        sum_u = self.draw.sum_u_v
        for name, demand_a in zip(DEMAND, self._demand_columns(soc), strict=True):
            told[name][here] = demand_a
        for name, conducts in zip(CURRENT, self.draw.live, strict=True):
            told[name][here] = amps if conducts else 0.0
        told["p_w"][here] = power
        told["pf"][here] = nan
        if sum_u:
            np.divide(power / sum_u, amps, out=told["pf"][here], where=amps > 0.0)
        told["energy_wh"][here] = self.ledger.energy_wh + added
        counted = self.ledger.counted_wh + added * self.fixed.gain
        step = self.fixed.resolution_wh
        told["register_wh"][here] = np.floor(counted / step + 1e-9) * step if step else counted
        told["soc"][here] = nan if soc is None else soc
        told["temp_c"][here] = self._temp_columns(t_s, air_c)

    def _temp_columns(self, t_s: Any, air_c: Any) -> Any:
        own = self._own
        tau = t_s - own.t0_s
        temp = air_c + self._extra_k
        temp += own.rises[ENCLOSURE].value(tau, FAST) + own.rises[SOCKET].value(tau, FAST)
        for other in self._others:
            temp += other.enclosure_columns(t_s)
        return temp

    def _demand_columns(self, soc: Any) -> tuple[Any, Any, Any]:
        """Of each phase, at these states of charge; a number where it is the same at all of them."""
        car = self.fixed.vehicle
        most_a = self.fixed.max_draw_a
        if car is None:
            return UNKNOWN
        if not most_a:
            return ZERO
        if soc[0] == soc[-1]:
            return _demand_a(car, float(soc[0]), most_a, self.fixed.u_v)
        accepts_w = car.ac_w(car.usable_wh * car.curve.rates(soc))
        active = accepts_w / _own_phases_v(self.fixed.u_v, car.phases)
        amps = np.minimum(most_a, np.sqrt(active * active + car.reactive_a**2))
        return amps, amps if car.phases > 1 else 0.0, amps if car.phases > 2 else 0.0


def _varying(row: Reading) -> tuple[float, ...]:
    """In the order of `VARYING`; NaN for what is null."""
    return (
        *(row.demand_a or UNKNOWN),
        *row.i_a,
        row.p_w,
        nan if row.pf is None else row.pf,
        row.energy_wh,
        row.register_wh,
        nan if row.soc is None else row.soc,
        row.temp_c,
    )


def _demand_a(car: "Vehicle", soc: float, most_a: float, u_v: Three) -> Three:
    """What it would draw unlimited, on all its phases: its own limit or what its battery accepts."""
    accepts_w = car.ac_w(car.usable_wh * car.curve.rate(soc))
    active = accepts_w / _own_phases_v(u_v, car.phases)
    amps = min(most_a, sqrt(active * active + car.reactive_a * car.reactive_a))
    return (amps, amps if car.phases > 1 else 0.0, amps if car.phases > 2 else 0.0)


def _own_phases_v(u_v: Three, phases: int) -> float:
    """Sum of the voltages a car of so many phases would use; 230 V stands in for a conductor without."""
    u1, u2, u3 = u_v
    total = u1 or NOMINAL_V
    if phases > 1:
        total += u2 or NOMINAL_V
    return total + (u3 or NOMINAL_V) if phases > 2 else total


_new_reading = tuple.__new__
