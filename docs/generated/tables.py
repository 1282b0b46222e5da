"""The columns of a run's tables, from the schema of the files and from what `help()` says of each table."""

import inspect

from evc5 import Run
from evc5.rigs.analysis.shown import Findings
from evc5.rigs.recording.reading.telemetry_columns import COLUMNS
from generated.markdown import code, page, prose, table

TABLES = ("meter_values", "transactions", "events", "messages", "sessions", "requirements")


def tables() -> str:
    about = """
`run.telemetry`, `run.meter_values`, `run.transactions`, `run.events`, `run.messages`, `run.sessions` and
`run.requirements` are pandas DataFrames, and `run.findings.table` is one. `t` is seconds since the run's
start, `at` an aware instant; `tz_convert(run.tz)` shows it in the rig's zone.
**Null means not known**, never 0.
"""
    others = [f"## {name}\n\n{inspect.getdoc(getattr(Run, name))}" for name in TABLES]
    findings = f"## findings.table\n\n{inspect.getdoc(Findings.table)}"
    return page("Tables and columns", about, f"## telemetry\n\n{_telemetry()}", *others, findings)


def _telemetry() -> str:
    rows = [(code(column.name), column.unit, prose(column.description)) for column in COLUMNS]
    return table(("column", "unit", "meaning"), rows)
