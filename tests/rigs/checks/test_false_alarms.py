"""What looks like a fault and is none: the least that each cause of a false alarm needs, step by step."""

from typing import Any

import pytest
from random_days import Step, play
from random_days.__main__ import findings

from evc5.rigs.checks import judge

TABLE = {"name": "steps", "start": "2024-03-01T00:00:00Z", "days": 3660.0}
SAMPLED = {"ClockAlignedDataInterval": 300}


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
}


def test_two_transactions_of_one_id_are_the_back_office_s_fault_and_judged_all_the_same() -> None:
    same = {"transactionId": 2767, "idTagInfo": {"status": "Accepted"}}
    steps = [step("csms.reply", "StartTransaction", same, times=2)]
    for connector in (1, 2):
        come = [step("plug_in", connector), wait(5.0), step("present_tag", connector, f"TAG{connector}")]
        steps += [*come, wait(300.0)]
    steps += [step("present_tag", 1, "TAG1"), wait(300.0), step("unplug", 2), wait(300.0)]
    bench = play({**TABLE, "station": {"keys": {"MeterValueSampleInterval": 60}}}, steps)
    bench.close()
    verdict = judge(bench.assembly.recorder.directory)
    told = [(row["requirement"], row["severity"], row["blames"]) for row in verdict.findings]
    assert told == [("transaction.unique-id", "warning", "csms")]
    counts = {row["id"]: row["count"] for row in verdict.requirements}
    assert counts["transaction.pair"] >= 4  # two starts and two stops


@pytest.mark.parametrize("case", CASES)
def test_the_healthy_twin_has_no_error(case: str) -> None:
    station, csms, steps = CASES[case]
    found = findings(play({**TABLE, "station": station, "csms": csms}, steps))
    assert [(row["requirement"], row["message"]) for row in found] == []
