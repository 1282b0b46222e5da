"""What has to end with a transaction, and who may end it: other makers' stations, by their frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, ID, Log, at, currents, found, minutes, power, register, status_of

NEEDS, FLOW, CARD = "status.needs-transaction", "status.no-flow", "card.stops"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STOP_S, WH = 320.0, 1250


def charges(log: Log) -> None:
    log.begin()
    for n, t in enumerate(minutes(4), 1):
        log.values(t, register(1000 + 61 * n), power(3680), currents(16))


def stops(log: Log, tag: str = "TAG1", t: float = STOP_S) -> None:
    told = {"transactionId": ID, "meterStop": WH, "timestamp": at(t), "idTag": tag}
    log.up(t, "StopTransaction", told)


def beats(log: Log, until: float = 1800.0) -> None:
    for k in range(2, int(until / 300) + 1):
        log.up(300.0 * k, "Heartbeat", {}, {"currentTime": at(300.0 * k)})


# -- its status ----------------------------------------------------------------------------------


def finishes(log: Log) -> None:
    log.status(STOP_S + 100, "Finishing")


def is_suspended(log: Log) -> None:
    log.status(STOP_S + 1, "SuspendedEVSE")


def starts_again(log: Log) -> None:
    told = {"connectorId": 1, "idTag": "TAG1", "meterStart": WH, "timestamp": at(STOP_S + 30)}
    log.up(STOP_S + 30, "StartTransaction", told, {"transactionId": 8, "idTagInfo": {"status": "Accepted"}})


def boots(log: Log) -> None:
    log.up(
        STOP_S + 30, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(350), "interval": 300}
    )
    for connector in (0, 1):
        log.status(STOP_S + 31 + connector, "Available", connector)


def test_a_status_that_outlives_its_transaction_is_found(tmp_path: Path) -> None:
    log = Log()
    charges(log)
    stops(log)
    beats(log)
    assert found(log.verdict(tmp_path)) == {NEEDS}


@pytest.mark.parametrize("after", [finishes, is_suspended, starts_again, boots])
def test_a_status_that_goes_on_to_another_is_none(after: Callable[[Log], None], tmp_path: Path) -> None:
    log = Log()
    charges(log)
    stops(log)
    after(log)
    beats(log)
    assert NEEDS not in found(log.verdict(tmp_path))


def test_a_log_that_ends_or_a_long_silence_tells_of_no_status(tmp_path: Path) -> None:
    ends, falls_silent = Log(), Log()
    for log in (ends, falls_silent):
        charges(log)
        stops(log)
    falls_silent.up(1500, "Heartbeat", {}, {"currentTime": at(1500)})
    assert NEEDS not in found(ends.verdict(tmp_path)) | found(falls_silent.verdict(tmp_path))


def test_charging_told_soon_after_a_transaction_that_is_over_needs_another(tmp_path: Path) -> None:
    log = Log()
    charges(log)
    log.end(STOP_S, WH)  # Available 20 s later
    log.status(STOP_S + 40, "Charging")
    log.status(STOP_S + 200, "Available")
    beats(log)
    assert found(log.verdict(tmp_path)) == {NEEDS}


def test_a_fault_brings_no_transaction_back_that_never_was(tmp_path: Path) -> None:
    """7.7, row I: after a fault a connector is as it was before."""
    at_rest, charging = Log(), Log()
    charges(charging)
    for log, before, after_s in (at_rest, "Preparing", 60), (charging, "", STOP_S):
        if before:
            log.status(after_s - 10, before)
        log.status(after_s, "Faulted", errorCode="GroundFailure")
        log.status(after_s + 60, "Charging")
        beats(log, 1500)
    assert found(at_rest.verdict(tmp_path)) == {NEEDS}
    assert NEEDS not in found(charging.verdict(tmp_path))


# -- its current ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("amps", "wrong"), [((16, 0, 0, 0), False), ((16, 16, 16, 16), True)])
def test_clock_aligned_values_tell_of_current_after_the_end(
    amps: tuple[float, ...], wrong: bool, tmp_path: Path
) -> None:
    """The first may be a mean over time in which it charged yet."""
    log = Log()
    charges(log)
    log.end(STOP_S, WH)
    for n, each in enumerate(amps, 1):
        told = currents(each), power(230 * each)
        log.values(300.0 + 300 * n, *told, id=None, context="Sample.Clock")
    assert (FLOW in found(log.verdict(tmp_path))) is wrong


# -- whose card ----------------------------------------------------------------------------------


def ended_by(log: Log, tag: str, parents: dict[str, str], asks: bool = True) -> None:
    def info(name: str) -> dict[str, Any]:
        return {"status": "Accepted"} | ({"parentIdTag": parents[name]} if name in parents else {})

    log.status(BEGIN_S - 3, "Preparing")
    begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    log.up(BEGIN_S - 1, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": info("TAG1")})
    of_start = {"status": "Accepted"} if "brief" in parents else info("TAG1")
    log.up(BEGIN_S, "StartTransaction", begun, {"transactionId": ID, "idTagInfo": of_start})
    log.status(BEGIN_S + 1, "Charging")
    if asks:
        log.up(STOP_S - 2, "Authorize", {"idTag": tag}, {"idTagInfo": info(tag)})
    stops(log, tag)
    log.status(STOP_S + 1, "Finishing")


CARDS: dict[str, tuple[str, dict[str, str], bool, bool]] = {  # tag, groups, asked for, wrong
    "a stranger": ("TAG2", {}, True, True),
    "one of another group": ("TAG2", {"TAG1": "A", "TAG2": "B"}, True, True),
    "one of a group, and the other of none": ("TAG2", {"TAG2": "A"}, True, True),
    "one of its group": ("TAG2", {"TAG1": "A", "TAG2": "a"}, True, False),
    "one of its group, which the start's answer leaves out": (
        "TAG2",
        {"TAG1": "A", "TAG2": "A", "brief": "yes"},
        True,
        False,
    ),
    "its own, in other letters": ("tag1", {}, True, False),
    "one of whom nothing is known": ("TAG2", {"TAG1": "A"}, False, False),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_transaction_is_ended_by_its_card_or_group(name: str, tmp_path: Path) -> None:
    tag, parents, asks, wrong = CARDS[name]
    log = Log()
    ended_by(log, tag, parents, asks)
    assert (CARD in found(log.verdict(tmp_path))) is wrong


def test_a_card_that_is_not_asked_for_ends_it_by_an_option_of_the_stations_own(tmp_path: Path) -> None:
    log = Log()
    log.up(30, "Authorize", {"idTag": "TAG2"}, {"idTagInfo": {"status": "Accepted"}})
    ended_by(log, "TAG2", {}, asks=False)
    assert CARD not in found(log.verdict(tmp_path))


# -- a remote stop of one that the log does not know ------------------------------------------------


@pytest.mark.parametrize("stopped", [True, False])
def test_a_remote_stop_of_nobody_is_a_fault_where_no_stop_follows(stopped: bool, tmp_path: Path) -> None:
    """Where one does, its start is lost in a hole of the log."""
    log = Log()
    charges(log)
    log.end(STOP_S, WH)  # from here on all is known that runs
    log.up(600, "Heartbeat", {}, {"currentTime": at(600)})
    log.down(900, "RemoteStopTransaction", {"transactionId": 99})
    if stopped:
        told = {"transactionId": 99, "meterStop": WH + 500, "timestamp": at(902), "reason": "Remote"}
        log.up(902, "StopTransaction", told)
    log.up(1200, "Heartbeat", {}, {"currentTime": at(1200)})
    assert ("transaction.remote-stop-known" in found(log.verdict(tmp_path))) is not stopped


# -- what is there at all ------------------------------------------------------------------------


def refused(action: str, payload: dict[str, Any], code: str = "NotSupported", profiles: str = "Core") -> Log:
    log = Log()
    row = {"key": "SupportedFeatureProfiles", "readonly": True, "value": profiles}
    log.down(10, "GetConfiguration", {}, {"configurationKey": [row]})
    log.line(20, "receive", [2, "q1", action, payload])
    log.line(20.2, "send", [4, "q1", code, "", {}])
    return log


LIST: tuple[str, dict[str, Any]] = ("GetLocalListVersion", {})
TOLD = "Core, LocalAuthListManagement"
REFUSED: dict[str, tuple[Log, str]] = {
    "of the core": (refused("Reset", {"type": "Soft"}), "FAIL"),
    "of a profile it has": (refused(*LIST, profiles=TOLD), "WARN"),
    "of a profile it lacks": (refused(*LIST), ""),
    "for another reason": (refused(*LIST, code="InternalError", profiles=TOLD), ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_station_says_to_know_it_does_not_refuse_as_unknown(name: str, tmp_path: Path) -> None:
    log, expected = REFUSED[name]
    verdict = log.verdict(tmp_path)
    told = {"FAIL": found(verdict), "WARN": found(verdict, "warning"), "": set()}[expected]
    assert ("frame.error-code" in found(verdict) | found(verdict, "warning")) is bool(expected)
    assert not expected or "frame.error-code" in told
    assert status_of(verdict, "frame.schema") == "PASS"


def test_a_time_below_zero_in_the_answer_to_a_boot_is_no_heartbeat_interval(tmp_path: Path) -> None:
    log = Log(boot=False)
    log.up(0, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(0), "interval": -1})
    for connector in (0, 1):
        log.status(1 + connector, "Available", connector)
    beats(log)
    verdict = log.verdict(tmp_path)
    assert (found(verdict), found(verdict, "warning")) == (set(), {"boot.retry"})


# -- a reboot of its own -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("boot_s", "wrong"), [(STOP_S + 90, False), (STOP_S - 1, False), (None, True)])
def test_a_station_that_reboots_by_itself_boots(boot_s: float | None, wrong: bool, tmp_path: Path) -> None:
    """7.36: for instance by its watchdog; the stop may be told before the boot or after it."""
    log = Log()
    charges(log)
    if boot_s is not None:
        accepted = {"status": "Accepted", "currentTime": at(boot_s), "interval": 300}
        log.up(boot_s, "BootNotification", BOOT, accepted)
        for connector in (0, 1):
            log.status(max(boot_s, STOP_S) + 2 + connector, "Available", connector)
    told = {"transactionId": ID, "meterStop": WH, "timestamp": at(STOP_S), "reason": "Reboot"}
    log.up(STOP_S, "StopTransaction", told)
    beats(log)
    assert ("transaction.stop-reason" in found(log.verdict(tmp_path))) is wrong
