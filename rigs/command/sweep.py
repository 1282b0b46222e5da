"""evc5 sweep: a rig many times over, told as it goes and in a table at the end."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evc5.rigs.command import commands
from evc5.rigs.errors import BadInput
from evc5.rigs.printable import printable

if TYPE_CHECKING:
    from concurrent.futures import Executor  # it takes logging with it

    import pandas as pd

    from evc5.rigs.sweep.sweep_file import SweepFile


def run_sweep(arguments: Namespace) -> int:
    """Do what of the sweep is not done yet; exit 1 where a run failed or found a fault."""
    from evc5.rigs.sweep.sweep_file import SweepFile

    if arguments.scheduler and arguments.jobs:
        raise BadInput("--jobs must not stand beside --scheduler, whose workers are its own")
    file = SweepFile.load(arguments.sweep)
    out = arguments.out or Path("sweeps") / file.name
    try:
        frame = _swept(file, out, arguments)
    except KeyboardInterrupt:
        print(f"evc5: interrupted; the same command goes on in {printable(str(out))}", file=sys.stderr)
        return commands.INTERRUPTED
    if arguments.json:
        print(json.dumps(_rows(frame)))
    elif not arguments.quiet:
        _show(frame, out)
    return (
        commands.OK
        if frame["passed"].fillna(False).all() and frame["error"].isna().all()
        else commands.FAILED
    )


def _swept(file: "SweepFile", out: Path, arguments: Namespace) -> "pd.DataFrame":
    from evc5.rigs.command.progress import bar
    from evc5.rigs.sweep.sweep import sweep

    show = not (arguments.quiet or arguments.json)
    with _executor(arguments.scheduler) as executor, bar(file.name, show=show) as progress:
        who = {"jobs": arguments.jobs, "executor": executor}
        return sweep(file.base(), out=out, progress=progress, **who, **file.arguments())


@contextmanager
def _executor(scheduler: str | None) -> Iterator["Executor | None"]:
    """The workers of a Dask scheduler, where one is named."""
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise BadInput('--scheduler needs Dask: pip install "evc5-twin[cluster]"') from None
    try:
        client: Any = Client(scheduler, timeout="10s")  # it carries no types
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"--scheduler {scheduler} does not answer: {error}") from None
    with client:
        yield client.get_executor()


def _rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return rows


def _show(frame: "pd.DataFrame", out: Path) -> None:
    failed = frame[frame["error"].notna()]
    faulty = int((frame["errors"] > 0).sum())
    print(f"{len(frame)} runs: {faulty} with faults found, {len(failed)} failed")
    for _, row in failed.head(5).iterrows():
        print(printable(f"run {row['run']}: {row['error']}"))
    measures = frame[["energy_wh", "peak_w", "unserved_wh"]].describe().loc[["min", "mean", "max"]]
    print(measures.map("{:,.0f}".format).to_string())
    print(printable(f"{out}/results.parquet has them all"))
