"""What a back office asks for that the standard does not have, and answers that say what is not so."""

from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, at, found, minutes, period, power, profile, register

TAKEN, UNLOCK, AVAILABILITY = "charging.accepted", "unlock.answer", "availability.answer"
TRIGGER, TIMEOUT = "trigger.connector", "status.timeout"

WITHOUT_START = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period(20)]}
AMISS: dict[str, dict[str, Any]] = {
    "recurs never": profile(period(20), chargingProfileKind="Recurring"),
    "recurs, and is none that does": profile(period(20), recurrencyKind="Daily"),
    "valid never": profile(period(20), validFrom=at(3600), validTo=at(60)),
    "of a transaction, and for all": profile(period(20), transactionId=7),
    "out of order": profile(period(20), period(16, 600), period(20, 300)),
    "for no time": profile(period(20), schedule={"duration": 0}),
    "of no phases": profile(period(20, phases=0)),
}
LEFT_OPEN: dict[str, dict[str, Any]] = {
    "from where charging begins": profile(period(20)) | {"chargingSchedule": WITHOUT_START},
    "relative, with a start": profile(period(20), chargingProfileKind="Relative"),
    "recurring, without a start": profile(period(20), chargingProfileKind="Recurring", recurrencyKind="Daily")
    | {"chargingSchedule": WITHOUT_START},
    "valid from now on": profile(period(20), validFrom=at(0), validTo=at(3600)),
    "longer than it lasts": profile(period(20), period(16, 900), schedule={"duration": 600}),
}


def told_connectors(log: Log, count: int) -> None:
    row = {"key": "NumberOfConnectors", "readonly": True, "value": str(count)}
    log.down(10, "GetConfiguration", {}, {"configurationKey": [row]})


@pytest.mark.parametrize("answer", ["Accepted", "Rejected"])
@pytest.mark.parametrize("name", AMISS)
def test_a_profile_that_contradicts_itself_is_one_warning_against_the_csms(
    name: str, answer: str, tmp_path: Path
) -> None:
    log = Log()
    asked = {"connectorId": 1, "csChargingProfiles": AMISS[name]}
    log.down(20, "SetChargingProfile", asked, {"status": answer})
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    verdict = log.verdict(tmp_path)
    assert [(row["requirement"], row["severity"], row["blames"]) for row in verdict.findings] == [
        (TAKEN, "warning", "csms")
    ]


@pytest.mark.parametrize("name", LEFT_OPEN)
def test_a_profile_that_the_standard_leaves_open_is_none(name: str, tmp_path: Path) -> None:
    log = Log()
    log.set_profile(20, LEFT_OPEN[name])
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    assert log.verdict(tmp_path).findings == []


@pytest.mark.parametrize(
    ("action", "more", "answer"),
    [("RemoteStartTransaction", {"idTag": "APP"}, "Rejected"), ("UnlockConnector", {}, "NotSupported")],
)
def test_what_is_for_one_connector_is_not_asked_of_all(
    action: str, more: dict[str, str], answer: str, tmp_path: Path
) -> None:
    log = Log()
    log.down(20, action, {"connectorId": 0} | more, {"status": answer})
    (finding,) = log.verdict(tmp_path).findings
    assert (finding["severity"], finding["blames"]) == ("warning", "csms")


@pytest.mark.parametrize(
    ("answer", "severity"), [("Unlocked", "error"), ("UnlockFailed", "warning"), ("NotSupported", "")]
)
def test_a_connector_that_is_none_has_no_lock_to_tell_of(answer: str, severity: str, tmp_path: Path) -> None:
    log = Log()
    told_connectors(log, 2)
    log.down(20, "UnlockConnector", {"connectorId": 9}, {"status": answer})
    verdict = log.verdict(tmp_path)
    found_so = {(row["requirement"], row["severity"]) for row in verdict.findings}
    assert found_so == ({(UNLOCK, severity)} if severity else set())


