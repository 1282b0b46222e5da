"""A connector that is taken out of service, or reserved, says so; and what need not be told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import Log, at, found
from test_without_effect import beats, charge

RESERVED = {"connectorId": 1, "idTag": "TAG1", "reservationId": 5, "expiryDate": at(3600)}
OUT = {"connectorId": 1, "type": "Inoperative"}
IN = {"connectorId": 1, "type": "Operative"}


def out_and_silent(log: Log) -> None:
    log.down(30.0, "ChangeAvailability", OUT)
    beats(log)


def the_whole_out_and_silent(log: Log) -> None:
    log.down(30.0, "ChangeAvailability", OUT | {"connectorId": 0})
    log.status(31.0, "Unavailable", 0)
    beats(log)


def reserved_and_silent(log: Log) -> None:
    log.down(30.0, "ReserveNow", RESERVED)
    beats(log)


def out_and_available_again(log: Log) -> None:
    """Told once more as it was, on a trigger: that is not what was ordered."""
    log.down(30.0, "ChangeAvailability", OUT)
    log.status(35.0, "Available")
    beats(log)


def out_and_told(log: Log) -> None:
    log.down(30.0, "ChangeAvailability", OUT)
    log.status(31.0, "Unavailable")
    beats(log)


def out_and_told_before_the_answer(log: Log) -> None:
    log.status(30.05, "Unavailable")
    log.down(30.0, "ChangeAvailability", OUT)
    beats(log)


def out_already(log: Log) -> None:
    log.status(20.0, "Unavailable")
    log.down(30.0, "ChangeAvailability", OUT)
    beats(log)


def out_and_in_at_once(log: Log) -> None:
    log.down(30.0, "ChangeAvailability", OUT)
    log.down(40.0, "ChangeAvailability", IN)
    beats(log)


def out_while_it_charges(log: Log) -> None:
    log.down(130.0, "ChangeAvailability", OUT, {"status": "Scheduled"})
    charge(log, 5)
    log.status(400.0, "Unavailable")


def out_and_booting(log: Log) -> None:
    log.down(30.0, "ChangeAvailability", OUT)
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    log.up(60.0, "BootNotification", boot, {"status": "Accepted", "currentTime": at(60), "interval": 300})
    for connector in (0, 1):
        log.status(61.0 + connector, "Unavailable" if connector else "Available", connector)
    beats(log)


def out_and_faulted(log: Log) -> None:
    log.down(30.0, "ChangeAvailability", OUT)
    log.status(31.0, "Faulted", errorCode="InternalError")
    beats(log)


def reserved_and_told(log: Log) -> None:
    log.down(30.0, "ReserveNow", RESERVED)
    log.status(30.5, "Reserved")
    beats(log)


def reserved_and_cancelled(log: Log) -> None:
    log.down(30.0, "ReserveNow", RESERVED)
    log.down(40.0, "CancelReservation", {"reservationId": 5})
    beats(log)


def reserved_and_over_at_once(log: Log) -> None:
    log.down(30.0, "ReserveNow", RESERVED | {"expiryDate": at(50)})
    beats(log)


def the_whole_reserved(log: Log) -> None:
    """5.13: of connector 0 one is kept free, and which is not told."""
    log.down(30.0, "ReserveNow", RESERVED | {"connectorId": 0})
    beats(log)


def reserved_and_used(log: Log) -> None:
    log.down(30.0, "ReserveNow", RESERVED)
    told = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": at(60), "reservationId": 5}
    log.up(60.0, "StartTransaction", told, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(61.0, "Charging")
    beats(log)


def short_statuses_are_not_told(log: Log) -> None:
    log.configure(10.0, MinimumStatusDuration="400")
    log.down(30.0, "ChangeAvailability", OUT)
    log.up(301.0, "Heartbeat", {}, {"currentTime": at(301)})
    log.status(431.0, "Unavailable")


def in_again_and_silent(log: Log) -> None:
    out_and_told(log)
    log.down(100.0, "ChangeAvailability", IN)


def in_again_and_told(log: Log) -> None:
    out_and_told(log)
    log.down(100.0, "ChangeAvailability", IN)
    log.status(101.0, "Available")


def in_again_while_the_whole_is_out(log: Log) -> None:
    out_and_told(log)
    log.down(60.0, "ChangeAvailability", OUT | {"connectorId": 0})
    log.down(100.0, "ChangeAvailability", IN)


def in_again_of_what_was_out_by_itself(log: Log) -> None:
    """A disabled connector, or one that its owner locked."""
    log.status(20.0, "Unavailable")
    log.down(100.0, "ChangeAvailability", IN)
    beats(log)


def scheduled_and_free_again(log: Log) -> None:
    log.down(130.0, "ChangeAvailability", OUT, {"status": "Scheduled"})
    charge(log, 5)
    log.status(400.0, "Available")
    log.up(500.0, "Heartbeat", {}, {"currentTime": at(500)})


def scheduled_and_finishing_still(log: Log) -> None:
    """The cable is in yet: it is out when the car goes."""
    log.down(130.0, "ChangeAvailability", OUT, {"status": "Scheduled"})
    charge(log, 5)
    log.up(700.0, "Heartbeat", {}, {"currentTime": at(700)})


def scheduled_and_out_by_way_of_available(log: Log) -> None:
    log.down(130.0, "ChangeAvailability", OUT, {"status": "Scheduled"})
    charge(log, 5)
    log.status(400.0, "Available")
    log.status(401.0, "Unavailable")
    log.up(700.0, "Heartbeat", {}, {"currentTime": at(700)})


def cancelled_and_silent(log: Log) -> None:
    reserved_and_told(log)
    log.down(40.0, "CancelReservation", {"reservationId": 5})


def cancelled_and_told(log: Log) -> None:
    reserved_and_told(log)
    log.down(40.0, "CancelReservation", {"reservationId": 5})
    log.status(40.5, "Available")


def cancelled_and_reserved_by_another(log: Log) -> None:
    reserved_and_told(log)
    log.down(40.0, "CancelReservation", {"reservationId": 5})
    log.down(40.2, "ReserveNow", RESERVED | {"reservationId": 6})


def expires(log: Log, until: float = 100.0) -> None:
    log.down(30.0, "ReserveNow", RESERVED | {"expiryDate": at(until)})
    log.status(30.5, "Reserved")


def expired_and_silent(log: Log) -> None:
    expires(log)
    beats(log)


def expired_and_told(log: Log) -> None:
    expires(log)
    log.status(101.0, "Available")
    beats(log)


def expired_while_any_connector_is_reserved(log: Log) -> None:
    """5.13: it may be the one that is kept for the reservation of connector 0."""
    expires(log)
    log.down(60.0, "ReserveNow", RESERVED | {"connectorId": 0, "reservationId": 6})
    beats(log)


def expired_while_another_is_reserved(log: Log) -> None:
    log.status(5.0, "Available", 2)
    expires(log)
    log.down(60.0, "ReserveNow", RESERVED | {"connectorId": 2, "reservationId": 6})
    log.status(60.5, "Reserved", 2)
    beats(log)


CANCELS = {"reservationId": 5}


def cancelled_twice(log: Log) -> None:
    cancelled_and_told(log)
    log.down(50.0, "CancelReservation", CANCELS)


def cancelled_and_refused_the_second_time(log: Log) -> None:
    cancelled_and_told(log)
    log.down(50.0, "CancelReservation", CANCELS, {"status": "Rejected"})


def cancelled_and_reserved_and_cancelled_again(log: Log) -> None:
    cancelled_and_told(log)
    log.down(50.0, "ReserveNow", RESERVED)
    log.status(50.5, "Reserved")
    log.down(60.0, "CancelReservation", CANCELS)
    log.status(60.5, "Available")


FAULTY = {
    cancelled_twice: "reservation.kept",
    in_again_and_silent: "availability.answer",
    scheduled_and_free_again: "availability.answer",
    cancelled_and_silent: "reservation.kept",
    expired_and_silent: "reservation.kept",
    expired_while_another_is_reserved: "reservation.kept",
    out_and_silent: "availability.answer",
    the_whole_out_and_silent: "availability.answer",
    out_and_available_again: "availability.answer",
    reserved_and_silent: "reservation.kept",
}
SOUND = (
    expired_and_told,
    expired_while_any_connector_is_reserved,
    cancelled_and_refused_the_second_time,
    cancelled_and_reserved_and_cancelled_again,
    in_again_and_told,
    in_again_while_the_whole_is_out,
    in_again_of_what_was_out_by_itself,
    scheduled_and_finishing_still,
    scheduled_and_out_by_way_of_available,
    cancelled_and_told,
    cancelled_and_reserved_by_another,
    out_and_told,
    out_and_told_before_the_answer,
    out_already,
    out_and_in_at_once,
    out_while_it_charges,
    out_and_booting,
    out_and_faulted,
    reserved_and_told,
    reserved_and_cancelled,
    reserved_and_over_at_once,
    the_whole_reserved,
    reserved_and_used,
    short_statuses_are_not_told,
)


@pytest.mark.parametrize("story", FAULTY, ids=lambda story: story.__name__)
def test_an_order_that_no_status_tells_is_one_error(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    story(log)
    told = [(row["requirement"], row["severity"]) for row in log.verdict(tmp_path).findings]
    assert told == [(FAULTY[story], "error")]


@pytest.mark.parametrize("story", SOUND, ids=lambda story: story.__name__)
def test_what_was_told_or_need_not_be_is_no_fault(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    story(log)
    assert not {"availability.answer", "reservation.kept"} & found(log.verdict(tmp_path))
