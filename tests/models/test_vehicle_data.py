"""The shipped cars against a second transcription of Open EV Data (tests/spec/vehicles.csv)."""

import csv
from pathlib import Path

import pytest

from evc5.models.vehicles import Vehicle, presets, vehicle

ROWS = list(csv.DictReader((Path(__file__).parents[1] / "spec" / "vehicles.csv").open()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_preset_is_what_open_ev_data_lists(row):
    car = vehicle(row["id"])
    assert car.usable_wh == pytest.approx(1000 * float(row["usable_kwh"]))
    assert (car.phases, car.max_a, car.min_3p_a) == (
        int(row["phases"]),
        float(row["amps"]),
        float(row["min_3p_a"]),
    )


def test_there_are_at_least_twenty_of_every_class_and_each_names_its_source():
    cars = presets()
    assert len(cars) >= 20
    assert set(cars) == {row["id"] for row in ROWS}
    classes = {(car.phases, car.max_a) for car in cars.values()}
    assert {(1, 16), (1, 32), (2, 16), (3, 16), (3, 24), (3, 32)} <= classes
    assert all(car.source not in ("", "user") for car in cars.values())


def test_an_unknown_car_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"vehicle must be one of tesla-model-3-rwd, .*, got 'trabant'"):
        vehicle("trabant")


@pytest.mark.parametrize(("max_a", "offered_a", "drawn_a"), [
    (16.0, 6.0, 6.0), (16.0, 16.0, 15.5), (16.0, 32.0, 15.5), (16.0, 11.0, 10.75),
    (16.0, 5.0, 5.0), (6.0, 16.0, 6.0), (6.0, 5.0, 5.0), (32.0, 19.0, 18.75), (6.5, 6.25, 6.0),
])  # fmt: skip
def test_a_car_draws_less_than_is_offered_most_where_it_draws_most(max_a, offered_a, drawn_a):
    """0.5 A at its maximum, nothing at 6 A (evcc #17233, #23296), and a straight line between."""
    assert Vehicle("one", "", 50_000.0, 3, max_a, undershoot_a=0.5).draw_a(offered_a) == pytest.approx(
        drawn_a
    )


def test_a_car_draws_reactive_current_and_loses_power_as_the_sources_say():
    car = Vehicle("one", "", 50_000.0, 3, 16.0)
    assert car.active_a(6.0) / 6.0 == pytest.approx(0.98, abs=1e-3)  # evcc #21708
    assert car.active_a(1.0) == 0.0
    assert Vehicle("other", "", 50_000.0, 3, 16.0, reactive_a=3.0).active_a(5.0) == pytest.approx(4.0)
    assert car.dc_w(10_000.0) == pytest.approx(10_000.0 - 235.0 - 730.0)
    assert car.ac_w(car.dc_w(10_000.0)) == pytest.approx(10_000.0)
    assert (car.wake_s, car.standby_w, car.standby_a) == (3.0, 5.0, 0.05)


@pytest.mark.parametrize(("phases", "least_a"), [(1, 6.0), (2, 8.0), (3, 8.0)])
def test_the_least_that_a_car_needs_depends_on_its_phases(phases, least_a):
    assert Vehicle("one", "", 50_000.0, 3, 16.0, min_3p_a=8.0).least_a(phases) == least_a


@pytest.mark.parametrize("ends", [
    {"max_a": 80.0, "ramp_down_a_s": 80.0 / 3.0}, {"max_a": 6.0}, {"min_a": 80.0, "min_3p_a": 80.0},
    {"loss_b": 0.5, "loss_a_w": 0.0}, {"loss_b": 0.0, "loss_a_w": 0.0}, {"reactive_a": 5.0},
    {"undershoot_a": 0.0, "reactive_a": 0.0}, {"reaction_s": 5.0, "ramp_down_a_s": float("inf")},
    {"reaction_s": 0.0, "start_s": 0.0, "ramp_up_a_s": float("inf")}, {"phases": 1}, {"phases": 2},
    {"acceptance": ((0.0, 0.1), (0.1, 0.2))},
])  # fmt: skip
def test_a_car_that_is_just_possible_is_taken(ends):
    assert Vehicle(**({"id": "one", "name": "", "usable_wh": 1.0, "phases": 3, "max_a": 16.0} | ends))
