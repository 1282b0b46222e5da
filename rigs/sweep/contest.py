"""The same rig under several controllers: a row each."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from evc5.rigs import user_files
from evc5.rigs.bench.rig import Rig
from evc5.rigs.controllers.view import Controller
from evc5.rigs.errors import BadInput
from evc5.rigs.sweep.task import measures

if TYPE_CHECKING:
    import pandas as pd

    from evc5.rigs.analysis.run import Run

Progress = Callable[[float, float], None]
TYPES = {
    "controller": "str",
    "passed": "boolean",
    "errors": "Int64",
    "energy_wh": "float64",
    "unserved_wh": "float64",
    "peak_w": "float64",
    "cost": "float64",
    "profiles_sent": "Int64",
    "profiles_rejected": "Int64",
}


def contest(
    rig: Rig | str | Path,
    controllers: Mapping[str, Controller],
    *,
    every: str | timedelta = "5min",
    oracle: bool = False,
    days: float | None = None,
    seed: int | None = None,
    tariff: str | Path | Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> "pd.DataFrame":
    """Run a rig once under each controller, with the same cars; a row of the table is one controller.

    `every` and `oracle` are those of `Rig.run`. With `out`, the run directories stay there under the names of
    the controllers.

    - `controller`: its name, as given
    - `passed`, `errors`: what the judge found; `passed` is null where nothing was judged
    - `energy_wh`: Wh delivered at all outlets; `unserved_wh`: Wh that sessions asked for and did not get
    - `peak_w`: highest W of all outlets together, at any telemetry row
    - `cost`: of the `tariff`, its total; null without one
    - `profiles_sent`, `profiles_rejected`: profiles that went out or were cleared, and those not accepted
    """
    import pandas as pd

    if not controllers:
        raise BadInput("controllers must be a dict of names and functions, and has none")
    rig = rig if isinstance(rig, Rig) else Rig.load(rig)
    options: dict[str, Any] = {"days": days, "seed": seed, "every": every, "oracle": oracle}
    with TemporaryDirectory(prefix="evc5-contest-") as scratch:
        place = Path(scratch) if out is None else user_files.path_of(out, "out")
        rows = []
        for done, (name, controller) in enumerate(controllers.items(), 1):
            run = rig.run(out=place / _folder(name), controller=controller, **options)
            rows.append({"controller": name, **_row(run, tariff)})
            (progress or _nobody)(done, len(controllers))
    return pd.DataFrame(rows, columns=list(TYPES), dtype="object").astype(TYPES)


def _nobody(done: float, total: float) -> None:
    """Nobody asks how far it is."""


def _row(run: "Run", tariff: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    told = run.summary["controller"]
    return {
        **measures(run.directory, run.summary),
        "cost": None if tariff is None else run.cost(tariff).total,
        "profiles_sent": told["profiles_sent"],
        "profiles_rejected": told["rejected"],
    }


def _folder(name: str) -> str:
    """A controller's name as a folder's."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
