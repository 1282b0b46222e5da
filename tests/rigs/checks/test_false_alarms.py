"""What looks like a fault and is none: the least that each cause of a false alarm needs, step by step."""

from pathlib import Path
from typing import Any

import pytest
from random_days import Step, play
from random_days.__main__ import findings

from evc5 import Rig
from evc5.rigs.checks import judge

TABLE = {"name": "steps", "start": "2024-03-01T00:00:00Z", "days": 3660.0}
SAMPLED = {"ClockAlignedDataInterval": 300}
ALL_MEASURED = {
    "MeterValuesSampledData": "Current.Import,Current.Offered,Power.Active.Import,"
    "Energy.Active.Import.Register",
    "chg_KWH1": "EASTR_SDM630,1,9600,N,1",
    "chg_KWH2": "EASTR_SDM630,2,9600,N,1",
}
LISTS_ON = {"AuthorizationCacheEnabled": True, "LocalAuthListEnabled": True, "LocalPreAuthorize": True}


def step(verb: str, *args: Any, **kwargs: Any) -> Step:
    return Step(verb, args, kwargs)


def wait(seconds: float) -> Step:
    return Step("advance", (seconds,))


DARK = [step("inject", "power-loss", 1), wait(900.0), step("clear", "power-loss", 1), wait(600.0)]
BACK_BEFORE_THE_LINE = [
    step("power.cut"),
    wait(3.0),
    step("link.down"),
    step("power.restore"),
    wait(1500.0),
    step("link.up"),
    wait(600.0),
]
BROKEN_REPLIES = [step("csms.reply", "MeterValues", {"status": "Accepted"}, times=5), wait(1800.0)]
TEN_AMPS = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    },
}
NOTHING = {
    **TEN_AMPS,
    "chargingProfileId": 2,
    "chargingProfilePurpose": "TxProfile",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}],
    },
}
PROFILES_OFF = [
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": TEN_AMPS}),
    step("plug_in", 1),
    step("present_tag", 1, "TAG1"),
    wait(300.0),
    step("ask", "ChangeConfiguration", {"key": "chg_Options", "value": "ChgProf=0"}),
    wait(300.0),
    step("ask", "GetCompositeSchedule", {"connectorId": 1, "duration": 600}),
]
COMPOSITE = step("ask", "GetCompositeSchedule", {"connectorId": 0, "duration": 600})
OWN_LIMIT = [step("ask", "ChangeConfiguration", {"key": "chg_Mode3Current", "value": "6,8"}), COMPOSITE]
OTHER_CONNECTOR = [
    step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG1", "chargingProfile": NOTHING}),
    step("plug_in", 1),
    step("present_tag", 1, "TAG1"),
    wait(300.0),
]
REFUSED = {"transactionId": 8147, "idTagInfo": {"status": "Blocked"}}
REFUSED_AT_ONCE = [
    wait(816.3),
    step("csms.reply", "StartTransaction", REFUSED, times=1),
    step("present_tag", 1, "TAG1"),
    step("plug_in", 1),
    wait(30.0),
]
GIVEN_UP = [
    step("csms.reply", "StartTransaction", error="InternalError", times=12),
    step("plug_in", 1, "vw-id3-58", 0.725),
    wait(1.0),
    step("present_tag", 1, "TAG1"),
    wait(1954.38),
    step("unplug", 1),
    wait(1500.0),
]
FOR_EVER = [wait(60.0), step("present_tag", 1, "TAG1"), wait(2000.0), step("plug_in", 1), wait(60.0)]
LISTED = {"listVersion": 1, "updateType": "Full"}
BLOCKED = [{"idTag": "TAG1", "idTagInfo": {"status": "Blocked"}}]
CONFLICT = [
    step("ask", "SendLocalList", {**LISTED, "localAuthorizationList": BLOCKED}),
    step("present_tag", 1, "TAG1"),
    wait(60.0),
]
CHARGE = [step("plug_in", 1, "tesla-model-3-rwd", 0.4, 20.0), wait(10.0), step("present_tag", 1, "TAG1")]
OVERDRAW = [*CHARGE, wait(60.0), step("inject", "over-current", 1), wait(300.0)]
SWAPPED = [
    step("plug_in", 1),
    wait(300.0),
    step("unplug", 1),
    step("plug_in", 1, "renault-zoe-ze50", 0.5),
    wait(600.0),
]
KEPT = [*CHARGE, wait(300.0), step("unplug", 1), wait(30.0), step("plug_in", 1), wait(3000.0)]
REFUSED_AND_NEXT = [
    wait(10.0),
    step("plug_in", 1),
    step("csms.reply", "StartTransaction", REFUSED, times=1),
    step("present_tag", 1, "TAG3"),
    wait(30.0),
    step("unplug", 1),
    wait(30.0),
    step("plug_in", 1, "renault-zoe-ze50"),
    wait(5.0),
    step("present_tag", 1, "TAG1"),
    wait(60.0),
]
SILENT_BOOT = [step("link.silent"), wait(1209.132), step("link.up"), wait(600.0)]
UPDATE = {"location": "ftp://server/new", "retries": 1}
UPDATED_TWICE = [
    wait(30.0),
    step("ask", "UpdateFirmware", {**UPDATE, "retrieveDate": "2024-03-01T00:01:00Z"}),
    step("ask", "UpdateFirmware", {**UPDATE, "retrieveDate": "2024-03-01T00:02:30Z"}),
    wait(120.0),
]
PULLED_WHILE_ASKED_FOR = [
    step("plug_in", 1),
    wait(2.0),
    step("unplug", 1),
    wait(300.0),
    step("present_tag", 1, "TAG1"),
    step("plug_in", 1),
    wait(1.0),
    step("unplug", 1),
    wait(60.0),
]
CHANGED_UNASKED = [
    step("plug_in", 1, "renault-zoe-ze50", 0.894),
    step("present_tag", 1, "TAG1"),
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": TEN_AMPS}),
    wait(120.0),
    step("ask", "ChangeConfiguration", {"key": "chg_Options", "value": "ChgProf=0"}),
]
REFUSED_START = [
    wait(3600.0),
    step("present_tag", 2, "KIN2"),
    step("csms.reply", "StartTransaction", error="InternalError", times=12),
    step("plug_in", 2, "renault-zoe-ze50", 0.273),
    wait(10.0),
    step("unplug", 2),
    wait(60.0),
]
WRONG_PROFILE = [
    wait(200.0),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1", "chargingProfile": TEN_AMPS}),
]
LATE_STATUSES = [
    step("ask", "Reset", {"type": "Soft"}),
    step("csms.reply", "StatusNotification", silent=True, times=3),
    wait(4600.0),
]
RESET_MEANWHILE = [
    wait(60.0),
    step("ask", "Reset", {"type": "Hard"}),
    wait(0.8),
    step("plug_in", 1),
    wait(60.0),
]
READY_TO_INSTALL = [
    wait(30.0),
    step("plug_in", 2, "renault-zoe-ze50", 0.881),
    step("present_tag", 2, "TAG3"),
    wait(300.0),
    step("serve_image", "ftp://server/new", "V32R31"),
    step("ask", "UpdateFirmware", {**UPDATE, "retrieveDate": "2024-03-01T00:06:00Z"}),
    wait(60.0),
    step("unplug", 2),
    step("ask", "UpdateFirmware", {"location": "ftp://other", "retrieveDate": "2030-01-01T00:00:00Z"}),
    wait(60.0),
]
NO_SUCH_CONNECTOR = [
    wait(100.0),
    step("ask", "SetChargingProfile", {"connectorId": 3, "csChargingProfiles": TEN_AMPS}),
]
SET_MEANWHILE = [
    step("plug_in", 2, "vw-id3-58", 0.3, 13.0),
    step("present_tag", 2, "TAG1"),
    step("ask", "SetChargingProfile", {"connectorId": 2, "csChargingProfiles": TEN_AMPS}),
    wait(3900.0),
]
TRIES_AGAIN = [
    step("inject", "diode-failure", 1),
    *(step("plug_in", connector, "renault-zoe-ze50") for connector in (1, 2)),
    *(step("present_tag", connector, "TAG1") for connector in (1, 2)),
    wait(300.0),
]
KEPT_OUT_OF_SERVICE = [
    wait(60.0),
    step("csms.reply", "StartTransaction", REFUSED, times=1),
    step("plug_in", 1),
    step("present_tag", 1, "KIN1"),
    wait(30.0),
    step("ask", "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
    wait(30.0),
    step("present_tag", 1, "TAG1"),
    wait(60.0),
]
LESS_FOR_A_WHILE = [
    step("plug_in", 1, "tesla-model-3-rwd", 0.487, 20.0),
    step("present_tag", 1, "TAG1"),
    wait(3100.0),
    step("plug_in", 2, "renault-zoe-ze50", 0.211),
    step("present_tag", 2, "TAG3"),
    wait(10.0),
    step("unplug", 2),
    wait(60.0),
]
REFUSED_UNDER_A_PROFILE = [
    step("ask", "SetChargingProfile", {"connectorId": 2, "csChargingProfiles": TEN_AMPS}),
    wait(100.0),
    step("csms.reply", "StartTransaction", REFUSED, times=1),
    step("plug_in", 2, "renault-zoe-ze50", 0.1),
    step("present_tag", 2, "KIN1"),
    wait(10.0),
]
GOES_ON = [
    step("plug_in", 2, "renault-zoe-ze50", 0.1),
    step("present_tag", 2, "TAG1"),
    wait(60.0),
    step("power.cut"),
    wait(5.0),
    step("power.restore"),
    wait(3700.0),
]
LIMITED_AS_IT_STOPS = [
    step("plug_in", 1, "nissan-leaf-40", 0.257, 20.0),
    step("present_tag", 1, "TAG1"),
    wait(300.0),
    step("present_tag", 1, "TAG1"),
    step("present_tag", 1, "TAG1"),
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": NOTHING}),
    wait(300.0),
]
IN_A_GROUP = [
    *CHARGE[:2],
    step("present_tag", 1, "KIN2"),
    wait(600.0),
    step("present_tag", 1, "TAG1"),
    wait(60.0),
]
WAITED_FOR_EVER = [
    wait(60.0),
    step("present_tag", 2, "TAG1"),
    wait(60.0),
    step("ask", "ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "120"}),
    wait(900.0),
    step("plug_in", 2),
    wait(60.0),
]
PULLED_BEFORE_IT_IS_ASKED = [
    step("plug_in", 1),
    step("present_tag", 1, "KIN1"),
    wait(0.1),
    step("unplug", 1),
    wait(4.0),
    step("plug_in", 1, "renault-zoe-ze50", 0.155),
    wait(60.0),
]
TWO_GIVEN_UP = [
    step("csms.reply", "StartTransaction", error="InternalError", times=8),
    step("plug_in", 1, "vw-id3-58", 0.703),
    step("present_tag", 1, "TAG1"),
    step("plug_in", 2, "renault-zoe-ze50", 0.575, 20.0),
    step("present_tag", 2, "TAG1"),
    wait(900.0),
    step("present_tag", 1, "TAG1"),
    step("unplug", 2),
    wait(60.0),
]
STILL_OVERDRAWS = [
    step("plug_in", 2, "tesla-model-3-rwd", 0.9),
    step("inject", "over-current", 2),
    wait(120.0),
    step("unplug", 2),
    step("plug_in", 2, "tesla-model-3-rwd", 0.29, 20.0),
    step("present_tag", 2, "TAG1"),
    wait(460.0),
]
STOPPED_OFFLINE = [
    step("plug_in", 1, "nissan-leaf-40", 0.288),
    step("present_tag", 1, "TAG1"),
    wait(2000.0),
    step("unplug", 1),
    step("link.down"),
    step("plug_in", 1, "vw-e-golf-2017", 0.849, 13.0),
    step("present_tag", 1, "TAG1"),
    wait(970.0),
    step("unplug", 1),
]
ANYBODY_OFFLINE = [
    wait(600.0),
    step("link.down"),
    step("plug_in", 1, "tesla-model-3-rwd", 0.391, 20.0),
    wait(10.0),
    step("present_tag", 1, "TAG2"),
    wait(300.0),
    step("link.up"),
    wait(3600.0),
]
RESET_AS_IT_BEGINS = [
    step("plug_in", 2),
    step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG2"}),
    step("ask", "Reset", {"type": "Soft"}),
    wait(120.0),
]
OVERDRAWS_THE_STATION = [
    step("plug_in", 1, "nissan-leaf-40", 0.091, 20.0),
    step("present_tag", 1, "TAG1"),
    step(
        "ask",
        "SetChargingProfile",
        {
            "connectorId": 0,
            "csChargingProfiles": {**TEN_AMPS, "chargingProfilePurpose": "ChargePointMaxProfile"},
        },
    ),
    wait(900.0),
    step("inject", "over-current", 1),
    wait(30.0),
]
FORGOTTEN_AT_A_BOOT = [
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1", "chargingProfile": NOTHING}),
    wait(60.0),
    step("ask", "Reset", {"type": "Hard"}),
    wait(60.0),
    step("plug_in", 1),
    step("present_tag", 1, "TAG1"),
    wait(120.0),
]
ONE_PHASE_IN_WATTS = {
    **TEN_AMPS,
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6900.0, "numberPhases": 1}],
    },
}
ON_ONE_PHASE = [
    *CHARGE,
    wait(60.0),
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": ONE_PHASE_IN_WATTS}),
    wait(600.0),
]
WELDED = [
    *CHARGE[:2],
    step("present_tag", 1, "TAG1"),
    step("inject", "contactor-welded", 1),
    wait(15.0),
    step("present_tag", 1, "TAG1"),
    wait(600.0),
    step("clear", "contactor-welded", 1),
    wait(3600.0),
]
NEVER_CUT = [*CHARGE, wait(300.0), step("clear", "power-loss", 2), wait(600.0)]
UNANSWERED_BOOT = [step("csms.reply", "BootNotification", silent=True, times=1), wait(300.0)]
WAITED_FOR_REMOTELY = [
    step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG3"}),
    wait(3600.0),
    step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG1"}),
]
OVERDRAWS_WATTS = [
    step("plug_in", 1, "renault-zoe-ze50", 0.35),
    step("present_tag", 1, "TAG1"),
    step(
        "ask",
        "SetChargingProfile",
        {
            "connectorId": 0,
            "csChargingProfiles": {**ONE_PHASE_IN_WATTS, "chargingProfilePurpose": "ChargePointMaxProfile"},
        },
    ),
    wait(600.0),
    step("inject", "over-current", 1),
    wait(60.0),
]
LISTED_OFFLINE = [
    wait(60.0),
    step(
        "ask",
        "SendLocalList",
        {**LISTED, "localAuthorizationList": [{"idTag": "KIN2", "idTagInfo": {"status": "Accepted"}}]},
    ),
    step("link.down"),
    wait(60.0),
    step("plug_in", 1, "tesla-model-3-rwd", 0.252, 13.0),
    wait(10.0),
    step("present_tag", 1, "KIN2"),
    wait(300.0),
    step("link.up"),
    wait(3600.0),
]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[Step]]] = {
    "power-loss-at-one-connector-is-the-station's": ({"keys": SAMPLED}, {}, [wait(1.0), *DARK]),
    "the-mains-are-back-before-the-line": ({}, {}, BACK_BEFORE_THE_LINE),
    "a-reply-with-a-foreign-field-may-be-taken-for-none": ({"keys": SAMPLED}, {}, BROKEN_REPLIES),
    "keys-never-asked-are-those-of-the-rig": (
        {"keys": SAMPLED, "policies": {"clock_stamp": "interval-start"}},
        {"asks_keys": False},
        [wait(400.0), step("plug_in", 1), step("present_tag", 1, "TAG1"), wait(1300.0)],
    ),
    "profiles-are-switched-off-under-charge": ({}, {}, PROFILES_OFF),
    "a-limit-of-the-station's-own-is-in-the-composite": ({}, {}, OWN_LIMIT),
    "a-station-on-one-phase-says-so": ({"phases": 1}, {}, [COMPOSITE]),
    "the-profile-of-a-remote-start-elsewhere": ({"behaviour": "ocpp16"}, {}, OTHER_CONNECTOR),
    "a-start-refused-within-a-second-of-the-cable": ({}, {}, REFUSED_AT_ONCE),
    "a-start-given-up-and-a-stop-of-no-id": ({}, {}, GIVEN_UP),
    "a-card-waits-for-ever": ({"keys": {"ConnectionTimeOut": 0}}, {}, FOR_EVER),
    "a-list-that-nobody-knows-to-be-in-use": ({}, {"asks_keys": False}, CONFLICT),
    "nobody-is-asked-online": (
        {"keys": {"com_AuthOptions": "chkOnlineAuth=0"}},
        {},
        [wait(300.0), *CHARGE, wait(60.0)],
    ),
    "a-vehicle-that-overdraws": ({}, {}, OVERDRAW),
    "cables-swapped-in-a-wink": ({"keys": {"ConnectionTimeOut": 30}}, {}, SWAPPED),
    "a-socket-that-keeps-the-cable": (
        {"keys": {"ConnectionTimeOut": 30, "UnlockConnectorOnEVSideDisconnect": False}},
        {},
        KEPT,
    ),
    "a-channel-that-is-not-in-use": ({"keys": {"chg_ChannelsEnabled": "1"}}, {}, [wait(1000.0)]),
    "a-socket-without-a-lock-keeps-no-cable": (
        {"keys": {"LocalPreAuthorize": True, "chg_SktType": ["CP+PP", "CP+PP"]}},
        {},
        REFUSED_AND_NEXT,
    ),
    "a-boot-sets-a-clock-that-drifts": (
        {"latency_s": 0.8, "clock": {"drift_ppm": 500.0}},
        {"boot_status": ["Rejected", "Pending", "Accepted"]},
        SILENT_BOOT,
    ),
    "stamps-of-the-interval's-beginning": (
        {"keys": SAMPLED, "policies": {"clock_stamp": "interval-start"}},
        {},
        [wait(2000.0)],
    ),
    "a-remote-start-that-nobody-may-be-asked-for": (
        {"behaviour": "ocpp16", "keys": {"com_AuthOptions": "chkOnlineAuth=0"}},
        {},
        [
            wait(600.0),
            step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "KIN2"}),
            wait(300.0),
        ],
    ),
    "an-update-takes-the-place-of-the-one-before": ({"latency_s": 0.0}, {}, UPDATED_TWICE),
    "a-cable-pulled-after-the-start-and-told-before": ({"latency_s": 0.8}, {}, PULLED_WHILE_ASKED_FOR),
    "what-a-key-was-before-its-change-is-not-known": ({}, {"asks_keys": False}, CHANGED_UNASKED),
    "a-start-still-refused-holds-up-its-stop": ({}, {}, REFUSED_START),
    "a-remote-start-with-a-profile-of-another-purpose": ({"behaviour": "ocpp16"}, {}, WRONG_PROFILE),
    "the-mains-fail-as-a-frame-goes": (
        {},
        {},
        [step("link.silent"), wait(60.0), step("power.cut"), wait(60.0), step("power.restore"), wait(60.0)],
    ),
    "a-car-waits-while-the-boot-is-pending": (
        {"keys": {"ConnectionTimeOut": 120}},
        {"boot_status": ["Rejected", "Pending", "Accepted"]},
        [step("plug_in", 1), wait(600.0)],
    ),
    "a-status-that-waits-behind-unanswered-ones": ({}, {}, LATE_STATUSES),
    "a-reset-with-a-call-outstanding": ({"latency_s": 0.8}, {}, RESET_MEANWHILE),
    "an-update-that-had-begun-when-another-was-asked-for": ({}, {}, READY_TO_INSTALL),
    "a-connector-that-nobody-told-of": ({}, {"asks_keys": False}, NO_SUCH_CONNECTOR),
    "a-clock-set-between-two-samples": (
        {"latency_s": 0.8, "keys": {"MeterValueSampleInterval": 10}, "clock": {"drift_ppm": 500.0}},
        {"heartbeat_interval_s": 3600},
        SET_MEANWHILE,
    ),
    "a-connector-that-tries-again-keeps-its-share": ({"station_max_a": 20.0}, {}, TRIES_AGAIN),
    "a-card-of-the-group-for-a-cable-out-of-service": (
        {},
        {"tags": {"KIN1": {"parent": "KIN"}}},
        KEPT_OUT_OF_SERVICE,
    ),
    "another-car-has-its-share-between-two-samples": (
        {"station_max_a": 20.0, "keys": {"MeterValueSampleInterval": 60, **ALL_MEASURED}},
        {},
        LESS_FOR_A_WHILE,
    ),
    "a-start-refused-under-a-profile-by-a-clock-that-is-late": (
        {"latency_s": 0.8, "clock": {"offset_s": -7.5}},
        {},
        REFUSED_UNDER_A_PROFILE,
    ),
    "a-transaction-that-goes-on-after-a-loss-of-power": (
        {"keys": {"chg_Options": "RestartTransOnBoot=1"}},
        {},
        GOES_ON,
    ),
    "a-profile-accepted-as-its-transaction-stops": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "clock": {"offset_s": -3600.0}},
        {},
        LIMITED_AS_IT_STOPS,
    ),
    "all-cards-are-taken-in-a-transaction-too": (
        {"keys": {"com_AuthOptions": "AllowAllCards=1"}},
        {"tags": {"KIN2": {"parent": "KIN"}}},
        IN_A_GROUP,
    ),
    "no-reader-no-card": (
        {"keys": {**LISTS_ON, "chg_Reader1": "None", "chg_Reader2": "None"}},
        {},
        [wait(200.0), *CHARGE, wait(60.0)],
    ),
    "a-card-waited-for-ever-until-the-key-was-changed": (
        {"keys": {"ConnectionTimeOut": 0}},
        {},
        WAITED_FOR_EVER,
    ),
    "a-cable-pulled-before-its-card-was-asked-for": ({"latency_s": 0.05}, {}, PULLED_BEFORE_IT_IS_ASKED),
    "two-starts-given-up-and-two-stops-of-no-id": ({"behaviour": "ocpp16"}, {}, TWO_GIVEN_UP),
    "a-vehicle-that-overdraws-what-is-told-to-be-offered": (
        {"keys": {"MeterValueSampleInterval": 60, **ALL_MEASURED}},
        {},
        STILL_OVERDRAWS,
    ),
    "a-stop-that-waits-for-the-line": ({}, {}, STOPPED_OFFLINE),
    "anybody-may-charge-offline-too": (
        {"latency_s": 0.8, "keys": {"ConnectionTimeOut": 0, "com_AuthOptions": "AllowAllCards=1"}},
        {"asks_keys": False},
        ANYBODY_OFFLINE,
    ),
    "a-reset-as-a-transaction-begins": (
        {"latency_s": 0.8, "keys": {"ConnectionTimeOut": 120}},
        {},
        RESET_AS_IT_BEGINS,
    ),
    "a-vehicle-that-overdraws-the-station": ({"behaviour": "ocpp16"}, {}, OVERDRAWS_THE_STATION),
    "a-remote-start-that-a-boot-forgot": (
        {"behaviour": "ocpp16", "keys": {"ConnectionTimeOut": 0}},
        {},
        FORGOTTEN_AT_A_BOOT,
    ),
    "relays-that-nobody-asked-about": ({"phase_switching": True}, {"asks_keys": False}, ON_ONE_PHASE),
    "a-weld-that-is-mended": ({}, {}, WELDED),
    "mains-that-were-never-gone": ({"latency_s": 0.05}, {}, NEVER_CUT),
    "a-boot-without-an-answer": ({}, {"boot_status": ["Rejected", "Pending", "Accepted"]}, UNANSWERED_BOOT),
    "a-remote-start-that-waits-for-ever": ({"keys": {"ConnectionTimeOut": 0}}, {}, WAITED_FOR_REMOTELY),
    "a-vehicle-that-overdraws-a-limit-in-watts": ({"behaviour": "ocpp16"}, {}, OVERDRAWS_WATTS),
    "a-card-in-a-list-that-nobody-knows-to-be-in-use": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "keys": {"ConnectionTimeOut": 0}},
        {"asks_keys": False},
        LISTED_OFFLINE,
    ),
}


