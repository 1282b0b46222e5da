"""Cards that list, cable or a spoilt answer make mean something else than what was said of them last."""

from pathlib import Path

import pytest
from foreign import Log, at, found
from healthy import CHARGE, LISTS_ON, SAMPLED, errors, step, wait
from random_days import Step

KEYS = {"LocalAuthListEnabled": True, **LISTS_ON, "UnlockConnectorOnEVSideDisconnect": False}
LISTED = {
    "listVersion": 6,
    "localAuthorizationList": [{"idTag": "TAG1", "idTagInfo": {"status": "Accepted"}}],
    "updateType": "Full",
}


def starts_twice(*listed: dict[str, object]) -> Log:
    """The answer to the first start refuses its card, and half a minute later the card starts another."""
    log = Log()
    for update in listed:
        log.down(10, "SendLocalList", update)
    for id, t in ((7, 60.0), (8, 90.0)):
        start = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": at(t)}
        stop = {"transactionId": id, "meterStop": 0, "timestamp": at(t + 5), "reason": "EVDisconnected"}
        log.status(t - 2, "Preparing")
        log.up(t, "StartTransaction", start, {"transactionId": id, "idTagInfo": {"status": "Blocked"}})
        log.up(t + 5, "StopTransaction", stop)
        log.status(t + 6, "Available")
    return log


def test_a_card_just_refused_starts_again_where_the_local_list_accepts_it(tmp_path: Path) -> None:
    removed = {"listVersion": 7, "localAuthorizationList": [{"idTag": "tag1"}], "updateType": "Differential"}
    assert "authorisation.respected" in found(starts_twice().verdict(tmp_path))
    assert "authorisation.respected" not in found(starts_twice(LISTED).verdict(tmp_path))
    assert "authorisation.respected" in found(starts_twice(LISTED, removed).verdict(tmp_path))


def test_of_two_starts_told_late_the_answer_to_the_last_counts(tmp_path: Path) -> None:
    log = Log()
    for id, t, status in ((7, 60.0, "Invalid"), (8, 90.0, "Accepted")):
        start = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": at(t)}
        stop = {"transactionId": id, "meterStop": 0, "timestamp": at(t + 5), "reason": "EVDisconnected"}
        log.up(200 + id, "StartTransaction", start, {"transactionId": id, "idTagInfo": {"status": status}})
        log.up(200.5 + id, "StopTransaction", stop)
    log.status(215, "Preparing")
    start = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": at(220)}
    log.up(220, "StartTransaction", start, {"transactionId": 9, "idTagInfo": {"status": "Accepted"}})
    assert "authorisation.respected" not in found(log.verdict(tmp_path))


@pytest.mark.slow
def test_a_card_frees_the_cable_that_was_left_at_the_station_and_starts_nothing() -> None:
    steps = [
        step("plug_in", 1, "vw-e-golf-2017", 0.5, 13.0),
        step("present_tag", 1, "TAG1"),
        wait(600.0),
        step("present_tag", 1, "TAG1"),
        step("present_tag", 1, "TAG1"),
        step("unplug", 1),
        step("link.down"),
        wait(30.0),
        step("plug_in", 1, "tesla-model-3-rwd", 0.9, 20.0),
        wait(10.0),
        step("present_tag", 1, "TAG1"),
        wait(300.0),
        step("link.up"),
        wait(5000.0),
    ]
    assert errors({"keys": KEYS}, {"asks_keys": True}, steps) == []


@pytest.mark.slow
def test_an_answer_with_foreign_fields_need_not_bring_back_what_met_silence() -> None:
    foreign = {"idTagInfo": {"status": "Accepted", "vendorSays": 1}}
    steps = [
        step("plug_in", 1, "vw-id3-58", 0.4, 32.0),
        step("present_tag", 1, "TAG1"),
        wait(600.0),
        step("csms.reply", "Authorize", foreign, times=5),
        step("csms.reply", "StopTransaction", silent=True, times=3),
        step("present_tag", 1, "TAG1"),
        wait(39.3),
        step("present_tag", 1, "TAG2"),
        wait(2000.0),
    ]
    assert errors({}, {}, steps) == []


