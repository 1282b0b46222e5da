"""Cars that come by chance: a Poisson stream by local hour and weekday, with stays and energies drawn.

Each hour has its own generator: a longer run begins as a shorter one, and one hour's luck moves no other's.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import exp, log, sqrt
from random import Random
from typing import Annotated, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from evc5.rigs.rigfile.fields import Many, NotNegative, Positive, Table
from evc5.rigs.rigfile.session_files import SourceFile
from evc5.rigs.session_data.charge import Charge
from evc5.rigs.session_data.fitting import fitted, row_of

HOUR_S = 3600.0
LEAST_STAY_S = 300.0  # a shorter one is no visit (assumed)
TRIES = 1000  # to draw within least and most, before the nearer of both is taken
DAYS = (1, 2, 7)  # rows of rates: every day alike, Monday to Friday and the weekend, each weekday
Rates = Annotated[Many[NotNegative], Field(min_length=24, max_length=24)]


class Drawn(Table):
    """A distribution, by its mean and standard deviation, cut to least and most."""

    like: Literal["fixed", "uniform", "normal", "lognormal", "gamma", "exponential", "quantiles"] = Field(
        default="lognormal",
        description="its form: fixed and exponential have a mean, uniform least and most, quantiles values",
    )
    mean: Positive | None = Field(default=None, description="before it is cut")
    sd: Positive | None = Field(default=None, description="standard deviation, before it is cut")
    least: NotNegative = Field(default=0.0, description="nothing below is drawn")
    most: Positive | None = Field(default=None, description="nothing above is drawn")
    values: Many[NotNegative] = Field(
        default=(), description="of quantiles: the values at equal shares of all, from the least to the most"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = NEEDS[self.like]
        for name in ("mean", "sd", "most", "values"):
            given = getattr(self, name) not in (None, ())
            if name in needs and not given:
                raise ValueError(f"must have {name} with like = {self.like!r}")
            if given and name not in needs and name != "most":
                raise ValueError(f"must not have {name} with like = {self.like!r}")
        if self.most is not None and self.most < self.least:
            raise ValueError(f"must have most >= least ({self.least:g}), got {self.most:g}")
        if self.values and (len(self.values) < 2 or list(self.values) != sorted(self.values)):
            raise ValueError(f"must have two or more values in rising order, got {list(self.values)}")
        return self

    def draw(self, random: Random) -> float:
        """One value."""
        most = float("inf") if self.most is None else self.most
        for _ in range(TRIES):
            value = self._uncut(random)
            if self.least <= value <= most:
                return value
        return min(max(value, self.least), most)

    def _uncut(self, random: Random) -> float:
        mean, sd = self.mean or 0.0, self.sd or 0.0
        if self.like == "uniform":
            return random.uniform(self.least, self.most or 0.0)
        if self.like == "normal":
            return random.normalvariate(mean, sd)
        if (
            self.like == "lognormal"
        ):  # of the logarithm: variance ln(1 + sd²/mean²), mean ln(mean) - variance / 2
            variance = log(1.0 + (sd / mean) ** 2)
            return exp(random.normalvariate(log(mean) - variance / 2.0, sqrt(variance)))
        if self.like == "gamma":  # shape mean²/sd², scale sd²/mean
            return random.gammavariate((mean / sd) ** 2, sd**2 / mean)
        if self.like == "exponential":
            return random.expovariate(1.0 / mean)
        if self.like == "quantiles":
            place = random.random() * (len(self.values) - 1)
            low = int(place)
            return self.values[low] + (place - low) * (self.values[low + 1] - self.values[low])
        return mean


NEEDS = {
    "fixed": ("mean",),
    "uniform": ("most",),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "gamma": ("mean", "sd"),
    "exponential": ("mean",),
    "quantiles": ("values",),
}


class Arrivals(Table):
    """Cars that come by chance, each to the first free connector; one that finds none drives on."""

    vehicles: Annotated[Many[str], Field(min_length=1)] = Field(
        description="the cars that are drawn from: presets or [[vehicles]]"
    )
    per_hour: Many[Rates] | None = Field(
        default=None,
        description="cars an hour, 24 local hours a row: one row for every day, two for Monday to Friday and "
        "the weekend, or seven from Monday on",
    )
    scale: NotNegative = Field(default=1.0, description="so many times as many cars")
    stay_h: Drawn | None = Field(default=None, description="how long they stay, h")
    energy_kwh: Drawn | None = Field(
        default=None, description="what they need at the meter, kWh; at most what the car holds"
    )
    fitted_to: SourceFile | None = Field(
        default=None,
        description="real sessions that tell what is left out of per_hour, stay_h and energy_kwh",
    )
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader, s")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        told = [name for name in ("per_hour", "stay_h", "energy_kwh") if getattr(self, name) is not None]
        if self.fitted_to is None and len(told) < 3:
            raise ValueError("must have per_hour, stay_h and energy_kwh, or fitted_to")
        if self.fitted_to is not None and len(told) == 3:
            raise ValueError("must not have fitted_to where per_hour, stay_h and energy_kwh are all given")
        if self.per_hour is not None and len(self.per_hour) not in DAYS:
            raise ValueError(f"per_hour must have 1, 2 or 7 rows, got {len(self.per_hour)}")
        return self


def completed(table: Arrivals, charges: Sequence[Charge], zone: ZoneInfo) -> Arrivals:
    """The table with what it leaves out taken from real sessions."""
    told = {**fitted(charges, zone), **table.model_dump(exclude_unset=True, exclude={"fitted_to"})}
    return Arrivals.model_validate(told)


class Arrival(NamedTuple):
    """One car that found a connector, in seconds from the run's start."""

    connector: int
    plug_in_s: float
    unplug_s: float
    vehicle: str
    energy_kwh: float


