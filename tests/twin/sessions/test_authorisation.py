"""Who may charge, over the wire: local list before cache before the back office, online and offline."""

from itertools import product
from typing import Any

import pytest
from specification import spec
from wire import charging, frames, sent, statuses, written

from evc5.rigs.bench.bench import Bench

PAST, FUTURE = "2023-12-31T00:00:00Z", "2024-01-02T00:00:00Z"  # the bench begins on 2024-01-01
TAG = "TAG1"
BLOCKED: dict[str, Any] = {"idTagInfo": {"status": "Blocked"}}


def info(status: str, **more: str) -> dict[str, str]:
    return {"status": "Accepted", "expiryDate": PAST} if status == "past" else {"status": status, **more}


def send_list(bench: Bench, version: int, kind: str = "Full", **entries: Any) -> str:
    """SendLocalList's answer; an entry without anything is one to delete."""
    told = [{"idTag": tag, **({"idTagInfo": told} if told else {})} for tag, told in entries.items()]
    request = {"listVersion": version, "updateType": kind, "localAuthorizationList": told}
    answer: str = bench.call("SendLocalList", request)["status"]
    return answer


def version(bench: Bench) -> int:
    number: int = bench.call("GetLocalListVersion")["listVersion"]
    return number


def cached(bench: Bench, tag: str = TAG, **told: str) -> Bench:
    """The bench after the back office has once said something of a tag."""
    bench.csms.reply("Authorize", {"idTagInfo": told})
    bench.present_tag(2, tag)
    bench.advance(1)
    bench.present_tag(2, tag)  # takes it back, where it was accepted
    bench.advance(1)
    bench.csms.reply("Authorize")
    return bench


def knowing(bench: Bench, known: str) -> Bench:
    where, _, status = known.partition(" ")
    if where == "list":
        assert send_list(bench, 1, **{TAG: info(status)}) == "Accepted"
    elif where == "cache":
        cached(bench, **info(status))
    return bench


def both(column: str) -> list[bool]:
    return [True, False] if column == "-" else [column == "true"]


CASES = [
    (
        line["known"],
        line["link"],
        line["outcome"],
        dict(zip(("pre", "offline", "unknown"), flags, strict=True)),
    )
    for line in spec("authorisation")
    for flags in product(both(line["pre"]), both(line["offline"]), both(line["unknown"]))
]


@pytest.mark.parametrize(("known", "link", "outcome", "flags"), CASES)
def test_a_card_starts_is_asked_about_or_refused_as_the_standard_says(
    known: str, link: str, outcome: str, flags: dict[str, bool]
) -> None:
    keys = {
        "AuthorizationCacheEnabled": True,
        "LocalPreAuthorize": flags["pre"],
        "LocalAuthorizeOffline": flags["offline"],
        "AllowOfflineTxForUnknownId": flags["unknown"],
    }
    bench = knowing(Bench(keys=keys), known)
    since = bench.now
    if link == "offline":
        bench.link.down()
    bench.csms.reply("Authorize", {"idTagInfo": {"status": "Invalid"}})
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
    charging(bench)
    bench.link.up()
    bench.advance(60)
    asked, started = len(sent(bench, "Authorize", since)), len(sent(bench, "StartTransaction"))
    assert (asked, started) == {"asks": (1, 0), "starts": (0, 1), "refuses": (0, 0)}[outcome]


# --- the cache ---


@pytest.mark.parametrize("action", ["Authorize", "StartTransaction", "StopTransaction", None])
def test_the_cache_learns_from_every_confirmation_that_tells_of_a_tag(action: str | None) -> None:
    bench = Bench(keys={"AuthorizationCacheEnabled": True, "AllowOfflineTxForUnknownId": True})
    if action is not None:
        bench.csms.reply(action, {"transactionId": 5, **BLOCKED} if action == "StartTransaction" else BLOCKED)
    if action == "StartTransaction":
        bench.csms.reply("StopTransaction", {})
    charging(bench)
    bench.present_tag(1, TAG)
    bench.advance(1)
    bench.link.down()
    charging(bench, 2)
    bench.link.up()
    bench.advance(60)
    offline = [start for start in sent(bench, "StartTransaction") if start["connectorId"] == 2]
    assert len(offline) == (action is None)


