"""The closed-form electrical solution of one outlet between two events, for one instant or for many."""

from collections.abc import Sequence
from itertools import groupby
from math import exp, inf, nan, sqrt
from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evc5.models.flow import Flow
from evc5.models.functions import FAST, ONE, Functions, Number
from evc5.models.heat import (
    ENCLOSURE,
    NO_CURRENT,
    SOCKET,
    Air,
    Squares,
    Warming,
    Warmth,
    felt,
    spread,
)
from evc5.models.ledger import Ledger
from evc5.models.supply import Three
from evc5.models.units import NOMINAL_V, made

if TYPE_CHECKING:
    from evc5.models.vehicles import Vehicle

Columns = dict[str, Any]
ZERO: Three = (0.0, 0.0, 0.0)
FIXED = (
    "duty_pct",
    "phases",
    *("capability1_a", "capability2_a", "capability3_a"),
    *("u1_v", "u2_v", "u3_v"),
)
DEMAND = ("demand1_a", "demand2_a", "demand3_a")
ALMOST_0 = 1e-30  # of what divides, and leaves an exponential at 1
VARYING = ("i1_a", "i2_a", "i3_a", "p_w", "pf", "energy_wh", "register_wh", "soc", "temp_c")


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
        (const, slope, decay, lam), live, sum_u, reactive, _, _, _ = self
        if not sum_u:
            return NO_CURRENT
        count = live[0] + live[1] + live[2]
        per = count / (sum_u * sum_u)
        idle = count * reactive * reactive
        first = const + decay
        last = const + slope * lasts_s + decay * exp(-lam * lasts_s) if slope or lam < 0.0 else first
        peak = per * max(first, last) ** 2 + idle
        if slope:
            q0, q1, q2 = per * const * const + idle, 2.0 * per * const * slope, per * slope * slope
            return made(Squares, (q0, q1, q2, 0.0, 0.0, 0.0, peak))
        if decay:
            both, square = 2.0 * per * const * decay, per * decay * decay
            return Squares(per * const * const + idle, 0.0, 0.0, both, square, lam, peak)
        return made(Squares, (peak, 0.0, 0.0, 0.0, 0.0, 0.0, peak))


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
    usable_wh: float  # of the car's battery; inf without a car
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
        own: Warming,
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
        self._recent = others  # where the last look found them: an idle outlet's segment lasts for days

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
        (const, slope, decay, lam), _, sum_u, reactive, _, _, _ = self.draw
        power = const + slope * tau
        joules = (const + 0.5 * slope * tau) * tau
        if fn.some(decay):
            power += decay * fn.exp(-lam * tau)
            joules -= decay * fn.expm1(-lam * tau) / lam
        added = joules / 3600.0
        amps = 0.0 * tau
        if fn.some(sum_u):
            active = power / sum_u
            amps = fn.sqrt(active * active + reactive * reactive)
        return power, amps, added, self._charged(added, tau)

    def _charged(self, added_wh: Number, tau: Number) -> Number | None:
        """SoC when so much was drawn."""
        if self.soc is None:
            return None
        kept_wh = self.draw.keep * added_wh - self.draw.drain_w * tau / 3600.0
        return self.soc + kept_wh / self.fixed.usable_wh

    def counted(self, added_wh: Number) -> tuple[Number, tuple[Number, Number, Number]]:
        """The same between its steps: what a meter goes on from, and shows nobody."""
        c1, c2, c3 = self.ledger[2]
        s1, s2, s3 = self.draw.share
        shown = added_wh * self.fixed.gain
        by_phase = (
            c1 + shown * s1 if s1 else c1,
            c2 + shown * s2 if s2 else c2,
            c3 + shown * s3 if s3 else c3,
        )
        return self.ledger[1] + shown, by_phase

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
        return made(
            Reading,
            (
                t_s, pilot, duty_pct, phases, currents, u_v, power, pf, self.ledger[0] + added,
                counted, by_phase, soc, self.temp_c(t_s), self._demand_a(soc), capability, hertz, offered_a,
            ),
        )  # fmt: skip

    def temp_c(self, t_s: Number, fn: Functions = ONE) -> Number:
        """At the socket's contacts; of many instants no neighbour's current may change between them."""
        first_s = fn.first(t_s)
        self._recent = tuple(
            [
                (recent if recent.t0_s <= first_s else first).when(first_s)
                for recent, first in zip(self._recent, self._others, strict=True)
            ]
        )
        return self._warmed_c(t_s, self._recent, fn)

    def _warmed_c(self, t_s: Number, beside: Sequence[Warming], fn: Functions) -> Number:
        own = self._own
        tau = t_s - own.t0_s
        temp = self._air.at(t_s, fn) + self._extra_k
        temp += own.rises[ENCLOSURE].value(tau, fn)
        temp += own.rises[SOCKET].value(tau, fn)
        for warmth in beside:
            temp += warmth.rises[ENCLOSURE].value(t_s - warmth.t0_s, fn)
        return temp

    def _demand_a(self, soc: float | None) -> Three | None:
        """What the car would draw unlimited at this SoC; None without a car."""
        car = self.fixed.vehicle
        if soc is None or car is None:
            return None
        most_a = self.fixed.max_draw_a
        if not most_a:
            return ZERO
        amps = _would_draw_a(car, car.curve.rate(soc), _own_phases_v(self.fixed.u_v, car.phases), most_a, ONE)
        return (amps, amps if car.phases > 1 else 0.0, amps if car.phases > 2 else 0.0)

    # telemetry: the same formulas, at many instants of many segments at once

    def columns(self, t_s: Any) -> Columns:
        """The telemetry columns at these ascending instants; NaN where a value is null."""
        return {"pilot": np.full(len(t_s), self.pilot)} | self.rows([self], t_s, [len(t_s)])

    @staticmethod
    def rows(segments: "Sequence[Segment]", t_s: Any, counts: Sequence[int]) -> Columns:
        """The numbers among those columns, of segments of one outlet, each at so many of the instants."""
        columns = spread([one._packed() for one in segments], counts)
        first = segments[0]
        told = dict(zip(FIXED, columns, strict=False))
        most_a, sum_u_v, *numbers = columns[len(FIXED) :]
        told |= first._whole(numbers)._told(t_s, [other.over(t_s) for other in first._others])
        told |= _demands([one.fixed.vehicle for one in segments], counts, told["soc"], most_a, sum_u_v)
        return told | {"phases": told["phases"].astype(np.int64)}

    def _packed(self) -> bytes:
        """Its numbers in the order of `FIXED`, `_demands` and `_whole`; none that divides may be 0."""
        _, duty_pct, _, phases, u_v, _, capability, car, most_a, usable_wh, gain, _ = self.fixed
        (const, slope, decay, lam), live, sum_u, reactive, keep, drain, _ = self.draw
        soc = nan if self.soc is None else self.soc
        numbers = _PACK(
            duty_pct, phases, *capability, *u_v,
            most_a, _own_phases_v(u_v, car.phases) if car else nan,
            self.t0_s, const, slope, decay, lam or ALMOST_0, *live, sum_u or inf, reactive, keep, drain,
            self.ledger.energy_wh, self.ledger.counted_wh, gain, usable_wh, soc, self._extra_k,
        )  # fmt: skip
        return numbers + self._own.packed

    def _whole(self, columns: Any) -> "Segment":
        """One whose numbers are columns: those of this segment and of others, each in its own rows."""
        t0_s, const, slope, decay, lam, l1, l2, l3, sum_u, reactive, keep, drain = columns[:12]
        energy_wh, counted_wh, gain, usable_wh, soc, extra_k, since_s, *rises = columns[12:]
        draw = Draw(Flow(const, slope, decay, lam), (l1, l2, l3), sum_u, reactive, keep, drain)
        fixed = self.fixed._replace(gain=gain, usable_wh=usable_wh)
        own = felt(since_s, rises)
        return Segment(t0_s, fixed, draw, Ledger(energy_wh, counted_wh), soc, self._air, own, (), extra_k)

    def _told(self, t_s: Any, beside: Sequence[Warming]) -> Columns:
        power, amps, added, soc = self._flowed(t_s, FAST)
        pf = np.divide(power / self.draw.sum_u_v, amps, out=np.full(len(t_s), nan), where=amps > 0.0)
        shown = self._shown(self.ledger.counted_wh + added * self.fixed.gain, FAST)
        currents = [amps * conducts for conducts in self.draw.live]
        temp_c = self._warmed_c(t_s, beside, FAST)
        values = (*currents, power, pf, self.ledger.energy_wh + added, shown, soc, temp_c)
        return dict(zip(VARYING, values, strict=True))


