"""Who shares a current need not pause for another where what is left lets it charge."""

from pathlib import Path

import pytest
from edges import judged
from edges.electrical import KNOWN
from edges.short import STOP_S, TWO_CARS, painted, short

PAUSE_S = 600.0
PAUSED = "a car is paused though the others leave it enough"


def paused(directory: Path, room_a: float, others_a: float, for_s: float, until_s: float = STOP_S) -> bool:
    """One of two cars has nothing for so long; the other was allocated this much, until then."""
    made = short(TWO_CARS, **KNOWN | {"chg_StationMaxCurrent": f"{room_a:g}"})
    share_a = room_a / 2
    for connector in (1, 2):
        columns = {"allocated_a": share_a, "offered_a": share_a}
        painted(made, 60, STOP_S, connector, charges=TWO_CARS, **columns)
    painted(made, 300, until_s, 1, charges=TWO_CARS, allocated_a=others_a, offered_a=others_a)
    painted(made, PAUSE_S, PAUSE_S + for_s, 2, charges=TWO_CARS, allocated_a=0.0, offered_a=0.0)
    found = judged(made, directory, {}).findings
    return any(one["requirement"] == "service.full" and PAUSED in one["message"] for one in found)


@pytest.mark.parametrize("others_a", [10.0, 14.0])
def test_a_car_is_not_paused_where_the_other_leaves_it_the_minimum(others_a: float, tmp_path: Path) -> None:
    assert paused(tmp_path, 20.0, others_a, for_s=5.0)


def test_a_car_may_wait_where_the_other_leaves_less(tmp_path: Path) -> None:
    assert not paused(tmp_path, 20.0, 14.5, for_s=5.0)


def test_a_car_may_wait_until_the_other_has_followed_its_cut(tmp_path: Path) -> None:
    assert not paused(tmp_path, 20.0, 14.5, for_s=5.0, until_s=PAUSE_S - 15.0)


def test_a_moment_is_no_pause(tmp_path: Path) -> None:
    assert not paused(tmp_path, 20.0, 10.0, for_s=0.9)