@pytest.mark.parametrize("connector", [0, 1])
@pytest.mark.parametrize(("answer", "good"), [("Scheduled", False), ("Accepted", True)])
def test_what_is_in_service_is_not_put_in_service_later(
    answer: str, good: bool, connector: int, tmp_path: Path
) -> None:
    log = Log()
    log.down(40, "ChangeAvailability", {"connectorId": connector, "type": "Operative"}, {"status": answer})
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    verdict = log.verdict(tmp_path)
    assert (found(verdict), found(verdict, "warning")) == (set(), set() if good else {AVAILABILITY})


@pytest.mark.parametrize("answer", ["Scheduled", "Accepted"])
def test_in_a_transaction_it_may_be_put_in_service_later_or_at_once(answer: str, tmp_path: Path) -> None:
    """5.2: it is so already, and a transaction runs."""
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(4), 1):
        log.values(t, register(1000 + 61 * n))
    log.down(310, "ChangeAvailability", {"connectorId": 1, "type": "Operative"}, {"status": answer})
    log.end(340, 1290)
    assert log.verdict(tmp_path).findings == []


@pytest.mark.parametrize(
    ("first", "of", "after_s", "good"),
    [
        (None, 1, 1.0, False),
        (None, None, 1.0, False),
        (None, 2, 1.0, True),  # of another connector
        (None, 1, 15.0, True),  # of another cause
        ("TriggerMessage", 1, 1.0, True),  # of the one that was taken
        ("ExtendedTriggerMessage", 1, 1.0, True),
    ],
)
def test_a_trigger_that_is_refused_brings_nothing(
    first: str | None, of: int | None, after_s: float, good: bool, tmp_path: Path
) -> None:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(4), 1):
        log.values(t, register(1000 + 61 * n), power(3680))
    asked = {"requestedMessage": "MeterValues"} | ({} if of is None else {"connectorId": of})
    if first is not None:
        log.down(308, first, asked)
    log.down(310, "TriggerMessage", asked, {"status": "Rejected"})
    log.values(310 + after_s, register(1253 + after_s), power(3680), context="Trigger")
    log.end(340, 1290)
    assert (TRIGGER in found(log.verdict(tmp_path))) is not good


