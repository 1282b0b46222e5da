"""The authorisation cache and the local list by themselves: places, expiry, what a memory keeps of them."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from evc5.twin.sessions.id_tags import Cache, LocalList

NOW = 1_704_067_200.0  # 2024-01-01T00:00:00Z
GOOD, BAD = {"status": "Accepted"}, {"status": "Blocked"}
SOON = {"status": "Accepted", "expiryDate": "2024-01-01T00:00:10Z"}


def full(*known: tuple[str, dict[str, str]]) -> Cache:
    cache = Cache(places=3)
    for tag, info in known:
        cache.learn(tag, info, NOW)
    return cache


def known(cache: Cache, now: float = NOW) -> list[str]:
    return [tag for tag in "abcd" if cache.find(tag, now)]


def test_a_full_cache_gives_up_what_is_not_valid_first() -> None:
    cache = full(("a", GOOD), ("b", BAD), ("c", BAD))
    cache.learn("d", GOOD, NOW)
    assert known(cache) == ["a", "d"]


def test_a_full_cache_of_valid_identifiers_gives_up_the_oldest() -> None:
    cache = full(("a", GOOD), ("b", GOOD), ("c", GOOD))
    cache.learn("d", BAD, NOW)
    assert known(cache) == ["b", "c", "d"]


def test_an_identifier_heard_of_again_is_no_longer_the_oldest() -> None:
    cache = full(("a", GOOD), ("b", GOOD), ("c", GOOD))
    cache.learn("A", GOOD, NOW)
    cache.learn("d", GOOD, NOW)
    assert known(cache) == ["a", "c", "d"]


def test_an_expired_identifier_is_not_valid_when_room_is_made() -> None:
    cache = full(("a", GOOD), ("b", SOON), ("c", GOOD))
    cache.learn("d", GOOD, NOW + 10)
    assert known(cache, NOW + 10) == ["a", "c", "d"]


def test_a_valid_identifier_expires_at_its_date_and_stays_so() -> None:
    cache = full(("a", SOON))
    statuses = [(cache.find("a", NOW + t) or {})["status"] for t in (0, 9.9, 10, 0)]
    assert statuses == ["Accepted", "Accepted", "Expired", "Expired"]


def test_a_date_that_is_none_never_expires() -> None:
    cache = full(("a", {"status": "Accepted", "expiryDate": "some day"}))
    assert cache.find("a", NOW * 2) == {"status": "Accepted", "expiryDate": "some day"}


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("abcdefghABC"), st.sampled_from([GOOD, BAD, SOON]))))
def test_a_cache_never_has_more_than_its_places_and_always_the_latest(heard: list) -> None:
    cache = full(*heard)
    assert len(cache) <= 3
    if heard:
        assert cache.find(heard[-1][0], NOW) == heard[-1][1]


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([GOOD, BAD]))))
def test_a_cache_is_the_same_after_it_was_kept(heard: list) -> None:
    cache, again = full(*heard), Cache(places=3)
    again.load(cache.dump())
    assert again.dump() == cache.dump()


def test_a_list_is_the_same_after_it_was_kept() -> None:
    entries = [{"idTag": "Tag", "idTagInfo": GOOD}, {"idTag": "b", "idTagInfo": SOON}]
    request = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
    one, other = LocalList(), LocalList()
    assert one.update(request, 60, 100) == "Accepted"
    other.load(one.dump())
    assert (other.version, other.find("TAG", NOW), other.find("b", NOW + 10)) == (
        3,
        GOOD,
        {**SOON, "status": "Expired"},
    )


def test_a_refused_update_changes_nothing() -> None:
    one = LocalList()
    one.update({"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry("a")]}, 60, 100)
    for request in (
        {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [{"idTag": "x"}]},
        {"listVersion": -2, "updateType": "Full", "localAuthorizationList": [entry("x")]},
        {"listVersion": 2, "updateType": "Differential", "localAuthorizationList": [entry("x"), entry("X")]},
        {"listVersion": 1, "updateType": "Differential", "localAuthorizationList": [entry("x")]},
    ):
        assert one.update(request, 60, 100) in ("Failed", "VersionMismatch")
        assert (one.version, one.tags()) == (1, ("a",))


def entry(tag: str) -> dict[str, object]:
    return {"idTag": tag, "idTagInfo": GOOD}
