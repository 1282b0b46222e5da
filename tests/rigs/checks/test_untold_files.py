"""Diagnostics and firmware of others' stations: what was taken on is told of, whatever becomes of it."""

from pathlib import Path

import pytest
from edges.device import step
from edges.short import idle, order
from foreign import Log, at, found
from test_without_effect import beats

from evc5.rigs.checks import judge

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
UPLOAD, UPDATE = "DiagnosticsStatusNotification", "FirmwareStatusNotification"
IMAGE = {"location": "ftp://server/image.bin", "retrieveDate": at(60)}
SERVER = {"location": "ftp://server/in"}


def diagnostics(*steps: str, name: str | None = "diag.zip") -> Log:
    log = Log()
    log.down(30.0, "GetDiagnostics", SERVER, {} if name is None else {"fileName": name})
    for n, status in enumerate(steps):
        log.up(40.0 + 20 * n, UPLOAD, {"status": status})
    beats(log)
    return log


def firmware(*steps: str, asked: dict[str, str] = IMAGE) -> Log:
    log = Log()
    log.down(30.0, "UpdateFirmware", asked, {})
    for n, status in enumerate(steps):
        log.up(70.0 + 20 * n, UPDATE, {"status": status})
    beats(log)
    return log


def booting() -> Log:
    """It went down over it: what it would have told is not known."""
    log = firmware()
    log.up(200.0, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(200), "interval": 300})
    for connector in (0, 1):
        log.status(201.0 + connector, "Available", connector)
    return log


STORIES = {
    "diagnostics promised": (diagnostics(), {"files.diagnostics"}),
    "no diagnostics there": (diagnostics(name=None), set()),
    "an empty name": (diagnostics(name=""), set()),
    "diagnostics told to have failed": (diagnostics("Uploading", "UploadFailed"), set()),
    "diagnostics on their way": (diagnostics("Uploading"), set()),
    "an update": (firmware(), {"files.firmware"}),
    "an update of tomorrow": (firmware(asked=IMAGE | {"retrieveDate": at(86_400)}), set()),
    "an update that fails": (firmware("Downloading", "DownloadFailed"), set()),
    "an update, and a boot": (booting(), set()),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_was_taken_on_is_told_of(name: str, tmp_path: Path) -> None:
    log, expected = STORIES[name]
    assert found(log.verdict(tmp_path)) == expected


HOURS = 2.3


def lasting(
    action: str, *steps: tuple[float, str], boots: bool = False, hours: float = HOURS, **asked: int
) -> Log:
    """A station that goes on talking for hours."""
    log = Log()
    if action == UPLOAD:
        log.down(30.0, "GetDiagnostics", SERVER | asked, {"fileName": "diag.zip"})
    else:
        log.down(30.0, "UpdateFirmware", IMAGE, {})
    told = [(40.0 + 3600 * hour, action, {"status": status}, {}) for hour, status in steps]
    clock = [(300.0 * k + 1, {"currentTime": at(300 * k + 1)}) for k in range(1, int(12 * hours) + 1)]
    told += [(t, "Heartbeat", {}, answer) for t, answer in clock]
    if boots:
        answer = {"status": "Accepted", "currentTime": at(1000), "interval": 300}
        told.append((1000.5, "BootNotification", BOOT, answer))
    for t, *what in sorted(told, key=lambda row: row[0]):
        log.up(t, *what)
    return log


IMAGE_COMES = (0.02, "Downloading"), (0.1, "Downloaded")
LASTING = {
    "an upload": (lasting(UPLOAD, (0, "Uploading")), {"files.diagnostics"}),
    "an upload told to go on": (lasting(UPLOAD, (0, "Uploading"), (1, "Uploading")), {"files.diagnostics"}),
    "a download": (lasting(UPDATE, (0.02, "Downloading")), {"files.firmware"}),
    "an installation": (lasting(UPDATE, *IMAGE_COMES, (0.11, "Installing"), hours=2.5), {"files.firmware"}),
    "an hour's upload": (lasting(UPLOAD, (0, "Uploading"), (1, "Uploaded")), set()),
    "an upload of which the log sees too little": (lasting(UPLOAD, (0, "Uploading"), hours=1.9), set()),
    "an upload, and a boot": (lasting(UPLOAD, (0, "Uploading"), boots=True), set()),
    "an upload that is tried again for hours": (
        lasting(UPLOAD, (0, "Uploading"), retries=3, retryInterval=3600),
        set(),
    ),
    "an image that waits for its hour": (lasting(UPDATE, *IMAGE_COMES), set()),
    "an installation that fails late": (
        lasting(UPDATE, *IMAGE_COMES, (0.11, "Installing"), (1.5, "InstallationFailed")),
        set(),
    ),
}


@pytest.mark.parametrize("name", LASTING)
def test_what_goes_on_comes_to_an_end(name: str, tmp_path: Path) -> None:
    log, expected = LASTING[name]
    assert found(log.verdict(tmp_path)) & {"files.diagnostics", "files.firmware"} == expected


@pytest.mark.parametrize(("answer", "expected"), [("Accepted", set()), ("Rejected", {"files.order"})])
def test_a_step_may_be_told_again_where_that_was_asked_for_and_accepted(
    answer: str, expected: set[str], tmp_path: Path
) -> None:
    made = idle()
    order(made, 600, "TriggerMessage", {"requestedMessage": UPDATE}, {"status": answer})
    step(made, 601, "Idle")
    findings = judge(made.write(tmp_path)).findings
    assert {one["requirement"] for one in findings} & {"files.order"} == expected


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (diagnostics("Uploading", "Uploaded", name=None), True),
        (diagnostics("Uploaded", name=""), True),
        (diagnostics("UploadFailed", name=None), False),
        (diagnostics("Uploading", "Uploaded"), False),
    ],
)
def test_what_is_not_there_is_not_uploaded(log: Log, told: bool, tmp_path: Path) -> None:
    verdict = log.verdict(tmp_path)
    assert ("files.diagnostics" in found(verdict, "warning")) is told


def test_the_upload_of_a_request_before_goes_on(tmp_path: Path) -> None:
    log = diagnostics("Uploading", "Uploaded")
    log.down(35.0, "GetDiagnostics", SERVER, {})
    assert "files.diagnostics" not in found(log.verdict(tmp_path), "warning")
