"""Where to look first: the day and the hours of a run that its figures show when nobody says which."""

import math
from collections import Counter
from datetime import UTC, datetime

import numpy as np

from rigs import recording, telemetry
from rigs.run import Run

DAY_S = 86_400.0
HALF_DAY_S = 43_200.0
WHOLE_RUN_S = 36 * 3600.0  # up to this length a run is shown whole


def connectors(run: Run) -> list[int]:
    """The connectors that telemetry knows."""
    for table in telemetry.tables(run.directory / recording.TELEMETRY, ("connector",)):
        return [int(connector) for connector in np.unique(table["connector"].to_numpy())]
    return []


def midnight_before(start: datetime, t_s: float) -> float:
    """The midnight of UTC at or before `t_s`, in seconds of the run (before 0 on a run's first day)."""
    epoch = start.replace(tzinfo=start.tzinfo or UTC).timestamp()
    return math.floor((epoch + t_s) / DAY_S) * DAY_S - epoch


def day(run: Run, connector: int) -> float:
    """The day with the first error at a connector, else with the most energy: its midnight."""
    for finding in run.findings:
        if finding["severity"] == "error" and finding["connector"] in (connector, None):
            return midnight_before(run.start, finding["t"])
    energy_wh: Counter[float] = Counter()
    last_wh = 0.0
    first = midnight_before(run.start, 0.0)
    columns = ("t", "energy_wh")
    for table in telemetry.tables(run.directory / recording.TELEMETRY, columns, connector=connector):
        if len(table):
            t_s, now_wh = table["t"][0].as_py(), table["energy_wh"][-1].as_py()
            energy_wh[midnight_before(run.start, t_s)] += now_wh - last_wh
            last_wh = now_wh
    return max(energy_wh, key=lambda midnight: energy_wh[midnight], default=first)


def profiles_at_work(run: Run, connector: int | None = None) -> tuple[int, float, float]:
    """A connector, and the 24 hours from a noon or midnight in which profiles limited it for the longest."""
    known = connectors(run) or [1]
    rows: Counter[tuple[int, int]] = Counter()
    halves = Counter[tuple[int, int]]()
    first = midnight_before(run.start, 0.0)
    for table in telemetry.tables(
        run.directory / recording.TELEMETRY, ("t", "connector", "limited_by", "p_w")
    ):
        limited = np.asarray(table["limited_by"].to_pylist()) == "profile"
        power_w = table["p_w"].to_numpy()
        mine = limited & (power_w > 0)
        half = ((table["t"].to_numpy() - first) // HALF_DAY_S).astype(int)
        halves.update(zip(table["connector"].to_numpy()[mine].tolist(), half[mine].tolist(), strict=True))
        rows.update(zip(table["connector"].to_numpy().tolist(), half.tolist(), strict=True))
    counts = halves or rows
    wanted = [connector] if connector is not None else known
    starts = {(c, h - back) for c, h in counts if c in wanted for back in (0, 1)} or {(wanted[0], 0)}
    best, half_day = max(sorted(starts), key=lambda s: counts[s] + counts[s[0], s[1] + 1])
    begin_s = first + half_day * HALF_DAY_S
    if run.end_s <= WHOLE_RUN_S:
        return best, 0.0, max(run.end_s, 1.0)
    return best, begin_s, begin_s + DAY_S
