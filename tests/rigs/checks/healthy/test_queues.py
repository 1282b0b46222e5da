"""What looks like a fault because it waits in a queue to be told, and is none."""

import pytest
from healthy import ALIGNED, CHARGE, LISTS_ON, SIX_FROM_THE_START, errors, step, wait
from random_days import Step

from evc5.twin.sessions.session import Session

SLOW = {"behaviour": "ocpp16", "latency_s": 0.8, "keys": {"MeterValueSampleInterval": 10}}
OUTAGE = [  # 500 samples, that take seven minutes to tell
    wait(60.0),
    step("plug_in", 1, "vw-id3-58", 0.4, 32.0),
    step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}),
    wait(10.0),
    step("link.down"),
    wait(5000.0),
    step("link.up"),
]
SHOWN = [step("present_tag", 1, "TAG1"), wait(60.0)]


@pytest.mark.slow
def test_a_stop_may_wait_behind_the_samples_of_an_outage_to_the_end_of_the_recording() -> None:
    assert errors(SLOW, {}, [*OUTAGE, wait(330.0), *SHOWN]) == []


@pytest.mark.slow
def test_samples_wait_as_long_as_those_of_an_outage_before_them_take() -> None:
    slower = {**SLOW, "latency_s": 2.0}
    assert errors(slower, {}, [*OUTAGE, wait(3000.0)]) == []


@pytest.mark.slow
def test_a_card_that_stops_nothing_once_all_is_told_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "_present_to", lambda *_: None)
    found = errors(SLOW, {}, [*OUTAGE, wait(900.0), *SHOWN])
    assert [requirement for requirement, _ in found] == ["card.stops"]


@pytest.mark.slow
@pytest.mark.parametrize("later_s", [450.0, 520.0])
def test_samples_may_wait_to_the_end_behind_one_that_gets_no_reply(later_s: float) -> None:
    steps = [
        step("plug_in", 1, "vw-id3-58", 0.4, 32.0),
        step("present_tag", 1, "TAG1"),
        wait(130.0),
        step("csms.reply", "MeterValues", silent=True, times=3),
        wait(later_s),
    ]
    keys = {"MeterValueSampleInterval": 60, "ClockAlignedDataInterval": 300}
    assert errors({"latency_s": 0.8, "keys": keys}, {}, steps) == []


@pytest.mark.slow
def test_what_a_trigger_asked_for_waits_behind_calls_without_reply() -> None:
    steps = [
        step("csms.reply", "StatusNotification", silent=True, times=3),
        step("ask", "TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"}),
        wait(600.0),
    ]
    station = {**SLOW, "clock": {"offset_s": -3600.0, "drift_ppm": 50.0}}
    assert errors(station, {}, steps) == []


