"""numberPhases in a charging profile: seen in the current where the hardware can switch, else not."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from evc5 import Bench
from evc5.models.timeline import Timeline
from evc5.models.vehicles import presets
from evc5.twin.connector.phase_switch import PhaseSwitch, phases_for_watts


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


def charging(car="vw-id3-58", **station):
    bench = Bench(start="2024-03-01T10:00:00Z", **station)
    bench.plug_in(1, car, soc=0.3)
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


@pytest.mark.parametrize("connector", [1, 2])
def test_a_profile_of_a_transaction_that_the_mains_ended_moves_no_relays_when_they_are_back(connector):
    bench = Bench(start="2024-03-01T10:00:00Z", phase_switching=True)
    bench.plug_in(connector, "vw-id3-58", soc=0.3)
    bench.present_tag(connector, "TAG1")
    bench.advance(60)
    once = profile(16.0, numberPhases=1) | {"connectorId": connector}
    once["csChargingProfiles"]["chargingProfilePurpose"] = "TxProfile"
    once["csChargingProfiles"]["chargingSchedule"]["startSchedule"] = "2024-03-01T10:05:00Z"
    assert bench.call("SetChargingProfile", once) == {"status": "Accepted"}
    bench.power.cut()
    bench.advance(600)
    bench.power.restore()
    bench.advance(60)
    bench.present_tag(connector, "TAG1")
    bench.advance(60)
    row = bench.reading(connector)
    assert min(row["i1_a"], row["i2_a"], row["i3_a"]) > 15.0


def test_between_two_changes_are_ten_minutes_before_it_goes_up():
    timeline, moved = Timeline(), []
    outlet = SimpleNamespace(spec=SimpleNamespace(phases=3), hold_pilot=lambda _: None)

    def changed():
        moved.append((timeline.now, switch.phases))
        switch.want(3)  # at once, if that were allowed

    switch = PhaseSwitch(timeline, outlet, changed)
    switch.supported = True
    switch.want(1)
    timeline.advance(1000.0)
    assert moved == [(10.0, 1), (610.0, 1), (620.0, 3)]  # one phase, the time over, three after the pause


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


def peak(bench, seconds):
    """The highest current on each phase over a while, by the second."""
    highest = [0.0, 0.0, 0.0]
    for _ in range(seconds):
        bench.advance(1)
        highest = [max(pair) for pair in zip(highest, currents(bench), strict=True)]
    return highest


def test_three_to_one_under_a_limit_lets_no_more_through_on_the_one():
    """EVerest #1060: 16 A on three phases became more than 16 A on one."""
    zoe = charging("renault-zoe-ze50", phase_switching=True)
    zoe.call("SetChargingProfile", profile(16.0, numberPhases=3))
    zoe.advance(15)
    zoe.call("SetChargingProfile", profile(16.0, numberPhases=1))
    assert max(peak(zoe, 60)) <= 16.5


@pytest.mark.slow
def test_a_power_waits_on_one_phase_without_loading_it_above_the_rating():
    """EVerest #1038: a power meant for three phases was put on one while it waited to switch, and tripped."""
    station = {"phase_switching": True, "rated_a": 16.0, "policies": {"watts_to_amps": "phases-in-use"}}
    one = charging("renault-zoe-ze50", **station)
    watts = profile(3000.0)
    watts["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] = "W"
    one.call("SetChargingProfile", watts)
    one.advance(60)
    assert currents(one)[0] == pytest.approx(3000 / 230, abs=0.7) and currents(one)[1] == 0.0
    watts["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] = 11_000.0
    one.call("SetChargingProfile", watts)
    assert max(peak(one, 120)) <= 16.5  # 11 kW would be 48 A
    one.advance(600)
    assert min(currents(one)) > 14.0


def test_watts_ask_for_three_phases_above_4400_and_for_one_below_4200():
    assert [phases_for_watts(watts, 1) for watts in (4300, 4400, 4401)] == [1, 1, 3]
    assert [phases_for_watts(watts, 3) for watts in (4300, 4200, 4199)] == [3, 3, 1]


def test_no_contactor_breaks_a_current_when_the_phases_change():
    bench = charging(phase_switching=True)
    bench.call("SetChargingProfile", profile(16.0, numberPhases=1))
    bench.advance(60)
    assert bench.assembly.world.outlet(1).openings_under_load == 0


def test_a_car_that_ignores_the_stop_is_switched_off_under_load_after_six_seconds():
    stubborn = replace(presets()["vw-id3-58"], id="stubborn", stops_without_pwm=False)
    bench = charging(stubborn, phase_switching=True)
    bench.call("SetChargingProfile", profile(16.0, numberPhases=1))
    bench.advance(5.9)
    assert bench.reading(1)["phases"] == 3
    bench.advance(0.2)
    assert (bench.reading(1)["phases"], bench.assembly.world.outlet(1).openings_under_load) == (0, 1)


@pytest.mark.parametrize(("interrupt_s", "resumes"), [(0.0, False), (4.0, True)])
def test_a_car_that_would_not_resume_does_so_after_its_pilot_was_interrupted(interrupt_s, resumes):
    shy = replace(presets()["vw-id3-58"], id="shy", resumes_after_phase_change=False)
    bench = charging(shy, phase_switching=True, phase_switch_interrupt_s=interrupt_s)
    bench.call("SetChargingProfile", profile(16.0, numberPhases=1))
    bench.advance(60)
    assert (currents(bench)[0] > 14.0) is resumes
