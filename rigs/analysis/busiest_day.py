"""Where to look first: the day and the hours of a run that its figures show when nobody says which."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np

from evc5.models.units import DAY_S
from evc5.rigs.analysis.recorded import Instant, Recorded
from evc5.rigs.analysis.visits import energy_at
from evc5.rigs.analysis.window import Window
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array

HALF_DAY_S = DAY_S / 2
WHOLE_RUN_S = 36 * 3600.0  # up to this length a run is shown whole


def connectors(run: Recorded) -> list[int]:
    """The connectors that telemetry knows."""
    for rows in telemetry.parts(run.directory / run_directory.TELEMETRY, ("connector",)):
        return [int(connector) for connector in np.unique(rows["connector"])]
    return []


def midnight_before(start: datetime, t_s: float, zone: tzinfo = UTC) -> float:
    """The zone's midnight at or before `t_s`, in seconds of the run (before 0 on a run's first day)."""
    at = (start.replace(tzinfo=start.tzinfo or UTC) + timedelta(seconds=t_s)).astimezone(zone)
    return _seconds(start, at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0))


def midnight_after(start: datetime, t_s: float, zone: tzinfo = UTC) -> float:
    """The zone's first midnight after `t_s`: 23, 24 or 25 hours after the one before."""
    at = (start.replace(tzinfo=start.tzinfo or UTC) + timedelta(seconds=t_s)).astimezone(zone)
    following = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0) + timedelta(days=1)
    return _seconds(start, following)


def midnights(run: Recorded) -> Array:
    """Every midnight of the rig's zone, from the last before the run begins to the first after its end."""
    end_s = run.end_s
    found = [midnight_before(run.start, 0.0, run.tz)]
    while found[-1] < end_s or len(found) < 2:
        found.append(midnight_after(run.start, found[-1], run.tz))
    return np.array(found)


def _seconds(start: datetime, at: datetime) -> float:
    return at.timestamp() - start.replace(tzinfo=start.tzinfo or UTC).timestamp()


def day_window(run: Recorded, connector: int, on: date | None = None) -> Window:
    """The day of the rig's zone, as far as the run lasts; without one, the day to look at first."""
    if on is None:
        since_s = day(run, connector)
    else:
        since_s = run.seconds(datetime(on.year, on.month, on.day, tzinfo=run.tz))
        if not -DAY_S < since_s < max(run.end_s, 1.0):
            last = run.start.astimezone(run.tz) + timedelta(seconds=run.end_s)
            ran = f"{run.start.astimezone(run.tz):%Y-%m-%d} to {last:%Y-%m-%d}"
            raise BadInput(f"day must be one of the run's, {ran}, got {on.isoformat()}")
    until_s = min(midnight_after(run.start, since_s, run.tz), max(run.end_s, since_s + 1.0))
    return Window(run.start, max(since_s, 0.0), max(until_s, 1.0), run.tz)


def schedule_window(
    run: Recorded, connector: int | None = None, since: Instant | None = None, until: Instant | None = None
) -> tuple[int, Window]:
    """A connector and the hours in which profiles were at work there, where nobody says which."""
    connector, since_s, until_s = profiles_at_work(run, connector)
    since_s = since_s if since is None else run.seconds(since)
    until_s = until_s if until is None else run.seconds(until)
    return connector, Window(run.start, since_s, until_s, run.tz)


def day(run: Recorded, connector: int) -> float:
    """The day with the first error at a connector, else with the most energy: the midnight it began."""
    return days(run, [connector])[connector]


def days(
    run: Recorded, wanted: Sequence[int], midnights_wh: Mapping[int, Array] | None = None
) -> dict[int, float]:
    """The same of several connectors at once; their energies at the midnights are read where not known."""
    found: dict[int, float] = {}
    for finding in run.findings:
        for connector in wanted:
            if finding["severity"] == "error" and finding["connector"] in (connector, None):
                found.setdefault(connector, midnight_before(run.start, finding["t"], run.tz))
    busiest = _busiest(run, [connector for connector in wanted if connector not in found], midnights_wh)
    return {connector: found.get(connector, busiest.get(connector, 0.0)) for connector in wanted}


def _busiest(
    run: Recorded, wanted: Sequence[int], midnights_wh: Mapping[int, Array] | None
) -> dict[int, float]:
    """The midnight of the day on which each connector delivered most."""
    if not wanted:
        return {}
    edges_s = midnights(run)
    known = midnights_wh or energy_at(run.directory, dict.fromkeys(wanted, edges_s))
    return {connector: float(edges_s[np.argmax(np.diff(known[connector]))]) for connector in wanted}


def profiles_at_work(run: Recorded, connector: int | None = None) -> tuple[int, float, float]:
    """A connector, and the 24 hours from a noon or midnight in which profiles limited it for the longest.

    A short run is taken whole. Where no profile ever limited, it is the hours with the most telemetry.
    """
    wanted = connectors(run) or [1] if connector is None else [connector]
    first_s = midnight_before(run.start, 0.0, run.tz)
    count = math.ceil((run.end_s - first_s) / HALF_DAY_S) + 2
    found = {c: np.zeros((2, count)) for c in wanted}  # rows of each half day: limited by a profile, and all
    columns = ("t", "connector", "limited_by", "p_w")
    for rows in telemetry.parts(run.directory / run_directory.TELEMETRY, columns):
        half_days = ((rows["t"] - first_s) // HALF_DAY_S).astype(int)
        limited = (rows["limited_by"] == "profile") & (rows["p_w"] > 0)
        for c in wanted:
            mine = rows["connector"] == c
            found[c][0] += np.bincount(half_days[mine & limited], minlength=count)
            found[c][1] += np.bincount(half_days[mine], minlength=count)
    kind = 0 if any(counts[0].any() for counts in found.values()) else 1
    days = {c: counts[kind][:-1] + counts[kind][1:] for c, counts in found.items()}
    best = max(wanted, key=lambda c: days[c].max())
    if run.end_s <= WHOLE_RUN_S:
        return best, 0.0, max(run.end_s, 1.0)
    begin_s = first_s + int(np.argmax(days[best])) * HALF_DAY_S
    return best, begin_s, begin_s + DAY_S
