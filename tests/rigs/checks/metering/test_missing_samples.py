"""A sample that is missing is told, unless there was no power, no meter, or nothing to sample."""

from collections.abc import Callable
from pathlib import Path

import pytest
from edges.short import order, shifted, short, status
from handmade import Handmade, at

from evc5.rigs.checks import judge

MISSING_S = 690.0  # the tenth sample of a charge that began at 90


def without_a_sample() -> Handmade:
    made = short()
    made.drop(next(c for c in made.meter_values("Sample.Periodic", 1) if c["t"] >= MISSING_S))
    return made


def nothing(made: Handmade) -> None:
    """No reason at all."""


def the_mains_were_gone(made: Handmade) -> None:
    made.event(MISSING_S - 10, None, "power-cut")
    made.event(MISSING_S + 10, None, "power-restore")


def the_meter_had_failed(made: Handmade) -> None:
    made.event(MISSING_S - 10, 1, "fault", fault="power-meter-failure")
    made.event(MISSING_S + 10, 1, "clear", fault="power-meter-failure")


def the_meter_was_told_to_fail(made: Handmade) -> None:
    status(made, MISSING_S - 10, "Faulted", errorCode="PowerMeterFailure")
    status(made, MISSING_S + 10, "Charging")


def nothing_was_to_be_sampled(made: Handmade) -> None:
    for t, names in ((MISSING_S - 10, ""), (MISSING_S + 10, "Energy.Active.Import.Register")):
        order(made, t, "ChangeConfiguration", {"key": "MeterValuesSampledData", "value": names})


def only_what_no_car_tells_was_to_be_sampled(made: Handmade) -> None:
    for t, names in ((MISSING_S - 10, "SoC"), (MISSING_S + 10, "Energy.Active.Import.Register")):
        order(made, t, "ChangeConfiguration", {"key": "MeterValuesSampledData", "value": names})


REASONS = [
    the_mains_were_gone,
    the_meter_had_failed,
    the_meter_was_told_to_fail,
    nothing_was_to_be_sampled,
    only_what_no_car_tells_was_to_be_sampled,
]


def misses(reason: Callable[[Handmade], None], path: Path) -> bool:
    made = without_a_sample()
    reason(made)
    found = judge(made.write(path)).findings
    return any("misses a sample" in one["message"] for one in found)


def test_a_sample_that_is_missing_is_told(tmp_path: Path) -> None:
    assert misses(nothing, tmp_path)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.__name__)
def test_a_sample_is_not_missed_where(reason: Callable[[Handmade], None], tmp_path: Path) -> None:
    assert not misses(reason, tmp_path)


def test_what_is_missed_before_samples_are_counted_from_elsewhere_is_told(tmp_path: Path) -> None:
    """Five are missing, from 690 s to 930 s; those that follow are 20 s late, all of them."""
    made = short()
    for line in made.meter_values("Sample.Periodic", 1):
        if MISSING_S <= line["t"] < 980:
            made.drop(line)
        elif line["t"] >= 980:
            value = line["frame"][3]["meterValue"][0]
            value["timestamp"] = at(90 + 60 * round((line["t"] - 90) / 60) + 20)
            shifted(made, line, 20)
    found = judge(made.write(tmp_path)).findings
    assert [one["times"] for one in found if "misses a sample" in one["message"]] == [5]
