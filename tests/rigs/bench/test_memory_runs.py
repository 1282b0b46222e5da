"""Runs of one station with a memory file: what the first leaves open, the second goes on with."""

from pathlib import Path
from typing import Any

import pytest

from evc5.rigs.analysis.run import Run
from evc5.rigs.bench.rig import Rig
from evc5.rigs.rigfile.file import RigFile

CAR = {"connector": 1, "vehicle": "vw-id3-58", "soc": 0.2, "id_tag": "TAG1", "unplug": "3h"}


def run(folder: Path, start: str, days: float, plug_in: float) -> Run:
    """Part of a day with one visit; a run that ends within it leaves its transaction in the memory."""
    rig: dict[str, Any] = {
        "name": "kept",
        "start": start,
        "days": days,
        "station": {
            "memory": str(folder / "memory.db"),
            "keys": {"MeterValueSampleInterval": 60},
        },
        "sessions": [{**CAR, "plug_in": plug_in}],
        "recording": {"report": False},
    }
    return Rig(RigFile.parse(rig)).run(out=folder / start[:10])


def asked(run: Run, action: str) -> list[dict[str, Any]]:
    """The payloads of the station's CALLs."""
    return [frame.payload for frame in run.frames(action=action) if frame.kind == "CALL"]


@pytest.mark.slow
def test_the_next_run_stops_what_the_last_one_left_and_its_meter_goes_on(tmp_path: Path) -> None:
    first = run(tmp_path, "2024-03-01T00:00:00Z", 0.1, 3600.0)
    second = run(tmp_path, "2024-03-02T00:00:00Z", 0.5, 7200.0)
    assert first.passed and "continues" not in first.summary
    assert second.passed and second.summary["continues"] is True
    of_all = first.meter_values[first.meter_values.phase.isna()]
    last = of_all.value.iloc[-1]
    [old, new] = asked(second, "StopTransaction")
    assert (old["transactionId"], old["reason"], old["meterStop"]) == (1, "PowerLoss", pytest.approx(last))
    [start] = asked(second, "StartTransaction")
    assert (new["transactionId"], start["meterStart"]) == (2, old["meterStop"])
    assert new["meterStop"] > start["meterStart"] > 1000
