"""The first time that a text tells, in the many ways in which logs write it."""

import re
from calendar import timegm
from functools import lru_cache
from typing import NamedTuple

from evc5.rigs.checks.reading.logs.found import Memo, shape

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
MONTHS |= {"mär": 3, "mrt": 3, "mai": 5, "mei": 5, "okt": 10, "dez": 12}
ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "+00": 0}


class Stamp(NamedTuple):
    """A time of a line: seconds since 1970, in UTC or in a zone not told; without a date since midnight.

    `kind`: zoned, local, yearless, daily (no date) or ambiguous (day and month may be meant the other way).
    """

    at: float
    kind: str
    other: float = 0.0  # of an ambiguous one: with day and month the other way


_CLOCK = r"(?P<h>[01]?\d|2[0-3]):(?P<mi>[0-5]\d):(?P<s>[0-5]\d|60)(?:[.,:](?P<f>\d{1,9}))?"
_HALF = r"(?: ?(?P<half>[AaPp]\.?[Mm]\.?)\b)?"
_ZONE = r"(?: ?(?P<zone>(?:Z|UTC|GMT)(?!\w)|[+-]\d\d(?::?\d\d)?(?![\w:])))?"
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_MONTH = r"(?P<month>[A-Za-zä]{3})[a-zä]*"
PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d){_YEAR}[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)(?:[T _]|, )\s?{_CLOCK}{_HALF}{_ZONE}",
        rf"(?<!\d)(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)[T _-]?(?P<h>[01]\d|2[0-3]):?(?P<mi>[0-5]\d):?"
        rf"(?P<s>[0-5]\d)(?:[.,](?P<f>\d{{1,9}}))?{_ZONE}(?!\d)",
        rf"(?<!\d)(?P<d>\d\d?)[-/ .]{_MONTH}[-/ .](?P<y>(?:19|20)\d\d)[: ,T]+{_CLOCK}{_HALF}{_ZONE}",
        rf"\b{_MONTH} +(?P<d>\d\d?),? +(?P<y>(?:19|20)\d\d),? +(?:at +)?{_CLOCK}{_HALF}{_ZONE}",
        rf"\b{_MONTH} +(?P<d>\d\d?),? +{_CLOCK} +(?:[A-Z]{{3,4}} +)?(?P<y>(?:19|20)\d\d)(?!\d)",
        rf"(?<!\d)(?P<a>\d\d?)(?P<sep>[/.-])(?P<b>\d\d?)(?P=sep)(?P<y>(?:19|20)?\d\d)[ ,T]+"
        rf"{_CLOCK}{_HALF}{_ZONE}",
        rf"\b{_MONTH} +(?P<d>\d\d?) +{_CLOCK}",
        rf"\b[IWEDF](?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d) +{_CLOCK}",
        r"(?<![\w.-])(?P<epoch>1[0-9]{9}(?:[.,]\d{1,9})?|1[0-9]{12}(?:\.\d+)?|1[0-9]{15}|1[0-9]{18})(?![\w-])",
        rf"(?<![\d:.-]){_CLOCK}{_HALF}(?![\d:])",
    )
)
_ANY_DIGITS = re.compile(r"\d\d?[:.]\d\d|\d{10}|\d{8}T?\d{6}")


class _Place(NamedTuple):
    """Where the first time stands in the texts of a shape: by which pattern, and where its parts begin."""

    rank: int
    start: int
    second: int = 0  # 0: it has no minute that others may share
    fraction: int = 0
    zone: int = 0
    end: int = 0


_PLACES: Memo[_Place] = Memo()


def first(text: str) -> Stamp | None:
    """The first time in a text; of two that begin at one place the fuller one."""
    alike = shape(text)
    place = _PLACES.get(alike)
    if place is not None:
        if (stamp := _in_minute(text, place)) is not None:
            return stamp
        match = PATTERNS[place.rank].match(text, place.start)
        if match is not None and _fits(match):
            return _stamp(match)
    elif not _ANY_DIGITS.search(text):
        return None
    best = _best(text)
    if best is None:
        return None
    _PLACES.put(alike, _place(*best))
    return _stamp(best[1])


