"""What comes in from the grid: voltage, frequency and the house beside the charge point, in steps.

Between two of its changes everything here is constant, so that all that hangs on it stays in closed form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from math import inf
from random import Random
from typing import NamedTuple, TypeVar

from evc5.models.units import DAY_S, NOMINAL_V

WALK_BAND = 0.10  # EN 50160: within 10 % for 95 % of a week's ten-minute means; the walk never leaves it
DEAD_V = 50.0  # assumed: below it a conductor counts as lost

Three = tuple[float, float, float]
NO_LOAD: Three = (0.0, 0.0, 0.0)
EDGE, WALKS = -1.0, -2.0  # in place of a time of day

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sag:
    """The voltage of some phases multiplied by `factor` for a while; 0 is a lost phase."""

    start_s: float
    lasts_s: float
    factor: float = 0.0
    phases: tuple[int, ...] = (1, 2, 3)

    def __post_init__(self) -> None:
        if not self.lasts_s > 0.0:
            raise ValueError(f"sag lasts_s must be > 0, got {self.lasts_s:g}")
        if not 0.0 <= self.factor <= 1.5:
            raise ValueError(f"sag factor must be within 0 and 1.5, got {self.factor:g}")
        if not set(self.phases) <= {1, 2, 3}:
            raise ValueError(f"sag phases must be of 1, 2, 3, got {self.phases}")


@dataclass(frozen=True, slots=True)
class Supply:
    """A three-phase grid connection."""

    voltage_v: Three = (NOMINAL_V, NOMINAL_V, NOMINAL_V)
    frequency_hz: float = 50.0
    profile: tuple[tuple[float, float], ...] = ()  # (seconds after local midnight, factor on the voltage)
    walk_v: float = 0.0  # standard deviation of a seeded random walk, V per phase
    walk_hz: float = 0.0  # the same for the frequency; EN 50160: within 1 % for 99.5 % of a year
    walk_step_s: float = 600.0  # EN 50160 speaks of ten-minute means
    sags: tuple[Sag, ...] = ()
    impedance_ohm: float = 0.0  # of each phase up to the charge point
    house: tuple[tuple[float, Three], ...] = ()  # (seconds after local midnight, amps per phase)

    def __post_init__(self) -> None:
        for phase, volts in enumerate(self.voltage_v, 1):
            if not 0.0 <= volts <= 400.0:
                raise ValueError(f"supply voltage_v of L{phase} must be within 0 and 400 V, got {volts:g}")
        if not 40.0 <= self.frequency_hz <= 65.0:
            raise ValueError(f"supply frequency_hz must be within 40 and 65 Hz, got {self.frequency_hz:g}")
        if not 0.0 <= self.impedance_ohm <= 2.0:
            raise ValueError(f"supply impedance_ohm must be within 0 and 2, got {self.impedance_ohm:g}")
        for name in ("walk_v", "walk_hz"):
            if not 0.0 <= getattr(self, name) < inf:
                raise ValueError(f"supply {name} must be >= 0, got {getattr(self, name):g}")
        if not self.walk_step_s >= 1.0:
            raise ValueError(f"supply walk_step_s must be >= 1, got {self.walk_step_s:g}")
        _check_times("profile", [clock_s for clock_s, _ in self.profile])
        _check_times("house", [clock_s for clock_s, _ in self.house])
        for _, factor in self.profile:
            if not 0.0 <= factor <= 1.5:
                raise ValueError(f"supply profile factor must be within 0 and 1.5, got {factor:g}")
        for _, amps in self.house:
            if len(amps) != 3:
                raise ValueError(f"supply house must have amps for three phases, got {amps}")

    def states(self, seed: int = 0, time_of_day_s: float = 0.0) -> "Iterator[State]":
        """What holds from t = 0 on, in order; the last one holds for ever."""
        walk = _walk(self, Random(f"{seed}/supply"))
        walked = next(walk)
        factor, house = _at(self.profile, time_of_day_s, 1.0), _at(self.house, time_of_day_s, NO_LOAD)
        yield self._state(0.0, factor, walked, house)
        for t_s, clock_s in _instants(self, time_of_day_s):
            if clock_s == WALKS:
                walked = next(walk)
            elif clock_s != EDGE:
                factor, house = _at(self.profile, clock_s, 1.0), _at(self.house, clock_s, NO_LOAD)
            yield self._state(t_s, factor, walked, house)

    def _state(self, t_s: float, factor: float, walked: "_Walked", house: Three) -> "State":
        volts = [
            v * factor + step if v else 0.0 for v, step in zip(self.voltage_v, walked.volts, strict=True)
        ]
        for sag in self.sags:
            if sag.start_s <= t_s < sag.start_s + sag.lasts_s:
                volts = [v * sag.factor if n in sag.phases else v for n, v in enumerate(volts, 1)]
        u1, u2, u3 = (v if v >= DEAD_V else 0.0 for v in volts)
        return State(t_s, (u1, u2, u3), self.frequency_hz + walked.hertz, house)


@dataclass(frozen=True, slots=True)
class Source:
    """An AC source in front of the charge point, instead of the grid's voltages and frequency."""

    voltage_v: Three
    frequency_hz: float

    def __post_init__(self) -> None:
        Supply(self.voltage_v, self.frequency_hz)

    @property
    def u_v(self) -> Three:
        u1, u2, u3 = (v if v >= DEAD_V else 0.0 for v in self.voltage_v)
        return (u1, u2, u3)


