"""When the firmware ends and when it lives again, and what of an earlier life still happens."""

from collections.abc import Callable
from typing import Any

import pytest

from evc5.models.timeline import Timeline
from evc5.twin.services.restart import Restart

TIMING = {"reset_soft_s": 11.0, "reset_hard_s": 31.0, "power_on_s": 20.0}  # from the answer to the boot


class Lives:
    """A firmware that writes down when it dies and when it lives."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.seen: list[tuple[float, str]] = []
        self.restart = Restart(self.timeline, TIMING, self._note("dies"), self._note("lives"))
        self.restart.on_end.append(lambda kind: self._note(kind)())

    def _note(self, what: str) -> Callable[[], None]:
        return lambda: self.seen.append((self.timeline.now, what))

    def does(self, step: str) -> None:
        restart = self.restart
        steps: dict[str, Callable[[], Any]] = {
            "on": restart.begin, "cut": restart.cut, "restore": restart.restore,
            "delivered": restart.all_delivered,
            "soft": lambda: restart.reset("Soft", False), "hard": lambda: restart.reset("Hard", False),
            "soft!": lambda: restart.reset("Soft", True), "hard!": lambda: restart.reset("Hard", True),
        }  # fmt: skip
        steps[step]()


@pytest.mark.parametrize(
    ("steps", "seen"),
    [  # "!": while messages are undelivered
        ([(0, "on")], [(0, "lives")]),
        ([(5, "soft")], [(6, "Soft"), (6, "dies"), (16, "lives")]),
        ([(5, "hard")], [(6, "Hard"), (6, "dies"), (36, "lives")]),
        ([(5, "hard!")], [(6, "Hard"), (6, "dies"), (36, "lives")]),  # 5.14: a hard one waits for nothing
        ([(5, "soft!")], [(35, "Soft"), (35, "dies"), (45, "lives")]),  # for 30 s at most; assumed
        ([(5, "soft!"), (9, "delivered")], [(10, "Soft"), (10, "dies"), (20, "lives")]),
        ([(5, "soft!"), (34.5, "delivered")], [(35, "Soft"), (35, "dies"), (45, "lives")]),
        ([(5, "delivered")], []),
        ([(5, "hard!"), (5.5, "delivered")], [(6, "Hard"), (6, "dies"), (36, "lives")]),
        ([(5, "cut"), (65, "restore")], [(5, "dies"), (85, "lives")]),
        ([(5, "soft"), (5.5, "cut")], [(5.5, "dies")]),  # dark: nothing ends and nothing lives
        ([(5, "soft"), (10, "cut")], [(6, "Soft"), (6, "dies"), (10, "dies")]),
        ([(5, "cut"), (65, "restore"), (70, "cut"), (100, "restore")],
         [(5, "dies"), (70, "dies"), (120, "lives")]),
        ([(5, "soft"), (10, "on")], [(6, "Soft"), (6, "dies"), (10, "lives")]),  # begun once
    ],
)  # fmt: skip
def test_a_firmware_dies_and_lives_when_its_kind_of_restart_says(
    steps: list[tuple[float, str]], seen: list[tuple[float, str]]
) -> None:
    lives = Lives()
    for t_s, step in steps:
        lives.timeline.advance(t_s)
        lives.does(step)
    lives.timeline.advance(1000)
    assert lives.seen == seen


def test_nothing_new_begins_from_the_reset_on_until_the_firmware_has_ended() -> None:
    lives = Lives()
    seen = []
    for t_s, step in ((0, "on"), (5, "soft"), (7, ""), (50, "hard"), (50.5, "cut"), (60, "restore")):
        lives.timeline.advance(t_s)
        if step:
            lives.does(step)
        seen.append(lives.restart.going_down)
    assert seen == [False, True, False, True, False, False]


@pytest.mark.parametrize("steps", [["on"], ["soft"], ["cut"], ["cut", "restore"]])
def test_what_was_planned_in_one_life_is_not_of_the_next(steps: list[str]) -> None:
    lives = Lives()
    lives.does("on")
    before = lives.restart.life
    for step in steps:
        lives.does(step)
    lives.timeline.advance(5)
    assert lives.restart.life > before
