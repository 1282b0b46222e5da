"""Two connectors that share one current, at once or by turns."""

import pytest
from healthy import CHARGE, SIX_FROM_THE_START, errors, step, wait

EIGHT = {
    **SIX_FROM_THE_START,
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.1}],
    },
}


@pytest.mark.slow
def test_means_over_times_that_follow_one_another_do_not_flow_together() -> None:
    """The one has the current up to a quarter of an hour, the other from then on."""
    steps = [
        step("plug_in", 1, "renault-zoe-ze50", 0.509, 20.0),
        step("plug_in", 2, "renault-zoe-ze50", 0.432, 13.0),
        wait(90.0),
        step("present_tag", 2, "TAG2"),
        step("ask", "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": EIGHT}),
        step("present_tag", 1, "TAG1"),
        wait(7.3),
        step("link.silent"),
        wait(60.0),
        step("link.up"),
        wait(900.0),
    ]
    keys = {"MeterValueSampleInterval": 60, "ClockAlignedDataInterval": 900, "ConnectionTimeOut": 0}
    station = {"latency_s": 0.05, "keys": keys, "policies": {"clock_values": "averaged"}, "rated_a": 16.0}
    assert errors(station, {}, steps) == []


@pytest.mark.slow
def test_a_card_that_ends_its_charge_as_the_clock_is_set_back_leaves_nobody_paused() -> None:
    boot = step("ask", "TriggerMessage", {"requestedMessage": "BootNotification"})
    ended = step("present_tag", 2, "TAG1")
    steps = [step("plug_in", 2), wait(900.0), ended, *CHARGE, wait(4878.075), boot, ended, wait(30.0)]
    clock = {"offset_s": 40.0, "drift_ppm": -500.0}
    assert errors({"station_max_a": 20.0, "latency_s": 0.0, "clock": clock}, {}, steps) == []
