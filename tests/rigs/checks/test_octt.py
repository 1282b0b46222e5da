"""Which test cases a recording covers follows from what occurs in it and from the verdicts on that."""

import json
from pathlib import Path
from typing import Any

import pytest
from handmade import at, healthy
from rich.console import Console

from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.checks.verdict.octt import CASES, Case, judged, octt, show
from evc5.rigs.checks.verdict.situations import situations
from evc5.rigs.command.cli import main

DIGEST = """
001 002 003 004_1 004_2 005_1 005_2 005_3 068 069 007_1 007_2 061_1 061_2 010 011_1 011_2 012 013 014 015 016
017_1 017_2 018_1 018_2 019 021 070 071 023_4 023_5 024 026 027 028 030 031 032_1 032_2 034 036 037_1 037_2
037_3 038 039 040_1 040_2 041 008_1 008_2 042_1 042_2 043_1 043_2 043_3 043 044_1 044_2 044_3 045_1 045_2
046_1 046_2 047 048_1 048_2 048_3 048_4 049 050_1 050_2 050_3 050_4 051 052 053_1 053_2 054 055 056 057 058_1
058_2 059 060 066 067 072 082 062 073 074 075_1 075_2 076 077 078 079 080 081 083 084 085 086 087
"""  # as published by a third party, 107 cases


def test_every_case_stands_in_the_map_once() -> None:
    ids = [case.id for cases in CASES.values() for case in cases]
    assert len(ids) == 107
    assert sorted(ids) == sorted(DIGEST.split())


def test_cases_ask_only_for_requirements_that_there_are() -> None:
    asked = {id for cases in CASES.values() for case in cases for id in case.holds}
    assert asked <= {row.id for row in TABLE}


CASE = Case("057", "A profile", ("deed|other deed", "consequence"), ("charging.limit",))


@pytest.mark.parametrize(
    ("seen", "limit", "verdict", "lacks"),
    [
        ({"deed", "consequence"}, "PASS", "PASS", ""),
        ({"other deed", "consequence"}, "KNOWN DEVIATION", "PASS", ""),
        ({"deed"}, "PASS", "PARTIAL", "consequence"),
        ({"deed", "consequence"}, "NOT EXERCISED", "PARTIAL", "charging.limit"),
        ({"deed"}, "FAIL", "FAIL", "charging.limit"),
        ({"consequence"}, "PASS", "NOT COVERED", "deed|other deed"),
    ],
)
def test_a_case_passes_only_with_all_of_it(seen: set[str], limit: str, verdict: str, lacks: str) -> None:
    found = judged(CASE, dict.fromkeys(seen, 1), {"charging.limit": limit})
    assert found == {"verdict": verdict, "lacks": lacks}


def test_situations_are_told_by_action_subject_reply_and_transaction(tmp_path: Path) -> None:
    frames: list[tuple[str, Any]] = [
        ("down", [2, "c1", "Reset", {"type": "Hard"}]),
        ("up", [3, "c1", {"status": "Accepted"}]),
        ("up", [2, "1", "StartTransaction", {"connectorId": 1, "timestamp": at(0)}]),
        ("down", [3, "1", {"transactionId": 3, "idTagInfo": {"status": "Invalid"}}]),
        ("down", [2, "c2", "UnlockConnector", {"connectorId": 1}]),
        ("up", [4, "c2", "NotSupported", "", {}]),
        ("up", [2, "2", "Heartbeat", {}]),
    ]
    rows = [{"at": at(60 + k), "dir": way, "frame": frame} for k, (way, frame) in enumerate(frames)]
    path = tmp_path / "messages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen = situations(path)
    assert seen["Reset Hard=Accepted without transaction"] == 1
    assert seen["StartTransaction late=Invalid"] == 1
    assert seen["UnlockConnector=error in transaction"] == 1
    assert seen["Heartbeat"] == 0  # not answered


@pytest.mark.slow
def test_the_map_of_a_healthy_recording_fits_a_hundred_columns(tmp_path: Path) -> None:
    requirements = [{"id": row.id, "verdict": "PASS"} for row in TABLE]
    rows = octt(healthy().write(tmp_path / "run"), requirements)
    verdicts = {row["id"]: row["verdict"] for row in rows}
    assert (verdicts["TC_070_CS"], verdicts["TC_071_CS"]) == ("PASS", "PASS")
    assert verdicts["TC_044_1_CS"] == "NOT COVERED"
    with open("/dev/null", "w") as nowhere:
        console = Console(width=100, record=True, file=nowhere)
        show(rows, console)
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert sum("TC_" in line for line in lines) == 107


@pytest.mark.slow
def test_verify_shows_the_map_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = healthy().write(tmp_path / "run")
    assert main(["verify", str(run / "messages.jsonl"), "--octt", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["octt"]) == 107
