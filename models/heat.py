"""Temperatures in and around the charge point: an RC network in Foster form, solved exactly.

The enclosure's air follows outdoor air, sun, standby and every watt lost in contacts; contactors and socket
contacts rise above it with the current squared:

    τ_e T_e' = T_air + sun + R_e (P_standby + Σ P_lost) − T_e
    τ_s S' = R_s r_s Σ I² − S,   T_socket = T_e + S

Everything is linear, so the air's share is a fixed function of the time of day (`Air`) and each outlet adds
its own share (`Warmth`), solved anew only when its current takes another form.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from math import atan, cos, exp, expm1, inf, pi, sin, sqrt
from struct import Struct
from typing import Any, NamedTuple, Protocol

import numpy as np

from evc5.models.functions import ONE, Functions, Number
from evc5.models.units import DAY_S, made

ENCLOSURE, CONTACTOR, SOCKET = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Ambient:
    """Outdoor air over the day, and the sun on the enclosure."""

    mean_c: float = 15.0  # assumed
    swing_k: float = 5.0  # assumed; half the span between day and night
    warmest_h: float = 15.0  # assumed; local time
    sun_k: float = 0.0  # what full noon sun would warm the enclosure by in the end
    sunrise_h: float = 6.0
    sunset_h: float = 20.0

    def __post_init__(self) -> None:
        if not -60.0 <= self.mean_c <= 70.0:
            raise ValueError(f"ambient mean_c must be within -60 and 70, got {self.mean_c:g}")
        for name in ("swing_k", "sun_k"):
            if not 0.0 <= getattr(self, name) <= 60.0:
                raise ValueError(f"ambient {name} must be within 0 and 60, got {getattr(self, name):g}")
        if not 0.0 <= self.warmest_h < 24.0:
            raise ValueError(f"ambient warmest_h must be within 0 and 24, got {self.warmest_h:g}")
        if not 0.0 <= self.sunrise_h < self.sunset_h <= 24.0:
            raise ValueError(
                "ambient sunrise_h < sunset_h must lie within 0 and 24, "
                f"got {self.sunrise_h:g}, {self.sunset_h:g}"
            )

    def air_c(self, time_of_day_s: float) -> float:
        """The outdoor air so many seconds after midnight, local time."""
        return self.mean_c + self.swing_k * cos(2.0 * pi * (time_of_day_s - self.warmest_h * 3600.0) / DAY_S)


@dataclass(frozen=True, slots=True)
class Thermal:
    """The charge point's resistances and time constants. Nothing public gives the EVC5's."""

    enclosure_k_w: float = 0.5  # assumed: 3-8 K above air at idle, as OpenEVSE's enclosure
    enclosure_tau_s: float = 2400.0  # [D] OpenEVSE: "peaks after a couple of hours", 3 τ = 2 h
    standby_w: float = 7.0  # [U] two-channel station 5-10 W
    coil_w: float = 3.0  # [U] contactor coil 3-7 W, while closed
    contactor_ohm: float = 0.001  # assumed, per phase
    contactor_k_w: float = 1.5  # assumed
    contactor_tau_s: float = 600.0  # assumed
    socket_ohm: float = 0.0012  # assumed, per phase
    socket_k_w: float = 4.0  # assumed: 15 K at 3 x 32 A; IEC 62196-1 allows 50 K at terminals
    socket_tau_s: float = 900.0  # assumed

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value < 0.0 or (item.name.endswith("_tau_s") and value == 0.0) or value == inf:
                allowed = "> 0" if item.name.endswith("_tau_s") else ">= 0"
                raise ValueError(f"thermal {item.name} must be {allowed}, got {value:g}")

    @property
    def lags(self) -> "tuple[Lag, Lag, Lag]":
        """Enclosure, contactors and socket as first-order lags of ΣI²."""
        lost_ohm = self.contactor_ohm + self.socket_ohm
        return (
            Lag(self.enclosure_k_w * lost_ohm, self.enclosure_k_w * self.coil_w, 1.0 / self.enclosure_tau_s),
            Lag(
                self.contactor_k_w * self.contactor_ohm,
                self.contactor_k_w * self.coil_w,
                1.0 / self.contactor_tau_s,
            ),
            Lag(self.socket_k_w * self.socket_ohm, 0.0, 1.0 / self.socket_tau_s),
        )


class Lag(NamedTuple):
    """z' = μ (k ΣI² + coil − z)."""

    k_a2: float  # K per A²
    coil_k: float  # K, while the contactor is closed
    mu_s: float  # 1/s


