"""What was served faster than the clock is not held to what is to happen within a minute."""

from pathlib import Path

from edges.short import short
from handmade import Handmade

from evc5.rigs.checks.state.pace import LACKS, WITHIN_A_MINUTE
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.checks.verdict.judging import judge


def at_a_pace(made: Handmade, pace: float) -> Handmade:
    made.summary |= {"csms": "served", "pace": pace}
    return made


def test_each_requirement_that_is_left_out_is_one() -> None:
    assert set(WITHIN_A_MINUTE) <= {row.id for row in TABLE}


def test_what_happens_within_a_minute_is_judged_at_the_pace_of_the_clock_only(tmp_path: Path) -> None:
    told = {}
    for pace in (1.0, 600.0):
        verdict = judge(at_a_pace(short(), pace).write(tmp_path / f"{pace:g}"))
        told[pace] = {row["id"]: row for row in verdict.requirements}
    prompt = told[600.0]["transaction.prompt"]
    assert (told[1.0]["transaction.prompt"]["verdict"], prompt["verdict"]) == ("PASS", "NOT JUDGED")
    assert prompt["lacks"] == [LACKS]
    assert told[600.0]["transaction.pair"]["verdict"] == "PASS"


def test_of_what_is_left_out_nothing_is_found(tmp_path: Path) -> None:
    made = short()
    made.drop(*made.calls("StatusNotification"))
    fast = judge(at_a_pace(made, 600.0).write(tmp_path / "fast"))
    assert not {row["requirement"] for row in fast.findings} & set(WITHIN_A_MINUTE)