@pytest.mark.slow
def test_preparing_for_a_remote_start_waits_behind_calls_without_reply() -> None:
    steps = [
        step("present_tag", 1, "TAG1"),
        step("ask", "RemoteStartTransaction", {"connectorId": 2, "idTag": "KIN2"}),
        step("link.silent"),
        wait(120.0),
    ]
    keys = {"ConnectionTimeOut": 30}
    station = {"latency_s": 0.8, "keys": keys, "clock": {"offset_s": 0.0, "drift_ppm": 500.0}}
    assert errors(station, {}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("waits_s", [10.0, 60.0, 189.0])
@pytest.mark.parametrize("charges", [False, True])
def test_a_recording_may_end_while_a_call_waits_for_its_reply(charges: bool, waits_s: float) -> None:
    """Data of the clock of the other connector, samples and a stop wait behind it."""
    charge = [step("plug_in", 2, "vw-id3-58", 0.4, 32.0), step("present_tag", 2, "TAG1")]
    stop = [step("present_tag", 2, "TAG1"), step("unplug", 2)]
    steps = [wait(360.0), *(charge if charges else []), wait(239.0)]
    steps += [step("csms.reply", "MeterValues", silent=True, times=1), wait(5.0)]
    steps += [*(stop if charges else []), wait(waits_s - 4.0)]
    keys = {"MeterValueSampleInterval": 10, "ClockAlignedDataInterval": 300}
    assert errors({"latency_s": 0.0, "keys": keys}, {}, steps) == []


@pytest.mark.slow
def test_what_was_refused_before_an_outage_waits_on_after_it() -> None:
    steps = [step("plug_in", 1, "vw-id3-58", 0.4, 32.0), step("present_tag", 1, "TAG1"), wait(300.0)]
    steps += [step("inject", "ground-failure", 1)]
    steps += [step("csms.reply", "MeterValues", error="InternalError", times=5), wait(300.0)]
    steps += [step("present_tag", 1, "TAG1"), step("link.down"), wait(60.0), step("link.up"), wait(900.0)]
    keys = {"MeterValueSampleInterval": 60, "HeartbeatInterval": 0}
    assert errors({"latency_s": 0.05, "keys": keys}, {}, steps) == []


@pytest.mark.slow
def test_values_of_the_clock_wait_in_the_queue_of_an_outage_among_those_of_two_transactions() -> None:
    begin = [
        step("plug_in", 1, "nissan-leaf-40", 0.6, 13.0),
        step("plug_in", 2, "renault-zoe-ze50", 0.5, 20.0),
    ]
    begin += [step("present_tag", 1, "TAG1"), step("present_tag", 2, "TAG2"), wait(900.0)]
    keys = {"MeterValueSampleInterval": 10, "ClockAlignedDataInterval": 300}
    steps = [*begin, step("link.down"), wait(5000.0), step("link.up"), wait(2400.0)]
    assert errors({**SLOW, "keys": keys}, {}, steps) == []


@pytest.mark.slow
def test_the_first_word_after_an_outage_may_be_a_meter_value() -> None:
    """Values of a form that is known are read apart from other calls."""
    steps = [step("present_tag", 2, "TAG1"), wait(3600.0)]
    steps += [step("plug_in", 1, "vw-e-golf-2017", 0.544, 13.0), step("unplug", 1)]
    steps += [step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "KIN2"})]
    steps += [step("plug_in", 1, "tesla-model-3-rwd", 0.289, 13.0), wait(791.5)]
    steps += [step("link.down"), wait(2000.0), step("link.up"), step("unplug", 1), wait(0.0)]
    steps += [step("plug_in", 1, "vw-e-golf-2017", 0.423, 32.0), step("present_tag", 1, "TAG1"), wait(900.0)]
    keys = {**ALIGNED, **LISTS_ON, "ClockAlignedDataInterval": 300, "ConnectionTimeOut": 30}
    keys["chg_KWH2"] = "EASTR_SDM630,2,9600,N,1"
    clock = {"offset_s": -3600.0, "drift_ppm": -500.0}
    station = {"behaviour": "evc5-v32r30", "latency_s": 0.8, "keys": keys, "clock": clock}
    assert errors(station, {"heartbeat_interval_s": 900}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["A", "W"])
@pytest.mark.parametrize("is_second", [False, True])
def test_a_limit_of_a_transaction_whose_start_is_not_told_yet(unit: str, is_second: bool) -> None:
    """Told again is the line alone: of one that began in the outage, and of what it ended, nothing is."""

    def limits(level: int, amps: float, **more: str) -> Step:
        period = {"startPeriod": 0, "limit": amps * (1.0 if unit == "A" else 690.0)}
        schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": [period]}
        if more.get("chargingProfileKind") == "Absolute":
            schedule["startSchedule"] = "2024-03-01T00:00:00Z"
        of = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": level, "chargingProfileId": level}
        profile = {**SIX_FROM_THE_START, **of, **more, "chargingSchedule": schedule}
        return step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})

    from_start, outage = limits(2, 16.0), [step("link.down"), wait(60.0)]
    begins_again = [CHARGE[1], step("unplug", 1), wait(5.0), *CHARGE]
    steps = [CHARGE[0], limits(1, 8.0, chargingProfileKind="Absolute"), from_start, *outage, CHARGE[1]]
    if is_second:
        its = limits(1, 8.0, chargingProfilePurpose="TxProfile")
        steps = [*CHARGE, wait(60.0), its, from_start, *outage, *begins_again]
    station = {"keys": {"AllowOfflineTxForUnknownId": True}, "latency_s": 0.05}
    assert errors(station, {}, [*steps, wait(900.0), step("link.up")]) == []