class Squares(NamedTuple):
    """ΣI² over the live phases: q0 + q1 τ + q2 τ² + qd e^(−λτ) + qdd e^(−2λτ), in A²."""

    q0: float = 0.0
    q1: float = 0.0
    q2: float = 0.0
    qd: float = 0.0
    qdd: float = 0.0
    lambda_s: float = 0.0
    peak: float = 0.0  # its largest value while it holds

    def integral(self, tau_s: float) -> float:
        """A²s since the segment began."""
        q0, q1, q2, qd, qdd, lam, _ = self
        total = ((q2 / 3.0 * tau_s + 0.5 * q1) * tau_s + q0) * tau_s
        if lam:
            total -= qd * expm1(-lam * tau_s) / lam + qdd * expm1(-2.0 * lam * tau_s) / (2.0 * lam)
        return total


NO_CURRENT = Squares()


class Rise(NamedTuple):
    """One lag's exact answer: a + a1 τ + a2 τ² + b e^(−μτ) + c e^(−λτ) + d e^(−2λτ), in K."""

    mu_s: float
    lambda_s: float
    a: float
    a1: float
    a2: float
    b: float
    c: float
    d: float
    peak: float  # never above this while it holds

    def value(self, tau: Number, fn: Functions = ONE) -> Number:
        mu, lam, a, a1, a2, b, c, d, _ = self
        total = a + b * fn.exp(-mu * tau)
        if fn.some(a2):
            total += (a1 + a2 * tau) * tau
        if fn.some(d):  # else c is 0 as well
            decayed = fn.exp(-lam * tau)
            total += (c + d * decayed) * decayed
        return total

    def slope(self, tau: float) -> float:
        mu, lam, _, a1, a2, b, c, d, _ = self
        total = a1 + 2.0 * a2 * tau - mu * b * exp(-mu * tau)
        if c or d:
            decayed = exp(-lam * tau)
            total -= lam * (c + 2.0 * d * decayed) * decayed
        return total

    def bend(self, tau: float, end: float) -> float:
        """A bound on the second derivative from `tau` to `end`."""
        mu, lam, _, _, a2, b, c, d, _ = self
        total = 2.0 * abs(a2) + mu * mu * abs(b) * exp(-mu * tau)
        if c or d:
            largest = exp(-lam * (tau if lam > 0.0 else end))
            total += lam * lam * (abs(c) + 4.0 * abs(d) * largest) * largest
        return total


PEAK = Rise._fields.index("peak")  # the last: what many instants need not know
_NEARLY = 1e-6  # a current decaying as fast as the lag: nudge the lag, 1e-6 of it moves the answer < 1e-5 K


def rise(lag: Lag, squares: Squares, closed: bool, from_k: float) -> Rise:
    """The lag's answer to this current, from `from_k` at τ = 0."""
    k, coil_k, mu = lag
    q0, q1, q2, qd, qdd, lam, peak_a2 = squares
    if not closed:
        coil_k = 0.0
    steady = k * q0 + coil_k
    peak = k * peak_a2 + coil_k
    if from_k > peak:
        peak = from_k
    if q2:
        a2 = k * q2
        a1 = k * q1 - 2.0 * a2 / mu
        a = steady - a1 / mu
        return made(Rise, (mu, lam, a, a1, a2, from_k - a, 0.0, 0.0, peak))
    if not qdd:
        return made(Rise, (mu, lam, steady, 0.0, 0.0, from_k - steady, 0.0, 0.0, peak))
    for decay in (lam, 2.0 * lam):
        if abs(mu - decay) < _NEARLY * mu:
            mu *= 1.0 + 2.0 * _NEARLY
    c = mu * k * qd / (mu - lam)
    d = mu * k * qdd / (mu - 2.0 * lam)
    return made(Rise, (mu, lam, steady, 0.0, 0.0, from_k - steady - c - d, c, d, peak))


