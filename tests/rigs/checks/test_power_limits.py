"""A limit in watts is held against the power in the telemetry, whatever the amperes are called."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from handmade import Charge, Handmade, healthy

from evc5.rigs.checks import judge

LIMIT_W, STATION_W = 11_040.0, 22_080.0  # what one car, and what both of the healthy station draw


def limited(connector: int, purpose: str, watts: float, drawn: float = 1.0) -> Handmade:
    """The healthy station with a limit in watts throughout, and its power so many times what it was."""
    made = healthy((Charge(1, 600, 630, 4230, 4500), Charge(2, 600, 640, 4230, 4500)))
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}]}
    wire = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule | {"startSchedule": "2024-03-01T10:00:00Z"},
    }
    payload = {"connectorId": connector, "csChargingProfiles": wire}
    made.interject(300, "SetChargingProfile", payload, {"status": "Accepted"}, "down")
    for row in made.rows:
        row["p_w"] *= drawn
    return made


def breaks(made: Handmade, directory: Path) -> bool:
    verdict = judge(made.write(directory))
    row: dict[str, Any] = next(row for row in verdict.requirements if row["id"] == "charging.power")
    assert row["count"] > 0
    return bool(row["verdict"] == "FAIL")


# the larger of 3 % and half an ampere at 230 V: 331.2 W of one car, 662.4 W of both
@pytest.mark.slow
@pytest.mark.parametrize(("part", "is_broken"), [(1.0, False), (1.029, False), (1.031, True), (2.0, True)])
@pytest.mark.parametrize(
    ("connector", "purpose", "watts"),
    [
        (1, "TxDefaultProfile", LIMIT_W),
        (0, "TxDefaultProfile", LIMIT_W),
        (0, "ChargePointMaxProfile", STATION_W),
    ],
)
def test_power_above_a_limit_in_watts_is_found(
    connector: int, purpose: str, watts: float, part: float, is_broken: bool, tmp_path: Path
) -> None:
    assert breaks(limited(connector, purpose, watts, part), tmp_path / "run") == is_broken


@pytest.mark.slow
@pytest.mark.parametrize(("volts", "is_broken"), [(230.0, True), (253.0, False)])
def test_a_higher_voltage_brings_more_power_at_the_same_limit(
    volts: float, is_broken: bool, tmp_path: Path
) -> None:
    made = limited(1, "TxDefaultProfile", LIMIT_W, 1.1)
    for row in made.rows:
        row.update({f"u{n}_v": np.nan if row[f"u{n}_v"] is None else volts for n in (1, 2, 3)})
    assert breaks(made, tmp_path / "run") == is_broken


@pytest.mark.slow
@pytest.mark.parametrize(("stops_s", "told"), [(650, "NOT JUDGED"), (4230, "FAIL")])
def test_over_the_phases_in_use_a_car_may_exceed_it_only_as_it_begins(
    stops_s: float, told: str, tmp_path: Path
) -> None:
    """The cars draw from 640 s on, and what their watts may be is known as they have shown their phases."""
    made = limited(1, "TxDefaultProfile", LIMIT_W, 2.0)
    for row in made.rows:
        row["p_w"] *= row["t"] <= stops_s
    verdict = judge(made.write(tmp_path / "run"), policies={"watts_to_amps": "phases-in-use"})
    [power] = [row for row in verdict.requirements if row["id"] == "charging.power"]
    assert power["verdict"] == told
