"""A tariff as it is given (a file, a table) and what a kWh costs at every moment of a run."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.rigfile.messages import complaint
from evc5.rigs.rigfile.plain import plain
from evc5.rigs.tariffs.series import Span, steps_of, told
from evc5.rigs.tariffs.steps import Steps
from evc5.rigs.tariffs.tables import DAY_MIN, DAYS, Band, TariffTable

MINUTE_S = 60.0
NO_BAND = -1
PER_KWH = {"kWh": 1.0, "MWh": 0.001}


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff, checked; relative paths in it are relative to its folder."""

    table: TariffTable
    folder: Path
    where: str  # how a message about it begins
    bands: Array  # the number of the band by month, weekday and minute; NO_BAND: the price of all other hours

    @classmethod
    def load(cls, given: str | Path | Mapping[str, Any]) -> Self:
        """A tariff from a TOML file or a table of the same form; BadInput names the key at fault."""
        if isinstance(given, Mapping):
            return cls._parsed(given, Path(), "")
        path = user_files.path_of(given, "a tariff")
        try:
            return cls._parsed(user_files.toml(path), path.parent, f"{path.name}: ")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"{path.name}: not a TOML file: {error}") from None
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from None

    @classmethod
    def _parsed(cls, given: Mapping[str, Any], folder: Path, where: str) -> Self:
        try:
            table = TariffTable.model_validate(_plain(given))
        except ValidationError as error:
            raise BadInput(f"{where}{complaint(error, TariffTable)}") from None
        try:
            return cls(table, folder, where, _bands(table))
        except BadInput as error:
            raise BadInput(f"{where}{error}") from None

    def zone(self, rigs: ZoneInfo) -> ZoneInfo:
        """The zone of its hours; the rig's where it names none."""
        return ZoneInfo(self.table.timezone) if self.table.timezone else rigs

    def prices(self, span: Span, zone: ZoneInfo) -> Steps:
        """What a kWh costs from moment to moment of the span."""
        energy = self.table.energy
        if energy.series is None:
            return self._by_bands(span, zone)
        steps = steps_of(energy.series, span, self.folder, zone if self.table.timezone else None)
        return Steps(steps.edges_s, steps.values * PER_KWH[energy.series.per] + energy.add_kwh)

    def _by_bands(self, span: Span, zone: ZoneInfo) -> Steps:
        """Looked at every minute: changes of the clock come out right by themselves."""
        first_s = -(span.start.timestamp() % MINUTE_S)
        edges_s = np.append(np.arange(first_s, max(span.end_s, 1.0), MINUTE_S), max(span.end_s, 1.0))
        months, weekdays, minutes = _local(span.start, edges_s[:-1], zone, self.table)
        energy = self.table.energy
        base = np.nan if energy.price_kwh is None else energy.price_kwh
        prices = np.array([*(band.price_kwh for band in energy.times), base])
        return Steps(edges_s, prices[self.bands[months - 1, weekdays, minutes]]).merged()


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """As TOML would have it; a series may be a path alone, or pandas' own, which stays what it is."""
    energy = given.get("energy")
    if not isinstance(energy, Mapping) or energy.get("series") is None:
        return dict(plain(given))
    series = told(energy["series"])
    table = series.pop("table", None)
    whole: dict[str, Any] = plain({**given, "energy": {**energy, "series": series}})
    if table is not None:
        whole["energy"]["series"]["table"] = table
    return whole


def _local(start: datetime, t_s: Array, zone: ZoneInfo, table: TariffTable) -> tuple[Array, Array, Array]:
    """Month, weekday and minute of the day of instants, in the zone; a holiday is a Sunday."""
    import pandas as pd

    epoch_us = np.rint(t_s * 1e6 + start.timestamp() * 1e6).astype(np.int64)
    at = pd.to_datetime(epoch_us, unit="us", utc=True).tz_convert(zone)
    holidays = pd.DatetimeIndex(list(map(pd.Timestamp, table.holidays)))
    is_holiday = at.tz_localize(None).normalize().isin(holidays)
    weekdays = np.where(is_holiday, len(DAYS) - 1, at.day_of_week)
    return at.month.to_numpy(), weekdays, (at.hour * 60 + at.minute).to_numpy()


def _bands(table: TariffTable) -> Array:
    """Which band holds in each minute of a week of each month; BadInput for two, or for none."""
    found = np.full((12, len(DAYS), DAY_MIN), NO_BAND)
    for number, band in enumerate(table.energy.times):
        for month in band.months:
            for weekday, minutes in _stretches(band):
                taken = found[month - 1, weekday, minutes]
                if (taken != NO_BAND).any():
                    first = int(np.argmax(taken != NO_BAND))
                    other = f"energy.times[{int(taken[first])}]"
                    at = _when(month, weekday, minutes.start + first)
                    raise BadInput(f"energy.times[{number}] must not hold where {other} does, got both {at}")
                found[month - 1, weekday, minutes] = number
    if table.energy.series is None and table.energy.price_kwh is None and (found == NO_BAND).any():
        month, weekday, minute = (int(some[0]) for some in np.nonzero(found == NO_BAND))
        at = _when(month + 1, weekday, minute)
        raise BadInput(
            f"energy must have a price for every hour (price_kwh is that of all others), none {at}"
        )
    return found


def _stretches(band: Band) -> list[tuple[int, slice]]:
    """Its minutes weekday by weekday; beyond midnight they are of the next one."""
    found = []
    for day in map(DAYS.index, band.days):
        if band.start < band.end:
            found.append((day, slice(band.start, band.end)))
        else:
            found.append((day, slice(band.start, DAY_MIN)))
            found.append(((day + 1) % len(DAYS), slice(0, band.end)))
    return found


def _when(month: int, weekday: int, minute: int) -> str:
    return f"at {minute // 60:02}:{minute % 60:02} on {DAYS[weekday]} in month {month}"
