"""What other makers' stations do around transactions and against what was ordered: frames alone tell."""

from collections.abc import Callable
from pathlib import Path

import pytest
from foreign import BEGIN_S, ID, REPLY_S, Log, at, currents, found, minutes, power, register

EV_SIDE = "StopTransactionOnEVSideDisconnect"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
AGAIN_S = 1200.0


def told(log: Log, **keys: str) -> None:
    rows = [
        {"key": key, "readonly": key == "NumberOfConnectors", "value": value} for key, value in keys.items()
    ]
    log.down(10, "GetConfiguration", {}, {"configurationKey": rows})


def start(log: Log, t: float = BEGIN_S, answer: str = "Accepted", tag: str = "TAG1", stamp: str = "") -> None:
    begun = {"connectorId": 1, "idTag": tag, "meterStart": 1000, "timestamp": stamp or at(t)}
    log.up(t, "StartTransaction", begun, {"transactionId": ID, "idTagInfo": {"status": answer}})


def values(log: Log, amps: float = 16.0, count: int = 6, begin: float = BEGIN_S, wh: float = 1000.0) -> None:
    for n, t in enumerate(minutes(count, begin), 1):
        told_wh = register(round(wh + n * amps * 230 / 60))
        log.values(t, told_wh, power(round(amps * 230)), currents(amps))


def boots(log: Log, t: float, status: str = "Available") -> None:
    log.up(t, "BootNotification", BOOT, {"status": "Accepted", "currentTime": at(t), "interval": 300})
    log.status(t + 1, "Available", 0)
    log.status(t + 2, status, errorCode="OtherError" if status == "Faulted" else "NoError")


def beats(log: Log, since: float = AGAIN_S, count: int = 4) -> None:
    for n in range(count):
        log.up(since + 300 * n, "Heartbeat", {}, {"currentTime": at(since + 300 * n)})


def refused_and(answer: str, key: str, amps: float) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        told(log, StopTransactionOnInvalidId=key)
        start(log, answer=answer)
        log.status(BEGIN_S + 1, "Charging" if amps else "SuspendedEVSE")
        values(log, amps)

    return story


def pulled_at_the_car(key: str) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        told(log, **{EV_SIDE: key})
        log.begin()
        values(log)
        stop = {"transactionId": ID, "meterStop": 1400, "timestamp": at(BEGIN_S + 390)}
        log.up(BEGIN_S + 390, "StopTransaction", stop | {"reason": "EVDisconnected"})
        log.status(BEGIN_S + 391, "Available")

    return story


def remotely_started_at(connector: int) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        log.status(BEGIN_S - 20, "Preparing", connector)
        asked = {"connectorId": connector, "idTag": "APP"}
        log.down(BEGIN_S - 2, "RemoteStartTransaction", asked)
        start(log, tag="APP")
        log.status(BEGIN_S + 1, "Charging")
        values(log)
        beats(log, 600, 2)

    return story


def stopped_before_its_start(log: Log) -> None:
    for t in (300, 600, 900):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
    stop = {"transactionId": -1, "meterStop": 1900, "timestamp": at(1500)}
    log.up(2000, "StopTransaction", stop)
    start(log, 2010, stamp=at(1100))


def told_in_their_order(log: Log) -> None:
    for t in (300, 600, 900):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
    start(log, 2000, stamp=at(1100))
    stop = {"transactionId": ID, "meterStop": 1900, "timestamp": at(1500)}
    log.up(2010, "StopTransaction", stop)


def unlocked(connector: int, status: str) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        told(log, NumberOfConnectors="1")
        log.down(60, "UnlockConnector", {"connectorId": connector}, {"status": status})

    return story


def reset_and_on(kind: str) -> Callable[[Log], None]:
    def story(log: Log) -> None:
        log.begin()
        values(log, count=3)
        log.down(300, "Reset", {"type": kind})
        boots(log, 330, "Charging")
        values(log, begin=400, wh=1310)

    return story


