"""Steps of derating are learned from the hottest sensor that is told, as bounds, never as exact numbers."""

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.shadow.learned_rig import learned_rig
from evc5.rigs.shadow.seen import DERATING, NOT_TOLD, Learned
from evc5.rigs.shadow.steps import steps

Readings = dict[float, float]  # seconds: °C


def learned(offers: Readings, unit: str = "Celsius", connector: int = 1, **told: Readings) -> list[Learned]:
    """What an outlet's offers (seconds: A) teach beside what sensors at these locations told."""
    rows = [
        {"t": t_s, "connector": connector, "measurand": "Temperature", "location": location, "unit": unit,
         "value": value}
        for location, readings in told.items() for t_s, value in readings.items()
    ]  # fmt: skip
    columns = ["t", "connector", "measurand", "location", "unit", "value"]
    read = pd.DataFrame([{"t": t_s, "offered1_a": amps} for t_s, amps in offers.items()])
    read = read.assign(connector=1, temp_c=float("nan"))
    run = SimpleNamespace(telemetry=read, meter_values=pd.DataFrame(rows, columns=columns))
    metal: Any = SimpleNamespace(run=run, calls=[])
    return list(steps(metal, {1: read}))


FALL = {0.0: 32.0, 30.0: 32.0, 60.0: 32.0, 61.0: 28.0}


def test_the_hottest_sensor_that_is_told_takes_a_step() -> None:
    (one,) = learned(FALL, Outlet={0.0: 40.0, 61.0: 40.0}, Body={0.0: 51.0, 61.0: 51.0})
    assert (one.key, one.value) == (DERATING, 51.0)
    assert "at least: of the hottest of 2 sensors told" in str(one)


def test_one_sensor_alone_is_told_to_be_a_bound() -> None:
    (one,) = learned(FALL, Outlet={0.0: 40.0, 61.0: 40.0})
    assert "at least: of the one sensor told" in one.table()["note"]


def test_a_temperature_between_two_readings_may_be_either() -> None:
    (one,) = learned(FALL, Outlet={31.0: 30.0, 91.0: 36.0})
    assert one.value == pytest.approx(33.0) and one.spread == (30.0, 36.0)


@pytest.mark.parametrize(("unit", "value"), [("Fahrenheit", 122.0), ("K", 323.15), ("Celsius", 50.0)])
def test_a_sensor_of_the_station_is_read_in_its_own_unit(unit: str, value: float) -> None:
    (one,) = learned(FALL, unit, connector=0, Body={0.0: value, 61.0: value})
    assert one.value == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("readings", "key"),
    [
        ((40.1, 40.2, 40.0), DERATING),  # told to 0.1 K: two digits may be its own
        ((40.2, 40.3, 40.0), NOT_TOLD),
        ((41.0, 42.0, 40.0), DERATING),  # told to 1 K
        ((42.0, 43.0, 40.0), NOT_TOLD),
    ],
)
def test_a_step_cooler_than_what_was_borne_is_of_a_sensor_that_is_not_told(
    readings: tuple[float, float, float], key: str
) -> None:
    (one,) = learned(FALL, Outlet={**dict(zip((0.0, 30.0, 60.0), readings, strict=True)), 61.0: 40.0})
    assert one.key == key
    rig = RigFile.parse({"name": "x", "start": "2024-03-01T00:00:00Z", "days": 1})
    text = learned_rig(rig, [one], [], "x")
    assert ("[derating]" in text) is (key == DERATING)
    assert f"#   {key} = 40.000" in text


def test_a_sensor_that_was_not_told_for_long_teaches_nothing() -> None:
    assert learned(FALL, Outlet={400.0: 40.0}) == []
    assert learned(FALL) == []
