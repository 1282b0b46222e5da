"""The shipped cars against a second transcription of Open EV Data (tests/spec/vehicles.csv)."""

import csv
from pathlib import Path

import pytest

from evc5.models.vehicles import presets, vehicle

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
