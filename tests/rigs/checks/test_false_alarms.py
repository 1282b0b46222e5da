"""What looks like a fault and is none: the least that each cause of a false alarm needs, step by step."""

from typing import Any

import pytest
from random_days import Step, play
from random_days.__main__ import findings

TABLE = {"name": "steps", "start": "2024-03-01T00:00:00Z", "days": 3660.0}
SAMPLED = {"ClockAlignedDataInterval": 300}


def step(verb: str, *args: Any, **kwargs: Any) -> Step:
    return Step(verb, args, kwargs)


def wait(seconds: float) -> Step:
    return Step("advance", (seconds,))


DARK = [step("inject", "power-loss", 1), wait(900.0), step("clear", "power-loss", 1), wait(600.0)]
BACK_BEFORE_THE_LINE = [
    step("power.cut"),
    wait(3.0),
    step("link.down"),
    step("power.restore"),
    wait(1500.0),
    step("link.up"),
    wait(600.0),
]
BROKEN_REPLIES = [step("csms.reply", "MeterValues", {"status": "Accepted"}, times=5), wait(1800.0)]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[Step]]] = {
    "power-loss-at-one-connector-is-the-station's": ({"keys": SAMPLED}, {}, [wait(1.0), *DARK]),
    "the-mains-are-back-before-the-line": ({}, {}, BACK_BEFORE_THE_LINE),
    "a-reply-with-a-foreign-field-may-be-taken-for-none": ({"keys": SAMPLED}, {}, BROKEN_REPLIES),
    "keys-never-asked-are-those-of-the-rig": (
        {"keys": SAMPLED, "policies": {"clock_stamp": "interval-start"}},
        {"asks_keys": False},
        [wait(400.0), step("plug_in", 1), step("present_tag", 1, "TAG1"), wait(1300.0)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_healthy_twin_has_no_error(case: str) -> None:
    station, csms, steps = CASES[case]
    found = findings(play({**TABLE, "station": station, "csms": csms}, steps))
    assert [(row["requirement"], row["message"]) for row in found] == []
