"""A transaction begins with a car at its cable (2.2, 4.8), and no current is kept for one that is away."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import START_S, painted, short
from handmade import Handmade

from evc5.rigs.checks import judge

CHECK = "transaction.with-a-car"


def errors(made: Handmade, directory: Path) -> list[str]:
    found = judged(made, directory, {}).findings
    return [one["message"] for one in found if one["requirement"] == CHECK]


def moved(plug_s: float) -> Handmade:
    """The car comes then, for the transaction that begins at START_S."""
    made = short()
    next(event for event in made.events if event["event"] == "plug-in")["t"] = plug_s
    return made


@pytest.mark.parametrize("plug_s", [START_S - 30.0, START_S])
def test_a_transaction_with_its_car_is_sound(plug_s: float, tmp_path: Path) -> None:
    assert errors(moved(plug_s), tmp_path) == []


def test_a_transaction_without_a_car_is_found(tmp_path: Path) -> None:
    assert errors(moved(START_S + 60.0), tmp_path) == ["a transaction begins without a car"]


def test_where_a_fault_hides_the_cable_there_may_be_a_car(tmp_path: Path) -> None:
    made = moved(START_S + 60.0)
    made.event(START_S - 10.0, 1, "fault", fault="pilot-short")
    assert errors(made, tmp_path) == []


def test_who_keeps_no_diary_of_the_bench_is_not_judged(tmp_path: Path) -> None:
    directory = moved(START_S + 60.0).write(tmp_path / "run")
    (directory / "events.jsonl").unlink()
    assert CHECK not in {one["requirement"] for one in judge(directory).findings}


@pytest.mark.parametrize(("allocated_a", "found"), [(0.0, 0), (16.0, 1)])
def test_a_car_that_is_away_keeps_no_current_from_the_others(
    allocated_a: float, found: int, tmp_path: Path
) -> None:
    """Its transaction goes on: StopTransactionOnEVSideDisconnect is false."""
    made = short()
    gone = {"pilot": "A", "status": "SuspendedEV", "phases": 0, "i_a": 0.0, "offered_a": 0.0}
    painted(made, 600.0, 606.0, **gone, allocated_a=allocated_a)
    said = [one["requirement"] for one in judged(made, tmp_path, {}).findings]
    assert said.count("service.idle") == found
