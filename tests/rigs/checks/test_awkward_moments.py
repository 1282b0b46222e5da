"""What looks like a fault because two things happen at one moment, and is none: the least that each needs."""

import pytest
from healthy import (
    AHEAD,
    ALIGNED,
    CHARGE,
    DRIFTING,
    LISTS_ON,
    PENDING,
    SAMPLED,
    SIX_AMPS,
    SIX_FROM_THE_START,
    Story,
    errors,
    step,
    wait,
)
from random_days import Step

LISTED = {"LocalAuthListEnabled": True}
IMAGE = "ftp://server/new"


BROUGHT = {
    "chargingProfileId": 8,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.1}],
    },
}

NOTHING = {
    **BROUGHT,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}],
    },
}


def update(date: str) -> Step:
    return step("ask", "UpdateFirmware", {"location": IMAGE, "retrieveDate": date, "retries": 1})


INVALID = {"transactionId": 1119, "idTagInfo": {"status": "Invalid"}}
REFUSED = {"transactionId": 5674, "idTagInfo": {"status": "ConcurrentTx"}}
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
BOTH_LISTED = {
    "listVersion": 9,
    "updateType": "Full",
    "localAuthorizationList": [
        {"idTag": tag, "idTagInfo": {"status": "Accepted"}} for tag in ("TAG1", "TAG3")
    ],
}
BLOCKED_LISTED = {
    "listVersion": 6,
    "updateType": "Full",
    "localAuthorizationList": [{"idTag": "BLOCKED", "idTagInfo": {"status": "Accepted"}}],
}
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
HELD_BEHIND_A_STOP = [
    step("csms.reply", "StopTransaction", error="InternalError", times=8),
    *CHARGE,
    step("plug_in", 2, "vw-e-golf-2017"),
    step("present_tag", 2, "TAG2"),
    wait(1.0),
    step("unplug", 2),
    wait(100.0),
    step("inject", "power-loss", 1),
]
TWO_WITHOUT_IDS = [
    step("csms.reply", "StartTransaction", error="InternalError", times=8),
    *CHARGE,
    step("present_tag", 2, "TAG1"),
    wait(7.3),
    step("plug_in", 2, "renault-zoe-ze50", 0.351, 20.0),
    wait(0.0),
    step("present_tag", 2, "TAG1"),
    step("inject", "power-loss", 1),
    step("clear", "power-loss", 1),
    wait(900.0),
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
MEASURANDS = "Energy.Active.Import.Register,Current.Import,Current.Offered,Voltage"
CURRENT_AT_LAST = [
    step("plug_in", 1, "vw-e-golf-2017", 0.931, 13.0),
    step("present_tag", 1, "TAG1"),
    wait(2392.0),
    step("ask", "ChangeConfiguration", {"key": "MeterValuesSampledData", "value": MEASURANDS}),
    wait(300.0),
]
ONE_CAR_AND_ANOTHER = [
    step("ask", "ChangeConfiguration", {"key": "StopTransactionOnEVSideDisconnect", "value": "false"}),
    *CHARGE,
    wait(60.0),
    step("unplug", 1),
    wait(300.0),
    step("plug_in", 1, "nissan-leaf-40", 0.2, 13.0),
    wait(900.0),
    step("unplug", 1),
    wait(1200.0),
]
PAUSE_FIRST = {
    "chargingProfileId": 8,
    "stackLevel": 1,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5.0}, {"startPeriod": 300, "limit": 16.0}],
        "duration": 600,
    },
}
INSTALLED = [wait(30.0), step("serve_image", IMAGE, "V32R31"), update("2024-03-01T00:01:00Z")]
ASKED_WHILE_INSTALLED = [*INSTALLED, wait(60.0), update("2024-03-01T00:10:00Z"), wait(1200.0)]
ASKED_AS_IT_RESTARTS = [*INSTALLED, wait(94.6), update("2024-03-01T00:10:00Z"), wait(1200.0)]
DIAGNOSTICS = step("ask", "GetDiagnostics", {"location": "ftp://server/in"})
ASKED_BEFORE_IT_RESTARTS = [*INSTALLED, wait(94.05), DIAGNOSTICS, wait(900.0)]
LOW = {
    "chargingProfileId": 3,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}],
    },
}
WITHDRAWN_AND_BEGUN_BY_CARD = [
    wait(60.0),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1", "chargingProfile": LOW}),
    step("present_tag", 1, "TAG1"),
    step("plug_in", 1),
    step("present_tag", 1, "TAG1"),
    wait(600.0),
]
ONE_PHASE = {
    "chargingProfileId": 9,
    "stackLevel": 4,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0, "numberPhases": 1}],
    },
}
ONE_PHASE_AT_LAST = {
    **ONE_PHASE,
    "chargingProfilePurpose": "TxProfile",
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 2300.0},
            {"startPeriod": 600, "limit": 2300.0, "numberPhases": 1},
        ],
    },
}
ONE_PHASE_BEHIND_A_WELD = [
    step("inject", "contactor-welded", 1),
    step("plug_in", 1, "renault-zoe-ze50", 0.251, 32.0),
    step("present_tag", 1, "TAG1"),
    wait(120.0),
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": ONE_PHASE}),
    wait(300.0),
]
ASKED_FOR_AND_RESET = [
    *CHARGE,
    wait(60.0),
    step("ask", "Reset", {"type": "Soft"}),
    wait(1.0),
    step("ask", "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}),
    wait(300.0),
    step("ask", "UpdateFirmware", {"location": IMAGE, "retrieveDate": "2024-03-01T00:10:00Z"}),
    wait(900.0),
]
NOBODY_SENSES_IT = [wait(300.0), step("inject", "ground-failure", 1), wait(60.0)]
CUT_AS_IT_IS_PENDING = [wait(60.0), step("power.cut"), step("power.restore"), wait(300.0)]
ONE_PHASE_BY_NOW = {
    **{name: of for name, of in SIX_FROM_THE_START.items() if name != "chargingSchedule"},
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 20.0},
            {"startPeriod": 600, "limit": 6.0, "numberPhases": 1},
        ],
    },
}
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
FIRST_TOLD_AS_IT_CHANGES = [
    *CHARGE,
    step("plug_in", 2, "vw-e-golf-2017"),
    step("present_tag", 2, "TAG2"),
    wait(600.0),
    step("ask", "ChangeConfiguration", {"key": "chg_StationMaxCurrent", "value": "20"}),
    wait(300.0),
]
STOPPED_FOR_A_MOMENT = [
    *CHARGE,
    wait(300.0),
    step("inject", "emergency-stop", 1),
    wait(0.0),
    step("clear", "emergency-stop", 1),
    wait(300.0),
]
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
START_BEHIND_READINGS_ANSWERED_WRONGLY = [
    step("csms.reply", "MeterValues", {"status": "Accepted"}, times=5),
    wait(301.0),
    step("plug_in", 1),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}),
    wait(300.0),
]
PAUSE = {
    "chargingProfileId": 3,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}],
    },
}
BEGIN_PAUSED = {"connectorId": 1, "idTag": "TAG1", "chargingProfile": PAUSE}
SIXTEEN_IN_AN_HOUR = {  # of the oldest transaction
    "chargingProfileId": 5,
    "stackLevel": 0,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 10.0},
            {"startPeriod": 3600, "limit": 16.0, "numberPhases": 2},
        ],
    },
}
UP_AND_DOWN_VOLTAGE = [
    step("inject", "over-voltage", 1),
    wait(60.0),
    step("inject", "under-voltage", 1),
    wait(60.0),
]
ALWAYS_LOW = {**SIX_AMPS, "chargingProfilePurpose": "TxDefaultProfile"}
PROFILES_OFF_AS_IT_STARTS = [
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": ALWAYS_LOW}),
    wait(981.3),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG3"}),
    step("ask", "ChangeConfiguration", {"key": "chg_Options", "value": "ChgProf=0"}),
    step("plug_in", 1),
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
COOL_AGAIN_BEHIND_A_WELD = [
    step("plug_in", 1, "vw-e-golf-2017", 0.319, 13.0),
    wait(300.0),
    step("present_tag", 1, "TAG3"),
    step("inject", "over-temperature", 1),
    step("inject", "contactor-welded", 1),
    wait(30.0),
    step("clear", "over-temperature", 1),
    wait(900.0),
]
ASKED_FOR_EVER = [
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}),
    wait(2.0),
    step("ask", "ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "120"}),
    wait(3700.0),
    step("plug_in", 1),
    wait(60.0),
]
BRIEF = {"ConnectionTimeOut": 60, "ClockAlignedDataInterval": 0}
SERVER_GONE_MEANWHILE = [
    step("csms.reply", "StatusNotification", silent=True, times=1),
    step("plug_in", 1),
    DIAGNOSTICS,
    wait(5.0),
    step("take_files", False),
    wait(600.0),
]
REFUSED_AFTER_A_LONG_WAIT = [
    *CHARGE,
    step("csms.reply", "MeterValues", error="InternalError", times=4),
    wait(600.0),
    step("csms.reply", "StartTransaction", INVALID, times=1),
    step("plug_in", 2, "nissan-leaf-40", 0.2, 32.0),
    step("present_tag", 2, "TAG2"),
    wait(3600.0),
]
CONCURRENT = {"transactionId": 7812, "idTagInfo": {"status": "ConcurrentTx"}}
WAITING_WHILE_ANOTHER_IS_CONCURRENT = [
    step("present_tag", 1, "TAG1"),
    step("present_tag", 2, "TAG1"),
    step("csms.reply", "StartTransaction", CONCURRENT, times=1),
    step("plug_in", 2),
    wait(30.0),
    step("plug_in", 1),
    wait(60.0),
]
STEPS = ((0, 20.0), (300, 0.0), (545, 16.0), (599, 0.0), (660, 20.0))
UP_AND_DOWN = {
    **{name: of for name, of in SIX_AMPS.items() if name != "chargingSchedule"},
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": at, "limit": a} for at, a in STEPS],
        "startSchedule": "2024-03-01T00:00:00Z",
    },
}
READ_TWICE_BEFORE_IT_FOLLOWS = [
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": UP_AND_DOWN}),
    *CHARGE,
    wait(1200.0),
]

