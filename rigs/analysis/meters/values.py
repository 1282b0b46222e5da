"""The table of meter values: one row for every value that a charge point told its back office.

A year has millions of them, from few kinds of readings: what repeats is kept once, and spread at the end.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from evc5.rigs.analysis.meters.cache import kept
from evc5.rigs.analysis.meters.layouts import Forms
from evc5.rigs.analysis.tables import micros, transactions
from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.columns import Array, to_numpy
from evc5.rigs.recording.reading.frames import calls, frame_of, head_of
from evc5.rigs.recording.reading.shapes import readings, whole

_LABELS = ("context", "measurand", "phase", "location", "unit")
_METER_VALUES = (  # beside the index, the meter's own timestamp
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
    path = run_directory.messages(directory)
    return kept(path, lambda: parsed(path))


def parsed(path: Path) -> pd.DataFrame:
    """The same, from the frames themselves."""
    told_together = _Readings()
    values = _Values()
    forms = Forms(values.number)
    for line in calls(path, _METERED):
        told = forms.read(line)
        if told is not None:
            told_together.add(told.t_s, told.connector, told.transaction, told.stamp, len(told.values))
            values.add(told.values, told.labels)
            continue
        for t_s, connector, transaction, reading in _readings_of(line):
            sampled = reading.get("sampledValue", ())
            told_together.add(t_s, connector, transaction, reading.get("timestamp", ""), len(sampled))
            values.add_parsed(sampled)
        forms.learn(line)
    told_together.complete(path)
    columns = values.columns() | told_together.columns()
    index = columns.pop("at")
    return pd.DataFrame({name: columns[name] for name in _METER_VALUES}, index=index, copy=False)


class _Readings:
    """What the values of one reading have in common, kept once and repeated at the end."""

    def __init__(self) -> None:
        self._t = array("d")
        self._at = array("q")
        self._sizes = array("q")
        self._connectors = array("q")
        self._transactions = array("q")
        self._connector_of: dict[int | None, int | None] = {}  # by transaction; None: more than one was told
        self._stopped: list[tuple[int, int | None]] = []  # place of a reading, its transaction

    def add(
        self, t_s: float, connector: int | None, transaction: int | None, timestamp: str, size: int
    ) -> None:
        """One reading; that of a stop does not say its connector."""
        if connector is None:
            self._stopped.append((len(self._t), transaction))
        elif transaction is not None and self._connector_of.setdefault(transaction, connector) != connector:
            self._connector_of[transaction] = None
        self._t.append(t_s)
        self._at.append(micros(timestamp, _NO_INSTANT))
        self._connectors.append(connector or 0)
        self._transactions.append(_NO_NUMBER if transaction is None else transaction)
        self._sizes.append(size)

    def complete(self, path: Path) -> None:
        """Give each stop the connector of its transaction: of the readings before it, else of its start."""
        known = self._connector_of
        if any(known.get(transaction) is None for _, transaction in self._stopped):
            known = {row.get("transaction_id"): row["connector"] for row in transactions(path)}
        for place, transaction in self._stopped:
            self._connectors[place] = known.get(transaction) or 0

    def columns(self) -> dict[str, Any]:
        sizes = np.array(self._sizes)
        at = np.repeat(np.array(self._at).view("datetime64[us]"), sizes)
        index = pd.DatetimeIndex(at, tz="UTC", name="at", copy=False)
        del at  # the index has its own
        transactions = np.repeat(np.array(self._transactions), sizes)
        return {
            "at": index,
            "t": np.repeat(np.array(self._t), sizes),
            "connector": np.repeat(np.array(self._connectors), sizes),
            "transaction_id": pd.arrays.IntegerArray(transactions, transactions == _NO_NUMBER),
        }


class _Values:
    """The values themselves: the few sets of labels there are, and for each value its set and its text."""

    def __init__(self) -> None:
        self._sets: dict[tuple[str | None, ...], int] = {}
        self._numbers = array("i")
        self._values = array("d")
        self._texts: list[pa.Array] = [pa.array([], pa.large_string())]
        self._batch: list[bytes] = []

    def number(self, value: Mapping[str, str]) -> int:
        """The number that its labels have."""
        told = (value.get(name) for name in _LABELS)
        labels = tuple(label if isinstance(label, str) else None for label in told)
        return self._sets.setdefault(labels, len(self._sets))

    def add(self, texts: Iterable[bytes], numbers: bytes) -> None:
        """The values of one reading, and the numbers of their labels as an array's bytes."""
        self._batch.extend(texts)
        self._numbers.frombytes(numbers)
        if len(self._batch) >= _BATCH_ROWS:
            self._pack()

    def add_parsed(self, sampled: Sequence[Mapping[str, str]]) -> None:
        numbers = array("i", [self.number(value) for value in sampled])
        self.add([value.get("value", "").encode() for value in sampled], numbers.tobytes())

    def columns(self) -> dict[str, Any]:
        """What was gathered is let go as it becomes a column: a year has room once, not twice."""
        self._pack()
        columns: dict[str, Any] = {"raw": pa.chunked_array(self._texts).to_pandas().array}
        self._texts.clear()
        columns["value"] = np.frombuffer(self._values)
        sets = [_with_defaults(labels) for labels in self._sets]
        numbers = np.frombuffer(self._numbers, np.int32)
        self._numbers = array("i")
        return columns | {name: _categories([some[name] for some in sets], numbers) for name in _LABELS}

    def _pack(self) -> None:
        """Texts as Arrow keeps them: a tenth of Python's space."""
        pool = pa.system_memory_pool()  # Arrow's own keeps 50 MB of a year that it has no use for
        texts = pa.array(self._batch, pa.large_binary(), memory_pool=pool)
        texts = texts.cast(pa.large_string(), memory_pool=pool)
        self._values.frombytes(_numbers(texts).tobytes())
        self._texts.append(texts)
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


def _readings_of(line: bytes) -> Iterator[tuple[float, int | None, int | None, Mapping[str, Any]]]:
    """Each MeterValue of a CALL that arrived: seconds of the run, connector if told, transaction, itself."""
    head = head_of(line)
    if head is None or head.kind != "CALL" or head.action not in _METERED or head.lost:
        return
    payload = frame_of(head, line).payload
    transaction, connector = whole(payload.get("transactionId")), whole(payload.get("connectorId"))
    if connector is not None or "connectorId" not in payload:
        yield from ((head.t, connector, transaction, reading) for reading in readings(payload))


def _numbers(texts: pa.Array) -> Array:
    """Their values; NaN where a text is no number, as signed data are."""
    try:
        return to_numpy(texts.cast(pa.float64(), memory_pool=pa.system_memory_pool()))
    except pa.ArrowInvalid:
        return np.array([_number(text) for text in texts.to_pylist()], dtype=float)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
