"""Paced time: virtual seconds after the wall clock, frames at the instant they come, lateness told."""

import pytest

from evc5.models.timeline import Timeline
from evc5.twin.line.pace import Lateness, Paced


class Wall:
    """A wall clock on which waiting is the only thing that takes time, and errands that come at its times."""

    def __init__(self):
        self.now_s, self._coming, self._ready = 0.0, [], []

    def __call__(self):
        return self.now_s

    def post_at(self, wall_s, errand):
        self._coming.append((wall_s, errand))

    def spend(self, seconds):
        self.now_s += seconds

    def wait(self, timeout_s):
        due_s = min((wall_s for wall_s, _ in self._coming), default=float("inf"))
        self.now_s = max(self.now_s, min(self.now_s + timeout_s, due_s))
        self._ready = [pair for pair in self._coming if pair[0] <= self.now_s]
        return bool(self._ready)

    def handle(self):
        for pair in self._ready:
            self._coming.remove(pair)
            pair[1]()


def paced(factor):
    timeline, wall = Timeline(), Wall()
    return timeline, wall, Paced(timeline, wall, factor, clock=wall)


def test_virtual_time_follows_the_wall_clock_at_its_factor():
    timeline, wall, pace = paced(100.0)
    seen = []
    for t_s in (1.0, 2.0, 5.0):
        timeline.at(t_s, lambda: seen.append(wall.now_s))
    pace.advance(6.0)
    assert seen == pytest.approx([0.01, 0.02, 0.05]) and wall.now_s == pytest.approx(0.06)


def test_an_errand_is_done_at_the_virtual_instant_at_which_it_came():
    timeline, wall, pace = paced(100.0)
    seen = []
    wall.post_at(0.03, lambda: seen.append(timeline.now))
    timeline.at(10.0, lambda: seen.append("due"))
    pace.advance(10.0)
    assert seen == [pytest.approx(3.0), "due"]


def test_an_errand_may_bring_forward_what_is_due():
    timeline, wall, pace = paced(100.0)
    seen = []
    wall.post_at(0.0, lambda: timeline.at(1.0, lambda: seen.append(timeline.now)))
    pace.advance(2.0)
    assert seen == [1.0]


def test_running_late_loses_nothing_and_is_told():
    timeline, wall, pace = paced(10.0)
    seen = []
    timeline.at(0.1, lambda: wall.spend(0.05))  # 0.5 s of virtual time
    timeline.at(0.2, lambda: seen.append(timeline.now))
    pace.advance(1.0)
    assert seen == [0.2]
    assert pace.lateness.summary()["instants"] == 2
    assert pace.lateness.max_s == pytest.approx(0.4)  # of the 0.5 s, 0.1 s were in hand


def test_an_exclusive_end_leaves_what_is_due_there():
    timeline, _, pace = paced(1000.0)
    seen = []
    timeline.at(10.0, lambda: seen.append("due"))
    pace.advance(10.0, inclusive=False)
    assert seen == [] and timeline.now == 10.0


def test_what_comes_at_an_exclusive_end_is_left_for_later():
    timeline, wall, pace = paced(1000.0)
    seen = []
    timeline.at(5.0, lambda: wall.spend(0.02))
    wall.post_at(0.02, lambda: seen.append(timeline.now))
    pace.advance(10.0, inclusive=False)  # it is late already when the errand comes
    assert seen == [] and timeline.now == 10.0
    pace.advance(40.0)
    assert seen == [pytest.approx(25.0)]


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


def test_what_is_to_be_done_each_second_is_done_each_second_of_the_wall_clock_whatever_the_factor():
    for factor in (1.0, 1000.0):
        _, wall, pace = paced(factor)
        done = []
        pace.every_second.append(lambda wall=wall, done=done: done.append(wall.now_s))
        pace.advance(10.5 * factor)
        assert done == pytest.approx(range(1, 11)), factor
