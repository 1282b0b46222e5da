"""Over-current: more than 1.1 times the limit and 0.5 A for 7 s (everest-core's EvseManager)."""

from math import inf

import pytest

from evc5.models.flow import Flow
from evc5.models.trip import Trip

LIMIT_A = 16.0
LEVEL_A = 18.1  # 16 A x 1.1 + 0.5 A
SUM_U_V = 690.0
NOW_S = 100.0


def amps(from_a: float, slope_a_s: float = 0.0) -> Flow:
    return Flow(from_a * SUM_U_V, slope_a_s * SUM_U_V)


def due_s(*segments: tuple[float, Flow, float], reactive_a: float = 0.0) -> float:
    """When it trips in the last of these segments, each (beginning, flow, seconds that it lasts)."""
    trip = Trip(LIMIT_A)
    for now_s, flow, lasts_s in segments:
        due = trip.due_s(now_s, flow, lasts_s, SUM_U_V, reactive_a)
    return due


@pytest.mark.parametrize(
    ("flow", "lasts_s", "expected_s"),
    [
        (amps(LEVEL_A - 0.1), inf, inf),
        (amps(LEVEL_A + 0.1), inf, NOW_S + 7),
        (amps(LEVEL_A - 2, 1), inf, NOW_S + 2 + 7),  # rises above it after 2 s
        (amps(LEVEL_A - 2, 1), 1.9, inf),  # ends before it is there
        (amps(LEVEL_A + 8, -1), inf, NOW_S + 7),  # above it for 8 s
        (amps(LEVEL_A + 6, -1), inf, inf),  # for 6 s
    ],
)
def test_it_trips_after_seven_seconds_above_the_level(flow: Flow, lasts_s: float, expected_s: float) -> None:
    assert due_s((NOW_S, flow, lasts_s)) == pytest.approx(expected_s)


def test_the_seconds_go_on_through_a_change_of_the_current_above_the_level() -> None:
    assert due_s((NOW_S, amps(20), 3), (NOW_S + 3, amps(25), inf)) == NOW_S + 7


def test_the_seconds_go_on_from_where_a_ramp_went_above_the_level() -> None:
    rising = (NOW_S, amps(LEVEL_A - 2, 1), 3)
    assert due_s(rising, (NOW_S + 3, amps(LEVEL_A + 1), inf)) == pytest.approx(NOW_S + 2 + 7)


def test_the_seconds_are_counted_anew_where_the_current_was_below_the_level_between() -> None:
    dip = (NOW_S + 3, amps(10), 1)
    assert due_s((NOW_S, amps(20), 3), dip, (NOW_S + 4, amps(20), inf)) == NOW_S + 4 + 7


def test_the_seconds_are_counted_anew_after_a_fall_below_the_level_within_a_segment() -> None:
    falling = (NOW_S, amps(LEVEL_A + 2, -1), 4)  # below it after 2 s
    assert due_s(falling, (NOW_S + 4, amps(20), inf)) == NOW_S + 4 + 7


def test_reactive_current_counts() -> None:
    assert due_s((NOW_S, amps(18.0), inf)) == inf
    assert due_s((NOW_S, amps(18.0), inf), reactive_a=2.0) == NOW_S + 7  # 18.1 A together


def test_without_voltage_nothing_trips() -> None:
    trip = Trip(LIMIT_A)
    assert trip.due_s(NOW_S, Flow(0.0), inf, 0.0, 0.0) == inf
