"""What the charge point tells of power factors, phase by phase, and of the station as a whole."""

from typing import Any

import pytest

from evc5.models.meter import Metered
from evc5.twin.sessions.metering import QUANTITIES, Row, flat, whole

OFFERED_A = (16.0, 16.0, 16.0)


def metered(**more: Any) -> Metered:
    quiet = {
        "i_a": (0.0, 0.0, 0.0),
        "u_v": (230.0, 230.0, 230.0),
        "phase_w": (0.0, 0.0, 0.0),
        "p_w": 0.0,
        "pf": 1.0,
        "register_wh": 1000.0,
        "register_phase_wh": (900.0, 0.0, 100.0),
        "soc": None,
        "temp_c": 20.0,
        "frequency_hz": 50.0,
    }
    return Metered(**(quiet | more))


def phases_of(row: Row, measurand: str) -> list[float]:
    first = QUANTITIES[measurand].phases
    assert first is not None
    return list(row[first : first + 3])


def total_of(row: Row, measurand: str) -> float | None:
    at = QUANTITIES[measurand].total
    assert at is not None
    value: float | None = row[at]
    return value


def test_a_phase_without_current_tells_a_power_factor_of_one() -> None:
    """As a kWh meter shows it (pf is unity while no current flows); the others tell their own."""
    row = flat(metered(i_a=(16.0, 0.0, 1.0), phase_w=(3496.0, 0.0, 218.5), p_w=3714.5, pf=0.95), OFFERED_A)
    assert phases_of(row, "Power.Factor") == [0.95, 1.0, 0.95]


def test_the_station_as_a_whole_adds_up_and_its_power_factor_is_power_over_volts_times_amps() -> None:
    one = metered(i_a=(10.0, 0.0, 0.0), phase_w=(2300.0, 0.0, 0.0), p_w=2300.0, soc=0.5)
    other = metered(
        i_a=(10.0, 10.0, 0.0), phase_w=(1150.0, 2300.0, 0.0), p_w=3450.0, pf=0.75, temp_c=31.0, soc=0.7
    )
    station = whole([flat(one, OFFERED_A), flat(other, OFFERED_A)])
    assert phases_of(station, "Current.Import") == [20.0, 10.0, 0.0]
    assert phases_of(station, "Power.Active.Import") == [3450.0, 2300.0, 0.0]
    assert phases_of(station, "Power.Factor") == pytest.approx([3450 / (230 * 20), 1.0, 1.0])
    assert total_of(station, "Power.Factor") == pytest.approx(5750 / (230 * 30))
    assert total_of(station, "Energy.Active.Import.Register") == 2000.0
    assert total_of(station, "Temperature") == 31.0  # the hotter socket's
    assert total_of(station, "SoC") is None  # of no one car


def test_a_station_without_current_has_a_power_factor_of_one() -> None:
    station = whole([flat(metered(), OFFERED_A)] * 2)
    assert (total_of(station, "Power.Factor"), phases_of(station, "Power.Factor")) == (1.0, [1.0, 1.0, 1.0])
