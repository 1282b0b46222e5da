"""Sharing among outlets and with the house, phase by phase."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evc5.models.sharing import Want, installation_room_a, share, turn

ROOM = (32.0, 32.0, 32.0)


def test_two_that_want_all_get_half_each():
    assert share([Want(1, 32.0), Want(2, 32.0)], ROOM) == {1: 16.0, 2: 16.0}


def test_what_one_leaves_the_other_gets():
    assert share([Want(1, 10.0), Want(2, 32.0)], ROOM) == {1: 10.0, 2: 22.0}


def test_first_come_takes_all_it_wants():
    assert share([Want(2, 20.0), Want(1, 32.0)], ROOM, first_come=True) == {2: 20.0, 1: 12.0}


@pytest.mark.parametrize("first_come", [False, True])
def test_with_room_for_all_each_gets_its_limit_to_the_bit(first_come):
    wants = [Want(1, 6.1), Want(2, 29.3), Want(3, 5.0)]
    assert share(wants, (6.1 + 29.3, 63.0, 63.0), first_come=first_come) == {1: 6.1, 2: 29.3, 3: 0.0}


def test_who_cannot_have_its_minimum_pauses_and_is_not_rounded_up():
    assert share([Want(1, 32.0), Want(2, 32.0)], (11.0, 11.0, 11.0)) == {1: 11.0, 2: 0.0}
    assert share([Want(1, 5.0)], ROOM) == {1: 0.0}


def test_they_take_turns():
    wants, room = [Want(1, 32.0), Want(2, 32.0)], (11.0, 11.0, 11.0)
    assert [share(wants, room, turn=turn(t))[1] for t in (0.0, 899.9, 900.0, 1800.0)] == [
        11.0,
        11.0,
        0.0,
        11.0,
    ]


def test_single_phase_cars_on_different_phases_do_not_share():
    wants = [Want(1, 32.0, phases=(1,)), Want(2, 32.0, phases=(2,))]
    assert share(wants, (20.0, 25.0, 0.0)) == {1: 20.0, 2: 25.0}


@pytest.mark.parametrize("first_come", [False, True])
@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_car_has_what_its_own_phase_has(phase, first_come):
    room = tuple(10.0 if n == phase else 32.0 for n in (1, 2, 3))
    for phases, amps in (((phase,), 10.0), ((phase % 3 + 1,), 20.0), ((1, 2, 3), 10.0)):
        assert share([Want(1, 20.0, phases=phases)], room, first_come=first_come) == {1: amps}


def test_a_three_phase_car_gets_what_its_fullest_phase_leaves():
    wants = [Want(1, 32.0), Want(2, 32.0, phases=(1,))]
    assert share(wants, (24.0, 32.0, 32.0)) == {1: 12.0, 2: 12.0}
    assert share(wants, (40.0, 15.0, 32.0)) == {1: 15.0, 2: 25.0}


want = st.builds(
    Want,
    connector=st.integers(1, 6),
    limit_a=st.floats(0.0, 63.0),
    minimum_a=st.sampled_from([6.0, 8.0, 10.0]),
    phases=st.sampled_from([(1, 2, 3), (1,), (2,), (3,), (1, 2)]),
)
rooms = st.tuples(*[st.floats(0.0, 80.0)] * 3)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(want, max_size=6, unique_by=lambda w: w.connector), rooms, st.booleans(), st.integers(0, 9))
def test_no_phase_is_above_its_room_and_none_between_0_and_its_minimum(wants, room, first_come, whose):
    got = share(wants, room, first_come=first_come, turn=whose)
    for phase in (1, 2, 3):
        assert sum(got[w.connector] for w in wants if phase in w.phases) <= room[phase - 1] + 1e-6
    for w in wants:
        assert got[w.connector] == 0.0 or w.minimum_a - 1e-6 <= got[w.connector] <= w.limit_a + 1e-6


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(want, min_size=1, max_size=6, unique_by=lambda w: w.connector), rooms, st.integers(0, 9))
def test_nobody_runs_below_its_limit_while_all_its_phases_have_room(wants, room, whose):
    got = share(wants, room, turn=whose)
    left = [room[n] - sum(got[w.connector] for w in wants if n + 1 in w.phases) for n in range(3)]
    for w in wants:
        if 0.0 < got[w.connector] < w.limit_a - 1e-6:
            assert min(left[n - 1] for n in w.phases) <= 1e-6


def test_the_house_comes_first_on_each_phase():
    room = installation_room_a(40.0, (30.0, 21.0, 55.0), own_a=(16.0, 16.0, 10.0), offset_a=1.0)
    assert room == (25.0, 34.0, 0.0)


def test_without_the_third_meter_the_safe_current_holds():
    assert installation_room_a(40.0, None, (16.0,) * 3, safe_a=10.0) == (10.0, 10.0, 10.0)


def test_a_limit_that_is_the_minimum_is_enough():
    assert share([Want(1, 6.0, minimum_a=6.0)], ROOM) == {1: 6.0}


def test_first_come_leaves_the_next_what_is_left_on_its_own_phases():
    wants = [Want(1, 20.0, phases=(1,)), Want(2, 32.0, phases=(2,)), Want(3, 32.0, phases=(1, 3))]
    assert share(wants, (30.0, 25.0, 32.0), first_come=True) == {1: 20.0, 2: 25.0, 3: 10.0}


def test_who_rises_in_steps_stops_at_its_own_limit():
    wants = [Want(1, 8.0), Want(2, 12.0), Want(3, 32.0)]
    assert share(wants, (60.0, 60.0, 60.0)) == {1: 8.0, 2: 12.0, 3: 32.0}


def test_what_is_left_of_less_than_an_ampere_is_shared_and_not_exceeded():
    wants = [Want(n, 10.0, minimum_a=0.0) for n in (1, 2)]
    assert share(wants, (0.5, 32.0, 32.0)) == {1: 0.25, 2: 0.25}
    assert share(wants, (-1.0, 32.0, 32.0)) == {1: 0.0, 2: 0.0}


def test_a_connection_without_offset_and_safe_current_corrects_nothing_and_has_nothing_to_fall_back_to():
    assert installation_room_a(40.0, (30.0, 50.0, 10.0), own_a=(5.0, 0.0, 0.0)) == (15.0, 0.0, 30.0)
    assert installation_room_a(40.0, None, own_a=(5.0, 0.0, 0.0)) == (0.0, 0.0, 0.0)
