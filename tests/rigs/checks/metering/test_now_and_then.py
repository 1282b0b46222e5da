"""What contradicts itself in one reading here and there, and a register that counts where nobody charges."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, currents, found, minutes, power, register, voltages

pytestmark = pytest.mark.slow
POWER, STILL = "metering.power", "status.no-flow"
Told = Callable[[int], list[Any]]
ONE, THREE = voltages(230), voltages(230, 230, 230)


def of_one_phase(watts: float, volts: float = 230) -> list[Any]:
    return [power(watts), *currents(16), *voltages(volts)]


def of_three(watts: float) -> list[Any]:
    return [power(watts), *currents(16, 0, 0), *THREE]


def by_phase(watts: float) -> list[Any]:
    return [power(watts, "L1"), *currents(16), *ONE]


def every_second(wrong: list[Any], right: list[Any]) -> Told:
    return lambda n: wrong if n % 2 == 0 else right


FAULTY: dict[str, Told] = {
    "three times the power": every_second(of_three(11_040), of_three(3680)),
    "kW called W": every_second(of_three(3.68), of_three(3680)),
    "kW called W, by phase": every_second(by_phase(3.68), by_phase(3680)),
    "no power by phase": every_second(by_phase(0), by_phase(3680)),
    "no voltage": every_second(of_one_phase(3680, volts=0), of_one_phase(3680)),
    "every fourth": lambda n: of_three(9000 if n % 4 == 0 else 3680),
}
SOUND: dict[str, Told] = {
    "twice in all": lambda n: of_three(9000 if n in (4, 8) else 3680),
    "on ramps": lambda n: [power(3680 if n % 4 == 0 else 1840), *currents(8 if n % 4 else 12, 0, 0), *THREE],
}


def verdict_on(told: Told, tmp_path: Path) -> Any:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(14), 1):
        log.values(t, *told(n))
    log.end(BEGIN_S + 860, 1900)
    return log.verdict(tmp_path)


@pytest.mark.parametrize("name", FAULTY)
def test_what_contradicts_itself_now_and_then_is_found(name: str, tmp_path: Path) -> None:
    assert found(verdict_on(FAULTY[name], tmp_path)) == {POWER}


@pytest.mark.parametrize("name", SOUND)
def test_a_meter_may_be_off_by_chance(name: str, tmp_path: Path) -> None:
    assert found(verdict_on(SOUND[name], tmp_path)) == set()


def counting(log: Log, *each_wh: float, since_s: float = 300, **more: Any) -> Log:
    """Clock-aligned values every five minutes, of a register that rises so."""
    log.configure(20, ClockAlignedDataInterval="300")
    shown = 1000.0
    for n, rise_wh in enumerate(each_wh):
        shown += rise_wh
        log.values(since_s + 300 * n, register(round(shown)), id=None, context="Sample.Clock", **more)
    return log


def charging_beside(connector: int) -> Log:
    """The other connector of a station with one meter."""
    log = Log(connectors=2)
    log.begin(290, connector=connector)
    for n, t in enumerate(minutes(30, 290), 1):
        log.values(t, register(1000 + 60 * n), connector=connector)
    return counting(log, *[300] * 6, since_s=600, connector=3 - connector)


@pytest.mark.parametrize("status", ["Available", "Unavailable", "Preparing", "Faulted"])
def test_a_register_that_counts_where_nobody_charges_is_found(status: str, tmp_path: Path) -> None:
    log = Log()
    log.status(30, status, errorCode="OtherError" if status == "Faulted" else "NoError")
    verdict = counting(log, *[300] * 5).verdict(tmp_path)
    (told,) = [row for row in verdict.findings if row["requirement"] == STILL]
    assert told["message"] == f"the register counts in {status}" and told["severity"] == "error"


REGISTERS: dict[str, Callable[[], Log]] = {
    "a station's own consumption": lambda: counting(Log(), *[2] * 6),
    "one of whole kWh": lambda: counting(Log(), 0, 0, 1000, 0, 0, 0),
    "once": lambda: counting(Log(), 0, 0, 400, 0, 0, 0),
    "one meter of two connectors": lambda: charging_beside(2),
}


@pytest.mark.parametrize("name", REGISTERS)
def test_a_register_may_count(name: str, tmp_path: Path) -> None:
    assert STILL not in found(REGISTERS[name]().verdict(tmp_path))
