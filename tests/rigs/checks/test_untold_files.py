"""Diagnostics and firmware of others' stations: what was taken on is told of, whatever becomes of it."""

from pathlib import Path

import pytest
from foreign import Log, at, found
from test_without_effect import beats

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
