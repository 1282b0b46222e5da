"""Parts of telemetry wait for each other only while charging goes on."""

from collections.abc import Iterator

import numpy as np
import pytest

from evc5.rigs.checks.reading.frames import CALL, Frame
from evc5.rigs.checks.reading.telemetry import Rows, joined
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.verdict.parts_together import (
    MOST_FRAMES,
    MOST_ROWS,
    MOST_STARTS,
    Part,
    PartsTogether,
    several_at_once,
)

DAY_S = 86_400.0


def part(day: int, rows: int = 100, *connectors: int) -> Part:
    epoch_s = day * DAY_S + np.arange(rows) * 60.0
    return {c: Rows({"epoch_s": epoch_s, "p_w": np.full(rows, float(c))}) for c in connectors or (1, 2)}


def call(epoch_s: float, action: str) -> Frame:
    return Frame(1, epoch_s, True, False, CALL, "1", action, {})


def waiting(days: int = 1) -> PartsTogether:
    """The first part is judged, and so many more have come."""
    parts = PartsTogether()
    for day in range(days + 1):
        parts.put(part(day))
        if day == 0:
            parts.take(0)
    return parts


def test_the_first_part_waits_for_none() -> None:
    parts = PartsTogether()
    parts.put(part(0))
    assert not parts.may_wait(DAY_S, 0, part(1))
    parts.take(0)
    parts.put(part(1))
    assert parts.may_wait(2 * DAY_S, 0, part(2))


def test_parts_come_back_as_one_in_order_with_the_connectors_of_all() -> None:
    parts = waiting(2)
    parts.put(part(3, 50, 2, 3))
    whole = {connector: joined(rows) for connector, rows in parts.take(0).items()}
    assert {connector: len(rows) for connector, rows in whole.items()} == {1: 200, 2: 250, 3: 50}
    assert (np.diff(whole[2]["epoch_s"]) > 0).all()
    assert whole[2]["p_w"].tolist() == [2.0] * 250


@pytest.mark.parametrize("action", ["ChangeConfiguration", "SetChargingProfile", "BootNotification", "Reset"])
def test_what_is_more_than_charging_has_them_judged_first_and_the_next_at_once(action: str) -> None:
    parts = waiting()
    assert not parts.are_due(call(2 * DAY_S, "MeterValues"))
    assert parts.are_due(call(2 * DAY_S, action))
    parts.take(0)
    assert not parts.are_due(call(2 * DAY_S, action))  # nothing waits any more
    parts.put(part(2))
    assert not parts.may_wait(2 * DAY_S + 59.0, 0, part(3))
    assert parts.may_wait(2 * DAY_S + 61.0, 0, part(3))


@pytest.mark.parametrize(("name", "due"), [("plug-in", False), ("fault", True), ("link-down", True)])
def test_an_event_that_is_no_hand_at_a_cable_does_so_too(name: str, due: bool) -> None:
    assert waiting().are_due(Event(2 * DAY_S, 1, name, {})) == due


def test_they_wait_no_longer_than_memory_holds() -> None:
    assert not waiting().may_wait(2 * DAY_S, 0, None)
    assert waiting().may_wait(2 * DAY_S, MOST_FRAMES, part(2, MOST_ROWS // 2 - 100))
    assert not waiting().may_wait(2 * DAY_S, 0, part(2, MOST_ROWS // 2 - 99))
    assert not waiting().may_wait(2 * DAY_S, MOST_FRAMES + 1, part(2))
    busy = waiting()
    for _ in range(MOST_STARTS):
        busy.are_due(call(DAY_S, "StartTransaction"))
    assert busy.may_wait(2 * DAY_S, 0, part(2))
    busy.are_due(call(DAY_S, "StartTransaction"))
    assert not busy.may_wait(2 * DAY_S, 0, part(2))


def test_parts_are_read_ahead_as_far_as_they_are_judged_together() -> None:
    read = []

    def days() -> Iterator[Part]:
        for day in range(5):
            read.append(day)
            yield part(day, MOST_ROWS // 4)

    parts = several_at_once(days())
    assert next(parts)[1]["epoch_s"][0] == 0.0
    assert read == [0, 1]
    assert [one[1]["epoch_s"][0] / DAY_S for one in parts] == [1.0, 2.0, 3.0, 4.0]
    assert read == [0, 1, 2, 3, 4]
