"""Two profiles that ask for different phases, as the policies have them count together."""

from typing import Any

import pytest
from healthy import CHARGE, SIX_FROM_THE_START, errors, step, wait

RELAYS = {"behaviour": "ocpp16", "phases": 3, "phase_switching": True}
LOWER = {**RELAYS, "policies": {"merge_phases": "lower-limit"}}
PAUSES = {**RELAYS, "policies": {"phases_impossible": "pause"}}
IN_USE = {**RELAYS, "policies": {"phases_impossible": "pause", "watts_to_amps": "phases-in-use"}}


def limit(connector: int, value: float, unit: str, phases: int) -> Any:
    periods = [{"startPeriod": 0, "limit": value, "numberPhases": phases}]
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    purpose = "TxDefaultProfile" if connector else "ChargePointMaxProfile"
    own = {"chargingProfileId": 10 + connector, "chargingProfilePurpose": purpose}
    profile = {**SIX_FROM_THE_START, **own, "chargingSchedule": schedule}
    return step("ask", "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": profile})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("station", "own", "whole"),
    [
        pytest.param(LOWER, (16.0, "A", 1), (4600.0, "W", 3), id="the-lower-limits-three"),
        pytest.param(PAUSES, (2300.0, "W", 1), (11_040.0, "W", 2), id="one-lets-two-go-on"),
        pytest.param(PAUSES, (6.0, "A", 2), (8.1, "A", 1), id="the-stations-one-lets-two-go-on"),
        pytest.param(PAUSES, (10.0, "A", 2), (16.0, "A", 3), id="two-stop"),
        pytest.param(IN_USE, (6.0, "A", 2), (7360.0, "W", 1), id="watts-over-those-in-use"),
    ],
)
def test_phases_that_two_profiles_ask_for_count_together(
    station: dict[str, Any], own: tuple[float, str, int], whole: tuple[float, str, int]
) -> None:
    steps = [*CHARGE, wait(60.0), limit(1, *own), limit(0, *whole), wait(300.0)]
    steps += [
        step("ask", "GetCompositeSchedule", {"connectorId": n, "duration": 60, "chargingRateUnit": unit})
        for n in (0, 1)
        for unit in ("A", "W")
    ]
    assert errors(station, {}, [*steps, wait(60.0)]) == []


@pytest.mark.slow
def test_a_weld_holds_up_the_phase_that_was_asked_for_and_the_dwell_counts_from_its_end() -> None:
    steps = [
        step("inject", "contactor-welded", 1),
        step("plug_in", 1, "tesla-model-3-rwd", 0.829, 13.0),
        step("present_tag", 1, "TAG1"),
        wait(120.0),
        limit(1, 10.0, "A", 1),
        wait(300.0),
        limit(1, 10.0, "A", 3),
        wait(900.0),
        step("clear", "contactor-welded", 1),
        step("present_tag", 1, "TAG1"),
        step("unplug", 1),
        step("plug_in", 1, "vw-e-golf-2017", 0.602, 13.0),
        wait(15.0),
        step("present_tag", 1, "TAG1"),
        wait(1200.0),
    ]
    assert errors({**RELAYS, "latency_s": 0.05}, {}, steps) == []
