"""The tables of a run as pandas DataFrames, each built in one pass over the recording."""

import math
from array import array
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rigs import recording, telemetry
from rigs.frames import events, frame_of, heads

_LABEL = pa.dictionary(pa.int32(), pa.string())
_METER_VALUES = pa.schema(
    [
        ("at", pa.timestamp("us", tz="UTC")),  # the meter's own timestamp
        ("t", pa.float64()),  # when the frame passed
        ("connector", pa.int64()),
        ("transaction_id", pa.int64()),
        ("context", _LABEL),
        ("measurand", _LABEL),
        ("phase", _LABEL),
        ("location", _LABEL),
        ("unit", _LABEL),
        ("value", pa.float64()),  # NaN where the raw text is no number, as signed data are
        ("raw", pa.string()),
    ]
)
_TRANSACTION = {
    "transaction_id": "Int64",
    "connector": "Int64",
    "id_tag": "object",
    "start": "object",
    "stop": "object",
    "meter_start_wh": "float64",
    "meter_stop_wh": "float64",
    "reason": "object",
}
_ENERGY = "Energy.Active.Import.Register"
_BATCH_ROWS = 50_000
_METERED = ("MeterValues", "StopTransaction")


def telemetry_table(directory: Path) -> pd.DataFrame:
    """Telemetry; its per-phase columns are lists kept in Arrow, so that a year fits into memory."""
    paths = sorted((directory / recording.TELEMETRY).glob(telemetry.PARTS))
    parts = [pq.read_table(path, read_dictionary=list(telemetry.STRINGS)) for path in paths]
    whole = pa.concat_tables(parts) if parts else telemetry.SCHEMA.empty_table()
    kinds = {telemetry.PHASES: pd.ArrowDtype(telemetry.PHASES)}
    table: pd.DataFrame = whole.unify_dictionaries().to_pandas(types_mapper=kinds.get)
    return table


def events_table(directory: Path) -> pd.DataFrame:
    rows = list(events(directory / recording.EVENTS))
    table = pd.DataFrame(rows, columns=["t", "at", "connector", "event", "detail"])
    return _instants(table.astype({"t": "float64", "connector": "Int64"}), "at")


def messages_table(directory: Path) -> pd.DataFrame:
    """One row a frame, without payloads; a reply bears the action of its CALL."""
    t_s, at = array("d"), array("q")
    texts: dict[str, list[str | None]] = {name: [] for name in ("station", "dir", "id", "action", "kind")}
    lost = bytearray()
    for head, _ in heads(directory / recording.MESSAGES):
        t_s.append(head.t)
        at.append(_micros(head.at) or 0)
        lost.append(head.lost)
        for name, column in texts.items():
            column.append(getattr(head, name))
    columns = {"t": pd.Series(t_s, dtype="float64"), "at": pd.Series(at, dtype="int64"), **texts}
    table = pd.DataFrame(columns).assign(lost=pd.Series(lost, dtype="uint8").astype(bool))
    table["at"] = pd.to_datetime(table["at"], unit="us", utc=True)
    return table.astype(dict.fromkeys(("station", "dir", "action", "kind"), "category"))


def transactions_table(directory: Path) -> pd.DataFrame:
    """One row a transaction; what a stop brings is null while it is open, the id while nobody answered."""
    rows = list(_transactions(directory / recording.MESSAGES))
    table = pd.DataFrame(rows, columns=list(_TRANSACTION)).astype(_TRANSACTION)
    return _instants(_instants(table, "start"), "stop")


def meter_values_table(directory: Path) -> pd.DataFrame:
    """Every value of MeterValues and of StopTransaction that reached the CSMS, OCPP's defaults filled in."""
    values = _values(directory / recording.MESSAGES)
    batches = []
    while rows := list(islice(values, _BATCH_ROWS)):
        columns = zip(*rows, strict=True)
        typed = [pa.array(column, field.type) for column, field in zip(columns, _METER_VALUES, strict=True)]
        batches.append(pa.record_batch(typed, schema=_METER_VALUES))
    whole = pa.Table.from_batches(batches, schema=_METER_VALUES).unify_dictionaries()
    table: pd.DataFrame = whole.to_pandas()
    integers = {pa.int64(): pd.Int64Dtype()}
    table["transaction_id"] = whole["transaction_id"].to_pandas(types_mapper=integers.get)
    return table.set_index("at")


def _values(path: Path) -> Iterator[tuple[Any, ...]]:
    """The rows of the meter values table."""
    # StopTransaction does not say its connector.
    connectors = {row.get("transaction_id"): row["connector"] for row in _transactions(path)}
    for head, line in heads(path, actions=_METERED):
        if head.kind == "CALL" and not head.lost:
            payload = frame_of(head, line).payload
            transaction = payload.get("transactionId")
            connector = payload.get("connectorId", connectors.get(transaction, 0))
            for sampled in payload.get("meterValue") or payload.get("transactionData") or ():
                at = _micros(sampled.get("timestamp", ""))
                for value in sampled.get("sampledValue", ()):
                    yield at, head.t, connector, transaction, *_value(value)


def _value(value: Mapping[str, str]) -> tuple[Any, ...]:
    """What follows the transaction in a row. Defaults: OCPP 1.6, 7.43."""
    measurand = value.get("measurand", _ENERGY)
    raw = value.get("value", "")
    return (
        value.get("context", "Sample.Periodic"),
        measurand,
        value.get("phase"),
        value.get("location", "Outlet"),
        value.get("unit", "Wh" if measurand.startswith("Energy") else None),
        _number(raw),
        raw,
    )


def _transactions(path: Path) -> Iterator[dict[str, Any]]:
    """The transactions in the order of their start, as far as frames reached the other end."""
    pending: dict[str, dict[str, Any]] = {}  # by the id of the StartTransaction
    rows: dict[Any, dict[str, Any]] = {}
    for head, line in heads(path, actions=("StartTransaction", "StopTransaction")):
        if head.action == "StartTransaction":
            if head.kind == "CALL" and not head.lost:
                pending[head.id or ""] = _started(frame_of(head, line).payload)
            elif head.kind == "CALLRESULT" and head.id in pending:
                row = pending.pop(head.id)
                row["transaction_id"] = frame_of(head, line).payload.get("transactionId")
                rows[row["transaction_id"]] = row
        elif head.kind == "CALL" and not head.lost:
            payload = frame_of(head, line).payload
            if (transaction := payload.get("transactionId")) in rows:
                rows[transaction] |= _stopped(payload)
    yield from rows.values()
    yield from pending.values()


def _started(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "connector": payload.get("connectorId"),
        "id_tag": payload.get("idTag"),
        "start": payload.get("timestamp"),
        "meter_start_wh": payload.get("meterStart"),
    }


def _stopped(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stop": payload.get("timestamp"),
        "meter_stop_wh": payload.get("meterStop"),
        "reason": payload.get("reason", "Local"),  # the default of OCPP 1.6, 6.49
    }


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _micros(text: str) -> int | None:
    """An instant as microseconds since 1970, without an offset of UTC; None where the text is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return round(at.timestamp() * 1_000_000)


def _instants(table: pd.DataFrame, name: str) -> pd.DataFrame:
    table[name] = pd.to_datetime(table[name], format="ISO8601", utc=True)
    return table