def arrivals(
    table: Arrivals, start: datetime, end_s: float, zone: ZoneInfo, seed: int, connectors: int
) -> Iterator[Arrival]:
    """The cars that find a connector before `end_s`; `table` has its rates and distributions."""
    assert table.per_hour is not None and table.stay_h is not None and table.energy_kwh is not None
    free_s = dict.fromkeys(range(1, connectors + 1), -1.0)
    for t_s, random in _stream(table, table.per_hour, start, end_s, zone, seed):
        stay_s = max(LEAST_STAY_S, round(table.stay_h.draw(random) * HOUR_S))
        energy_kwh = table.energy_kwh.draw(random)
        vehicle = random.choice(table.vehicles)
        connector = next((n for n, until_s in free_s.items() if until_s < t_s), None)
        if connector is not None:
            free_s[connector] = t_s + stay_s
            yield Arrival(connector, t_s, t_s + stay_s, vehicle, energy_kwh)


def _stream(
    table: Arrivals,
    rates: Sequence[Sequence[float]],
    start: datetime,
    end_s: float,
    zone: ZoneInfo,
    seed: int,
) -> Iterator[tuple[float, Random]]:
    """The instants at which cars come, to the second; what belongs to one is drawn from its generator.

    Hours are those of UTC, each at the rate of its local hour: in autumn a day has 25, in spring 23.
    """
    hour = start.replace(minute=0, second=0, microsecond=0)
    while (begin_s := (hour - start).total_seconds()) < end_s:
        local = hour.astimezone(zone)
        rate = table.scale * rates[row_of(local.date(), len(rates))][local.hour]
        random = Random(f"{seed}:arrivals:{hour:%Y-%m-%dT%H}")
        t_s = begin_s + _gap_s(random, rate)
        while t_s < begin_s + HOUR_S:
            if 0.0 <= round(t_s) < end_s:
                yield float(round(t_s)), random
            t_s += _gap_s(random, rate)
        hour += timedelta(hours=1)


def _gap_s(random: Random, rate_h: float) -> float:
    return HOUR_S * random.expovariate(rate_h) if rate_h > 0.0 else float("inf")
