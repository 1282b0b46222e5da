"""What the CSMS is told of statuses: which of a connector's facts, once each, again where they got lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from conversation import Conversation

from evc5.twin.services.announcer import Announcer

Told = tuple[int, str, str]


@dataclass
class Connector:
    """A channel as it is told of."""

    connector: int
    status: str = "Available"
    error_code: str = "NoError"
    info: str = ""
    on_status: list[Callable[[str], None]] = field(default_factory=list)

    def becomes(self, status: str, error_code: str = "NoError", info: str = "") -> None:
        self.status, self.error_code, self.info = status, error_code, info
        for listener in self.on_status:
            listener(status)


class Desk:
    """An announcer of one connector whose back office answers at once, unless it is `silent`."""

    def __init__(self, behaviour: str = "evc5-v32r30", **policies: str) -> None:
        self.talk = Conversation(behaviour, policies)
        self.talk.agent.rpc.timeout_s = 30.0
        self.connector = Connector(1)
        controller: Any = SimpleNamespace(channels=[self.connector], channel=lambda _: self.connector)
        self.out_of_service: set[int] = set()
        availability: Any = SimpleNamespace(is_inoperative=self.out_of_service.__contains__)
        self.announcer = Announcer(self.talk.agent, controller, availability)
        self.talk.booted()
        self.answers()

    def answers(self) -> None:
        while self.talk.unanswered:
            self.talk.answer({})

    def told(self) -> list[Told]:
        """Connector, status and error code of all that was told since the boot's two."""
        told = self.talk.told("StatusNotification")
        return [(one["connectorId"], one["status"], one["errorCode"]) for one in told[2:]]


def test_a_boot_is_followed_by_every_status_the_stations_first() -> None:
    desk = Desk()
    assert [one["connectorId"] for one in desk.talk.told("StatusNotification")] == [0, 1]
    desk.talk.agent.die()
    desk.talk.booted()
    desk.answers()
    assert desk.told() == [(0, "Available", "NoError"), (1, "Available", "NoError")]


@pytest.mark.parametrize(
    ("behaviour", "status", "error_code", "told"),
    [
        ("evc5-v32r30", "Faulted", "GroundFailure", "GroundFailure"),
        ("evc5-v32r30", "Faulted", "OverCurrentFailure", "OtherError"),  # table 5: not supported
        ("ocpp16", "Faulted", "OverCurrentFailure", "OverCurrentFailure"),
        # 4.9: a warning of the communication goes with these statuses only
        ("ocpp16", "Preparing", "EVCommunicationError", "EVCommunicationError"),
        ("ocpp16", "SuspendedEV", "EVCommunicationError", "EVCommunicationError"),
        ("ocpp16", "SuspendedEVSE", "EVCommunicationError", "EVCommunicationError"),
        ("ocpp16", "Finishing", "EVCommunicationError", "EVCommunicationError"),
        ("ocpp16", "Charging", "EVCommunicationError", "NoError"),
        ("ocpp16", "Unavailable", "EVCommunicationError", "NoError"),
        ("ocpp16", "Available", "HighTemperature", "HighTemperature"),
    ],
)
def test_an_error_code_goes_with_the_status_as_the_sheet_and_4_9_have_it(
    behaviour: str, status: str, error_code: str, told: str
) -> None:
    desk = Desk(behaviour)
    desk.connector.becomes(status, error_code)
    assert desk.told() == [(1, status, told)]


@pytest.mark.parametrize(
    ("policy", "status", "told"),
    [
        ("off", "Preparing", "Preparing"),
        ("replaces-preparing", "Preparing", "Occupied"),
        ("replaces-preparing", "Finishing", "Finishing"),
    ],
)
def test_occupied_stands_for_preparing_by_policy_alone(policy: str, status: str, told: str) -> None:
    desk = Desk(occupied_status=policy)
    desk.connector.becomes(status)
    assert desk.told() == [(1, told, "NoError")]


def test_what_is_known_already_is_told_when_asked_alone() -> None:
    desk = Desk()
    desk.connector.becomes("Preparing")
    desk.connector.becomes("Preparing")
    desk.answers()
    assert len(desk.told()) == 1
    desk.connector.becomes("Preparing", info="news")  # the same with something to it
    desk.answers()
    desk.announcer.answer_trigger(1)
    assert desk.told() == [(1, "Preparing", "NoError")] * 3
    assert [one.get("info") for one in desk.talk.told("StatusNotification")[2:]] == [None, "news", "news"]


def test_a_status_without_an_answer_is_told_again_after_a_while() -> None:
    desk = Desk()
    desk.connector.becomes("Preparing")
    desk.talk.advance(30)  # silence: the end of a call's time
    desk.talk.unanswered.clear()
    desk.talk.advance(89)
    assert len(desk.told()) == 1
    desk.talk.advance(90)  # 60 s later; assumed
    assert desk.told() == [(1, "Preparing", "NoError")] * 2
    desk.talk.answer()  # refused, and so arrived
    desk.talk.advance(1000)
    assert len(desk.told()) == 2


def test_a_status_that_has_changed_since_takes_the_place_of_one_that_got_lost() -> None:
    desk = Desk()
    desk.connector.becomes("Preparing")
    desk.talk.advance(10)
    desk.connector.becomes("Charging")
    desk.talk.advance(30)
    desk.talk.unanswered.pop(0)
    desk.answers()
    desk.talk.advance(1000)
    assert desk.told() == [(1, "Preparing", "NoError"), (1, "Charging", "NoError")]


def test_a_status_that_got_lost_is_not_told_again_where_the_same_has_been_told_since() -> None:
    desk = Desk()
    for status in ("Preparing", "Available", "Preparing"):
        desk.connector.becomes(status)
    desk.talk.advance(30)
    desk.talk.unanswered.pop(0)
    desk.answers()
    desk.talk.advance(1000)
    assert [status for _, status, _ in desk.told()] == ["Preparing", "Available", "Preparing"]


def test_a_firmware_that_dies_tells_nothing_again() -> None:
    desk = Desk()
    desk.connector.becomes("Preparing")
    desk.talk.advance(30)
    desk.announcer.die()
    desk.talk.advance(1000)
    assert len(desk.told()) == 1


@pytest.mark.parametrize(
    ("out_of_service", "status"), [(set(), "Available"), ({0}, "Unavailable"), ({1}, "Available")]
)
def test_the_station_itself_tells_its_service_and_conflicts_of_its_list(
    out_of_service: set[int], status: str
) -> None:
    desk = Desk()
    desk.out_of_service.update(out_of_service)
    desk.announcer.conflict()  # 3.5.2
    desk.answers()
    desk.announcer.tell(0)
    assert desk.told() == [
        (0, status, "LocalListConflict"),
        *[(0, status, "NoError")] * (0 in out_of_service),
    ]
