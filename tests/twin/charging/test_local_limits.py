"""The station's own keys are part of a composite; a triggered heartbeat sets the clock like any other."""

from datetime import timedelta

from evc5 import Bench


def test_a_limit_written_to_a_channel_shows_in_its_composite():
    bench = Bench()
    bench.call("ChangeConfiguration", {"key": "chg_Mode3Current", "value": "13,0"})
    limits = [
        bench.call("GetCompositeSchedule", {"connectorId": n, "duration": 60})["chargingSchedule"]
        for n in (1, 2)
    ]
    assert [schedule["chargingSchedulePeriod"][0]["limit"] for schedule in limits] == [13.0, 32.0]


def test_a_triggered_heartbeat_sets_the_clock():
    bench = Bench(start="2024-03-01T10:00:00Z", policies={"follow_csms_time": "always"})
    later = (bench.now + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    bench.csms.reply("Heartbeat", {"currentTime": later})
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.advance(1)
    bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})
    bench.advance(1)
    told = list(bench.run_so_far().frames(action="StatusNotification"))[-1]
    assert told.payload["timestamp"].startswith("2024-03-01T11:00")
