"""A sweep: one rig run over points, seeds and behaviours, on as many processes as there are; a row a run."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import evc5
from evc5.rigs import user_files
from evc5.rigs.bench.rig import Rig
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.sweep import results, workers
from evc5.rigs.sweep.space import axes, points
from evc5.rigs.sweep.task import Row, Task

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[float, float], None]  # runs done, of how many
LEVELS = ("summary", "full")
BEHAVIOUR = "station.behaviour"


def sweep(
    rig: Rig | str | Path,
    over: Mapping[str, Any] | None = None,
    *,
    seeds: int | Iterable[int] = 1,
    behaviours: Sequence[str] = (),
    days: float | None = None,
    sample: str = "grid",
    runs: int | None = None,
    sample_seed: int = 1,
    jobs: int | None = None,
    executor: Executor | None = None,
    recording: str = "summary",
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> "pd.DataFrame":
    """Run a rig with every combination of the values of some keys; a row of the table is one run.

    `over` has for each key path of the rig (`ambient.mean_c`, `sessions[0].soc`) a list of values or a range
    `{"from": 10, "to": 40, "step": 5}`; `"whole": True` asks for whole numbers. `sample` takes a grid, or
    so many `runs` drawn by `random` or `latin-hypercube`, which need no step. Every point is run with each of
    the `seeds` (so many from the rig's on, or these) and `behaviours`.

    `jobs` processes do the runs (default: one a core), or any `concurrent.futures` executor; the rows are the
    same whoever does. A script calls this below `if __name__ == "__main__":`. With `out`, the directory keeps
    results.parquet, and after a kill the same call goes on where it was. `recording` keeps `summary`, the row
    alone, or `full`, the run directories in `out`/runs too.

    - `run`: from 0, in the order of the points; `seed`: of the run; then a column a key path
    - `passed`: no fault found; null where nothing was judged or the run failed
    - `errors`, `warnings`: findings; `judged`: requirements that were judged
    - `energy_wh`: Wh delivered at all outlets; `peak_w`: highest W of all together, at any telemetry row
    - `unserved_wh`: Wh that sessions asked for and did not get
    - `wall_s`: s of wall clock that the run took; `error`: why a run failed, which has no measures
    """
    workers.refuse_while_starting()
    tasks = _tasks(_rig(rig), over or {}, seeds, behaviours, days, sample, runs, sample_seed)
    _first_can_run(tasks)
    _check(recording, out)
    keys = list(tasks[0].changes)
    crew = workers.chosen(jobs, executor)
    if out is None:
        return results.table(_told(crew(tasks), len(tasks), 0, progress), keys)
    directory = user_files.path_of(out, "out")
    with Lock(directory):
        if recording == "full":
            tasks = [_kept(task, directory) for task in tasks]
        kept = results.Results(directory, results.about(tasks, evc5.__version__), keys)
        work = str(kept.work.absolute()) if executor is None else None  # others may not see our folders
        left = [replace(task, work=work) for task in tasks if task.run not in kept.rows]
        with kept:
            for row in _told(crew(left), len(tasks), len(kept.rows), progress):
                kept.add(row)
        return kept.table()


def _check(recording: str, out: str | Path | None) -> None:
    if recording not in LEVELS:
        raise BadInput(f"recording must be {' or '.join(LEVELS)}, got {recording!r}")
    if out is None and recording == "full":
        raise BadInput("recording must be summary without out: nothing says where run directories go")


def _told(rows: Generator[Row], total: int, before: int, progress: Progress | None) -> Iterator[Row]:
    """The rows as they come, progress told; `before`: so many runs were done already."""
    with closing(rows):
        for done, row in enumerate(rows, before + 1):
            if progress is not None:
                progress(done, total)
            yield row


def _rig(rig: Rig | str | Path) -> Rig:
    rig = rig if isinstance(rig, Rig) else Rig.load(rig)
    station, csms = rig.file.station, rig.file.csms
    for key, value, why in (
        ("csms.url", csms.url, "a sweep runs in memory"),
        ("station.memory", station.memory, "one run would begin where another ended"),
        ("station.backend", "hardware" if station.backend == "hardware" else None, "there is one charger"),
    ):
        if value is not None:
            raise BadInput(f"{rig.file.where}{key} must not be set in a sweep ({why}), got {value!r}")
    return rig


def _tasks(
    rig: Rig,
    over: Mapping[str, Any],
    seeds: int | Iterable[int],
    behaviours: Sequence[str],
    days: float | None,
    sample: str,
    runs: int | None,
    sample_seed: int,
) -> list[Task]:
    found = axes(over)
    for reserved in sorted({"seed", *(("days",) if days is not None else ())} & set(found)):
        raise BadInput(f"over.{reserved} must not be varied so: {reserved} is a setting of the sweep")
    if behaviours and BEHAVIOUR in found:
        raise BadInput(f"over.{BEHAVIOUR} must not stand beside behaviours, which says the same")
    varied: list[Any] = points(found, sample, runs, sample_seed)
    if behaviours:
        varied = [{**point, BEHAVIOUR: name} for point, name in product(varied, behaviours)]
    base = rig.file if days is None else rig.file.revised(days=days)
    table = base.table()
    path = str(base.path.absolute()) if base.path else None
    every = list(product(varied, _seeds(seeds, base.seed)))
    return [Task(run, table, path, point, seed) for run, (point, seed) in enumerate(every)]


def _seeds(seeds: int | Iterable[int], first: int) -> list[int]:
    found = list(range(first, first + seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]
    if not found or min(found) < 0:
        raise BadInput(f"seeds must be how many, or a list of whole numbers >= 0, got {seeds!r}")
    if len(set(found)) < len(found):
        raise BadInput(f"seeds must not have one twice, got {found}")
    return found


def _first_can_run(tasks: Sequence[Task]) -> None:
    """A key that no rig has is the sweep's fault and one error; a value that one point refuses, a row's."""
    refusals = []
    for task in (tasks[0], tasks[-1], tasks[len(tasks) // 2]):
        try:
            task.file()
        except BadInput as refusal:
            refusals.append(refusal)
        else:
            return
    raise refusals[0]


def _kept(task: Task, directory: Path) -> Task:
    return replace(task, out=str((directory / "runs" / f"{task.run:05}").absolute()))
