"""What the standard leaves to other makers' stations about their samples is no error of theirs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from edges import judged
from edges.short import short
from foreign import BEGIN_S, Log, at, currents, found, minutes, power, register

INTERVAL, STOP_DATA, LISTED = "metering.sample-interval", "metering.stop-data", "metering.measurands"
REGISTER = "Energy.Active.Import.Register"


def sampled(instants: Sequence[float]) -> Log:
    log = Log()
    log.configure(10, MeterValueSampleInterval="60")
    log.begin()
    for t in instants:
        log.values(t + 1, register(f"{1000 + (t - BEGIN_S):.0f}"), stamp=at(t))
    log.end(BEGIN_S + 610, 1610)
    return log


EVERY_MINUTE = [BEGIN_S + 60 * n for n in range(1, 11)]


@pytest.mark.parametrize(
    ("instants", "severity"),
    [
        (EVERY_MINUTE, ""),
        ([BEGIN_S, *EVERY_MINUTE], ""),  # one more, as it begins
        ([60 * n for n in range(2, 12)], "warning"),  # 3.16.1: on the minute, and often enough
        ([BEGIN_S + 60.5 * n for n in range(1, 11)], "warning"),
        ([BEGIN_S + 30 * n for n in range(1, 21)], "warning"),  # more often than asked
        ([BEGIN_S + 90 * n for n in range(1, 7)], "error"),
        (EVERY_MINUTE[:4] + EVERY_MINUTE[6:], "error"),
    ],
)
def test_samples_are_to_come_often_enough(instants: list[float], severity: str, tmp_path: Path) -> None:
    verdict = sampled(instants).verdict(tmp_path)
    told = {row["severity"] for row in verdict.findings if row["requirement"] == INTERVAL}
    assert (max(told, default="") if severity != "error" else min(told)) == severity


def data(*contexts: tuple[str, float]) -> list[dict[str, Any]]:
    return [
        {"timestamp": at(t), "sampledValue": [register(f"{1000 + t - BEGIN_S:.0f}") | {"context": context}]}
        for context, t in contexts
    ]


MINUTES = tuple(("Sample.Periodic", BEGIN_S + 60.0 * n) for n in range(1, 4))
BOTH = (("Transaction.Begin", BEGIN_S), ("Transaction.End", 280.0))


@pytest.mark.parametrize(
    ("told", "good"),
    [
        (data(*BOTH), True),
        (data(*BOTH, *MINUTES), True),
        (data(*MINUTES), True),  # ER 3.14: begin and end are recommended
        (data(BOTH[1]), True),
        ([], False),
    ],
)
def test_a_stop_carries_the_values_of_its_list_and_need_not_add_begin_and_end(
    told: list[dict[str, Any]], good: bool, tmp_path: Path
) -> None:
    log = Log()
    log.configure(10, MeterValueSampleInterval="60", StopTxnSampledData=REGISTER)
    log.begin()
    for n, t in enumerate(minutes(3), 1):
        log.values(t, register(1000 + 60 * n))
    stop = {"transactionId": 7, "meterStop": 1217, "timestamp": at(280), "idTag": "TAG1"}
    log.up(280, "StopTransaction", stop | ({"transactionData": told} if told else {}))
    log.status(281, "Finishing")
    assert (STOP_DATA in found(log.verdict(tmp_path))) is not good


@pytest.mark.parametrize(
    ("listed", "severity"),
    [
        (f"{REGISTER},Power.Active.Import,Current.Import", ""),
        (REGISTER, "warning"),  # told more than it was asked for
        (f"{REGISTER},Power.Active.Import,Voltage", "error"),
    ],
)
def test_more_than_was_asked_for_is_a_warning_and_less_an_error(
    listed: str, severity: str, tmp_path: Path
) -> None:
    log = Log()
    log.configure(10, MeterValuesSampledData=listed)
    log.begin()
    for n, t in enumerate(minutes(4), 1):
        log.values(t, register(1000 + 61 * n), power(3680), currents(16))
    log.end(320, 1270)
    told = {row["severity"] for row in log.verdict(tmp_path).findings if row["requirement"] == LISTED}
    assert told == {severity} - {""}


@pytest.mark.parametrize("boots", [True, False])
def test_a_station_that_is_off_each_night_owes_no_heartbeat(boots: bool, tmp_path: Path) -> None:
    """As long each time, as a clock switches it: without the boots it is the rhythm of its own silence."""
    log = Log()
    log.up(100, "Heartbeat", {}, {"currentTime": at(100)})
    accepted = {"status": "Accepted", "interval": 300}
    for n in range(1, 5):
        t = 3600.0 * n
        if boots:
            told = {"chargePointVendor": "V", "chargePointModel": "M"}
            log.up(t, "BootNotification", told, accepted | {"currentTime": at(t)})
        for connector in (0, 1):
            log.status(t + 1 + connector, "Available", connector)
    assert ("heartbeat.interval" in found(log.verdict(tmp_path))) is not boots


@pytest.mark.parametrize(("beats", "severity"), [(True, "error"), (False, "warning")])
def test_who_never_sends_a_heartbeat_may_ping_instead(beats: bool, severity: str, tmp_path: Path) -> None:
    """J 5.3: pings of the connection may stand for most of them, and no log shows pings."""
    log = Log()
    if beats:
        log.up(100, "Heartbeat", {}, {"currentTime": at(100)})
    for t in (1000, 1900, 2800, 3700):
        log.status(t, "Available")
    (row,) = log.verdict(tmp_path).findings
    assert (row["requirement"], row["severity"]) == ("heartbeat.interval", severity)


@pytest.mark.parametrize("context", ["Trigger"])
def test_a_stop_carries_no_values_of_another_occasion(context: str, tmp_path: Path) -> None:
    made = short()
    told = made.calls("StopTransaction")[0]["frame"][3]["transactionData"][-1]["sampledValue"]
    told.append(told[-1] | {"context": context})
    assert STOP_DATA in {one["requirement"] for one in judged(made, tmp_path, {}).findings}
