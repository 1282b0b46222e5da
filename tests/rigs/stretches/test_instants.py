"""Moments written together are those written one by one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.rigs.stretches.instants import epoch_texts, run_seconds, texts
from evc5.twin.clock import Calendar, StationClock

STARTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1))
SECONDS = st.one_of(st.floats(0, 3e8), st.integers(0, 10**9).map(lambda halves: halves / 2000.0))


@pytest.mark.slow
@given(STARTS, st.lists(SECONDS, max_size=5))
def test_many_moments_are_written_as_each_of_them(start, t_s):
    calendar = Calendar(start.replace(tzinfo=UTC))
    clock = StationClock(calendar, offset_s=-0.25, drift_ppm=80.0)
    assert texts(calendar, t_s) == [calendar.iso(t) for t in t_s]
    assert epoch_texts([clock.epoch(t) for t in t_s]) == [clock.iso(t) for t in t_s]


@pytest.mark.slow
@given(st.lists(st.one_of(SECONDS, st.floats(allow_nan=False)), min_size=1, max_size=5))
def test_many_seconds_of_a_run_are_written_as_each_of_them(t_s):
    assert run_seconds(t_s) == [repr(t) for t in t_s]
