"""Outages over the wire: what is kept, in which order it goes out, what is given up, what is told again."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from wire import charging, frames, sent, statuses

from evc5.rigs.bench.bench import Bench

ENERGY = "Energy.Active.Import.Register"
QUEUED = ("StartTransaction", "MeterValues", "StopTransaction")
OFFLINE = {"AllowOfflineTxForUnknownId": True, "MeterValueSampleInterval": 60}


def calls(bench: Bench, *actions: str, since: datetime | None = None) -> list[tuple[str, dict[str, Any]]]:
    """The station's CALLs of these actions in order, those that got lost included."""
    asked = [frame for way, frame in frames(bench, since) if way == "up" and frame[0] == 2]
    return [(frame[2], frame[3]) for frame in asked if frame[2] in (actions or QUEUED)]


def stamps(bench: Bench) -> list[str]:
    """When the samples told were taken."""
    return [payload["meterValue"][0]["timestamp"][11:19] for payload in sent(bench, "MeterValues")]


# --- the socket is gone ---


def test_what_happened_offline_is_told_in_its_order_with_the_id_it_then_got() -> None:
    bench = Bench(keys=OFFLINE)
    bench.link.down()
    charging(bench).advance(60)
    bench.present_tag(1, "TAG1")
    bench.advance(10)
    assert calls(bench) == []
    bench.link.up()
    bench.advance(200)
    told = calls(bench)
    assert [action for action, _ in told] == [
        "StartTransaction",
        "MeterValues",
        "MeterValues",
        "StopTransaction",
    ]
    assert [payload.get("transactionId") for _, payload in told] == [None, 1, 1, 1]
    assert told[0][1]["timestamp"] == "2024-01-01T00:00:00.000Z"
    assert stamps(bench) == ["00:01:00", "00:02:00"]


def test_two_connectors_offline_keep_the_common_order() -> None:
    bench = Bench(keys={**OFFLINE, "MeterValueSampleInterval": 0})
    bench.link.down()
    charging(bench, 1)
    charging(bench, 2)
    bench.unplug(1)
    bench.advance(10)
    bench.unplug(2)
    bench.advance(10)
    bench.link.up()
    bench.advance(200)
    assert [
        (action, payload.get("transactionId"), payload.get("connectorId")) for action, payload in calls(bench)
    ] == [
        ("StartTransaction", None, 1),
        ("StartTransaction", None, 2),
        ("StopTransaction", 1, None),
        ("StopTransaction", 2, None),
    ]


def test_other_messages_overtake_those_of_transactions() -> None:
    bench = Bench(keys=OFFLINE, latency_s=0.5)
    bench.advance(60)
    bench.link.down()
    charging(bench).advance(3600)
    since = bench.now
    bench.link.up()
    bench.advance(190)
    told = [action for action, _ in calls(bench, *QUEUED, "StatusNotification", since=since)]
    assert told[0] == "StatusNotification" and told[1] == "StartTransaction"


def test_reconnecting_takes_longer_each_time_and_needs_no_boot() -> None:
    bench = Bench()
    link = bench.assembly.link
    tries: list[float] = []
    connect = link.connect
    link.connect = lambda: (tries.append((bench.now - START).total_seconds()), connect())[1]  # type: ignore[method-assign]
    bench.link.down()
    bench.advance(1000)
    bench.link.up()
    bench.advance(200)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == [10, 20, 40, 80, 160, 180, 180, 180, 180]
    assert len(sent(bench, "BootNotification")) == 1


START = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


def test_after_an_outage_only_statuses_that_changed_are_told() -> None:
    bench = Bench()
    before = len(sent(bench, "StatusNotification"))
    bench.link.down()
    bench.advance(30)
    bench.plug_in(2)
    bench.advance(10)
    bench.link.up()
    bench.advance(30)
    news = sent(bench, "StatusNotification")[before:]
    assert [(told["connectorId"], told["status"]) for told in news] == [(2, "Preparing")]


def test_a_status_that_came_and_went_offline_is_not_told() -> None:
    bench = Bench()
    bench.link.down()
    bench.plug_in(2)
    bench.advance(10)
    bench.unplug(2)
    bench.advance(10)
    bench.link.up()
    bench.advance(60)
    assert statuses(bench, 2) == ["Available"]


def test_heartbeats_pause_with_the_socket_and_go_on_after() -> None:
    bench = Bench(keys={"HeartbeatInterval": 60})
    bench.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})
    bench.link.down()
    bench.advance(600)
    bench.link.up()
    since = bench.now
    bench.advance(400)
    assert sent(bench, "Heartbeat", since) and len(sent(bench, "Heartbeat")) == len(
        sent(bench, "Heartbeat", since)
    )


