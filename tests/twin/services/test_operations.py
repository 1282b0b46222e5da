"""What the charge point answers to each request, and what it then does: OCPP 1.6 section 5, row by row."""

from types import SimpleNamespace
from typing import Any

import pytest

from evc5.twin.ocpp.frames import Refusal
from evc5.twin.services.operations import OPERATIONS, refusal
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

Payload = dict[str, Any]


class Station:
    """A station of two connectors as its operations see it; what is done to it is written down."""

    def __init__(self, **facts: Any) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.behaviour = Behaviour.load("ocpp16").with_policies(facts.get("policies", {}))
        self.configuration = Configuration(self.behaviour)
        self.kept: list[str] = []
        self.memory = SimpleNamespace(
            lasting=facts.get("lasting", True), keep=lambda name, fact: self.kept.append(name)
        )
        self.agent = SimpleNamespace(registration=facts.get("registration", "Accepted"))
        self.restart = SimpleNamespace(going_down=facts.get("going_down", False))
        self.sessions = {n: self._session(n, facts) for n in (1, 2)}
        self.availability = SimpleNamespace(
            change=lambda n, operative: self._answer("Accepted", n, operative)
        )
        self.controller = SimpleNamespace(
            channel=lambda n: SimpleNamespace(has_lock=n in facts.get("locks", (1, 2)))
        )
        self.world = SimpleNamespace(
            outlet=lambda n: SimpleNamespace(lock_moves=n not in facts.get("jams", ()))
        )
        self.smart_charging = SimpleNamespace(
            takes_with_start=lambda n, profile: profile == "good", clear=lambda payload: payload["id"] == 1
        )
        self.authorisation = SimpleNamespace(clear_cache=lambda: facts.get("has_cache", True))
        self._cars = facts.get("cars", ())

    def _session(self, number: int, facts: Payload) -> SimpleNamespace:
        id_ = facts.get("running", {}).get(number)
        return SimpleNamespace(
            is_free=id_ is None and number not in facts.get("taken", ()),
            transaction=None if id_ is None else SimpleNamespace(id=id_),
            remote_start=lambda tag, profile: self.done.append(("start", number, tag, profile)),
            stop=lambda reason: self.done.append(("stop", number, reason)),
            unlock=lambda: self.done.append(("unlock", number)),
        )

    def _answer(self, answer: str, *done: Any) -> str:
        self.done.append(done)
        return answer

    def is_empty(self, connector: int) -> bool:
        return connector not in self._cars

    def soon(self, action: Any) -> None:
        action()

    def reset(self, kind: str) -> None:
        self.done.append(("reset", kind))

    def trigger(self, message: str, connector: int | None) -> None:
        self.done.append((message, connector))


START, STOP, UNLOCK = "RemoteStartTransaction", "RemoteStopTransaction", "UnlockConnector"
TRIGGER, AVAILABILITY = "TriggerMessage", "ChangeAvailability"
CARD = {"idTag": "T"}
IGNORED = {"policies": {"remote_start_profile": "ignored"}}
REJECTED = {"policies": {"remote_start_profile": "rejected"}}


