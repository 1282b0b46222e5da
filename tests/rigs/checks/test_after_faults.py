"""What a fault comes back as: the status from before it, told at once (4.9, I1 to I8)."""

from pathlib import Path
from typing import Any

import pytest
from edges import judged
from edges.short import short, status

FAULT_S, CLEAR_S = 600.0, 660.0
ANSWER_S = 10.0  # a car may take so long to ask again


def of_the_fault(directory: Path, *told: tuple[float, str], **summary: Any) -> list[tuple[str, str]]:
    """Findings, by severity and what was told, where these statuses follow a fault under charge."""
    made = short()
    made.summary = summary
    made.event(FAULT_S, 1, "fault", fault="ground-failure")
    status(made, FAULT_S, "Faulted", errorCode="GroundFailure")
    made.event(CLEAR_S, 1, "clear", fault="ground-failure")
    for after_s, word in told:
        status(made, CLEAR_S + after_s, word)
    findings = judged(made, directory, {}).findings
    return [
        (one["severity"], one["actual"])
        for one in findings
        if one["requirement"] == "status.fault-code" and one["message"] == "ground-failure is over"
    ]


@pytest.mark.parametrize("detour", ["SuspendedEV", "Preparing", "Available", "Finishing"])
def test_a_fault_comes_back_as_what_it_was_and_by_no_detour(detour: str, tmp_path: Path) -> None:
    assert of_the_fault(tmp_path, (0.0, detour), (2.5, "Charging")) == [("error", detour)]


def test_a_status_that_stands_for_no_time_hides_no_detour(tmp_path: Path) -> None:
    told = (0.0, "SuspendedEVSE"), (0.0, "SuspendedEV"), (2.5, "Charging")
    assert of_the_fault(tmp_path, *told) == [("error", "SuspendedEV")]


def test_of_another_makers_station_a_detour_is_worth_a_warning(tmp_path: Path) -> None:
    told = (0.0, "SuspendedEV"), (2.5, "Charging")
    assert of_the_fault(tmp_path, *told, behaviour="ocpp16") == [("warning", "SuspendedEV")]


@pytest.mark.parametrize(
    "told",
    [
        ((2.5, "Charging"),),
        ((0.0, "SuspendedEVSE"), (8.0, "Charging")),  # there was nothing to offer yet
        ((ANSWER_S + 0.05, "SuspendedEV"), (13.0, "Charging")),  # the car was slow to answer
        ((0.0, "SuspendedEV"),),  # it charges no more
    ],
    ids=["at once", "waits for current", "slow car", "another"],
)
def test_whoever_has_a_reason_for_another_status_may_tell_it(
    told: tuple[tuple[float, str], ...], tmp_path: Path
) -> None:
    assert of_the_fault(tmp_path, *told) == []