def _place(rank: int, match: re.Match[str]) -> _Place:
    part = match.groupdict()
    if not part.get("s") or part.get("a"):
        return _Place(rank, match.start())
    zone = match.end("f") if part["f"] else match.end("s")
    fraction = match.start("f") if part["f"] else zone
    return _Place(rank, match.start(), match.start("s"), fraction, zone, match.end())


def _in_minute(text: str, place: _Place) -> Stamp | None:
    """The time at a place by its minute, which others share; None where it must be looked at closer."""
    second = text[place.second : place.second + 2]
    if not place.second or second >= "60":
        return None
    minute = _minute(place.rank, f"{text[place.start : place.second]}00{text[place.zone : place.end]}")
    if minute is None:
        return None
    fraction = text[place.fraction : place.zone]
    return Stamp(minute.at + (int(second) + (float(f"0.{fraction}") if fraction else 0.0)), minute.kind)


@lru_cache(maxsize=1024)
def _minute(rank: int, text: str) -> Stamp | None:
    match = PATTERNS[rank].fullmatch(text)
    return _stamp(match) if match is not None and _fits(match) else None


def _best(text: str) -> tuple[int, re.Match[str]] | None:
    best: tuple[int, int, re.Match[str]] | None = None
    for rank, pattern in enumerate(PATTERNS):
        match = pattern.search(text)
        if match is not None and _fits(match) and (best is None or match.start() < best[1]):
            best = (rank, match.start(), match)
    return None if best is None else (best[0], best[2])


def _fits(match: re.Match[str]) -> bool:
    month = match.groupdict().get("month")
    return month is None or month[:3].lower() in MONTHS


def _stamp(match: re.Match[str]) -> Stamp | None:
    part = match.groupdict()
    if part.get("epoch"):
        return Stamp(_epoch(part["epoch"]), "zoned")
    clock = _clock(part)
    zone = part.get("zone")
    offset = _offset(zone) if zone else 0.0
    if part.get("a"):
        return _either(part, clock, zone, offset)
    if part.get("d") is None:
        return Stamp(clock, "daily")
    month = MONTHS[part["month"][:3].lower()] if part.get("month") else int(part["m"])
    if part.get("y") is None:
        return _dated(1972, month, int(part["d"]), clock, "yearless")  # a leap year, so that 29 February fits
    return _dated(int(part["y"]), month, int(part["d"]), clock - offset, "zoned" if zone else "local")


def _either(part: dict[str, str], clock: float, zone: str | None, offset: float) -> Stamp | None:
    """Two numbers of which one is the day: dots are written day first, else which is told by others."""
    a, b, year = int(part["a"]), int(part["b"]), int(part["y"])
    year += 2000 if year < 100 else 0
    kind = "zoned" if zone else "local"
    day_first = _dated(year, b, a, clock - offset, kind)
    month_first = _dated(year, a, b, clock - offset, kind)
    if day_first is None or month_first is None or a == b or part["sep"] != "/":
        return day_first or month_first
    return Stamp(day_first.at, f"{kind} ambiguous", month_first.at)


def _clock(part: dict[str, str]) -> float:
    hour = int(part["h"])
    if half := part.get("half"):
        hour = hour % 12 + 12 * (half[0] in "Pp")
    fraction = part.get("f")
    return (
        3600.0 * hour
        + 60.0 * int(part["mi"])
        + int(part["s"])
        + (float(f"0.{fraction}") if fraction else 0.0)
    )


def _dated(year: int, month: int, day: int, clock: float, kind: str) -> Stamp | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return Stamp(timegm((year, month, day, 0, 0, 0)) + clock, kind)


def _offset(zone: str) -> float:
    if zone in ZONES:
        return 0.0
    digits = zone[1:].replace(":", "")
    seconds = 3600.0 * int(digits[:2]) + 60.0 * int(digits[2:] or 0)
    return -seconds if zone[0] == "-" else seconds


def _epoch(text: str) -> float:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their digits."""
    value = float(text.replace(",", "."))
    digits = len(text.partition(".")[0].partition(",")[0])
    return value / 10.0 ** (digits - 10)
