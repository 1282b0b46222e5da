"""A connector's status as it is told: when a step waits, and what goes with it."""

from typing import Any

import pytest

from evc5.twin.connector.faults import FaultRow
from evc5.twin.connector.status_steps import EV_SIDE, NO_FAULT, ConnectorStatus

COMMUNICATION = "EVCommunicationError"
WARNS = FaultRow(COMMUNICATION, faulted=False)  # 4.9: goes with a status, and is none itself
FAULTS = FaultRow("GroundFailure", info="earth")
OFFERED = {"plugged": True, "transaction": True, "offering": True}


class Told(ConnectorStatus):
    """A connector's status, and all that was told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, str, str]] = []
        self.on_status.append(lambda status: self.all.append((status, self.error_code, self.info)))

    def does(self, step: Any) -> None:
        """Facts are taken in; a fault is in force from now on; a text is a note, or what its name says."""
        if isinstance(step, dict):
            self.update(**step)
        elif isinstance(step, FaultRow):
            self.fault = step
            self.update(faulted=step.faulted)
            self.announce_news()
        elif step == "quiet":
            self.quiet = True
        elif step in ("die", "begin", "begin out of service"):
            self.die() if step == "die" else self.begin(False, operative=step == "begin")
        else:
            self.note = step
            self.announce_news()


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([{"plugged": True}, {"plugged": True}], [("Preparing", "NoError", "")]),
        # a fault's error code stays until the status after it is told
        ([{"plugged": True}, WARNS], [("Preparing", "NoError", ""), ("Preparing", COMMUNICATION, "")]),
        ([WARNS, WARNS], [("Available", COMMUNICATION, "")]),
        ([FAULTS, NO_FAULT], [("Faulted", "GroundFailure", "earth"), ("Available", "NoError", "")]),
        # a note goes with SuspendedEV and Finishing, and with no status after them
        ([OFFERED, EV_SIDE], [("SuspendedEV", "NoError", ""), ("SuspendedEV", "NoError", EV_SIDE)]),
        ([OFFERED, EV_SIDE, EV_SIDE, {"drawing": True}, {"drawing": False}],
         [("SuspendedEV", "NoError", ""), ("SuspendedEV", "NoError", EV_SIDE), ("Charging", "NoError", ""),
          ("SuspendedEV", "NoError", "")]),
        # in a quiet Preparing waits, and so does what is new of the status before it
        (["quiet", {"plugged": True}, OFFERED], [("SuspendedEV", "NoError", "")]),
        (["quiet", {"plugged": True}, WARNS], []),
        (["quiet", {"plugged": True}, WARNS, {"plugged": False}], [("Available", COMMUNICATION, "")]),
        (["quiet", {"plugged": True}, {"plugged": False}], []),
        (["quiet", {"plugged": True}, {"plugged": False}, {"plugged": True}], [("Preparing", "NoError", "")]),
        # firmware that is down tells nothing, and begins anew
        (["die", {"plugged": True}, FAULTS], []),
        ([FAULTS, "die", "begin", {"plugged": True}],
         [("Faulted", "GroundFailure", "earth"), ("Preparing", "NoError", "")]),
        (["quiet", "die", "begin", {"plugged": True}], [("Preparing", "NoError", "")]),
        (["begin out of service", {"operative": True}], [("Available", "NoError", "")]),
    ],
)  # fmt: skip
def test_a_step_is_told_with_what_goes_with_it(steps: list[Any], told: list[tuple[str, str, str]]) -> None:
    connector = Told()
    for step in steps:
        connector.does(step)
    assert connector.all == told


def test_a_new_life_begins_without_what_went_with_the_status_before_it() -> None:
    connector = Told()
    assert (connector.status, connector.error_code, connector.info) == ("Available", "NoError", "")
    for step in (OFFERED, EV_SIDE, FAULTS, "die", "begin"):
        connector.does(step)
    assert (connector.status, connector.error_code, connector.info) == ("Available", "NoError", "")


def test_it_knows_whether_what_its_facts_call_for_was_told() -> None:
    line = Told()
    assert not line.is_told
    line.update(plugged=True)
    assert line.is_told
    line.note_facts(plugged=False)
    assert not line.is_told, "noted, and not told"
    line.update()
    assert line.is_told
    line.quiet = True
    line.update(plugged=True)
    assert not line.is_told, "it waits"
    line.quiet = False
    line.update()
    line.die()
    line.begin(plugged=True, operative=True)
    assert not line.is_told
