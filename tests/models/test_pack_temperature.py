"""A battery that cools, or warms, through every row of its acceptance table, in closed form."""

from dataclasses import replace
from math import exp, inf, log

import pytest

from evc5.models.car import Pack
from evc5.models.vehicles import vehicle

ROWS = ((-273.15, 0.05), (-10.0, 0.1), (0.0, 0.3), (10.0, 2.0), (45.0, 0.3))
TAU_S = 6 * 3600.0
CAR = replace(vehicle("vw-id3-58"), acceptance=ROWS, battery_tau_s=TAU_S, battery_rise_k=0.0)


def crossings(pack: Pack) -> list[tuple[float, float]]:
    """(hours, accepted rate) from crossing to crossing, until there is none; more than the rows is a hang."""
    found = []
    for _ in range(len(ROWS) + 1):
        t_s, row = pack.crossing()
        if t_s == inf:
            return found
        pack.move(t_s, charging=False)
        pack.cross(t_s, row)
        found.append((t_s / 3600.0, pack.rate))
    raise AssertionError(f"it crosses without end: {found}")


def hours(start_c: float, air_c: float, edge_c: float) -> float:
    """T(t) = air + (start - air) e^(-t/tau)."""
    return TAU_S / 3600.0 * log((start_c - air_c) / (edge_c - air_c))


def test_a_cooling_battery_goes_down_row_by_row() -> None:
    expected = [
        (hours(20.0, -20.0, edge_c), rate) for edge_c, rate in ((10.0, 0.3), (0.0, 0.1), (-10.0, 0.05))
    ]
    assert crossings(Pack(CAR, air_c=-20.0, temp_c=20.0)) == [
        (pytest.approx(when), rate) for when, rate in expected
    ]


def test_a_warming_battery_goes_up_row_by_row() -> None:
    expected = [
        (hours(-15.0, 30.0, edge_c), rate) for edge_c, rate in ((-10.0, 0.1), (0.0, 0.3), (10.0, 2.0))
    ]
    assert crossings(Pack(CAR, air_c=30.0, temp_c=-15.0)) == [
        (pytest.approx(when), rate) for when, rate in expected
    ]


@pytest.mark.parametrize(("temp_c", "air_c"), [(20.0, 12.0), (12.0, 30.0), (-5.0, -9.9), (50.0, 46.0)])
def test_a_battery_that_stays_between_two_rows_crosses_none(temp_c: float, air_c: float) -> None:
    assert crossings(Pack(CAR, air_c=air_c, temp_c=temp_c)) == []


def test_below_the_first_row_a_battery_accepts_what_that_says() -> None:
    """The table begins at -10 °C, the night is at -30."""
    short = replace(CAR, acceptance=ROWS[1:])
    found = crossings(Pack(short, air_c=-30.0, temp_c=5.0))
    assert found == [(pytest.approx(hours(5.0, -30.0, 0.0)), 0.1)]
    assert Pack(short, air_c=-30.0, temp_c=-25.0).rate == 0.1


def test_a_battery_that_comes_to_an_edge_and_no_further_does_not_cross_it() -> None:
    pack = Pack(CAR, air_c=10.0, temp_c=30.0)
    assert crossings(pack) == []
    pack.move(TAU_S, charging=False)
    assert pack.temp_c == pytest.approx(10.0 + 20.0 * exp(-1.0))
    assert pack.rate == 2.0


def test_on_arrival_the_battery_is_as_warm_as_the_edge() -> None:
    pack = Pack(CAR, air_c=-20.0, temp_c=20.0)
    t_s, row = pack.crossing()
    pack.cross(t_s, row)  # whatever rounding had left
    assert pack.temp_c == 10.0
    pack = Pack(CAR, air_c=20.0, temp_c=-5.0)
    t_s, row = pack.crossing()
    pack.cross(t_s, row)
    assert (pack.temp_c, pack.rate) == (0.0, 0.3)
