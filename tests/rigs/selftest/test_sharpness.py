"""No check is blunt: each that the judge can give is tripped by a seeded bug or by a hand-made recording."""

from pathlib import Path

import pytest
from handmade import healthy
from trips import TRIPS

from evc5.rigs.checks import judge
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.selftest.bugs import BUGS

KEPT = "connection.kept"
# They give warnings only: how a back office behaves, or that a boot was one too many, is no error.
WARNS = {KEPT, "transaction.unique-id", "boot.repeated", "clock.csms"}
# Nothing that an EVC5 does (it measures no intervals, reserves nothing) or that telemetry does not tell:
# test_energy.py, test_others_stories.py.
FOREIGN = {"metering.energy-interval", "status.no-flow", "reservation.kept"}


def test_every_check_is_tripped_by_a_seeded_bug_or_a_hand_made_recording() -> None:
    """That they do trip it is tested one by one: in test_selftest, and in checks.test_judge."""
    tripped = {bug.check for bug in BUGS} | {requirement for _, requirement in TRIPS} | WARNS | FOREIGN
    assert {row.id for row in TABLE} - tripped == set()


def test_every_bug_names_a_check_that_there_is() -> None:
    assert {bug.check for bug in BUGS} <= {row.id for row in TABLE}


@pytest.mark.slow
def test_a_connection_that_the_back_office_ends_is_a_warning(tmp_path: Path) -> None:
    made = healthy()
    made.event(20_000.0, None, "link-down", kind="lost", reason="1011 internal error")
    found = [row for row in judge(made.write(tmp_path / "run")).findings if row["requirement"] == KEPT]
    assert [row["severity"] for row in found] == ["warning"]
