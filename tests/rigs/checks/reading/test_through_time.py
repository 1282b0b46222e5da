"""What changes now and then: many instants answered at once as each would be by itself."""

import numpy as np
import pytest

from evc5.rigs.checks.reading.through_time import in_force, in_order, latest, run_by_run, within
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, Stretches

INSTANTS = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 4.0, 9.0])


def stretches(*spans: tuple[float, float]) -> Stretches:
    made = Stretches()
    for begin, end in spans:
        made.open(begin)
        made.close(end)
    return made


def test_a_value_holds_from_its_instant_on_and_the_first_before_it() -> None:
    assert in_force(INSTANTS, [1.0, 3.0, 3.5], [10.0, 30.0, 35.0]).tolist() == [10, 10, 10, 10, 30, 35, 35]


def test_of_values_that_begin_together_the_last_holds() -> None:
    assert in_force(INSTANTS, [0.0, 2.0, 2.0], [1.0, 2.0, 3.0]).tolist() == [1, 1, 1, 3, 3, 3, 3]


def test_the_only_value_holds_throughout() -> None:
    assert in_force(INSTANTS, [5.0], [7.0]).tolist() == [7] * 7


def test_the_last_of_some_times_is_found_and_none_before_the_first() -> None:
    assert latest(INSTANTS, [1.0, 2.5, 20.0]).tolist() == [-np.inf, 1, 1, 1, 2.5, 2.5, 2.5]
    assert latest(INSTANTS[4:], [1.0, 2.5]).tolist() == [2.5] * 3
    assert latest(INSTANTS, []).tolist() == [-np.inf] * 7


def test_the_begin_of_a_span_lies_within_and_its_end_does_not() -> None:
    found = within(INSTANTS, [(1.0, 3.0), (8.0, 8.5)])
    assert found.tolist() == [False, True, True, True, False, False, False]


def test_each_run_of_equal_values_is_asked_about_once() -> None:
    asked = []

    def doubled(few: np.ndarray) -> np.ndarray:
        asked.extend(few.tolist())
        return 2 * few

    values = np.array([1.0, 1.0, 3.0, 1.0])
    assert run_by_run(values, doubled).tolist() == [2, 2, 6, 2]
    assert asked == [1, 3, 1]
    assert run_by_run(values[:0], doubled).tolist() == []


def test_instants_in_any_order_are_answered_in_theirs() -> None:
    shuffled = INSTANTS[[6, 2, 0, 4]]
    found = in_order(lambda instants: within(instants, [(1.0, 4.0)]), shuffled)
    assert found.tolist() == [False, True, False, True]


@pytest.mark.parametrize("gap_s", [0.0, 0.5, 2.0])
def test_stretches_tell_of_many_instants_what_they_tell_of_each(gap_s: float) -> None:
    held = stretches((1.0, 2.0), (2.3, 4.0), (7.0, 9.0), (20.0, 21.0))
    instants = np.arange(0.0, 12.0, 0.1)
    covered, begins, ends = held.cover(instants), held.begins_of(instants, gap_s), held.last_end(instants)
    for k, at in enumerate(instants.tolist()):
        begin = held.begin_of(at)
        assert covered[k] == (begin is not None)
        assert (begins[k] > -np.inf) >= covered[k]
        assert ends[k] == max((end for end in held.ends if end <= at + STAMP_HAIR_S), default=-np.inf)
    one = begins[(instants > 2.05) & (instants < 3.95)]
    assert set(one.tolist()) == ({1.0} if gap_s > 0.3 else {-np.inf, 2.3})


def test_a_stretch_is_let_pass_for_its_first_seconds() -> None:
    held = stretches((1.0, 3.0), (5.0, 5.5))
    assert (
        held.cover(np.array([1.0, 1.9, 2.0, 2.9, 3.1, 5.2]), 1.0).tolist()
        == [False] * 2 + [True] * 2 + [False] * 2
    )