def test_what_the_cache_knows_outlives_a_reset_and_a_power_cut() -> None:
    bench = cached(
        Bench(keys={"AuthorizationCacheEnabled": True, "LocalPreAuthorize": True}), status="Accepted"
    )
    bench.call("Reset", {"type": "Hard"})
    bench.advance(120)
    bench.power.cut()
    bench.advance(10)
    bench.power.restore()
    bench.advance(120)
    charging(bench)
    assert len(sent(bench, "Authorize")) == 1 and len(sent(bench, "StartTransaction")) == 1


def test_a_cleared_cache_knows_nobody() -> None:
    bench = cached(Bench(keys={"AuthorizationCacheEnabled": True}), status="Accepted")
    assert bench.call("ClearCache") == {"status": "Accepted"}
    bench.link.down()
    charging(bench)
    bench.link.up()
    bench.advance(60)
    assert sent(bench, "StartTransaction") == []


def test_a_cache_that_is_switched_off_is_not_used() -> None:
    bench = cached(
        Bench(keys={"AuthorizationCacheEnabled": True, "LocalPreAuthorize": True}), status="Accepted"
    )
    written(bench, "AuthorizationCacheEnabled", "false")
    charging(bench)
    assert len(sent(bench, "Authorize")) == 2


def test_an_identifier_of_the_list_is_not_put_into_the_cache() -> None:
    keys = {"AuthorizationCacheEnabled": True, "LocalPreAuthorize": False}
    bench = Bench(keys=keys)
    send_list(bench, 1, TAG1=info("Accepted"))
    cached(bench, status="Accepted")
    send_list(bench, 2, "Full")
    bench.link.down()
    charging(bench)
    bench.link.up()
    bench.advance(60)
    assert sent(bench, "StartTransaction") == []


# --- the list ---


def test_the_list_has_priority_over_the_cache() -> None:
    bench = Bench(keys={"AuthorizationCacheEnabled": True, "AllowOfflineTxForUnknownId": True})
    cached(bench, status="Accepted")
    send_list(bench, 1, TAG1=info("Blocked"))
    bench.link.down()
    charging(bench)
    bench.link.up()
    bench.advance(60)
    assert sent(bench, "StartTransaction") == []


def test_a_list_that_is_switched_off_is_not_used() -> None:
    bench = Bench(keys={"LocalPreAuthorize": True})
    send_list(bench, 1, TAG1=info("Accepted"))
    written(bench, "LocalAuthListEnabled", "false")
    charging(bench)
    assert len(sent(bench, "Authorize")) == 1


@pytest.mark.parametrize(
    ("policy", "answer", "number"), [("NotSupported", "NotSupported", -1), ("kept", "Accepted", 4)]
)
def test_a_list_that_is_switched_off_answers_by_policy(policy: str, answer: str, number: int) -> None:
    bench = Bench(keys={"LocalAuthListEnabled": False}, policies={"list_disabled": policy})
    assert (send_list(bench, 4, TAG1=info("Accepted")), version(bench)) == (answer, number)


