"""The table of meter values: one row for every value that a charge point told its back office.

A year has millions of them, from few kinds of readings: what repeats is kept once, and spread at the end.
"""

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from evc5.rigs.analysis.tables import micros, transactions
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.recording.reading.frames import Head, frame_of, heads

_LABELS = ("context", "measurand", "phase", "location", "unit")
_METER_VALUES = (
    "at",  # the meter's own timestamp
    "t",  # when the frame passed
    "connector",
    "transaction_id",
    *_LABELS,
    "value",  # NaN where the raw text is no number, as signed data are
    "raw",
)
_ENERGY = "Energy.Active.Import.Register"
_BATCH_ROWS = 50_000
_METERED = ("MeterValues", "StopTransaction")
_NO_INSTANT = np.iinfo(np.int64).min  # numpy's not-a-time
_NO_NUMBER = -(1 << 62)  # stands for a transaction there is none of


def meter_values_table(directory: Path) -> pd.DataFrame:
    """Every value of MeterValues and of StopTransaction that reached the CSMS, OCPP's defaults filled in."""
    readings, values = _Readings(), _Values()
    for head, connector, transaction, reading in _readings(directory / run_directory.MESSAGES):
        sampled = reading.get("sampledValue", ())
        readings.add(head.t, connector, transaction, reading.get("timestamp", ""), len(sampled))
        values.add(sampled)
    columns = readings.columns() | values.columns()
    return pd.DataFrame({name: columns[name] for name in _METER_VALUES}).set_index("at")


class _Readings:
    """What the values of one reading have in common, kept once and repeated at the end."""

    def __init__(self) -> None:
        self._t = array("d")
        self._at = array("q")
        self._sizes = array("q")
        self._connectors = array("q")
        self._transactions = array("q")

    def add(self, t_s: float, connector: int, transaction: int | None, timestamp: str, size: int) -> None:
        self._t.append(t_s)
        self._at.append(micros(timestamp, _NO_INSTANT))
        self._connectors.append(connector)
        self._transactions.append(_NO_NUMBER if transaction is None else transaction)
        self._sizes.append(size)

    def columns(self) -> dict[str, Any]:
        sizes = np.array(self._sizes)
        at, t_s, connectors, transactions = (
            np.repeat(np.array(column), sizes)
            for column in (self._at, self._t, self._connectors, self._transactions)
        )
        return {
            "at": pd.DatetimeIndex(at.view("datetime64[us]"), tz="UTC"),
            "t": t_s,
            "connector": connectors,
            "transaction_id": pd.arrays.IntegerArray(transactions, transactions == _NO_NUMBER),
        }


class _Values:
    """The values themselves: the few sets of labels there are, and for each value its set and its text."""

    def __init__(self) -> None:
        self._sets: dict[tuple[str | None, ...], int] = {}
        self._numbers = array("i")
        self._values: list[Array] = [np.empty(0)]
        self._texts: list[pa.Array] = [pa.array([], pa.string())]
        self._batch: list[str] = []

    def add(self, sampled: Sequence[Mapping[str, str]]) -> None:
        for value in sampled:
            labels = tuple(value.get(name) for name in _LABELS)
            self._numbers.append(self._sets.setdefault(labels, len(self._sets)))
            self._batch.append(value.get("value", ""))
        if len(self._batch) >= _BATCH_ROWS:
            self._pack()

    def columns(self) -> dict[str, Any]:
        self._pack()
        sets = [_with_defaults(labels) for labels in self._sets]
        numbers = np.array(self._numbers)
        labels = {name: _categories([some[name] for some in sets], numbers) for name in _LABELS}
        raw = pa.chunked_array(self._texts).to_pandas()
        return labels | {"value": np.concatenate(self._values), "raw": raw}

    def _pack(self) -> None:
        """Texts as Arrow keeps them: a tenth of Python's space."""
        self._values.append(_numbers(self._batch))
        self._texts.append(pa.array(self._batch, pa.string()))
        self._batch = []


def _with_defaults(labels: Sequence[str | None]) -> dict[str, str | None]:
    """OCPP 1.6, 7.43."""
    context, measurand, phase, location, unit = labels
    measurand = measurand or _ENERGY
    unit = unit or ("Wh" if measurand.startswith("Energy") else None)
    return dict(
        zip(
            _LABELS, (context or "Sample.Periodic", measurand, phase, location or "Outlet", unit), strict=True
        )
    )


def _categories(texts: Sequence[str | None], numbers: Array) -> "pd.Categorical[str]":
    """The text of each number, as a categorical."""
    known = sorted({text for text in texts if text is not None})
    codes = np.array([-1 if text is None else known.index(text) for text in [*texts, None]], dtype=np.int8)
    return pd.Categorical.from_codes(codes[numbers], pd.Index(known, dtype=str))


def _readings(path: Path) -> Iterator[tuple[Head, int, int | None, Mapping[str, Any]]]:
    """Each MeterValue that arrived, with its connector and transaction."""
    # StopTransaction does not say its connector.
    connectors = {row.get("transaction_id"): row["connector"] for row in transactions(path)}
    for head, line in heads(path, actions=_METERED):
        if head.kind == "CALL" and not head.lost:
            payload = frame_of(head, line).payload
            transaction = payload.get("transactionId")
            connector = payload.get("connectorId", connectors.get(transaction, 0))
            for reading in payload.get("meterValue") or payload.get("transactionData") or ():
                yield head, connector, transaction, reading


def _numbers(texts: Sequence[str]) -> Array:
    try:
        return np.array(texts, dtype=float)
    except ValueError:
        return np.array([_number(text) for text in texts], dtype=float)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
