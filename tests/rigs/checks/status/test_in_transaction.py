"""A connector is not free in its transaction, and each of two is judged by its own stop (4.9, 7.7)."""

from pathlib import Path

import pytest
from edges import judged
from edges.short import STOP_S, TWO_CARS, short, status

MIDWAY = "status.in-transaction"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({1: 600.0, 2: 601.0}, [1, 2]),
        ({1: STOP_S - 0.05, 2: 600.0}, [2]),  # the stop of the first explains its own alone
    ],
)
def test_what_is_told_as_finishing_long_before_its_stop(
    told: dict[int, float], found: list[int], tmp_path: Path
) -> None:
    made = short(TWO_CARS)
    for connector, t in told.items():
        status(made, t, "Finishing", connector)
    rows = [one for one in judged(made, tmp_path, {}).findings if one["requirement"] == MIDWAY]
    assert sorted(one["connector"] for one in rows) == found
