"""Logs as cloud services and logging frameworks hand them out, each with a habit of its own."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from log_forms import STATION, Said, conversation

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.transcripts import Transcript, is_event


def azure(told: list[Said]) -> str:
    """The unit of a time stands in its name; what was said in a column of JSON."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["timestamp [UTC]", "message", "itemType", "customDimensions"])
    for said in told:
        way = "Inbound" if said.up else "Outbound"
        told_of = json.dumps({"ChargePointId": STATION, "Direction": way, "Payload": said.json})
        rows.writerow([said.clock("%m/%d/%Y, %I:%M:%S.%f %p"), "OCPP message", "trace", told_of])
    return file.getvalue()


def loki_by_stream(told: list[Said]) -> str:
    """One stream after the other."""
    rows = {up: [[f"{round(s.t * 1e3)}000000", s.json] for s in told if s.up == up] for up in (True, False)}
    ways = {True: "received", False: "sent"}
    streams = [{"stream": {"cp": STATION, "direction": ways[up]}, "values": rows[up]} for up in rows]
    return json.dumps({"status": "success", "data": {"resultType": "streams", "result": streams}})


def loki_backward(told: list[Said]) -> str:
    """As Loki answers by default: each stream newest first."""
    found = json.loads(loki_by_stream(told))
    for stream in found["data"]["result"]:
        stream["values"].reverse()
    return json.dumps(found)


def log4j2(told: list[Said]) -> str:
    """A time in two fields."""
    rows = [
        {
            "instant": {"epochSecond": int(said.t), "nanoOfSecond": round(said.t % 1 * 1e9)},
            "loggerName": "ocpp",
            "message": f"{'Received' if said.up else 'Sending'} {said.json}",
            "contextMap": {"chargePointId": STATION},
        }
        for said in told
    ]
    return "\n".join(json.dumps(row) for row in rows)


def elastic_by_name(told: list[Said]) -> str:
    """The station is an object of its own."""
    rows = [
        {"@timestamp": said.iso, "charger": {"id": STATION}, "direction": "in" if said.up else "out"}
        | {"message": said.json}
        for said in told
    ]
    return "\n".join(json.dumps({"_index": "ocpp", "_source": row}) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("form", [azure, loki_by_stream, loki_backward, log4j2, elastic_by_name])
def test_an_export_is_read_as_it_was_said(form: Callable[[list[Said]], str], tmp_path: Path) -> None:
    told = conversation()
    (tmp_path / "a.log").write_text(form(told))
    transcript = Transcript([tmp_path / "a.log"])
    rows = [json.loads(raw) for _, raw in transcript.records() if not is_event(raw)]
    assert [row["frame"] for row in rows] == [said.frame for said in told]
    assert [row["dir"] for row in rows] == ["up" if said.up else "down" for said in told]
    assert {row["station"] for row in rows} == {STATION}
    assert max(abs(epoch(row["at"]) - said.t) for row, said in zip(rows, told, strict=True)) < 0.01
