"""Stamps long before their frames are a clock's fault where they are told live, and not where they waited."""

from pathlib import Path

from foreign import Log, at

CLOCK = "clock.station"
LATE_S = 3600.0


def test_transactions_that_are_told_an_hour_late_say_nothing_of_the_clock(tmp_path: Path) -> None:
    """3.7.1: they may wait, whatever else is told meanwhile."""
    log = Log()
    for k, t in enumerate((4000.0, 4300.0, 4600.0, 4900.0)):
        begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": k, "timestamp": at(t - LATE_S)}
        log.up(t, "StartTransaction", begun, {"transactionId": k + 1, "idTagInfo": {"status": "Accepted"}})
        over = {"transactionId": k + 1, "meterStop": k + 1, "timestamp": at(t - LATE_S + 60.0)}
        log.up(t + 1.0, "StopTransaction", over)
        log.up(t + 150.0, "Heartbeat", {}, {"currentTime": at(t + 150.0)})
    assert CLOCK not in {row["requirement"] for row in log.verdict(tmp_path).findings}


def test_statuses_that_are_told_an_hour_late_are_a_clocks_fault(tmp_path: Path) -> None:
    log = Log()
    for k, t in enumerate((4000.0, 4300.0, 4600.0, 4900.0)):
        log.status(t, ("Preparing", "Available")[k % 2], timestamp=at(t - LATE_S))
        log.up(t + 150.0, "Heartbeat", {}, {"currentTime": at(t + 150.0)})
    assert CLOCK in {row["requirement"] for row in log.verdict(tmp_path).findings}