SHARED = {
    "behaviour": "ocpp16",
    "latency_s": 0.8,
    "rated_a": 16.0,
    "station_max_a": 20.0,
    "keys": SAMPLED,
}
TWO_SHARE = [
    step("plug_in", 2, "tesla-model-3-rwd", 1.0, 32.0),  # it is full
    step("present_tag", 2, "TAG1"),
    wait(30.0),
    *CHARGE,
    wait(300.0),  # a sample is due
]
CARD_AT_ONE = [step("present_tag", 1, "TAG1"), wait(10.0)]
CASES: dict[str, Story] = {
    "a-card-refused-and-welcome-as-it-stops": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": LISTS_ON},
        {},
        WELCOME_AGAIN,
    ),
    "a-sample-behind-a-refused-stop-as-power-goes": ({"keys": SAMPLED}, {}, HELD_BEHIND_A_STOP),
    "two-transactions-without-ids-that-end-at-once": (
        {"latency_s": 0.05, "behaviour": "ocpp16", "keys": {"ClockAlignedDataInterval": 300}},
        {},
        TWO_WITHOUT_IDS,
    ),
    "a-status-behind-a-boot-that-was-asked-for": ({"latency_s": 0.8}, {}, BEHIND_A_BOOT),
    "a-current-told-at-the-end-alone": ({"keys": {"MeterValueSampleInterval": 10}}, {}, CURRENT_AT_LAST),
    "two-cars-in-one-transaction": ({"behaviour": "ocpp16", "keys": SAMPLED}, {}, ONE_CAR_AND_ANOTHER),
    "an-update-asked-for-while-another-is-installed": ({}, {}, ASKED_WHILE_INSTALLED),
    "an-update-asked-for-as-another-restarts": ({}, {}, ASKED_AS_IT_RESTARTS),
    "diagnostics-asked-for-as-an-update-restarts": ({}, {}, ASKED_BEFORE_IT_RESTARTS),
    "a-limit-that-was-never-told-before": ({}, {"asks_keys": False}, FIRST_TOLD_AS_IT_CHANGES),
    "a-step-asked-for-and-forgotten-at-a-reset": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        ASKED_FOR_AND_RESET,
    ),
    "a-fault-that-no-input-senses": ({"policies": {"assumed_keys": "as-named"}}, {}, NOBODY_SENSES_IT),
    "mains-cut-as-a-boot-is-answered": ({"latency_s": 0.0}, PENDING, CUT_AS_IT_IS_PENDING),
    "one-phase-asked-for-as-a-cable-is-pulled": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "phase_switching": True},
        {},
        PULLED_AS_ONE_PHASE_IS_ASKED_FOR,
    ),
    "another-card-at-a-cable-that-is-kept-offline": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "keys": {**LISTS_ON, **LISTED, "ConnectionTimeOut": 30}},
        {},
        CABLE_KEPT_OFFLINE,
    ),
    "a-card-that-withdraws-a-remote-start": (
        {"behaviour": "ocpp16", "latency_s": 0.0},
        {},
        WITHDRAWN_AND_BEGUN_BY_CARD,
    ),
    "one-phase-asked-for-behind-a-welded-contactor": (
        {"behaviour": "ocpp16", "phase_switching": True},
        {},
        ONE_PHASE_BEHIND_A_WELD,
    ),
    "a-cable-pulled-as-its-start-is-not-answered": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "keys": BRIEF, "clock": AHEAD},
        {"heartbeat_interval_s": 3600},
        PULLED_AS_ITS_START_IS_NOT_ANSWERED,
    ),
    "a-start-behind-readings-answered-wrongly": (
        {"keys": {"ClockAlignedDataInterval": 300}},
        {},
        START_BEHIND_READINGS_ANSWERED_WRONGLY,
    ),
    "a-card-that-waits-while-another-start-is-concurrent": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        WAITING_WHILE_ANOTHER_IS_CONCURRENT,
    ),
    "two-readings-before-a-car-follows": (
        {"keys": {**ALIGNED, "ClockAlignedDataInterval": 300, "MeterValueSampleInterval": 60}},
        {},
        READ_TWICE_BEFORE_IT_FOLLOWS,
    ),
    "a-server-that-takes-no-files-after-an-upload": ({}, {}, SERVER_GONE_MEANWHILE),
    "a-start-refused-after-a-long-wait": (
        {"station_max_a": 32.0, "keys": {"MeterValueSampleInterval": 60}},
        {},
        REFUSED_AFTER_A_LONG_WAIT,
    ),
    "two-faults-that-make-up-for-each-other": (
        {"policies": {"assumed_keys": "as-named"}},
        {},
        UP_AND_DOWN_VOLTAGE,
    ),
    "two-faults-that-make-up-for-each-other-under-a-car": (
        {"behaviour": "ocpp16", "latency_s": 0.05},
        {},
        [*CHARGE, wait(60.0), *UP_AND_DOWN_VOLTAGE],
    ),
    "profiles-switched-off-as-a-transaction-starts": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "phase_switching": True, "clock": {"drift_ppm": 50.0}},
        {"asks_keys": False},
        PROFILES_OFF_AS_IT_STARTS,
    ),
    "a-line-that-goes-before-a-start-is-told": ({"latency_s": 0.8}, {}, LINE_GONE_BEFORE_A_START_IS_TOLD),
    "a-fault-that-ends-beside-one-that-nobody-knows-of": (
        {"latency_s": 0.0, "keys": {"ConnectionTimeOut": 0}},
        {},
        COOL_AGAIN_BEHIND_A_WELD,
    ),
    "a-remote-start-that-waits-for-ever": ({"keys": {"ConnectionTimeOut": 0}}, {}, ASKED_FOR_EVER),
    "an-emergency-stop-that-is-over-at-once": ({"latency_s": 0.05}, {}, STOPPED_FOR_A_MOMENT),
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
    "an-offer-told-in-the-instant-in-which-a-fault-takes-it-away": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": SAMPLED},
        {},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.057, 20.0),
            wait(900.0),
            step("ask", "GetCompositeSchedule", {"connectorId": 2, "duration": 600}),
            step("present_tag", 1, "KIN1"),
            step("ask", "TriggerMessage", {"requestedMessage": "MeterValues"}),
            step("inject", "over-temperature", 1),
            wait(3.0),
        ],
    ),
    "an-interval-changed-in-the-instant-in-which-a-transaction-starts": (
        {
            **DRIFTING,
            "behaviour": "evc5-v32r30",
            "policies": {"sample_interval_changed": "next-transaction"},
            "keys": {**SAMPLED, "ConnectionTimeOut": 30},
        },
        {"asks_keys": True},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.509, 32.0),
            wait(60.0),
            step("present_tag", 1, "TAG1"),
            step("ask", "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "300"}),
            wait(1200.0),
        ],
    ),
    "a-fault-that-is-over-where-a-full-car-takes-its-time-to-answer": (
        {"behaviour": "ocpp16", "phase_switching": False, "station_max_a": 20.0, "clock": AHEAD},
        {},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.938, 20.0),
            step("present_tag", 1, "TAG1"),
            wait(6288.441),
            step("inject", "ground-failure", 1),
            wait(30.0),
            step("clear", "ground-failure", 1),
            wait(300.0),
        ],
    ),
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
    "a-meter-that-jumps-while-the-station-boots": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": SAMPLED},
        {},
        [
            step("plug_in", 1, "renault-zoe-ze50", 0.966, 20.0),
            wait(10.0),
            step("present_tag", 1, "TAG1"),
            wait(60.0),
            step("power.cut"),
            wait(5.0),
            step("power.restore"),
            step("inject", "meter-jump", 1),
            wait(30.0),
        ],
    ),
    "a-remote-start-while-a-card-of-the-group-stops-what-runs": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "connectors": 2},
        {"tags": {"KIN1": {"parent": "KIN"}, "KIN2": {"parent": "KIN"}}},
        [
            step("plug_in", 2, "vw-id3-58", 0.287, 13.0),
            step("plug_in", 1, "vw-e-golf-2017", 0.695, 32.0),
            wait(10.0),
            step("present_tag", 1, "KIN1"),
            wait(300.0),
            step("present_tag", 1, "KIN2"),
            step("unplug", 2),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG3"}),
            wait(30.0),
        ],
    ),
    "a-limit-that-falls-while-the-meter-tells-the-current-from-before": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": SAMPLED},
        {},
        [
            *CHARGE,
            wait(300.0),
            step("inject", "meter-frozen", 1),
            step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": BROUGHT}),
            wait(600.0),
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
    "a-card-that-stops-one-of-two-without-ids-as-its-cable-is-pulled": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "connectors": 2, "keys": {"MeterValueSampleInterval": 60}},
        {},
        [
            step("csms.reply", "StartTransaction", error="InternalError", times=12),
            step("plug_in", 1, "nissan-leaf-40", 0.35, 13.0),
            step("present_tag", 1, "TAG1"),
            step("plug_in", 2, "nissan-leaf-40", 0.756, 32.0),
            step("present_tag", 2, "TAG1"),
            wait(980.0),
            step("present_tag", 2, "TAG1"),
            step("unplug", 2),
            wait(1500.0),
        ],
    ),
    "a-key-that-changes-in-the-instant-in-which-a-remote-start-comes": (
        {"behaviour": "ocpp16", "latency_s": 0.0},
        {"asks_keys": True},
        [
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
            step("ask", "ChangeConfiguration", {"key": "AuthorizeRemoteTxRequests", "value": "false"}),
            step("plug_in", 1),
            wait(30.0),
        ],
    ),
    "one-boot-after-the-other-because-each-is-asked-for": (
        {"behaviour": "ocpp16", "latency_s": 0.8},
        {},
        [step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"})] * 4 + [wait(60.0)],
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
    "a-fault-told-after-the-remote-start-that-came-meanwhile": (
        {"behaviour": "evc5-v32r30", "latency_s": 0.05},
        {},
        [
            step("plug_in", 1),
            step("link.silent"),
            wait(5.0),
            step("link.up"),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
            step("inject", "meter-late", 1),
            wait(3.0),
            step("clear", "meter-late", 1),
            wait(300.0),
        ],
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
    "two-cards-right-after-a-remote-start-with-a-profile-began": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": LISTS_ON},
        {},
        [
            *CHARGE,
            wait(60.0),
            step("ask", "RemoteStopTransaction", {"transactionId": 1}),
            wait(60.0),
            step("ask", "RemoteStartTransaction", BEGIN_PAUSED),
            step("ask", "UnlockConnector", {"connectorId": 1}),
            step("present_tag", 1, "TAG1"),
            step("present_tag", 1, "TAG1"),
            wait(0.5),
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
    "a-remote-start-of-a-listed-card-where-nobody-is-asked-online": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "keys": {"com_AuthOptions": "chkOnlineAuth=0"}},
        {},
        [
            step("ask", "SendLocalList", BOTH_LISTED),
            step("plug_in", 2),
            wait(16.24),
            step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG1"}),
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
    "a-transaction-that-the-emergency-stop-ends-before-it-is-told": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "keys": {"ClockAlignedDataInterval": 300}},
        {},
        [
            wait(240.0),
            step("csms.reply", "MeterValues", error="InternalError", times=8),
            wait(60.0),
            step("plug_in", 2),
            step("present_tag", 2, "TAG1"),
            wait(142.203),
            step("inject", "emergency-stop", 2),
            wait(30.0),
            step("clear", "emergency-stop", 2),
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
    "a-car-that-goes-and-another-that-comes-in-one-instant": (
        {
            "behaviour": "evc5-v32r30",
            "latency_s": 0.0,
            "keys": {"StopTransactionOnEVSideDisconnect": False},
        },
        {},
        [
            *CHARGE,
            wait(300.0),
            step("unplug", 1),
            wait(0.0),
            step("plug_in", 1, "nissan-leaf-40"),
            wait(60.0),
        ],
    ),
    "another-update-as-one-that-waits-goes-on-after-a-short-outage": (
        {"behaviour": "ocpp16", "latency_s": 0.05},
        {},
        [
            *CHARGE,
            step("serve_image", IMAGE, "V32R31"),
            update("2024-03-01T00:00:00Z"),
            wait(300.0),
            step("link.down"),
            step("link.up"),
            wait(600.0),
            step("unplug", 1),
            update("2030-01-01T00:00:00Z"),
            wait(20.0),
        ],
    ),
    "a-card-as-the-unlocking-of-another-connector-leaves-its-share": (
        SHARED,
        {},
        [*TWO_SHARE, step("ask", "UnlockConnector", {"connectorId": 2}), *CARD_AT_ONE],
    ),
    "a-card-as-another-charge-ends-and-leaves-its-share": (
        SHARED,
        {},
        [*TWO_SHARE, step("present_tag", 2, "TAG1"), *CARD_AT_ONE],
    ),
    "a-card-as-another-car-goes-and-leaves-its-share": (
        SHARED,
        {},
        [*TWO_SHARE, step("unplug", 2), *CARD_AT_ONE],
    ),
    "a-card-as-another-charge-is-stopped-from-afar-and-leaves-its-share": (
        SHARED,
        {},
        [*TWO_SHARE, step("ask", "RemoteStopTransaction", {"transactionId": 1}), *CARD_AT_ONE],
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
def test_nothing_is_wrong_with_two_things_at_one_moment(case: str) -> None:
    assert errors(*CASES[case]) == []
