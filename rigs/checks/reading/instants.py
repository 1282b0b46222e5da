"""Time as OCPP writes it: strict RFC 3339 date-times, to epoch seconds and back."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

QUARTER_S = 900.0  # zones lie a multiple of a quarter of an hour from UTC
FOREVER = float("inf")

# RFC 3339 section 5.6 with the zone that OCPP 1.6 section 3.14 needs to mean one instant.
DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:(Z)|([+-])(\d\d):(\d\d))", re.ASCII
)


@lru_cache(maxsize=256)  # a stamp is asked for by its schema, the clocks and several checks
def epoch(text: str) -> float:
    """Epoch seconds of a strict RFC 3339 date-time; ValueError for anything else."""
    match = DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"timestamp must be RFC 3339 with a zone, got {text!r}")
    year, month, day, hour, minute, second, fraction, _, sign, zone_h, zone_m = match.groups()
    if hour > "23" or minute > "59" or second > "60":
        raise ValueError(f"timestamp must tell a time of the day, got {text!r}")
    whole = _midnight(int(year), int(month), int(day)) + 3600 * int(hour) + 60 * int(minute) + int(second)
    offset = 60 * (60 * int(zone_h) + int(zone_m)) if sign else 0
    return whole + float(fraction or 0) - (-offset if sign == "-" else offset)


@lru_cache(maxsize=64)
def _midnight(year: int, month: int, day: int) -> float:
    return datetime(year, month, day, tzinfo=UTC).timestamp()


def is_strict(text: object) -> bool:
    """True for a strict RFC 3339 date-time (and for what is no string, which is the schema's business)."""
    if not isinstance(text, str):
        return True
    try:
        epoch(text)
    except ValueError:
        return False
    return True


def iso(epoch_s: float) -> str:
    """An epoch as the recording writes it, to the millisecond."""
    minutes, ms = divmod(round(round(epoch_s, 3) * 1000.0), 60_000)
    return f"{_minute(minutes)}:{ms // 1000:02d}.{ms % 1000:03d}Z"


@lru_cache(maxsize=1024)
def _minute(minutes: int) -> str:
    """A whole minute, which many frames of a log share."""
    return datetime.fromtimestamp(60 * minutes, UTC).isoformat()[:16]


def elapsed(t_s: float) -> str:
    """Seconds of the run as days, hours, minutes and seconds."""
    past = timedelta(seconds=max(t_s, 0.0))
    hours, rest = divmod(past.seconds, 3600)
    return f"{past.days} d {hours:02}:{rest // 60:02}:{rest % 60:02}"