class Warmth:
    """What one outlet adds to the temperatures, from `t0_s` until `after` takes over."""

    __slots__ = ("_packed", "after", "closed", "peak_k", "rises", "squares", "t0_s")

    def __init__(
        self, lags: tuple[Lag, ...], squares: Squares, closed: bool, t0_s: float, from_k: Any
    ) -> None:
        self.t0_s = t0_s
        self.squares = squares
        self.closed = closed
        enclosure, contactor, socket = lags
        enclosure_k, contactor_k, socket_k = from_k
        self.rises = (
            rise(enclosure, squares, closed, enclosure_k),
            rise(contactor, squares, closed, contactor_k),
            rise(socket, squares, closed, socket_k),
        )
        self.peak_k = self.rises[ENCLOSURE].peak + max(self.rises[CONTACTOR].peak, self.rises[SOCKET].peak)
        self.after: Warmth | None = None
        self._packed = b""

    @property
    def packed(self) -> bytes:
        """What telemetry is reckoned from, for `spread`: `t0_s`, and the rises of enclosure and socket.

        Kept: several segments last while it does, and the other outlets feel it as well.
        """
        if not self._packed:
            enclosure, _, socket = self.rises
            self._packed = _PACK(self.t0_s, *enclosure[:PEAK], *socket[:PEAK])
        return self._packed

    def at(self, t_s: float) -> tuple[float, float, float]:
        """The three rises at `t_s`, K."""
        tau = t_s - self.t0_s
        enclosure, contactor, socket = self.rises
        return enclosure.value(tau), contactor.value(tau), socket.value(tau)

    def then(self, lags: tuple[Lag, ...], squares: Squares, closed: bool, t_s: float) -> "Warmth":
        """Another current from `t_s` on; the same object where nothing changes."""
        if squares == self.squares and closed == self.closed and not squares.q2 and not squares.qdd:
            return self
        self.after = Warmth(lags, squares, closed, t_s, self.at(t_s))
        return self.after

    def when(self, t_s: float) -> "Warmth":
        """The one that holds at `t_s`, this or a later one."""
        warmth = self
        while warmth.after is not None and warmth.after.t0_s <= t_s:
            warmth = warmth.after
        return warmth

    def over(self, t_s: Any) -> "Warming":
        """What of it the others feel at these ascending instants, and of what took over since."""
        those = self.when(t_s[0])._until(t_s[-1])
        firsts = [0, *t_s.searchsorted([one.t0_s for one in those[1:]]).tolist(), len(t_s)]
        counts = [after - before for before, after in pairwise(firsts)]
        since_s, *rises = spread([one.packed for one in those], counts)
        return felt(since_s, rises)

    def _until(self, t_s: float) -> "list[Warmth]":
        """This one and those that take over up to then."""
        chain = [self]
        while chain[-1].after is not None and chain[-1].after.t0_s <= t_s:
            chain.append(chain[-1].after)
        return chain


class Warming(Protocol):
    """A `Warmth`, or of many instants what each of them feels: then its numbers are columns."""

    @property
    def t0_s(self) -> Number: ...
    @property
    def rises(self) -> Any: ...  # of what is felt, by ENCLOSURE, CONTACTOR and SOCKET
    @property
    def packed(self) -> bytes: ...  # nothing of what is columns already


class _Felt(NamedTuple):
    t0_s: Number
    rises: dict[int, Rise]
    packed: bytes = b""


