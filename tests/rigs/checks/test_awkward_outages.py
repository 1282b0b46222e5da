"""Not wrong, though line or mains go as something else happens: the least that each case needs."""

import pytest
from foreign import period
from healthy import (
    AHEAD,
    BOTH_LISTED,
    CHARGE,
    INVALID,
    LISTS_ON,
    PENDING,
    SAMPLED,
    Story,
    errors,
    limiting,
    step,
    wait,
)

LISTED = {"LocalAuthListEnabled": True}
NOTHING = limiting("ChargePointMaxProfile", period(0.0), id=8, level=0, kind="Absolute")
WELCOME_AGAIN = [
    wait(5.0),
    step("present_tag", 2, "TAG1"),
    wait(60.0),
    step("csms.reply", "StartTransaction", INVALID, times=1),
    step("link.down"),
    *CHARGE,
    wait(600.0),
    step("present_tag", 1, "TAG1"),
    step("link.up"),
    step("plug_in", 2, "vw-id3-58", 0.9, 32.0),
    wait(80.0),
    step("present_tag", 2, "TAG1"),
    wait(60.0),
]
CABLE_KEPT_OFFLINE = [
    wait(300.0),
    step("ask", "SendLocalList", BOTH_LISTED),
    step("csms.reply", "StartTransaction", INVALID, times=1),
    *CHARGE,
    wait(2.0),
    step("unplug", 1),
    step("link.down"),
    wait(30.0),
    step("plug_in", 1, "tesla-model-3-rwd"),
    wait(10.0),
    step("present_tag", 1, "TAG3"),
    wait(300.0),
    step("link.up"),
    wait(4000.0),
]
BEHIND_A_BOOT = [
    wait(10.0),
    step("plug_in", 1),
    step("csms.reply", "BootNotification", silent=True, times=1),
    wait(290.0),
    step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
    step("unplug", 1),
    wait(300.0),
]
PAUSE_FIRST = limiting("ChargePointMaxProfile", period(5.0), period(16.0, 300), id=8, level=1, duration=600)
CUT_AS_IT_IS_PENDING = [wait(60.0), step("power.cut"), step("power.restore"), wait(300.0)]
PULLED_AS_ITS_START_IS_NOT_ANSWERED = [
    step("plug_in", 1),
    step("unplug", 1),
    step("csms.reply", "Authorize", silent=True, times=1),
    wait(3600.0),
    step("plug_in", 1, "vw-e-golf-2017", 0.635, 13.0),
    step("csms.reply", "StartTransaction", silent=True, times=3),
    step("ask", "ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    step("ask", "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
    step("present_tag", 1, "TAG1"),
    wait(60.0),
    step("present_tag", 1, "TAG2"),
    step("ask", "ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    step("unplug", 1),
    wait(60.0),
]
LINE_GONE_BEFORE_A_START_IS_TOLD = [
    wait(5.0),
    step("present_tag", 1, "TAG1"),
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": PAUSE_FIRST}),
    step("plug_in", 1),
    wait(1.0),
    step("link.down"),
    wait(900.0),
    step("link.up"),
]
BRIEF = {"ConnectionTimeOut": 60, "ClockAlignedDataInterval": 0}
CASES: dict[str, Story] = {
    "a-card-refused-and-welcome-as-it-stops": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": LISTS_ON},
        {},
        WELCOME_AGAIN,
    ),
    "a-status-behind-a-boot-that-was-asked-for": ({"latency_s": 0.8}, {}, BEHIND_A_BOOT),
    "mains-cut-as-a-boot-is-answered": ({"latency_s": 0.0}, PENDING, CUT_AS_IT_IS_PENDING),
    "another-card-at-a-cable-that-is-kept-offline": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "keys": {**LISTS_ON, **LISTED, "ConnectionTimeOut": 30}},
        {},
        CABLE_KEPT_OFFLINE,
    ),
    "a-cable-pulled-as-its-start-is-not-answered": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "keys": BRIEF, "clock": AHEAD},
        {"heartbeat_interval_s": 3600},
        PULLED_AS_ITS_START_IS_NOT_ANSWERED,
    ),
    "a-line-that-goes-before-a-start-is-told": ({"latency_s": 0.8}, {}, LINE_GONE_BEFORE_A_START_IS_TOLD),
    "a-boot-that-is-asked-for-as-the-power-goes": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.0},
        {"asks_keys": True},
        [
            step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
            step("power.cut"),
            wait(100.0),
        ],
    ),
    "a-card-where-there-is-no-reader-while-the-link-is-down": (
        {
            "behaviour": "evc5-v32r30",
            "connectors": 2,
            "keys": {**LISTS_ON, "ConnectionTimeOut": 120, "chg_Reader1": "None", "chg_Reader2": "None"},
        },
        {},
        [
            step("plug_in", 1, "nissan-leaf-40", 0.95, 13.0),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG3"}),
            wait(5.0),
            step("link.down"),
            wait(60.0),
            step("plug_in", 2, "vw-id3-58", 0.4, 32.0),
            wait(10.0),
            step("present_tag", 2, "TAG3"),
            wait(300.0),
            step("link.up"),
            wait(3600.0),
        ],
    ),
    "a-status-that-goes-as-the-power-does": (
        {"behaviour": "ocpp16", "latency_s": 0.0},
        {"asks_keys": True},
        [
            step("plug_in", 1, "nissan-leaf-40", 0.852, 13.0),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
            step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
            step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": NOTHING}),
            step("power.cut"),
        ],
    ),
    "samples-of-an-outage-that-come-before-the-status-that-began-in-it": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": {**SAMPLED, **LISTS_ON}},
        {"asks_keys": False},
        [
            *CHARGE,
            wait(30.0),
            step("unplug", 1),
            step("ask", "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "30"}),
            step("link.down"),
            *CHARGE,
            wait(300.0),
            step("link.up"),
            wait(900.0),
        ],
    ),
    "mains-cut-as-a-boot-is-accepted": (
        {"behaviour": "ocpp16", "latency_s": 0.0},
        PENDING,
        [wait(120.0), step("power.cut")],
    ),
    "a-card-refused-that-the-list-takes-as-the-line-goes": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.05, "connectors": 1},
        {"tags": {"TAG1": {"status": "Blocked"}}},
        [
            step("ask", "SendLocalList", BOTH_LISTED),
            wait(30.0),
            step("plug_in", 1),
            step("present_tag", 1, "TAG1"),
            step("ask", "RemoteStopTransaction", {"transactionId": 5}),
            step("present_tag", 1, "TAG1"),
            step("link.down"),
            step("link.up"),
            wait(60.0),
        ],
    ),
    "one-boot-after-the-other-because-each-is-asked-for": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        [step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"})] * 4 + [wait(60.0)],
    ),
    "a-start-that-met-silence-behind-statuses-that-meet-it-too": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.05, "connectors": 2, "phase_switching": False},
        {},
        [
            step("plug_in", 2),
            step("plug_in", 1),
            wait(10.0),
            step("csms.reply", "StartTransaction", silent=True, times=1),
            step("unplug", 2),
            step("plug_in", 2),
            step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "KIN2"}),
            step("present_tag", 2, "TAG1"),
            step("unplug", 2),
            step("csms.reply", "StatusNotification", silent=True, times=3),
            wait(120.0),
        ],
    ),
    "a-start-stamped-by-a-clock-that-is-set-before-it-is-told": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.05, "keys": LISTS_ON, "clock": {"drift_ppm": 500.0}},
        {"heartbeat_interval_s": 3600},
        [
            step("link.down"),
            wait(1500.0),
            step("plug_in", 2, "renault-zoe-ze50", 0.604, 20.0),
            wait(2440.759),
            step("link.up"),
            wait(1200.0),
            step("present_tag", 2, "KIN1"),
            step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
            wait(3900.0),
        ],
    ),
    "a-card-that-waits-for-its-cable-as-an-earlier-start-on-it-is-refused": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.0, "keys": {**LISTS_ON, "ConnectionTimeOut": 120}},
        {},
        [
            step("present_tag", 1, "TAG1"),
            wait(1.0),
            step("link.down"),
            wait(1999.0),
            step("link.up"),
            step("csms.reply", "StartTransaction", INVALID, times=1),
            step("plug_in", 2, "renault-zoe-ze50", 0.543, 13.0),
            step("present_tag", 2, "TAG1"),
            wait(1.0),
            step("unplug", 2),
            wait(30.0),
            step("present_tag", 2, "TAG1"),
            wait(90.0),
            step("plug_in", 2, "tesla-model-3-rwd", 0.573, 13.0),
            wait(60.0),
        ],
    ),
    "a-remote-start-as-an-unlocking-ends-what-is-not-confirmed": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.0},
        {"asks_keys": False},
        [
            step("csms.reply", "StartTransaction", silent=True, times=1),
            wait(3600.0),
            *CHARGE,
            step("ask", "UnlockConnector", {"connectorId": 1}),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN1"}),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_with_an_outage_meanwhile(case: str) -> None:
    assert errors(*CASES[case]) == []
