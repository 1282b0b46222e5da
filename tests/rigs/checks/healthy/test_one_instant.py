"""Two things within one instant, or within one latency: the least that each needs to look like a fault."""

from typing import Any

import pytest
from healthy import (
    ALIGNED,
    CHARGE,
    DRIFTING,
    LISTS_ON,
    SAMPLED,
    SIX_FROM_THE_START,
    Story,
    errors,
    step,
    wait,
)
from random_days import Step


def brings(limit: float, **more: Any) -> dict[str, Any]:
    """A profile that a remote start brings along, or that takes its place."""
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    return {**SIX_FROM_THE_START, "chargingProfilePurpose": "TxProfile", "chargingSchedule": schedule, **more}


def remote(profile: dict[str, Any]) -> Any:
    order = {"connectorId": 1, "idTag": "TAG1", "chargingProfile": profile}
    return step("ask", "RemoteStartTransaction", order)


def installs(profile: dict[str, Any]) -> Any:
    return step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})


def station_limit(limit: float, duration: int = 86_400, **more: int) -> Any:
    periods = [{"startPeriod": 0, "limit": limit, **more}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, "duration": duration}
    profile = {**SIX_FROM_THE_START, "chargingSchedule": schedule}
    return step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile})


AT_ONCE = {"behaviour": "ocpp16", "latency_s": 0.0}
ASKED_FOR_VALUES = step("ask", "TriggerMessage", {"requestedMessage": "MeterValues"})
REFUSED = {"transactionId": 8370, "idTagInfo": {"status": "Expired"}}
CASES: dict[str, Story] = {
    "a-car-that-takes-anothers-place-as-a-sample-is-taken": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "keys": SAMPLED},
        {},
        [
            *CHARGE,
            wait(302.3996),
            step("ask", "GetCompositeSchedule", {"connectorId": 2, "duration": 7200}),
            step("unplug", 1),
            step("plug_in", 1, "vw-id3-58", 0.2, 32.0),
            wait(60.0),
        ],
    ),
    **{
        f"values-asked-for-as-{name}-in-a-ramp": (
            {"behaviour": "ocpp16", "latency_s": 0.05, "keys": SAMPLED},
            {},
            [
                step("plug_in", 1, "tesla-model-3-rwd", 0.8, 13.0),
                step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
                wait(7.3),
                ASKED_FOR_VALUES,
                done,
                wait(300.0),
            ],
        )
        for name, done in (("the-mains-go", step("power.cut")), ("the-cable-goes", step("unplug", 1)))
    },
    "a-card-begins-one-and-a-remote-start-the-next": (
        AT_ONCE,
        {},
        [
            installs({**SIX_FROM_THE_START, "chargingProfilePurpose": "TxDefaultProfile"}),
            *CHARGE,
            step("unplug", 1),
            ASKED_FOR_VALUES,
            remote(brings(16.0)),
            step("plug_in", 1, "vw-id3-58", 0.9, 32.0),
            wait(300.0),
        ],
    ),
    "what-a-remote-start-brings-is-replaced-before-its-start-is-told": (
        {"behaviour": "ocpp16", "latency_s": 0.05},
        {},
        [
            CHARGE[0],
            wait(300.0),
            remote(brings(16.0)),
            installs(brings(10.0, chargingProfileId=8)),
            wait(900.0),
        ],
    ),
    "three-cars-and-their-charge": (
        {**AT_ONCE, "keys": ALIGNED},
        {},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.241, 20.0),
            wait(2.0),
            step("unplug", 1),
            step("plug_in", 1, "tesla-model-3-rwd", 0.203, 20.0),
            ASKED_FOR_VALUES,
            step("unplug", 1),
            wait(60.0),
        ],
    ),
    "values-asked-for-as-the-mains-fail-at-the-very-start": (
        {"latency_s": 0.0, "keys": {**ALIGNED, "MeterValuesSampledData": "Voltage"}},
        {},
        [ASKED_FOR_VALUES, step("power.cut")],
    ),
    "a-cable-that-waited-in-vain-is-swapped-in-the-dark": (
        {"behaviour": "ocpp16", "connectors": 1, "keys": {"ConnectionTimeOut": 120}},
        {},
        [
            step("plug_in", 1),
            wait(300.0),
            step("ask", "Reset", {"type": "Hard"}),
            wait(1.1),
            step("unplug", 1),
            wait(1.0),
            step("plug_in", 1, "tesla-model-3-rwd"),
            wait(900.0),
        ],
    ),
    "an-update-is-due-as-the-clock-is-set": (
        {"latency_s": 0.0, "clock": {"offset_s": 0.0, "drift_ppm": -500.0}},
        {"heartbeat_interval_s": 300},
        [
            wait(4562.0),
            step("ask", "Reset", {"type": "Hard"}),
            step("link.silent"),
            wait(360.0),
            step("link.up"),
            wait(900.0),
            step(
                "ask",
                "UpdateFirmware",
                {"location": "ftp://server/new", "retrieveDate": "2024-03-01T01:44:43Z", "retries": 1},
            ),
            wait(900.0),
        ],
    ),
    "a-card-whose-answer-has-foreign-fields-is-asked-for-again": (
        {"latency_s": 0.05, "keys": {"LocalAuthListEnabled": True, **LISTS_ON}},
        {},
        [
            step("csms.reply", "Authorize", {"idTagInfo": {"status": "Accepted", "vendorSays": 1}}, times=1),
            step("present_tag", 1, "TAG1"),
            wait(941.0),
            step("plug_in", 2, "tesla-model-3-rwd", 0.64, 20.0),
            wait(10.0),
            step("present_tag", 2, "TAG1"),
            wait(300.0),
        ],
    ),
    "a-card-ends-what-a-remote-start-has-just-begun-with-a-profile": (
        {"behaviour": "ocpp16", "latency_s": 0.05},
        {},
        [
            installs({**SIX_FROM_THE_START, "chargingProfilePurpose": "TxDefaultProfile"}),
            CHARGE[0],
            wait(30.0),
            remote(brings(0.0)),
            installs(brings(16.0, chargingProfileId=8)),
            CHARGE[1],
            step("unplug", 1),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN2"}),
            step("plug_in", 1, "nissan-leaf-40", 0.277, 32.0),
            wait(14.0),
        ],
    ),
    "a-card-that-waits-for-ever-as-the-wait-is-limited": (
        {"latency_s": 0.0, "keys": {"ConnectionTimeOut": 0}},
        {},
        [
            wait(120.0),
            step("present_tag", 1, "TAG3"),
            wait(60.0),
            step("ask", "ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "30"}),
            step("present_tag", 1, "KIN2"),
            wait(60.0),
        ],
    ),
    "a-card-asked-for-in-the-instant-of-a-refused-start": (
        {"latency_s": 0.0},
        {},
        [
            step("csms.reply", "StartTransaction", error="InternalError", times=8),
            step("present_tag", 1, "TAG3"),
            step("csms.reply", "Authorize", silent=True, times=3),
            step("plug_in", 1, "renault-zoe-ze50", 0.743, 32.0),
            step("ask", "RemoteStopTransaction", {"transactionId": 1}),
            step("present_tag", 1, "TAG2"),
            wait(3600.0),
        ],
    ),
    "a-remote-start-while-the-stop-of-a-card-waits-behind-a-silent-answer": (
        {"behaviour": "ocpp16", "latency_s": 0.05},
        {},
        [
            *CHARGE,
            wait(300.0),
            step("csms.reply", "Authorize", silent=True, times=3),
            step("present_tag", 2, "TAG1"),
            step("present_tag", 1, "TAG1"),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
        ],
    ),
    "a-card-stops-a-car-that-still-draws-more-and-more": (
        {"latency_s": 0.05},
        {},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.325, 20.0),
            step("present_tag", 1, "TAG1"),
            wait(7.3),
            step("present_tag", 1, "TAG1"),
            wait(2.0),
            step("unplug", 1),
        ],
    ),
    "a-station-on-one-phase-as-a-transaction-begins-and-ends": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "phase_switching": True},
        {},
        [
            CHARGE[0],
            wait(900.0),
            station_limit(20.0, numberPhases=1),
            CHARGE[1],
            step("unplug", 1),
            wait(60.0),
            station_limit(20.0),
            CHARGE[0],
            wait(12.0),
            CHARGE[1],
            wait(1200.0),
        ],
    ),
    "a-card-that-withdraws-a-remote-start-in-its-instant-and-begins-later": (
        AT_ONCE,
        {},
        [
            CHARGE[0],
            wait(300.0),
            step("unplug", 1),
            remote(brings(8.0)),
            CHARGE[1],
            step("plug_in", 1, "renault-zoe-ze50", 0.6, 20.0),
            wait(3.7),
            CHARGE[1],
            wait(300.0),
        ],
    ),
    "a-lock-that-is-opened-as-a-card-is-refused": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        [
            step("csms.reply", "StartTransaction", REFUSED, times=1),
            wait(30.0),
            CHARGE[1],
            wait(5.0),
            CHARGE[0],
            step("ask", "UnlockConnector", {"connectorId": 1}),
            wait(30.0),
            step("unplug", 1),
            wait(60.0),
        ],
    ),
    "a-cable-swapped-behind-a-pilot-that-is-shorted-as-a-card-stops": (
        {"latency_s": 0.8, "keys": {"ConnectionTimeOut": 30}},
        {},
        [
            *CHARGE,
            wait(600.0),
            CHARGE[1],
            step("unplug", 1),
            step("inject", "pilot-short", 1),
            wait(3.0),
            step("clear", "pilot-short", 1),
            step("plug_in", 1, "renault-zoe-ze50", 0.484, 13.0),
            wait(300.0),
        ],
    ),
    "a-car-that-follows-on-one-whose-stop-waits-and-values-asked-for": (
        {"latency_s": 0.8},
        {},
        [
            CHARGE[0],
            wait(10.0),
            CHARGE[1],
            step("ask", "RemoteStopTransaction", {"transactionId": 4}),
            step("unplug", 1),
            wait(0.0),
            step("plug_in", 1, "vw-e-golf-2017", 0.309, 32.0),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN2"}),
            step("ask", "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
            wait(300.0),
        ],
    ),
    "a-start-in-the-instant-of-its-unplug-and-values-asked-for": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": ALIGNED},
        {},
        [
            wait(60.0),
            CHARGE[1],
            CHARGE[0],
            ASKED_FOR_VALUES,
            step("unplug", 1),
            wait(60.0),
        ],
    ),
    "a-connector-put-out-of-service-as-a-refused-cable-is-kept": (
        {**DRIFTING, "keys": {"StopTransactionOnEVSideDisconnect": False, "ConnectionTimeOut": 0}},
        {},
        [
            step("csms.reply", "StartTransaction", REFUSED, times=1),
            *CHARGE,
            wait(30.0),
            step("csms.reply", "StartTransaction", {**REFUSED, "transactionId": 8371}, times=1),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}),
            step("unplug", 1),
            step("ask", "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
            wait(300.0),
        ],
    ),
    "a-card-that-waits-while-it-is-refused-at-the-other-connector": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        [
            wait(200.0),
            CHARGE[1],
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}),
            step("csms.reply", "Authorize", {"idTagInfo": {"status": "Expired"}}, times=1),
            step("present_tag", 2, "TAG1"),
            CHARGE[0],
            wait(300.0),
        ],
    ),
    "a-card-asked-for-out-of-service-where-a-refused-cable-is-kept": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": {"ConnectionTimeOut": 30}},
        {"tags": {"KIN2": {"parent": "KIN"}}},
        [
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN2"}),
            step("csms.reply", "StartTransaction", REFUSED, times=1),
            CHARGE[0],
            wait(5.0),
            step("unplug", 1),
            wait(60.0),
            step("ask", "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
            wait(30.0),
            CHARGE[1],
            wait(60.0),
        ],
    ),
    "a-card-just-after-its-remote-start-has-lapsed": (
        {**AT_ONCE, "keys": {"ConnectionTimeOut": 60}},
        {},
        [
            remote(brings(8.0)),
            wait(61.0),
            *CHARGE,
            wait(600.0),
        ],
    ),
    "a-start-behind-a-short-as-whose-end-its-cable-is-missed": (
        {"latency_s": 0.8},
        {},
        [
            CHARGE[0],
            wait(0.0),
            step("unplug", 1),
            step("inject", "pilot-short", 1),
            CHARGE[1],
            wait(20.0),
            step("clear", "pilot-short", 1),
            wait(300.0),
        ],
    ),
    "the-oldest-of-two-ends-as-the-line-goes-and-the-station-counts-from-the-other": (
        {**AT_ONCE, "phases": 1, "rated_a": 16.0},
        {},
        [
            step("plug_in", 2, "renault-zoe-ze50", 0.343, 20.0),
            step("present_tag", 2, "TAG1"),
            wait(65.0),
            step("plug_in", 1, "renault-zoe-ze50", 0.934, 20.0),
            step("present_tag", 1, "TAG3"),
            station_limit(0.0, duration=600),
            step("link.down"),
            step("unplug", 2),
            wait(900.0),
            step("link.up"),
        ],
    ),
    "a-composite-while-the-card-of-a-remote-start-is-asked-for": (
        {"behaviour": "ocpp16"},
        {},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.737, 32.0),
            wait(3600.0),
            remote(brings(0.0)),
            step("ask", "GetCompositeSchedule", {"connectorId": 0, "duration": 600}),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_within_an_instant(case: str) -> None:
    assert errors(*CASES[case]) == []