# --- messages do not pass, the socket is open ---


def test_a_silent_network_loses_frames_and_is_no_closed_socket() -> None:
    bench = charging(Bench(keys={"MeterValueSampleInterval": 60}))
    bench.link.silent()
    bench.advance(600)
    assert bench.assembly.link.connected
    bench.link.up()
    bench.advance(400)
    assert stamps(bench)[-1] == "00:17:00" and len(sent(bench, "BootNotification")) == 1
    once = sorted(set(stamps(bench)))
    assert once == [f"00:{minute:02}:00" for minute in range(1, 18)]


def test_a_message_whose_reply_is_lost_is_sent_again_as_it_was() -> None:
    bench = Bench(latency_s=1.0, keys={"MeterValueSampleInterval": 0})
    bench.advance(60)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(2.5)  # Authorize and the status are answered, StartTransaction's answer is on its way
    bench.link.silent()
    bench.advance(10)
    bench.link.up()
    bench.advance(600)
    starts = sent(bench, "StartTransaction")
    assert len(starts) == 2 and starts[0] == starts[1]
    bench.unplug(1)
    bench.advance(10)
    assert [stop["transactionId"] for stop in sent(bench, "StopTransaction")] == [1]


def test_a_status_that_got_lost_is_told_when_the_back_office_is_heard_again() -> None:
    bench = Bench(keys={"HeartbeatInterval": 60})
    bench.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})
    bench.link.silent()
    bench.plug_in(1)
    bench.advance(40)
    bench.link.up()
    bench.advance(120)
    assert statuses(bench, 1)[-1] == "Finishing"


def test_what_still_waited_for_its_turn_when_the_socket_closed_is_told_again() -> None:
    bench = Bench(latency_s=2.0).advance(60)
    bench.plug_in(1)
    bench.plug_in(2)
    bench.advance(1)
    bench.link.down()
    bench.advance(10)
    bench.link.up()
    bench.advance(30)
    assert (statuses(bench, 1)[-1], statuses(bench, 2)[-1]) == ("Preparing", "Preparing")


# --- a back office that refuses ---


@pytest.mark.parametrize(
    ("behaviour", "keys", "expected_s"),
    [
        ("ocpp16", {"TransactionMessageAttempts": 3, "TransactionMessageRetryInterval": 60}, [0, 60, 180]),
        ("ocpp16", {"TransactionMessageAttempts": 1, "TransactionMessageRetryInterval": 60}, [0]),
        (
            "evc5-v32r30",
            {"TransactionMessageAttempts": 3, "TransactionMessageRetryInterval": 60},
            [0, 180, 360, 540, 720],
        ),
    ],
)
def test_a_refused_message_is_repeated_as_the_keys_say_where_they_act(
    behaviour: str, keys: dict[str, int], expected_s: list[int]
) -> None:
    bench = Bench(behaviour=behaviour, keys={**keys, "MeterValueSampleInterval": 0})
    bench.csms.reply("StartTransaction", error="InternalError")
    since = bench.now
    charging(bench).advance(3600)
    bench.unplug(1)
    bench.advance(10)
    sent_s = [when(line) - since for line in raised(bench, "StartTransaction")]
    assert sent_s == [timedelta(seconds=seconds) for seconds in expected_s]
    assert [(stop["transactionId"], stop["reason"]) for stop in sent(bench, "StopTransaction")] == [
        (-1, "EVDisconnected")
    ]


def raised(bench: Bench, action: str) -> list[dict[str, Any]]:
    """The lines of the recording with the station's CALLs of an action."""
    recorder = bench.assembly.recorder
    recorder.flush()
    lines = map(json.loads, (recorder.directory / "messages.jsonl").open(encoding="utf-8"))
    return [line for line in lines if line["dir"] == "up" and line["frame"][2:3] == [action]]


def when(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["at"])


def test_samples_wait_behind_a_start_that_is_repeated_and_get_its_id() -> None:
    bench = Bench(
        behaviour="ocpp16", keys={"MeterValueSampleInterval": 30, "TransactionMessageRetryInterval": 100}
    )
    bench.csms.reply("StartTransaction", error="InternalError", times=1)
    charging(bench).advance(90)
    assert [action for action, _ in calls(bench)][:3] == [
        "StartTransaction",
        "StartTransaction",
        "MeterValues",
    ]
    assert {values["transactionId"] for values in sent(bench, "MeterValues")} == {1}


# --- a full store ---


