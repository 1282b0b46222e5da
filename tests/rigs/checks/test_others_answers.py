"""What other makers' stations answer: of keys, reservations, profiles and connectors that there are not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, at, found, minutes, period, profile, register

FOREIGN_KEY = {"key": ["FooBar"]}
UNKNOWN = {"unknownKey": ["FooBar"]}
CLEARED = {"reservationId": 5}


def beats(log: Log, count: int = 6) -> Log:
    """It goes on, so that what is to come of an order has its time."""
    for n in range(1, count + 1):
        log.up(300.0 * n, "Heartbeat", {}, {"currentTime": at(300.0 * n)})
    return log


def told(log: Log, key: str, value: str, read_only: bool = False, t: float = 10.0) -> None:
    row = {"key": key, "readonly": read_only, "value": value}
    log.down(t, "GetConfiguration", {}, {"configurationKey": [row]})


def changed_and_unknown(log: Log) -> None:
    log.configure(20, FooBar="1")
    log.down(30, "GetConfiguration", FOREIGN_KEY, UNKNOWN)


def keeps(key: str, value: str) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        log.configure(20, **{key: value})
        told(log, key, value, t=30.0)

    return story


def unknown_and(status: str) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        log.down(20, "GetConfiguration", FOREIGN_KEY, UNKNOWN)
        log.down(30, "ChangeConfiguration", {"key": "FooBar", "value": "1"}, {"status": status})

    return story


def takes(key: str, value: str, status: str = "Accepted") -> Callable[[Log], None]:
    return lambda log: log.down(20, "ChangeConfiguration", {"key": key, "value": value}, {"status": status})


def is_told(key: str, value: str, read_only: bool) -> Callable[[Log], None]:
    return lambda log: told(log, key, value, read_only)


def refuses_out_of_its_range(log: Log) -> None:
    told(log, "MeterValueSampleInterval", "60")
    takes("MeterValueSampleInterval", "1", "Rejected")(log)


def reserve(log: Log, t: float, status: str = "Accepted", id: int = 5, connector: int = 1) -> None:
    asked = {"connectorId": connector, "expiryDate": at(600), "idTag": "GUEST", "reservationId": id}
    log.down(t, "ReserveNow", asked, {"status": status})


def reserved_while(status: str, code: str = "NoError", answer: str = "Accepted") -> Callable[[Log], None]:
    def story(log: Log) -> None:
        log.status(10, status, errorCode=code)
        reserve(log, 30, answer)
        if answer == "Accepted":
            log.status(31, "Reserved")

    return story


def reserved_while_charging(log: Log) -> None:
    log.begin()
    for n, t in enumerate(minutes(5), 1):
        log.values(t, register(1000 + 61 * n))
    reserve(log, 200)


def reserved_twice(log: Log) -> None:
    reserve(log, 10)
    log.status(11, "Reserved")
    reserve(log, 60, id=6)
    log.down(70, "CancelReservation", {"reservationId": 6})
    log.down(71, "CancelReservation", CLEARED)
    log.status(72, "Available")


def replaced(log: Log) -> None:
    reserve(log, 10)
    log.status(11, "Reserved")
    reserve(log, 60)
    log.down(70, "CancelReservation", CLEARED)
    log.status(71, "Available")


def reserved_for_good(log: Log) -> None:
    reserve(log, 10)
    log.status(11, "Reserved")


def reserved_until_its_end(log: Log) -> None:
    reserved_for_good(log)
    log.status(601, "Available")


def extended(log: Log) -> None:
    reserved_for_good(log)
    asked = {"connectorId": 1, "expiryDate": at(7200), "idTag": "GUEST", "reservationId": 5}
    log.down(400, "ReserveNow", asked)


def whole_station_reserved(supported: str) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        told(log, "ReserveConnectorZeroSupported", supported)
        reserve(log, 30, connector=0)

    return story


def cancelled_that_is_none(log: Log) -> None:
    log.down(40, "CancelReservation", {"reservationId": 77})


def not_cancelled(log: Log) -> None:
    reserved_until_its_end(log)
    log.down(60, "CancelReservation", CLEARED, {"status": "Rejected"})


def composite_of(connector: int) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        told(log, "NumberOfConnectors", "1", read_only=True)
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period(16)], "duration": 600}
        reply = {"status": "Accepted", "connectorId": connector, "scheduleStart": at(40)}
        asked = {"connectorId": connector, "duration": 600}
        log.down(40, "GetCompositeSchedule", asked, reply | {"chargingSchedule": schedule})

    return story


def status_of_a_third(log: Log) -> None:
    told(log, "NumberOfConnectors", "1", read_only=True)
    log.status(30, "Available", 3)


def needs_a_reboot(before: str, after: str) -> Callable[[Log], None]:
    """A change that is effective from the next restart on: what is told until then, and after it."""

    def story(log: Log) -> None:
        told(log, "WebSocketPingInterval", "60")
        takes("WebSocketPingInterval", "30", "RebootRequired")(log)
        told(log, "WebSocketPingInterval", before, t=25.0)
        log.down(40, "Reset", {"type": "Soft"})
        boot = {"chargePointVendor": "V", "chargePointModel": "M"}
        log.up(80, "BootNotification", boot, {"status": "Accepted", "currentTime": at(80), "interval": 300})
        log.status(81, "Available", 0)
        log.status(82, "Available")
        told(log, "WebSocketPingInterval", after, t=90.0)

    return story


def stopped_remotely(log: Log) -> None:
    """Of nothing: no transaction is told of at all."""
    log.down(40, "RemoteStopTransaction", {"transactionId": 99})


def scheduled_and(*statuses: str) -> Callable[[Log], None]:
    """A change of availability that is to wait, where there is nothing to wait for."""

    def story(log: Log) -> None:
        asked = {"connectorId": 1, "type": "Inoperative"}
        log.down(40, "ChangeAvailability", asked, {"status": "Scheduled"})
        for n, status in enumerate(statuses):
            log.status(42 + n, status)

    return story


def taken_of_a_seventh(action: str, status: str = "Accepted", **asked: Any) -> Callable[[Log], None]:
    """Of a station that says it has one connector."""

    def story(log: Log) -> None:
        told(log, "NumberOfConnectors", "1", read_only=True)
        log.down(40, action, {"connectorId": 7, **asked}, {"status": status})

    return story


def triggered(wanted: str, *came: int, of: int | None = None) -> Callable[[Log], None]:
    """An accepted trigger, and the connectors of which a status came."""

    def story(log: Log) -> None:
        told(log, "NumberOfConnectors", "1", read_only=True)
        asked = {"requestedMessage": wanted} | ({} if of is None else {"connectorId": of})
        log.down(40, "TriggerMessage", asked)
        for n, connector in enumerate(came, 1):
            log.status(40 + n, "Available", connector)

    return story


def remotely(*statuses: str, card: bool = False, at_s: float = 41.0) -> Callable[[Log], None]:
    """So answered one after the other, where a car waits; a transaction of the idTag begins."""

    def story(log: Log) -> None:
        log.status(20, "Preparing")
        if card:
            log.up(39, "Authorize", {"idTag": "APP"}, {"idTagInfo": {"status": "Accepted"}})
        for n, status in enumerate(statuses):
            of = {"connectorId": 1} if n else {}
            log.down(40 + 0.3 * n, "RemoteStartTransaction", {"idTag": "APP"} | of, {"status": status})
        told = {"connectorId": 1, "idTag": "APP", "meterStart": 1000, "timestamp": at(at_s)}
        log.up(at_s, "StartTransaction", told, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
        log.status(at_s + 1, "Charging")

    return story


FAULTY: dict[str, tuple[Callable[[Log], None], str]] = {
    "a remote stop of nothing": (stopped_remotely, "transaction.remote-stop"),
    "scheduled for nothing, and never done": (scheduled_and(), "availability.answer"),
    "a change that the reboot loses": (needs_a_reboot("60", "60"), "configuration.kept"),
    "changed, then unknown": (changed_and_unknown, "configuration.known"),
    "unknown, then changed": (unknown_and("Accepted"), "configuration.known"),
    "unknown, then refused": (unknown_and("Rejected"), "configuration.known"),
    "letters for seconds": (takes("HeartbeatInterval", "abc"), "configuration.value"),
    "less than no seconds": (takes("ConnectionTimeOut", "-5"), "configuration.value"),
    "neither true nor false": (takes("LocalPreAuthorize", "maybe"), "configuration.value"),
    "what nobody measures": (takes("MeterValuesSampledData", "Foo.Bar"), "configuration.value"),
    "reserved while charging": (reserved_while_charging, "reservation.kept"),
    "reserved while a car is there": (reserved_while("Preparing"), "reservation.kept"),
    "reserved while faulted": (reserved_while("Faulted", "GroundFailure"), "reservation.kept"),
    "reserved twice": (reserved_twice, "reservation.kept"),
    "reserved past its end": (reserved_for_good, "reservation.kept"),
    "the whole reserved, which it cannot": (whole_station_reserved("false"), "reservation.kept"),
    "cancelled that is none": (cancelled_that_is_none, "reservation.kept"),
    "not cancelled": (not_cancelled, "reservation.kept"),
    "a composite of a connector that is none": (composite_of(5), "charging.composite-form"),
    "a connector that is none, taken out of service": (
        taken_of_a_seventh("ChangeAvailability", type="Inoperative"),
        "availability.answer",
    ),
    "a connector that is none, to be put in service": (
        taken_of_a_seventh("ChangeAvailability", "Scheduled", type="Operative"),
        "availability.answer",
    ),
    "a start on a connector that is none": (
        taken_of_a_seventh("RemoteStartTransaction", idTag="APP"),
        "remote.start-answer",
    ),
    "a start refused, and done": (remotely("Rejected"), "remote.start-answer"),
    "a trigger of a connector that is none": (triggered("MeterValues", of=7), "trigger.connector"),
    "a status triggered, and none": (triggered("StatusNotification", of=1), "trigger.connector"),
    "values triggered, and none": (triggered("MeterValues", of=1), "trigger.connector"),
    "all statuses triggered, and one": (triggered("StatusNotification", 0), "trigger.connector"),
    "a state of firmware triggered, and none": (triggered("FirmwareStatusNotification"), "trigger.followed"),
    "a status of a connector that is none": (status_of_a_third, "status.table"),
}
SOUND: dict[str, Callable[[Log], None]] = {
    "unknown, then not supported": unknown_and("NotSupported"),
    "a start refused as its card is shown": remotely("Rejected", card=True),
    "a start refused, then accepted": remotely("Rejected", "Accepted"),
    "a start refused, then a card": remotely("Rejected", at_s=45.0),
    "a value out of its own range": refuses_out_of_its_range,
    "a boolean in another word": takes("LocalPreAuthorize", "1"),
    "the neutral's current": takes("MeterValuesSampledData", "Current.Import.N,Voltage.L1-N"),
    "a key that may be read-only": is_told("AuthorizeRemoteTxRequests", "true", read_only=True),
    "scheduled for nothing, and done": scheduled_and("Unavailable"),
    "scheduled as a car comes": scheduled_and("Preparing"),
    "a change that the reboot brings": needs_a_reboot("60", "30"),
    "a change that is told before its reboot": needs_a_reboot("30", "30"),
    "no start on a connector that is none": taken_of_a_seventh(
        "RemoteStartTransaction", "Rejected", idTag="APP"
    ),
    "no change of a connector that is none": taken_of_a_seventh(
        "ChangeAvailability", "Rejected", type="Inoperative"
    ),
    "all statuses triggered": triggered("StatusNotification", 0, 1),
    "light that is no number": keeps("LightIntensity", "bright"),
    "light that is not raised": keeps("LightIntensity", "20"),
    "refused while faulted": reserved_while("Faulted", "GroundFailure", answer="Faulted"),
    "reserved until its end": reserved_until_its_end,
    "replaced by its own id": replaced,
    "replaced, and longer": extended,
    "the whole reserved": whole_station_reserved("true"),
    "a composite of the whole": composite_of(0),
}


@pytest.mark.parametrize("name", FAULTY)
def test_an_answer_that_contradicts_is_one_finding(name: str, tmp_path: Path) -> None:
    story, requirement = FAULTY[name]
    log = Log()
    story(log)
    assert found(beats(log).verdict(tmp_path)) - {"status.table"} == {requirement} - {"status.table"}
    assert requirement in found(log.verdict(tmp_path))


@pytest.mark.parametrize("name", SOUND)
def test_an_answer_that_may_be_so_is_none(name: str, tmp_path: Path) -> None:
    log = Log()
    SOUND[name](log)
    verdict = beats(log).verdict(tmp_path)
    assert (found(verdict), verdict.breakdowns) == (set(), [])


PROFILES: dict[str, tuple[Any, int, str]] = {
    "a first period that is none": (profile(period(10, 120)), 1, "Rejected"),
    "the station's, at a connector": (
        profile(period(10), chargingProfilePurpose="ChargePointMaxProfile"),
        1,
        "Rejected",
    ),
    "a level above the highest": (profile(period(10), stackLevel=9), 1, "Accepted"),
    "too many periods": (profile(*(period(10, 60 * n) for n in range(5))), 1, "Accepted"),
    "watts where amperes are taken": (profile(period(7000), unit="W"), 1, "Accepted"),
}
LIMITS = {
    "ChargeProfileMaxStackLevel": "3",
    "ChargingScheduleMaxPeriods": "4",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_that_should_not_have_been_sent_is_a_warning_against_the_csms(
    name: str, tmp_path: Path
) -> None:
    wire, connector, status = PROFILES[name]
    log = Log()
    rows = [{"key": key, "readonly": True, "value": value} for key, value in LIMITS.items()]
    log.down(10, "GetConfiguration", {}, {"configurationKey": rows})
    asked = {"connectorId": connector, "csChargingProfiles": wire}
    log.down(20, "SetChargingProfile", asked, {"status": status})
    verdict = beats(log).verdict(tmp_path)
    assert found(verdict) == set()
    (finding,) = [row for row in verdict.findings if row["severity"] == "warning"]
    assert finding["requirement"] == "charging.accepted" and "csms" in finding["blames"]


@pytest.mark.parametrize("answer", ["Accepted", "Rejected"])
@pytest.mark.parametrize(
    ("wire", "good"),
    [
        (profile(period(10)), False),
        (profile(period(10), chargingProfilePurpose="TxProfile", transactionId=7), False),
        (profile(period(10), chargingProfilePurpose="TxProfile"), True),
    ],
)
def test_a_remote_start_brings_a_profile_for_its_transaction(
    wire: dict[str, Any], good: bool, answer: str, tmp_path: Path
) -> None:
    """Whatever the station makes of another: it may leave it aside."""
    log = Log()
    log.status(BEGIN_S - 10, "Preparing")
    asked = {"connectorId": 1, "idTag": "APP", "chargingProfile": wire}
    log.down(BEGIN_S, "RemoteStartTransaction", asked, {"status": answer})
    verdict = log.verdict(tmp_path)
    assert ("charging.accepted" in found(verdict, "warning")) is not good and found(verdict) == set()


@pytest.mark.parametrize(
    ("action", "error", "requirement"),
    [
        ("Heartbeat", [4, "x", "InternalError", "no database", "SQL [insert]"], "frame.error-code"),
        ("Heartbeat", [4, "x", "", "", {}], "frame.error-code"),
        ("MakeCoffee", [3, "x", {}], "frame.schema"),
    ],
)
def test_a_reply_of_the_csms_that_is_not_of_its_form_is_a_warning_against_the_csms(
    action: str, error: list[Any], requirement: str, tmp_path: Path
) -> None:
    log = Log()
    log.line(20, "send", [2, "x", action, {}])
    log.line(20.1, "receive", error)
    verdict = beats(log).verdict(tmp_path)
    (finding,) = [row for row in verdict.findings if row["severity"] == "warning"]
    assert (finding["requirement"], finding["blames"]) == (requirement, "csms")


@pytest.mark.parametrize("stops", [True, False])
def test_a_remote_stop_of_a_transaction_from_before_the_log_ends_it(stops: bool, tmp_path: Path) -> None:
    log = Log(boot=False)
    for n in range(1, 5):
        log.values(60.0 * n, register(1000 + 61 * n), id=99)
    log.down(250, "RemoteStopTransaction", {"transactionId": 99})
    if stops:
        told_of = {"transactionId": 99, "meterStop": 1260, "timestamp": at(252), "reason": "Remote"}
        log.up(252, "StopTransaction", told_of)
        log.status(253, "Finishing")
    for n in range(5, 12):
        log.values(60.0 * n, register(1260 if stops else 1000 + 61 * n), id=None if stops else 99)
    verdict = log.verdict(tmp_path)
    assert found(verdict) == (set() if stops else {"transaction.remote-stop"})
    assert found(verdict, "warning") == set()
