"""A charging session as any data tell it; how a row's values are read: BadInput names file, row and value."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import product
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from evc5.rigs.errors import BadInput

MOST_KWH = 1000.0  # assumed of one session: more fills no road vehicle
MOST_STAY_H = 31 * 24.0  # assumed: longer is a session that somebody forgot to end
GMT = "Wed, 25 Apr 2018 11:08:04 GMT"
ISO = "2018-04-25T11:08:04Z"


class Charge(NamedTuple):
    """A car at the plug, and the energy that the meter counted."""

    label: str  # where it stands in its file: row 17, _items[3]
    user: str | None
    plug_in: datetime  # UTC
    unplug: datetime  # UTC
    energy_wh: float
    place: str | None = None  # the outlet, in the data's own words


class Row(NamedTuple):
    """A row's values by column, and where it stands."""

    file: str
    label: str
    values: Mapping[str, Any]
    zone: ZoneInfo | None = None  # of times that say none

    def refusal(self, key: str, allowed: str) -> BadInput:
        """The error that says what a value must be."""
        value = self.values.get(key)
        got = "nothing" if value in (None, "") else str(value)[:60]
        return BadInput(f"{self.file}: {self.label}: {key} must be {allowed}, got {got}")

    def text(self, key: str) -> str | None:
        """A name as text; None where there is none."""
        value = self.values.get(key)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return str(value).strip() or None

    def number(self, key: str, most: float, allowed: str) -> float:
        """A number from 0 to `most`, a decimal comma included."""
        value = self.values.get(key)
        try:
            number = float(str(value).strip().replace(",", ".")) if not isinstance(value, bool) else math.nan
        except ValueError:
            number = math.nan
        if not 0.0 <= number <= most:
            raise self.refusal(key, allowed)
        return number

    def energy_wh(self, key: str, unit_wh: float = 1000.0) -> float:
        most = MOST_KWH * 1000.0 / unit_wh
        unit = "kWh" if unit_wh == 1000.0 else "Wh"
        return round(self.number(key, most, f"a number of {unit} from 0 to {most:g}") * unit_wh, 3)

    def interval(self, start: str, end: str, time_format: str | None = None) -> tuple[datetime, datetime]:
        """Both ends in UTC. In the hour that autumn repeats, the first reading with a length."""
        starts, ends = self.instants(start, time_format), self.instants(end, time_format)
        for plug_in, unplug in product(starts, ends):
            if plug_in < unplug:
                break
        else:
            raise self.refusal(end, f"after {start} {self.values[start]}")
        if (unplug - plug_in).total_seconds() > MOST_STAY_H * 3600.0:
            raise self.refusal(end, f"at most {MOST_STAY_H / 24:g} days after {start} {self.values[start]}")
        return plug_in, unplug

    def instants(self, key: str, time_format: str | None) -> tuple[datetime, datetime]:
        """The instant in UTC; of a local time both readings, before and after a change of the clock."""
        found = self._time(key, time_format)
        if found.tzinfo is not None:
            return (found.astimezone(UTC),) * 2
        if self.zone is None:
            raise self.refusal(key, "a time with its offset from UTC, or timezone say whose it is")
        first = found.replace(tzinfo=self.zone).astimezone(UTC)
        second = found.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        if first > second:  # in the hour that spring leaves out, folds run backwards
            raise self.refusal(key, f"a time that exists in {self.zone.key}")
        return first, second

    def _time(self, key: str, time_format: str | None) -> datetime:
        value = self.values.get(key)
        if isinstance(value, datetime) and value == value:  # pandas' NaT is no time, and not itself
            return getattr(value, "to_pydatetime", lambda: value)()  # pandas has its own
        text = str(value or "").strip()
        if time_format is not None:
            try:
                return datetime.strptime(text, time_format)
            except ValueError:
                raise self.refusal(key, f"a time as {time_format}") from None
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                return read(text)
            except (ValueError, TypeError, IndexError):
                pass
        raise self.refusal(key, f"a time such as {ISO} or {GMT}")
