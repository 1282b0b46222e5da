"""Out of service by order of the back office, from the one order to the other (5.2, 4.9)."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import order, painted, short, status

TRUE = "status.true"
OUT_S, IN_S = 1400.0, 1500.0  # no car is there any more


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (OUT_S, IN_S, 0),
        (OUT_S - 30.0, IN_S, 1),  # nobody has asked for it yet
        (OUT_S, IN_S + 30.0, 1),  # nobody wants it any more
        (OUT_S + 30.0, IN_S, 1),  # it is not done
    ],
)
def test_a_connector_is_unavailable_while_it_is_ordered_so(
    since: float, until: float, found: int, tmp_path: Path
) -> None:
    made = short()
    for t, kind in ((OUT_S, "Inoperative"), (IN_S, "Operative")):
        order(made, t, "ChangeAvailability", {"connectorId": 1, "type": kind})
    painted(made, OUT_S, IN_S, step_s=10.0)  # a row at each order, as whoever records it writes one
    painted(made, since, until, status="Unavailable")
    for t, word in ((since, "Unavailable"), (until, "Available")):
        status(made, t + 0.1, word)
    said = [one["requirement"] for one in judged(made, tmp_path, {}).findings]
    assert said.count(TRUE) == found


def test_a_fault_may_overtake_what_was_ordered_and_then_it_shows(tmp_path: Path) -> None:
    """I8: before the fault it was to be Unavailable, and had not said so."""
    made = short()
    order(made, OUT_S, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    made.event(OUT_S, 1, "fault", fault="ground-failure")
    status(made, OUT_S + 0.2, "Faulted", errorCode="GroundFailure")
    made.event(OUT_S + 60.0, 1, "clear", fault="ground-failure")
    status(made, OUT_S + 60.1, "Unavailable")
    painted(made, OUT_S, OUT_S + 60.0, status="Faulted")
    painted(made, OUT_S + 60.0, 1800.0, status="Unavailable")
    said = [one["requirement"] for one in judged(made, tmp_path, {}).findings]
    assert "status.table" not in said
