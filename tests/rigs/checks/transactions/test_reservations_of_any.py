"""A reservation of connector 0: one connector has to remain that its card can have (5.13)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import Log, at, found

KEPT = "reservation.kept"


def reserves(log: Log, t: float = 20.0, until: float = 3600.0, connector: int = 0, id: int = 5) -> None:
    wire = {"connectorId": connector, "expiryDate": at(until), "idTag": "GUEST", "reservationId": id}
    log.down(t, "ReserveNow", wire | ({"parentIdTag": "HOUSE"} if id == 6 else {}))


def starts(log: Log, t: float, connector: int = 1, tag: str = "TAG1", parent: str = "") -> None:
    info = {"status": "Accepted"} | ({"parentIdTag": parent} if parent else {})
    log.status(t - 3, "Preparing", connector)
    log.up(t - 2, "Authorize", {"idTag": tag}, {"idTagInfo": info})
    told = {"connectorId": connector, "idTag": tag, "meterStart": 0, "timestamp": at(t)}
    named = {"reservationId": 5} if tag == "GUEST" else {}
    log.up(t, "StartTransaction", told | named, {"transactionId": connector, "idTagInfo": info})
    log.status(t + 1, "Charging", connector)


def the_only_one(log: Log) -> None:
    reserves(log)
    starts(log, 60)


def the_second_of_two(log: Log) -> None:
    reserves(log)
    starts(log, 60)
    starts(log, 90, 2)


def beside_one_out_of_service(log: Log) -> None:
    log.status(10, "Unavailable", 2)
    reserves(log)
    starts(log, 60)


def the_first_of_two(log: Log) -> None:
    reserves(log)
    starts(log, 60)


def its_own_card_first(log: Log) -> None:
    reserves(log)
    starts(log, 60, 1, "GUEST")
    starts(log, 90, 2)


def its_group(log: Log) -> None:
    reserves(log, id=6)
    starts(log, 60, 1, "KIN", parent="HOUSE")
    starts(log, 90, 2)


def the_second_behind_one_told_reserved(log: Log) -> None:
    reserves(log)
    log.status(21, "Reserved", 2)
    starts(log, 60)


def after_its_end(log: Log) -> None:
    reserves(log, until=50.0)
    starts(log, 60)
    starts(log, 90, 2)


def cancelled(log: Log) -> None:
    reserves(log)
    log.down(40, "CancelReservation", {"reservationId": 5})
    starts(log, 60)
    starts(log, 90, 2)


@pytest.mark.parametrize(
    ("story", "connectors"), [(the_only_one, 1), (the_second_of_two, 2), (beside_one_out_of_service, 2)]
)
def test_the_last_one_is_not_given_to_another(
    story: Callable[[Log], None], connectors: int, tmp_path: Path
) -> None:
    log = Log(connectors=connectors)
    story(log)
    assert found(log.verdict(tmp_path)) == {KEPT}


SOUND = [
    *(the_first_of_two, its_own_card_first, its_group, the_second_behind_one_told_reserved),
    *(after_its_end, cancelled),
]


@pytest.mark.parametrize("story", SOUND)
def test_what_leaves_one_or_ends_it_is_none(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log(connectors=2)
    story(log)
    assert KEPT not in found(log.verdict(tmp_path))