def out_and_back_at_a_boot(status: str, order: str = "Inoperative") -> Callable[[Log], None]:
    def story(log: Log) -> None:
        log.down(20, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        log.status(21, "Unavailable")
        log.down(100, "ChangeAvailability", {"connectorId": 1, "type": order})
        log.down(101, "Reset", {"type": "Hard"})
        boots(log, 130, status)
        beats(log, 430)

    return story


def of_the_list(
    status: str, pre_authorized: str = "true", offline: bool = False, asked: bool = False, sent_s: float = 20
) -> Callable[[Log], None]:
    """`asked`: as the line went down, without an answer."""

    def story(log: Log) -> None:
        told(log, LocalAuthListEnabled="true", LocalPreAuthorize=pre_authorized)
        entry = {"idTag": "Tag1", "idTagInfo": {"status": status}}
        wire = {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [entry]}
        log.down(sent_s, "SendLocalList", wire)
        if not offline:
            log.up(BEGIN_S - 1, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})
        if asked:
            log.line(700, "send", [2, "a", "Authorize", {"idTag": "TAG1"}])
        start(log, 1500.0 if offline else BEGIN_S, stamp=at(700) if offline else "")

    return story


FAULTY: dict[str, tuple[Callable[[Log], None], str]] = {
    "refused and left its energy": (refused_and("Invalid", "false", 16.0), "authorisation.ended"),
    "two at a time and left its energy": (refused_and("ConcurrentTx", "false", 16.0), "authorisation.ended"),
    "pulled at the car and ended": (pulled_at_the_car("false"), "transaction.unplugged"),
    "a remote start elsewhere": (remotely_started_at(2), "remote.started"),
    "a stop before its start": (stopped_before_its_start, "transaction.pair"),
    "a connector unlocked that is none": (unlocked(4, "Unlocked"), "unlock.answer"),
    "a transaction over a soft reset": (reset_and_on("Soft"), "reset.carried-out"),
    "in service after a boot": (out_and_back_at_a_boot("Available"), "availability.answer"),
    "asked for though it is listed": (of_the_list("Accepted"), "card.known"),
    "begun offline though it is blocked": (of_the_list("Blocked", offline=True), "card.offline"),
}
SOUND: dict[str, Callable[[Log], None]] = {
    "refused and without energy": refused_and("Invalid", "false", 0.0),
    "pulled at the car, and it may end": pulled_at_the_car("true"),
    "a remote start where it was asked for": remotely_started_at(1),
    "a start and a stop in their order": told_in_their_order,
    "a connector that is none, and not unlocked": unlocked(4, "NotSupported"),
    "a transaction over a hard reset": reset_and_on("Hard"),
    "out of service after a boot": out_and_back_at_a_boot("Unavailable"),
    "faulted after a boot": out_and_back_at_a_boot("Faulted"),
    "put back before a boot": out_and_back_at_a_boot("Available", order="Operative"),
    "asked for, as it may": of_the_list("Accepted", pre_authorized="false"),
    "asked for, for it is blocked": of_the_list("Blocked"),
    "begun offline before it was blocked": of_the_list("Blocked", offline=True, sent_s=1400),
    "asked for as the line went": of_the_list("Blocked", offline=True, asked=True),
    "begun offline as it may": of_the_list("Accepted", offline=True),
}


@pytest.mark.parametrize("name", FAULTY)
def test_what_contradicts_the_frames_is_one_finding(name: str, tmp_path: Path) -> None:
    story, requirement = FAULTY[name]
    log = Log(connectors=2 if "elsewhere" in name else 1)
    story(log)
    verdict = log.verdict(tmp_path)
    assert found(verdict) == {requirement}
    (finding,) = [row for row in verdict.findings if row["severity"] == "error"]
    assert finding["blames"] == "station"


@pytest.mark.parametrize("name", SOUND)
def test_what_may_be_so_is_none(name: str, tmp_path: Path) -> None:
    log = Log()
    SOUND[name](log)
    assert found(log.verdict(tmp_path)) == set()


def test_a_call_that_met_silence_may_be_sent_again_under_its_id(tmp_path: Path) -> None:
    """J errata 3.1 of 2025."""
    log = Log()
    begun = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    for t in (BEGIN_S, BEGIN_S + 60):
        log.line(t, "send", [2, "9", "StartTransaction", begun])
    reply = {"transactionId": ID, "idTagInfo": {"status": "Accepted"}}
    log.line(BEGIN_S + 60 + REPLY_S, "receive", [3, "9", reply])
    assert found(log.verdict(tmp_path)) == set()


def test_a_single_value_of_an_id_that_nobody_was_given_is_found(tmp_path: Path) -> None:
    log = Log()
    log.begin()
    log.values(BEGIN_S + 60, register(1100))
    log.values(BEGIN_S + 120, register(1200), id=ID + 1)
    log.end(BEGIN_S + 200, 1300)
    verdict = log.verdict(tmp_path)
    assert found(verdict) == {"transaction.belongs"} and verdict.breakdowns == []
