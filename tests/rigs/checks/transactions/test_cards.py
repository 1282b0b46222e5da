"""What is asked for and told of cards, at the very instant and within its time, is as it should be."""

from pathlib import Path

import pytest
from edges.short import idle, order, short, status
from edges.transactions import ACCEPTED, authorized
from handmade import Handmade

from evc5.rigs.checks import judge

LISTED = [{"idTag": "TAG1", "idTagInfo": {"status": "Blocked"}}]


def verdict_of(requirement: str, made: Handmade, path: Path) -> str:
    rows = judge(made.write(path)).requirements
    return next(str(row["verdict"]) for row in rows if row["id"] == requirement)


def test_a_card_may_be_asked_for_at_the_instant_it_is_shown(tmp_path: Path) -> None:
    assert verdict_of("card.asked", short(LocalPreAuthorize="false"), tmp_path) == "PASS"


def contradicted(told_after_s: float) -> Handmade:
    """The local list blocks a card that the CSMS accepts at 200 s."""
    made = idle(LocalAuthListEnabled="true")
    wire = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": LISTED}
    order(made, 100, "SendLocalList", wire)
    authorized(made, 200, ACCEPTED)
    status(made, 200.05 + told_after_s, "Available", errorCode="LocalListConflict")
    return made


def test_a_conflict_of_the_local_list_may_be_told_a_while_after_it(tmp_path: Path) -> None:
    assert verdict_of("list.conflict", contradicted(14), tmp_path / "soon") == "PASS"
    assert verdict_of("list.conflict", contradicted(16), tmp_path / "late") == "FAIL"


def test_a_list_put_to_use_while_a_card_is_asked_for_may_be_contradicted(tmp_path: Path) -> None:
    made = contradicted(1)
    for t, value in ((50, "false"), (200.02, "true")):
        order(made, t, "ChangeConfiguration", {"key": "LocalAuthListEnabled", "value": value})
    assert verdict_of("list.conflict", made, tmp_path / "between") == "PASS"
    order(made, 200.04, "ChangeConfiguration", {"key": "LocalAuthListEnabled", "value": "false"})
    assert verdict_of("list.conflict", made, tmp_path / "out of use") == "FAIL"


@pytest.mark.slow
def test_a_card_in_its_own_transaction_is_not_asked_for_and_another_may_be(tmp_path: Path) -> None:
    for tag, severities in (("TAG1", ["error"]), ("TAG2", [])):
        made = short()
        made.event(600.0, 1, "tag", id_tag=tag)
        authorized(made, 600.1, ACCEPTED, tag)
        findings = judge(made.write(tmp_path / tag)).findings
        told = [one["severity"] for one in findings if one["requirement"] == "authorisation.own-stop"]
        assert told == severities


@pytest.mark.slow
def test_the_card_that_was_shown_is_the_one_that_the_stop_tells(tmp_path: Path) -> None:
    made = short()
    stop = made.calls("StopTransaction")[0]
    stop["frame"][3] |= {"reason": "Local", "idTag": "TAG1"}
    assert verdict_of("card.stops", made, tmp_path / "own") == "PASS"
    stop["frame"][3]["idTag"] = "TAG9"
    assert verdict_of("card.stops", made, tmp_path / "another") == "FAIL"
