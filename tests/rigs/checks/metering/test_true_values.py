"""A meter value may differ from telemetry by its meter's class and last digit, and by no more."""

from pathlib import Path
from typing import Any

import pytest
from edges.short import short
from handmade import Charge, healthy

from evc5.rigs.checks import judge

READ_S = 690.0  # a sample in the middle of a charge of 16 A at 230 V, 50 % and 31.5 °C
TRUE, SUM = "metering.true-values", "metering.phases"
# 7.31 and class 1 (EN 50470-3): measurand, phase, what may be told at most and at least, and what may not.
TOLD = [
    ("Voltage", "L2", ("232.7", "227.3"), ("232.9", "227.1")),  # 1 % and half a volt
    ("Current.Import", "L2", ("16.25", "15.75"), ("16.27", "15.73")),  # 1 % and a tenth
    ("Current.Offered", "L2", ("16.25", "15.75"), ("16.27", "15.73")),  # 1 %, and 0.1 % of duty: 0.06 A
    ("SoC", None, ("51", "49"), ("51.1", "48.9")),  # whole per cents
    ("Temperature", None, ("32.5", "30.5"), ("32.6", "30.4")),  # whole degrees
    ("Power.Active.Import", None, ("11280", "10800"), ("11281", "10799")),  # 1 % of volts, of amps, and 20 W
    ("Power.Factor", None, ("0.97",), ("0.96",)),
]


def found(measurand: str, phase: str | None, text: str, path: Path) -> set[str]:
    """What is found where one sample tells this of a measurand, instead of what it told or besides."""
    made = short()
    line = next(c for c in made.meter_values("Sample.Periodic", 1) if c["t"] >= READ_S)
    values: list[dict[str, Any]] = line["frame"][3]["meterValue"][0]["sampledValue"]
    known = [one for one in values if (one["measurand"], one.get("phase")) == (measurand, phase)]
    if not known:
        known = [{"measurand": measurand, "context": "Sample.Periodic"}]
        values += known
    known[0]["value"] = text
    return {one["requirement"] for one in judge(made.write(path)).findings}


@pytest.mark.slow
@pytest.mark.parametrize(("measurand", "phase", "inside", "outside"), TOLD, ids=lambda x: str(x))
def test_a_value_may_be_off_by_what_its_meter_may(
    measurand: str, phase: str | None, inside: tuple[str, ...], outside: tuple[str, ...], tmp_path: Path
) -> None:
    for text in inside:
        assert TRUE not in found(measurand, phase, text, tmp_path / "inside")
    for text in outside:
        assert TRUE in found(measurand, phase, text, tmp_path / "outside")


# The three phases tell 11,040 W: 1 % of the total and 10 are let pass.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("watts", "holds"), [("11161", True), ("11163", False), ("10921", True), ("10919", False)]
)
def test_the_phases_power_may_differ_from_the_total_by_a_meters_class(
    watts: str, holds: bool, tmp_path: Path
) -> None:
    assert (SUM not in found("Power.Active.Import", None, watts, tmp_path)) == holds


@pytest.mark.slow
def test_each_showing_is_held_against_the_energy_once_though_its_day_is_over(tmp_path: Path) -> None:
    midnight = 14 * 3600.0
    cars = (
        Charge(1, 600, 630, 4230, 4500),
        Charge(1, midnight + 60, midnight + 90, midnight + 690, midnight + 750),
    )
    made = healthy(cars, midnight + 900)
    showings = len(made.calls("MeterValues")) + 2 * len(cars)
    rows = judge(made.write(tmp_path)).requirements
    assert next(row["count"] for row in rows if row["id"] == "metering.true-energy") == showings
