"""What looks like a fault because a clock that drifts is set just then: the least that each needs."""

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

SIX_IN_IT = {**SIX_FROM_THE_START, "chargingProfilePurpose": "TxProfile"}
PULLED_AS_THE_CLOCK_IS_SET = [wait(3570.0), *CHARGE, wait(30.05), step("unplug", 1), wait(60.0)]
SHOWN_AS_THE_CLOCK_IS_SET = [
    wait(5.0),
    step("present_tag", 2, "TAG1"),
    wait(5.0),
    step("plug_in", 1, "nissan-leaf-40", 0.7, 13.0),
    wait(3590.05),
    step("present_tag", 1, "TAG1"),
    wait(60.0),
]
PULLED_BEFORE_IT_IS_SET_BACK = [
    *CHARGE,
    wait(2100.0),
    step("unplug", 1),
    step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
    wait(60.0),
]
EXPIRED = {"transactionId": 6776, "idTagInfo": {"status": "Expired"}}
ENDED_AS_IT_IS_SET_BACK = [
    step("csms.reply", "StartTransaction", EXPIRED, times=1),
    wait(300.0),
    step("plug_in", 1),
    wait(1800.0),
    step("present_tag", 1, "TAG1"),
    step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
    wait(300.0),
]
READ_AS_A_PROFILE_ENDS = [
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": SIX_AMPS}),
    wait(3600.0),
    step("plug_in", 1, "vw-e-golf-2017", 0.831, 20.0),
    step("present_tag", 1, "TAG1"),
    wait(4240.0),
]
BEGUN_AS_IT_IS_SET_BACK = [
    step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": SIX_FROM_THE_START}),
    wait(2100.0),
    step("plug_in", 1, "vw-e-golf-2017"),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG3"}),
    step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
    wait(300.0),
]
CARD_AND_CABLE_AS_THE_CLOCK_IS_SET = [
    step("plug_in", 1),
    wait(3600.0),
    step("present_tag", 1, "TAG1"),
    step("unplug", 1),
    step("csms.reply", "Heartbeat", silent=True),
    wait(60.0),
]
SET_AFTER_HOURS_OF_SILENCE = [
    step("plug_in", 1),
    step("link.silent"),
    wait(5000.0),
    step("link.up"),
    step("unplug", 1),
    wait(100.0),
    step("plug_in", 1),
    wait(5.0),
    step("present_tag", 1, "TAG2"),
    step("unplug", 1),
    wait(4.0),
    step("plug_in", 1),
    wait(60.0),
]
GIVEN_UP_BY_A_SLOW_CLOCK = [
    wait(60.0),
    step("link.down"),
    wait(5.0),
    step("link.up"),
    wait(60.0),
]

