"""The pytest plugin, as a project finds it that has folders of our packages' names itself."""

import re
from pathlib import Path

import pytest

import evc5

pytest_plugins = ["pytester"]

FIRST_TEST = """
def test_a_car_charges(bench):
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    assert bench.reading(1)["i1_a"] > 10
"""
OWN_FOLDERS = """
from models import PRICE
from models.tariff import price_of
from twin import MINE

def test_ours_beside_theirs(bench):
    bench.plug_in(1)
    bench.advance(10)
    assert bench.run_so_far().passed
    assert price_of(2) == 2 * PRICE == MINE

def test_theirs_are_still_there():
    import models
    assert models.PRICE == 21

def test_ours_once_more(bench, rig):
    assert bench.reading(2)["pilot"] == "A"
"""
FAILING = """
def test_there_is_current(bench):
    bench.plug_in(1)
    bench.advance(20)
    assert bench.reading(1)["i1_a"] > 0

def test_there_are_two_cars(rig):
    run = rig("first-charge", days=0.1)
    assert len(run.sessions) == 2
"""
GOLDEN = """
import pytest

@pytest.mark.evc5(connectors=1, keys={"MeterValueSampleInterval": %d})
def test_trace(bench, golden):
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(120)
    golden(bench)
"""


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """The project's tests in a process of their own, `evc5` found alone, as where it is installed."""
    site = pytester.path.parent / "site"
    site.mkdir(exist_ok=True)
    if not (site / "evc5").exists():
        (site / "evc5").symlink_to(Path(evc5.__file__).parent)
    pytester._monkeypatch.setenv("PYTHONPATH", str(site))
    return pytester.runpytest_subprocess("-p", "evc5.pytest_plugin", "-q", *options)


@pytest.mark.slow
def test_a_first_test_needs_no_import(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FIRST_TEST)
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.slow
def test_a_projects_own_models_and_twin_live_beside_ours(pytester: pytest.Pytester) -> None:
    for package in ("models", "twin"):
        pytester.mkpydir(package)
    (pytester.path / "models" / "__init__.py").write_text("PRICE = 21\n")
    (pytester.path / "models" / "tariff.py").write_text("def price_of(kwh):\n    return 21 * kwh\n")
    (pytester.path / "twin" / "__init__.py").write_text("MINE = 42\n")
    pytester.makepyfile(OWN_FOLDERS)
    pytester.makeconftest("import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n")
    run(pytester).assert_outcomes(passed=3)


@pytest.mark.slow
def test_a_failing_test_names_its_recording_and_shows_the_last_frames(pytester: pytest.Pytester) -> None:
    """Frames and their order are the charge point's: it told that a cable went in, and nothing since."""
    pytester.makepyfile(FAILING)
    result = run(pytester)
    result.assert_outcomes(failed=2)
    told = result.stdout.str()
    first, second = re.findall(r"-+ recording (\S+) -+\n(.*?)\n(?:___|===)", told, re.DOTALL)
    assert first[0].endswith("bench") and second[0].endswith("first-charge")
    assert re.search(r"- last readings -+\nconnector 1: status Preparing, pilot B, .*i1_a 0,", told)
    assert '"status": "Preparing"' in first[1].splitlines()[-2]
    assert "StatusNotification" in first[1] and len(second[1].splitlines()) == 12


@pytest.mark.slow
def test_a_golden_trace_is_asked_for_written_and_held(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(GOLDEN % 60)
    missing = run(pytester)
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*there is no golden trace*--update-golden writes it*"])
    run(pytester, "--update-golden").assert_outcomes(passed=1)
    assert "StartTransaction" in (pytester.path / "golden" / "test_trace.txt").read_text()
    run(pytester).assert_outcomes(passed=1)
    pytester.makepyfile(GOLDEN % 50)
    changed = run(pytester)
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(["*MeterValueSampleInterval = 50*"])
