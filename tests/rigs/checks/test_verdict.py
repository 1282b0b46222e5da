"""What a verdict says: one cause once, what is lacking in words, and first what a reader needs first."""

from pathlib import Path
from typing import Any

import pytest
from handmade import Handmade, healthy
from rich.console import Console
from trips import a_car_that_draws_more_than_its_profile, a_meter_three_percent_fast, a_missing_sample

from evc5.rigs.checks import judge
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.ledger import BETTER_METER, Ledger
from evc5.rigs.checks.state.requirement import Requirement
from evc5.rigs.checks.verdict.headline import headline, is_good
from evc5.rigs.checks.verdict.junit import junit
from evc5.rigs.checks.verdict.known import accept, read_known
from evc5.rigs.checks.verdict.render import show_first
from evc5.rigs.errors import BadInput

ROW = Requirement("family.one", "It holds", "4.9", needs=(EVENTS,), arises=("StartTransaction",))


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger((ROW,))
    made.knows = lambda _: False
    return made


def broken(ledger: Ledger, t: float, message: str, **more: Any) -> None:
    ledger.broken("family.one", t, 1, "this", "that", message, **more)


# -- the ledger ----------------------------------------------------------------------------------


def test_what_never_came_up_is_not_exercised(ledger: Ledger) -> None:
    assert ledger.verdict("family.one") == "NOT EXERCISED"
    assert ledger.lacks("family.one") == []


def test_what_came_up_without_its_evidence_is_not_judged_and_says_how_to_get_it(ledger: Ledger) -> None:
    ledger.seen.add("StartTransaction")
    (row,) = ledger.requirements()
    assert row["verdict"] == "NOT JUDGED"
    assert row["lacks"] == [EVENTS.lacks]
    assert "record" in EVENTS.lacks


def test_what_was_judged_passes_whatever_else_lacks(ledger: Ledger) -> None:
    ledger.seen.add("StartTransaction")
    ledger.held("family.one")
    assert ledger.verdict("family.one") == "PASS"


def test_nothing_but_undecided_comparisons_ask_for_a_better_meter(ledger: Ledger) -> None:
    ledger.undecided("family.one", 3)
    assert ledger.verdict("family.one") == "NOT JUDGED"
    assert ledger.lacks("family.one") == [BETTER_METER]
    ledger.held("family.one")
    assert ledger.verdict("family.one") == "PASS"


def test_what_could_not_be_compared_is_counted_by_reason(ledger: Ledger) -> None:
    ledger.not_compared("family.one", "the meter did not answer", 2)
    ledger.not_compared("family.one", "the meter did not answer", 3)
    (row,) = ledger.requirements()
    assert row["not_compared"] == {"the meter did not answer": 5}
    assert row["count"] == 0 and row["verdict"] == "NOT JUDGED"


def test_one_cause_is_one_finding_with_its_times(ledger: Ledger) -> None:
    broken(ledger, 10.0, "transaction 1 misses a sample")
    broken(ledger, 70.0, "transaction 2 misses a sample")
    broken(ledger, 130.0, "another thing")
    told = [(finding.message, finding.times, finding.t) for finding in ledger.findings]
    assert told == [("transaction 1 misses a sample", 2, 10.0), ("another thing", 1, 130.0)]
    assert ledger.failures("family.one") == 3


def test_a_finding_stands_on_the_line_of_its_frame(ledger: Ledger) -> None:
    for t, line in ((10.0, 3), (20.0, 5), (30.0, 9)):
        ledger.lines.tell(t, line)
    broken(ledger, 20.0, "of a frame before")
    broken(ledger, 30.0, "of the frame that is judged")
    broken(ledger, 25.0, "of no frame")
    broken(ledger, 20.0, "of what is missing", line=None)
    assert [finding.line for finding in ledger.findings] == [5, 9, None, None]


# -- the headline --------------------------------------------------------------------------------


def summary(*verdicts: str, errors: int = 0, **more: Any) -> dict[str, Any]:
    rows = [{"id": str(k), "verdict": verdict} for k, verdict in enumerate(verdicts)]
    return {"requirements": rows, "findings": [{"severity": "error"}] * errors, **more}


@pytest.mark.parametrize(
    ("told", "words", "good"),
    [
        (summary("PASS", "NOT JUDGED"), "no fault found · 1 of 2 requirements judged", True),
        (summary("FAIL", "PASS", errors=1), "1 fault found · 2 of 2 requirements judged", False),
        (summary("FAIL", errors=3), "3 faults found · 1 of 1 requirements judged", False),
        (summary("NOT EXERCISED"), "nothing judged · 0 of 1 requirements judged", None),
        (summary("PASS", breakdowns=[{}]), "inconclusive · 1 of 1 requirements judged", None),
        (
            summary("PASS", behaviour="ocpp16"),
            "no fault found · 1 of 1 requirements judged · as ocpp16",
            True,
        ),
    ],
)
def test_the_headline_says_what_was_found_and_on_what_it_rests(
    told: dict[str, Any], words: str, good: bool | None
) -> None:
    assert headline(told) == words
    assert is_good(told) is good


# -- of a recording ------------------------------------------------------------------------------


def fails_in_many_ways(made: Handmade) -> None:
    a_meter_three_percent_fast(made)
    a_missing_sample(made)
    for line in made.calls("StatusNotification"):
        line["frame"][3]["errorCode"] = "none"
    for line in made.calls("Heartbeat"):
        line["frame"][3]["extra"] = 1


