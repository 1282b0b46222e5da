"""Other makers' stations may leave out a status that was short (4.9), and put out one that waits (5.2)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import Log, at, found

TABLE = "status.table"
Story = Callable[[Log], None]


def ended(log: Log, status: str) -> None:
    log.begin()
    log.up(200, "StopTransaction", {"transactionId": 7, "meterStop": 1060, "timestamp": at(200)})
    log.status(201, status)


def starts(log: Log, t: float, **more: int) -> None:
    begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1060, "timestamp": at(t)} | more
    log.up(t, "StartTransaction", begun, {"transactionId": 8, "idTagInfo": {"status": "Accepted"}})


def anew(log: Log) -> None:
    ended(log, "Finishing")
    starts(log, 260)
    log.status(261, "Charging")


def anew_told_before(log: Log) -> None:
    ended(log, "Finishing")
    log.status(261, "SuspendedEV")
    starts(log, 265)


def of_a_reservation(log: Log) -> None:
    wish = {"connectorId": 1, "expiryDate": at(600), "idTag": "TAG1", "reservationId": 5}
    log.down(30, "ReserveNow", wish)
    log.status(31, "Reserved")
    starts(log, 60, reservationId=5)
    log.status(61, "Charging")


def replugged(log: Log) -> None:
    ended(log, "Preparing")


def anew_without_a_start(log: Log) -> None:
    ended(log, "Finishing")
    log.status(261, "Charging")


def prepares_in_a_transaction(log: Log) -> None:
    log.begin()
    log.status(201, "Preparing")


def out_unasked(log: Log) -> None:
    log.status(20, "Preparing")
    log.status(40, "Unavailable")


def put_out(log: Log) -> None:
    log.status(20, "Preparing")
    log.down(38, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    log.status(40, "Unavailable")


def all_put_out(log: Log) -> None:
    log.status(20, "Preparing")
    log.down(38, "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    log.status(40, "Unavailable")
    log.status(41, "Unavailable", 0)


@pytest.mark.parametrize(
    ("story", "severity"),
    [
        (anew, "warning"),
        (anew_told_before, "warning"),
        (of_a_reservation, "warning"),
        (replugged, "warning"),
        (anew_without_a_start, "error"),
        (prepares_in_a_transaction, "error"),
        (out_unasked, "error"),
        (put_out, ""),
        (all_put_out, ""),
    ],
)
def test_a_status_that_was_left_out_is_a_warning(story: Story, severity: str, tmp_path: Path) -> None:
    log = Log()
    story(log)
    for t in (500, 800):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
    verdict = log.verdict(tmp_path)
    told = {str(row["severity"]) for row in verdict.findings if row["requirement"] == TABLE}
    assert (told, TABLE in found(verdict)) == ({severity} - {""}, severity == "error")
