"""Points in time in a rig file: a date and time with its UTC offset, or an offset from the run's start."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

YEARS = (1000, 8999)  # a thousand from what Python and four digits hold: a run goes on for days
_UNITS_S = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_PART = r"\s*(\d+(?:\.\d+)?)\s*([dhms])"
ALLOWED = (
    'a date and time such as 2024-03-01T18:00:00Z, seconds from the start, or an offset such as "1d 18h30m"'
)


def utc(value: Any) -> datetime:
    """An aware datetime in UTC; a naive one is refused, since nobody can say which zone it meant."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a date and time such as 2024-03-01T18:00:00Z") from None
    if not isinstance(value, datetime):
        raise ValueError("must be a date and time such as 2024-03-01T18:00:00Z")
    if value.tzinfo is None:
        raise ValueError(f"must say its offset from UTC, such as {value.isoformat()}Z")
    if not YEARS[0] <= value.year <= YEARS[1]:
        raise ValueError(f"must be within the years {YEARS[0]} and {YEARS[1]}")
    return value.astimezone(UTC)


def instant(value: Any) -> datetime | float:
    """A UTC datetime, or seconds from the run's start."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | datetime):
        raise ValueError(f"must be {ALLOWED}")
    if isinstance(value, int | float):
        return _from_start(float(value))
    if isinstance(value, str) and re.fullmatch(f"(?:{_PART})+\\s*", value):
        return sum(float(number) * _UNITS_S[unit] for number, unit in re.findall(_PART, value))
    if isinstance(value, str) and "T" not in value:
        raise ValueError(f"must be {ALLOWED}")
    return utc(value)


def seconds(value: datetime | float, start: datetime) -> float:
    """Seconds from `start` to the instant."""
    return (value - start).total_seconds() if isinstance(value, datetime) else value


def _from_start(t_s: float) -> float:
    if not 0 <= t_s < float("inf"):
        raise ValueError("must be >= 0 seconds from the start")
    return t_s


Utc = Annotated[datetime, PlainValidator(utc), WithJsonSchema({"type": "string", "format": "date-time"})]
Instant = Annotated[
    datetime | float,
    PlainValidator(instant),
    WithJsonSchema({"type": ["string", "number"], "examples": ["2024-03-01T18:00:00Z", "1d 18h30m", 600]}),
]