@pytest.mark.slow
def test_a_trigger_accepted_as_the_line_goes_need_not_be_followed() -> None:
    """By a clock that is set, the instant of the one may come out a hair after that of the other."""
    steps = [wait(2828.829), step("ask", "GetDiagnostics", {"location": "ftp://example.org/"})]
    for message in ("MeterValues", "BootNotification", "Heartbeat"):
        steps.append(step("ask", "TriggerMessage", {"requestedMessage": message, "connectorId": 1}))
    steps += [step("link.down"), wait(4887.345)]
    clock = {"offset_s": 0.0, "drift_ppm": -500.0}
    assert errors({"behaviour": "evc5-v32r30", "latency_s": 0.8, "clock": clock}, {}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize(("scope", "purpose"), [(1, "TxDefaultProfile"), (0, "ChargePointMaxProfile")])
@pytest.mark.parametrize("unit", ["A", "W"])
def test_a_limit_lifted_and_set_within_an_instant_was_none_for_a_moment(
    scope: int, purpose: str, unit: str
) -> None:
    """The pilot told of it, and changes again after five seconds."""

    def limits(amount: float) -> Step:
        schedule = {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amount * (1.0 if unit == "A" else 690.0)}],
        }
        profile = {**SIX_FROM_THE_START, "chargingProfilePurpose": purpose, "chargingSchedule": schedule}
        return step("ask", "SetChargingProfile", {"connectorId": scope, "csChargingProfiles": profile})

    lifted = step("ask", "ClearChargingProfile", {})
    car = [step("plug_in", 1, "renault-zoe-ze50", 0.2, 32.0), CHARGE[1]]
    steps = [*car, limits(8.0), wait(300.0), lifted, limits(16.0), wait(300.0)]
    keys = {**SAMPLED, "MeterValueSampleInterval": 1}
    assert errors({**AT_ONCE, "keys": keys}, {}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("connector", [{"connectorId": 1}, {}])
def test_a_fault_in_the_instant_of_a_remote_start_has_its_wait_begin_anew(connector: dict[str, int]) -> None:
    steps = [step("ask", "RemoteStartTransaction", {**connector, "idTag": "TAG1"})]
    steps += [step("inject", "meter-garbage", 1), wait(150.0), step("clear", "meter-garbage", 1), wait(300.0)]
    keys = {"ConnectionTimeOut": 120, "chg_KWH1": "EASTR_SDM630,1,9600,N,1"}
    assert errors({"latency_s": 0.05, "keys": keys}, {}, steps) == []


@pytest.mark.slow
def test_a_word_in_the_instant_in_which_the_line_is_lost_does_not_bring_it_back() -> None:
    unlocked = step("ask", "UnlockConnector", {"connectorId": 1})
    lost = [unlocked, step("link.down"), wait(5.0), step("link.down"), wait(5000.0), step("link.up")]
    silence = [step("link.silent"), wait(120.0), step("link.up")]
    sampled = {"keys": {"MeterValueSampleInterval": 10}}
    assert errors(sampled, {}, [*CHARGE, wait(600.0), *silence, *lost, wait(900.0)]) == []


@pytest.mark.slow
def test_what_the_csms_sends_before_it_knows_of_a_restart_gets_no_reply() -> None:
    """It asks once a boot is told, which it asked for, and then for more; the station restarts just then."""
    new = {"location": "ftp://server/new", "retrieveDate": "2024-03-01T00:01:00Z"}
    steps = [step("serve_image", "ftp://server/new", "V32R31"), step("ask", "UpdateFirmware", new)]
    steps += [wait(122.6), step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"})]
    steps += [step("ask", "RemoteStopTransaction", {"transactionId": 4}), wait(600.0)]
    assert errors({"latency_s": 0.8}, {}, steps) == []
