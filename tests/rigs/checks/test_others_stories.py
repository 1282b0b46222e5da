"""Stories of other makers' chargers: a fault is one finding, what the standard leaves open is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import (
    BEGIN_S,
    REPLY_S,
    Log,
    at,
    currents,
    found,
    minutes,
    power,
    register,
    sample,
    voltages,
)

INTERVAL = "MeterValueSampleInterval"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def charged(log: Log, amps: float = 16.0, count: int = 8, id: int | None = 7, stop_id: int = 7) -> Log:
    """A session on one phase, all of it sound but for what is asked for."""
    log.begin()
    for n, t in enumerate(minutes(count), 1):
        wh = round(1000 + n * amps * 230 / 60)
        log.values(t, register(wh), power(round(amps * 230)), currents(amps), id=id)
    log.end(BEGIN_S + 60 * count + 30, round(1000 + (count + 0.5) * amps * 230 / 60), id=stop_id)
    return log


def told(key: str, value: str) -> dict[str, list[dict[str, object]]]:
    return {"configurationKey": [{"key": key, "readonly": False, "value": value}]}


def values_without_their_id() -> Log:
    log = Log()
    log.down(20, "GetConfiguration", {"key": [INTERVAL]}, told(INTERVAL, "60"))
    return charged(log, id=None)


def a_stop_of_an_id_never_given() -> Log:
    return charged(Log(), stop_id=99)


def a_remote_stop_of_no_transaction() -> Log:
    log = charged(Log())
    log.down(200, "RemoteStopTransaction", {"transactionId": 99})
    return log


def a_remote_start_that_serves_another() -> Log:
    log = Log()
    log.down(BEGIN_S - 1.5, "RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"})
    told_of = {"connectorId": 1, "idTag": "DEFAULT", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    log.status(BEGIN_S - 3, "Preparing")
    log.up(BEGIN_S, "StartTransaction", told_of, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(BEGIN_S + 1, "Charging")
    log.values(BEGIN_S + 60, register(1061))
    return log


def drawing_in(status: str, code: str = "NoError") -> Log:
    log = charged(Log())
    log.status(150, status, errorCode=code)
    return log


def a_reservation_for_another(until_s: float = 3600.0, **fields: str) -> Log:
    log = Log()
    asked = {"connectorId": 1, "expiryDate": at(until_s), "idTag": "GUEST", "reservationId": 5}
    log.down(20, "ReserveNow", asked | fields)
    log.status(21, "Reserved")
    return charged(log)


def a_schedule_accepted_and_missing() -> Log:
    log = Log()
    log.down(20, "GetCompositeSchedule", {"connectorId": 1, "duration": 60}, {"status": "Accepted"})
    return log


def a_second_reply() -> Log:
    log = Log()
    log.down(20, "GetLocalListVersion", {}, {"listVersion": 0})
    log.line(25, "send", [3, "c4", {"listVersion": 0}])
    return log


def a_register_that_ends_below_its_start() -> Log:
    log = Log()
    log.begin(meter=5000)
    log.end(BEGIN_S + 200, 4200)
    return log


def a_stop_stamped_before_its_start() -> Log:
    log = charged(Log())
    log.begin(700, meter=1521, id=8)
    log.end(900, 1521, id=8, stamp=at(690))
    return log


def confirmed_and_sent_again() -> Log:
    log = charged(Log())
    stop = {"transactionId": 7, "meterStop": 1521, "timestamp": at(BEGIN_S + 510), "idTag": "TAG1"}
    for n in range(4):
        log.up(BEGIN_S + 600 + 10 * n, "StopTransaction", stop)
    return log


def of_a_kind(*more: object, watts: float = 11040.0) -> Log:
    """Three phases, all of it sound but for what is asked for."""
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(6), 1):
        log.values(t, register(1000 + 184 * n), power(watts), currents(16, 16, 16), *more)
    log.end(BEGIN_S + 390, 1000 + 184 * 6 + 92)
    return log


def a_reset_while_values_go_on() -> Log:
    log = Log()
    log.begin()
    log.down(100, "Reset", {"type": "Hard"})
    for n, t in enumerate(minutes(16), 1):
        log.values(t, register(1000 + 61 * n), power(3680), currents(16))
    return log


def a_start_on_connector_zero() -> Log:
    log = Log()
    told_of = {"connectorId": 0, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    log.up(BEGIN_S, "StartTransaction", told_of, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(BEGIN_S + 1, "Charging")
    return log


def by_phase_in_kilowatts() -> Log:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(6), 1):
        watts = [power(3.68, phase) for phase in ("L1", "L2", "L3")]
        log.values(t, register(1000 + 184 * n), watts, currents(16, 16, 16), voltages(230, 230, 230))
    return log


FAULTY = {
    "values without their id": (values_without_their_id, "transaction.carries-id"),
    "a stop of an id never given": (a_stop_of_an_id_never_given, "transaction.pair"),
    "a remote stop of no transaction": (a_remote_stop_of_no_transaction, "transaction.remote-stop-known"),
    "a remote start that serves another": (a_remote_start_that_serves_another, "remote.started"),
    "drawing in SuspendedEV": (lambda: drawing_in("SuspendedEV"), "status.no-flow"),
    "drawing in Faulted": (lambda: drawing_in("Faulted", "GroundFailure"), "status.no-flow"),
    "a reset that was refused and is told as a cause": (
        lambda: carried_out("Reset", {"type": "Soft"}, "SoftReset", "Rejected", lag_s=0.2),
        "transaction.stop-reason",
    ),
    "reserved, and the start does not say so": (
        lambda: a_reservation_for_another(idTag="TAG1"),
        "reservation.kept",
    ),
    "reserved for another": (a_reservation_for_another, "reservation.kept"),
    "a schedule accepted and missing": (a_schedule_accepted_and_missing, "charging.composite-form"),
    "a second reply": (a_second_reply, "rpc.matched"),
    "a register that ends below its start": (a_register_that_ends_below_its_start, "metering.start-stop"),
    "a stop stamped before its start": (a_stop_stamped_before_its_start, "transaction.times"),
    "confirmed and sent again": (confirmed_and_sent_again, "transaction.repeat"),
    "kilowatts called watts": (lambda: of_a_kind(voltages(230, 230, 230), watts=11.04), "metering.power"),
    "kilowatts called watts by phase": (by_phase_in_kilowatts, "metering.power"),
    "tenths of a volt called volts": (lambda: of_a_kind(sample("Voltage", 2301, "V")), "metering.range"),
    "a reset while values go on": (a_reset_while_values_go_on, "reset.carried-out"),
    "a start on connector 0": (a_start_on_connector_zero, "frame.schema"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_one_fault_is_one_finding(name: str, tmp_path: Path) -> None:
    story, requirement = FAULTY[name]
    verdict = story().verdict(tmp_path)
    assert found(verdict) == {requirement}
    assert all(row["blames"] == "station" for row in verdict.findings if row["severity"] == "error")


def test_data_of_a_third_vendor_that_are_taken_are_a_warning(tmp_path: Path) -> None:
    """Its station may know them, as no log can tell; a station of ours that takes them is wrong."""
    verdict = data_of("com.nobody.data").verdict(tmp_path)
    assert found(verdict) == set() and found(verdict, "warning") == {"data-transfer.answer"}
    ours = data_of("com.nobody.data").verdict(tmp_path, behaviour="evc5-v32r30")
    assert "data-transfer.answer" in found(ours)


def a_change_that_needs_a_reboot() -> Log:
    log = Log()
    change = {"key": "HeartbeatInterval", "value": "60"}
    log.down(20, "ChangeConfiguration", change, {"status": "RebootRequired"})
    log.down(25, "GetConfiguration", {"key": ["HeartbeatInterval"]}, told("HeartbeatInterval", "300"))
    return log


def a_fixed_cable() -> Log:
    log = charged(Log())
    log.down(900, "UnlockConnector", {"connectorId": 1}, {"status": "NotSupported"})
    return log


def a_boot_whose_answer_is_broken() -> Log:
    """The CSMS leaves the interval out; the station takes it for an acceptance."""
    log = Log(boot=False)
    log.up(0, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(0)})
    for connector in (0, 1):
        log.status(1 + connector, "Available", connector)
    return charged(log)


def a_pause_that_is_kept() -> Log:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(6), 1):
        amps = 16.0 if n < 3 else 0.4
        log.values(t, register(1000 + 61 * min(n, 3)), currents(amps))
    log.status(BEGIN_S + 130, "SuspendedEV")
    return log


def a_status_lost_in_a_hole() -> Log:
    """SuspendedEV is told, the log has a hole in which Charging was, and current flows after it."""
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(12), 1):
        if n < 3 or n > 5:
            log.values(t, register(1000 + 61 * max(n - 2, 0)), currents(0.0 if n < 3 else 16.0))
    log.status(BEGIN_S + 30, "SuspendedEV")
    return log


def a_reservation_for_a_group() -> Log:
    """The card is in the station's own list, and the log does not say of which group it is."""
    log = Log()
    asked = {"connectorId": 1, "expiryDate": at(3600), "idTag": "GUEST", "parentIdTag": "FLEET"}
    log.down(20, "ReserveNow", asked | {"reservationId": 5})
    told_of = {"connectorId": 1, "idTag": "LORRY", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    log.up(BEGIN_S, "StartTransaction", told_of, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    log.status(BEGIN_S + 1, "Charging")
    return log


def a_car_that_gives_back() -> Log:
    """It charges, gives back, and charges again, and its battery with it."""
    log = Log()
    log.begin()
    for n, (t, soc) in enumerate(zip(minutes(6), (60, 62, 58, 55, 57, 60), strict=True), 1):
        gives = soc < 60 and n < 5
        flow = sample("Power.Active.Export", 5000, "W") if gives else power(3680)
        log.values(t, register(1000 + 61 * (min(n, 2) + max(n - 5, 0))), flow, sample("SoC", soc, "Percent"))
    return log


def a_signed_update() -> Log:
    log = Log()
    for n, status in enumerate(("Downloading", "Downloaded", "SignatureVerified", "InstallRebooting")):
        log.up(10 + 5 * n, "SignedFirmwareStatusNotification", {"status": status, "requestId": 4})
    accepted = {"status": "Accepted", "currentTime": at(60), "interval": 300}
    log.up(60, "BootNotification", BOOT | {"firmwareVersion": "2"}, accepted)
    for connector in (0, 1):
        log.status(61 + connector, "Available", connector)
    return log


def carried_out(
    action: str, asked: dict[str, object], reason: str, answer: str = "Accepted", lag_s: float = 2.5
) -> Log:
    """An order a second before a stop, answered `lag_s` after it was given."""
    log = charged(Log())
    stop_s = BEGIN_S + 600
    log.begin(BEGIN_S + 570, meter=1521, id=8)
    log.line(stop_s - 1, "receive", [2, "order", action, asked])
    log.line(stop_s - 1 + lag_s, "send", [3, "order", {"status": answer}])
    told_of = {"transactionId": 8, "meterStop": 1540, "timestamp": at(stop_s), "reason": reason}
    log.up(stop_s, "StopTransaction", told_of)
    log.status(stop_s + 3, "Finishing")
    return log


def data_of(vendor: str) -> Log:
    """Data that a station by Example Chargers BV takes."""
    log = Log(boot=False)
    boot = {"chargePointVendor": "Example Chargers BV", "chargePointModel": "M"}
    log.up(0, "BootNotification", boot, {"status": "Accepted", "currentTime": at(0), "interval": 300})
    for connector in (0, 1):
        log.status(1 + connector, "Available", connector)
    log.down(20, "DataTransfer", {"vendorId": vendor, "messageId": "m"})
    return log


SOUND: dict[str, Callable[[], Log]] = {
    "data of the station's own maker": lambda: data_of("com.example.evse"),
    "data of the alliance": lambda: data_of("org.openchargealliance.iso15118pnc"),
    "a remote stop answered after it": lambda: carried_out(
        "RemoteStopTransaction", {"transactionId": 8}, "Remote"
    ),
    "a reset answered after its stop": lambda: carried_out("Reset", {"type": "Soft"}, "SoftReset"),
    "an unlocking answered after its stop": lambda: carried_out(
        "UnlockConnector", {"connectorId": 1}, "UnlockCommand", "Unlocked"
    ),
    "a change that needs a reboot": a_change_that_needs_a_reboot,
    "a fixed cable": a_fixed_cable,
    "a boot whose answer is broken": a_boot_whose_answer_is_broken,
    "a pause that is kept": a_pause_that_is_kept,
    "a status lost in a hole": a_status_lost_in_a_hole,
    "a reservation that has run out": lambda: a_reservation_for_another(until_s=BEGIN_S - 10),
    "a reservation for a group": a_reservation_for_a_group,
    "a car that gives back": a_car_that_gives_back,
    "a signed update": a_signed_update,
    "a reply after all": lambda: answered_late(Log()),
}


def answered_late(log: Log) -> Log:
    """Two CALLs with one reply each, the first of them late."""
    log.line(20, "receive", [2, "x1", "GetLocalListVersion", {}])
    log.line(60, "receive", [2, "x2", "GetLocalListVersion", {}])
    log.line(60 + REPLY_S, "send", [3, "x2", {"listVersion": 0}])
    log.line(50, "send", [3, "x1", {"listVersion": 0}])
    return log


@pytest.mark.parametrize("name", SOUND)
def test_what_the_standard_leaves_open_is_no_fault(name: str, tmp_path: Path) -> None:
    assert found(SOUND[name]().verdict(tmp_path)) == set()
