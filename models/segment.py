"""The closed-form electrical solution of one outlet between two events, for one instant or for many."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
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
TEMP = VARYING.index("temp_c")
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
        (const, slope, decay, lam), _, sum_u, reactive, *_ = self.draw
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
        return power, amps, added, self._charged(added, tau)

    def _charged(self, added_wh: Number, tau: Number) -> Number | None:
        """SoC when so much was drawn."""
        car = self.fixed.vehicle
        if self.soc is None or car is None:
            return self.soc
        return self.soc + (self.draw.keep * added_wh - self.draw.drain_w * tau / 3600.0) / car.usable_wh

    def _flowed_columns(self, t_s: Any) -> tuple[Any, Any, Any, Any]:
        """`_flowed` at many instants; one number where it is the same at all of them."""
        const, slope, decay, _ = self.draw.flow
        if slope or decay:
            return self._flowed(t_s, FAST)
        power, amps, added, soc = self._flowed(self.t0_s, ONE)
        if const or self.draw.keep:
            tau = t_s - self.t0_s
            added = const * tau / 3600.0
            soc = self._charged(added, tau) if self.draw.keep else soc
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
        return self._shown(counted, fn), (self._shown(c1, fn), self._shown(c2, fn), self._shown(c3, fn))

    def _shown(self, counted_wh: Number, fn: Functions) -> Number:
        """In the meter's steps."""
        step = self.fixed.resolution_wh
        return fn.floor(counted_wh / step + 1e-9) * step if step else counted_wh

    def at(self, t_s: float) -> Reading:
        """The outlet at `t_s`, at or after `t0_s`."""
        power, amps, pf, added, soc = self.state(t_s)
        pilot, duty_pct, offered_a, phases, u_v, hertz, capability, *_ = self.fixed
        counted, by_phase = self.registers(added)
        live = self.draw.live
        currents = ZERO
        if amps:
            currents = (amps if live[0] else 0.0, amps if live[1] else 0.0, amps if live[2] else 0.0)
        return _new_reading(
            Reading,
            (
                t_s, pilot, duty_pct, phases, currents, u_v, power, pf, self.ledger[0] + added,
                counted, by_phase, soc, self.temp_c(t_s), self._demand_a(soc), capability, hertz, offered_a,
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
        varying = np.zeros((len(VARYING), fixed.shape[1]))
        ends = pairwise(accumulate(counts, initial=0))
        spans = list(zip(segments, times, ends, strict=True))
        if max(counts) > FEW:
            segments[0]._fill(varying, [span for span in spans if len(span[1]) > FEW], np.concatenate(times))
        few = [span for span in spans if len(span[1]) <= FEW]
        places = [place for _, _, (first, end) in few for place in range(first, end)]
        if places:
            looked = [segment._row(t) for segment, t_s, _ in few for t in t_s.tolist()]
            varying[:, places] = np.array(looked).T
        told = dict(zip((*FIXED, *VARYING), (*fixed, *varying), strict=True))
        return told | {"phases": told["phases"].astype(np.int64)}

    def _fill(self, varying: Any, spans: "Sequence[tuple[Segment, Any, tuple[int, int]]]", t_s: Any) -> None:
        """Write these spans' instants into their places; air and neighbours are reckoned for all at once."""
        air_c = self._air.at(t_s, FAST)
        for segment, some_s, (first, end) in spans:
            told = segment._columns(some_s, air_c[first:end])
            for row, values in zip(varying[:, first:end], told, strict=True):
                row[:] = values
        for other in self._others:
            varying[TEMP] += other.enclosure_columns(t_s)

    def _constants(self) -> tuple[float, ...]:
        """In the order of `FIXED`."""
        fixed = self.fixed
        return (fixed.duty_pct, fixed.phases, *fixed.capability_a, *fixed.u_v)

    def _columns(self, t_s: Any, air_c: Any) -> tuple[Any, ...]:
        """In the order of `VARYING`, the temperature without the neighbours' share."""
        power, amps, added, soc = self._flowed_columns(t_s)
        pf = self._factors(power, amps)
        temp_c = self._own_columns(t_s, air_c)
        return self._told(self._demand_columns(soc), power, amps, pf, added, soc, temp_c, FAST)

    def _row(self, t_s: float) -> tuple[float, ...]:
        """The same at one instant, with all of the temperature."""
        power, amps, pf, added, soc = self.state(t_s)
        demand = self._demand_a(soc) or UNKNOWN
        return self._told(demand, power, amps, nan if pf is None else pf, added, soc, self.temp_c(t_s), ONE)

    def _told(
        self,
        demand: tuple[Number, Number, Number],
        power: Number,
        amps: Number,
        pf: Number,
        added: Number,
        soc: Number | None,
        temp_c: Number,
        fn: Functions,
    ) -> tuple[Number, ...]:
        """In the order of `VARYING`."""
        return (
            *demand,
            *[amps if conducts else 0.0 for conducts in self.draw.live],
            power,
            pf,
            self.ledger.energy_wh + added,
            self._shown(self.ledger.counted_wh + added * self.fixed.gain, fn),
            nan if soc is None else soc,
            temp_c,
        )

    def _factors(self, power: Any, amps: Any) -> Any:
        """Power factors; NaN without current."""
        if isinstance(amps, float):
            return power / self.draw.sum_u_v / amps if amps else nan
        unknown = np.full(len(amps), nan)
        return np.divide(power / self.draw.sum_u_v, amps, out=unknown, where=amps > 0.0)

    def _own_columns(self, t_s: Any, air_c: Any) -> Any:
        """The temperature as this outlet's current makes it."""
        tau = t_s - self._own.t0_s
        rises = self._own.rises
        return air_c + self._extra_k + (rises[ENCLOSURE].value(tau, FAST) + rises[SOCKET].value(tau, FAST))

    def _demand_a(self, soc: float | None) -> Three | None:
        """What the car would draw unlimited at this SoC; None without a car."""
        _, _, _, _, u_v, _, _, car, most_a, _, _ = self.fixed
        if soc is None or car is None:
            return None
        return _demand_a(car, soc, most_a, u_v) if most_a else ZERO

    def _demand_columns(self, soc: Any) -> tuple[Any, Any, Any]:
        """Of each phase, at these states of charge; a number where it is the same at all of them."""
        car = self.fixed.vehicle
        most_a = self.fixed.max_draw_a
        if isinstance(soc, np.ndarray) and soc[0] == soc[-1]:
            soc = float(soc[0])
        if car is None or not most_a or not isinstance(soc, np.ndarray):
            return self._demand_a(soc) or UNKNOWN
        accepts_w = car.ac_w(car.usable_wh * car.curve.rates(soc))
        active = accepts_w / _own_phases_v(self.fixed.u_v, car.phases)
        amps = np.minimum(most_a, np.sqrt(active * active + car.reactive_a**2))
        return amps, amps if car.phases > 1 else 0.0, amps if car.phases > 2 else 0.0


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
