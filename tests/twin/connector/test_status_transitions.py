"""Every row of the status table of OCPP 1.6 4.9 is reached, except those of Reserved: the device has none."""

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import pytest
from scenario import ROWS, Scenario
from wire import sent

from evc5.twin.connector.status import Facts, status_of, steps

FULL, EMPTY = 1.0, 0.2
FIXED = {"chg_SktType": ["CP", "CP"]}  # the station's own cable: nothing to take out of a socket
UNASKED = {"chg_Ch1Options": "PlugAndCharge=1"}
KEPT = {"StopTransactionOnEVSideDisconnect": False}


def profile(limit_a: float) -> dict[str, Any]:
    return {
        "connectorId": 0,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
            },
        },
    }


class Hands(Scenario):
    """What is done to connector 1, one short word each."""

    def plug(self, soc: float = EMPTY) -> None:
        self.plug_in(1, "vw-id3-58", soc)
        self.wait(1)

    def unplug(self) -> None:
        self.bench.unplug(1)
        self.wait(1)

    def card(self) -> None:
        self.bench.present_tag(1, "TAG1")
        self.wait(1)

    def wait(self, seconds: float = 30) -> None:
        self.bench.advance(seconds)

    def charge(self, soc: float = EMPTY) -> None:
        self.plug(soc)
        self.card()
        self.wait()

    def limit(self, amps: float | None) -> None:
        if amps is None:
            self.call("ClearChargingProfile", {})
        else:
            self.call("SetChargingProfile", profile(amps))
        self.wait()

    def operative(self, operative: bool) -> None:
        kind = "Operative" if operative else "Inoperative"
        self.call("ChangeAvailability", {"connectorId": 1, "type": kind})
        self.wait(1)

    def fault(self) -> None:
        self.bench.inject("ground-failure", 1)
        self.wait(1)

    def clear(self) -> None:
        self.bench.clear("ground-failure", 1)
        self.wait()

    def suspended_ev(self) -> None:
        self.charge(FULL)

    def suspended_evse(self) -> None:
        self.limit(0)
        self.charge()

    def finishing(self) -> None:
        self.charge()
        self.card()

    def away_and_back(self) -> None:
        """The car is unplugged on its side while the transaction goes on."""
        self.charge()
        self.unplug()
        self.plug()
        self.wait()


Steps = Callable[[Hands], object]
CASES: dict[str, tuple[dict[str, Any], list[Steps]]] = {
    "A2": ({}, [Hands.plug]),
    "A3": (UNASKED, [Hands.plug, Hands.wait]),
    "A4": (UNASKED, [lambda h: h.plug(FULL), Hands.wait]),
    "A5": (UNASKED, [lambda h: h.limit(0), Hands.plug]),
    "A8": ({}, [lambda h: h.operative(False)]),
    "A9": ({}, [Hands.fault]),
    "B1": ({}, [Hands.plug, Hands.unplug]),
    "B3": ({}, [Hands.charge]),
    "B4": ({}, [Hands.suspended_ev]),
    "B5": ({}, [Hands.suspended_evse]),
    "B6": ({}, [Hands.plug, lambda h: h.wait(100)]),
    "B9": ({}, [Hands.plug, Hands.fault]),
    "C1": (FIXED, [Hands.charge, Hands.unplug]),
    "C4": ({}, [lambda h: h.charge(0.999), lambda h: h.wait(3600)]),
    "C5": ({}, [Hands.charge, lambda h: h.limit(0)]),
    "C6": ({}, [Hands.charge, Hands.card]),
    "C8": (FIXED, [Hands.charge, lambda h: h.operative(False), Hands.unplug]),
    "C9": ({}, [Hands.charge, Hands.fault]),
    "D1": (FIXED, [Hands.suspended_ev, Hands.unplug]),
    "D3": (KEPT, [Hands.away_and_back]),
    "D5": ({}, [Hands.suspended_ev, lambda h: h.limit(0)]),
    "D6": ({}, [Hands.suspended_ev, Hands.card]),
    "D8": (FIXED, [Hands.suspended_ev, lambda h: h.operative(False), Hands.unplug]),
    "D9": ({}, [Hands.suspended_ev, Hands.fault]),
    "E1": (FIXED, [Hands.suspended_evse, Hands.unplug]),
    "E3": ({}, [Hands.suspended_evse, lambda h: h.limit(None)]),
    "E4": ({}, [Hands.suspended_ev, lambda h: h.limit(0), lambda h: h.limit(None)]),
    "E6": ({}, [Hands.suspended_evse, Hands.card]),
    "E8": (FIXED, [Hands.suspended_evse, lambda h: h.operative(False), Hands.unplug]),
    "E9": ({}, [Hands.suspended_evse, Hands.fault]),
    "F1": ({}, [Hands.finishing, Hands.unplug]),
    "F2": ({}, [Hands.finishing, Hands.card]),
    "F8": ({}, [Hands.charge, lambda h: h.operative(False), Hands.card, Hands.unplug]),
    "F9": ({}, [Hands.finishing, Hands.fault]),
    "H1": ({}, [lambda h: h.operative(False), lambda h: h.operative(True)]),
    "H2": ({}, [lambda h: h.operative(False), Hands.plug, lambda h: h.operative(True)]),
    "H3": (UNASKED, [lambda h: h.operative(False), Hands.plug, lambda h: h.operative(True), Hands.wait]),
    "H4": (
        UNASKED,
        [lambda h: h.operative(False), lambda h: h.plug(FULL), lambda h: h.operative(True), Hands.wait],
    ),
    "H5": (
        UNASKED,
        [lambda h: h.limit(0), lambda h: h.operative(False), Hands.plug, lambda h: h.operative(True)],
    ),
    "H9": ({}, [lambda h: h.operative(False), Hands.fault]),
    "I1": ({}, [Hands.fault, Hands.clear]),
    "I2": ({}, [Hands.plug, Hands.fault, Hands.clear]),
    "I3": ({}, [Hands.charge, Hands.fault, Hands.clear]),
    "I4": ({}, [Hands.suspended_ev, Hands.fault, Hands.clear]),
    "I5": ({}, [Hands.suspended_evse, Hands.fault, Hands.clear]),
    "I6": ({}, [Hands.finishing, Hands.fault, Hands.clear]),
    "I8": ({}, [lambda h: h.operative(False), Hands.fault, Hands.clear]),
}
"""By row: keys of the station, and what leads there."""


