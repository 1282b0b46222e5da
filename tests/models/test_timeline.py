"""Virtual time: what comes before what, alarms that move, and how far time may leap."""

from operator import itemgetter
from random import Random

import pytest
import simpy

from evc5.models.timeline import CONTROL, INPUT, SAMPLE, Alarm, Timeline


def test_within_an_instant_inputs_come_first_then_control_then_samples_and_else_the_first_asked():
    timeline, done = Timeline(), []
    for rank in (SAMPLE, CONTROL, INPUT, CONTROL):
        timeline.at(5.0, lambda rank=rank: done.append((timeline.now, rank)), rank)
    timeline.at(4.0, lambda: done.append((timeline.now, "sooner")), SAMPLE)
    timeline.at(5.0, lambda: timeline.soon(lambda: done.append((timeline.now, "soon")), INPUT), CONTROL)
    timeline.advance(6.0)
    assert done == [
        (4.0, "sooner"),
        (5.0, INPUT),
        (5.0, CONTROL),
        (5.0, CONTROL),
        (5.0, "soon"),
        (5.0, SAMPLE),
    ]
    assert timeline.now == 6.0


@pytest.mark.parametrize(("inclusive", "rung"), [(True, [5.0]), (False, [])])
def test_what_is_due_at_the_end_of_an_advance_is_done_where_that_is_asked_for(inclusive, rung):
    timeline, done = Timeline(), []
    timeline.at(5.0, lambda: done.append(timeline.now))
    timeline.advance(5.0, inclusive=inclusive)
    assert (done, timeline.now) == (rung, 5.0)
    timeline.advance(5.0)
    assert done == [5.0]


def test_time_does_not_go_back_and_what_was_due_is_due_now():
    timeline, done = Timeline(), []
    timeline.advance(5.0)
    with pytest.raises(ValueError, match=r"until_s must be >= now \(5\.0\), got 4\.9"):
        timeline.advance(4.9)
    timeline.at(1.0, lambda: done.append(timeline.now))
    timeline.advance(5.0)
    assert done == [5.0]


def test_an_alarm_rings_once_at_its_last_setting_and_not_when_it_is_cleared():
    timeline, rung = Timeline(), []
    alarm = Alarm(timeline, lambda: rung.append((timeline.now, alarm.due_s)))
    for t_s in (3.0, 7.0, 5.0, 5.0):
        alarm.set(t_s)
    assert alarm.due_s == 5.0
    timeline.advance(10.0)
    assert (rung, alarm.due_s) == ([(5.0, None)], None)
    alarm.set(12.0)
    alarm.clear()
    timeline.advance(15.0)
    alarm.set(20.0)
    alarm.set(30.0)
    alarm.set(20.0)  # back to a setting that is still in the queue
    timeline.advance(40.0)
    assert rung == [(5.0, None), (20.0, None)]


def test_what_is_ahead_is_told_up_to_the_first_that_is_none_of_some_alarms():
    timeline = Timeline()
    one, other, third = (Alarm(timeline, lambda: None, SAMPLE) for _ in range(3))
    other.set(9.0)
    one.set(3.0)
    one.set(4.0)
    third.set(6.0)
    third.clear()
    first_s, rings = timeline.ahead({one, other})
    assert first_s == float("inf"), "an alarm that was cleared is nothing"
    assert [(ring.t_s, ring.alarm is one, ring.is_stale) for ring in rings] == [
        (3.0, True, True), (4.0, True, False), (9.0, False, False)
    ]  # fmt: skip
    for t_s in (8.0, 7.0, 20.0):
        timeline.at(t_s, lambda: None)
    first_s, rings = timeline.ahead({one, other})
    assert (first_s, [ring.t_s for ring in rings]) == (7.0, [3.0, 4.0])
    third.set(5.0)
    assert timeline.ahead({one, other})[0] == 5.0
    assert timeline.ahead({third})[0] == 4.0


@pytest.mark.parametrize("seed", range(5))
def test_however_many_wait_none_that_is_ahead_is_overlooked(seed):
    chance, timeline = Random(seed), Timeline()
    alarms = [Alarm(timeline, lambda: None, SAMPLE) for _ in range(6)]
    settings = []
    for _ in range(60):
        alarm, t_s = chance.choice(alarms), chance.uniform(0.0, 100.0)
        alarm.set(t_s)
        settings.append((t_s, alarm))
    chosen = set(alarms[:4])
    others = [alarm.due_s for alarm in alarms[4:]]
    first_s, rings = timeline.ahead(chosen)
    assert first_s == min(others)
    told = [
        (t_s, alarm)
        for t_s, alarm in sorted(settings, key=itemgetter(0))
        if alarm in chosen and t_s < first_s
    ]
    assert [(ring.t_s, ring.alarm) for ring in rings] == told


def test_one_may_stand_later_past_settings_that_do_not_ring_any_more_and_past_nothing_else():
    timeline, rung = Timeline(), []
    alarm = Alarm(timeline, lambda: rung.append(timeline.now))
    for t_s in (3.0, 4.0, 8.0):
        alarm.set(t_s)
    timeline.skip_to(7.0)
    assert timeline.now == 7.0
    timeline.skip_to(8.0)
    with pytest.raises(RuntimeError, match=r"nothing must be due before 8\.5"):
        timeline.skip_to(8.5)
    timeline.advance(9.0)
    assert rung == [8.0]


@pytest.mark.parametrize("leaps", [False, True])
def test_before_each_sample_and_nothing_else_a_leap_is_asked_for(leaps):
    timeline, done, asked = Timeline(), [], []
    alarm = Alarm(timeline, lambda: done.append(("sample", timeline.now)), SAMPLE)
    timeline.at(2.0, lambda: done.append(("control", timeline.now)))
    alarm.set(3.0)

    def leap(until_s):
        asked.append(until_s)
        if leaps:
            alarm.clear()
            timeline.skip_to(5.0)
        return leaps

    timeline.leap = leap
    timeline.advance(6.0)
    assert asked == [6.0] and timeline.now == 6.0
    assert done == [("control", 2.0)] + [("sample", 3.0)] * (not leaps)


def test_nobody_looks_further_ahead_than_is_asked():
    timeline = Timeline()
    one, other = (Alarm(timeline, lambda: None, SAMPLE) for _ in range(2))
    one.set(3.0)
    other.set(5.0)
    assert [ring.t_s for ring in timeline.ahead({one, other}, 5.0)[1]] == [3.0]
    assert timeline.ahead({one, other}, 5.0)[0] == 5.0
    assert timeline.ahead({one}, 9.0)[0] == 5.0


def test_processes_of_simpy_take_their_turn_among_what_is_due():
    timeline, done = Timeline(), []

    def process():
        for _ in range(2):
            yield timeline.timeout(2.0)
            done.append(("process", timeline.now))

    timeline.process(process())
    for t_s in (1.0, 3.0):
        timeline.at(t_s, lambda: done.append(("at", timeline.now)))
    timeline.run(until=3.5)
    timeline.advance(5.0)
    assert done == [("at", 1.0), ("process", 2.0), ("at", 3.0), ("process", 4.0)]
    with pytest.raises(simpy.core.EmptySchedule):
        timeline.step()