@pytest.mark.parametrize(
    ("action", "payload", "facts", "status", "done"),
    [
        # 5.11: without a connectorId a free connector with a car takes it first
        (START, {**CARD, "connectorId": 2}, {}, "Accepted", [("start", 2, "T", None)]),
        (START, CARD, {}, "Accepted", [("start", 1, "T", None)]),
        (START, CARD, {"cars": [2]}, "Accepted", [("start", 2, "T", None)]),
        (START, CARD, {"cars": [1, 2], "taken": [1]}, "Accepted", [("start", 2, "T", None)]),
        (START, CARD, {"taken": [1, 2]}, "Rejected", []),
        (START, {**CARD, "connectorId": 1}, {"taken": [1]}, "Rejected", []),
        (START, {**CARD, "connectorId": 0}, {}, "Rejected", []),
        (START, {**CARD, "connectorId": 3}, {}, "Rejected", []),
        (START, CARD, {"registration": "Pending"}, "Rejected", []),  # 4.2
        (START, CARD, {"going_down": True}, "Rejected", []),
        (START, {**CARD, "chargingProfile": "good"}, {}, "Accepted", [("start", 1, "T", "good")]),
        (START, {**CARD, "chargingProfile": "bad"}, {}, "Rejected", []),
        (START, {**CARD, "chargingProfile": "bad"}, IGNORED, "Accepted", [("start", 1, "T", "bad")]),
        (START, {**CARD, "chargingProfile": "good"}, REJECTED, "Rejected", []),
        # 5.12
        (STOP, {"transactionId": 7}, {"running": {1: 6, 2: 7}}, "Accepted", [("stop", 2, "Remote")]),
        (STOP, {"transactionId": 0}, {"running": {1: 0}}, "Accepted", [("stop", 1, "Remote")]),
        (STOP, {"transactionId": 8}, {"running": {1: 6, 2: 7}}, "Rejected", []),
        (STOP, {"transactionId": 7}, {}, "Rejected", []),
        (STOP, {"transactionId": 7}, {"running": {1: 7}, "registration": "Pending"}, "Rejected", []),
        # 5.2
        (AVAILABILITY, {"connectorId": 0, "type": "Inoperative"}, {}, "Accepted", [(0, False)]),
        (AVAILABILITY, {"connectorId": 2, "type": "Operative"}, {}, "Accepted", [(2, True)]),
        (AVAILABILITY, {"connectorId": 3, "type": "Operative"}, {}, "Rejected", []),
        # 5.18, errata 3.87
        (UNLOCK, {"connectorId": 1}, {}, "Unlocked", [("unlock", 1)]),
        (UNLOCK, {"connectorId": 1}, {"jams": [1]}, "UnlockFailed", [("unlock", 1)]),
        (UNLOCK, {"connectorId": 2}, {"locks": [1]}, "NotSupported", []),
        (UNLOCK, {"connectorId": 3}, {}, "NotSupported", []),
        ("Reset", {"type": "Hard"}, {}, "Accepted", [("reset", "Hard")]),
        # 5.17: a connectorId that means nothing to the message is ignored
        (TRIGGER, {"requestedMessage": "MeterValues"}, {}, "Accepted", [("MeterValues", None)]),
        (TRIGGER, {"requestedMessage": "MeterValues", "connectorId": 2}, {}, "Accepted",
         [("MeterValues", 2)]),
        (TRIGGER, {"requestedMessage": "StatusNotification", "connectorId": 0}, {}, "Accepted",
         [("StatusNotification", 0)]),
        (TRIGGER, {"requestedMessage": "StatusNotification", "connectorId": 3}, {}, "Rejected", []),
        (TRIGGER, {"requestedMessage": "MeterValues", "connectorId": -1}, {}, "Rejected", []),
        (TRIGGER, {"requestedMessage": "Heartbeat", "connectorId": 3}, {}, "Accepted", [("Heartbeat", 3)]),
        ("ClearChargingProfile", {"id": 1}, {}, "Accepted", []),
        ("ClearChargingProfile", {"id": 2}, {}, "Unknown", []),
        ("ClearCache", {}, {}, "Accepted", []),
        ("ClearCache", {}, {"has_cache": False}, "Rejected", []),
        ("DataTransfer", {"vendorId": "v"}, {}, "UnknownVendorId", []),
    ],
)  # fmt: skip
def test_a_request_is_answered_and_carried_out(
    action: str, payload: Payload, facts: Payload, status: str, done: list[Any]
) -> None:
    station = Station(**facts)
    assert OPERATIONS[action](station, payload)["status"] == status  # type: ignore[arg-type]
    assert station.done == done


@pytest.mark.parametrize(
    ("value", "lasting", "status", "kept"),
    [
        ("77", True, "Accepted", ["configuration"]),
        ("60", True, "Accepted", []),  # as it is
        ("soon", True, "Rejected", []),
        ("77", False, "Accepted", []),
    ],
)
def test_a_setting_that_is_new_is_kept_for_the_next_process(
    value: str, lasting: bool, status: str, kept: list[str]
) -> None:
    station = Station(lasting=lasting)
    request = {"key": "ConnectionTimeOut", "value": value}
    answer = OPERATIONS["ChangeConfiguration"](station, request)  # type: ignore[arg-type]
    assert (answer, station.kept) == ({"status": status}, kept)


@pytest.mark.parametrize(
    ("asked", "known", "unknown"),
    [  # 5.8
        (["HeartbeatInterval"], ["HeartbeatInterval"], None),
        (["heartbeatinterval", "Mine"], ["HeartbeatInterval"], ["Mine"]),
        (["Mine"], [], ["Mine"]),
    ],
)
def test_keys_that_nobody_knows_are_told_where_there_are_any(
    asked: list[str], known: list[str], unknown: list[str] | None
) -> None:
    answer = OPERATIONS["GetConfiguration"](Station(), {"key": asked})  # type: ignore[arg-type]
    assert [entry["key"] for entry in answer["configurationKey"]] == known
    assert answer.get("unknownKey") == unknown


@pytest.mark.parametrize(
    ("action", "is_reversed", "code"),
    [  # OCPP-J table 7
        ("ReserveNow", False, "NotSupported"),
        ("ReserveNow", True, "NotImplemented"),
        ("MakeCoffee", False, "NotImplemented"),
        ("MakeCoffee", True, "NotSupported"),
    ],
)
def test_an_action_that_the_device_lacks_is_refused_by_policy(
    action: str, is_reversed: bool, code: str
) -> None:
    refused = refusal(is_reversed)(action)
    assert isinstance(refused, Refusal) and refused.code == code