def test_a_differential_update_adds_changes_and_deletes() -> None:
    bench = Bench(keys={"LocalPreAuthorize": True})
    assert version(bench) == 0
    assert send_list(bench, 1, OLD=info("Accepted"), GONE=info("Accepted")) == "Accepted"
    assert (
        send_list(bench, 2, "Differential", TAG1=info("Accepted"), OLD=info("Blocked"), GONE=None)
        == "Accepted"
    )
    assert version(bench) == 2
    for tag in ("OLD", "GONE", "TAG1"):
        bench.present_tag(1, tag)
        bench.advance(1)
        bench.present_tag(1, tag)
        bench.advance(1)
    assert [request["idTag"] for request in sent(bench, "Authorize")] == ["OLD", "GONE"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_differential_update_must_have_a_higher_version(number: int) -> None:
    bench = Bench()
    send_list(bench, 2, TAG1=info("Accepted"))
    assert send_list(bench, number, "Differential", OTHER=info("Accepted")) == "VersionMismatch"
    assert version(bench) == 2


def test_a_full_update_may_have_any_version() -> None:
    bench = Bench()
    send_list(bench, 7, TAG1=info("Accepted"))
    assert (send_list(bench, 3, TAG1=info("Accepted")), version(bench)) == ("Accepted", 3)


@pytest.mark.parametrize(("policy", "number"), [("zero", 0), ("sent", 9)])
def test_a_full_update_without_entries_empties_the_list(policy: str, number: int) -> None:
    bench = Bench(policies={"empty_list_version": policy})
    send_list(bench, 8, TAG1=info("Accepted"))
    assert (send_list(bench, 9), version(bench)) == ("Accepted", number)


def test_a_differential_update_without_entries_changes_the_version_only() -> None:
    bench = Bench(keys={"LocalPreAuthorize": True})
    send_list(bench, 1, TAG1=info("Accepted"))
    assert (send_list(bench, 2, "Differential"), version(bench)) == ("Accepted", 2)
    charging(bench)
    assert sent(bench, "Authorize") == []


@pytest.mark.parametrize("number", [0, -1])
def test_versions_with_a_meaning_of_their_own_are_refused(number: int) -> None:
    assert send_list(Bench(), number, TAG1=info("Accepted")) == "Failed"


def test_identifiers_must_be_unique_whatever_their_case() -> None:
    assert send_list(Bench(), 1, TAG1=info("Accepted"), tag1=info("Blocked")) == "Failed"


def test_an_update_may_have_sixty_entries_and_no_more() -> None:
    bench = Bench()
    sixty = {f"TAG{n}": info("Accepted") for n in range(60)}
    assert send_list(bench, 1, **sixty) == "Accepted"
    assert send_list(bench, 2, **sixty, ONE_MORE=info("Accepted")) == "Failed"
    assert version(bench) == 1


def test_the_list_may_have_as_many_entries_as_its_key_says() -> None:
    bench = Bench(keys={"LocalAuthListMaxLength": 70}, allow_overrides=True)
    for number, size in ((1, 60), (2, 10)):
        entries = {f"{number}TAG{n}": info("Accepted") for n in range(size)}
        assert send_list(bench, number, "Differential", **entries) == "Accepted"
    assert send_list(bench, 3, "Differential", ONE_MORE=info("Accepted")) == "Failed"


def test_the_list_outlives_a_reset() -> None:
    bench = Bench(keys={"LocalPreAuthorize": True})
    send_list(bench, 5, TAG1=info("Accepted"))
    bench.call("Reset", {"type": "Soft"})
    bench.advance(120)
    assert version(bench) == 5
    charging(bench)
    assert sent(bench, "Authorize") == []


# --- a list that the back office contradicts, 3.5.2 ---


def conflicts(bench: Bench) -> list[dict[str, Any]]:
    return sent(bench, "StatusNotification", errorCode="LocalListConflict")


@pytest.mark.parametrize(("listed", "answered"), [("Accepted", "Blocked"), ("Blocked", "Accepted")])
def test_a_contradiction_of_the_list_is_told_once_for_connector_zero(listed: str, answered: str) -> None:
    bench = Bench()
    send_list(bench, 1, TAG1=info(listed))
    bench.csms.reply("Authorize", {"idTagInfo": {"status": answered}})
    bench.present_tag(1, TAG)
    bench.advance(5)
    assert [told["connectorId"] for told in conflicts(bench)] == [0]


@pytest.mark.parametrize("answered", ["Accepted", "ConcurrentTx"])
def test_a_valid_identifier_is_no_contradiction(answered: str) -> None:
    bench = Bench()
    send_list(bench, 1, TAG1=info("Accepted"))
    bench.csms.reply("Authorize", {"idTagInfo": {"status": answered}})
    bench.present_tag(1, TAG)
    bench.advance(5)
    assert conflicts(bench) == []


def test_a_start_that_contradicts_the_list_is_told_and_the_list_stays() -> None:
    bench = Bench(keys={"LocalPreAuthorize": True, "StopTransactionOnInvalidId": False})
    send_list(bench, 1, TAG1=info("Accepted"))
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Blocked"}})
    charging(bench)
    assert (len(conflicts(bench)), version(bench)) == (1, 1)
    charging(bench, 2)
    assert sent(bench, "Authorize") == []


# --- who may stop, 3.10 ---


def family(bench: Bench) -> Bench:
    """Everybody is of the same parent, but the stranger."""

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        parent = "NOBODY" if request["idTag"] == "STRANGER" else "HOUSE"
        return {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}

    bench.csms.reply("Authorize", answer)
    bench.csms.reply("StartTransaction", lambda request: {"transactionId": 1, **answer(request)})
    return bench


@pytest.mark.parametrize(("tag", "asked", "stopped"), [("tag1", 1, 1), ("WIFE", 2, 1), ("STRANGER", 2, 0)])
def test_the_same_card_stops_unasked_one_of_the_same_parent_after_asking(
    tag: str, asked: int, stopped: int
) -> None:
    bench = charging(family(Bench()))
    bench.present_tag(1, tag)
    bench.advance(5)
    assert len(sent(bench, "Authorize")) == asked
    assert [(stop["reason"], stop["idTag"]) for stop in sent(bench, "StopTransaction")] == [
        ("Local", tag)
    ] * stopped


def test_a_refused_card_of_the_same_parent_stops_nothing() -> None:
    bench = charging(family(Bench()))
    bench.csms.reply("Authorize", {"idTagInfo": {"status": "Blocked", "parentIdTag": "HOUSE"}})
    bench.present_tag(1, "WIFE")
    bench.advance(5)
    assert sent(bench, "StopTransaction") == []


def test_offline_the_list_tells_who_belongs_together() -> None:
    bench = Bench(keys={"LocalPreAuthorize": True})
    send_list(
        bench, 1, TAG1=info("Accepted", parentIdTag="HOUSE"), WIFE=info("Accepted", parentIdTag="house")
    )
    bench.csms.reply(
        "StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Accepted", "parentIdTag": "HOUSE"}}
    )
    charging(bench)
    bench.link.down()
    bench.present_tag(1, "WIFE")
    bench.advance(5)
    bench.link.up()
    bench.advance(60)
    assert [stop["idTag"] for stop in sent(bench, "StopTransaction")] == ["WIFE"]


