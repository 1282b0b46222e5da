"""Paced time: virtual seconds after the wall clock, frames at the instant they come, lateness told."""

import threading
import time

import pytest

from models.timeline import Timeline
from twin.hub import Hub
from twin.pace import Lateness, Paced


def paced(factor):
    timeline, hub = Timeline(), Hub()
    return timeline, hub, Paced(timeline, hub, factor)


def test_virtual_time_follows_the_wall_clock_at_its_factor():
    timeline, _, pace = paced(100.0)
    began, seen = time.monotonic(), []
    for t_s in (1.0, 2.0, 5.0):
        timeline.at(t_s, lambda: seen.append(time.monotonic() - began))
    pace.advance(6.0)
    assert seen == pytest.approx([0.01, 0.02, 0.05], abs=0.02)
    assert time.monotonic() - began == pytest.approx(0.06, abs=0.02)


def test_an_errand_is_done_at_the_virtual_instant_at_which_it_came():
    timeline, hub, pace = paced(100.0)
    seen = []
    timer = threading.Timer(0.03, lambda: hub.post(lambda: seen.append(timeline.now)))
    timer.start()
    timeline.at(10.0, lambda: seen.append("due"))
    pace.advance(10.0)
    assert seen[1] == "due" and seen[0] == pytest.approx(3.0, abs=2.0)


def test_an_errand_may_bring_forward_what_is_due():
    timeline, hub, pace = paced(100.0)
    seen = []
    hub.post(lambda: timeline.at(1.0, lambda: seen.append(timeline.now)))
    pace.advance(2.0)
    assert seen == [1.0]


def test_running_late_loses_nothing_and_is_told():
    timeline, _, pace = paced(10.0)
    seen = []
    timeline.at(0.1, lambda: time.sleep(0.05))
    timeline.at(0.2, lambda: seen.append(timeline.now))
    pace.advance(1.0)
    assert seen == [0.2]
    assert pace.lateness.summary()["instants"] == 2
    assert 0.3 < pace.lateness.max_s < 1.0  # 0.05 s of wall clock are 0.5 s, of which 0.1 s were in hand


def test_an_exclusive_end_leaves_what_is_due_there():
    timeline, _, pace = paced(1000.0)
    seen = []
    timeline.at(10.0, lambda: seen.append("due"))
    pace.advance(10.0, inclusive=False)
    assert seen == [] and timeline.now == 10.0


def test_a_factor_must_be_positive():
    with pytest.raises(ValueError, match="factor must be > 0, got 0"):
        paced(0.0)


def test_quantiles_of_lateness_are_rounded_up_to_their_class():
    lateness = Lateness()
    for n in range(1, 101):
        lateness.note(n / 1000.0)
    assert lateness.quantile(0.5) == pytest.approx(0.05, rel=0.13)
    assert 0.099 <= lateness.quantile(0.99) <= 0.1
    assert lateness.quantile(1.0) == lateness.max_s == 0.1


def test_without_any_instant_nothing_was_late():
    assert Lateness().summary() == {"instants": 0, "p50_s": 0.0, "p99_s": 0.0, "max_s": 0.0}


def test_what_comes_at_an_exclusive_end_is_left_for_later():
    timeline, hub, pace = paced(1000.0)
    seen = []
    timeline.at(5.0, lambda: time.sleep(0.02))
    timeline.at(5.0, lambda: hub.post(lambda: seen.append(timeline.now)))
    pace.advance(10.0, inclusive=False)  # it is late already when the errand comes
    assert seen == [] and timeline.now == 10.0
    pace.advance(11.0)
    assert len(seen) == 1 and 10.0 <= seen[0] <= 11.0
