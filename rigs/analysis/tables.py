"""The tables of a run as pandas DataFrames, each built in one pass over the recording."""

from array import array
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.events import events
from evc5.rigs.recording.reading.frames import frame_of, heads
from evc5.rigs.recording.reading.shapes import whole
from evc5.rigs.recording.reading.telemetry import PARTS
from evc5.rigs.recording.reading.telemetry_columns import SCHEMA
from evc5.rigs.recording.reading.telemetry_parts import read_part

_UNREADABLE = -1  # a microsecond before 1970 that no station was alive at
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


def telemetry_table(directory: Path) -> pd.DataFrame:
    """Telemetry, texts as categories."""
    paths = sorted((directory / run_directory.TELEMETRY).glob(PARTS))
    parts = [read_part(path) for path in paths]
    whole = pa.concat_tables(parts).unify_dictionaries() if parts else SCHEMA.empty_table()
    table: pd.DataFrame = whole.to_pandas()
    for name in table.columns[table.dtypes == "category"]:
        table[name] = table[name].cat.remove_unused_categories()  # parts share one dictionary
    return table


def events_table(directory: Path) -> pd.DataFrame:
    rows = list(events(directory / run_directory.EVENTS))
    table = pd.DataFrame(rows, columns=["t", "at", "connector", "event", "detail"])
    return _instants(table.astype({"t": "float64", "connector": "Int64"}), "at")


def messages_table(directory: Path) -> pd.DataFrame:
    """One row a frame, without payloads; a reply bears the action of its CALL."""
    t_s = array("d")
    at = array("q")
    texts: dict[str, list[str | None]] = {name: [] for name in ("station", "dir", "id", "action", "kind")}
    lost = bytearray()
    for head, _ in heads(run_directory.messages(directory)):
        t_s.append(head.t)
        at.append(micros(head.at))
        lost.append(head.lost)
        for name, column in texts.items():
            column.append(getattr(head, name))
    columns = {"t": pd.Series(t_s, dtype="float64"), "at": pd.Series(at, dtype="int64"), **texts}
    table = pd.DataFrame(columns).assign(lost=pd.Series(lost, dtype="uint8").astype(bool))
    table["at"] = pd.to_datetime(table["at"], unit="us", utc=True)
    return table.astype(dict.fromkeys(("station", "dir", "action", "kind"), "category"))


def transactions_table(directory: Path) -> pd.DataFrame:
    """One row a transaction; what a stop brings is null while it is open, the id while nobody answered."""
    rows = list(transactions(run_directory.messages(directory)))
    table = pd.DataFrame(rows, columns=list(_TRANSACTION)).astype(_TRANSACTION)
    return _instants(_instants(table, "start"), "stop")


def transactions(path: Path) -> Iterator[dict[str, Any]]:
    """The transactions in the order of their start, as far as frames reached the other end."""
    pending: dict[str, dict[str, Any]] = {}  # by the id of the StartTransaction
    rows: dict[str, dict[str, Any]] = {}  # by the transactionId as it was written, which no table may hold
    for head, line in heads(path, actions=("StartTransaction", "StopTransaction")):
        if head.action == "StartTransaction":
            if head.kind == "CALL" and not head.lost:
                pending[head.id or ""] = _started(frame_of(head, line).payload)
            elif head.kind == "CALLRESULT" and head.id in pending:
                row = pending.pop(head.id)
                told = frame_of(head, line).payload.get("transactionId")
                rows[repr(told)] = row | {"transaction_id": whole(told)}
        elif head.kind == "CALL" and not head.lost:
            payload = frame_of(head, line).payload
            if (transaction := repr(payload.get("transactionId"))) in rows:
                rows[transaction] |= _stopped(payload)
    yield from rows.values()
    yield from pending.values()


def _started(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "connector": whole(payload.get("connectorId")),
        "id_tag": payload.get("idTag"),
        "start": _stamp(payload),
        "meter_start_wh": whole(payload.get("meterStart")),
    }


def _stopped(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stop": _stamp(payload),
        "meter_stop_wh": whole(payload.get("meterStop")),
        "reason": payload.get("reason", "Local"),  # the default of OCPP 1.6, 6.49
    }


def _stamp(payload: Mapping[str, Any]) -> str | None:
    """The timestamp, where it can be read as one."""
    text = payload.get("timestamp")
    return text if isinstance(text, str) and micros(text, _UNREADABLE) != _UNREADABLE else None


def micros(text: str, default: int = 0) -> int:
    """An instant as microseconds since 1970; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return default
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return round(at.timestamp() * 1_000_000)


def _instants(table: pd.DataFrame, name: str) -> pd.DataFrame:
    table[name] = pd.to_datetime(table[name], format="ISO8601", utc=True)
    return table
