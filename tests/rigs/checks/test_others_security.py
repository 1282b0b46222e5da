"""The security white paper's messages, as other makers' stations and back offices use them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import Log, at, found, register

ORDER, FOLLOWED, VALUE = "files.order", "trigger.followed", "configuration.value"
FIRMWARE = {
    "location": "https://cpo.example/f.bin",
    "retrieveDateTime": at(0),
    "signingCertificate": "-----BEGIN",
    "signature": "abc=",
}
Story = Callable[[Log], None]


def update(log: Log, t: float, id: int = 1, answer: str = "Accepted") -> None:
    log.down(t, "SignedUpdateFirmware", {"requestId": id, "firmware": FIRMWARE}, {"status": answer})


def steps(log: Log, t: float, *statuses: str, id: int = 1) -> None:
    for n, status in enumerate(statuses):
        told = {"status": status, "requestId": id}
        log.up(t + 10.0 * n, "SignedFirmwareStatusNotification", told)


def extended(log: Log, t: float, wanted: str, **more: Any) -> None:
    log.down(t, "ExtendedTriggerMessage", {"requestedMessage": wanted} | more, {"status": "Accepted"})


def key(log: Log, t: float, name: str, value: str) -> None:
    row = {"key": name, "readonly": False, "value": value}
    log.down(t, "GetConfiguration", {}, {"configurationKey": [row]})


def whole(log: Log) -> None:
    update(log, 30)
    steps(log, 35, "Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting")
    log.up(120, "BootNotification", BOOT, accepted(120))
    log.status(121, "Available", 0)
    log.status(122, "Available")
    steps(log, 125, "Installed")


BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def accepted(t: float, status: str = "Accepted", interval: int = 300) -> dict[str, Any]:
    return {"status": status, "currentTime": at(t), "interval": interval}


def tried_again(log: Log) -> None:
    update(log, 30)
    steps(log, 35, "Downloading", "DownloadFailed", "Downloading", "DownloadPaused", "Downloading")
    steps(log, 90, "Downloaded", "InvalidSignature")
    update(log, 150, id=2)
    steps(log, 155, "DownloadScheduled", "Downloading", id=2)


def cancelled(log: Log) -> None:
    update(log, 30)
    steps(log, 35, "Downloading")
    update(log, 50, id=2, answer="AcceptedCanceled")
    steps(log, 52, "DownloadFailed")
    steps(log, 55, "Downloading", id=2)


def told_again(log: Log) -> None:
    update(log, 30)
    steps(log, 35, "Downloading", "Downloaded")
    extended(log, 60, "FirmwareStatusNotification")
    steps(log, 61, "Downloading")  # of the past, but asked for


def signs(log: Log) -> None:
    extended(log, 30, "SignChargePointCertificate")
    log.up(200, "SignCertificate", {"csr": "-----BEGIN"}, {"status": "Accepted"})


def boots_when_asked(log: Log) -> None:
    extended(log, 30, "BootNotification")
    log.up(31, "BootNotification", BOOT, accepted(31))
    log.status(32, "Available", 0)
    log.status(33, "Available")


def values_when_asked(log: Log) -> None:
    extended(log, 30, "MeterValues", connectorId=1)
    log.values(31, register(1000), id=None, context="Trigger")


def idle_when_asked(log: Log) -> None:
    extended(log, 30, "FirmwareStatusNotification")
    log.up(31, "SignedFirmwareStatusNotification", {"status": "Idle"})
    extended(log, 50, "FirmwareStatusNotification")
    log.up(51, "FirmwareStatusNotification", {"status": "Idle"})
    extended(log, 70, "LogStatusNotification")
    log.up(71, "LogStatusNotification", {"status": "Idle"})


def upload(log: Log) -> None:
    asked = {"logType": "SecurityLog", "requestId": 3, "log": {"remoteLocation": "https://cpo.example/"}}
    log.down(30, "GetLog", asked, {"status": "Accepted", "filename": "l.zip"})
    for n, status in enumerate(("Uploading", "UploadFailure", "Uploading", "Uploaded")):
        log.up(31 + 10 * n, "LogStatusNotification", {"status": status, "requestId": 3})


def raised(log: Log) -> None:
    key(log, 10, "SecurityProfile", "1")
    log.down(20, "ChangeConfiguration", {"key": "SecurityProfile", "value": "2"})


def not_lowered(log: Log) -> None:
    key(log, 10, "SecurityProfile", "2")
    refused = {"status": "Rejected"}
    log.down(20, "ChangeConfiguration", {"key": "SecurityProfile", "value": "1"}, refused)


def hidden(log: Log) -> None:
    key(log, 10, "AuthorizationKey", "********")


def goes_on(log: Log) -> None:
    for t in range(300, 1201, 300):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})


def uploads_nothing(log: Log) -> None:
    asked = {"logType": "SecurityLog", "requestId": 3, "log": {"remoteLocation": "https://cpo.example/"}}
    log.down(30, "GetLog", asked, {"status": "Accepted", "filename": "l.zip"})
    goes_on(log)


def boots_over_it(log: Log) -> None:
    """What it would have told is not known."""
    uploads_nothing(log)
    log.up(400, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, accepted(400))
    log.status(401, "Available", 0)
    log.status(402, "Available")


def updates_later(log: Log) -> None:
    firmware = FIRMWARE | {"retrieveDateTime": at(7200)}
    log.down(30, "SignedUpdateFirmware", {"requestId": 1, "firmware": firmware}, {"status": "Accepted"})
    goes_on(log)


def asks_anew(log: Log) -> None:
    """The later one takes the place of the one before."""
    uploads_nothing(log)
    asked = {"logType": "SecurityLog", "requestId": 4, "log": {"remoteLocation": "https://cpo.example/"}}
    log.down(60, "GetLog", asked, {"status": "AcceptedCanceled", "filename": "l.zip"})
    log.up(70, "LogStatusNotification", {"status": "Uploaded", "requestId": 4})


SOUND: tuple[Story, ...] = (
    *(whole, tried_again, cancelled, told_again, signs, boots_when_asked, values_when_asked),
    *(idle_when_asked, upload, raised, not_lowered, hidden),
)


@pytest.mark.parametrize("story", SOUND)
def test_what_the_white_paper_has_is_let_pass(story: Story, tmp_path: Path) -> None:
    log = Log()
    story(log)
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    assert log.verdict(tmp_path).findings == []


def goes_back(log: Log) -> None:
    update(log, 30)
    steps(log, 35, "Installed", "Downloading", "Downloaded")


def of_another_request(log: Log) -> None:
    update(log, 30)
    steps(log, 35, "Downloading", "Downloaded", "Installing", id=99)


def uploads_backwards(log: Log) -> None:
    asked = {"logType": "SecurityLog", "requestId": 3, "log": {"remoteLocation": "https://cpo.example/"}}
    log.down(30, "GetLog", asked, {"status": "Accepted", "filename": "l.zip"})
    for n, status in enumerate(("Uploaded", "Uploading")):
        log.up(31 + 10 * n, "LogStatusNotification", {"status": status, "requestId": 3})


def not_followed(log: Log) -> None:
    extended(log, 30, "FirmwareStatusNotification")


def lowered(log: Log) -> None:
    key(log, 10, "SecurityProfile", "2")
    log.down(20, "ChangeConfiguration", {"key": "SecurityProfile", "value": "1"})


def updates_nothing(log: Log) -> None:
    update(log, 30)
    goes_on(log)


def signs_nothing(log: Log) -> None:
    extended(log, 30, "SignChargePointCertificate")
    goes_on(log)


FAULTY: dict[str, tuple[Story, str]] = {
    "a step back": (goes_back, ORDER),
    "of another request": (of_another_request, ORDER),
    "an upload backwards": (uploads_backwards, ORDER),
    "a trigger not followed": (not_followed, FOLLOWED),
    "a profile lowered": (lowered, VALUE),
}


NEVER: dict[str, tuple[Story, str]] = {
    "an upload": (uploads_nothing, "files.diagnostics"),
    "an update": (updates_nothing, "files.firmware"),
    "a certificate": (signs_nothing, FOLLOWED),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NEVER)
def test_what_was_taken_on_and_is_never_told_of_is_a_finding(name: str, tmp_path: Path) -> None:
    story, requirement = NEVER[name]
    log = Log()
    story(log)
    assert found(log.verdict(tmp_path)) == {requirement}


LATER: dict[str, Story] = {"a boot": boots_over_it, "a date": updates_later, "another": asks_anew}


@pytest.mark.slow
@pytest.mark.parametrize("name", LATER)
def test_what_something_comes_between_may_be_told_of_by_nobody(name: str, tmp_path: Path) -> None:
    log = Log()
    LATER[name](log)
    assert found(log.verdict(tmp_path)) == set()


@pytest.mark.parametrize("name", FAULTY)
def test_what_it_rules_out_is_a_finding(name: str, tmp_path: Path) -> None:
    story, requirement = FAULTY[name]
    log = Log()
    story(log)
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    assert found(log.verdict(tmp_path)) == {requirement}


def test_a_password_that_is_told_is_a_warning(tmp_path: Path) -> None:
    log = Log()
    key(log, 10, "AuthorizationKey", "0123456789abcdef0123")
    log.up(300, "Heartbeat", {}, {"currentTime": at(300)})
    assert found(log.verdict(tmp_path), "warning") == {VALUE}


@pytest.mark.parametrize(
    ("wanted", "comes"),
    [("SignChargePointCertificate", "SignCertificate"), ("Heartbeat", "Heartbeat")],
)
def test_a_pending_station_sends_what_its_own_trigger_asks_for(
    wanted: str, comes: str, tmp_path: Path
) -> None:
    log = Log(boot=False)
    log.up(0, "BootNotification", BOOT, accepted(0, "Pending", 60))
    extended(log, 10, wanted)
    log.up(11, comes, *SENT[comes])
    log.up(62, "BootNotification", BOOT, accepted(62))
    log.status(63, "Available", 0)
    log.status(64, "Available")
    assert log.verdict(tmp_path).findings == []


SENT: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "SignCertificate": ({"csr": "-----BEGIN"}, {"status": "Accepted"}),
    "Heartbeat": ({}, {"currentTime": at(11)}),
}
