"""Not wrong, though a fault begins or ends as something else happens: the least that each case needs."""

import pytest
from healthy import AHEAD, BROUGHT, CHARGE, ONE_PHASE, SAMPLED, Story, errors, step, wait

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
ONE_PHASE_BEHIND_A_WELD = [
    step("inject", "contactor-welded", 1),
    step("plug_in", 1, "renault-zoe-ze50", 0.251, 32.0),
    step("present_tag", 1, "TAG1"),
    wait(120.0),
    step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": ONE_PHASE}),
    wait(300.0),
]
NOBODY_SENSES_IT = [wait(300.0), step("inject", "ground-failure", 1), wait(60.0)]
STOPPED_FOR_A_MOMENT = [
    *CHARGE,
    wait(300.0),
    step("inject", "emergency-stop", 1),
    wait(0.0),
    step("clear", "emergency-stop", 1),
    wait(300.0),
]
UP_AND_DOWN_VOLTAGE = [
    step("inject", "over-voltage", 1),
    wait(60.0),
    step("inject", "under-voltage", 1),
    wait(60.0),
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
CASES: dict[str, Story] = {
    "a-sample-behind-a-refused-stop-as-power-goes": ({"keys": SAMPLED}, {}, HELD_BEHIND_A_STOP),
    "two-transactions-without-ids-that-end-at-once": (
        {"latency_s": 0.05, "behaviour": "ocpp16", "keys": {"ClockAlignedDataInterval": 300}},
        {},
        TWO_WITHOUT_IDS,
    ),
    "a-fault-that-no-input-senses": ({"policies": {"assumed_keys": "as-named"}}, {}, NOBODY_SENSES_IT),
    "one-phase-asked-for-behind-a-welded-contactor": (
        {"behaviour": "ocpp16", "phase_switching": True},
        {},
        ONE_PHASE_BEHIND_A_WELD,
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
    "a-fault-that-ends-beside-one-that-nobody-knows-of": (
        {"latency_s": 0.0, "keys": {"ConnectionTimeOut": 0}},
        {},
        COOL_AGAIN_BEHIND_A_WELD,
    ),
    "an-emergency-stop-that-is-over-at-once": ({"latency_s": 0.05}, {}, STOPPED_FOR_A_MOMENT),
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
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wrong_with_a_fault_that_comes_or_goes_meanwhile(case: str) -> None:
    assert errors(*CASES[case]) == []
