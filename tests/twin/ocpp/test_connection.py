"""The socket as the charge point keeps it: when it dials, how long it waits, what it tells of it."""

from collections.abc import Callable

import pytest

from evc5.models.timeline import Timeline
from evc5.twin.ocpp.connection import Connection


class Dialling:
    """A connection over a link that can be had or not, and the instants of what happened."""

    def __init__(self, reachable: bool = True) -> None:
        self.timeline = Timeline()
        self.reachable = reachable
        self.dialled: list[float] = []
        self.told: list[str] = []
        self.connection = Connection(
            self.timeline,
            self,  # type: ignore[arg-type]
            lambda: self.told.append("open"),
            lambda: self.told.append("gone"),
        )

    def connect(self) -> bool:
        self.dialled.append(self.timeline.now)
        return self.reachable

    def close(self) -> None:
        self.told.append("closed")

    def after(self, *steps: tuple[float, Callable[["Dialling"], object]]) -> "Dialling":
        for t_s, step in steps:
            self.timeline.advance(t_s)
            step(self)
        self.timeline.advance(1000.0)
        return self


def dial(it: Dialling) -> None:
    it.connection.open()


def up(it: Dialling) -> None:
    it.reachable = True


def down(it: Dialling) -> None:
    it.reachable = False
    it.connection.lost()


def hang_up(it: Dialling) -> None:
    it.connection.hang_up()


def die(it: Dialling) -> None:
    it.connection.die()


@pytest.mark.parametrize(
    ("reachable", "steps", "dialled", "told"),
    [
        (True, [(0, dial)], [0], ["open"]),
        (False, [(0, dial), (800, up)], [0, 10, 30, 70, 150, 310, 490, 670, 850], ["open"]),
        (False, [(0, dial), (15, up), (20, dial)], [0, 10, 20], ["open"]),  # had at 20: nobody dials at 30
        (True, [(0, dial), (5, down), (6, up)], [0, 5, 15], ["open", "gone", "open"]),
        (True, [(0, dial), (5, down), (40, up), (100, down), (101, up)],  # once it was open it begins anew
         [0, 5, 15, 35, 75, 100, 110], ["open", "gone", "open", "gone", "open"]),
        (True, [(0, dial), (5, hang_up)], [0, 15], ["open", "closed", "gone", "open"]),
        (True, [(0, dial), (5, hang_up), (100, hang_up), (200, hang_up)], [0, 15, 120, 240],
         ["open", *["closed", "gone", "open"] * 3]),  # again and again: it takes longer each time
        (False, [(0, dial), (15, die)], [0, 10], ["closed"]),
        (False, [(0, dial), (15, die), (500, dial), (501, up)], [0, 10, 500, 510], ["closed", "open"]),
    ],
)  # fmt: skip
def test_it_dials_waits_and_tells(
    reachable: bool,
    steps: list[tuple[float, Callable[[Dialling], None]]],
    dialled: list[float],
    told: list[str],
) -> None:
    it = Dialling(reachable).after(*steps)
    assert (it.dialled, it.told) == (dialled, told)
