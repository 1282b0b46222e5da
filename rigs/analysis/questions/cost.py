"""What a run costs under a tariff."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evc5.models.units import DAY_S
from evc5.rigs.analysis.busiest_day import connectors
from evc5.rigs.analysis.questions.bill import Bill
from evc5.rigs.analysis.questions.demand import Drawn, boundaries, drawn_at, idle_since_s, instants
from evc5.rigs.analysis.questions.house import house_w
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.visits import visits
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.tariffs.series import Span
from evc5.rigs.tariffs.steps import Steps
from evc5.rigs.tariffs.tables import Contracted, Demand, Idle
from evc5.rigs.tariffs.tariff import Tariff

QUARTER_S = 900.0
MINUTE_S = 60.0
SESSIONS = (
    "connector",
    "vehicle",
    "plug_in",
    "unplug",
    "energy_wh",
    "energy",
    "fee",
    "idle_min",
    "idle",
    "cap",
)
MONTHS = ("month", "peak_w", "peak_at", "demand", "contracted", "excess_w", "excess_wh", "excess", "standing")


def cost(run: Recorded, tariff: str | Path | Mapping[str, Any], house: Any) -> Bill:
    """The bill of `Run.cost`."""
    told = Tariff.load(tariff)
    parts = _Parts.of(run, told, house)
    sessions = pd.DataFrame(list(_sessions(run, parts)), columns=list(SESSIONS))
    sessions["total"] = sessions[["energy", "fee", "idle", "cap"]].sum(axis=1)
    months = pd.DataFrame(list(_months(run, parts)), columns=list(MONTHS))
    days = _days(run, parts, sessions)
    return Bill(told.table.name, told.table.currency, told.table.vat_pct, days, sessions, months)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the bill is worked out from."""

    tariff: Tariff
    zone: tzinfo
    end_s: float
    prices: Steps
    drawn: dict[int, Drawn]
    house: Steps | None  # W; None where the tariff leaves it out

    @classmethod
    def of(cls, run: Recorded, tariff: Tariff, house: Any) -> "_Parts":
        if house is not None and tariff.table.scope != "site":
            raise BadInput(f"{tariff.where}scope must be site where house is given, got charging")
        drawn = {connector: drawn_at(run, connector) for connector in connectors(run)}
        if not drawn or any(np.isnan(one.energy_wh).any() for one in drawn.values()):
            raise BadInput(f"{run.directory} must have telemetry with energy_wh to be billed, and has none")
        zone = tariff.zone(run.tz)
        span = Span(run.start, run.end_s)
        site = house_w(run, house) if tariff.table.scope == "site" else None
        return cls(tariff, zone, run.end_s, tariff.prices(span, zone), drawn, site)

    def priced(self, drawn: list[Drawn], at_s: Array) -> Array:
        """The energy's price from the run's start to each instant."""
        edges_s = np.union1d(self._within(self.prices.edges_s), at_s)
        energy_wh = sum((one.energy_at(edges_s) for one in drawn), np.zeros(len(edges_s)))
        return self._summed(edges_s, energy_wh, at_s)

    def priced_house(self, at_s: Array) -> Array:
        if self.house is None:
            return np.zeros(len(at_s))
        edges_s = np.union1d(self._within(self.prices.edges_s), at_s)
        return self._summed(edges_s, self.house.integral_at(edges_s) / 3600.0, at_s)

    def site_wh(self, at_s: Array) -> Array:
        """Wh of all that the tariff's scope has, from the run's start to each instant."""
        energy_wh = sum((one.energy_at(at_s) for one in self.drawn.values()), np.zeros(len(at_s)))
        return energy_wh if self.house is None else energy_wh + self.house_wh(at_s)

    def house_wh(self, at_s: Array) -> Array:
        if self.house is None:
            return np.zeros(len(at_s))
        begin_ws, *_ = self.house.integral_at(np.zeros(1))
        return np.asarray((self.house.integral_at(at_s) - begin_ws) / 3600.0)

    def _within(self, edges_s: Array) -> Array:
        return edges_s[(edges_s >= 0.0) & (edges_s <= self.end_s)]

    def _summed(self, edges_s: Array, energy_wh: Array, at_s: Array) -> Array:
        amounts = self.prices.at(edges_s[:-1]) * np.diff(energy_wh) / 1000.0
        sums = np.concatenate([[0.0], np.cumsum(amounts)])
        return np.asarray(sums[np.searchsorted(edges_s, at_s)])


def _sessions(run: Recorded, parts: _Parts) -> Iterator[tuple[Any, ...]]:
    """A row a visit, but for those at connectors that nobody measured."""
    for visit in (one for one in visits(run.directory, run.end_s) if one.connector in parts.drawn):
        until_s = parts.end_s if visit.unplug_s is None else visit.unplug_s
        stay_s = np.minimum([visit.plug_in_s, until_s], parts.end_s)
        plug_in, unplug = instants(run, stay_s, parts.zone)
        over = pd.NaT if visit.unplug_s is None else unplug
        yield visit.connector, visit.vehicle, plug_in, over, *_session(parts, visit.connector, stay_s)


