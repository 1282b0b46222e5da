"""A StopTransaction that names another transaction than it ends is one fault, whatever comes of it."""

from pathlib import Path

import pytest
from foreign import Log, currents, power, register

from evc5.rigs.checks.verdict.verdict import Verdict

WH = {1: 1000, 2: 6000}
MINUTE_WH = 61.0  # of 3,680 W in a minute


def no_counter(n: int) -> str:
    """Ids that do not count: a log in the making is not written in the order of its times."""
    return f"{n * 7919 % 10007:x}"


def charges(log: Log, connector: int, id: int, begin: float, until: float, wh: float) -> None:
    log.begin(begin, round(wh), connector, id)
    for n in range(1, int((until - begin) / 60) + 1):
        told = register(round(wh + n * MINUTE_WH)), power(3680), currents(16.0)
        log.values(begin + 60 * n, *told, connector=connector, id=id)


def errors(log: Log, directory: Path) -> list[tuple[str, str]]:
    log.up(1500, "Heartbeat", {}, {"currentTime": "2024-03-01T10:25:00Z"})
    verdict: Verdict = log.verdict(directory)
    return [(row["requirement"], row["message"]) for row in verdict.findings if row["severity"] == "error"]


def carries(id: int, other: int) -> tuple[str, str]:
    return "transaction.pair", f"the stop of transaction {id} carries transactionId {other}"


@pytest.mark.parametrize("second", [7, 8], ids=["the-other-stops-rightly", "the-two-are-swapped"])
@pytest.mark.parametrize("first", [1, 2], ids=["of-the-lower-register", "of-the-higher-register"])
def test_the_stop_in_the_others_name_is_the_one_finding(first: int, second: int, tmp_path: Path) -> None:
    log, then = Log(connectors=2, named=no_counter), 3 - first
    charges(log, first, 7, 63, 600, WH[first])
    charges(log, then, 8, 103, 900, WH[then])
    log.end(610, round(WH[first] + 9 * MINUTE_WH), first, 8)
    log.end(910, round(WH[then] + 14 * MINUTE_WH), then, second)
    expected = [carries(7, 8)] + ([carries(8, 7)] if second == 7 else [])
    assert errors(log, tmp_path) == expected


def test_the_stop_in_the_name_of_the_transaction_before_ends_the_one_that_runs(tmp_path: Path) -> None:
    log, wh = Log(), 1000.0
    for id, named, begin in ((7, 7, 63), (8, 7, 463), (9, 9, 863)):
        charges(log, 1, id, begin, begin + 300, wh)
        wh += 6 * MINUTE_WH
        log.end(begin + 310, round(wh), 1, named)
    assert errors(log, tmp_path) == [carries(8, 7)]


def test_a_stop_told_twice_ends_no_other(tmp_path: Path) -> None:
    log = Log(connectors=2, named=no_counter)
    charges(log, 1, 7, 63, 300, WH[1])
    log.end(310, round(WH[1] + 5 * MINUTE_WH), 1, 7)
    charges(log, 2, 8, 363, 700, WH[2])
    log.end(500, round(WH[1] + 5 * MINUTE_WH), 1, 7)
    log.end(710, round(WH[2] + 6 * MINUTE_WH), 2, 8)
    assert errors(log, tmp_path) == [
        ("transaction.pair", "StopTransaction speaks of transaction 7"),
    ]