@pytest.mark.slow
def test_what_a_reader_needs_first_fits_forty_lines_of_eighty_columns(tmp_path: Path) -> None:
    made = healthy()
    fails_in_many_ways(made)
    verdict = judge(made.write(tmp_path / "run") / "messages.jsonl")
    console = Console(width=80, record=True, file=(tmp_path / "out").open("w"), color_system=None)
    show_first(verdict.summary(), console, "station.log")
    lines = console.export_text().splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 80
    assert [line.rstrip() for line in lines] == lines  # what is pasted elsewhere has no blanks at its ends
    assert "faults found" in lines[0] and "requirements judged" in lines[0]
    text = "\n".join(lines)
    assert "Ecotap EVC5 V32R30" in text and "line " in text and "at fault: station" in text


def test_a_build_server_sees_why_a_requirement_was_not_judged() -> None:
    row = {"id": "family.one", "title": "It holds", "verdict": "NOT JUDGED", "lacks": ["a meter"]}
    assert b'message="NOT JUDGED: a meter"' in junit({"requirements": [row], "findings": []}, "log")


# -- known deviations ----------------------------------------------------------------------------

KNOWN = """
[[deviation]]
requirement = "metering.*"
vendor = "Ecotap"
firmware = "V32*"
reason = "accepted until V33"
"""


@pytest.mark.slow
def test_an_accepted_deviation_is_no_fault_and_says_why(tmp_path: Path) -> None:
    made = healthy()
    a_meter_three_percent_fast(made)
    verdict = judge(made.write(tmp_path / "run"))
    (tmp_path / "known.toml").write_text(KNOWN)
    assert verdict.exit_code == 1
    accepted = accept(verdict, read_known(tmp_path / "known.toml"))
    assert accepted.passed and accepted.exit_code == 0
    words = {row["id"]: row["verdict"] for row in accepted.requirements}
    assert words["metering.true-energy"] == "KNOWN DEVIATION"
    assert all("accepted until V33" in finding["message"] for finding in accepted.findings)


@pytest.mark.slow
@pytest.mark.parametrize("line", ['vendor = "Other"', 'firmware = "V33*"', 'message = "*nothing like it*"'])
def test_a_deviation_of_another_station_or_finding_changes_nothing(line: str, tmp_path: Path) -> None:
    made = healthy()
    a_meter_three_percent_fast(made)
    verdict = judge(made.write(tmp_path / "run"))
    (tmp_path / "known.toml").write_text(f'[[deviation]]\nrequirement = "metering.true-energy"\n{line}\n')
    assert accept(verdict, read_known(tmp_path / "known.toml")) == verdict


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deviation = 1", "must hold"),
        ("[[deviation]]\nvendor = 'x'", "deviation 1 names no requirement"),
        ("[[deviation]]\nrequirement = 'a'\ncolour = 'x'", "colour is unknown; allowed: requirement, vendor"),
        ("[[deviation]]\nrequirement = 1", "requirement must be text, got 1"),
        ("[[", "is not TOML"),
    ],
)
def test_a_file_of_deviations_that_is_wrong_says_where(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        read_known(tmp_path / "known.toml")


@pytest.mark.slow
def test_frames_alone_say_of_each_requirement_what_lacks_and_how_to_get_it(tmp_path: Path) -> None:
    """What a run directory judges and its bare frames cannot is NOT JUDGED, never NOT EXERCISED."""
    run = healthy().write(tmp_path / "run")
    whole, bare = (
        {row["id"]: row for row in judge(path).requirements} for path in (run, run / "messages.jsonl")
    )
    lost = [id for id in whole if whole[id]["verdict"] == "PASS" != bare[id]["verdict"]]
    assert "electrical.offer" in lost and "transaction.start-cause" in lost
    assert {bare[id]["verdict"] for id in lost} == {"NOT JUDGED"}
    assert all("record" in lack or "judge" in lack for id in lost for lack in bare[id]["lacks"])


NO_SOURCE = (None, 1, True, b"x", [], [1], {}, {1: 2}, object(), "x" * 300, "\0", "\ud800", range(3))
UNREAD = Path("nowhere.jsonl")  # the choices are refused before it is looked for
NO_TABLE = (0, "", "ab", b"x", [], [1], object(), 1.5, range(3))


@pytest.mark.parametrize("given", NO_SOURCE)
def test_what_is_no_recording_is_refused_in_a_line(given: Any) -> None:
    with pytest.raises(BadInput, match=r"^source must be") as refused:
        judge(given)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200


@pytest.mark.parametrize("given", NO_TABLE)
@pytest.mark.parametrize("name", ["policies", "tolerances"])
def test_what_is_no_table_of_choices_is_refused_by_its_name(name: str, given: Any) -> None:
    with pytest.raises(BadInput, match=f"^{name} must be a table"):
        judge(UNREAD, **{name: given})


@pytest.mark.parametrize("name", ["station", "timezone", "end", "behaviour"])
def test_what_is_no_text_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(BadInput, match=f"^{name} must be text"):
        judge(UNREAD, **{name: 7})


# -- whose it is ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("offered_a", "whose"), [(10.0, ["vehicle", "station"]), (16.0, "station"), (None, "station")]
)
def test_a_current_above_its_profile_may_be_the_vehicles_where_the_pilot_keeps_to_it(
    offered_a: float | None, whose: str | list[str], tmp_path: Path
) -> None:
    made = healthy()
    a_car_that_draws_more_than_its_profile(made)
    for row in made.rows:
        if row["offered1_a"]:
            row |= {f"offered{n}_a": offered_a for n in (1, 2, 3)}
    findings = judge(made.write(tmp_path / "run")).findings
    assert {str(row["blames"]) for row in findings if row["requirement"] == "charging.current"} == {
        str(whose)
    }
    taken = {str(row["blames"]) for row in findings if row["requirement"] == "electrical.offer"}
    assert taken <= {"['vehicle', 'station']"} and bool(taken) is (offered_a != 16.0)