# --- a start that the back office refuses, errata 3.17 ---


def test_a_refused_start_keeps_the_cable_for_the_same_card() -> None:
    bench = Bench()
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Blocked"}})
    charging(bench)
    bench.unplug(1)
    bench.present_tag(1, "STRANGER")
    bench.advance(5)
    held = statuses(bench, 1)[-1]
    bench.present_tag(1, TAG)
    bench.advance(5)
    assert (held, statuses(bench, 1)[-1]) == ("Finishing", "Available")
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["DeAuthorized"]


def test_a_start_refused_after_an_outage_stops_what_was_begun_offline() -> None:
    bench = Bench(keys={"AllowOfflineTxForUnknownId": True})
    bench.csms.reply("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Invalid"}})
    bench.link.down()
    charging(bench).advance(600)
    bench.link.up()
    bench.advance(300)
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["DeAuthorized"]


# --- a back office that does not answer ---


@pytest.mark.parametrize("patience_s", [10, 60])
def test_a_card_is_decided_on_by_the_station_when_the_back_office_takes_too_long(patience_s: int) -> None:
    bench = Bench(keys={"com_AuthTimeOut": patience_s, "AllowOfflineTxForUnknownId": True})
    bench.csms.reply("Authorize", silent=True)
    bench.plug_in(1)
    bench.present_tag(1, TAG)
    waits = min(patience_s, 30)  # a CALL is waited for 30 s
    bench.advance(waits - 1)
    before = bench.reading(1)["offered1_a"]
    bench.advance(2)
    assert before == 0 < bench.reading(1)["offered1_a"]


