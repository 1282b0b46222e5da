"""Which sessions a requirement was put to the test in."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.listeners import Bus, Event
from evc5.rigs.checks.transactions.session_table import Sessions
from evc5.rigs.checks.verdict.catalogue import TABLE

REQUIREMENT = "metering.register-monotonic"
PLACE = [row.id for row in TABLE].index(REQUIREMENT)


def two_cars() -> tuple[Ledger, Sessions]:
    """At connector 1: from 100 s to 200 s, and from 300 s on."""
    bus, ledger = Bus(), Ledger(TABLE)
    sessions = Sessions(cast(Context, SimpleNamespace(bus=bus, ledger=ledger)))
    for epoch_s, name in ((100.0, "plug-in"), (200.0, "unplug"), (300.0, "plug-in")):
        event = Event(epoch_s, 1, name, {})
        bus.tell(bus.events[name], event)
    return ledger, sessions


def letters(sessions: Sessions) -> list[str]:
    rows: list[dict[str, Any]] = sessions.rows()
    return [row["judged"][PLACE] for row in rows]


def test_what_held_is_noted_in_the_session_of_its_instant() -> None:
    ledger, sessions = two_cars()
    ledger.held(REQUIREMENT, 1, 1, 350.0)
    assert letters(sessions) == ["-", "P"]


@pytest.mark.parametrize("instants", [[150.0, 350.0], [350.0, 150.0]])
def test_instants_of_two_sessions_are_noted_in_both_though_the_newest_has_it_already(
    instants: list[float],
) -> None:
    ledger, sessions = two_cars()
    ledger.held(REQUIREMENT, 1, 1, 350.0)
    told: Array = np.array(instants)
    ledger.held(REQUIREMENT, 2, 1, told)
    assert letters(sessions) == ["P", "P"]


def test_what_broke_once_stays_broken_in_its_session() -> None:
    ledger, sessions = two_cars()
    ledger.held(REQUIREMENT, 1, 1, 350.0)
    ledger.broken(REQUIREMENT, 360.0, 1, "more", "less", "a register that falls")
    ledger.held(REQUIREMENT, 1, 1, 370.0)
    assert letters(sessions) == ["-", "F"]
