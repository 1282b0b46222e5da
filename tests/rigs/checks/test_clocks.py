"""A wrong clock is one finding that says so, and misleads no other check; a CSMS is named for its own."""

from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, at, found, minutes, register, status_of

STATION, CSMS = "clock.station", "clock.csms"
STOP_S = BEGIN_S + 320
NEVER_SET = "1970-01-01T00:01:03Z"


def session(tmp_path: Path, off_s: float = 0.0, **stamps: str) -> Any:
    """Five minutes of charging with every stamp off by so much, or with these instead."""
    log = Log()
    log.configure(10, MeterValuesSampledData="Energy.Active.Import.Register", MeterValueSampleInterval="60")
    log.begin(stamp=stamps.get("start", at(BEGIN_S + off_s)))
    for n, t in enumerate(minutes(5), 1):
        log.values(t, register(1000 + 60 * n), stamp=stamps.get("values", at(t + off_s)))
    log.status(BEGIN_S + 310, "SuspendedEV", timestamp=stamps.get("status", at(BEGIN_S + 310 + off_s)))
    log.end(STOP_S, 1320, stamp=stamps.get("stop", at(STOP_S + off_s)))
    return log.verdict(tmp_path)


def words(verdict: Any) -> str:
    errors = [finding for finding in verdict.findings if finding["severity"] == "error"]
    assert [error["requirement"] for error in errors] == [STATION], errors
    return str(errors[0]["message"])


@pytest.mark.parametrize("off_s", [0, 5, 59, -5, -25])
def test_a_clock_less_than_a_minute_off_is_no_error(off_s: float, tmp_path: Path) -> None:
    verdict = session(tmp_path, off_s)
    assert found(verdict) == set()
    assert status_of(verdict, STATION) == "PASS"


@pytest.mark.parametrize("off_s", [61, 600, 7200, 90_000])
def test_a_clock_that_is_ahead_is_one_finding(off_s: float, tmp_path: Path) -> None:
    assert "ahead" in words(session(tmp_path, off_s))


@pytest.mark.parametrize(("off_s", "is_zone"), [(7200, True), (20_700, True), (4000, False)])
def test_quarter_hours_ahead_are_local_time(off_s: float, is_zone: bool, tmp_path: Path) -> None:
    assert ("local time" in words(session(tmp_path, off_s))) == is_zone


@pytest.mark.parametrize("off_s", [-18_000, -400])
def test_a_clock_that_is_behind_all_the_time_is_one_finding(off_s: float, tmp_path: Path) -> None:
    assert "behind" in words(session(tmp_path, off_s))


@pytest.mark.parametrize("which", ["start", "stop", "values", "status"])
def test_a_stamp_of_1970_is_a_clock_fault_whatever_bears_it(which: str, tmp_path: Path) -> None:
    assert "another age" in words(session(tmp_path, **{which: NEVER_SET}))


def test_a_stamp_that_stands_still_is_a_clock_fault(tmp_path: Path) -> None:
    assert "stands still" in words(session(tmp_path, values=at(BEGIN_S + 60)))


def test_local_time_in_a_status_alone_is_found(tmp_path: Path) -> None:
    assert "local time" in words(session(tmp_path, status=at(BEGIN_S + 310 + 3600)))


def test_what_waited_in_a_queue_is_no_clock_fault(tmp_path: Path) -> None:
    """Five samples of five minutes, delivered within a second after a silence of the station."""
    log = Log()
    log.begin()
    for n in range(5):
        log.values(BEGIN_S + 400 + n / 5, register(1000 + 60 * n), stamp=at(BEGIN_S + 60 * (n + 1)))
    assert STATION not in found(log.verdict(tmp_path))


@pytest.mark.parametrize(
    ("ahead_s", "named"), [(0, False), (59, False), (61, True), (3600, True), (-3600, True)]
)
def test_a_csms_that_tells_a_wrong_time_is_named_and_its_station_judged_in_it(
    ahead_s: float, named: bool, tmp_path: Path
) -> None:
    log = Log(boot=False)
    boot = {"status": "Accepted", "currentTime": at(ahead_s), "interval": 300}
    log.up(0, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, boot)
    log.status(1, "Available", 0)
    log.status(2, "Available", 1)
    log.begin(stamp=at(BEGIN_S + ahead_s))
    for n, t in enumerate(minutes(4), 1):
        log.values(t, register(1000 + 60 * n), stamp=at(t + ahead_s))
    log.end(BEGIN_S + 270, 1270, stamp=at(BEGIN_S + 270 + ahead_s))
    verdict = log.verdict(tmp_path)
    told = [finding for finding in verdict.findings if finding["requirement"] == CSMS]
    assert [finding["blames"] for finding in told] == (["csms"] if named else [])
    assert found(verdict) == set()


def test_a_csms_whose_clock_jumps_is_named_and_its_station_follows(tmp_path: Path) -> None:
    log = Log()
    log.begin()
    for n in range(1, 9):
        t = BEGIN_S + 60 * n
        ahead_s = 1800 if n >= 4 else 0
        if n == 4:
            log.up(t - 5, "Heartbeat", {}, {"currentTime": at(t - 5 + ahead_s)})
        log.values(t, register(1000 + 60 * n), stamp=at(t + ahead_s))
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set()
    assert CSMS in found(verdict, "warning")
