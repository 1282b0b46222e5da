"""A build server reads the verdict: a case per requirement, failed, skipped or passed."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import junitparser
import pytest

from evc5.rigs.checks.verdict.junit import junit, write_junit
from evc5.rigs.errors import BadInput


def row(id: str, verdict: str, **more: int) -> dict[str, Any]:
    counts = {"count": 5, "failures": 0, "warnings": 0} | more
    return {"id": id, "title": f"About {id}", "source": "4.9", "verdict": verdict} | counts


def finding(requirement: str, severity: str, **more: Any) -> dict[str, Any]:
    about = {"check": requirement.partition(".")[0], "requirement": requirement, "severity": severity}
    evidence = {"t": 12.5, "connector": 2, "expected": "Charging", "actual": "Faulted", "message": "it broke"}
    return about | evidence | more


SUMMARY = {
    "requirements": [
        row("rpc.id", "PASS"),
        row("status.order", "FAIL", failures=3),
        row("boot.first", "NOT EXERCISED", count=0),
        row("sheet.key", "KNOWN DEVIATION", warnings=1),
    ],
    "findings": [
        finding("status.order", "error"),
        finding("status.order", "error", connector=None, actual="cut \x00 & <off>"),
        finding("sheet.key", "warning", message="the sheet says otherwise"),
    ],
}


@pytest.fixture
def suite() -> ET.Element:
    (found,) = ET.fromstring(junit(SUMMARY, "runs/week-1"))
    return found


def test_the_suite_counts_its_cases(suite: ET.Element) -> None:
    counts = {"tests": "4", "failures": "1", "errors": "0", "skipped": "1", "name": "runs/week-1"}
    assert suite.attrib == counts


def test_another_reader_of_such_files_finds_the_same(tmp_path: Path) -> None:
    write_junit(tmp_path / "verdict.xml", SUMMARY, "runs/week-1")
    (suite,) = junitparser.JUnitXml.fromfile(str(tmp_path / "verdict.xml"))
    told = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()  # counts them anew
    assert told == (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 0, 1)
    results = {case.name.partition(":")[0]: [type(one).__name__ for one in case.result] for case in suite}
    assert results == {
        "rpc.id": [],
        "status.order": ["Failure"],
        "boot.first": ["Skipped"],
        "sheet.key": [],
    }


def test_each_requirement_is_a_case_of_its_family(suite: ET.Element) -> None:
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("evc5.rpc", "rpc.id: About rpc.id"),
        ("evc5.status", "status.order: About status.order"),
        ("evc5.boot", "boot.first: About boot.first"),
        ("evc5.sheet", "sheet.key: About sheet.key"),
    ]


def test_a_pass_is_an_empty_case_and_a_known_deviation_says_so_without_failing(suite: ET.Element) -> None:
    assert len(suite[0]) == 0
    (output,) = suite[3]
    assert output.tag == "system-out"
    assert "the sheet says otherwise" in (output.text or "")


def test_what_was_not_exercised_is_skipped(suite: ET.Element) -> None:
    assert [child.tag for child in suite[2]] == ["skipped"]


def test_a_failure_carries_its_evidence_and_how_many_more_there_are(suite: ET.Element) -> None:
    (failure,) = suite[1]
    assert failure.get("message") == "3 of 5 judged: it broke"
    assert (failure.text or "").splitlines() == [
        "t = 12.500 s, connector 2: it broke",
        "  expected Charging",
        "  actual   Faulted",
        "",
        "t = 12.500 s: it broke",
        "  expected Charging",
        "  actual   cut \N{REPLACEMENT CHARACTER} & <off>",
        "",
        "… and 1 more",
    ]


def test_a_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--junit .*: No such file or directory"):
        write_junit(tmp_path / "nowhere" / "out.xml", SUMMARY, "run")
