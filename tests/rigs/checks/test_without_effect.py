"""Orders accepted and not carried out, in a log of frames alone; and what looks like one and is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import BEGIN_S, ID, Log, at, found, minutes, register

ORDER_S = BEGIN_S + 130.0
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def beats(log: Log, count: int = 8) -> None:
    for k in range(1, count + 1):
        log.up(300.0 * k + 1.0, "Heartbeat", {}, {"currentTime": at(300 * k + 1)})


def charge(log: Log, until_minute: int, reason: str | None = None) -> None:
    log.begin()
    for k, t in enumerate(minutes(until_minute), 1):
        log.values(t, register(1000 + 60 * k))
    stop = BEGIN_S + 60.0 * until_minute + 10.0
    told = {"transactionId": ID, "meterStop": 1000 + 60 * until_minute, "timestamp": at(stop)}
    log.up(stop, "StopTransaction", told | ({"reason": reason} if reason else {}))
    log.status(stop + 1.0, "Finishing")


def reset_and_on(log: Log) -> None:
    log.down(30.0, "Reset", {"type": "Hard"})
    beats(log)


def reset_and_boot(log: Log) -> None:
    log.down(30.0, "Reset", {"type": "Soft"})
    log.up(90.0, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(90), "interval": 300})
    for connector in (0, 1):
        log.status(91.0 + connector, "Available", connector)
    beats(log)


def reset_refused(log: Log) -> None:
    log.down(30.0, "Reset", {"type": "Hard"}, {"status": "Rejected"})
    beats(log)


def unlocked_and_on(log: Log) -> None:
    log.down(ORDER_S, "UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    charge(log, 20)


def unlocked_with_its_stop(log: Log) -> None:
    log.down(BEGIN_S + 309.5, "UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    charge(log, 5, "UnlockCommand")


def unlock_failed(log: Log) -> None:
    log.down(ORDER_S, "UnlockConnector", {"connectorId": 1}, {"status": "UnlockFailed"})
    charge(log, 20)


def started_nothing(log: Log) -> None:
    log.status(20.0, "Preparing")
    log.down(30.0, "RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"})
    beats(log)


def started_for_nobody(log: Log) -> None:
    """No car is there: it waits for one, or gives up."""
    log.down(30.0, "RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"})
    beats(log)


def started_and_refused(log: Log) -> None:
    log.status(20.0, "Preparing")
    log.down(30.0, "RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"})
    log.up(31.0, "Authorize", {"idTag": "APP"}, {"idTagInfo": {"status": "Blocked"}})
    beats(log)


FAULTY = {
    reset_and_on: ("reset.carried-out", "error"),
    unlocked_and_on: ("unlock.answer", "error"),
    started_nothing: ("remote.started", "warning"),
}
SOUND = (
    reset_and_boot,
    reset_refused,
    unlocked_with_its_stop,
    unlock_failed,
    started_for_nobody,
    started_and_refused,
)


@pytest.mark.parametrize("story", FAULTY, ids=lambda story: story.__name__)
def test_who_goes_on_as_before_has_not_carried_it_out(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    story(log)
    requirement, severity = FAULTY[story]
    verdict = log.verdict(tmp_path)
    told = [(row["requirement"], row["severity"]) for row in verdict.findings]
    assert told == [(requirement, severity)]


@pytest.mark.parametrize("charging", [False, True])
def test_resets_without_effect_are_one_finding_however_many(charging: bool, tmp_path: Path) -> None:
    log = Log()
    log.down(930.0, "Reset", {"type": "Hard"})
    log.down(1830.0, "Reset", {"type": "Soft"})
    beats(log, 12)
    if charging:
        charge(log, 40)
    told = [(row["requirement"], row["times"]) for row in log.verdict(tmp_path).findings]
    assert told == [("reset.carried-out", 2)]


@pytest.mark.parametrize("story", SOUND, ids=lambda story: story.__name__)
def test_what_was_carried_out_or_refused_is_no_fault(story: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    story(log)
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set() and found(verdict, "warning") == set()
