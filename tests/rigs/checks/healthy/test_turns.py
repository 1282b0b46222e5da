"""Two connectors that take turns on one current, as their registers alone tell of it."""

import pytest
from healthy import SIX_FROM_THE_START, errors, step, wait

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