CASES: dict[str, Story] = {
    "values-stamped-with-the-beginning-of-an-interval-that-changes-before-they-are-told": (
        {"policies": {"clock_stamp": "interval-start"}, "keys": {"ClockAlignedDataInterval": 300}},
        {},
        [
            *CHARGE,
            step("link.down"),
            wait(400.0),
            step("link.up"),
            wait(90.0),
            step("ask", "ChangeConfiguration", {"key": "ClockAlignedDataInterval", "value": "900"}),
            wait(900.0),
        ],
    ),
    "a-cable-pulled-as-the-clock-is-set": (
        DRIFTING,
        {},
        PULLED_AS_THE_CLOCK_IS_SET,
    ),
    "a-card-shown-as-the-clock-is-set": (
        {**DRIFTING, "behaviour": "ocpp16", "keys": {**ALIGNED, **LISTS_ON, "ClockAlignedDataInterval": 300}},
        {},
        SHOWN_AS_THE_CLOCK_IS_SET,
    ),
    "a-cable-pulled-before-the-clock-is-set-back": (
        {"behaviour": "ocpp16", "clock": AHEAD},
        {},
        PULLED_BEFORE_IT_IS_SET_BACK,
    ),
    "a-transaction-refused-as-the-clock-is-set-back": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "clock": AHEAD},
        {},
        ENDED_AS_IT_IS_SET_BACK,
    ),
    "a-profile-that-ends-before-the-clock-is-set-back": (
        {"latency_s": 0.8, "keys": {**ALIGNED, "ClockAlignedDataInterval": 300}, "clock": AHEAD},
        {},
        READ_AS_A_PROFILE_ENDS,
    ),
    "a-limit-from-a-start-as-the-clock-is-set-back": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "clock": AHEAD},
        {},
        BEGUN_AS_IT_IS_SET_BACK,
    ),
    "a-card-and-a-cable-as-the-clock-is-set": (
        {**DRIFTING, "behaviour": "ocpp16", "latency_s": 0.0},
        {"heartbeat_interval_s": 3600},
        CARD_AND_CABLE_AS_THE_CLOCK_IS_SET,
    ),
    "a-clock-first-set-after-hours-of-silence": (
        {"behaviour": "ocpp16", "latency_s": 0.8, "clock": {"drift_ppm": 50.0}},
        PENDING,
        SET_AFTER_HOURS_OF_SILENCE,
    ),
    "a-call-given-up-by-a-slow-clock": (DRIFTING, PENDING, GIVEN_UP_BY_A_SLOW_CLOCK),
    "a-stop-that-is-stamped-at-the-boot-by-a-clock-that-drifts": (
        {
            "behaviour": "ocpp16",
            "policies": {"after_power_loss": "preparing"},
            "keys": {"ConnectionTimeOut": 0},
            "latency_s": 0.0,
            "clock": {"offset_s": -7.5, "drift_ppm": 50.0},
        },
        {},
        [wait(30.0), *CHARGE, wait(300.0), step("power.cut"), step("power.restore"), wait(1000.0)],
    ),
    "a-stop-just-before-a-clock-that-ran-fast-is-set": (
        {
            "behaviour": "ocpp16",
            "latency_s": 0.05,
            "clock": AHEAD,
            "keys": {**SAMPLED, "MeterValueSampleInterval": 10},
        },
        {"heartbeat_interval_s": 36000},
        [
            *CHARGE,
            wait(7199.0),
            step("unplug", 1),
            step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
            wait(5.0),
        ],
    ),
    "a-cable-pulled-in-the-instant-in-which-the-clock-is-set": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "clock": {"offset_s": 0.0, "drift_ppm": -500.0}},
        {"heartbeat_interval_s": 900},
        [
            wait(2100.0),
            *CHARGE,
            step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
            step("unplug", 1),
            wait(30.0),
        ],
    ),
    "another-car-in-the-instant-in-which-the-clock-is-set": (
        {"behaviour": "ocpp16", "latency_s": 0.0, "clock": {"offset_s": 0.0, "drift_ppm": -500.0}},
        {"heartbeat_interval_s": 3600},
        [
            *CHARGE,
            wait(2100.0),
            step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
            step("unplug", 1),
            step("ask", "UnlockConnector", {"connectorId": 2}),
            step("plug_in", 1, "vw-e-golf-2017", 0.5, 32.0),
            wait(60.0),
        ],
    ),
    "statuses-asked-for-as-the-clock-is-set-back-and-a-stop-waits": (
        {
            "latency_s": 0.8,
            "connectors": 1,
            "clock": {"offset_s": -3600.0, "drift_ppm": 500.0},
            "keys": {"MeterValueSampleInterval": 10},
        },
        {"heartbeat_interval_s": 3600},
        [
            wait(2000.0),
            *CHARGE,
            wait(11.6),
            step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
            step("unplug", 1),
            step("ask", "TriggerMessage", {"requestedMessage": "StatusNotification"}),
            wait(12.0),
        ],
    ),
    "mains-cut-as-a-session-begins-and-the-clock-is-set-back-to-the-millisecond": (
        {"latency_s": 0.0, "clock": AHEAD},
        {"heartbeat_interval_s": 3600},
        [
            wait(2939.763),
            *CHARGE,
            step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
            step("power.cut"),
            step("power.restore"),
            wait(3600.0),
        ],
    ),
    "a-boot-that-is-given-up-to-the-second-by-a-clock-an-hour-late": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "clock": {"offset_s": -3600.0, "drift_ppm": 500.0}},
        {**PENDING, "boot_interval_s": 30},
        [
            step("ask", "GetDiagnostics", {"location": "ftp://server/in"}),
            step("link.down"),
            step("link.up"),
            wait(12.0),
        ],
    ),
    "a-register-read-before-and-after-it-is-set-back": (
        {"clock": AHEAD},
        {},
        [
            CHARGE[0],
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
            wait(3601.0),
            step("ask", "Reset", {"type": "Hard"}),
        ],
    ),
    "mains-cut-as-a-profile-is-accepted-within-a-millisecond": (
        {"latency_s": 0.05, "clock": DRIFTING["clock"]},
        {"heartbeat_interval_s": 900},
        [
            wait(8.905),
            *CHARGE,
            wait(786.701),
            step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": SIX_IN_IT}),
            step("power.cut"),
            step("power.restore"),
            wait(60.0),
            step("present_tag", 1, "TAG1"),
            wait(300.0),
        ],
    ),
    "a-value-asked-for-as-a-clock-is-set-back-before-the-start": (
        {"latency_s": 0.0, "clock": AHEAD},
        {"heartbeat_interval_s": 900},
        [
            CHARGE[0],
            wait(2040.0),
            CHARGE[1],
            step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"}),
            step("ask", "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
        ],
    ),
    "a-clock-that-nobody-set-for-six-hours": (
        {"latency_s": 0.05, "keys": ALIGNED, "clock": AHEAD},
        {"heartbeat_interval_s": 21_000},
        [wait(19_000.0), *CHARGE, wait(2300.0)],
    ),
    "a-card-ends-what-was-begun-remotely-as-it-is-set-back": (
        {"latency_s": 0.8, "phases": 1, "connectors": 1, "clock": AHEAD, "keys": {**LISTS_ON, **SAMPLED}},
        {**PENDING, "boot_interval_s": 30, "heartbeat_interval_s": 3600},
        [
            wait(3600.0),
            step("link.silent"),
            step("plug_in", 1, "nissan-leaf-40", 0.101, 32.0),
            wait(300.0),
            step("link.up"),
            wait(900.0),
            step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
            step("ask", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
            step("present_tag", 1, "TAG1"),
            wait(6052.4),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_as_a_clock_is_set(case: str) -> None:
    assert errors(*CASES[case]) == []


@pytest.mark.slow
def test_a_clock_that_is_set_over_a_profile_s_step_brings_the_next_limit_at_once() -> None:
    periods = [{"startPeriod": 0, "limit": 0.0}, {"startPeriod": 3600, "limit": 10.0}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, "duration": 7200}
    schedule["startSchedule"] = "2024-03-01T00:00:00Z"
    purpose = {"chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute"}
    steps = {"chargingProfileId": 5, "stackLevel": 3, **purpose, "chargingSchedule": schedule}
    story = [step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": steps})]
    story += [step("plug_in", 1, "tesla-model-3-rwd", 0.53, 13.0), step("present_tag", 1, "TAG1")]
    clock = {"offset_s": 0.0, "drift_ppm": -500.0}
    station = {"connectors": 1, "latency_s": 0.05, "clock": clock}
    assert errors(station, {"heartbeat_interval_s": 3600}, [*story, wait(3962.0)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("offset_s", [3600.0, -3600.0])
def test_what_flowed_while_a_clock_was_an_hour_off_is_not_known_of_the_whole_either(offset_s: float) -> None:
    """A sample as a limit stops the car, and the next: what flowed between lies far from both."""
    periods = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 300, "limit": 5.0}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    stops = {**SIX_FROM_THE_START, "chargingProfilePurpose": "TxDefaultProfile", "chargingSchedule": schedule}
    steps = [CHARGE[0], step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": stops})]
    steps += [step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}), wait(2000.0)]
    station = {"keys": {**SAMPLED, "MeterValueSampleInterval": 300}, "clock": {"offset_s": offset_s}}
    assert errors(station, {}, steps) == []


@pytest.mark.slow
def test_a_sample_due_as_a_boot_ends_and_sets_the_clock_need_not_come() -> None:
    keys = {"MeterValueSampleInterval": 10, "chg_Options": "RestartTransOnBoot=1"}
    station = {"latency_s": 0.0, "clock": {"offset_s": 40.0, "drift_ppm": -500.0}, "keys": keys}
    dark = [step("power.cut"), wait(600.0), step("power.restore"), wait(100.0)]
    start = step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"})
    assert errors(station, {}, [CHARGE[0], wait(1384.6), start, *dark]) == []