@pytest.mark.slow
def test_a_list_of_which_it_is_told_later_that_it_was_in_use_may_have_held_a_card_shown_before() -> None:
    listed = {**LISTED, "localAuthorizationList": [{"idTag": "TAG3", "idTagInfo": {"status": "Accepted"}}]}
    steps = [step("ask", "SendLocalList", listed), wait(712.5), step("link.down"), wait(30.0)]
    steps += [step("plug_in", 1), wait(10.0), step("present_tag", 1, "TAG3"), wait(300.0), step("link.up")]
    steps += [wait(900.0), step("ask", "GetConfiguration", {}), wait(5400.0)]
    station = {"behaviour": "ocpp16", "latency_s": 0.05, "keys": SAMPLED}
    assert errors(station, {"asks_keys": False}, steps) == []


@pytest.mark.slow
def test_a_contradiction_may_come_just_before_it_is_known_that_the_list_is_in_use() -> None:
    listed = {**LISTED, "localAuthorizationList": [{"idTag": "TAG1", "idTagInfo": {"status": "Blocked"}}]}
    steps = [step("ask", "SendLocalList", listed), CHARGE[0], wait(10.0), CHARGE[1], step("unplug", 1)]
    steps += [step("ask", "GetConfiguration", {}), wait(60.0)]
    assert errors({}, {"asks_keys": False}, steps) == []


def test_an_input_of_which_nobody_told_may_sense_nothing() -> None:
    steps = [wait(725.0), step("inject", "ground-failure", 2), wait(30.0)]
    assert errors({"policies": {"assumed_keys": "as-named"}}, {"asks_keys": False}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("is_released", [False, True])
def test_a_socket_that_is_out_of_service_may_hold_a_cable_for_its_card(is_released: bool) -> None:
    steps = [*CHARGE, wait(60.0)]
    steps += [step("ask", "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}), wait(60.0)]
    steps += [step("unplug", 1), wait(600.0)]
    steps += [step("present_tag", 1, "TAG1"), wait(60.0)] if is_released else []
    assert errors({"behaviour": "ocpp16", "keys": KEYS}, {}, steps) == []


@pytest.mark.slow
def test_a_card_shown_as_a_remote_start_is_refused_may_let_go_of_the_cable() -> None:
    refused = {"transactionId": 1850, "idTagInfo": {"status": "Blocked"}}
    steps = [step("csms.reply", "StartTransaction", refused, times=1), wait(60.0), CHARGE[0]]
    steps += [step("ask", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG1"}), CHARGE[1]]
    steps += [wait(30.0), step("unplug", 1), wait(60.0)]
    assert errors({"behaviour": "ocpp16", "latency_s": 0.0}, {}, steps) == []


@pytest.mark.slow
@pytest.mark.parametrize("last", [step("unplug", 1), step("present_tag", 1, "TAG1")])
def test_a_connector_that_was_taken_out_of_service_does_not_tell_of_its_cable(last: Step) -> None:
    refused = {"transactionId": 1850, "idTagInfo": {"status": "Invalid"}}
    steps = [step("csms.reply", "StartTransaction", refused, times=1), *CHARGE, wait(60.0)]
    steps += [step("ask", "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}), wait(7.0), last]
    assert errors({"behaviour": "ocpp16"}, {}, [*steps, wait(60.0)]) == []


@pytest.mark.slow
@pytest.mark.parametrize("keys", [{}, {"AuthorizationCacheEnabled": True, "LocalPreAuthorize": True}])
@pytest.mark.parametrize("is_asked", [True, False])
def test_a_card_accepted_at_two_connectors_begins_at_both_though_it_is_refused_at_one(
    is_asked: bool, keys: dict[str, bool]
) -> None:
    blocked = {"idTagInfo": {"status": "Blocked"}}
    action, answer = (
        ("Authorize", blocked) if is_asked else ("StartTransaction", {"transactionId": 7, **blocked})
    )
    refused = step("csms.reply", action, answer, times=1)
    steps = [step("present_tag", 2, "TAG1"), wait(20.0)]
    steps += (
        [refused, step("present_tag", 1, "TAG1")] if is_asked else [step("present_tag", 1, "TAG1"), refused]
    )
    steps += [step("plug_in", 1), wait(5.0), step("plug_in", 2), wait(60.0)]
    assert errors({"keys": keys}, {}, steps) == []
