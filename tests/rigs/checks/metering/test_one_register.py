"""A register told in a wrong unit, or beside another one, is one finding that says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import Log, at, found, minutes, power, register

MOST, FALLS = "metering.energy-limit", "metering.register-monotonic"
Sample = Callable[[int], Any]  # the register of the nth minute


def session(tmp_path: Path, told: Sample, start: int, with_power: bool) -> Any:
    log = Log()
    log.begin(meter=start)
    for n, t in enumerate(minutes(8), 1):
        log.values(t, told(n), *([power(3680)] if with_power else []))
    log.end(580, start + 530)
    log.up(620, "Heartbeat", {}, {"currentTime": at(620)})
    return log.verdict(tmp_path)


ONE_CAUSE: dict[str, tuple[Sample, int, str, str]] = {
    "Wh called kWh": (lambda n: register(100_000 + 61 * n, "kWh"), 100_000, MOST, "Wh called kWh"),
    "Wh called kWh, from 0": (lambda n: register(61 * n, "kWh"), 0, MOST, "Wh called kWh"),
    "kWh called Wh": (lambda n: register(f"{100 + 0.061 * n:.3f}"), 100_000, MOST, "kWh called Wh"),
    "the session's beside the meter's": (lambda n: register(61 * n), 250_000, FALLS, "backwards"),
    "the meter's beside the session's": (lambda n: register(250_000 + 61 * n), 0, MOST, "rose by more"),
}


@pytest.mark.parametrize("with_power", [True, False])
@pytest.mark.parametrize("name", ONE_CAUSE)
def test_a_register_of_another_unit_or_kind_is_one_finding(
    name: str, with_power: bool, tmp_path: Path
) -> None:
    told, start, requirement, words = ONE_CAUSE[name]
    verdict = session(tmp_path, told, start, with_power)
    (finding,) = [row for row in verdict.findings if row["severity"] == "error"]
    assert finding["requirement"] == requirement and words in finding["message"]


def test_two_registers_told_in_turn_are_one_finding_of_the_fall(tmp_path: Path) -> None:
    log = Log()
    log.begin(meter=250_000)
    for n, t in enumerate(minutes(8), 1):
        log.values(t, register(61 * n))
        log.values(t + 20, register(250_020 + 61 * n))
    log.end(600, 250_540)
    assert {found_so for found_so in found(log.verdict(tmp_path)) if found_so in (MOST, FALLS)} == {FALLS}


def test_a_leap_beside_a_fall_is_a_finding_of_its_own(tmp_path: Path) -> None:
    log = Log()
    log.begin(meter=250_000)
    for n, t in enumerate(minutes(8), 1):
        log.values(t, register(250_000 + 61 * n if n % 2 else 61 * n))
    log.values(570, register(900_000))
    log.end(600, 900_030)
    assert found(log.verdict(tmp_path)) >= {MOST, FALLS}