@pytest.mark.parametrize("limit", [10, 25])
def test_a_full_store_gives_up_the_oldest_samples_and_no_start_or_stop(limit: int) -> None:
    bench = Bench(keys=OFFLINE, queue_limit=limit)
    bench.link.down()
    charging(bench).advance(60 * 60 - 60)
    bench.present_tag(1, "TAG1")
    bench.advance(10)
    bench.link.up()
    bench.advance(600)
    told = [action for action, _ in calls(bench)]
    assert told == ["StartTransaction", *["MeterValues"] * (limit - 2), "StopTransaction"]
    assert stamps(bench)[-1] == "01:00:00"  # the newest are there
    assert stamps(bench)[0] == f"00:{60 - (limit - 3):02}:00"


def test_a_store_full_of_starts_and_stops_keeps_them_all() -> None:
    bench = Bench(keys={**OFFLINE, "MeterValueSampleInterval": 0}, queue_limit=10)
    bench.link.down()
    for _ in range(12):
        charging(bench)
        bench.unplug(1)
        bench.advance(10)
    bench.link.up()
    bench.advance(600)
    assert [action for action, _ in calls(bench)] == ["StartTransaction", "StopTransaction"] * 12


def test_block_lg_full_lets_nobody_begin_while_the_store_is_full() -> None:
    bench = Bench(keys={**OFFLINE, "com_Options": "blockLgFull=1"}, queue_limit=10)
    bench.link.down()
    charging(bench).advance(3600)
    charging(bench, 2)
    assert bench.reading(2)["offered1_a"] == 0.0


# --- the cable, 4.10 ---


def test_a_cable_pulled_on_the_cars_side_stays_locked_while_the_transaction_goes_on() -> None:
    bench = charging(Bench(keys={"StopTransactionOnEVSideDisconnect": False}))
    bench.unplug(1)
    bench.advance(10)
    [last] = sent(bench, "StatusNotification", connectorId=1)[-1:]
    assert (last["status"], last["errorCode"], last["info"]) == (
        "SuspendedEV",
        "NoError",
        "EV side disconnected",
    )
    assert bench.assembly.world.outlet(1).cable_a == 32.0
    bench.plug_in(1, soc=0.3)
    bench.advance(60)
    assert statuses(bench, 1)[-1] == "Charging" and len(sent(bench, "StartTransaction")) == 1
    bench.unplug(1)
    bench.advance(5)
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    assert bench.assembly.world.outlet(1).cable_a is None
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["Local"]


@pytest.mark.parametrize(("unlocks", "status"), [(True, "Available"), (False, "Finishing")])
def test_after_a_stop_by_the_cars_side_the_cable_is_let_go_as_its_key_says(
    unlocks: bool, status: str
) -> None:
    bench = charging(Bench(keys={"UnlockConnectorOnEVSideDisconnect": unlocks}))
    bench.unplug(1)
    bench.advance(10)
    told = sent(bench, "StatusNotification", connectorId=1)
    assert told[-1]["status"] == status
    assert any(one["status"] == "Finishing" and one.get("info") == "EV side disconnected" for one in told)
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    assert statuses(bench, 1)[-1] == ("Available" if not unlocks else "Preparing")


def test_unlocking_ends_the_transaction_and_lets_go_of_the_cable() -> None:
    bench = charging(Bench(keys={"StopTransactionOnEVSideDisconnect": False}))
    bench.unplug(1)
    bench.advance(10)
    assert bench.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
    bench.advance(5)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["UnlockCommand"]
    assert statuses(bench, 1)[-1] == "Available" and bench.assembly.world.outlet(1).cable_a is None


def test_a_lock_that_jams_cannot_be_unlocked() -> None:
    bench = Bench()
    bench.inject("lock-failure", 1)
    assert bench.call("UnlockConnector", {"connectorId": 1}) == {"status": "UnlockFailed"}
    assert bench.call("UnlockConnector", {"connectorId": 3}) == {"status": "NotSupported"}


# --- reset, 5.14 ---


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_reset_stops_what_runs_first_and_boots_anew(kind: str) -> None:
    bench = charging(Bench(latency_s=0.5).advance(60))
    assert bench.call("Reset", {"type": kind}) == {"status": "Accepted"}
    bench.advance(120)
    actions = [action for action, _ in calls(bench, "StopTransaction", "BootNotification")]
    assert actions == ["BootNotification", "StopTransaction", "BootNotification"]
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == [f"{kind}Reset"]


