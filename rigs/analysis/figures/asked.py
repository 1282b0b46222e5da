"""What somebody asks a figure to show: it is there, or BadInput says what there is."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np

from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.recorded import Instant, Recorded
from evc5.rigs.analysis.window import Window
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array, Columns

Score = Callable[[Columns], Array]


def the_connector(run: Recorded, connector: int) -> int:
    known = busiest_day.connectors(run)
    if isinstance(connector, bool) or (known and connector not in known):
        raise BadInput(f"connector must be one of {', '.join(map(str, known))}, got {connector!r}")
    return connector


def known_connectors(run: Recorded) -> list[int]:
    """The connectors that telemetry tells of; BadInput where there is none, since nothing can be drawn."""
    known = busiest_day.connectors(run)
    if not known:
        raise BadInput(f"{run.directory} has no telemetry, which this figure is drawn from")
    return known


def the_day(day: date | str | None) -> date | None:
    """A day as it may be given."""
    if day is None or (isinstance(day, date) and not isinstance(day, datetime)):
        return day
    try:
        return date.fromisoformat(day)  # type: ignore[arg-type]  # a datetime is refused as what it is
    except (TypeError, ValueError):
        raise BadInput(f"day must be a date such as 2024-03-01, got {day!r}") from None


def the_window(run: Recorded, since: Instant | None, until: Instant | None) -> Window:
    """[since, until) of the run; the whole run where nobody says."""
    end_s = max(run.end_s, 1.0)
    since_s = 0.0 if since is None else run.seconds(since)
    until_s = end_s if until is None else run.seconds(until)
    check_window(run, since_s, until_s)
    return Window(run.start, max(since_s, 0.0), min(until_s, end_s), run.tz)


def check_window(run: Recorded, since_s: float, until_s: float) -> None:
    end_s = max(run.end_s, 1.0)
    if not since_s < until_s or since_s >= end_s or until_s <= 0.0:
        ran = f"{_told(run, 0.0)} to {_told(run, end_s)}"
        asked = f"{_told(run, since_s)} to {_told(run, until_s)}"
        raise BadInput(f"since must be before until, both within the run, {ran}; got {asked}")


def _told(run: Recorded, t_s: float) -> str:
    try:
        return f"{(run.start + timedelta(seconds=t_s)).astimezone(run.tz):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError):  # beyond what a calendar holds
        return f"{t_s:g} s"


def day_of_most(run: Recorded, connector: int, columns: tuple[str, ...], score: Score) -> Window:
    """The local day whose rows score most together; where none scores, that of `busiest_day`."""
    by_day: dict[float, float] = {}
    for rows in telemetry.parts(
        run.directory / run_directory.TELEMETRY, ("t", *columns), connector=connector
    ):
        points = score(rows)
        for index in np.flatnonzero(points > 0):
            midnight = busiest_day.midnight_before(run.start, float(rows["t"][index]), run.tz)
            by_day[midnight] = by_day.get(midnight, 0.0) + float(points[index])
    if not by_day:
        return busiest_day.day_window(run, connector)
    best_s = max(by_day, key=by_day.__getitem__)
    at = (run.start + timedelta(seconds=best_s)).astimezone(run.tz)
    return busiest_day.day_window(run, connector, at.date())
