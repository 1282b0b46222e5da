"""The judge is sharp: every seeded bug is caught by the check it names, and the healthy twin by none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evc5.rigs.checks import judge
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.command.cli import main
from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.bugs import BUGS
from evc5.rigs.selftest.replacements import constant
from evc5.rigs.selftest.selftest import failed, record, run_trial, selftest
from evc5.rigs.selftest.small_rigs import RIGS, SWITCHED, SmallRig
from evc5.twin.sessions import samples

CHECKS = {row.id for row in TABLE}
JUDGED = [bug for bug in BUGS if bug.check in CHECKS]


@pytest.fixture(scope="module")
def healthy() -> dict[str, bytes]:
    return {}


HEALTHY = [  # half of them in the fast set
    pytest.param(rig, marks=[] if number % 2 == 0 else pytest.mark.slow)
    for number, rig in enumerate(sorted({bug.rig for bug in BUGS}))
]


@pytest.mark.slow
@pytest.mark.parametrize("rig", HEALTHY)
def test_the_healthy_twin_has_no_error(rig: str) -> None:
    trial, recording = run_trial(rig)
    assert (trial.tripped, trial.crash) == ((), "")
    assert recording


ON_OTHER_HARDWARE = [
    pytest.param(rig, station, behaviour, id=f"{rig.name}-{what}")
    for number, rig in enumerate(RIGS.values())
    for (what, station), behaviour in zip(
        {"one-phase": {"phases": 1}, "relays": {"phase_switching": True}, "fixed": {}}.items(),
        ("ocpp16", "evc5-v32r30", "ocpp16") if number % 2 else ("evc5-v32r30", "ocpp16", "ocpp16"),
        strict=True,
    )
]


@pytest.mark.slow
@pytest.mark.parametrize(("rig", "station", "behaviour"), ON_OTHER_HARDWARE)
def test_no_small_rig_has_an_error_on_one_phase_with_relays_or_without(
    rig: SmallRig, station: dict[str, Any], behaviour: str, tmp_path: Path
) -> None:
    keys = {name: value for name, value in rig.keys.items() if name not in SWITCHED}
    record(replace(rig, station={**rig.station, **station}, keys=keys), tmp_path / "run", behaviour)
    assert failed(judge(tmp_path / "run")) == ()


EVERY = [  # each twelfth one in the fast set, to keep it fast; all of them with the slow tests
    pytest.param(bug, id=bug.name, marks=[] if number % 12 == 0 else pytest.mark.slow)
    for number, bug in enumerate(JUDGED)
]


@pytest.mark.slow
@pytest.mark.parametrize("bug", EVERY)
def test_a_bug_is_caught_by_the_check_it_names(bug: Bug, healthy: dict[str, bytes]) -> None:
    if bug.rig not in healthy:
        healthy[bug.rig] = run_trial(bug.rig)[1]
    trial, recording = run_trial(bug.rig, bug, healthy[bug.rig])
    assert trial.crash == ""
    assert recording != healthy[bug.rig]
    assert bug.check in trial.tripped


def test_there_are_fifty_bugs_and_more_each_with_a_name_of_its_own() -> None:
    names = [bug.name for bug in BUGS]
    assert len(set(names)) == len(names) >= 50


def test_every_bug_names_a_rig_that_there_is() -> None:
    assert {bug.rig for bug in BUGS} <= set(RIGS)


def test_a_bug_is_taken_out_again_whatever_happens() -> None:
    patch = Patch("evc5.twin.sessions.samples:CLOCK", constant("Sample.Periodic"))
    bug = Bug("x", "", check="", clause="", rig="", patches=(patch,))
    before = samples.CLOCK
    with pytest.raises(ZeroDivisionError), bug.applied():
        assert samples.CLOCK == "Sample.Periodic"
        raise ZeroDivisionError
    assert before == samples.CLOCK == "Sample.Clock"


@pytest.mark.parametrize(
    "target",
    [
        "evc5.twin.sessions.samples:Samples.no_such",
        "evc5.twin.sessions.samples:NoSuch.start",
        "evc5.twin.services.operations:OPERATIONS[Brew]",
    ],
)
def test_a_bug_whose_target_is_gone_says_so(target: str) -> None:
    with pytest.raises(LookupError, match="there is no"), Patch(target, constant(None)).applied():
        pass


def test_a_bug_that_escapes_fails_the_selftest() -> None:
    harmless = Bug(
        "harmless",
        "nothing",
        check="rpc.id",
        clause="",
        rig="idle",
        patches=(Patch("evc5.twin.sessions.samples:TRIGGER", constant("T")),),
    )
    outcome = selftest([harmless])
    assert not outcome.passed
    assert [trial.passed for trial in outcome.healthy] == [True]


@pytest.mark.slow
def test_the_command_prints_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--bug", "heartbeat-missing", "--bug", "keys-forgotten"]) == 2
    assert "keys-forgotten" in capsys.readouterr().err
    assert main(["selftest", "--bug", "heartbeat-missing"]) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 bugs caught" in printed
    assert max(map(len, printed.splitlines())) <= 100


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--json", "--bug", "heartbeat-missing"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bugs"], told["caught"], told["passed"]) == (1, 1, True)
    assert told["trials"][1]["check"] == "heartbeat.interval"


def test_occupied_of_the_sheet_is_a_known_deviation(tmp_path: Path) -> None:
    record(RIGS["charge"], tmp_path / "run", policies={"occupied_status": "replaces-preparing"})
    verdict = judge(tmp_path / "run")
    words = {row["id"]: row["verdict"] for row in verdict.requirements}
    assert verdict.passed
    assert (words["frame.schema"], words["status.table"]) == ("KNOWN DEVIATION", "PASS")