def felt(t0_s: Number, columns: Sequence[Number]) -> Warming:
    """From the columns of the rises of enclosure and socket, each without its peak."""
    enclosure, socket = Rise._make((*columns[:PEAK], inf)), Rise._make((*columns[PEAK:], inf))
    return _Felt(t0_s, {ENCLOSURE: enclosure, SOCKET: socket})


def spread(rows: Iterable[bytes], counts: Sequence[int]) -> Any:
    """The numbers of each row, packed as doubles, so many times, as columns. All in one block: the allocator
    keeps that, where it would give many large ones back each time."""
    numbers = np.frombuffer(b"".join(rows))
    return np.repeat(numbers.reshape(len(counts), -1).T, counts, axis=1)


class Air:
    """The enclosure's temperature without any charging: periodic over the day, in closed form."""

    __slots__ = (
        "_cos_k", "_cos_omega", "_cos_shift", "_day_s", "_mean_c", "_mu", "_night_k", "_rise_k", "_shift_s",
        "_sun_k", "_sun_lag", "_sun_omega", "bend", "warmest_c",
    )  # fmt: skip

    def __init__(self, ambient: Ambient, thermal: Thermal, time_of_day_s: float = 0.0) -> None:
        tau = thermal.enclosure_tau_s
        omega = 2.0 * pi / DAY_S
        self._mu = 1.0 / tau
        self._mean_c = ambient.mean_c + thermal.enclosure_k_w * thermal.standby_w
        self._cos_k = ambient.swing_k / sqrt(1.0 + (omega * tau) ** 2)
        self._cos_omega = omega
        self._cos_shift = omega * (time_of_day_s - ambient.warmest_h * 3600.0) - atan(omega * tau)
        self._day_s = (ambient.sunset_h - ambient.sunrise_h) * 3600.0
        self._shift_s = time_of_day_s - ambient.sunrise_h * 3600.0
        self._sun_omega = pi / self._day_s
        self._sun_lag = atan(self._sun_omega * tau)
        self._sun_k = ambient.sun_k / sqrt(1.0 + (self._sun_omega * tau) ** 2)
        # At sunrise what the evening left stands at _rise_k, the same every day.
        left = exp(-self._day_s / tau)
        start, sunset = -self._sun_k * sin(self._sun_lag), self._sun_k * sin(pi - self._sun_lag)
        night = exp(-(DAY_S - self._day_s) / tau)
        at_rise = (sunset - start * left) * night / (1.0 - left * night)
        self._rise_k = at_rise - start
        self._night_k = sunset + self._rise_k * left
        self.warmest_c = self._mean_c + self._cos_k + ambient.sun_k
        self.bend = self._cos_k * omega * omega + ambient.sun_k * self._mu * (self._sun_omega + self._mu)

    def at(self, t_s: Number, fn: Functions = ONE) -> Number:
        """°C at `t_s`."""
        temp = self._mean_c + self._cos_k * fn.cos(self._cos_omega * t_s + self._cos_shift)
        if self._sun_k:
            u = fn.modulo(t_s + self._shift_s, DAY_S)
            by_day = u < self._day_s
            faded = fn.exp(-self._mu * fn.where(by_day, u, u - self._day_s))
            day = self._sun_k * fn.sin(self._sun_omega * u - self._sun_lag) + self._rise_k * faded
            temp += fn.where(by_day, day, self._night_k * faded)
        return temp

    def slope(self, t_s: float) -> float:
        """K/s at `t_s`."""
        omega = self._cos_omega
        mu = self._mu
        slope = -omega * self._cos_k * sin(omega * t_s + self._cos_shift)
        if self._sun_k:
            u = (t_s + self._shift_s) % DAY_S
            if u < self._day_s:
                turned = cos(self._sun_omega * u - self._sun_lag)
                slope += self._sun_omega * self._sun_k * turned - mu * self._rise_k * exp(-mu * u)
            else:
                slope -= mu * self._night_k * exp(-mu * (u - self._day_s))
        return slope


_PACK = Struct(f"{1 + 2 * PEAK}d").pack