def _demands(
    cars: "Sequence[Vehicle | None]", counts: Sequence[int], soc: Any, most_a: Any, sum_u_v: Any
) -> Columns:
    """What each car in turn would draw unlimited; NaN without one."""
    told = np.full((3, len(soc)), nan)
    first = 0
    for car, some in groupby(zip(cars, counts, strict=True), itemgetter(0)):
        rows = slice(first, first + sum(count for _, count in some))
        if car is not None:
            rate = car.curve.rates(soc[rows])
            told[: car.phases, rows] = _would_draw_a(car, rate, sum_u_v[rows], most_a[rows], FAST)
            told[car.phases :, rows] = 0.0
        first = rows.stop
    return dict(zip(DEMAND, told, strict=True))


def _would_draw_a(car: "Vehicle", rate: Number, sum_u_v: Number, most_a: Number, fn: Functions) -> Number:
    """On all its phases, unlimited: its own limit or what its battery accepts, in capacities per hour."""
    active = car.ac_w(car.usable_wh * rate) / sum_u_v
    return fn.least(most_a, fn.sqrt(active * active + car.reactive_a * car.reactive_a))


def _own_phases_v(u_v: Three, phases: int) -> float:
    """Sum of the voltages a car of so many phases would use; 230 V stands in for a conductor without."""
    u1, u2, u3 = u_v
    total = u1 or NOMINAL_V
    if phases > 1:
        total += u2 or NOMINAL_V
    return total + (u3 or NOMINAL_V) if phases > 2 else total


_PACK = Struct("28d").pack  # all that `Segment._packed` names
