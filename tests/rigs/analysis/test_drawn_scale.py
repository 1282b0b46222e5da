"""From values to places: a line through fewer points is the same line, and an axis has round numbers."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.rigs.analysis.drawn.scale import round_ticks, strokes, thinned

WITHIN = 0.15
heights = st.floats(0.0, 100.0, allow_subnormal=False)
lines = st.lists(st.tuples(st.integers(0, 40), heights), min_size=1, max_size=60).map(
    lambda points: sorted(points, key=lambda point: point[0])
)


@pytest.mark.slow
@given(lines)
def test_no_point_left_out_lies_off_the_line(points: list[tuple[int, float]]) -> None:
    places = [(float(x), y) for x, y in points]
    kept = thinned(places, WITHIN)
    assert kept[0] == places[0] and kept[-1] == places[-1] and set(kept) <= set(places)
    across = [x for x, _ in kept]
    for x, y in places:
        at = [height for place, height in kept if place == x]
        if at:  # upright there, or a point that was kept
            assert min(at) - WITHIN <= y <= max(at) + WITHIN
        else:
            assert y == pytest.approx(np.interp(x, across, [height for _, height in kept]), abs=2 * WITHIN)


def test_stairs_stay_stairs() -> None:
    stairs = [(0.0, 0.0), (5.0, 0.0), (5.0, 9.0), (9.0, 9.0), (9.0, 2.0), (20.0, 2.0)]
    assert thinned(stairs, WITHIN) == stairs


def test_a_straight_line_is_its_two_ends() -> None:
    assert thinned([(float(x), 2.0 * x) for x in range(1000)], WITHIN) == [(0.0, 0.0), (999.0, 1998.0)]


def test_what_is_not_known_ends_a_stroke() -> None:
    x, y = np.arange(6.0), np.array([1.0, 2.0, np.nan, np.nan, 3.0, 4.0])
    assert strokes(x, y) == [[(0.0, 1.0), (1.0, 2.0)], [(4.0, 3.0), (5.0, 4.0)]]


@pytest.mark.slow
@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e4), st.integers(2, 12))
def test_an_axis_has_round_numbers_within_its_range(low: float, span: float, most: int) -> None:
    ticks = round_ticks(low, low + span, most)
    assert len(ticks) <= most + 1
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    allowed = [part * 10.0**power for power in range(-5, 6) for part in (1, 2, 5)]
    for first, second in pairwise(ticks):
        assert any(second - first == pytest.approx(step, rel=1e-6) for step in allowed)
