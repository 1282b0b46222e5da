"""A chamber follows the air of the rig."""

import pytest

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.served.chamber import EVERY_S, temperatures


def rig(**ambient: float) -> RigFile:
    station = {"connectors": 1, "behaviour": "ocpp16"}
    start = "2024-03-01T10:00:00Z"
    return RigFile.parse({"name": "air", "start": start, "days": 1.0, "station": station, "ambient": ambient})


def test_air_that_does_not_change_is_set_once() -> None:
    assert list(temperatures(rig(mean_c=-10.0, swing_k=0.0))) == [(0.0, -10.0)]


def test_air_is_warmest_at_its_hour_and_coldest_half_a_day_from_it() -> None:
    told = dict(temperatures(rig(mean_c=20.0, swing_k=10.0, warmest_h=15.0)))
    assert max(told.values()) == pytest.approx(30.0, abs=0.2) and min(told.values()) == pytest.approx(
        10.0, abs=0.2
    )
    warmest_s = max(told, key=lambda t_s: told[t_s])
    assert warmest_s == pytest.approx(5 * 3600.0, abs=6 * EVERY_S)  # 15:00, five hours after the start
    assert all(t_s % EVERY_S == 0.0 for t_s in told)


def test_the_air_that_a_chamber_is_told_is_that_of_the_twin() -> None:
    ambient = {"mean_c": 12.0, "swing_k": 6.0}
    world = Bench(rig=rig(**ambient)).assembly.world
    still = {"enclosure_k_w": world.thermal.enclosure_k_w, "standby_w": world.thermal.standby_w}
    warmer_k = still["enclosure_k_w"] * still["standby_w"]  # the box, by its own electronics
    told = [temp_c for _, temp_c in temperatures(rig(**ambient))]
    inside = [world.air.at(t_s) - warmer_k for t_s in range(0, 86_400, 600)]
    assert sum(told) / len(told) == pytest.approx(12.0, abs=0.5)
    assert max(inside) == pytest.approx(max(told), abs=0.3)  # later, by the enclosure's lag
