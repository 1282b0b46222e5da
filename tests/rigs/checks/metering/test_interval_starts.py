"""Clock-aligned values of other makers' stations bear the end of their interval, or its beginning (9.1.5)."""

from pathlib import Path

import pytest
from foreign import BEGIN_S, Log, at, found, register

INTERVAL_S = 300
ACCEPTED = {"status": "Accepted"}
KEYS = {
    "ClockAlignedDataInterval": str(INTERVAL_S),
    "MeterValuesAlignedData": "Energy.Active.Import.Register",
}


def charged(stamped_before_s: float, missing: int = 0, prompt: int = 0) -> Log:
    """11 kW, and clock-aligned values told at each boundary but one; one of them may be stamped with it."""
    log = Log()
    log.configure(10, **KEYS)
    log.begin()
    for n in (n for n in range(1, 9) if n != missing):
        t = float(INTERVAL_S * n)
        stamp = at(t if n == prompt else t - stamped_before_s)
        wh = round(1000 + (t - BEGIN_S) * 11_040 / 3600)
        log.values(t + 0.2, register(wh), context="Sample.Clock", stamp=stamp)
    log.end(2450, round(1000 + (2450 - BEGIN_S) * 11_040 / 3600))
    return log


@pytest.mark.parametrize("before_s", [0.0, float(INTERVAL_S)])
def test_either_end_of_the_interval_may_be_told(before_s: float, tmp_path: Path) -> None:
    assert found(charged(before_s).verdict(tmp_path)) == set()


@pytest.mark.parametrize("before_s", [0.0, float(INTERVAL_S)])
def test_a_boundary_that_is_missed_is_found_in_either(before_s: float, tmp_path: Path) -> None:
    assert found(charged(before_s, missing=4).verdict(tmp_path)) == {"metering.clock-complete"}


def test_what_is_neither_is_no_beginning(tmp_path: Path) -> None:
    assert found(charged(150.0).verdict(tmp_path)) != set()


def test_who_tells_one_value_at_its_boundary_stamps_ends(tmp_path: Path) -> None:
    """The others are of a queue, or of a clock that is behind: not the same throughout."""
    assert found(charged(float(INTERVAL_S), prompt=1).verdict(tmp_path)) != set()


def test_the_verdict_says_how_they_were_read(tmp_path: Path) -> None:
    notes = {before_s: charged(before_s).verdict(tmp_path).about["notes"] for before_s in (0.0, 300.0)}
    assert not notes[0.0] and "beginning of their interval" in notes[300.0][0]


def test_the_interval_may_change_before_what_began_under_the_old_one_is_told(tmp_path: Path) -> None:
    """And what began under the old one ends under the new one, with the same stamp."""
    log = Log()
    log.configure(10, **KEYS)
    log.begin()
    log.down(1310.0, "ChangeConfiguration", {"key": "ClockAlignedDataInterval", "value": "900"}, ACCEPTED)
    told = {300.2: (0, 300), 600.2: (300, 600), 1320.0: (600, 900), 1320.1: (900, 1200)}
    for t, (begun, ended) in {**told, 1800.2: (900, 1800), 2700.2: (1800, 2700)}.items():
        wh = round(1000 + (ended - BEGIN_S) * 11_040 / 3600)
        log.values(t, register(wh), context="Sample.Clock", stamp=at(begun))
    log.end(2800, round(1000 + (2800 - BEGIN_S) * 11_040 / 3600))
    assert found(log.verdict(tmp_path)) == set()