@pytest.mark.slow
def test_a_start_may_wait_to_the_end_behind_a_status_that_gets_no_reply() -> None:
    silent = step("csms.reply", "StatusNotification", silent=True, times=1)
    assert errors({}, {}, [CHARGE[0], wait(300.0), CHARGE[1], silent, wait(7.3)]) == []


@pytest.mark.slow
def test_a_connector_waits_from_when_it_is_preparing_and_not_from_when_it_says_so() -> None:
    """At the one a card begins and ends in a moment; much else is told before the next cable there."""
    asked = step("ask", "TriggerMessage", {"requestedMessage": "StatusNotification"})
    first = [step("plug_in", 2), wait(60.0), *CHARGE, step("ask", "GetConfiguration", {}), step("unplug", 1)]
    steps = [*first, asked, CHARGE[0], step("present_tag", 2, "TAG1"), wait(600.0)]
    known = {"AuthorizationCacheEnabled": True, "LocalPreAuthorize": True}
    station = {"keys": {"ConnectionTimeOut": 30, **known}, "latency_s": 1.0}
    assert errors(station, {}, steps) == []


@pytest.mark.slow
def test_a_composite_schedule_of_a_transaction_whose_stop_waits_behind_a_silence() -> None:
    periods = [{"startPeriod": 0, "limit": 6.0}, {"startPeriod": 1800, "limit": 0.0}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    falls = {**SIX_FROM_THE_START, "chargingProfilePurpose": "TxDefaultProfile", "chargingSchedule": schedule}
    steps = [step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": falls})]
    for connector in (2, 1):
        steps += [step("plug_in", connector), step("present_tag", connector, "TAG1")]
    steps += [wait(300.0), step("unplug", 2), step("ask", "RemoteStopTransaction", {"transactionId": 2})]
    steps += [step("ask", "UnlockConnector", {"connectorId": 3})]
    steps += [step("link.silent"), wait(60.0), step("link.up")]
    steps += [step("ask", "GetCompositeSchedule", {"connectorId": 1, "duration": 100000})]
    keys = {"ClockAlignedDataInterval": 300}
    clock = {"offset_s": -7.5, "drift_ppm": -500.0}
    assert errors({"latency_s": 0.8, "keys": keys, "clock": clock}, {}, steps) == []


@pytest.mark.slow
def test_a_composite_schedule_after_mains_that_ended_what_began_in_an_outage() -> None:
    zero = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}]}
    its = {**SIX_FROM_THE_START, "chargingProfilePurpose": "TxProfile", "chargingSchedule": zero}
    limited = step("ask", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": its})
    steps = [step("link.silent"), CHARGE[0], wait(5000.0), step("link.up"), limited]
    steps += [step("power.cut"), step("power.restore"), wait(30.0)]
    steps += [step("ask", "GetCompositeSchedule", {"connectorId": 1, "duration": 600})]
    keys = {"ClockAlignedDataInterval": 300, "chg_Ch1Options": "PlugAndCharge=1"}
    assert errors({"behaviour": "ocpp16", "latency_s": 0.8, "keys": keys}, {}, steps) == []


@pytest.mark.slow
def test_an_attempt_that_waits_for_its_reply_was_made() -> None:
    """Refused by an error it is sent again in time, and then met by silence."""
    steps = [step("csms.reply", "StartTransaction", error="InternalError", times=1), *CHARGE, wait(3.0)]
    steps += [step("csms.reply", "StartTransaction", silent=True, times=1), wait(300.0)]
    assert errors({"behaviour": "evc5-v32r30", "latency_s": 0.05}, {}, steps) == []
