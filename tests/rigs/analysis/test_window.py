"""A stretch of a run says its hours in the zone that it is looked at from."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from evc5.rigs.analysis.window import Window

OSLO = ZoneInfo("Europe/Oslo")
HOUR_S = 3600.0


def test_ticks_are_hours_of_the_zone() -> None:
    window = Window(datetime(2024, 7, 1, 22, tzinfo=UTC), 0.0, 24 * HOUR_S, OSLO)
    ticks = window.ticks()
    assert ticks[0] == (0.0, "00:00 CEST")
    assert (8 * HOUR_S, "08:00") in ticks
    assert window.name() == "Tuesday 2 July 2024"


def test_the_day_on_which_the_clock_goes_forward_has_23_hours_between_its_midnights() -> None:
    start = datetime(2024, 3, 30, 23, tzinfo=UTC)  # midnight in Oslo; at 02:00 it is 03:00
    window = Window(start, 0.0, 23 * HOUR_S, OSLO)
    assert window.name() == "Sunday 31 March 2024"
    labels = dict(window.ticks())
    assert labels[0.0].startswith("00:00 CET")
    assert labels[3 * HOUR_S] == "04:00" and labels[23 * HOUR_S] == "00:00"


def test_a_midnight_between_bears_its_date() -> None:
    window = Window(datetime(2024, 3, 1, 12, tzinfo=UTC), 0.0, 24 * HOUR_S)
    assert dict(window.ticks())[12 * HOUR_S] == "00:00\nSat 2 Mar"


def test_a_long_stretch_has_days_and_no_more_ticks_than_asked_for() -> None:
    window = Window(datetime(2024, 1, 1, tzinfo=UTC), 0.0, 60 * 24 * HOUR_S)
    for most in (4, 12):
        ticks = window.ticks(most)
        assert 2 <= len(ticks) <= most + 1
        assert all(t_s % (24 * HOUR_S) == 0 for t_s, _ in ticks)
