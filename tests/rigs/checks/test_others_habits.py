"""What other makers' stations do and may do: no fault of theirs, and none is blamed on the wrong side."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import BEGIN_S, ID, REPLY_S, Log, at, found, minutes, power, register

from evc5.rigs.checks import judge

UPDATE = {"location": "https://example.com/f", "retrieveDate": at(20), "retries": 2, "retryInterval": 60}
ALIGNED = {"ClockAlignedDataInterval": "300", "MeterValuesAlignedData": "Energy.Active.Import.Register"}


def beats(log: Log, count: int = 6) -> Log:
    for n in range(1, count + 1):
        log.up(300.0 * n, "Heartbeat", {}, {"currentTime": at(300.0 * n)})
    return log


def session(log: Log, count: int = 6) -> None:
    log.begin()
    for n, t in enumerate(minutes(count), 1):
        log.values(t, register(1000 + 61 * n), power(3680))


def update(*steps: tuple[float, str], date: float = 20.0) -> Log:
    log = Log()
    log.down(10, "UpdateFirmware", UPDATE | {"retrieveDate": at(date)}, {})
    for t, status in steps:
        log.up(t, "FirmwareStatusNotification", {"status": status})
    return beats(log)


def each_attempt_told() -> Log:
    return update((22, "Downloading"), (50, "DownloadFailed"), (110, "Downloading"), (150, "DownloadFailed"))


def an_image_that_is_refused() -> Log:
    return update((22, "Downloading"), (50, "Downloaded"), (55, "InstallationFailed"))


def steps_told_again() -> Log:
    steps = ("Downloading", "Downloaded", "Installing", "Installing", "Installed")
    return update(*((22 + 20 * n, status) for n, status in enumerate(steps)))


def given_up_at_once() -> Log:
    return update((22, "Downloading"), (50, "DownloadFailed"))


def before_its_date() -> Log:
    return update((22, "Downloading"), (60, "Downloaded"), date=3600.0)


def an_upload_without_a_server() -> Log:
    log = Log()
    log.down(10, "GetDiagnostics", {"location": "ftp://example.com/"}, {"fileName": "d.zip"})
    log.up(20, "DiagnosticsStatusNotification", {"status": "UploadFailed"})
    return beats(log)


def an_unknown_trigger() -> Log:
    log = Log()
    asked = {"requestedMessage": "GetConfiguration"}
    log.down(20, "TriggerMessage", asked, {"status": "NotImplemented"})
    return log


def a_limit_of_too_many_digits(status: str = "Rejected") -> Log:
    log = Log()
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7.255}]}
    profile = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"}
    wire = profile | {"chargingProfileKind": "Relative", "chargingSchedule": schedule}
    asked = {"connectorId": 1, "csChargingProfiles": wire}
    log.down(20, "SetChargingProfile", asked, {"status": status})
    return log


def a_trigger_that_is_not_wanted() -> Log:
    log = Log()
    asked = {"requestedMessage": "MeterValues", "connectorId": 1}
    log.down(20, "TriggerMessage", asked, {"status": "Rejected"})
    return log


def signed_values() -> Log:
    log = Log()
    session(log)
    stop_s = BEGIN_S + 390

    def signed(context: str, t: float, wh: int) -> dict[str, object]:
        data = {"value": "OCMF|{}|{}", "format": "SignedData", "context": context, "unit": "kWh"}
        return {"timestamp": at(t), "sampledValue": [data, register(wh) | {"context": context}]}

    told = {"transactionId": ID, "meterStop": 1397, "timestamp": at(stop_s), "idTag": "TAG1"}
    edges = [signed("Transaction.Begin", BEGIN_S, 1000), signed("Transaction.End", stop_s, 1397)]
    log.up(stop_s, "StopTransaction", told | {"transactionData": edges})
    return log


def begin_and_end_in_meter_values(begin_s: float = BEGIN_S, end_s: float = BEGIN_S + 389) -> Log:
    log = Log()
    session(log)
    log.values(BEGIN_S + 3, register(1000), context="Transaction.Begin", stamp=at(begin_s))
    log.values(BEGIN_S + 389.5, register(1397), context="Transaction.End", stamp=at(end_s))
    log.end(BEGIN_S + 390, 1397)
    return beats(log, 3)


def the_station_s_own_meter() -> Log:
    log = Log()
    log.configure(10, **ALIGNED)
    for n in range(1, 7):
        log.values(300.0 * n, register(90_000 + n), connector=0, id=None, context="Sample.Clock")
        log.values(300.0 * n + 1, register(1000), id=None, context="Sample.Clock", stamp=at(300.0 * n))
    return log


def a_start_that_is_given_up() -> Log:
    log = Log()
    told = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    for n in range(3):
        log.line(BEGIN_S + 60 * n, "send", [2, f"s{n}", "StartTransaction", told])
    return beats(log)


def samples_in_batches() -> Log:
    log = Log()
    log.begin()
    for n in range(1, 5):
        stamps = [(3 * n + k - 2, BEGIN_S + 60 * (3 * n + k - 2)) for k in range(3)]
        told = [{"timestamp": at(t), "sampledValue": [register(1000 + 61 * k)]} for k, t in stamps]
        values = {"connectorId": 1, "transactionId": ID, "meterValue": told}
        log.up(BEGIN_S + 180 * n, "MeterValues", values)
    return log


def samples_of_a_short_cut() -> Log:
    """Nothing is heard for three minutes; then all that was taken meanwhile."""
    log = Log()
    session(log, 3)
    for n in (4, 5, 6):
        log.values(440 + n, register(1000 + 61 * n), power(3680), stamp=at(BEGIN_S + 60 * n))
    log.values(BEGIN_S + 420, register(1427), power(3680))
    return log


def a_remote_start_that_is_not_wanted() -> Log:
    """5.11: without a car, say; after everything from before the log is told."""
    log = beats(Log(), 4)
    asked = {"connectorId": 1, "idTag": "APP"}
    log.down(1300, "RemoteStartTransaction", asked, {"status": "Rejected"})
    return log


def the_whole_out_when_it_is_free() -> Log:
    log = Log(connectors=2)
    session(log, 3)
    scheduled = {"status": "Scheduled"}
    log.down(300, "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, scheduled)
    log.status(301, "Unavailable", 2)
    told = {"transactionId": ID, "meterStop": 1250, "timestamp": at(400), "idTag": "TAG1"}
    log.up(400, "StopTransaction", told)
    log.status(401, "Unavailable")
    log.status(402, "Unavailable", 0)
    return log


def a_start_told_twice_with_two_ids() -> Log:
    log = Log()
    log.status(BEGIN_S - 3, "Preparing")
    for n in range(2):
        t = BEGIN_S + 3 * n
        told = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(t)}
        log.up(t, "StartTransaction", told, {"transactionId": ID + n, "idTagInfo": {"status": "Accepted"}})
    log.status(BEGIN_S + 4, "Charging")
    for n, t in enumerate(minutes(4), 1):
        log.values(t, register(1000 + 61 * n), power(3680), id=ID + 1)
    log.end(BEGIN_S + 270, 1274, id=ID + 1)
    return log


SOUND: dict[str, Callable[[], Log]] = {
    "each attempt is told": each_attempt_told,
    "an image that is refused": an_image_that_is_refused,
    "steps told again": steps_told_again,
    "an upload without a server": an_upload_without_a_server,
    "an unknown trigger": an_unknown_trigger,
    "a limit of too many digits": a_limit_of_too_many_digits,
    "a trigger that is not wanted": a_trigger_that_is_not_wanted,
    "signed values": signed_values,
    "begin and end in MeterValues": begin_and_end_in_meter_values,
    "the station's own meter": the_station_s_own_meter,
    "a start that is given up": a_start_that_is_given_up,
    "a remote start that is not wanted": a_remote_start_that_is_not_wanted,
    "samples in batches": samples_in_batches,
    "samples of a short cut": samples_of_a_short_cut,
    "the whole out of service when it is free": the_whole_out_when_it_is_free,
}
FAULTY: dict[str, tuple[Callable[[], Log], str]] = {
    "given up before the retries": (given_up_at_once, "files.firmware"),
    "begun before its date": (before_its_date, "files.firmware"),
    "a broken payload taken": (lambda: a_limit_of_too_many_digits("Accepted"), "frame.refused"),
    "the begin in the midst": (
        lambda: begin_and_end_in_meter_values(begin_s=BEGIN_S + 60),
        "metering.context",
    ),
    "the end in the midst": (lambda: begin_and_end_in_meter_values(end_s=BEGIN_S + 300), "metering.context"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_others_may_do_is_no_fault(name: str, tmp_path: Path) -> None:
    assert found(SOUND[name]().verdict(tmp_path)) == set()


@pytest.mark.parametrize("name", FAULTY)
def test_what_they_may_not_is_one_finding(name: str, tmp_path: Path) -> None:
    story, requirement = FAULTY[name]
    assert requirement in found(story().verdict(tmp_path))


@pytest.mark.parametrize("timed", [True, False])
def test_a_boot_that_is_tried_again_too_soon_is_told_by_the_times_of_lines(
    timed: bool, tmp_path: Path
) -> None:
    log = Log(boot=False)
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    for t in (0, 20):
        refused = {"status": "Rejected", "currentTime": at(t), "interval": 60}
        log.up(t, "BootNotification", boot, refused)
    path = tmp_path / "station.log"
    lines = [line if timed else line.split(" ", 1)[1] for line in log.text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    assert ("boot.retry" in found(judge(path, behaviour="ocpp16"))) is timed


def test_a_boot_that_is_tried_again_late_is_a_warning(tmp_path: Path) -> None:
    """6.4 has an interval for the least wait alone."""
    log = Log(boot=False)
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    for t in (0, 400):
        log.up(t, "BootNotification", boot, {"status": "Rejected", "currentTime": at(t), "interval": 60})
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set() and "boot.retry" in found(verdict, "warning")


def test_a_start_told_twice_is_one_finding_whichever_id_is_used(tmp_path: Path) -> None:
    assert found(a_start_told_twice_with_two_ids().verdict(tmp_path)) == {"transaction.repeat"}


def test_heartbeats_that_come_too_often_are_a_warning(tmp_path: Path) -> None:
    log = Log()
    for n in range(1, 20):
        log.up(30.0 * n, "Heartbeat", {}, {"currentTime": at(30.0 * n)})
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set() and found(verdict, "warning") == {"heartbeat.early"}


def test_ids_that_are_counted_anew_may_be_those_of_a_new_connection(tmp_path: Path) -> None:
    log = Log()
    session(log)
    log._count = 0
    for n in range(20):
        log.up(BEGIN_S + 500 + 300 * n, "Heartbeat", {}, {"currentTime": at(BEGIN_S + 500 + 300 * n)})
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set()
    (finding,) = [row for row in verdict.findings if row["requirement"] == "rpc.id"]
    assert finding["times"] == 1 and "new connection" in finding["expected"]


def test_one_id_for_all_is_one_finding(tmp_path: Path) -> None:
    log = Log(connectors=2, named=lambda _: "1")
    session(log)
    verdict = log.verdict(tmp_path)
    assert [row["requirement"] for row in verdict.findings if row["severity"] == "error"] == ["rpc.id"]


@pytest.mark.parametrize("id", ["c" * 40, "same"])
def test_the_ids_of_the_csms_are_not_the_station_s(id: str, tmp_path: Path) -> None:
    log = Log()
    for n in range(3):
        log.line(20 + 10 * n, "receive", [2, id, "GetLocalListVersion", {}])
        log.line(20 + 10 * n + REPLY_S, "send", [3, id, {"listVersion": 0}])
    assert _blamed(log, tmp_path) == {"rpc.id": "csms"}


def test_two_calls_at_once_of_the_csms_are_not_the_station_s(tmp_path: Path) -> None:
    log = Log()
    for n in range(2):
        log.line(20 + n, "receive", [2, f"c{n}", "GetLocalListVersion", {}])
        log.line(22 + n, "send", [3, f"c{n}", {"listVersion": 0}])
    assert _blamed(log, tmp_path) == {"rpc.one-call-csms": "csms"}


def _blamed(log: Log, tmp_path: Path) -> dict[str, object]:
    rows = log.verdict(tmp_path).findings
    return {row["requirement"]: row["blames"] for row in rows if row["severity"] == "error"}


@pytest.mark.parametrize(("changed", "severity"), [(False, "warning"), (True, "error")])
def test_the_interval_of_a_boot_may_be_kept_elsewhere_than_in_its_key(
    changed: bool, severity: str, tmp_path: Path
) -> None:
    """4.2 has the station adjust its interval and names no key; one that was changed is told as changed."""
    log = Log()
    if changed:
        log.configure(10, HeartbeatInterval="600")
    rows = [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}]
    log.down(20, "GetConfiguration", {"key": ["HeartbeatInterval"]}, {"configurationKey": rows})
    assert "configuration.kept" in found(log.verdict(tmp_path), severity)
