"""ChangeAvailability over the wire: at once or after the transaction, one connector or all. Source: 5.2."""

import pytest
from wire import charging, sent, statuses

from evc5.rigs.bench.bench import Bench


def change(bench: Bench, connector: int, kind: str) -> str:
    status: str = bench.call("ChangeAvailability", {"connectorId": connector, "type": kind})["status"]
    bench.advance(1)
    return status


def cut(bench: Bench) -> None:
    bench.power.cut()
    bench.power.restore()
    bench.advance(60)


def test_connector_zero_is_the_station_and_every_connector() -> None:
    bench = Bench()
    assert change(bench, 0, "Inoperative") == "Accepted"
    assert [statuses(bench, n)[-1] for n in (0, 1, 2)] == ["Unavailable"] * 3
    cut(bench)
    assert [statuses(bench, n)[-1] for n in (0, 1, 2)] == ["Unavailable"] * 3
    assert change(bench, 0, "Operative") == "Accepted"
    assert [statuses(bench, n)[-1] for n in (0, 1, 2)] == ["Available"] * 3


def test_of_a_whole_station_a_busy_connector_changes_after_its_transaction() -> None:
    bench = charging(Bench())
    assert change(bench, 0, "Inoperative") == "Scheduled"
    assert [statuses(bench, n)[-1] for n in (0, 1, 2)] == ["Unavailable", "Charging", "Unavailable"]
    bench.unplug(1)
    bench.advance(5)
    assert statuses(bench, 1)[-2:] == ["Finishing", "Unavailable"]


def test_what_was_scheduled_can_be_taken_back() -> None:
    bench = charging(Bench())
    assert (change(bench, 1, "Inoperative"), change(bench, 1, "Operative")) == ("Scheduled", "Accepted")
    bench.unplug(1)
    bench.advance(5)
    assert statuses(bench, 1)[-1] == "Available"


@pytest.mark.parametrize("kind", ["Operative", "Inoperative"])
def test_the_state_that_a_connector_has_already_is_accepted_and_no_news(kind: str) -> None:
    bench = Bench()
    change(bench, 1, kind)
    told = len(sent(bench, "StatusNotification"))
    assert change(bench, 1, kind) == "Accepted"
    assert len(sent(bench, "StatusNotification")) == told


def test_nobody_charges_at_a_connector_out_of_service() -> None:
    bench = Bench(keys={"chg_Ch1Options": "PlugAndCharge=1"})
    change(bench, 1, "Inoperative")
    charging(bench)
    remote = {"connectorId": 1, "idTag": "TAG1"}
    assert bench.call("RemoteStartTransaction", remote) == {"status": "Rejected"}
    bench.advance(60)
    assert sent(bench, "StartTransaction") == [] == sent(bench, "Authorize")
    assert change(bench, 3, "Inoperative") == "Rejected"


def test_who_waits_for_a_car_waits_no_more_at_a_connector_out_of_service() -> None:
    bench = Bench()
    bench.present_tag(1, "TAG1")
    bench.advance(5)
    change(bench, 1, "Inoperative")
    change(bench, 1, "Operative")
    bench.plug_in(1, "vw-id3-58")
    bench.advance(5)
    assert sent(bench, "StartTransaction") == [] and statuses(bench, 1)[-1] == "Preparing"
