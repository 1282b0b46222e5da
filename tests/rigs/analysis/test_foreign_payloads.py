"""Tables and the report page of a station that sends anything: what has no shape is left out."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from evc5 import Bench, Run
from evc5.rigs.analysis.report import page
from evc5.rigs.analysis.tables import transactions_table
from evc5.rigs.recording.reading.run_directory import MESSAGES

ANYTHING = (None, "x", [], {}, -1, 3.5, True, "NaN", "2024-99-01T00:00:00Z", [[]], {"a": 1}, 10**30)
KEYS = {"MeterValueSampleInterval": 60, "ClockAlignedDataInterval": 300}
LIMIT = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": LIMIT,
}


def changed(part: Any, draw: random.Random) -> Any:
    """The same but for one thing somewhere in it, which is gone or anything."""
    if isinstance(part, dict) and part and draw.random() < 0.8:
        key = draw.choice(list(part))
        rest = {name: value for name, value in part.items() if name != key}
        return rest if draw.random() < 0.2 else {**rest, key: changed(part[key], draw)}
    if isinstance(part, list) and part and draw.random() < 0.8:
        place = draw.randrange(len(part))
        return [*part[:place], changed(part[place], draw), *part[place + 1 :]]
    return draw.choice(ANYTHING)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    bench = Bench(connectors=1, keys=KEYS, out=tmp_path_factory.mktemp("foreign") / "run")
    for _ in range(3):
        bench.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE})
        bench.plug_in(1)
        bench.present_tag(1, "TAG1")
        bench.advance(1500)
        bench.present_tag(1, "TAG1")
        bench.advance(10)
        bench.unplug(1)
        bench.advance(60)
    return bench.run_so_far()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_report_and_tables_come_of_any_recording(seed: int, run: Run, tmp_path: Path) -> None:
    draw = random.Random(seed)
    run.save(tmp_path / "run")
    lines = [json.loads(line) for line in (run.directory / MESSAGES).read_text("utf-8").splitlines()]
    for line in lines:
        if draw.random() < 0.3 and isinstance(line.get("frame"), list):
            line["frame"] = [*line["frame"][:-1], changed(line["frame"][-1], draw)]
    text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    (tmp_path / "run" / MESSAGES).write_text(text, "utf-8")
    foreign = Run.open(tmp_path / "run")
    assert "<svg" in page(foreign)
    assert 0 < len(foreign.meter_values) <= len(run.meter_values)
    assert len(foreign.messages) == len(run.messages)
    assert len(foreign.transactions) <= len(run.transactions)


@pytest.mark.parametrize("ids", [(2**62, 2**63 - 1), (10**30, -(10**30)), (None, "five"), ([1], {})])
def test_transactions_whose_ids_no_table_holds_keep_apart(ids: tuple[Any, Any], tmp_path: Path) -> None:
    rows = []
    for n, id_ in enumerate(ids):
        asked = {"connectorId": 1, "idTag": f"TAG{n}", "meterStart": n, "timestamp": "2024-03-01T10:00:00Z"}
        answered = {"transactionId": id_, "idTagInfo": {"status": "Accepted"}}
        told = {"transactionId": id_, "meterStop": 10 + n, "timestamp": "2024-03-01T11:00:00Z"}
        rows += [("up", [2, f"a{n}", "StartTransaction", asked]), ("down", [3, f"a{n}", answered])]
        rows += [("up", [2, f"b{n}", "StopTransaction", told])]
    lines = [
        {"t": 0.0, "at": "2024-03-01T10:00:00.000Z", "station": "S", "dir": way, "frame": frame}
        for way, frame in rows
    ]
    path = tmp_path / MESSAGES
    path.write_text("".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines), "utf-8")
    table = transactions_table(tmp_path)
    assert list(table.id_tag) == ["TAG0", "TAG1"] and list(table.meter_stop_wh) == [10, 11]
    assert table.transaction_id.isna().all()
