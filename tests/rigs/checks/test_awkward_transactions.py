"""Not wrong, though cards, cars or answers meet in one moment: the least that each case needs."""

import pytest
from foreign import period
from healthy import (
    BOTH_LISTED,
    CHARGE,
    DRIFTING,
    INVALID,
    LISTS_ON,
    SAMPLED,
    Story,
    errors,
    limiting,
    step,
    wait,
)

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
LOW = limiting("TxProfile", period(8.0), id=3, level=0)
WITHDRAWN_AND_BEGUN_BY_CARD = [
    wait(60.0),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1", "chargingProfile": LOW}),
    step("present_tag", 1, "TAG1"),
    step("plug_in", 1),
    step("present_tag", 1, "TAG1"),
    wait(600.0),
]
FIRST_TOLD_AS_IT_CHANGES = [
    *CHARGE,
    step("plug_in", 2, "vw-e-golf-2017"),
    step("present_tag", 2, "TAG2"),
    wait(600.0),
    step("ask", "ChangeConfiguration", {"key": "chg_StationMaxCurrent", "value": "20"}),
    wait(300.0),
]
START_BEHIND_READINGS_ANSWERED_WRONGLY = [
    step("csms.reply", "MeterValues", {"status": "Accepted"}, times=5),
    wait(301.0),
    step("plug_in", 1),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}),
    wait(300.0),
]
PAUSE = limiting("TxProfile", period(0.0), id=3, level=1, unit="W")
BEGIN_PAUSED = {"connectorId": 1, "idTag": "TAG1", "chargingProfile": PAUSE}
ASKED_FOR_EVER = [
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG2"}),
    wait(2.0),
    step("ask", "ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "120"}),
    wait(3700.0),
    step("plug_in", 1),
    wait(60.0),
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
    "two-cars-in-one-transaction": ({"behaviour": "ocpp16", "keys": SAMPLED}, {}, ONE_CAR_AND_ANOTHER),
    "a-limit-that-was-never-told-before": ({}, {"asks_keys": False}, FIRST_TOLD_AS_IT_CHANGES),
    "a-card-that-withdraws-a-remote-start": (
        {"behaviour": "ocpp16", "latency_s": 0.0},
        {},
        WITHDRAWN_AND_BEGUN_BY_CARD,
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
    "a-start-refused-after-a-long-wait": (
        {"station_max_a": 32.0, "keys": {"MeterValueSampleInterval": 60}},
        {},
        REFUSED_AFTER_A_LONG_WAIT,
    ),
    "a-remote-start-that-waits-for-ever": ({"keys": {"ConnectionTimeOut": 0}}, {}, ASKED_FOR_EVER),
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
    "one-card-at-two-connectors-that-is-refused-for-one-of-them": (
        {"latency_s": 0.0},
        {"tags": {"KIN1": {"parent": "KIN"}, "KIN2": {"parent": "KIN"}}},
        [
            step("present_tag", 2, "KIN1"),
            step("plug_in", 2, "nissan-leaf-40", 0.543, 32.0),
            wait(300.0),
            step("csms.reply", "Authorize", {"idTagInfo": {"status": "ConcurrentTx"}}, times=1),
            step("present_tag", 2, "KIN2"),
            step("present_tag", 1, "KIN2"),
            wait(60.0),
        ],
    ),
    "one-card-at-two-connectors-whose-cables-are-pulled-before-it-is-answered": (
        {"behaviour": "ocpp16", "latency_s": 0.05, "clock": {"offset_s": -7.5, "drift_ppm": -500.0}},
        {},
        [
            step("plug_in", 1, "vw-e-golf-2017", 0.303, 32.0),
            wait(10.0),
            step("plug_in", 2, "tesla-model-3-rwd", 0.59, 13.0),
            wait(7.0),
            step("unplug", 2),
            step("present_tag", 1, "TAG1"),
            step("unplug", 1),
            step("plug_in", 2, "vw-e-golf-2017", 0.75, 32.0),
            wait(0.0),
            step("present_tag", 2, "TAG1"),
            wait(0.1),
            step("unplug", 2),
            wait(0.0),
            step("plug_in", 2, "nissan-leaf-40", 0.941, 32.0),
            wait(60.0),
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_with_two_things_at_one_moment(case: str) -> None:
    assert errors(*CASES[case]) == []
