"""A lock that fails at the start, power that fails before the end, and a card that nobody looks at."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from evc5 import Bench
from evc5.models.faults import Fault

START = datetime.fromisoformat("2024-03-01T10:00:00+00:00")


def sent(bench: Bench, action: str) -> list[dict[str, Any]]:
    frames = bench.run_so_far().frames(action)
    return [frame.payload for frame in frames if frame.kind == "CALL"]


def statuses(bench: Bench, connector: int = 1) -> list[tuple[str, str]]:
    told = sent(bench, "StatusNotification")
    return [(one["status"], one["errorCode"]) for one in told if one["connectorId"] == connector]


@pytest.mark.slow
@pytest.mark.parametrize("keys", [{}, {"chg_Ch1Options": "PlugAndCharge=1"}], ids=["card", "plug and charge"])
def test_where_the_lock_fails_no_transaction_starts(keys: dict[str, str]) -> None:
    bench = Bench(start=START, keys=keys)
    bench.inject(Fault.LOCK, 1)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(30)
    assert sent(bench, "StartTransaction") == []
    assert statuses(bench)[-1] == ("Faulted", "ConnectorLockFailure")
    assert bench.reading(1)["offered1_a"] == 0.0
    bench.clear(Fault.LOCK, 1)
    bench.advance(30)
    assert len(sent(bench, "StartTransaction")) == 1, "the lock moves again, and the session begins"
    assert bench.reading(1)["status"] == "Charging"


def test_a_lock_that_failed_holds_nothing_once_the_car_has_left() -> None:
    bench = Bench(start=START)
    bench.inject(Fault.LOCK, 1)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(10)
    bench.unplug(1)
    bench.advance(120)
    assert statuses(bench)[-1] == ("Available", "NoError")
    assert sent(bench, "StartTransaction") == []


def test_a_cable_that_a_failing_lock_lets_go_is_kept_for_nobody_any_more() -> None:
    bench = Bench(start=START)
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Invalid"}}, times=1)
    bench.plug_in(1)
    bench.present_tag(1, "TAG2")
    bench.advance(30)
    bench.unplug(1)  # at the car: the lock holds the other end for TAG2
    bench.advance(1)
    bench.inject(Fault.LOCK, 1)
    bench.advance(1)
    bench.clear(Fault.LOCK, 1)
    bench.advance(60)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(30)
    assert [start["idTag"] for start in sent(bench, "StartTransaction")] == ["TAG2", "TAG1"]


def an_hour_without_power(**station: Any) -> Bench:
    bench = Bench(start=START, **station)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(600)
    bench.power.cut()
    bench.advance(3600)
    bench.power.restore()
    return bench.advance(60)


@pytest.mark.slow
def test_a_transaction_that_lost_its_power_ended_when_it_did() -> None:
    bench = an_hour_without_power()
    [stop] = sent(bench, "StopTransaction")
    assert stop["reason"] == "PowerLoss"
    assert datetime.fromisoformat(stop["timestamp"]) == START + timedelta(seconds=600)
    assert statuses(bench)[-1] == ("Finishing", "NoError")
    bench.advance(600)
    assert statuses(bench)[-1] == ("Finishing", "NoError"), "until the cable is out (7.7)"
    bench.unplug(1)
    bench.advance(1)
    assert statuses(bench)[-1] == ("Available", "NoError")


def test_by_policy_the_stop_is_of_the_boot_and_the_connector_prepares() -> None:
    bench = an_hour_without_power(policies={"after_power_loss": "preparing"})
    [stop] = sent(bench, "StopTransaction")
    assert datetime.fromisoformat(stop["timestamp"]) >= START + timedelta(seconds=4200)
    assert statuses(bench)[-1] == ("Preparing", "NoError")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Hard", "Soft"])
def test_after_a_reset_a_cable_that_had_its_transaction_is_finishing(kind: str) -> None:
    bench = Bench(start=START, keys={"chg_Ch1Options": "PlugAndCharge=1"})
    bench.plug_in(1)
    bench.advance(60)
    bench.call("Reset", {"type": kind})
    bench.advance(120)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == [f"{kind}Reset"]
    assert statuses(bench)[-1] == ("Finishing", "NoError")
    assert len(sent(bench, "StartTransaction")) == 1
    bench.unplug(1)
    bench.advance(5)
    bench.plug_in(1)
    bench.advance(30)
    assert len(sent(bench, "StartTransaction")) == 2


def test_after_a_boot_a_cable_that_has_not_charged_yet_prepares() -> None:
    bench = Bench(start=START, keys={"ConnectionTimeOut": 600})
    bench.plug_in(1)
    bench.advance(10)
    bench.power.cut()
    bench.power.restore()
    bench.advance(60)
    assert statuses(bench)[-1] == ("Preparing", "NoError")


def test_a_card_held_up_while_another_is_asked_about_leaves_a_trace() -> None:
    bench = Bench(start=START, latency_s=2.0)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(1)
    bench.present_tag(1, "TAG2")
    bench.advance(60)
    events = bench.run_so_far().events
    tags = [row["detail"] for row in events.to_dict("records") if row["event"] == "tag"]
    assert [tag.get("ignored", "") for tag in tags] == ["", "card TAG1 is being asked about"]
    bench.call("GetDiagnostics", {"location": "ftp://files.example/"})
    bench.advance(60)
    [log] = bench.files.values()
    assert b"1 card TAG2 ignored: card TAG1 is being asked about" in log


def test_a_connector_with_a_cable_in_is_never_told_to_be_available_on_its_way() -> None:
    """4.9 has no way from Preparing to Unavailable: it leads over Finishing while the cable is in."""
    bench = Bench(start=START)
    bench.plug_in(1)
    bench.advance(10)
    bench.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    bench.advance(10)
    assert [status for status, _ in statuses(bench)] == ["Available", "Preparing", "Finishing", "Unavailable"]
