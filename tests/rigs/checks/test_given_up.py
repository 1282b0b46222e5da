"""A transfer that fails is given up after the retries that were asked for, not before (5.9, 5.19)."""

import json
from pathlib import Path

import pytest
from random_days.steps import take_files

from evc5 import Bench
from evc5.rigs.checks import judge

REQUESTS = {"files.diagnostics": "GetDiagnostics", "files.firmware": "UpdateFirmware"}


def failed_transfers(into: Path, behaviour: str = "ocpp16", asked: int = 3, told: int = 3) -> Path:
    """Both of `asked` retries, and of another number as the frames tell it."""
    bench = Bench(behaviour=behaviour)
    bench.advance(60)
    take_files(bench, False)
    tries = {"retries": asked, "retryInterval": 120}
    bench.plug_in(1)
    bench.call("GetDiagnostics", {"location": "ftp://server/in", **tries})
    when = {"retrieveDate": "2024-01-01T00:05:00Z"}
    bench.call("UpdateFirmware", {"location": "ftp://server/none", **when, **tries})
    bench.advance(1800)
    bench.run_so_far().save(into / "run")
    path = into / "run" / "messages.jsonl"
    rows = [json.loads(text) for text in path.read_text().splitlines()]
    for row in rows:
        if row["frame"][2:3] and row["frame"][2] in REQUESTS.values():
            row["frame"][3]["retries"] = told
    path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    return into / "run"


def failures(run: Path) -> dict[str, int]:
    rows = {row["id"]: row for row in judge(run).requirements}
    return {id: rows[id]["failures"] for id in REQUESTS}


@pytest.mark.slow
@pytest.mark.parametrize(("told", "wrong"), [(3, 0), (4, 0), (5, 1), (9, 1)])
def test_a_transfer_given_up_before_its_retries_is_found(told: int, wrong: int, tmp_path: Path) -> None:
    """The first attempt may be counted among the retries, or not (errata 3.50)."""
    found = failures(failed_transfers(tmp_path, told=told))
    # The firmware's three tries are two waits, those of diagnostics three.
    assert found == {"files.diagnostics": wrong, "files.firmware": 1 if told > 3 else 0}


@pytest.mark.slow
def test_a_station_whose_sheet_knows_no_retries_gives_an_upload_up_at_once(tmp_path: Path) -> None:
    assert failures(failed_transfers(tmp_path, "evc5-v32r30"))["files.diagnostics"] == 0