class State(NamedTuple):
    """What the grid is from `t_s` on, before any drop along the connection."""

    t_s: float
    u_v: Three
    frequency_hz: float
    house_a: Three


class _Walked(NamedTuple):
    volts: Three
    hertz: float


def _walk(supply: Supply, rng: Random) -> Iterator[_Walked]:
    """Steps that drift and come back (first-order, correlation 0.9), clipped to the band."""
    keep = 0.9
    fresh = (1.0 - 0.9**2) ** 0.5
    values = [0.0, 0.0, 0.0, 0.0]
    bands = [WALK_BAND * volts for volts in supply.voltage_v] + [0.01 * supply.frequency_hz]
    sigmas = [supply.walk_v] * 3 + [supply.walk_hz]
    while True:
        yield _Walked((values[0], values[1], values[2]), values[3])
        for n, (sigma, band) in enumerate(zip(sigmas, bands, strict=True)):
            if sigma:
                stepped = keep * values[n] + fresh * sigma * rng.gauss(0.0, 1.0)
                values[n] = min(max(stepped, -band), band)


def _instants(supply: Supply, time_of_day_s: float) -> Iterator[tuple[float, float]]:
    """Every later instant of change, ascending, with the time of day of a table's row, or what else it is."""
    edges = sorted(
        {t_s for sag in supply.sags for t_s in (sag.start_s, sag.start_s + sag.lasts_s) if t_s > 0.0}
    )
    daily = sorted({clock_s for clock_s, _ in supply.profile} | {clock_s for clock_s, _ in supply.house})
    return merge(
        ((t_s, EDGE) for t_s in edges),
        _daily(daily, time_of_day_s),
        _every(supply.walk_step_s) if supply.walk_v or supply.walk_hz else iter(()),
    )


def _daily(times_s: list[float], time_of_day_s: float) -> Iterator[tuple[float, float]]:
    day = 0
    while times_s:
        for clock_s in times_s:
            t_s = day * DAY_S + clock_s - time_of_day_s
            if t_s > 0.0:
                yield t_s, clock_s
        day += 1


def _every(step_s: float) -> Iterator[tuple[float, float]]:
    n = 1
    while True:
        yield n * step_s, WALKS
        n += 1


def _at(table: tuple[tuple[float, T], ...], clock_s: float, otherwise: T) -> T:
    """The row that holds at this time of day; before the first, yesterday's last."""
    held = table[-1][1] if table else otherwise
    for since_s, value in table:
        if since_s > clock_s:
            break
        held = value
    return held


def _check_times(name: str, times_s: list[float]) -> None:
    last = -1.0
    for clock_s in times_s:
        if not 0.0 <= clock_s < DAY_S:
            raise ValueError(f"supply {name} time must be within 0 and 86400 s of the day, got {clock_s:g}")
        if clock_s <= last:
            raise ValueError(f"supply {name} times must rise, got {clock_s:g} after {last:g}")
        last = clock_s
