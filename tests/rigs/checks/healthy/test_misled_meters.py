"""What a meter tells while its fault misleads it is held against nothing that is told later.

Nor is a power that was another between two samples held against the energy.
"""

import pytest
from healthy import ALIGNED, CHARGE, SIX_FROM_THE_START, errors, step, wait

SUMS = {"policies": {"clock_connector_zero": "sent"}, "keys": {"ClockAlignedDataInterval": 300}}


@pytest.mark.slow
def test_a_sum_of_meters_falls_back_once_a_jump_is_over() -> None:
    steps = [step("inject", "meter-jump", 1), wait(300.0), step("clear", "meter-jump", 1), *CHARGE, wait(900)]
    assert errors({"behaviour": "ocpp16", "latency_s": 0.0, **SUMS}, {}, steps) == []


@pytest.mark.slow
def test_a_jump_that_is_over_before_the_start_that_it_met_is_told_misleads_its_whole_transaction() -> None:
    remote = step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"})
    steps = [CHARGE[0], step("inject", "meter-jump", 1), remote, step("clear", "meter-jump", 1), wait(3600.0)]
    assert errors({"keys": ALIGNED}, {}, steps) == []


@pytest.mark.slow
def test_a_meter_that_fails_in_the_dark_cannot_be_read_for_what_the_dark_ended() -> None:
    steps = [*CHARGE, wait(349.67), step("inject", "power-loss", 1), wait(553.9)]
    steps += [step("inject", "power-meter-failure", 1), step("clear", "power-loss", 1), wait(30.0)]
    assert errors({"behaviour": "ocpp16", "keys": ALIGNED}, {}, steps) == []


@pytest.mark.slow
def test_limits_that_step_between_all_samples_leave_the_energy_open() -> None:
    periods = [{"startPeriod": 0, "limit": 8.1}, {"startPeriod": 300, "limit": 16.0, "numberPhases": 1}]
    periods += [{"startPeriod": 600, "limit": 5.0}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    stepping = {**SIX_FROM_THE_START, "chargingSchedule": schedule}
    steps = [step("plug_in", 1, "renault-zoe-ze50", 0.907, 20.0), step("unplug", 1)]
    steps += [step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": stepping})]
    steps += [step("plug_in", 1, "vw-id3-58", 0.685, 13.0)]
    steps += [step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}), wait(5022.9)]
    keys = {name: of for name, of in ALIGNED.items() if name != "MeterValueSampleInterval"}
    assert errors({"keys": keys, "phase_switching": True}, {}, steps) == []


@pytest.mark.slow
def test_a_sum_of_meters_of_which_one_has_another_voltage_is_no_product() -> None:
    steps = [step("inject", "under-voltage", 1), step("plug_in", 2, "tesla-model-3-rwd", 0.86, 32.0)]
    steps += [step("present_tag", 2, "TAG2"), wait(900.0)]
    told = "Current.Import,Voltage,Power.Factor,Power.Active.Import"
    keys = {"chg_KWH2": "EASTR_SDM630,2,9600,N,1", **ALIGNED, **SUMS["keys"]}
    assert (
        errors({**SUMS, "latency_s": 0.0, "keys": {**keys, "MeterValuesAlignedData": told}}, {}, steps) == []
    )


@pytest.mark.slow
def test_the_slope_of_a_register_is_held_against_the_limit_of_all_its_time_beside_another_connector() -> None:
    periods = [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 300, "limit": 6.0}]
    periods += [{"startPeriod": 600, "limit": 0.0}]
    stepping = {
        **SIX_FROM_THE_START,
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }
    steps = [step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": stepping})]
    steps += [wait(3102.0), step("plug_in", 2, "renault-zoe-ze50", 0.164, 32.0)]
    steps += [step("present_tag", 2, "TAG1"), wait(3600.0)]
    keys = {"MeterValueSampleInterval": 300, "ClockAlignedDataInterval": 300}
    assert errors({"keys": keys}, {}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["meter-frozen", "meter-jump"])
def test_a_stop_is_of_the_transaction_that_it_names_whatever_its_meter_was_misled_to(fault: str) -> None:
    """One card began both, and the register goes as well with the other's."""
    steps = [*CHARGE, step("inject", fault, 2), step("plug_in", 2, "vw-id3-58", 0.6, 13.0)]
    steps += [step("present_tag", 2, "TAG1"), wait(2233.0), step("clear", fault, 2)]
    steps += [step("present_tag", 2, "TAG1"), wait(60.0)]
    assert errors({"keys": {"MeterValueSampleInterval": 300}}, {}, steps) == []
