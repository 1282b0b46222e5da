"""One run of a sweep, as a worker does it: picklable in, picklable out, nothing shared with any other."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.plain import changed

if TYPE_CHECKING:
    from evc5.rigs.analysis.run import Run

MEASURES = ("passed", "errors", "warnings", "judged", "energy_wh", "peak_w", "unserved_wh", "wall_s", "error")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """A rig's table with the changes of one point: what a worker needs, wherever it is."""

    run: int
    table: Mapping[str, Any]
    path: str | None  # of the rig file, which its relative paths are relative to
    changes: Mapping[str, Any]
    seed: int
    out: str | None = None  # where the run directory stays; None: it goes
    work: str | None = field(default=None, compare=False)  # where it lies meanwhile; None: the system's place

    def file(self) -> RigFile:
        """The rig file of this run, checked."""
        table = changed(self.table, {**self.changes, "seed": self.seed})
        return RigFile.parse(table, Path(self.path) if self.path else None)

    def row(self, **told: Any) -> Row:
        """Its row of results; measures that are not given are null."""
        return {"run": self.run, "seed": self.seed, **self.changes, **dict.fromkeys(MEASURES), **told}


def run_task(task: Task) -> Row:
    """Run, judge and measure; what goes wrong is the row's `error`."""
    began = time.perf_counter()
    try:
        told = _measured(task)
    except BadInput as refusal:
        told = {"error": str(refusal)}
    except Exception as fault:  # one run's fault is not the sweep's
        told = {"error": f"{type(fault).__name__}: {fault}"}
    return task.row(**{"wall_s": round(time.perf_counter() - began, 3), **told})


def _measured(task: Task) -> Row:
    from evc5.rigs.bench.rig import Rig

    rig = Rig(task.file())
    if task.out is not None:
        return _of(rig.run(out=task.out, jobs=1))
    quiet = Rig(rig.file.revised({"recording.report": False}))
    with TemporaryDirectory(prefix="evc5-sweep-", dir=task.work) as folder:
        return _of(quiet.run(out=os.path.join(folder, "run"), jobs=1))


def _of(run: "Run") -> Row:
    """A run that was interrupted is no result: the sweep ends, and does it anew when it goes on."""
    if run.summary["state"] == "interrupted":
        raise KeyboardInterrupt
    return measures(run.directory, run.summary)


def measures(directory: Path, summary: Mapping[str, Any]) -> Row:
    """What a judged run comes to, as its row tells it."""
    from evc5.rigs.checks.verdict.headline import JUDGED, is_good
    from evc5.rigs.recording.reading import run_directory

    severities = [finding["severity"] for finding in summary["findings"]]
    short_kwh = [session["shortfall_kwh"] or 0.0 for session in summary["sessions"]]
    tells_unserved = run_directory.keeps(summary, "messages") and run_directory.keeps(summary, "telemetry")
    energy_wh, peak_w = _energy_and_peak(directory)
    return {
        "passed": is_good(summary),
        "errors": severities.count("error"),
        "warnings": severities.count("warning"),
        "judged": sum(row["verdict"] in JUDGED for row in summary["requirements"]),
        "energy_wh": energy_wh,
        "peak_w": peak_w,
        "unserved_wh": round(1000.0 * sum(short_kwh), 3) if tells_unserved else None,
    }


def _energy_and_peak(directory: Path) -> tuple[float | None, float | None]:
    """Wh delivered by all connectors, and the highest W of all together; None without telemetry."""
    from evc5.rigs.recording.reading import run_directory, telemetry

    columns = ("t", "connector", "p_w", "energy_wh")
    rows = telemetry.read(directory / run_directory.TELEMETRY, columns)
    if not len(rows["t"]):
        return None, None
    here = list(_by_connector(rows))
    instants = np.unique(rows["t"])
    total_w = sum(_held(t_s, p_w, instants) for t_s, p_w, _ in here)
    return float(sum(energy_wh[-1] for *_, energy_wh in here)), float(np.max(total_w))


def _by_connector(rows: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    for connector in np.unique(rows["connector"]):
        mine = rows["connector"] == connector
        yield rows["t"][mine], rows["p_w"][mine], rows["energy_wh"][mine]


def _held(t_s: Any, values: Any, instants: Any) -> Any:
    """What stands at each instant: the last row at or before it; each connector has one at the start."""
    return values[np.searchsorted(t_s, instants, side="right") - 1]
