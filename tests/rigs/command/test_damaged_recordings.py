"""A recording that is damaged is refused by the name of its file, or judged: never without a verdict."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from handmade import healthy

from evc5.rigs.command.cli import main


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    return b""


def with_a_tail(content: bytes) -> bytes:
    return content + b"x" * 200


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return healthy((), 3600.0, {}).write(tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize("harm", [cut, emptied, with_a_tail])
def test_a_damaged_part_of_telemetry_is_named_in_one_line(
    harm: Callable[[bytes], bytes], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = sorted((run / "telemetry.parquet").glob("*.parquet"))[-1]
    part.write_bytes(harm(part.read_bytes()))
    assert main(["verify", str(run)]) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == "" and f"{part} is no Parquet file, or a damaged one: " in line


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"format": "evc5-run/9"}, "format must be evc5-run/1 or evc5-run/2, got 'evc5-run/9'"),
        ({"tolerances": 99}, "tolerances must be an object, got 99"),
        ({"simulated_s": []}, "simulated_s must be a number, got []"),
    ],
)
def test_a_summary_that_nothing_can_go_by_is_refused(
    changes: dict[str, object], what: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert main(["verify", str(run)]) == 2
    assert capsys.readouterr().err == f"evc5: {path}: {what}\n"


@pytest.mark.slow
def test_a_frame_damaged_behind_its_head_is_a_finding_and_the_report_is_written(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run / "messages.jsonl"
    path.write_text(path.read_text().replace('"StatusNotification"', '"StatusNotification\x00"', 1))
    assert main(["verify", str(run), "--quiet"]) in (0, 1)
    assert "recording.line" in {
        one["requirement"] for one in json.loads((run / "summary.json").read_text())["findings"]
    }
    assert (run / "report.html").is_file()
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_the_verdict_stands_where_the_report_cannot_be_written(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "report.html").mkdir()
    assert main(["verify", str(run)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("no fault found") and "has no new report" in err


@pytest.mark.slow
@pytest.mark.parametrize("wrong_s", [2.4e9, 1e308])
def test_one_wrong_time_among_others_costs_no_time_and_makes_nothing_late(
    wrong_s: float, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In 2100 decades of samples would be owed."""
    path = run / "messages.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[len(lines) // 2]["t"] = wrong_s
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    begun_s = time.process_time()
    assert main(["verify", str(run), "--quiet"]) in (0, 1)
    assert time.process_time() - begun_s < 20.0
    found = {one["requirement"] for one in json.loads((run / "summary.json").read_text())["findings"]}
    assert "recording.line" in found and "metering.clock-complete" not in found
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_what_is_said_of_logs_is_told_to_have_no_effect_on_a_run_directory(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(run), "--quiet", "--timezone", "Europe/Oslo", "--end", "station"]) == 0
    expected = f"evc5: --timezone and --end are said of logs; {run} is a run directory and knows its own\n"
    assert capsys.readouterr().err == expected
