"""What a car that has not begun is offered where watts follow the phases in use: more, step by step."""

import pytest

from evc5.models.outlet import OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.twin.charging.trial import Trials
from evc5.twin.connector.channel import Channel

ANSWER_S = 10.0  # a car has this long to answer an offer


class Tried:
    """Two outlets rated 8 A with a car that does not ask; their trials, and when these have risen."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        world = World(self.timeline, [OutletSpec(rated_a=8.0)] * 2)
        self.outlets = world.outlets
        self.rose_s: list[float] = []
        self.trials = Trials(self.timeline, lambda: self.rose_s.append(self.timeline.now))
        self.channels = [Channel(self.timeline, outlet, lambda: None) for outlet in self.outlets]
        self.trials.watch(self.channels)
        for outlet in self.outlets:
            outlet.plug_in_box()
            outlet.set_pwm(6.0)
        self.wait(1.0)

    def wait(self, seconds: float) -> None:
        self.timeline.advance(self.timeline.now + seconds)

    def more_a(self) -> list[float]:
        return [self.trials.more_a(channel.connector) for channel in self.channels]


def test_the_offer_rises_by_an_ampere_each_time_that_the_car_has_not_answered():
    one = Tried()
    one.trials.offered(one.channels[0])
    one.wait(ANSWER_S - 0.1)
    assert one.more_a() == [0.0, 0.0]
    one.wait(0.1)
    assert one.more_a() == [1.0, 0.0] and one.rose_s == [11.0]
    one.wait(60.0)
    assert one.more_a() == [1.0, 0.0], "not offered anew, it is not tried"
    one.trials.offered(one.channels[1])
    one.wait(ANSWER_S)
    assert one.more_a() == [1.0, 1.0]


def test_it_begins_again_at_the_rating_of_the_outlet():
    one = Tried()
    seen = []
    for _ in range(9):
        one.trials.offered(one.channels[0])
        one.wait(ANSWER_S)
        seen.append(one.trials.more_a(1))
    assert seen == [1, 2, 3, 4, 5, 6, 7, 0, 1]


def test_an_offer_to_another_car_puts_off_no_answer():
    one = Tried()
    one.trials.offered(one.channels[0])
    one.wait(4.0)
    one.trials.offered(one.channels[1])
    one.wait(6.0)
    assert one.more_a() == [1.0, 1.0] and one.rose_s == [11.0]


@pytest.mark.parametrize("answers", [
    lambda outlet: outlet.box(True, 3, 0.0),  # it asks for energy
    lambda outlet: outlet.set_pwm(None),  # nothing is offered any more
    lambda outlet: outlet.unplug(),
])  # fmt: skip
@pytest.mark.parametrize("is_late", [False, True])
def test_a_car_that_does_not_wait_for_more_is_not_offered_more(answers, is_late):
    one = Tried()
    if is_late:
        one.trials.offered(one.channels[0])
    answers(one.outlets[0])
    one.wait(1.0)
    if not is_late:
        one.trials.offered(one.channels[0])
    one.wait(ANSWER_S)
    assert one.more_a() == [0.0, 0.0]


def test_a_car_that_leaves_takes_what_it_was_offered_with_it_and_no_other_cars():
    one = Tried()
    for channel in one.channels:
        one.trials.offered(channel)
    one.wait(ANSWER_S)
    one.outlets[0].unplug()
    one.wait(1.0)
    assert one.more_a() == [0.0, 1.0]


def test_with_the_firmware_all_trials_end():
    one = Tried()
    one.trials.offered(one.channels[0])
    one.wait(ANSWER_S)
    one.trials.offered(one.channels[0])
    one.trials.forget()
    one.wait(ANSWER_S)
    assert one.more_a() == [0.0, 0.0] and one.rose_s == [11.0]
    one.trials.offered(one.channels[1])
    one.wait(ANSWER_S)
    assert one.more_a() == [0.0, 1.0], "who was tried before is not tried on"