def played(keys: dict[str, Any], steps: list[Steps]) -> Hands:
    hands = Hands(keys={"ConnectionTimeOut": 60, **keys})
    for step in steps:
        step(hands)
    return hands


@pytest.mark.parametrize("row", CASES)
def test_a_row_of_the_status_table_is_reached(row: str) -> None:
    hands = played(*CASES[row])
    assert row in hands.reached
    assert hands.illegal == []


@pytest.mark.parametrize("away_s", [0, 1, 4, 30])
def test_a_car_that_comes_back_has_time_to_answer_the_offer_however_late_that_comes(away_s: int) -> None:
    hands = played(KEPT, [Hands.charge])
    hands.bench.unplug(1)
    hands.wait(away_s)
    hands.plug()
    hands.wait()
    assert "D3" in hands.reached and "E4" not in hands.reached


def test_a_car_that_comes_back_late_is_offered_current_at_once_and_nothing_is_told_in_between() -> None:
    hands = played(KEPT, [Hands.charge, Hands.unplug, Hands.wait, Hands.plug, Hands.wait])
    told = [payload["status"] for payload in sent(hands.bench, "StatusNotification", connectorId=1)]
    assert told == ["Available", "Preparing", "Charging", "SuspendedEV", "Charging"]


def test_only_the_rows_of_reserved_are_left_out() -> None:
    assert set(ROWS.values()) - set(CASES) == {"A7", "G1", "G2", "G8", "G9", "I7"}


def test_a_status_of_a_row_reaches_the_back_office() -> None:
    hands = played({}, [Hands.charge, Hands.card, Hands.unplug])
    told = [payload["status"] for payload in sent(hands.bench, "StatusNotification", connectorId=1)]
    assert told == ["Available", "Preparing", "Charging", "Finishing", "Available"]


@pytest.mark.parametrize(
    ("facts", "status"),
    [  # 4.9 and 7.7, in the order in which they win
        ({}, "Available"),
        ({"authorised": True}, "Preparing"),
        ({"operative": False, "plugged": True}, "Unavailable"),
        ({"finishing": True, "operative": False}, "Finishing"),
        ({"transaction": True}, "SuspendedEV"),  # the cable is pulled and the transaction goes on
        ({"transaction": True, "plugged": True}, "SuspendedEVSE"),
        ({"transaction": True, "plugged": True, "drawing": True}, "SuspendedEVSE"),
        ({"transaction": True, "plugged": True, "offering": True}, "SuspendedEV"),
        ({"transaction": True, "plugged": True, "offering": True, "drawing": True}, "Charging"),
        ({"transaction": True, "plugged": True, "starting": True}, "Preparing"),
        ({"transaction": True, "finishing": True, "operative": False}, "SuspendedEV"),
        ({"transaction": True, "faulted": True}, "Faulted"),
    ],
)
def test_a_status_follows_from_what_is_known_of_the_connector(facts: dict[str, bool], status: str) -> None:
    assert status_of(Facts(**facts)) == status


@pytest.mark.parametrize("plugged", [False, True])
def test_each_step_on_the_way_from_one_status_to_another_is_a_row_of_the_table(plugged: bool) -> None:
    known = {start for start, _ in ROWS} - {"Reserved"}
    for start, end in product(known, known):
        way = [start, *steps(start, end, plugged)]
        assert way[-1] == end and all(pair in ROWS for pair in pairwise(way))
