"""numberPhases in a charging profile: seen in the current where the hardware can switch, else not."""

import pytest

from rigs import Bench


def profile(limit, **period):
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit, **period}],
    }
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        },
    }


def charging(**station):
    bench = Bench(start="2024-03-01T10:00:00Z", **station)
    bench.plug_in(1, "vw-id3-58", soc=0.3)
    bench.present_tag(1, "TAG1")
    return bench.advance(60)


def currents(bench):
    row = bench.reading(1)
    return [row["i1_a"], row["i2_a"], row["i3_a"]]


def test_one_phase_is_asked_for_and_one_phase_flows():
    bench = charging(phase_switching=True)
    assert bench.call("SetChargingProfile", profile(16.0, numberPhases=1)) == {"status": "Accepted"}
    bench.advance(60)
    now = currents(bench)
    assert now[0] == pytest.approx(15.7, abs=0.5) and now[1:] == [0.0, 0.0]
    assert bench.reading(1)["phases"] == 1
    bench.call("ClearChargingProfile", {"id": 1})
    bench.advance(500)
    assert currents(bench)[1] == 0.0  # not so soon after the last change
    bench.advance(120)
    assert min(currents(bench)) > 15.0


def test_while_the_phases_change_the_evse_suspends():
    bench = charging(phase_switching=True)
    bench.call("SetChargingProfile", profile(16.0, numberPhases=1))
    bench.advance(8)
    assert bench.reading(1)["status"] == "SuspendedEVSE" and max(currents(bench)) < 0.1


def test_without_the_relays_the_limit_holds_on_every_phase():
    bench = charging()
    keys = bench.call("GetConfiguration", {"key": ["ConnectorSwitch3to1PhaseSupported"]})["configurationKey"]
    assert keys[0]["value"] == "false"
    bench.call("SetChargingProfile", profile(10.0, numberPhases=1))
    bench.advance(60)
    assert all(amps == pytest.approx(9.9, abs=0.5) for amps in currents(bench))
