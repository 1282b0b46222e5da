"""The columns of a run's tables, from the schema of the files and from what `help()` says of each table."""

import inspect

from evc5 import Run
from evc5.rigs.recording.reading.telemetry_columns import COLUMNS
from generated.markdown import code, page, prose, table

TABLES = ("meter_values", "transactions", "events", "messages")


def tables() -> str:
    about = """
`run.telemetry`, `run.meter_values`, `run.transactions`, `run.events` and `run.messages` are pandas
DataFrames. `t` is seconds since the run's start, `at` an aware instant. **Null means not known**, never 0.
"""
    others = [f"## {name}\n\n{inspect.getdoc(getattr(Run, name))}" for name in TABLES]
    return page("Tables and columns", about, f"## telemetry\n\n{_telemetry()}", *others)


def _telemetry() -> str:
    rows = [(code(column.name), column.unit, prose(column.description)) for column in COLUMNS]
    return table(("column", "unit", "meaning"), rows)
