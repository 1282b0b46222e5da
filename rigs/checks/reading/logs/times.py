"""When a frame went: the time of its line or record, and the times that its payload tells."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.logs import stamps
from evc5.rigs.checks.reading.logs.actions import RESULT
from evc5.rigs.checks.reading.logs.found import Found
from evc5.rigs.checks.reading.logs.stamps import Stamp
from evc5.rigs.recording.reading.telemetry import DAY_S

# Names of the fields that tell when a record was written, the surest first.
NAMES = (
    *("at", "timestamp", "time", "ts", "datetime", "date", "eventtime", "logtime", "created", "createdat"),
    *("createdon", "received", "receivedat", "receivetime", "sentat", "occurredat", "messagetime", "logged"),
    *("ingestiontime", "realtimetimestamp", "sourcerealtimetimestamp", "asctime"),
)


def stamp_of(found: Found) -> Stamp | None:
    """The time that stands nearest to a frame: in its record, on its line, else above it."""
    if found.fields and (stamp := _of_fields(found)) is not None:
        return stamp
    stamp = stamps.first(found.before[:400]) or stamps.first(found.after[:200])
    if stamp is not None:
        return stamp
    for line in reversed(found.held):
        if line and (stamp := stamps.first(line)) is not None:
            return stamp
    return None


def _of_fields(found: Found) -> Stamp | None:
    named = {_plain(name): value for name, value in found.fields.items()}
    if (second := named.get("epochsecond", "")).isdecimal():  # log4j2 parts it
        nanos = named.get("nanoofsecond", "")
        return stamps.first(f"{second}.{nanos.zfill(9)}" if nanos.isdecimal() else second)
    best: Stamp | None = None
    for name in NAMES:
        value = named.get(name)
        stamp = stamps.first(value.strip()) if value else None
        if stamp is not None and stamp.kind != "daily":
            return stamp
        best = best or stamp
    if "date" in named and "time" in named:
        both = stamps.first(f"{named['date']} {named['time']}")
        if both is not None and both.kind != "daily":
            return both
    if (inner := stamps.first(found.before[:400])) is not None:
        return inner
    for value in found.fields.values():
        if (stamp := stamps.first(value.strip())) is not None and stamp.kind != "daily":
            return stamp
    return best


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def settled(stamp: Stamp, month_first: bool, near: float | None) -> tuple[float, bool]:
    """A stamp as a time in seconds and whether that is local: what it leaves out is taken from `near`."""
    at = stamp.other if month_first and "ambiguous" in stamp.kind else stamp.at
    if stamp.kind == "yearless":
        return _with_year(at, near), True
    if stamp.kind == "daily":
        return _with_day(at, near), True
    return at, stamp.kind.startswith("local")


def _with_year(at: float, near: float | None) -> float:
    told = datetime.fromtimestamp(at, UTC)
    around = datetime.fromtimestamp(near or 0.0, UTC).year
    candidates = []
    for year in (around - 1, around, around + 1):
        try:
            candidates.append(told.replace(year=year).timestamp())
        except ValueError:
            continue
    return min(candidates, key=lambda candidate: abs(candidate - (near or 0.0)), default=at)


def _with_day(at: float, near: float | None) -> float:
    day = (near or 0.0) // DAY_S * DAY_S
    return min(
        (day + shift + at for shift in (-DAY_S, 0.0, DAY_S)), key=lambda epoch_s: abs(epoch_s - (near or 0.0))
    )


def current_time(found: Found) -> float | None:
    """The time that the CSMS tells in this frame."""
    payload = found.payload if found.kind == RESULT else None
    return instant(payload.get("currentTime")) if isinstance(payload, dict) else None


def own_stamp(found: Found) -> float | None:
    """The time that a CALL stamps itself, or its first reading."""
    payload = found.payload if found.action else None
    if not isinstance(payload, dict):
        return None
    readings: Any = payload.get("meterValue")
    first = readings[0] if isinstance(readings, list) and readings else None
    text = payload.get("timestamp") or (first.get("timestamp") if isinstance(first, dict) else None)
    return instant(text)


def instant(text: object) -> float | None:
    try:
        return epoch(text) if isinstance(text, str) else None
    except ValueError:
        return None
