"""What a sweep varies, and which points a grid or a sample takes."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.rigs.errors import BadInput
from evc5.rigs.sweep.space import Choices, Span, axes, points

SPANS = {"a.x": {"from": -2.0, "to": 3.0}, "a.n": {"from": 6, "to": 32, "whole": True}, "b": ["p", "q", "r"]}


def test_a_grid_has_every_combination_once_the_last_key_fastest() -> None:
    over = axes({"a": [1, 2], "b": ["x", "y", "z"]})
    found = points(over, "grid", None, 1)
    assert [(point["a"], point["b"]) for point in found] == list(product([1, 2], ["x", "y", "z"]))


def test_a_sweep_over_nothing_is_the_rig_itself() -> None:
    assert points({}, "grid", None, 1) == [{}]


@pytest.mark.parametrize(
    ("given_", "values"),
    [
        ({"from": 10, "to": 40, "step": 10}, (10, 20, 30, 40)),
        ({"from": 0.1, "to": 0.7, "step": 0.2}, (0.1, 0.3, 0.5, 0.7)),  # 0.1 + 3 · 0.2 is 0.7000000000000001
        ({"from": 1, "to": 2.4, "step": 1}, (1, 2)),
        ({"from": 6, "to": 9, "whole": True}, (6, 7, 8, 9)),
        ({"from": 5, "to": 5, "step": 1}, (5,)),
        (range(2, 5), (2, 3, 4)),
        (np.arange(3), (0, 1, 2)),
    ],
)
def test_a_range_with_a_step_is_its_values(given_: Any, values: tuple[float, ...]) -> None:
    assert axes({"a": given_}) == {"a": Choices(values)}


def test_dotted_keys_of_toml_and_quoted_ones_name_the_same_key() -> None:
    nested = axes({"ambient": {"mean_c": {"from": 1, "to": 2}}, "station": {"keys": {"A": [1]}}})
    assert nested == axes({"ambient.mean_c": {"from": 1, "to": 2}, "station.keys.A": [1]})
    assert nested == {"ambient.mean_c": Span(1, 2), "station.keys.A": Choices((1,))}


@pytest.mark.slow
@given(st.integers(1, 60), st.integers(0, 2**32))
def test_a_latin_hypercube_has_one_point_in_each_of_the_equal_parts_of_each_key(runs: int, seed: int) -> None:
    found = points(axes(SPANS), "latin-hypercube", runs, seed)
    parts = sorted(int((point["a.x"] + 2.0) / 5.0 * runs * (1 + 1e-12)) for point in found)
    assert parts == list(range(runs))
    counts = [sum(point["b"] == value for point in found) for value in "pqr"]
    assert max(counts) - min(counts) <= 2  # a stratum may straddle two values
    assert all(isinstance(point["a.n"], int) and 6 <= point["a.n"] <= 32 for point in found)


def test_the_keys_of_a_latin_hypercube_do_not_rise_together() -> None:
    found = points(axes({"a": {"from": 0, "to": 1}, "b": {"from": 0, "to": 1}}), "latin-hypercube", 200, 1)
    together = np.corrcoef([point["a"] for point in found], [point["b"] for point in found])[0, 1]
    assert abs(together) < 5 / 200**0.5  # five standard deviations of what chance does
    assert sorted(point["a"] for point in found) != [point["a"] for point in found]


@pytest.mark.parametrize("sample", ["random", "latin-hypercube"])
def test_drawn_points_repeat_with_the_seed_change_with_it_and_another_key_moves_none(sample: str) -> None:
    found = points(axes(SPANS), sample, 9, 4)
    assert found == points(axes(SPANS), sample, 9, 4) != points(axes(SPANS), sample, 9, 5)
    wider = points(axes({"c": {"from": 0, "to": 1}, **SPANS}), sample, 9, 4)
    assert [{key: point[key] for key in SPANS} for point in wider] == found


def test_random_points_fill_their_range_evenly() -> None:
    values = [point["a.x"] for point in points(axes(SPANS), "random", 4000, 1)]
    counts, _ = np.histogram(values, 8, (-2.0, 3.0))
    assert counts.sum() == 4000
    assert abs(counts - 500).max() < 5 * (4000 / 8 * 7 / 8) ** 0.5  # five standard deviations


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"a": 3}, "over.a must be a list of values or a range {from, to, step}, got 3"),
        ({"a": []}, "over.a must have at least one value, got an empty list"),
        ({"a": {"from": 1}}, "over.a.to is required in a range"),
        ({"a": {"from": 1, "to": "x"}}, "over.a.to must be a number, got 'x'"),
        ({"a": {"from": 1, "to": float("inf")}}, "over.a.to must be a number, got inf"),
        ({"a": {"from": 2, "to": 1}}, "over.a.to must be >= from (2), got 1"),
        ({"a": {"from": 1, "to": 2, "step": 0}}, "over.a.step must be > 0, got 0"),
        ({"a": {"from": 1, "to": 2, "stop": 1}}, "over.a.stop is not a key of a range; known: from, step"),
        ({"a": {"from": 1.5, "to": 2, "whole": True}}, "over.a must have whole numbers with whole = true"),
        ({"a": {"from": 1, "to": 2, "whole": 1}}, "over.a.whole must be true or false, got 1"),
        ({"a..b": [1]}, "'a..b' must be a key path such as"),
    ],
)
def test_what_cannot_be_varied_is_refused_by_its_key(over: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        axes(over)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("sample", "runs", "said"),
    [
        ("grid", None, "over.a.x must give a step for a grid, or be a list"),
        ("grid", 5, "runs must come with a sample of random or latin-hypercube, got 5 with grid"),
        ("random", None, "runs must be >= 1 with a sample of random, got None"),
        ("latin-hypercube", 0, "runs must be >= 1 with a sample of latin-hypercube, got 0"),
        ("sobol", 3, "sample must be grid, random, latin-hypercube, got 'sobol'"),
    ],
)
def test_a_sample_that_cannot_be_taken_is_refused(sample: str, runs: int | None, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        points(axes(SPANS), sample, runs, 1)
    assert str(caught.value) == said