@pytest.mark.parametrize(
    ("key", "begin", "told", "good"),
    [
        ("false", 700, (), False),
        ("true", 700, (), True),  # a cache may know it
        ("false", 160, (), True),  # its time is not over for sure
        ("false", 700, ("Authorize",), True),
        ("false", 700, ("RemoteStartTransaction",), True),
    ],
)
def test_a_card_whose_time_is_over_starts_nothing(
    key: str, begin: int, told: tuple[str, ...], good: bool, tmp_path: Path
) -> None:
    log = Log()
    log.configure(10, ConnectionTimeOut="60", LocalPreAuthorize=key)
    log.up(40, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})
    log.status(41, "Preparing")
    log.status(101, "Available")
    for t in range(300, begin, 300):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
    log.status(begin - 3, "Preparing")
    if "Authorize" in told:
        log.up(begin - 1, "Authorize", {"idTag": "tag1"}, {"idTagInfo": {"status": "Accepted"}})
    if "RemoteStartTransaction" in told:
        log.down(begin - 1, "RemoteStartTransaction", {"idTag": "TAG1"})
    begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(begin)}
    log.up(begin, "StartTransaction", begun, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(begin + 1, "Charging")
    verdict = log.verdict(tmp_path)
    assert (TIMEOUT in found(verdict, "warning")) is not good and TIMEOUT not in found(verdict)


def test_a_card_that_started_once_is_not_held_against_its_first_showing(tmp_path: Path) -> None:
    log = Log()
    log.configure(10, ConnectionTimeOut="60", LocalPreAuthorize="false")
    log.begin(BEGIN_S)
    log.end(BEGIN_S + 60, 1060)
    log.begin(BEGIN_S + 600, meter=1060, id=8)
    assert TIMEOUT not in found(log.verdict(tmp_path), "warning")


BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.mark.parametrize(
    ("action", "more"),
    [("RemoteStartTransaction", {"idTag": "APP"}), ("RemoteStopTransaction", {"transactionId": 7})],
)
@pytest.mark.parametrize(("status", "good"), [("Pending", False), ("Accepted", True)])
def test_a_station_that_is_pending_is_not_asked_to_start_or_stop(
    status: str, good: bool, action: str, more: dict[str, Any], tmp_path: Path
) -> None:
    log = Log(boot=False)
    log.up(0, "BootNotification", BOOT, {"status": status, "currentTime": at(0), "interval": 60})
    if status == "Accepted":
        log.status(1, "Available", 0)
        log.status(2, "Available")
    log.down(20, action, more, {"status": "Rejected"})
    verdict = log.verdict(tmp_path)
    blamed = {str(row["blames"]) for row in verdict.findings if "not accepted yet" in row["message"]}
    assert (found(verdict), blamed) == (set(), set() if good else {"csms"})


@pytest.mark.parametrize("blames", ["station", "csms"])
@pytest.mark.parametrize("with_data", [True, False])
def test_who_does_not_know_a_vendor_has_no_data_for_it(blames: str, with_data: bool, tmp_path: Path) -> None:
    log = Log()
    answer = {"status": "UnknownVendorId"} | ({"data": "what?"} if with_data else {})
    (log.down if blames == "station" else log.up)(20, "DataTransfer", {"vendorId": "com.other"}, answer)
    findings = log.verdict(tmp_path).findings
    assert [(row["severity"], row["blames"]) for row in findings] == (
        [("warning", blames)] if with_data else []
    )


@pytest.mark.parametrize("asked", [True, False])
def test_a_connector_is_reserved_by_a_reservation(asked: bool, tmp_path: Path) -> None:
    log = Log()
    if asked:
        wish = {"connectorId": 1, "expiryDate": at(600), "idTag": "GUEST", "reservationId": 5}
        log.down(30, "ReserveNow", wish)
    log.status(31, "Reserved")
    log.status(60, "Preparing")
    verdict = log.verdict(tmp_path)
    warned = {"reservation.kept"} - ({"reservation.kept"} if asked else set())
    assert (found(verdict), found(verdict, "warning")) == (set(), warned)


@pytest.mark.parametrize(
    ("status", "before", "good"),
    [
        ("Blocked", None, False),
        ("Blocked", "Authorize", True),  # whoever asks is told better
        ("Blocked", "RemoteStartTransaction", True),
        ("Accepted", None, True),
        ("ConcurrentTx", None, True),  # 3.5.2: valid
    ],
)
def test_a_card_that_the_list_refuses_starts_nothing_unasked(
    status: str, before: str | None, good: bool, tmp_path: Path
) -> None:
    log = Log()
    log.configure(10, LocalAuthListEnabled="true", LocalPreAuthorize="true")
    listed = [{"idTag": "TAG1", "idTagInfo": {"status": status}}]
    sent = {"listVersion": 5, "updateType": "Full", "localAuthorizationList": listed}
    log.down(20, "SendLocalList", sent)
    log.status(60, "Preparing")
    if before == "Authorize":
        log.up(61, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})
    elif before is not None:
        log.down(61, before, {"idTag": "TAG1"})
    begun = {"connectorId": 1, "idTag": "tag1", "meterStart": 1000, "timestamp": at(63)}
    log.up(63, "StartTransaction", begun, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(64, "Charging")
    assert ("card.offline" in found(log.verdict(tmp_path))) is not good


@pytest.mark.parametrize(
    ("key", "refused", "severity"),
    [
        ("SignalStrength", None, ""),  # a reading
        ("ConnectionTimeOut", None, "warning"),  # it may be set at the station itself
        ("ConnectionTimeOut", "30", "warning"),
        ("ConnectionTimeOut", "90", "error"),
        ("SignalStrength", "90", "error"),
        ("NumberOfConnectors", None, "error"),
    ],
)
def test_a_key_that_changes_by_itself(key: str, refused: str | None, severity: str, tmp_path: Path) -> None:
    log = Log()
    for t, value in ((10, "60"), (30, "90")):
        row = {"key": key, "readonly": key == "NumberOfConnectors", "value": value}
        log.down(t, "GetConfiguration", {}, {"configurationKey": [row]})
    if refused is not None:
        log.down(20, "ChangeConfiguration", {"key": key, "value": refused}, {"status": "Rejected"})
    steady = [row for row in log.verdict(tmp_path).findings if row["requirement"] == "configuration.steady"]
    assert [row["severity"] for row in steady] == ([severity] if severity else [])


def test_a_key_in_both_lists_is_one_finding(tmp_path: Path) -> None:
    log = Log()
    log.configure(10, ConnectionTimeOut="60")
    row = {"key": "ConnectionTimeOut", "readonly": False, "value": "60"}
    answer = {"configurationKey": [row], "unknownKey": ["ConnectionTimeOut"]}
    log.down(20, "GetConfiguration", {"key": ["ConnectionTimeOut"]}, answer)
    assert found(log.verdict(tmp_path)) == {"configuration.told"}


def test_samples_called_the_clocks_where_the_clock_has_none_are_one_finding(tmp_path: Path) -> None:
    log = Log()
    log.configure(10, MeterValueSampleInterval="60", ClockAlignedDataInterval="0")
    log.begin()
    for n, t in enumerate(minutes(5), 1):
        log.values(t, register(1000 + 61 * n), context="Sample.Clock")
    log.end(400, 1340)
    assert found(log.verdict(tmp_path)) == {"metering.clock-boundary"}


@pytest.mark.parametrize(("connectors", "good"), [((1, 2), True), ((1, 3), False), ((2,), False)])
def test_no_connector_is_skipped(connectors: tuple[int, ...], good: bool, tmp_path: Path) -> None:
    """3.8; what lacks is a number, or the status of a connector."""
    log = Log(boot=False)
    log.up(0, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(0), "interval": 300})
    for n, connector in enumerate((0, *connectors), 1):
        log.status(n, "Available", connector)
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    verdict = log.verdict(tmp_path)
    assert (found(verdict), found(verdict, "warning")) == (set(), set() if good else {"boot.status"})


