"""Where to look first: the day and the hours of a run that its figures show when nobody says which."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from evc5.models.units import DAY_S
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.recording.reading import run_directory, telemetry

HALF_DAY_S = DAY_S / 2
WHOLE_RUN_S = 36 * 3600.0  # up to this length a run is shown whole


def connectors(run: Recorded) -> list[int]:
    """The connectors that telemetry knows."""
    for rows in telemetry.parts(run.directory / run_directory.TELEMETRY, ("connector",)):
        return [int(connector) for connector in np.unique(rows["connector"])]
    return []


def midnight_before(start: datetime, t_s: float) -> float:
    """The midnight of UTC at or before `t_s`, in seconds of the run (before 0 on a run's first day)."""
    epoch_s = start.replace(tzinfo=start.tzinfo or UTC).timestamp()
    return math.floor((epoch_s + t_s) / DAY_S) * DAY_S - epoch_s


def day(run: Recorded, connector: int) -> float:
    """The day with the first error at a connector, else with the most energy: its midnight."""
    return days(run, [connector])[connector]


def days(run: Recorded, wanted: Sequence[int]) -> dict[int, float]:
    """The same of several connectors at once."""
    found: dict[int, float] = {}
    for finding in run.findings:
        for connector in wanted:
            if finding["severity"] == "error" and finding["connector"] in (connector, None):
                found.setdefault(connector, midnight_before(run.start, finding["t"]))
    busiest = _busiest(run, [connector for connector in wanted if connector not in found])
    return {connector: found.get(connector, busiest.get(connector, 0.0)) for connector in wanted}


def _busiest(run: Recorded, wanted: Sequence[int]) -> dict[int, float]:
    """The midnight of the day on which each connector delivered most."""
    first = midnight_before(run.start, 0.0)
    got_wh = {connector: {first: 0.0} for connector in wanted}
    last_wh = dict.fromkeys(wanted, 0.0)
    columns = ("t", "connector", "energy_wh")
    for rows in telemetry.parts(run.directory / run_directory.TELEMETRY, columns) if wanted else ():
        midnight = midnight_before(run.start, float(rows["t"][0]))
        for connector, by_day in got_wh.items():
            energy_wh = rows["energy_wh"][rows["connector"] == connector]
            if len(energy_wh):
                more_wh = float(energy_wh[-1]) - last_wh[connector]
                by_day[midnight] = by_day.get(midnight, 0.0) + more_wh
                last_wh[connector] = float(energy_wh[-1])
    return {connector: max(by_day, key=by_day.__getitem__) for connector, by_day in got_wh.items()}


def profiles_at_work(run: Recorded, connector: int | None = None) -> tuple[int, float, float]:
    """A connector, and the 24 hours from a noon or midnight in which profiles limited it for the longest.

    A short run is taken whole. Where no profile ever limited, it is the hours with the most telemetry.
    """
    wanted = connectors(run) or [1] if connector is None else [connector]
    first_s = midnight_before(run.start, 0.0)
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
