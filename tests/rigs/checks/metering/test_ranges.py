"""Values that nobody's meter can mean are found in any log, and the mistake behind them is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, currents, found, minutes, power, register, sample, voltages

RANGE, POWER, SOC = "metering.range", "metering.power", "metering.soc"


def session(tmp_path: Path, told: Callable[[int], list[Any]], per_minute_wh: float = 0.0) -> Any:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(6), 1):
        log.values(t, *([register(round(1000 + per_minute_wh * n))] * bool(per_minute_wh)), *told(n))
    log.end(BEGIN_S + 380, round(1000 + per_minute_wh * 380 / 60))
    return log.verdict(tmp_path)


def volts(value: float, phase: str | None = None) -> Any:
    return sample("Voltage", value, "V", phase)


EDGES: dict[str, tuple[Any, Any]] = {  # just inside, just outside
    "current of a phase": (
        sample("Current.Import", 100, "A", "L1"),
        sample("Current.Import", 101, "A", "L1"),
    ),
    "current": (sample("Current.Offered", 1000, "A"), sample("Current.Offered", 1001, "A")),
    "voltage of a phase": (volts(600, "L1"), volts(601, "L1")),
    "voltage of a phase to N": (volts(382, "L1-N"), volts(383, "L1-N")),
    "voltage between phases": (volts(600, "L1-L2"), volts(1501, "L1-L2")),
    "voltage": (volts(1500), volts(1501)),
    "negative voltage": (volts(0), volts(-1)),
    "power": (sample("Power.Active.Import", 1000, "kW"), sample("Power.Active.Import", 1001, "kW")),
    "power of a phase": (power(30_000, "L2"), power(30_001, "L2")),
    "offered power": (sample("Power.Offered", 1_000_000, "W"), sample("Power.Offered", 1_000_001, "W")),
    "power factor": (sample("Power.Factor", 1), sample("Power.Factor", "1.001")),
    "negative power factor": (sample("Power.Factor", -1), sample("Power.Factor", "-1.001")),
    "low frequency": (sample("Frequency", 45), sample("Frequency", "44.9")),
    "high frequency": (sample("Frequency", 65), sample("Frequency", "65.1")),
    "frequency that is not measured": (sample("Frequency", 0), sample("Frequency", 500)),
    "high temperature": (sample("Temperature", 150, "Celsius"), sample("Temperature", 151, "Celsius")),
    "low temperature": (sample("Temperature", -50, "Celsius"), sample("Temperature", -51, "Celsius")),
    "kelvin": (sample("Temperature", 223, "K"), sample("Temperature", 222, "K")),
    "hot kelvin": (sample("Temperature", 423, "K"), sample("Temperature", 424, "K")),
    "fahrenheit": (sample("Temperature", 302, "Fahrenheit"), sample("Temperature", 303, "Fahrenheit")),
    "cold fahrenheit": (sample("Temperature", -58, "Fahrenheit"), sample("Temperature", -59, "Fahrenheit")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EDGES)
def test_a_value_may_lie_at_the_edge_of_what_can_be_and_not_beyond(name: str, tmp_path: Path) -> None:
    inside, outside = EDGES[name]
    assert RANGE not in found(session(tmp_path, lambda _: [inside]))
    assert found(session(tmp_path, lambda _: [outside])) == {RANGE}


NAMED = {
    "mA called A": sample("Current.Import", 16_000, "A", "L1"),
    "tenths of an ampere called A": sample("Current.Import", 160, "A", "L1"),
    "mV called V": volts(230_000, "L1-N"),
    "tenths of a volt called V": volts(2300, "L1-N"),
    "the voltage between two conductors, called that to N": volts(400, "L1-N"),
    "mW called W, or W called kW": sample("Power.Active.Import", 11_040, "kW"),
    "per cent called a factor": sample("Power.Factor", 97),
    "tenths of a degree called degrees": sample("Temperature", 253, "Celsius"),
    "hundredths of a hertz called Hz": sample("Frequency", 5000),
}


@pytest.mark.parametrize("mistake", NAMED)
def test_the_mistake_is_named_once(mistake: str, tmp_path: Path) -> None:
    errors = [f for f in session(tmp_path, lambda _: [NAMED[mistake]]).findings if f["severity"] == "error"]
    assert [error["requirement"] for error in errors] == [RANGE]
    assert mistake in errors[0]["message"]
    assert errors[0]["times"] == 6


@pytest.mark.parametrize(("soc", "good"), [(0, True), (100, True), (101, False), (255, False), (-1, False)])
def test_a_state_of_charge_is_a_percentage(soc: float, good: bool, tmp_path: Path) -> None:
    verdict = session(tmp_path, lambda _: [sample("SoC", soc, "Percent")])
    assert found(verdict) == (set() if good else {SOC})


THREE = voltages(230, 230, 230)
POWERS: dict[str, tuple[list[Any], bool]] = {
    "three phases": ([power(11040), *currents(16, 16, 16), *THREE], True),
    "power rounded to a kilowatt": ([power("11", unit="kW"), *currents(16, 16, 16), *THREE], True),
    "currents rounded to an ampere": ([power(11380), *currents(16, 16, 16), *THREE], True),
    "a tenth more": ([power(12100), *currents("16.0", "16.0", "16.0"), *THREE], True),
    "more than a tenth more": ([power(12250), *currents("16.0", "16.0", "16.0"), *THREE], False),
    "three times what one phase can": ([power(11040), *currents(16, 0, 0), *THREE], False),
    "a third of what three carry": ([power(3680), *currents(16, 16, 16), *THREE], False),
    "a poor power factor": ([power(5600), *currents(16, 16, 16), *THREE], True),
    "hardly any current": ([power(30), *currents(2, 2, 2), *THREE], True),
    "one of three currents told": ([power(11040), *currents(16), *voltages(230)], True),
    "a bare current of each phase": ([power(11040), sample("Current.Import", 16, "A")], True),
    "a bare current of one phase": ([power(3680), sample("Current.Import", 16, "A")], True),
    "a bare current and far too much": ([power(22080), sample("Current.Import", 16, "A")], False),
    "without voltages": ([power(11040), *currents(16, 16, 16)], True),
    "without voltages, twice as much": ([power(22080), *currents(16, 16, 16)], False),
    "a car that gives back": ([power(-3000), *currents("-13"), *voltages(230)], True),
    "kW called W": ([power(11), *currents(16, 16, 16), *THREE], False),
    "no voltage under load": ([power(3680), *currents(16), *voltages(0)], False),
    "no voltage where nothing flows": ([power(3680), *currents(16, 0, 0), *voltages(230, 0, 0)], True),
    "by phase, too much on one": ([power(4600, "L1"), *currents(16), *voltages(230)], False),
}


@pytest.mark.parametrize("name", POWERS)
def test_power_is_what_voltage_and_current_can_come_to(name: str, tmp_path: Path) -> None:
    told, good = POWERS[name]
    assert found(session(tmp_path, lambda _: told)) == (set() if good else {POWER})


def test_one_reading_at_a_ramp_is_let_pass(tmp_path: Path) -> None:
    def ramp(n: int) -> list[Any]:
        return [power(11040 if n >= 3 else 4140), *currents(*[16 if n >= 4 else 6] * 3), *THREE]

    assert found(session(tmp_path, ramp)) == set()


@pytest.mark.parametrize(
    ("charges", "good"),
    [([45] * 40, False), ([45] * 20 + [46] * 20, True), ([0] * 40, True), ([100] * 40, True)],
)
def test_a_charge_that_stands_still_while_energy_comes_in_is_found(
    charges: list[int], good: bool, tmp_path: Path
) -> None:
    """50 kW of direct current for 40 minutes: 33 kWh."""
    log = Log()
    log.begin()
    for n, (t, soc) in enumerate(zip(minutes(40), charges, strict=True), 1):
        log.values(t, register(1000 + round(50_000 * n / 60)), power(50_000), sample("SoC", soc, "Percent"))
    assert (SOC in found(log.verdict(tmp_path))) is not good
