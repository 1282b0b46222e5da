"""A clock that drifts: what is recorded is taken to the station's own time, and back."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_days import Day, Step, play
from random_days.__main__ import findings

from evc5.rigs.checks.reading.station_time import StationTime, drifting
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.spans import highest_of_late, is_new

START = 1_709_251_200.0  # 2024-03-01T00:00:00Z
FAST = 500e-6


def test_without_drift_a_second_is_a_second() -> None:
    assert StationTime(START).epoch(12.5) == START + 12.5
    assert StationTime(START).t_s(START + 12.5) == 12.5


def test_a_fast_clock_gains_until_it_is_set() -> None:
    time = StationTime(START, drifting(0.0, FAST, [(2000.0, -1.0)]))
    assert time.epoch(1000.0) == pytest.approx(START + 1000.5, abs=1e-3)
    assert time.epoch(2001.0) == pytest.approx(START + 2001.0, abs=1e-2)
    assert time.epoch(3000.0) == pytest.approx(START + 3000.5, abs=1e-2)


def test_a_clock_wrong_from_the_factory_is_judged_from_where_it_was_set() -> None:
    time = StationTime(START, drifting(-3600.0, FAST, [(0.1, 3599.2)]))
    assert time.epoch(0.0) == pytest.approx(START - 0.8, abs=1e-2)
    assert time.epoch(1000.0) == pytest.approx(START + 1000.0 - 0.8 + 0.5, abs=1e-2)


@pytest.mark.parametrize(("step_s", "sure_from_s"), [(3600.0, 2.0), (-3600.0, 3602.0)])
def test_stamps_after_a_clock_was_set_right_are_of_one_time(step_s: float, sure_from_s: float) -> None:
    """Those of a clock that was ahead lie among them for as long as it was."""
    time = StationTime(START, drifting(-step_s, 0.0, [(0.05, step_s)]), [(0.05, step_s)])
    stamps = START + 0.05 + np.array([-step_s, sure_from_s - 2.0, sure_from_s, sure_from_s + 300.0])
    assert time.stepped_s(np.sort(stamps)).tolist()[-1] == 0.0
    assert time.stepped_s(np.sort(stamps)[:2]).tolist() == [3600.0]


@pytest.mark.slow
@given(
    st.floats(-500e-6, 500e-6).filter(lambda rate: abs(rate) > 1e-6),
    st.lists(st.tuples(st.floats(1.0, 90_000.0), st.floats(-3.0, 3.0)), max_size=5),
)
def test_time_never_runs_back_and_goes_both_ways(rate: float, sets: list[tuple[float, float]]) -> None:
    time = StationTime(START, drifting(0.0, rate, sorted(sets)))
    runs = np.linspace(0.0, 100_000.0, 400)
    epochs = time.epochs(runs)
    assert all(one < other for one, other in pairwise(epochs.tolist()))
    assert [time.epoch(t) for t in runs.tolist()] == pytest.approx(epochs.tolist(), abs=1e-6)
    assert [time.t_s(t) for t in epochs.tolist()] == pytest.approx(runs.tolist(), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("ppm", [-500.0, 500.0])
def test_a_session_through_hours_without_a_link_has_no_error_whatever_the_clock_drifts(ppm: float) -> None:
    day = Day(1, connectors=2, clock={"drift_ppm": ppm}, keys={"MeterValueSampleInterval": 60}, policies={})
    steps = [
        Step("plug_in", (1, "renault-zoe-ze50", 0.1)),
        Step("present_tag", (1, "TAG1")),
        Step("advance", (3000.0,)),
        Step("link.down"),
        Step("advance", (9000.0,)),
        Step("present_tag", (1, "TAG1")),
        Step("unplug", (1,)),
        Step("advance", (60.0,)),
        Step("link.up"),
        Step("advance", (600.0,)),
    ]
    assert findings(play(day.table, steps)) == []


def test_an_offer_of_late_is_of_seconds_that_passed_and_not_of_a_clock_that_was_set() -> None:
    """From 32 A to none at 1 s; then the clock is set 3 s ahead, and 4 s after the fall 8 s are told."""
    rows = Rows({"t_s": np.array([0.0, 1.0, 2.0, 5.0]), "epoch_s": np.array([0.0, 1.0, 5.0, 8.0])})
    offered = np.array([32.0, 0.0, 0.0, 0.0])
    assert highest_of_late(rows, offered, 3, 4.5) == 32.0
    assert highest_of_late(rows, offered, 3, 3.5) == 0.0
    assert not is_new(rows, np.array([0.0, 8.0, 8.0, 8.0]), 3, 3.5, 0.1)
