"""A station tells a measurand as it can measure it; what it accepted must come."""

from pathlib import Path
from typing import Any

import pytest
from foreign import BEGIN_S, Log, currents, found, minutes, power, register, sample, status_of, voltages

LIST = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage"
MEASURANDS = "metering.measurands"
TELLS: dict[str, tuple[str, list[Any]]] = {
    "all by phase": (
        LIST,
        [*(power(1000, f"L{n}") for n in (1, 2, 3)), *currents(5, 5, 5), *voltages(230, 230, 230)],
    ),
    "power as a total": (LIST, [power(3000), *currents(5, 5, 5), *voltages(230, 230, 230)]),
    "power both ways": (
        LIST,
        [
            power(3000),
            *(power(1000, f"L{n}") for n in (1, 2, 3)),
            *currents(5, 5, 5),
            *voltages(230, 230, 230),
        ],
    ),
    "one phase with its name": (LIST, [power(1000), *currents(5), *voltages(230)]),
    "one phase without a name": (
        LIST,
        [power(1000), sample("Current.Import", 5, "A"), sample("Voltage", 230, "V")],
    ),
    "a list with phases": (
        "Energy.Active.Import.Register,Current.Import.L1,Current.Import.L2,Current.Import.L3",
        currents(5, 5, 5),
    ),
    "SoC asked for, of a car that tells none": ("Energy.Active.Import.Register,SoC", []),
}
LACKS: dict[str, tuple[str, list[Any]]] = {
    "no voltage": (LIST, [power(3000), *currents(5, 5, 5)]),
    "no current": (LIST, [power(3000), *voltages(230, 230, 230)]),
    "no power": (LIST, [*currents(5, 5, 5), *voltages(230, 230, 230)]),
}


def session(tmp_path: Path, listed: str, told: list[Any], wh: int = 50) -> Any:
    log = Log()
    log.configure(10, MeterValuesSampledData=listed, MeterValueSampleInterval="60")
    log.begin()
    for n, t in enumerate(minutes(5), 1):
        log.values(t, register(1000 + wh * n), *told)
    log.end(BEGIN_S + 320, 1000 + wh * 320 // 60)
    return log.verdict(tmp_path)


@pytest.mark.parametrize("name", TELLS)
def test_every_way_to_measure_is_let_pass(name: str, tmp_path: Path) -> None:
    listed, told = TELLS[name]
    one_phase = len(told) == 3 and told != currents(5, 5, 5)
    verdict = session(tmp_path, listed, told, 17 if one_phase else 50)
    assert found(verdict) == set()
    assert status_of(verdict, MEASURANDS) == "PASS"


@pytest.mark.parametrize("name", LACKS)
def test_a_measurand_that_was_accepted_must_come(name: str, tmp_path: Path) -> None:
    assert found(session(tmp_path, *LACKS[name])) == {MEASURANDS}


def test_a_register_by_phase_alone_is_a_register(tmp_path: Path) -> None:
    log = Log()
    log.configure(10, MeterValuesSampledData="Energy.Active.Import.Register", MeterValueSampleInterval="60")
    log.begin()
    for n, t in enumerate(minutes(5), 1):
        told = [sample("Energy.Active.Import.Register", 300 + 17 * n, "Wh", f"L{k}") for k in (1, 2, 3)]
        log.values(t, *told)
    assert found(log.verdict(tmp_path)) == set()


@pytest.mark.parametrize("context", [None, "Sample.Periodic", "Sample.Clock", "Other"])
def test_values_between_transactions_may_come_in_any_context(context: str | None, tmp_path: Path) -> None:
    log = Log()
    for n in range(3):
        log.values(30 + 60 * n, register(1000), id=None, context=context)
    assert found(log.verdict(tmp_path)) == set()


def test_values_without_units_are_let_pass(tmp_path: Path) -> None:
    told = [
        sample("Power.Active.Import", 3000),
        sample("Current.Import", 5, None, "L1"),
        sample("Voltage", 230),
    ]
    assert found(session(tmp_path, LIST, told)) == set()


def test_a_unit_of_something_else_is_found(tmp_path: Path) -> None:
    told = [sample("Power.Active.Import", 3000, "A"), *currents(5, 5, 5), *voltages(230, 230, 230)]
    assert found(session(tmp_path, LIST, told)) == {"metering.units"}


@pytest.mark.parametrize(
    ("first_s", "every_s", "kinds"),
    [
        (60, 60, set()),
        (64, 60, {"warning"}),  # counted from another moment than the start
        (60, 60.3, {"warning"}),  # a timer that drifts
        (60, 90, {"error"}),  # another interval
    ],
)
def test_samples_that_are_not_counted_from_the_start_are_one_finding(
    first_s: float, every_s: float, kinds: set[str], tmp_path: Path
) -> None:
    log = Log()
    log.configure(10, MeterValuesSampledData="Energy.Active.Import.Register", MeterValueSampleInterval="60")
    log.begin()
    for n in range(20):
        log.values(BEGIN_S + first_s + every_s * n, register(1000 + 50 * n))
    log.end(BEGIN_S + first_s + every_s * 19 + 20, 2000)
    told = log.verdict(tmp_path).findings
    assert {finding["severity"] for finding in told} == kinds
    assert len(told) <= 2


def test_a_single_sample_that_lacks_a_phase_of_those_around_it_is_told(tmp_path: Path) -> None:
    log = Log()
    log.begin()
    for n, t in enumerate(minutes(5), 1):
        log.values(t, currents(16, 16) if n == 3 else currents(16, 16, 16))
    verdict = log.verdict(tmp_path)
    assert found(verdict, "warning") == {MEASURANDS} and verdict.breakdowns == []


TWICE: dict[str, tuple[list[Any], bool]] = {
    "two totals": ([register(1000), register(5000)], True),
    "two of one phase": ([register(1000), *currents(5), *currents(16)], True),
    "two units": ([register(1000), register(5, "kWh")], True),
    "one in two units": ([register(1000), register("1.0", "kWh")], False),
    "the same twice": ([register(1000), register(1000)], False),
    "one cut": ([register(1000), register("1000.6")], False),
    "two places": ([register(1000), {**register(5000), "location": "Inlet"}], False),
    "two phases": ([register(1000), *currents(5, 16)], False),
    "two sensors": ([register(1000), *(sample("Temperature", n, "Celsius") for n in (20, 60))], False),
}


@pytest.mark.parametrize("name", TWICE)
def test_two_values_of_one_thing_in_one_list_are_a_warning(name: str, tmp_path: Path) -> None:
    told, contradicts = TWICE[name]
    log = Log()
    log.begin()
    log.values(BEGIN_S + 10, *told)
    verdict = log.verdict(tmp_path)
    assert found(verdict) == set()
    assert (MEASURANDS in found(verdict, "warning")) is contradicts
