"""Orders that come while something is on its way: a remote start's profile, a stop, a clock that is set."""

import pytest
from healthy import ALIGNED, DRIFTING, PENDING, Story, errors, step, wait

WATTS = {
    "chargingProfileId": 4,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 2300.0}],
    },
}
TEN_MINUTES = {**WATTS, "chargingSchedule": {**WATTS["chargingSchedule"], "duration": 600}}
CLOCK = {
    "ClockAlignedDataInterval": 300,
    "MeterValuesAlignedData": "Current.Offered",
    "ConnectionTimeOut": 30,
}
BROUGHT = {
    "chargingProfileId": 5,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20.0}],
    },
}
INVALID = {"transactionId": 6482, "idTagInfo": {"status": "Invalid"}}
PLUG = step("plug_in", 1, "vw-id3-58", 0.4, 32.0)
ASK = {"connectorId": 1, "idTag": "TAG2"}

CASES: dict[str, Story] = {
    "a-composite-schedule-asked-for-behind-a-remote-start-with-a-profile": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        [
            PLUG,
            wait(600.0),
            step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": WATTS}),
            step("ask", "RemoteStartTransaction", {**ASK, "chargingProfile": BROUGHT}),
            step("ask", "GetCompositeSchedule", {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"}),
            wait(300.0),
        ],
    ),
    "a-remote-start-with-a-profile-waits-while-an-elder-start-of-its-card-is-told": (
        {"behaviour": "ocpp16", "connectors": 1, "latency_s": 0.8},
        {},
        [
            PLUG,
            wait(60.0),
            step("present_tag", 1, "TAG2"),
            wait(2.0),
            step("unplug", 1),
            step("ask", "RemoteStartTransaction", {**ASK, "chargingProfile": BROUGHT}),
            wait(20.0),
            PLUG,
            wait(300.0),
        ],
    ),
    "values-of-the-next-transaction-before-the-stop-of-one-that-was-refused": (
        {"behaviour": "ocpp16", "connectors": 1, **DRIFTING},
        {"asks_keys": False},
        [
            step("inject", "lock-failure", 1),
            step("csms.reply", "StartTransaction", INVALID, times=1),
            PLUG,
            wait(5.0),
            step("present_tag", 1, "TAG2"),
            step("ask", "ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
            step("clear", "lock-failure", 1),
            step("ask", "GetCompositeSchedule", {"connectorId": 0, "duration": 600, "chargingRateUnit": "A"}),
            step("ask", "ClearCache", {}),
            step("ask", "RemoteStartTransaction", ASK),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN1"}),
            step("ask", "TriggerMessage", {"requestedMessage": "MeterValues"}),
            wait(30.0),
        ],
    ),
    "a-boot-that-is-asked-for-sets-the-clock-while-a-refused-stop-waits": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.0, "clock": {"offset_s": -7.5, "drift_ppm": 500.0}},
        PENDING,
        [
            step("csms.reply", "StopTransaction", error="InternalError", times=8),
            wait(1500.0),
            PLUG,
            step("present_tag", 1, "TAG1"),
            wait(900.0),
            step("link.down"),
            wait(5.0),
            step("unplug", 1),
            wait(605.463),
            step("link.up"),
            wait(600.0),
            step("ask", "TriggerMessage", {"requestedMessage": "BootNotification", "connectorId": 1}),
            wait(600.0),
        ],
    ),
    "a-profile-that-ends-as-the-clock-is-set-over-a-boundary": (
        {
            **{"behaviour": "ocpp16", "connectors": 1, "latency_s": 0.8, "keys": ALIGNED | CLOCK},
            **{"phase_switching": True, "station_max_a": 20.0},
            "clock": {"offset_s": -7.5, "drift_ppm": -500.0},
        },
        {"heartbeat_interval_s": 900, "asks_keys": False},
        [
            wait(1192.0),
            step("ask", "ClearCache", {}),
            step("plug_in", 1, "renault-zoe-ze50", 0.849, 20.0),
            wait(900.0),
            step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": TEN_MINUTES}),
            wait(7.3),
            step("present_tag", 1, "TAG1"),
            wait(900.0),
        ],
    ),
    "a-wait-for-a-car-that-a-fault-interrupts-begins-anew": (
        {"behaviour": "evc5-v32r30", "keys": {"ConnectionTimeOut": 30}},
        {},
        [
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN1"}),
            wait(1.0),
            step("inject", "over-temperature", 1),
            wait(90.0),
            step("clear", "over-temperature", 1),
            wait(60.0),
        ],
    ),
    "another-car-while-the-station-starts-that-keeps-its-transaction": (
        {"behaviour": "evc5-v32r30", "connectors": 1, "keys": {"chg_Options": "RestartTransOnBoot=1"}},
        {},
        [
            PLUG,
            step("present_tag", 1, "TAG1"),
            wait(7.3),
            step("inject", "power-loss", 1),
            step("unplug", 1),
            step("clear", "power-loss", 1),
            wait(1.0),
            PLUG,
            wait(3600.0),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_with_what_crosses(case: str) -> None:
    assert errors(*CASES[case]) == []
