"""Arbitration over several limits: never above any of them, never below the minimum, nothing wasted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.twin.connector.limits import Grant, Request, arbitrate

AMPS = st.floats(0, 80, allow_nan=False)


def request(connector, minimum_a=6.0, **caps_a):
    return Request(connector, caps_a, minimum_a)


def test_the_lowest_limit_holds_and_gives_its_name():
    assert arbitrate([request(1, rated=32, cable=20, profile=25)], {"station": (63, 63, 63)}) == {
        1: Grant(20, "cable")
    }


def test_below_the_minimum_is_a_pause_never_rounded_up():
    assert arbitrate([request(1, rated=32, profile=5.9)], {}) == {1: Grant(0.0, "minimum")}


def test_a_limit_of_zero_pauses_by_its_own_name():
    assert arbitrate([request(1, rated=32, profile=0)], {}) == {1: Grant(0.0, "profile")}


def test_what_one_cannot_use_goes_to_the_other():
    grants = arbitrate([request(1, rated=32), request(2, rated=10)], {"station": (40, 40, 40)})
    assert grants == {1: Grant(30, "sharing"), 2: Grant(10, "rated")}


def test_first_come_takes_first():
    grants = arbitrate(
        [request(1, rated=32), request(2, rated=32)], {"station": (40, 40, 40)}, first_come=True
    )
    assert grants == {1: Grant(32, "rated"), 2: Grant(8, "sharing")}


def test_who_cannot_have_the_minimum_pauses_for_the_others():
    grants = arbitrate([request(1, rated=32), request(2, rated=32)], {"station": (10, 10, 10)})
    assert grants == {1: Grant(10, "station"), 2: Grant(0.0, "sharing")}


@pytest.mark.slow
@given(st.lists(st.tuples(AMPS, AMPS), min_size=1, max_size=4), AMPS, st.booleans())
def test_no_grant_breaks_a_limit_or_the_minimum(caps, station_a, first_come):
    requests = [request(n, rated=a, profile=b) for n, (a, b) in enumerate(caps, 1)]
    grants = arbitrate(requests, {"station": (station_a, station_a, station_a)}, first_come)
    assert sum(grant.amps for grant in grants.values()) <= station_a + 1e-6
    for one, (a, b) in zip(requests, caps, strict=True):
        amps = grants[one.connector].amps
        assert amps == 0 or 6.0 - 1e-6 <= amps <= min(a, b) + 1e-9


@pytest.mark.slow
@given(st.lists(AMPS, min_size=1, max_size=4), AMPS)
def test_nobody_is_short_while_current_is_left(caps, station_a):
    requests = [request(n, minimum_a=0.0, rated=cap) for n, cap in enumerate(caps, 1)]
    grants = arbitrate(requests, {"station": (station_a, station_a, station_a)})
    assert sum(grant.amps for grant in grants.values()) == pytest.approx(min(station_a, sum(caps)), abs=1e-6)
