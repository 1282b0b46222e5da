"""How fast it is on this machine, beside the stock library and ACN-Sim.

Rates are medians of five on one core; whole runs are processes of their own.
"""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from evc5.rigs.speed import whole_runs
from evc5.rigs.speed.acn_sim import acn_days_per_s
from evc5.rigs.speed.figures import figure, four_digits
from evc5.rigs.speed.limit_change import ms_per_change
from evc5.rigs.speed.reference_load import LOAD_DAYS, MAXRSS_MB, measured
from evc5.rigs.speed.stock_ocpp import us_per_round_trip
from evc5.rigs.speed.world import world_days_per_s

try:
    import resource
except ImportError:  # Windows does not tell so
    resource = None  # type: ignore[assignment]

RUNS = 5
STOCK_ROUND_TRIPS = 100
WORLD_DAYS = 300
WORLD_ROWS_DAYS = 100
ACN_DAYS = 10

Progress = Callable[[str], None]


@dataclass(slots=True)
class Result:
    """A frame is one CALL with its reply; `year_` figures are those of `--long`."""

    days_per_s: float | None = figure("reference load, simulated days a second")
    frames_per_s: float | None = figure("a frame: one CALL with its reply")
    us_per_frame: float | None = figure("on one core, everything recorded")
    stock_us_per_frame: float | None = figure("two stock ocpp charge points")
    stock_ratio: float | None = figure("times as long as ours")
    two_processes_ratio: float | None = figure("two at once, as much as so many")
    limit_change_ms: float | None = figure("a profile, and the car follows it")
    world_days_per_s: float | None = figure("electrical world alone")
    world_rows_days_per_s: float | None = figure("and a row every 60 s")
    acn_days_per_s: float | None = figure("ACN-Sim on the same sessions")
    acn_ratio: float | None = figure("so many times ours, with rows")
    import_cpu_s: float | None = figure("from evc5 import Bench, cold")
    week_cpu_s: float | None = figure("rig week from cold, no report")
    week_wall_s: float | None = figure("the same by the clock")
    month_cpu_s: float | None = figure("rig month from cold, no report")
    month_wall_s: float | None = figure("the same by the clock")
    month_judge_cpu_s: float | None = figure("that month judged again, from cold")
    year_wall_s: float | None = figure("rig year from cold, with report")
    year_cpu_s: float | None = figure("the same, all its processes")
    year_judge_cpu_s: float | None = figure("that year judged again, from cold")
    year_mb: float | None = figure("what it takes on disk")
    year_peak_mb: float | None = figure("its memory, the larger process's")
    peak_mb: float | None = figure("memory of this benchmark")

    def table(self) -> dict[str, float]:
        return four_digits(asdict(self))


def run(progress: Progress = lambda _: None, long: bool = False) -> Result:
    """Measure everything; `long`: the year as well, which takes minutes."""
    result = Result()
    with one_core():
        progress("reference load through the twin, and the same in the stock library")
        _reference_load(result)
        progress("changes of the limit")
        result.limit_change_ms = ms_per_change()
        progress("the electrical world alone, and ACN-Sim where it is installed")
        _world(result)
        progress("imports, a week and a month from cold")
        _whole_runs(result)
    progress("two processes at once")
    result.two_processes_ratio = whole_runs.two_processes()
    if long:
        progress("a year, as evc5 run does it")
        _year(result)
    result.peak_mb = peak_mb()
    return result


def _reference_load(result: Result) -> None:
    ours = [measured() for _ in range(RUNS + 1)][1:]  # the first one warms up
    wall_s, frames, payload = sorted(ours, key=lambda one: one.wall_s)[RUNS // 2]
    stock_us = statistics.median(us_per_round_trip(payload, STOCK_ROUND_TRIPS) for _ in range(RUNS))
    result.days_per_s = LOAD_DAYS / wall_s
    result.frames_per_s = frames / wall_s
    result.us_per_frame = wall_s / frames * 1e6
    result.stock_us_per_frame = stock_us
    result.stock_ratio = stock_us / result.us_per_frame


def _world(result: Result) -> None:
    result.world_days_per_s = statistics.median(world_days_per_s(WORLD_DAYS) for _ in range(RUNS))
    rows = statistics.median(world_days_per_s(WORLD_ROWS_DAYS, rows=True) for _ in range(RUNS))
    result.world_rows_days_per_s = rows
    result.acn_days_per_s = acn = acn_days_per_s(ACN_DAYS)
    result.acn_ratio = None if acn is None else rows / acn


def _whole_runs(result: Result) -> None:
    result.import_cpu_s = statistics.median(whole_runs.imported().cpu_s for _ in range(RUNS))
    with tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch:
        week = whole_runs.lived("week", Path(scratch) / "week")
        month = whole_runs.lived("month", Path(scratch) / "month")
        result.month_judge_cpu_s = whole_runs.judged(Path(scratch) / "month").cpu_s
    result.week_cpu_s = week.cpu_s
    result.week_wall_s = week.wall_s
    result.month_cpu_s = month.cpu_s
    result.month_wall_s = month.wall_s


def _year(result: Result) -> None:
    with tempfile.TemporaryDirectory(prefix="evc5-bench-") as scratch:
        directory = Path(scratch) / "year"
        year = whole_runs.lived("year", directory, report=True)
        result.year_judge_cpu_s = whole_runs.judged(directory).cpu_s
        result.year_mb = whole_runs.size_mb(directory)
    result.year_wall_s = year.wall_s
    result.year_cpu_s = year.cpu_s
    result.year_peak_mb = year.peak_mb


@contextmanager
def one_core() -> Iterator[None]:
    """Everything within on one core, where the system lets a process choose."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def peak_mb() -> float:
    """The most memory this process has had; 0 where the system does not tell."""
    if resource is None:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_MB
