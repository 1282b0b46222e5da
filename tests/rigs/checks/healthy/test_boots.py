"""What was so before a boot need not be so after it; what was asked for before it is accepted is no fault."""

from pathlib import Path

import pytest
from foreign import Log, at
from healthy import CHARGE, PENDING, SAMPLED, errors, step, wait

UPDATE = {"location": "ftp://server/new", "retrieveDate": "2024-03-01T00:01:00Z", "retries": 1}


@pytest.mark.slow
def test_a_fault_that_an_update_met_leads_into_service_once_the_new_firmware_runs() -> None:
    steps = [
        step("serve_image", "ftp://server/new", "V32R31"),
        step("ask", "UpdateFirmware", UPDATE),
        wait(80.0),
        step("inject", "meter-wrong-unit", 1),
        wait(900.0),
        step("clear", "meter-wrong-unit", 1),
        wait(60.0),
    ]
    assert errors({"behaviour": "ocpp16", "keys": SAMPLED}, {"asks_keys": False}, steps) == []


@pytest.mark.slow
def test_statuses_asked_for_by_one_and_for_all_may_be_told_before_the_boot_is_accepted() -> None:
    steps = [
        wait(60.0),
        step("ask", "TriggerMessage", {"requestedMessage": "StatusNotification"}),
        step("ask", "TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
        wait(2.0),
    ]
    assert errors({"behaviour": "ocpp16", "latency_s": 0.8}, PENDING, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["at-once", "next-transaction"])
@pytest.mark.parametrize("later_s", [0.0, 500.0])
def test_samples_of_a_transaction_that_outlives_a_boot_count_from_its_start_again(
    policy: str, later_s: float
) -> None:
    """Changed as the mains go, or long before, its interval counts from the start, not from the change."""
    goes_on = {"chg_Options": "RestartTransOnBoot=1", "MeterValueSampleInterval": 300}
    station = {"behaviour": "ocpp16", "keys": goes_on, "policies": {"sample_interval_changed": policy}}
    steps = [
        *CHARGE,
        wait(3.0),
        step("ask", "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "60"}),
        wait(later_s),
        step("power.cut"),
        step("power.restore"),
        wait(600.0),
    ]
    assert errors(station, {}, steps) == []


@pytest.mark.slow
def test_no_heartbeat_is_owed_while_a_boot_gets_no_reply() -> None:
    steps = [
        step("ask", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "30"}),
        step("csms.reply", "BootNotification", silent=True, times=3),
        step("ask", "Reset", {"type": "Hard"}),
        wait(900.0),
    ]
    assert errors({}, {"boot_interval_s": 30}, steps) == []


def test_a_station_that_does_not_wait_for_its_boot_is_one_finding(tmp_path: Path) -> None:
    log = Log(boot=False)
    told = {"chargePointVendor": "V", "chargePointModel": "M"}
    log.up(0, "BootNotification", told, {"status": "Pending", "currentTime": at(0), "interval": 300})
    for connector in (0, 1, 2):
        log.status(5 + connector, "Available", connector)
    log.up(20, "Heartbeat", {}, {"currentTime": at(20)})
    found = [one for one in log.verdict(tmp_path).findings if one["requirement"] == "boot.first"]
    assert [(one["times"], one["actual"]) for one in found] == [(4, "StatusNotification (Pending)")]


@pytest.mark.slow
@pytest.mark.parametrize("after", ["preparing", "finishing"])
def test_a_cable_may_have_waited_for_its_time_before_a_boot_comes_through(after: str) -> None:
    steps = [step("plug_in", 1, "vw-id3-58", 0.4, 32.0), wait(900.0)]
    steps += [step("power.cut"), step("power.restore"), step("link.silent"), wait(120.0), step("link.up")]
    station = {"policies": {"after_power_loss": after}, "keys": {"ConnectionTimeOut": 30}}
    assert errors({"behaviour": "evc5-v32r30", **station}, {}, [*steps, wait(300.0)]) == []


@pytest.mark.slow
def test_a_cable_that_was_pulled_before_its_finishing_was_told_is_not_the_one_a_boot_finds() -> None:
    steps = [*CHARGE, wait(30.0), step("unplug", 1)]
    steps += [step("ask", "ClearCache", {}), step("power.cut"), step("plug_in", 1), step("power.restore")]
    assert errors({"behaviour": "evc5-v32r30", "latency_s": 0.8}, {}, [*steps, wait(30.0)]) == []


@pytest.mark.slow
def test_what_came_of_a_transfer_that_was_asked_for_before_the_boot_is_told_after_it() -> None:
    ask = step("ask", "GetDiagnostics", {"location": "ftp://server/in"})
    steps = [wait(61.0), step("take_files", False), ask, wait(900.0)]
    assert errors({"behaviour": "ocpp16", "latency_s": 0.8}, PENDING, steps) == []
