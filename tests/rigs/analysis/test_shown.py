"""What a rig, a bench, a run and its findings say of themselves."""

from pathlib import Path
from typing import Any

import pytest

from evc5 import Bench, Rig, Run
from evc5.rigs.analysis.shown import Findings, page

FINDING: dict[str, Any] = {
    "severity": "error",
    "requirement": "status.true",
    "t": 3.5,
    "at": "2024-03-01T10:00:03.500Z",
    "connector": 2,
    "times": 3,
    "message": "the status is <wrong>",
    "expected": "Available",
    "actual": "Faulted",
}
LINE = (
    "error 2024-03-01T10:00:03.500Z connector 2 status.true: the status is <wrong> (3 times): "
    "expected Available, got Faulted"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    bench = Bench(connectors=1, start="2024-03-01T10:00:00Z", out=tmp_path_factory.mktemp("shown") / "run")
    bench.plug_in(1)
    return bench.advance(60).run_so_far()


def test_findings_print_a_line_each() -> None:
    found = Findings([FINDING, FINDING | {"connector": None, "times": 1}])
    first, second = repr(found).splitlines()
    assert first == LINE
    assert second == LINE.replace(" connector 2", "").replace(" (3 times)", "")


def test_no_findings_are_an_empty_list(run: Run) -> None:
    assert run.findings == [] and repr(run.findings) == "[]"


def test_a_rig_says_how_long_it_is_and_who_comes() -> None:
    assert repr(Rig.load("first-charge")) == (
        "<Rig first-charge: 0.5 days from 2024-03-01T16:00:00Z, 1 session, evc5-v32r30>"
    )


def test_a_bench_says_what_time_it_is() -> None:
    bench = Bench(connectors=1, start="2024-03-01T10:00:00Z").advance(60)
    assert repr(bench) == "<Bench EVC5-0001 at 2024-03-01T10:01:00.000Z: evc5-v32r30, 1 connector>"


def test_a_notebook_shows_verdict_and_sessions(run: Run) -> None:
    shown = run._repr_html_()
    assert "no fault found" in shown and str(run.directory) in shown and "vw-id3-58" in shown


def test_a_notebook_shows_findings_as_text(tmp_path: Path) -> None:
    shown = page({"rig": "r", "passed": False, "findings": [FINDING]}, tmp_path)
    assert "failed" in shown and "&lt;wrong&gt;" in shown and "<wrong>" not in shown


def test_a_notebook_shows_a_run_that_was_never_judged() -> None:
    assert "not judged" in page({"rig": "r", "state": "running"}, "somewhere")