def test_a_soft_reset_waits_for_its_stop_to_be_delivered() -> None:
    bench = charging(Bench(behaviour="ocpp16", keys={"TransactionMessageRetryInterval": 5}))
    bench.csms.reply("StopTransaction", error="InternalError", times=2)
    bench.call("Reset", {"type": "Soft"})
    bench.advance(60)
    actions = [action for action, _ in calls(bench, "StopTransaction", "BootNotification")]
    assert actions == ["BootNotification", *["StopTransaction"] * 3, "BootNotification"]


def test_a_soft_reset_waits_for_meter_values_no_longer_than_for_a_stop() -> None:
    keys = {"ClockAlignedDataInterval": 60, "MeterValuesAlignedData": "Energy.Active.Import.Register"}
    bench = Bench(latency_s=0.5, keys=keys, start="2024-03-01T10:00:30Z")
    bench.advance(60 - bench.now.second)
    bench.call("Reset", {"type": "Soft"})  # while the values of both connectors are on their way
    bench.advance(15)
    actions = [action for action, _ in calls(bench, "MeterValues", "BootNotification")]
    assert actions == ["BootNotification", "MeterValues", "MeterValues", "BootNotification"]


def test_a_reset_offline_keeps_the_stop_for_later() -> None:
    bench = charging(Bench(latency_s=0.5).advance(60))
    bench.csms.reply("StopTransaction", silent=True)
    bench.call("Reset", {"type": "Soft"})
    bench.advance(20)
    bench.csms.reply("StopTransaction")
    bench.advance(300)
    stops = sent(bench, "StopTransaction")
    assert len(stops) == 2 and stops[0] == stops[1]


def test_nothing_begins_between_a_reset_and_the_boot() -> None:
    bench = Bench(latency_s=0.5)
    bench.advance(60)
    bench.plug_in(1)
    bench.call("Reset", {"type": "Hard"})
    bench.present_tag(1, "TAG1")
    bench.advance(10)
    bench.present_tag(1, "TAG1")
    bench.advance(10)
    assert sent(bench, "StartTransaction") == [] == sent(bench, "Authorize")


def test_a_car_that_comes_while_a_reset_is_under_way_waits_for_the_boot() -> None:
    bench = Bench(keys={"chg_Ch1Options": "PlugAndCharge=1"})
    bench.call("Reset", {"type": "Soft"})
    bench.plug_in(1)
    bench.advance(60)
    actions = [
        action for action, _ in calls(bench, "StartTransaction", "StopTransaction", "BootNotification")
    ]
    assert actions == ["BootNotification", "BootNotification", "StartTransaction"]


def test_a_card_that_waited_for_its_cable_is_forgotten_by_a_reset() -> None:
    bench = Bench()
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(60)
    charged_after(bench, 0)


def test_a_card_that_waited_for_its_cable_is_sent_away_when_the_connector_goes_out_of_service() -> None:
    bench = Bench()
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    for kind in ("Inoperative", "Operative"):
        assert bench.call("ChangeAvailability", {"connectorId": 1, "type": kind}) == {"status": "Accepted"}
        bench.advance(1)
    assert statuses(bench, 1)[-2:] == ["Unavailable", "Available"]
    charged_after(bench, 0)


def charged_after(bench: Bench, transactions: int) -> None:
    """Plug in without a card."""
    bench.plug_in(1)
    bench.advance(30)
    assert len(sent(bench, "StartTransaction")) == transactions


# --- boot, 4.2 ---


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_a_station_that_is_not_accepted_waits_its_interval_even_over_a_reconnect(status: str) -> None:
    bench = Bench()
    answer = {"status": status, "currentTime": "2024-01-01T00:00:00Z", "interval": 300}
    bench.csms.reply("BootNotification", answer)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(60)
    bench.link.down()
    bench.link.up()
    bench.advance(200)
    assert len(sent(bench, "BootNotification")) == 2
    bench.advance(100)
    assert len(sent(bench, "BootNotification")) == 3


def test_a_pending_station_answers_but_sends_nothing_unasked_and_starts_nothing() -> None:
    bench = Bench()
    answer = {"status": "Pending", "currentTime": "2024-01-01T00:00:00Z", "interval": 300}
    bench.csms.reply("BootNotification", answer)
    bench.call("Reset", {"type": "Hard"})
    bench.advance(60)
    since = bench.now
    assert bench.call("GetConfiguration")["configurationKey"]
    assert bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}) == {"status": "Rejected"}
    bench.plug_in(1)
    bench.advance(100)
    assert [frame[2] for way, frame in frames(bench, since) if way == "up" and frame[0] == 2] == []
    bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})
    bench.advance(1)
    assert len(sent(bench, "StatusNotification", since)) == 1
