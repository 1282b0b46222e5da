"""How much was drawn, interval by interval of the rig's local time."""

from datetime import timedelta, tzinfo
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

from evc5.models.units import DAY_S
from evc5.rigs.analysis.busiest_day import connectors, midnight_after, midnight_before
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array

HOUR = pd.Timedelta("1h")
DAY = pd.Timedelta("1D")
MOST_INSTANTS = 50_000_000  # a year has 32 million seconds
TOTAL = 0  # in place of a connector: all of them together


class Drawn(NamedTuple):
    """One connector's energy, from row to row with a power that rises or falls evenly.

    Telemetry has a row at every change and at most 60 s apart while power varies, so what is between two
    rows is known from the energy of both and the power just after the first.
    """

    t_s: Array
    energy_wh: Array
    power_w: Array  # just after each row
    slope_w_s: Array  # from each row to the next; 0 after the last

    @classmethod
    def of(cls, t_s: Array, energy_wh: Array, power_w: Array) -> "Drawn":
        last = np.append(np.diff(t_s) > 0, True)[: len(t_s)]  # of several rows of one instant
        t_s, energy_wh, power_w = t_s[last], energy_wh[last], np.nan_to_num(power_w[last])
        lasts_s = np.diff(t_s)
        beyond_ws = np.diff(energy_wh) * 3600.0 - power_w[:-1] * lasts_s
        slope_w_s = np.nan_to_num(2.0 * beyond_ws / lasts_s**2)  # where an instrument tells no energy: 0
        return cls(t_s, energy_wh, power_w, np.append(slope_w_s, 0.0)[: len(t_s)])

    def energy_at(self, at_s: Array) -> Array:
        """Wh since the run's start."""
        k, since_s = self._since(at_s, "right")
        mean_w = self.power_w[k] + self.slope_w_s[k] * since_s / 2.0
        return np.asarray(self.energy_wh[k] + mean_w * since_s / 3600.0)

    def power_at(self, at_s: Array, *, before: bool) -> Array:
        """W just before, or just after, each instant."""
        k, since_s = self._since(at_s, "left" if before else "right")
        return np.asarray(self.power_w[k] + self.slope_w_s[k] * since_s)

    def _since(self, at_s: Array, side: str) -> tuple[Array, Array]:
        k = np.searchsorted(self.t_s, at_s, side=side) - 1  # type: ignore[call-overload]
        k = np.maximum(k, 0)
        ended = k == len(self.t_s) - 1
        return k, np.where(ended, 0.0, np.maximum(at_s - self.t_s[k], 0.0))


def demand(run: Recorded, interval: str | timedelta) -> pd.DataFrame:
    """The table of `Run.demand`."""
    edges_s = boundaries(run, step_s(interval))
    drawn = {connector: drawn_at(run, connector) for connector in connectors(run)}
    tables = [_table(run, edges_s, TOTAL, list(drawn.values()))]
    tables += [_table(run, edges_s, connector, [one]) for connector, one in drawn.items()]
    return pd.concat(tables, ignore_index=True).sort_values(["start", "connector"], ignore_index=True)


def boundaries(run: Recorded, every_s: float, zone: tzinfo | None = None) -> Array:
    """Seconds of the run at which local intervals begin, and the run's own begin and end."""
    return np.union1d(even_instants(run, every_s, zone), [0.0, max(run.end_s, 0.0)])


def even_instants(run: Recorded, every_s: float, zone: tzinfo | None = None) -> Array:
    """Seconds of the run, its end excluded, at whole multiples of a step since midnight in the zone."""
    end_s, zone = run.end_s, zone or run.tz
    if end_s / every_s > MOST_INSTANTS:
        raise BadInput(f"a step of {every_s:g} s gives more than {MOST_INSTANTS:,} of them in this run")
    found = [np.empty(0)]
    midnight_s = midnight_before(run.start, 0.0, zone)
    while midnight_s < end_s:
        following_s = midnight_after(run.start, midnight_s, zone)
        lasts_s = max(every_s, following_s - midnight_s) if every_s == DAY_S else every_s  # of 23 to 25 hours
        found.append(np.arange(midnight_s, following_s, lasts_s))
        midnight_s = following_s
    every = np.concatenate(found)
    return every[(every >= 0.0) & (every < end_s)]


def step_s(interval: str | timedelta, name: str = "interval") -> float:
    """Its seconds; BadInput under its name where a local day is no whole number of it."""
    try:
        if not isinstance(interval, str | timedelta):
            raise ValueError
        step = pd.Timedelta(interval)
    except ValueError:
        raise BadInput(f"{name} must be a duration as 15min, 1h or 1D, got {interval!r}") from None
    if pd.isna(step) or not pd.Timedelta(0) < step <= DAY or (HOUR % step and step % HOUR) or DAY % step:
        raise BadInput(f"{name} must divide an hour, or be whole hours that divide a day, got {interval!r}")
    return float(step.total_seconds())


def instants(run: Recorded, t_s: Array, zone: tzinfo | None = None) -> pd.DatetimeIndex:
    """Seconds of the run as aware instants in the (rig's) zone."""
    epoch_us = np.rint(t_s * 1e6) + run.start.timestamp() * 1e6
    return pd.to_datetime(epoch_us.astype(np.int64), unit="us", utc=True).tz_convert(zone or run.tz)


def drawn_at(run: Recorded, connector: int) -> Drawn:
    """What one connector drew."""
    columns = ("t", "energy_wh", "p_w")
    rows = telemetry.read(run.directory / run_directory.TELEMETRY, columns, connector=connector)
    return Drawn.of(*(rows[name] for name in columns))


def idle_since_s(drawn: Drawn, plug_in_s: float, unplug_s: float) -> float:
    """When the last power of a stay had flowed; its begin, where none did."""
    flows = (drawn.power_w[:-1] > 0.0) & (drawn.t_s[:-1] < unplug_s) & (drawn.t_s[1:] > plug_in_s)
    rows = np.flatnonzero(flows)
    return float(min(drawn.t_s[rows[-1] + 1], unplug_s)) if len(rows) else plug_in_s


def _table(run: Recorded, edges_s: Array, connector: int, drawn: list[Drawn]) -> pd.DataFrame:
    at = instants(run, edges_s)
    energy_wh = np.diff(sum((one.energy_at(edges_s) for one in drawn), np.zeros(len(edges_s))))
    return pd.DataFrame(
        {
            "start": at[:-1],
            "end": at[1:],
            "connector": connector,
            "energy_wh": energy_wh,
            "mean_w": energy_wh * 3600.0 / np.diff(edges_s),
            "max_w": highest_w(edges_s, drawn),
        }
    )


def highest_w(edges_s: Array, drawn: list[Drawn]) -> Array:
    """The highest power within each interval, of all together; it is reached at a row or at a boundary."""
    at_s = reduce(np.union1d, [one.t_s for one in drawn], edges_s)
    at_s = at_s[(at_s >= edges_s[0]) & (at_s <= edges_s[-1])]
    after_w = sum((one.power_at(at_s[:-1], before=False) for one in drawn), np.zeros(len(at_s) - 1))
    before_w = sum((one.power_at(at_s[1:], before=True) for one in drawn), np.zeros(len(at_s) - 1))
    first = np.searchsorted(at_s, edges_s[:-1])
    return np.asarray(np.maximum.reduceat(np.maximum(after_w, before_w), first))
