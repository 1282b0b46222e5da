"""Switching between one and three phases: the rules, the process, and two accidents of others."""

from itertools import pairwise

import pytest

from models.phases import Choice, PhaseSwitch, SwitchRules, choose, limit_on_a

RULES = SwitchRules()


def test_three_become_one_at_once_below_4200_w():
    assert choose(RULES, 3, 4199.0, 0.0) == Choice(1)
    assert choose(RULES, 3, 4200.0, 0.0) == Choice(3)


def test_one_becomes_three_only_after_600_s_above_4400_w():
    first = choose(RULES, 1, 4401.0, 100.0)
    assert first == Choice(1, 700.0, 100.0)
    assert choose(RULES, 1, 4401.0, 699.9, first.above_since_s).phases == 1
    assert choose(RULES, 1, 4401.0, 700.0, first.above_since_s) == Choice(3)


def test_a_dip_starts_the_600_s_anew():
    dip = choose(RULES, 1, 4400.0, 400.0, 100.0)
    assert dip == Choice(1)
    assert choose(RULES, 1, 5000.0, 401.0, dip.above_since_s).ask_again_s == 1001.0


def test_between_the_thresholds_nothing_changes():
    assert choose(RULES, 1, 4300.0, 0.0).phases == 1
    assert choose(RULES, 3, 4300.0, 0.0).phases == 3


def test_a_power_limit_is_spread_over_the_phases_that_conduct_now():
    """EVerest #1038: 4140 W set as 18 A because one phase was awaited, while three conducted: 12.4 kW."""
    assert limit_on_a(3, limit_w=4140.0) == pytest.approx(6.0)
    assert limit_on_a(1, limit_w=4140.0) == pytest.approx(18.0)


def test_a_current_limit_stays_per_phase_when_three_become_one():
    """EVerest #1060: 16 A for three phases became more than 16 A on one."""
    assert limit_on_a(1, limit_a=16.0) == 16.0
    assert limit_on_a(1, limit_a=16.0, limit_w=11_040.0) == 16.0


@pytest.fixture
def switching(wallbox, car):
    """A charging car, a switch, and every segment that flows meanwhile."""

    def make(rules=RULES, start_on=3, **changes):
        box = wallbox(phases=start_on)
        outlet, seen = box.world.outlet(1), []
        switch = PhaseSwitch(box.timeline, outlet, rules)
        outlet.on_segment.append(lambda outlet: seen.append(outlet.segment))
        box.charge(car(**changes), soc=0.2, amps=16)
        box.run(60)
        return box, outlet, switch, seen

    return make


def resume(box, outlet, at):
    def done(phases):
        at.append(box.timeline.now)
        box.phases = phases
        outlet.set_pwm(16)

    return done


@pytest.mark.parametrize(("start_on", "target"), [(3, 1), (1, 3)])
def test_a_switch_stops_opens_waits_ten_seconds_and_never_breaks_a_current(switching, start_on, target):
    box, outlet, switch, seen = switching(start_on=start_on)
    at, opened = [], []
    outlet.on_segment.append(lambda o: opened.append(box.timeline.now) if o.phases == 0 else None)
    switch.start(target, resume(box, outlet, at))
    assert switch.busy
    box.run(60)
    assert at[0] - opened[0] == pytest.approx(10.0)
    assert not switch.busy
    assert outlet.openings_under_load == 0
    assert outlet.reading().i_a == pytest.approx([16.0 if n < target else 0.0 for n in range(3)])
    limit = 16.0 + 0.5
    for segment, end in pairwise(seen):
        assert max(segment.at(segment.t0_s).i_a + segment.at(end.t0_s).i_a) <= limit


def test_the_pilot_may_be_interrupted_in_the_pause(switching):
    box, outlet, switch, _ = switching(SwitchRules(interrupt_s=4.0), resumes_after_phase_change=False)
    at, letters = [], []
    outlet.on_pilot.append(lambda outlet: letters.append(outlet.pilot))
    switch.start(1, resume(box, outlet, at))
    box.run(60)
    assert letters == ["B", "F", "B", "C"]
    assert outlet.reading().i_a == pytest.approx((16.0, 0.0, 0.0))


def test_a_car_that_ignores_the_stop_is_opened_under_load_after_six_seconds(switching):
    box, outlet, switch, _ = switching(stops_without_pwm=False)
    at = []
    switch.start(1, resume(box, outlet, at))
    box.run(5.9)
    assert outlet.phases == 3
    box.run(0.2)
    assert (outlet.phases, outlet.openings_under_load) == (0, 1)
    box.run(60)
    assert outlet.reading().i_a == pytest.approx((16.0, 0.0, 0.0))


def test_without_a_current_the_pause_begins_at_once(wallbox, car):
    box = wallbox()
    outlet, at = box.world.outlet(1), []
    outlet.plug_in(car(), 0.5)
    box.run(10)
    PhaseSwitch(box.timeline, outlet).start(1, at.append)
    box.run(10)
    assert at == [1]


def test_unplugging_forgets_the_switch(switching):
    box, outlet, switch, _ = switching()
    at = []
    switch.start(1, at.append)
    box.run(5)
    outlet.unplug()
    box.run(60)
    assert (at, switch.busy) == ([], False)


def test_impossible_switches_are_refused_in_words(switching):
    _, _, switch, _ = switching()
    with pytest.raises(ValueError, match="phases must be 1 or 3, got 2"):
        switch.start(2, print)
    switch.start(1, print)
    with pytest.raises(ValueError, match="a switch to 1 phases must end first, got one to 3"):
        switch.start(3, print)
    with pytest.raises(ValueError, match="phase switch down_w must be within 0 and up_w, got 5000"):
        SwitchRules(down_w=5000.0)
    with pytest.raises(ValueError, match="phase switch pause_s must be >= 0, got -1"):
        SwitchRules(pause_s=-1.0)
