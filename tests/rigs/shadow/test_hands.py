"""What was done to a charge point, read from its events and from what it said itself."""

from datetime import UTC, datetime, timedelta

from evc5.rigs.recording.reading.frames import Frame
from evc5.rigs.shadow.hands import hands

START = datetime(2024, 3, 1, tzinfo=UTC)


def call(t_s, action, direction="up", **payload):
    at = START + timedelta(seconds=t_s)
    frame = [2, str(t_s), action, payload]
    return Frame(t_s, at, "CP1", direction, "CALL", str(t_s), action, False, frame, None)


def status(t_s, word, connector=1):
    return call(t_s, "StatusNotification", connectorId=connector, errorCode="NoError", status=word)


def event(t_s, name, connector=None, **detail):
    return {"t": t_s, "event": name, "connector": connector, "detail": detail}


def seen(events, frames):
    return [(hand.t_s, hand.event, hand.connector) for hand in hands(events, frames)]


def test_a_car_stands_where_a_connector_is_taken_into_use_until_it_is_free_again():
    words = ["Available", "Preparing", "Charging", "SuspendedEV", "Faulted", "Finishing", "Available"]
    frames = [status(10.0 * n, word) for n, word in enumerate(words)]
    assert seen([], frames) == [(10.0, "plug-in", 1), (60.0, "unplug", 1)]


def test_a_card_is_held_where_its_transaction_then_begins():
    frames = [
        call(5.0, "Authorize", idTag="A"),
        call(6.0, "StartTransaction", connectorId=2, idTag="A"),
        call(900.0, "Authorize", idTag="A"),
        call(901.0, "StopTransaction", transactionId=1, idTag="A"),
    ]
    assert seen([], frames) == [(5.0, "tag", 2), (900.0, "tag", 2)]


def test_a_transaction_that_began_and_ended_without_an_authorize_had_a_card_at_both_ends():
    frames = [
        call(6.0, "StartTransaction", connectorId=1, idTag="A"),
        call(60.0, "StopTransaction", transactionId=1, idTag="A", reason="Local"),
    ]
    assert seen([], frames) == [(6.0, "tag", 1), (60.0, "tag", 1)]


def test_nobody_holds_a_card_where_the_back_office_starts_or_the_cable_is_pulled():
    frames = [
        call(5.0, "RemoteStartTransaction", "down", connectorId=1, idTag="A"),
        call(6.0, "Authorize", idTag="A"),
        call(7.0, "StartTransaction", connectorId=1, idTag="A"),
        call(900.0, "StopTransaction", transactionId=1, idTag="A", reason="EVDisconnected"),
    ]
    assert seen([], frames) == []


def test_where_events_tell_of_cars_and_cards_they_alone_count():
    events = [
        event(1.0, "plug-in", 1, vehicle="x"),
        event(2.0, "tag", 1, id_tag="A"),
        event(9.0, "unplug", 1),
    ]
    frames = [status(3.0, "Preparing"), call(4.0, "Authorize", idTag="A"), status(9.5, "Available")]
    assert seen(events, frames) == [(1.0, "plug-in", 1), (2.0, "tag", 1), (9.0, "unplug", 1)]


def test_a_line_that_a_restart_took_with_it_was_no_fault_of_the_line():
    frames = [call(100.0, "Reset", "down", type="Soft")]
    events = [
        event(10.0, "link-up", kind="dialled in"),
        event(50.0, "link-down", kind="hung up"),
        event(60.0, "link-up", kind="dialled in"),
        event(110.0, "link-down", kind="hung up"),
        event(120.0, "link-up", kind="dialled in"),
        event(900.0, "power-cut"),
        event(901.0, "link-down", kind="hung up"),
        event(960.0, "power-restore"),
        event(2000.0, "link-down", kind="silent"),
    ]
    told = [name for _, name, _ in seen(events, frames)]
    assert told == ["up", "down", "up", "up", "power-cut", "power-restore", "silent"]