@pytest.mark.parametrize(("late_s", "good"), [(25, True), (45, False), (400, False)])
def test_what_is_told_late_though_the_line_is_there_is_a_warning(
    late_s: int, good: bool, tmp_path: Path
) -> None:
    """3.7: as soon as possible, it should."""
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(15), 1):
        log.values(t, register(1000 + 61 * n))
    log.end(970 + late_s, 1920, stamp=at(970))
    told = log.verdict(tmp_path)
    late = {"transaction.prompt"} - ({"transaction.prompt"} if good else set())
    assert (found(told), found(told, "warning") & {"transaction.prompt"}) == (set(), late)


@pytest.mark.parametrize(
    ("first", "second", "severity"),
    [
        ({"firmwareVersion": "1"}, {"firmwareVersion": "2"}, "warning"),  # it may be updated on the spot
        ({}, {"firmwareVersion": "2", "chargePointSerialNumber": "17"}, ""),  # told at last
        ({"chargePointSerialNumber": "17"}, {"chargePointSerialNumber": "18"}, "error"),
        ({}, {"chargePointModel": "N"}, "error"),
        ({"meterSerialNumber": "1"}, {"meterSerialNumber": "2"}, ""),
    ],
)
def test_who_boots_is_who_booted_before(
    first: dict[str, str], second: dict[str, str], severity: str, tmp_path: Path
) -> None:
    log = Log(boot=False)
    for t, more in ((0, first), (900, second)):
        accepted = {"status": "Accepted", "currentTime": at(t), "interval": 300}
        log.up(t, "BootNotification", BOOT | more, accepted)
        for connector in (0, 1):
            log.status(t + 1 + connector, "Available", connector)
    told = [row for row in log.verdict(tmp_path).findings if row["requirement"] == "boot.identity"]
    assert [row["severity"] for row in told] == [severity] * bool(severity)
