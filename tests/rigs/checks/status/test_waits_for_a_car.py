"""A card waits ConnectionTimeOut for its car, and the whole of it anew where a fault came between (9.1.4)."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import idle, painted, status
from handmade import Handmade

TRUE = "status.true"
CARD_S, FAULT_S, CLEAR_S = 600.0, 610.0, 740.0


def interrupted(card_s: float, told_s: float, connector: int) -> Handmade:
    """A fault strikes while a card waits, and so long after it is over the connector tells Preparing."""
    made = idle(ConnectionTimeOut="60")
    made.event(card_s, connector, "tag", id_tag="TAG1")
    made.event(FAULT_S, connector, "fault", fault="ground-failure")
    status(made, FAULT_S + 0.1, "Faulted", connector, errorCode="GroundFailure")
    painted(made, FAULT_S, CLEAR_S, connector, status="Faulted")
    made.event(CLEAR_S, connector, "clear", fault="ground-failure")
    status(made, CLEAR_S + 0.1, "Available", connector)
    painted(made, CLEAR_S, CLEAR_S + told_s, connector, status="Available")
    status(made, CLEAR_S + told_s, "Preparing", connector)
    painted(made, CLEAR_S + told_s, CLEAR_S + told_s + 5.0, connector, status="Preparing")
    status(made, CLEAR_S + told_s + 5.0, "Available", connector)
    return made


@pytest.mark.parametrize(
    ("card_s", "told_s", "connector", "found"),
    [
        (CARD_S, 0.2, 2, 0),
        (CARD_S, 55.0, 1, 0),
        (CARD_S, 125.0, 1, 1),  # it has waited long enough
        (CARD_S - 200.0, 20.0, 1, 1),  # the fault interrupted no wait
    ],
)
def test_a_wait_that_a_fault_interrupts_begins_anew(
    card_s: float, told_s: float, connector: int, found: int, tmp_path: Path
) -> None:
    said = [one["message"] for one in judged(interrupted(card_s, told_s, connector), tmp_path, {}).findings]
    assert said.count("a connector waits for a car and nobody asked for it") == found
