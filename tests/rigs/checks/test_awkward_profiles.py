"""Not wrong, though a limit changes as something else happens: the least that each case needs."""

import pytest
from foreign import period
from healthy import (
    AHEAD,
    ALIGNED,
    BROUGHT,
    CHARGE,
    LISTS_ON,
    SIX_AMPS,
    Story,
    errors,
    limiting,
    step,
    wait,
)

REFUSED = {"transactionId": 5674, "idTagInfo": {"status": "ConcurrentTx"}}
BLOCKED_LISTED = {
    "listVersion": 6,
    "updateType": "Full",
    "localAuthorizationList": [{"idTag": "BLOCKED", "idTagInfo": {"status": "Accepted"}}],
}
MEASURANDS = "Energy.Active.Import.Register,Current.Import,Current.Offered,Voltage"
CURRENT_AT_LAST = [
    step("plug_in", 1, "vw-e-golf-2017", 0.931, 13.0),
    step("present_tag", 1, "TAG1"),
    wait(2392.0),
    step("ask", "ChangeConfiguration", {"key": "MeterValuesSampledData", "value": MEASURANDS}),
    wait(300.0),
]
ONE_PHASE_AT_LAST = limiting("TxProfile", period(2300.0), period(2300.0, 600, 1), id=9, level=4, unit="W")
ONE_PHASE_BY_NOW = limiting("TxDefaultProfile", period(20.0), period(6.0, 600, 1), id=7, level=3)
PULLED_AS_ONE_PHASE_IS_ASKED_FOR = [
    step("plug_in", 1, "renault-zoe-ze50", 0.615, 32.0),
    step("present_tag", 1, "TAG1"),
    wait(900.0),
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": ONE_PHASE_BY_NOW}),
    step("unplug", 1),
    wait(30.0),
    step("plug_in", 1, "tesla-model-3-rwd", 0.813, 20.0),
    step("present_tag", 1, "TAG1"),
    wait(120.0),
]
SIXTEEN_IN_AN_HOUR = limiting(
    "ChargePointMaxProfile", period(10.0), period(16.0, 3600, 2), id=5, level=0
)  # of the oldest transaction
ALWAYS_LOW = {**SIX_AMPS, "chargingProfilePurpose": "TxDefaultProfile"}
PROFILES_OFF_AS_IT_STARTS = [
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": ALWAYS_LOW}),
    wait(981.3),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG3"}),
    step("ask", "ChangeConfiguration", {"key": "chg_Options", "value": "ChgProf=0"}),
    step("plug_in", 1),
    wait(60.0),
]
STEPS = ((0, 20.0), (300, 0.0), (545, 16.0), (599, 0.0), (660, 20.0))
UP_AND_DOWN = limiting(
    "ChargePointMaxProfile",
    *(period(a, at) for at, a in STEPS),
    id=7,
    level=3,
    kind="Absolute",
    startSchedule="2024-03-01T00:00:00Z",
)
READ_TWICE_BEFORE_IT_FOLLOWS = [
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": UP_AND_DOWN}),
    *CHARGE,
    wait(1200.0),
]
CASES: dict[str, Story] = {
    "a-current-told-at-the-end-alone": ({"keys": {"MeterValueSampleInterval": 10}}, {}, CURRENT_AT_LAST),
    "one-phase-asked-for-as-a-cable-is-pulled": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "phase_switching": True},
        {},
        PULLED_AS_ONE_PHASE_IS_ASKED_FOR,
    ),
    "two-readings-before-a-car-follows": (
        {"keys": {**ALIGNED, "ClockAlignedDataInterval": 300, "MeterValueSampleInterval": 60}},
        {},
        READ_TWICE_BEFORE_IT_FOLLOWS,
    ),
    "profiles-switched-off-as-a-transaction-starts": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "phase_switching": True, "clock": {"drift_ppm": 50.0}},
        {"asks_keys": False},
        PROFILES_OFF_AS_IT_STARTS,
    ),
    "a-profile-cleared-in-the-instant-in-which-its-remote-start-begins": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        [
            step("plug_in", 1, "vw-e-golf-2017", 0.5, 13.0),
            wait(120.0),
            step(
                "ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "T", "chargingProfile": BROUGHT}
            ),
            step("ask", "ClearChargingProfile", {}),
            wait(60.0),
        ],
    ),
    "a-remote-start-as-a-start-is-refused": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.05, "connectors": 2, "keys": {"ConnectionTimeOut": 0}},
        {"tags": {"BLOCKED": {"status": "Blocked"}}},
        [
            step("csms.reply", "StartTransaction", REFUSED, times=1),
            step("plug_in", 2, "vw-id3-58", 0.587, 20.0),
            wait(300.0),
            step("present_tag", 2, "TAG1"),
            step("ask", "SetChargingProfile", {"connectorId": 2, "csChargingProfiles": BROUGHT}),
            step("present_tag", 1, "TAG3"),
            step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "BLOCKED"}),
        ],
    ),
    "one-phase-asked-for-as-a-card-stops": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "phase_switching": True, "clock": AHEAD},
        {"heartbeat_interval_s": 36000},
        [
            *CHARGE,
            wait(899.473),
            step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": ONE_PHASE_AT_LAST}),
            step("present_tag", 1, "TAG1"),
            step("unplug", 1),
            step("plug_in", 1, "nissan-leaf-40", 0.252, 32.0),
            wait(10.145),
            step("present_tag", 1, "TAG1"),
            wait(60.0),
        ],
    ),
    "a-card-as-the-other-car-makes-room": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.0, "rated_a": 16.0, "keys": LISTS_ON},
        {},
        [
            step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": SIXTEEN_IN_AN_HOUR}),
            step("present_tag", 1, "TAG1"),
            step("plug_in", 2, "tesla-model-3-rwd", 0.926, 20.0),
            step("present_tag", 2, "TAG1"),
            step("plug_in", 1, "vw-id3-58", 0.069, 32.0),
            wait(4.933),
            step("present_tag", 1, "TAG1"),
            wait(3652.533),
            step("present_tag", 1, "KIN1"),
            step("unplug", 2),
            wait(60.0),
        ],
    ),
    "one-transaction-after-the-other-in-an-instant-of-a-car-that-is-full": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.8, "keys": {**LISTS_ON, "ConnectionTimeOut": 120}},
        {"tags": {"BLOCKED": {"status": "Blocked"}}},
        [
            step("plug_in", 2, "vw-e-golf-2017", 1.0, 32.0),
            wait(300.0),
            step("ask", "SendLocalList", BLOCKED_LISTED),
            step("present_tag", 2, "BLOCKED"),
            step("ask", "GetCompositeSchedule", {"connectorId": 0, "duration": 7200}),
            step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG1"}),
            wait(300.0),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_with_a_limit_that_changes_meanwhile(case: str) -> None:
    assert errors(*CASES[case]) == []