def test_an_answer_that_comes_after_the_station_has_decided_is_learnt_from() -> None:
    keys = {"com_AuthTimeOut": 1, "AuthorizationCacheEnabled": True, "LocalPreAuthorize": True}
    bench = Bench(keys=keys, latency_s=5.0)
    bench.advance(60)
    charging(bench)
    assert sent(bench, "StartTransaction") == []
    bench.present_tag(1, TAG)
    bench.advance(60)
    assert (len(sent(bench, "Authorize")), len(sent(bench, "StartTransaction"))) == (1, 1)


def test_a_card_asked_about_when_the_socket_closes_is_decided_on_offline() -> None:
    bench = Bench(keys={"AllowOfflineTxForUnknownId": True}, latency_s=1.0)
    bench.advance(60)
    bench.plug_in(1)
    bench.present_tag(1, TAG)
    bench.link.down()
    bench.advance(30)
    bench.link.up()
    bench.advance(60)
    assert len(sent(bench, "StartTransaction")) == 1


def test_a_second_card_is_not_looked_at_while_the_first_is_asked_about() -> None:
    bench = Bench(latency_s=2.0)
    bench.advance(60)
    bench.plug_in(1)
    bench.present_tag(1, TAG)
    bench.present_tag(1, "OTHER")
    bench.advance(30)
    assert [start["idTag"] for start in sent(bench, "StartTransaction")] == [TAG]


# --- a remote start, 5.11 ---


@pytest.mark.parametrize(("by_key", "asked"), [(True, 1), (False, 0)])
def test_a_remote_start_asks_as_a_local_card_does_where_the_key_says_so(by_key: bool, asked: int) -> None:
    bench = Bench(behaviour="ocpp16", keys={"AuthorizeRemoteTxRequests": by_key})
    bench.plug_in(1)
    bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": TAG})
    bench.advance(5)
    assert (len(sent(bench, "Authorize")), len(sent(bench, "StartTransaction"))) == (asked, 1)


def test_a_remote_start_without_connector_goes_where_a_car_is() -> None:
    bench = Bench()
    bench.plug_in(2)
    bench.advance(1)
    assert bench.call("RemoteStartTransaction", {"idTag": TAG}) == {"status": "Accepted"}
    bench.advance(5)
    assert [start["connectorId"] for start in sent(bench, "StartTransaction")] == [2]


def test_a_remote_start_is_rejected_where_somebody_charges_or_waits() -> None:
    bench = charging(Bench())
    bench.present_tag(2, "OTHER")
    bench.advance(1)
    for where in ({"connectorId": 1}, {"connectorId": 2}, {"connectorId": 3}, {}):
        assert bench.call("RemoteStartTransaction", {"idTag": TAG, **where}) == {"status": "Rejected"}


def test_only_the_running_transaction_can_be_stopped_remotely() -> None:
    bench = charging(Bench())
    assert bench.call("RemoteStopTransaction", {"transactionId": 99}) == {"status": "Rejected"}
    assert bench.call("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Accepted"}
    bench.advance(1)
    assert bench.call("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Rejected"}
    assert [stop["reason"] for stop in sent(bench, "StopTransaction")] == ["Remote"]


def test_a_card_before_its_cable_is_taken_back_by_the_same_card() -> None:
    bench = Bench()
    bench.present_tag(1, TAG)
    bench.advance(1)
    bench.present_tag(1, "OTHER")
    bench.advance(1)
    bench.present_tag(1, TAG.lower())
    bench.advance(1)
    assert statuses(bench, 1) == ["Available", "Preparing", "Available"]
    assert len([frame for _, frame in frames(bench) if frame[2] == "Authorize"]) == 1
