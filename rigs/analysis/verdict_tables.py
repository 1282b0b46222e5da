"""The judge's verdict as tables: sessions, requirements and findings of the summary, a row each."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import pandas as pd

Rows = Sequence[Mapping[str, Any]]

_SESSIONS = {
    "connector": "Int64",
    "vehicle": "object",
    "plug_in": "object",
    "unplug": "object",
    "kwh": "float64",
    "needed_kwh": "float64",
    "shortfall_kwh": "float64",
    "soc_from": "float64",
    "soc_to": "float64",
    "transaction_id": "Int64",
    "transactions": "Int64",
    "samples": "Int64",
    "verdict": "object",
}
_REQUIREMENTS = {
    "id": "object",
    "title": "object",
    "source": "object",
    "verdict": "object",
    "count": "Int64",
    "failures": "Int64",
    "warnings": "Int64",
    "undecided": "Int64",
    "not_compared": "object",
    "lacks": "object",
}
_FINDINGS = {
    "severity": "object",
    "requirement": "object",
    "check": "object",
    "t": "float64",
    "at": "object",
    "line": "Int64",
    "connector": "Int64",
    "times": "Int64",
    "message": "object",
    "expected": "object",
    "actual": "object",
    "blames": "object",
}


def sessions_table(rows: Rows) -> pd.DataFrame:
    """One row a session; of its transactions the first, and how many there were."""
    told = [
        {
            **row,
            "transaction_id": next(iter(row["transactions"]), None),
            "transactions": len(row["transactions"]),
        }
        for row in rows
    ]
    return _aware(_table(told, _SESSIONS), "plug_in", "unplug")


def requirements_table(rows: Rows) -> pd.DataFrame:
    """One row a requirement."""
    return _table(rows, _REQUIREMENTS)


def findings_table(rows: Rows) -> pd.DataFrame:
    """One row a finding."""
    return _aware(_table(rows, _FINDINGS), "at")


def _table(rows: Rows, types: Mapping[str, str]) -> pd.DataFrame:
    """What a summary of an older format does not say is null."""
    return pd.DataFrame(list(rows), columns=list(types)).astype(types)


def _aware(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    for name in names:
        table[name] = pd.to_datetime(table[name], format="ISO8601", utc=True).dt.tz_convert(UTC)
    return table
