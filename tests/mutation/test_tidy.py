"""What the mutation score counts as the same recording, and what it does not."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tidy import alike, tidied

Call = tuple[float, str, dict[str, Any]]

FLOWING = {"measurand": "Current.Import", "phase": "L1", "value": "16.0"}
STILL = {"measurand": "Current.Import", "phase": "L1", "value": "0.00"}


def recording(directory: Path, *calls: Call, rows: tuple[tuple[float, float, float], ...] = ()) -> Path:
    """CALLs of the station, and rows of telemetry: when, what is offered and what flows."""
    directory.mkdir()
    frames = [
        {"t": t, "dir": "up", "frame": [2, str(n), action, payload]}
        for n, (t, action, payload) in enumerate(calls)
    ]
    (directory / "messages.jsonl").write_text("\n".join(map(json.dumps, frames)))
    (directory / "events.jsonl").write_text("")
    table = [
        {"t": t, "connector": 1, "status": "Charging", "offered1_a": offered, "i1_a": flows}
        for t, offered, flows in rows
    ]
    if table:
        (directory / "telemetry.parquet").mkdir()
        pq.write_table(pa.Table.from_pylist(table), directory / "telemetry.parquet/0.parquet")
    return directory


def status(t: float, word: str, stamp: str = "T", info: str = "") -> Call:
    payload = {"connectorId": 1, "status": word, "errorCode": "NoError", "timestamp": stamp, "info": info}
    return t, "StatusNotification", payload


def values(*sampled: dict[str, str]) -> Call:
    return 1.0, "MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": "T", "sampledValue": sampled}]}


def factor(value: str) -> dict[str, str]:
    return {"measurand": "Power.Factor", "phase": "L1", "value": value}


@pytest.mark.parametrize(("one", "other", "same"), [
    ([status(1.0, "Charging")], [status(1.0, "Charging", info="of its own")], True),
    ([status(1.0, "Charging")], [status(1.0, "Finishing")], False),
    ([status(1.0, "Charging")], [status(1.1, "Charging")], True),
    ([status(1.0, "Charging")], [status(1.2, "Charging")], False),
    ([status(1.0, "Charging")], [status(1.0, "Charging", stamp="T+1")], False),
    ([status(1.0, "Charging")], [status(1.0, "Preparing"), status(1.05, "Charging")], True),
    ([status(1.0, "Charging")], [status(1.0, "Preparing", "before"), status(1.05, "Charging")], False),
    ([status(1.0, "Charging")], [status(1.0, "Charging"), status(9.0, "Charging")], False),
    ([values(STILL, factor("1.0"))], [values(STILL, factor("0.9"))], True),
    ([values(FLOWING, factor("1.0"))], [values(FLOWING, factor("0.9"))], False),
    ([values(STILL)], [values(FLOWING)], False),
])  # fmt: skip
def test_two_transcripts_are_alike_but_for_what_nothing_prescribes(
    one: list[Call], other: list[Call], same: bool, tmp_path: Path
) -> None:
    told = [tidied(recording(tmp_path / str(n), *calls)) for n, calls in enumerate((one, other))]
    assert alike(*told) == same


@pytest.mark.parametrize(("more", "same"), [
    (((60.0, 16.0, 14.0),), True),  # it tells what the row before it told
    (((60.0, 10.0, 14.0),), False),
    (((0.0, 16.0, 14.0),), False),
])  # fmt: skip
def test_a_row_that_only_one_has_tells_nothing_else(
    more: tuple[tuple[float, float, float], ...], same: bool, tmp_path: Path
) -> None:
    rows = ((0.0, 16.0, 16.0), (120.0, 16.0, 12.0))
    both = {t: (t, offered, flows) for t, offered, flows in (*rows, *more)}
    one = tidied(recording(tmp_path / "one", rows=rows))
    other = tidied(recording(tmp_path / "other", rows=tuple(both[t] for t in sorted(both))))
    assert alike(one, other) == same
