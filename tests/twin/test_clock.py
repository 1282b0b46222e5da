"""The calendar over virtual time, the station's clock, and the boundaries of clock-aligned data."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.twin.clock import Calendar, StationClock, last_boundary, next_boundary, parse_instant

START = datetime(2024, 3, 1, 10, 0, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.slow
@given(st.integers(min_value=0, max_value=400 * 86_400_000))
def test_timestamps_read_back_to_the_same_millisecond(ms):
    text = Calendar(START).iso(ms / 1000)
    assert datetime.fromisoformat(text) == START + timedelta(milliseconds=ms)
    assert text.endswith("Z") and len(text) == len("2024-03-01T10:00:00.000Z")


def test_one_calendar_writes_instants_in_any_order():
    calendar, times_s = (
        Calendar(START),
        [0.0, 0.0, 0.0016, 59.999, 60.0, 3_600.0, 50_400.0, 50_399.999, 86_400.0 * 366],
    )
    told = [calendar.iso(t_s) for t_s in (*times_s, *reversed(times_s))]
    wanted = [
        (START + timedelta(milliseconds=round(t_s * 1e3))).isoformat(timespec="milliseconds")
        for t_s in times_s
    ]
    wanted = [text.replace("+00:00", "Z") for text in wanted]
    assert told == [*wanted, *reversed(wanted)]


def test_a_calendar_keeps_its_start_to_the_millisecond_in_its_zone():
    calendar = Calendar(datetime(2024, 3, 1, 11, 0, 0, 1600, tzinfo=OSLO), OSLO)
    assert calendar.iso(0.0) == "2024-03-01T10:00:00.002Z" and calendar.zone is OSLO
    assert calendar.at(1.0) == START + timedelta(seconds=1, microseconds=1600)
    assert calendar.t(calendar.epoch(5.0)) == pytest.approx(5.0)


def test_a_start_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="UTC offset"):
        Calendar(datetime(2024, 3, 1))


@pytest.mark.slow
@given(st.floats(-500, 500), st.floats(-1e4, 1e4), st.floats(0, 1e6))
def test_the_station_clock_and_its_inverse_agree(drift_ppm, offset_s, t_s):
    clock = StationClock(Calendar(START), offset_s, drift_ppm, set_t_s=100.0)
    assert clock.t(clock.epoch(t_s)) == pytest.approx(t_s, abs=1e-4)


def test_a_clock_is_ahead_by_its_offset_and_its_drift_since_it_was_set():
    clock = StationClock(Calendar(START), offset_s=2.0, drift_ppm=100.0, set_t_s=1_000.0)
    assert clock.error_s(11_000.0) == pytest.approx(3.0)
    assert clock.iso(11_000.0) == "2024-03-01T13:03:23.000Z"
    assert clock.t(epoch(2024, 3, 1, 13, 3, 23)) == pytest.approx(11_000.0, abs=1e-4)
    assert StationClock(Calendar(START), offset_s=2.0).t(epoch(2024, 3, 1, 10, 0, 12)) == pytest.approx(10.0)


def test_setting_the_clock_takes_away_its_error_and_tells_the_step():
    clock = StationClock(Calendar(START), drift_ppm=100.0)
    step_s = clock.set(10_000.0, clock.calendar.epoch(10_000.0))
    assert step_s == pytest.approx(-1.0, abs=1e-6)
    assert clock.error_s(10_000.0) == pytest.approx(0.0, abs=1e-6)


def epoch(*parts, zone=UTC):
    return datetime(*parts, tzinfo=zone).timestamp()


def test_quarter_hours_fall_on_the_quarter_hour():
    assert next_boundary(epoch(2024, 3, 1, 10, 0, 0), 900) == epoch(2024, 3, 1, 10, 15)
    assert next_boundary(epoch(2024, 3, 1, 10, 14, 59), 900) == epoch(2024, 3, 1, 10, 15)


def test_an_interval_that_does_not_divide_the_day_starts_anew_at_midnight():
    assert next_boundary(epoch(2024, 3, 1, 23, 30), 7000) == epoch(2024, 3, 2, 0, 0)
    assert next_boundary(epoch(2024, 3, 2, 0, 0), 7000) == epoch(2024, 3, 2, 1, 56, 40)


def test_boundaries_count_from_midnight_where_the_station_stands_or_in_utc():
    """Two hours, at 10:00 UTC and 11:00 in Oslo."""
    now = epoch(2024, 3, 1, 10)
    assert next_boundary(now, 7200, OSLO) == epoch(2024, 3, 1, 11)
    assert next_boundary(now, 7200) == next_boundary(now, 7200, ZoneInfo("UTC")) == epoch(2024, 3, 1, 12)
    assert next_boundary(epoch(2024, 3, 1, 22, 59), 86_400, OSLO) == epoch(2024, 3, 1, 23)


@pytest.mark.parametrize(("interval_s", "zone", "ends", "began"), [
    (900, None, (1, 10, 15), (1, 10, 0)), (900, None, (1, 10, 15, 1), (1, 10, 15)),
    (900, None, (2, 0, 0), (1, 23, 45)),
    (7000, None, (2, 0, 0), (1, 23, 20)), (7000, None, (2, 1, 56, 40), (2, 0, 0)),
    (7200, OSLO, (1, 10, 0), (1, 9, 0)),  # 10:00 and 11:00 there: the even hour
    (86_400, OSLO, (1, 23, 0), (None, 23, 0)),
])  # fmt: skip
def test_an_interval_began_at_the_boundary_before_the_one_at_which_it_ends(interval_s, zone, ends, began):
    """Of March 2024, in UTC."""
    since = epoch(2024, 2, 29, *began[1:]) if began[0] is None else epoch(2024, 3, *began)
    assert last_boundary(epoch(2024, 3, *ends), interval_s, zone) == since


@pytest.mark.parametrize(("day", "hours"), [((2024, 3, 31), 23), ((2024, 10, 27), 25)])
def test_a_local_day_has_as_many_hours_as_its_zone_gives_it(day, hours):
    now, count = epoch(*day, zone=OSLO), 0
    tomorrow = epoch(day[0], day[1] + (day[2] == 31), 1 if day[2] == 31 else 28, zone=OSLO)
    while now < tomorrow:
        now, count = next_boundary(now, 3600, OSLO), count + 1
    assert (now, count) == (tomorrow, hours)


@pytest.mark.parametrize(
    "text", ["2024-03-01", "2024-03-01T10:00:00", "yesterday", "", "2024-13-01T00:00:00Z"]
)
def test_what_is_no_instant_is_none(text):
    assert parse_instant(text) is None
