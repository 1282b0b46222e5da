"""A short pilot is told with EVCommunicationError beside its status, and no fault is made of it (7.6)."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import short, status

CODE = "status.fault-code"


@pytest.mark.parametrize(
    ("told", "code", "found"),
    [
        ("SuspendedEV", "EVCommunicationError", 0),
        ("SuspendedEV", "NoError", 1),
        ("Charging", "NoError", 0),  # the code goes with none of what stands there
    ],
)
def test_what_is_told_of_a_car_that_cannot_be_spoken_with(
    told: str, code: str, found: int, tmp_path: Path
) -> None:
    made = short()
    made.event(600.0, 1, "fault", fault="pilot-short")
    status(made, 600.1, told, errorCode=code)
    said = [one["requirement"] for one in judged(made, tmp_path, {}).findings]
    assert said.count(CODE) == found
