"""A start or a stop that breaks its schema is told once; nothing follows from what it did not say."""

from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, at, found, minutes, register

ENDED_S = BEGIN_S + 400
STOP: dict[str, Any] = {"transactionId": 7, "meterStop": 1400, "timestamp": at(ENDED_S), "idTag": "TAG1"}
MISSING = object()


def charged(log: Log, begin: float = BEGIN_S, meter: int = 1000, id: int = 7, connector: int = 1) -> None:
    log.begin(begin, meter=meter, id=id, connector=connector)
    for n, t in enumerate(minutes(6, begin), 1):
        log.values(t, register(meter + 61 * n), id=id, connector=connector)


def stopped(log: Log, **broken: Any) -> None:
    told = {name: value for name, value in (STOP | broken).items() if value is not MISSING}
    log.up(ENDED_S, "StopTransaction", told)
    log.status(ENDED_S + 1, "Finishing")
    log.status(ENDED_S + 40, "Available")


def beats(log: Log, since: int, until: int) -> Log:
    """In their turn, so that the ids tell of no hole."""
    for t in range(since, until + 1, 300):
        log.up(t, "Heartbeat", {}, {"currentTime": at(t)})
    return log


def charged_again(log: Log) -> Log:
    beats(log, 600, 1200)
    charged(log, 1263, 1400, 8)
    log.end(1663, 1800, id=8)
    return beats(log, 1800, 3000)


@pytest.mark.parametrize(
    "broken",
    [
        {"reason": ""},
        {"transactionId": "7"},
        {"meterStop": 1399.5},
        {"meterStop": MISSING},
        {"timestamp": MISSING},
        {"idTag": "X" * 30},
        {"transactionId": MISSING},
        {"transactionData": [{"timestamp": at(ENDED_S), "sampledValue": []}]},
    ],
)
def test_a_stop_that_cannot_be_read_is_one_finding(broken: dict[str, Any], tmp_path: Path) -> None:
    log = Log()
    charged(log)
    stopped(log, **broken)
    assert found(charged_again(log).verdict(tmp_path)) == {"frame.schema"}


def test_a_status_before_a_stop_that_cannot_be_read_is_no_finding(tmp_path: Path) -> None:
    log = Log(connectors=2)
    log.begin(BEGIN_S - 10)
    log.begin(BEGIN_S, meter=2000, id=8, connector=2)
    for n, t in enumerate(minutes(6), 1):
        log.values(t - 10, register(1000 + 61 * n))
        log.values(t, register(2000 + 61 * n), id=8, connector=2)
    log.status(ENDED_S - 1, "Finishing")
    stopped(log, reason="Unplugged")
    log.end(ENDED_S + 60, 2430, connector=2, id=8)
    assert found(beats(log, 600, 1500).verdict(tmp_path)) == {"frame.schema"}


def test_a_stop_that_is_mended_and_sent_again_ends_its_transaction(tmp_path: Path) -> None:
    log = Log()
    charged(log)
    stopped(log, reason="")
    log.up(ENDED_S + 5, "StopTransaction", STOP)
    assert found(beats(log, 600, 1500).verdict(tmp_path)) == {"frame.schema"}


def test_a_stop_that_can_be_read_and_never_comes_is_still_one(tmp_path: Path) -> None:
    log = Log()
    charged(log)
    assert "transaction.delivered" in found(charged_again(log).verdict(tmp_path))


@pytest.mark.parametrize("given", [7, "7", 7.0])
@pytest.mark.parametrize("used", [7, -1])
def test_the_id_in_a_confirmation_that_cannot_be_read_may_be_used_or_not(
    used: int, given: object, tmp_path: Path
) -> None:
    log = Log()
    log.status(BEGIN_S - 3, "Preparing")
    log.up(BEGIN_S - 1, "Authorize", {"idTag": "TAG1"}, {"idTagInfo": {"status": "Accepted"}})
    told = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": at(BEGIN_S)}
    log.up(BEGIN_S, "StartTransaction", told, {"transactionId": given, "idTagInfo": {"status": "ok"}})
    log.status(BEGIN_S + 1, "Charging")
    for n, t in enumerate(minutes(6), 1):
        log.values(t, register(1000 + 61 * n), id=used)
    stopped(log, transactionId=used)
    verdict = beats(log, 600, 1500).verdict(tmp_path)
    assert (found(verdict), found(verdict, "warning")) == (set(), {"frame.schema"})
