"""What one sends to a maker: the finding, names replaced, and a short transcript that judges the same."""

import json
from pathlib import Path

import pytest
from handmade import healthy
from trips import a_missing_sample

from evc5.rigs.checks import judge
from evc5.rigs.checks.verdict.case import PAGE, TRANSCRIPT
from evc5.rigs.command.cli import main


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    made = healthy()
    made.drop(*made.meter_values("Sample.Clock"))
    for line in made.calls("StatusNotification"):
        if line["frame"][3]["connectorId"] == 2 and line["frame"][3]["status"] == "Charging":
            line["frame"][3]["status"] = "Reserved"
    path = made.write(tmp_path / "run") / "messages.jsonl"
    assert main(["verify", str(path), "--case", str(tmp_path / "cases"), "--behaviour", "ocpp16"]) == 1
    capsys.readouterr()
    return next(one for one in (tmp_path / "cases").iterdir() if one.name.endswith("status.table"))


@pytest.mark.slow
def test_the_shortest_transcript_judges_the_same(folder: Path) -> None:
    frames = [json.loads(line)["frame"] for line in (folder / TRANSCRIPT).read_text().splitlines()]
    assert len(frames) < 12
    found = {one["requirement"] for one in judge(folder / TRANSCRIPT, behaviour="ocpp16").findings}
    assert "status.table" in found


@pytest.mark.slow
def test_names_of_cards_and_stations_are_replaced_and_the_makers_stay(folder: Path) -> None:
    text = (folder / TRANSCRIPT).read_text() + (folder / PAGE).read_text()
    assert '"station":"EVC5"' not in text
    assert "Ecotap EVC5 V32R30" in text


@pytest.mark.slow
def test_the_page_shows_the_frame_with_its_line_the_clause_and_what_would_be_right(folder: Path) -> None:
    page = (folder / PAGE).read_text()
    assert "Requirement: status.table" in page and "Clauses: 4.9" in page
    assert "Right would be: " in page and "Found: Reserved" in page
    (marked,) = [line for line in page.splitlines() if line.startswith(">")]
    assert "Reserved" in marked


@pytest.mark.slow
def test_what_frames_alone_do_not_show_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = healthy()
    made.rows[len(made.rows) // 2]["u1_v"] = 400.0
    a_missing_sample(made)
    run = made.write(tmp_path / "run")
    main(["verify", str(run), "--case", str(tmp_path / "cases")])
    capsys.readouterr()
    pages = {one.name: (one / PAGE).read_text() for one in (tmp_path / "cases").iterdir()}
    assert any("rests on what the run directory holds" in page for page in pages.values())
    assert any("that judge the same" in page for page in pages.values())