EVERY = [  # each third one in the fast set, to keep it fast; all of them with the slow tests
    pytest.param(name, marks=[] if number % 3 == 0 else pytest.mark.slow) for number, name in enumerate(CASES)
]


@pytest.mark.parametrize("case", EVERY)
def test_the_healthy_twin_has_no_error(case: str) -> None:
    station, csms, steps = CASES[case]
    found = findings(play({**TABLE, "station": station, "csms": csms}, steps))
    assert [(row["requirement"], row["message"]) for row in found] == []


def test_frames_without_their_events_tell_of_an_outage_themselves(tmp_path: Path) -> None:
    """What was kept for the line's return is not told late; heartbeats alone are too rare to show it."""
    steps = [*CHARGE, wait(600.0), step("link.down"), wait(2400.0), step("link.up"), wait(600.0)]
    bench = play({**TABLE, "station": {"keys": {"MeterValueSampleInterval": 60}}}, steps)
    bench.close()
    bare = tmp_path / "messages.jsonl"
    bare.write_bytes((bench.assembly.recorder.directory / "messages.jsonl").read_bytes())
    verdict = judge(bare)
    assert [row["requirement"] for row in verdict.findings if row["severity"] == "error"] == []
    assert next(row["count"] for row in verdict.requirements if row["id"] == "metering.sample-interval") > 40


@pytest.mark.slow
@pytest.mark.parametrize("mean_c", [45, 55])
def test_heat_alone_may_fault_a_connector(mean_c: int, tmp_path: Path) -> None:
    rig = Rig.load("hot-day").revised({"ambient.mean_c": mean_c, "recording.report": False})
    run = rig.run(out=tmp_path / "run")
    assert "Faulted" in set(run.telemetry.status)
    assert [row for row in run.findings if row["severity"] == "error"] == []
