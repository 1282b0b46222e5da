"""The interval algebra: exact at every boundary, and honest about until when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from profile_driver import epoch

from evc5.twin.charging.schedule import (
    DAY_MS,
    NEVER,
    WEEK_MS,
    Cap,
    Schedule,
    cap_of_watts,
    prevailing,
    tenth,
    to_ms,
    to_s,
)

HOUR_MS = 3_600_000
HIGH, LOW = Cap(16.0), Cap(8.0)


def steps(**more: int | bool | None) -> Schedule:
    """16 A for an hour from 0, then 8 A."""
    return Schedule((0, HOUR_MS), (HIGH, LOW), **({"start_ms": 0} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("t_ms", "cap", "until_ms"),
    [
        (-1, None, 0),
        (0, HIGH, HOUR_MS),
        (HOUR_MS - 1, HIGH, HOUR_MS),
        (HOUR_MS, LOW, 2 * HOUR_MS),
        (2 * HOUR_MS - 1, LOW, 2 * HOUR_MS),
        (2 * HOUR_MS, None, NEVER),
    ],
)
def test_at_its_boundary_the_new_value_holds(t_ms: int, cap: Cap | None, until_ms: int) -> None:
    assert steps(duration_ms=2 * HOUR_MS).at(t_ms) == (cap, until_ms)


def test_the_last_period_holds_for_ever_without_a_duration() -> None:
    assert steps().at(10**15) == (LOW, NEVER)


def test_periods_past_the_duration_are_not_executed() -> None:
    assert steps(duration_ms=HOUR_MS // 2).at(0) == (HIGH, HOUR_MS // 2)
    assert steps(duration_ms=HOUR_MS // 2).at(HOUR_MS) == (None, NEVER)


def test_a_daily_schedule_without_a_duration_fills_its_day() -> None:
    daily = steps(every_ms=DAY_MS)
    assert daily.at(DAY_MS - 1) == (LOW, DAY_MS)
    assert daily.at(DAY_MS) == (HIGH, DAY_MS + HOUR_MS)


def test_a_weekly_schedule_begins_anew_every_seven_times_24_hours() -> None:
    weekly = steps(every_ms=WEEK_MS)
    week_ms = 7 * 24 * HOUR_MS  # 7.37
    assert weekly.at(week_ms - 1) == (LOW, week_ms)
    assert weekly.at(week_ms) == (HIGH, week_ms + HOUR_MS)


def test_a_daily_schedule_is_silent_between_its_duration_and_the_next_day() -> None:
    daily = steps(every_ms=DAY_MS, duration_ms=2 * HOUR_MS)
    assert daily.at(5 * DAY_MS + 2 * HOUR_MS) == (None, 6 * DAY_MS)


def test_what_reaches_past_the_recurrence_is_not_executed() -> None:
    long = Schedule((0, DAY_MS + HOUR_MS), (HIGH, LOW), 0, duration_ms=3 * DAY_MS, every_ms=DAY_MS)
    assert long.at(DAY_MS + 2 * HOUR_MS) == (HIGH, 2 * DAY_MS)


def test_before_its_start_a_recurring_schedule_is_silent_or_reaches_backwards() -> None:
    assert steps(every_ms=DAY_MS).at(-DAY_MS) == (None, 0)
    assert steps(every_ms=DAY_MS, backwards=True).at(-DAY_MS) == (HIGH, -DAY_MS + HOUR_MS)


def test_validity_cuts_a_schedule_without_moving_it() -> None:
    cut = steps(every_ms=DAY_MS, valid_from_ms=HOUR_MS // 2, valid_to_ms=DAY_MS + 1)
    assert cut.at(0) == (None, HOUR_MS // 2)
    assert cut.at(HOUR_MS // 2) == (HIGH, HOUR_MS)
    assert cut.at(DAY_MS) == (HIGH, DAY_MS + 1)
    assert cut.at(DAY_MS + 1) == (None, NEVER)


def test_a_schedule_without_start_counts_from_where_charging_began() -> None:
    relative = steps(start_ms=None)
    assert relative.at(HOUR_MS, began_ms=HOUR_MS // 2) == (HIGH, HOUR_MS + HOUR_MS // 2)
    assert relative.at(HOUR_MS, began_ms=None) == (None, NEVER)


def test_the_first_schedule_that_speaks_prevails_until_one_above_it_begins() -> None:
    above = Schedule((0,), (LOW,), HOUR_MS, duration_ms=HOUR_MS)
    below = Schedule((0,), (HIGH,), 0)
    assert prevailing((above, below), 0, None) == (HIGH, HOUR_MS)
    assert prevailing((above, below), HOUR_MS, None) == (LOW, 2 * HOUR_MS)
    assert prevailing((above, below), 2 * HOUR_MS, None) == (HIGH, NEVER)
    assert prevailing((), 0, None) == (None, NEVER)


def test_a_daily_schedule_in_utc_moves_an_hour_on_the_local_clock_with_daylight_saving() -> None:
    """23:00 in Amsterdam before the last Sunday of March is midnight after it: 7.37 means 24 hours."""
    amsterdam = ZoneInfo("Europe/Amsterdam")
    start_ms = to_ms(datetime(2024, 3, 29, 22, tzinfo=UTC).timestamp())
    nightly = Schedule((0,), (HIGH,), start_ms, duration_ms=HOUR_MS, every_ms=DAY_MS)
    t_ms, local = start_ms, []
    while len(local) < 4:
        cap, until_ms = nightly.at(t_ms)
        if cap is not None:
            local.append(datetime.fromtimestamp(t_ms / 1000, amsterdam).strftime("%d %H:%M"))
        t_ms = until_ms
    assert local == ["29 23:00", "30 23:00", "01 00:00", "02 00:00"]


def test_watts_become_amperes_over_their_own_phases_three_by_default() -> None:
    assert cap_of_watts(6900, None).amps == pytest.approx(10.0)
    assert cap_of_watts(6900, 2).amps == pytest.approx(15.0)
    assert cap_of_watts(6900, 1).amps == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("value", "written"), [(8.1, 8.1), (8.19, 8.1), (7.246, 7.2), (0.3, 0.3), (3680 / 230, 16.0), (0.0, 0.0)]
)
def test_a_limit_is_written_with_one_decimal_never_rounded_up(value: float, written: float) -> None:
    assert tenth(value) == written


def test_a_boundary_is_met_although_its_time_went_through_seconds_since_the_start() -> None:
    start, boundary_ms = epoch("2024-03-01T10:00:00Z"), to_ms(epoch("2024-03-01T10:00:00Z")) + 86_400_100
    until = to_s(boundary_ms)
    assert until is not None
    seconds_since_start = until - start
    assert to_ms(start + seconds_since_start) == boundary_ms
    assert to_ms(boundary_ms / 1000 - 4e-7) == boundary_ms


@pytest.mark.parametrize(
    ("schedule", "now", "until"),
    [
        (steps(every_ms=DAY_MS), HOUR_MS, NEVER),  # its own steps recur
        (steps(every_ms=DAY_MS), -HOUR_MS, 0),  # it has yet to begin ...
        (steps(every_ms=DAY_MS, backwards=True), -HOUR_MS, NEVER),  # ... or reaches backwards
        (steps(every_ms=DAY_MS, valid_to_ms=DAY_MS), HOUR_MS, DAY_MS),
        (steps(every_ms=DAY_MS, valid_from_ms=3 * HOUR_MS), HOUR_MS, 3 * HOUR_MS),
        (steps(), 0, HOUR_MS),  # once: each step is news
        (steps(), 2 * HOUR_MS, NEVER),
        (steps(start_ms=None, every_ms=DAY_MS), -2 * HOUR_MS, -HOUR_MS),  # from where charging began
    ],
)
def test_up_to_some_instant_a_schedule_does_nothing_but_recur(
    schedule: Schedule, now: int, until: int
) -> None:
    assert schedule.steady_until(now, -HOUR_MS) == until
