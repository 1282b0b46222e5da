"""A card that was accepted, and a connector that goes on Preparing: what the frames tell of anybody's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import Log, at, found

TIMEOUT = "status.timeout"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def beats(log: Log, until: float = 1500.0) -> None:
    for k in range(1, int(until / 300) + 1):
        log.up(300.0 * k, "Heartbeat", {}, {"currentTime": at(300.0 * k)})


def told(log: Log, **keys: str) -> None:
    rows = [
        {"key": key, "readonly": key == "NumberOfConnectors", "value": value} for key, value in keys.items()
    ]
    log.down(10, "GetConfiguration", {}, {"configurationKey": rows})


def card(log: Log, t: float, answer: str = "Accepted") -> None:
    log.up(t, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": answer}})


def card_first(log: Log) -> None:
    log.configure(10, ConnectionTimeOut="60")
    card(log, 100)
    log.status(101, "Preparing")


def card_second(log: Log) -> None:
    told(log, ConnectionTimeOut="60", NumberOfConnectors="1")
    log.status(90, "Preparing")
    card(log, 100)


def ends(log: Log) -> None:
    card_first(log)
    log.status(162, "Available")


def starts(log: Log) -> None:
    card_first(log)
    begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": at(130)}
    log.up(130, "StartTransaction", begun, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})


def shown_again(log: Log) -> None:
    card_first(log)
    card(log, 150)
    log.status(212, "Available")


def cable_only(log: Log) -> None:
    log.configure(10, ConnectionTimeOut="60")
    log.status(101, "Preparing")


def cable_of_one_and_card_of_another(log: Log) -> None:
    told(log, ConnectionTimeOut="60", NumberOfConnectors="2")
    log.status(90, "Preparing", 1)
    card(log, 100)


def refused(log: Log) -> None:
    log.configure(10, ConnectionTimeOut="60")
    card(log, 100, "Blocked")
    log.status(101, "Preparing")


def no_time_out(log: Log) -> None:
    log.configure(10, ConnectionTimeOut="0")
    card(log, 100)
    log.status(101, "Preparing")


def not_told(log: Log) -> None:
    card(log, 100)
    log.status(101, "Preparing")


def boots(log: Log) -> None:
    card_first(log)
    log.up(150, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(150), "interval": 300})
    for connector in (0, 1):
        log.status(151 + connector, "Preparing" if connector else "Available", connector)


@pytest.mark.parametrize("story", [card_first, card_second])
def test_a_card_without_a_car_gives_its_connector_free(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    story(log)
    beats(log)
    assert found(log.verdict(tmp_path)) == {TIMEOUT}


SOUND = [
    *(ends, starts, shown_again, cable_only, cable_of_one_and_card_of_another, refused, no_time_out),
    *(not_told, boots),
]


@pytest.mark.parametrize("story", SOUND)
def test_what_ends_or_may_wait_is_none(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    story(log)
    beats(log)
    assert TIMEOUT not in found(log.verdict(tmp_path))


def test_a_log_that_ends_or_has_a_hole_tells_nothing(tmp_path: Path) -> None:
    short, holed = Log(), Log()
    card_first(short)
    card_first(holed)
    holed.up(1200, "Heartbeat", {}, {"currentTime": at(1200)})
    assert TIMEOUT not in found(short.verdict(tmp_path)) | found(holed.verdict(tmp_path))
