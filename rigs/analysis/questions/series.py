"""The state at even instants of the rig's local time."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from evc5.rigs.analysis.busiest_day import connectors
from evc5.rigs.analysis.questions.demand import even_instants, instants, step_s
from evc5.rigs.analysis.questions.states import States
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.recording.reading.telemetry_columns import NAMES, TEXTS

ALWAYS = ("t", "at", "connector")
COUNTS = ("phases",)


def series(run: Recorded, step: str | timedelta, columns: Sequence[str] | None) -> pd.DataFrame:
    """The table of `Run.series`."""
    names = [name for name in NAMES if name not in ALWAYS] if columns is None else _known(columns)
    at_s = even_instants(run, step_s(step, "step"))
    tables = [_table(run, connector, at_s, names) for connector in connectors(run)]
    if not tables:
        return pd.DataFrame(columns=[*ALWAYS, *names])
    return pd.concat(tables, ignore_index=True).sort_values(["t", "connector"], ignore_index=True)


def _known(columns: Sequence[str]) -> list[str]:
    try:
        wanted = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    except TypeError:
        raise BadInput(f"columns must be a list of telemetry's, got {columns!r}") from None
    known = [name for name in NAMES if name not in ALWAYS]
    for name in wanted:
        if name not in known:
            raise BadInput(f"columns must be of telemetry's {', '.join(known)}, got {name!r}")
    return wanted


def _table(run: Recorded, connector: int, at_s: Array, names: Sequence[str]) -> pd.DataFrame:
    states = States.of(run, connector, names)
    columns = {"t": at_s, "at": instants(run, at_s), "connector": np.full(len(at_s), connector)}
    table = pd.DataFrame(columns | {name: states.at(name, at_s) for name in names})
    table = table.astype({name: "category" for name in names if name in TEXTS})
    return table.astype({name: "Int64" for name in names if name in COUNTS})
