"""SuspendedEV is for cars that do not charge, not for those that had no time to (4.9: B3, B4, E3, E4)."""

from pathlib import Path
from typing import Any

import pytest
from edges import judged
from edges.short import order, painted, short

PAUSE_S, OFFER_S, ANSWER_S = 580.0, 600.0, 5.0
HASTY = "status.hasty-suspension"


def severities(directory: Path, before: str, after_s: float, **summary: Any) -> list[str]:
    """A car is offered current anew at OFFER_S, and so much later SuspendedEV stands until it charges."""
    made = short()
    made.summary = summary
    open_ = {"pilot": "B", "phases": 0, "i_a": 0.0}
    painted(made, PAUSE_S, OFFER_S, status=before, offered_a=0.0, allocated_a=0.0, **open_)
    painted(made, OFFER_S, OFFER_S + after_s, status=before, **open_)
    painted(made, OFFER_S + after_s, OFFER_S + after_s + 2.0, status="SuspendedEV", **open_)
    found = judged(made, directory, {}).findings
    return [one["severity"] for one in found if one["requirement"] == HASTY]


@pytest.mark.parametrize("before", ["Preparing", "SuspendedEVSE"])
@pytest.mark.parametrize("after_s", [0.0, 2.0, ANSWER_S - 0.1])
def test_a_car_is_not_suspended_before_it_had_time_to_answer(
    before: str, after_s: float, tmp_path: Path
) -> None:
    assert severities(tmp_path, before, after_s) == ["error"]


def test_of_another_makers_station_it_is_worth_a_warning(tmp_path: Path) -> None:
    assert severities(tmp_path, "SuspendedEVSE", 2.0, behaviour="ocpp16") == ["warning"]


def test_a_car_that_had_its_time_may_count_as_suspended(tmp_path: Path) -> None:
    assert severities(tmp_path, "SuspendedEVSE", ANSWER_S) == []


def test_a_car_that_charged_until_then_may_suspend_at_any_time(tmp_path: Path) -> None:
    assert severities(tmp_path, "Charging", 2.0) == []


@pytest.mark.parametrize(
    ("status", "offered_a", "found"),
    [
        ("SuspendedEVSE", 16.0, ["error"]),
        ("SuspendedEVSE", 0.0, []),
        ("SuspendedEV", 0.0, ["error"]),
        ("SuspendedEV", 16.0, []),
    ],
)
def test_a_pause_does_not_begin_against_the_offer(
    status: str, offered_a: float, found: list[str], tmp_path: Path
) -> None:
    """Though it lasts for two seconds only."""
    made = short()
    painted(
        made,
        600.0,
        602.0,
        status=status,
        pilot="B",
        phases=0,
        i_a=0.0,
        offered_a=offered_a,
        allocated_a=offered_a,
    )
    of_it = [one for one in judged(made, tmp_path, {}).findings if one["requirement"] == HASTY]
    assert [one["severity"] for one in of_it] == found


def test_what_the_back_office_orders_in_that_instant_may_have_changed_the_offer_since(tmp_path: Path) -> None:
    made = short()
    painted(made, 600.0, 602.0, status="SuspendedEVSE", pilot="B", phases=0, i_a=0.0)
    order(made, 600.0, "ClearChargingProfile", {}, {"status": "Unknown"})
    assert HASTY not in {one["requirement"] for one in judged(made, tmp_path, {}).findings}


def test_a_pause_may_stand_on_for_a_moment_while_the_car_is_given_time(tmp_path: Path) -> None:
    made = short()
    paused = {"status": "SuspendedEVSE", "pilot": "B", "phases": 0, "i_a": 0.0}
    painted(made, 600.0, 620.0, **paused, offered_a=0.0, allocated_a=0.0)
    painted(made, 620.0, 624.0, **paused)
    assert HASTY not in {one["requirement"] for one in judged(made, tmp_path, {}).findings}
