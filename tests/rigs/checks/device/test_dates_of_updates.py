"""An update is not begun before the date that it was asked for (5.19)."""

from pathlib import Path

import pytest
from foreign import Log, at

WISH = {"location": "ftp://files.example/firmware", "retrieveDate": at(1200)}


def told(log: Log, t: float, status: str) -> None:
    log.up(t, "FirmwareStatusNotification", {"status": status})


@pytest.mark.slow
@pytest.mark.parametrize(("t", "count"), [(300.0, 1), (1201.0, 0)])
def test_a_download_waits_for_its_date(t: float, count: int, tmp_path: Path) -> None:
    log = Log()
    log.down(100.0, "UpdateFirmware", WISH, {})
    told(log, t, "Downloading")
    told(log, t + 20.0, "Downloaded")
    found = [row["message"] for row in log.verdict(tmp_path).findings]
    assert found.count("an update begins before its retrieveDate") == count


def test_what_is_told_beside_a_download_is_not_its_beginning(tmp_path: Path) -> None:
    """A trigger asks how it stands."""
    log = Log()
    log.down(100.0, "UpdateFirmware", WISH, {})
    told(log, 300.0, "Idle")
    found = [row["message"] for row in log.verdict(tmp_path).findings]
    assert "an update begins before its retrieveDate" not in found
