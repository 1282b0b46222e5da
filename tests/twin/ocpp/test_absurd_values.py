"""Times that cannot be, numbers beyond any register: refused or kept in range, recorded, and life goes on."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from wire import charging, frames, sent

from evc5.rigs.bench.bench import Bench

HUGE = [2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 10**30, -1, -(2**31), -(2**63)]
FOLLOWS = {"follow_csms_time": "always"}


def events(bench: Bench, name: str) -> list[dict[str, Any]]:
    recorder = bench.assembly.recorder
    recorder.flush()
    rows = map(json.loads, (recorder.directory / "events.jsonl").read_text().splitlines())
    return [row["detail"] for row in rows if row["event"] == name]


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
     "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "tomorrow", ""],
)  # fmt: skip
def test_a_time_that_cannot_be_is_refused_recorded_and_the_clock_left_alone(text: str) -> None:
    bench = Bench(policies=FOLLOWS)
    bench.csms.reply("Heartbeat", {"currentTime": text}, times=1)
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    charging(bench).advance(86_400)
    assert events(bench, "clock-refused") == [{"currentTime": text}] and events(bench, "clock-set") == []
    for status in sent(bench, "StatusNotification"):
        assert datetime.fromisoformat(status["timestamp"]).year == 2024


@pytest.mark.parametrize(
    "text", ["2000-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2024-06-01T00:00:00+14:00"]
)
def test_any_time_of_this_century_is_adopted(text: str) -> None:
    bench = Bench(policies=FOLLOWS)
    bench.csms.reply("Heartbeat", {"currentTime": text}, times=1)
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.advance(1)
    assert len(events(bench, "clock-set")) == 1
    bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})
    bench.advance(0)
    told = datetime.fromisoformat(sent(bench, "StatusNotification")[-1]["timestamp"])
    assert abs((told - datetime.fromisoformat(text).astimezone(UTC)).total_seconds()) <= 1.001


@pytest.mark.parametrize("interval", HUGE[::2])
@pytest.mark.parametrize("status", ["Accepted", "Pending", "Rejected"])
def test_any_interval_of_a_boot_leaves_a_station_that_lives(status: str, interval: int) -> None:
    bench = Bench(connectors=1)
    answer = {"status": status, "currentTime": "2024-01-01T00:00:00Z", "interval": interval}
    bench.csms.reply("BootNotification", answer, times=1)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(90_000)
    assert bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"]


@pytest.mark.slow
@pytest.mark.parametrize("number", HUGE)
def test_a_transaction_id_beyond_64_bits_is_refused_and_no_table_breaks(number: int) -> None:
    bench = Bench()
    answer = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
    bench.csms.reply("StartTransaction", answer, times=1)
    charging(bench).advance(1200)
    ids = bench.run_so_far().transactions.transaction_id
    assert bench.call("GetLocalListVersion") and all(-(2**63) <= id < 2**63 for id in ids.dropna())
    asked = sent(bench, "StartTransaction")
    assert (len(asked) > 1) == (number > 2**63 - 1)  # refused: asked again


CALLS: dict[str, dict[str, Any]] = {
    "GetCompositeSchedule": {"connectorId": 1, "duration": None},
    "ChangeAvailability": {"connectorId": None, "type": "Inoperative"},
    "UnlockConnector": {"connectorId": None},
    "RemoteStopTransaction": {"transactionId": None},
    "RemoteStartTransaction": {"connectorId": None, "idTag": "X"},
    "SendLocalList": {"listVersion": None, "updateType": "Full"},
    "GetDiagnostics": {"location": "ftp://h/", "retries": None, "retryInterval": None},
    "ClearChargingProfile": {"id": None},
    "TriggerMessage": {"requestedMessage": "MeterValues", "connectorId": None},
}


@pytest.mark.slow
@pytest.mark.parametrize("number", HUGE)
def test_any_number_in_a_call_is_answered(number: int) -> None:
    bench = Bench()
    for action, payload in CALLS.items():
        bench.send_text(json.dumps([2, action, action, payload]).replace("null", str(number)))
        bench.advance(60)
    bench.advance(7200)
    answers = [frame for way, frame in frames(bench) if way == "up" and frame[1] in CALLS]
    assert [frame[1] for frame in answers] == list(CALLS) and {frame[0] for frame in answers} <= {3, 4}
    assert bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_is_a_formation_violation(number: str) -> None:
    bench = Bench()
    bench.send_text('[2,"z","GetCompositeSchedule",{"connectorId":1,"duration":' + number + "}]")
    bench.advance(1)
    (answer,) = [frame for way, frame in frames(bench) if way == "up" and frame[1] == "z"]
    assert answer[:3] == [4, "z", "FormationViolation"]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["duration", "startPeriod", "stackLevel", "chargingProfileId", "recurring"])
def test_any_number_in_a_profile_ends_in_an_answer_and_a_composite(where: str) -> None:
    bench = charging(Bench(connectors=1))
    for n, number in enumerate(HUGE):
        asked = {"connectorId": 1, "csChargingProfiles": profile_with(where, number)}
        bench.send_text(json.dumps([2, f"z{n}", "SetChargingProfile", asked]))
        bench.advance(1)
        for seconds in (600, 400 * 86_400, 2**31 - 1):
            composite = bench.call("GetCompositeSchedule", {"connectorId": 1, "duration": seconds})
            assert composite["status"] in ("Accepted", "Rejected")
    bench.advance(7200)
    answered = [frame for way, frame in frames(bench) if way == "up" and frame[1].startswith("z")]
    assert [frame[0] in (3, 4) for frame in answered] == [True] * len(HUGE)


def profile_with(where: str, number: int) -> dict[str, Any]:
    """A profile of two periods with a number in one of its fields."""
    periods = [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 600, "limit": 8.0}]
    schedule: dict[str, Any] = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    profile: dict[str, Any] = {"chargingProfileId": 1, "stackLevel": 0, "chargingSchedule": schedule}
    profile |= {"chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Absolute"}
    if where == "recurring":
        profile |= {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
        schedule |= {"duration": number, "startSchedule": "2023-12-01T00:00:00Z"}
    else:
        {"duration": schedule, "startPeriod": periods[1]}.get(where, profile)[where] = number
    return profile