def _session(parts: _Parts, connector: int, stay_s: Array) -> tuple[float, ...]:
    """Of one stay: Wh and their price, the fee, idle minutes and what they cost, what is beyond the cap."""
    rules = parts.tariff.table.session
    drawn = parts.drawn[connector]
    (energy_wh,) = np.diff(drawn.energy_at(stay_s))
    (energy,) = np.diff(parts.priced([drawn], stay_s))
    fee = rules.fee if energy_wh > 0.0 else 0.0
    idle_min = (stay_s[1] - idle_since_s(drawn, *stay_s)) / MINUTE_S
    idle = _idle(rules.idle, idle_min)
    beyond = 0.0 if rules.cap is None else max(0.0, energy + fee + idle - rules.cap)
    return energy_wh, energy, fee, idle_min, idle, 0.0 - beyond


def _idle(rules: Idle | None, idle_min: float) -> float:
    if rules is None:
        return 0.0
    amount = max(0.0, idle_min - rules.free_min) * rules.price_min
    return amount if rules.cap is None else min(amount, rules.cap)


class _Month(NamedTuple):
    """A month's quarters of an hour, as far as the run has them."""

    month: str
    quarters_w: Array  # the mean of each quarter of an hour
    lasts_s: Array
    begins_s: Array


def _months(run: Recorded, parts: _Parts) -> Iterator[tuple[Any, ...]]:
    """A row a month of the tariff's zone, however much of it the run touches."""
    table = parts.tariff.table
    for month in _by_month(run, parts):
        highest = int(np.argmax(month.quarters_w))
        peak_w = float(month.quarters_w[highest])
        (peak_at,) = instants(run, month.begins_s[highest : highest + 1], parts.zone)
        booked_w = np.inf if table.contracted is None else table.contracted.kw * 1000.0
        beyond_w = np.maximum(month.quarters_w - booked_w, 0.0)
        excess_wh = float(np.sum(beyond_w * month.lasts_s)) / 3600.0
        excess_w = max(0.0, peak_w - booked_w)
        booked, excess = _contracted(table.contracted, excess_w, excess_wh)
        demand = _demand(table.demand, peak_w)
        told = (demand, booked, excess_w, excess_wh, excess, table.standing_month)
        yield month.month, peak_w, peak_at, *told


def _by_month(run: Recorded, parts: _Parts) -> Iterator[_Month]:
    edges_s = boundaries(run, QUARTER_S, parts.zone)
    quarters_w = np.diff(parts.site_wh(edges_s)) * 3600.0 / np.diff(edges_s)
    names = instants(run, edges_s[:-1], parts.zone).strftime("%Y-%m").to_numpy()
    for name in dict.fromkeys(names):
        mine = names == name
        yield _Month(str(name), quarters_w[mine], np.diff(edges_s)[mine], edges_s[:-1][mine])


def _demand(rules: Demand | None, peak_w: float) -> float:
    return 0.0 if rules is None else max(0.0, peak_w / 1000.0 - rules.free_kw) * rules.price_kw_month


def _contracted(rules: Contracted | None, excess_w: float, excess_wh: float) -> tuple[float, float]:
    """What the booked power costs, and what was drawn beyond it."""
    if rules is None:
        return 0.0, 0.0
    excess = excess_w / 1000.0 * rules.excess_kw_month + excess_wh / 1000.0 * rules.excess_kwh
    return rules.kw * rules.price_kw_month, excess


def _days(run: Recorded, parts: _Parts, sessions: pd.DataFrame) -> pd.DataFrame:
    """A row a local day; what a session costs beside its energy is of the day on which it ended."""
    edges_s = boundaries(run, DAY_S, parts.zone)
    day = instants(run, edges_s[:-1], parts.zone)
    drawn = list(parts.drawn.values())
    energy_wh = sum((one.energy_at(edges_s) for one in drawn), np.zeros(len(edges_s)))
    ended = sessions["unplug"].fillna(day[-1]) if len(sessions) else sessions["unplug"]
    of_day = sessions[["fee", "idle", "cap"]].groupby([at.date() for at in ended]).sum()
    table = pd.DataFrame(
        {
            "day": [at.date() for at in day],
            "energy_wh": np.diff(energy_wh),
            "energy": np.diff(parts.priced(drawn, edges_s)),
            "house_wh": np.diff(parts.house_wh(edges_s)),
            "house": np.diff(parts.priced_house(edges_s)),
            "standing": parts.tariff.table.standing_day,
        }
    )
    return table.join(of_day, on="day").fillna(dict.fromkeys(of_day.columns, 0.0))
