"""Rigs made, varied and written down in code are checked as files are, and come back as they were."""

import string
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5 import BadInput, Rig
from evc5.rigs.rigfile.toml import dumps

TABLE: dict[str, Any] = {
    "name": "code",
    "start": datetime(2024, 3, 1, 16, tzinfo=UTC),
    "days": 0.5,
    "station": {"connectors": 1, "keys": {"HeartbeatInterval": 60}},
    "sessions": [
        {"plug_in": 600, "unplug": "8h", "vehicle": "vw-id3-58", "soc": 0.5},
        {"plug_in": "9h", "unplug": "10h", "vehicle": "vw-id3-58", "soc": 0.2},
    ],
}
KEYS = st.text(st.sampled_from(string.ascii_letters + string.digits + '-_ ."ä\n'), min_size=1, max_size=6)
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.sampled_from("ab =#\"'\\\b\t\n\r\x00\x1f\x7f\x85\u2028é😀"), max_size=12)
    | st.datetimes(min_value=datetime(1000, 1, 1))
    | st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))
    | st.dates(min_value=date(1000, 1, 1))
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_written_as_toml_is_read_as_it_was(table: dict[str, Any]) -> None:
    assert tomllib.loads(dumps(table)) == table


def test_what_toml_cannot_say_is_refused() -> None:
    with pytest.raises(BadInput, match="TOML has no complex, got 1j"):
        dumps({"a": 1j})
    assert tomllib.loads(dumps({"at": time(3, 4, 5)})) == {"at": time(3, 4, 5)}


@pytest.mark.slow
def test_a_rig_from_a_table_runs(tmp_path: Path) -> None:
    assert Rig.from_dict(TABLE).run(days=0.01, out=tmp_path / "run").summary["rig"] == "code"


@pytest.mark.parametrize(
    "name", ["bad-day", "balancing", "first-charge", pytest.param("year", marks=pytest.mark.slow)]
)
def test_a_shipped_rig_written_and_read_again_is_the_same(name: str) -> None:
    rig = Rig.load(name)
    again = Rig.from_dict(tomllib.loads(rig.to_toml()))
    assert again.file.model_dump() == rig.file.model_dump()
    assert again.file.plan() == rig.file.plan()
    assert again.to_toml() == rig.to_toml()


def test_a_rig_from_a_table_is_the_rig_from_the_file() -> None:
    rig = Rig.from_dict(TABLE)
    assert [session.plug_in_s for session in rig.file.plan()] == [600.0, 9 * 3600.0]


def test_a_table_may_hold_what_numpy_and_pandas_have() -> None:
    mine = {**TABLE, "days": np.float64(0.5), "seed": np.int64(3), "start": pd.Timestamp("2024-03-01T16:00Z")}
    mine["grid"] = {"voltage_v": np.array([230.0, 231.0, 229.0])}
    mine["ambient"] = None  # left out
    file = Rig.from_dict(mine).file
    assert (file.seed, file.start, file.grid.voltage_v) == (3, TABLE["start"], (230.0, 231.0, 229.0))


def test_a_car_of_ones_own_comes_from_points() -> None:
    points = np.array([[0.0, 11.0], [0.8, 11.0], [1.0, 2.0]])  # SoC, kW
    mine = {"id": "mine", "usable_wh": 50_000, "phases": 3, "max_a": 16, "curve": points}
    car = Rig.from_dict({**TABLE, "vehicles": [mine]}).file.cars["mine"]
    assert [car.curve.rate(soc) * car.usable_wh for soc in (0.5, 0.9)] == pytest.approx([11_000, 6_500])


def test_a_revised_rig_has_the_new_values_and_leaves_the_old_rig_alone() -> None:
    rig = Rig.from_dict(TABLE)
    before = rig.to_toml()
    changes = {
        "ambient.mean_c": 35,
        "station.keys.MeterValueSampleInterval": 30,
        "sessions[1].soc": 0.9,
        "station.behaviour": "ocpp16",
        'station.files."http://a.b/c.bin"': "c.bin",
    }
    file = rig.revised(changes, seed=5, days=1).file
    assert (file.ambient.mean_c, file.sessions[1].soc, file.seed, file.days) == (35, 0.9, 5, 1)
    assert file.station.keys == {"HeartbeatInterval": 60, "MeterValueSampleInterval": 30}
    assert file.behaviour.name == "ocpp16"
    assert file.station.files == {"http://a.b/c.bin": "c.bin"}
    assert rig.to_toml() == before


def test_none_takes_a_key_or_an_item_away() -> None:
    file = Rig.from_dict(TABLE).revised({"station.connectors": None, "sessions[0]": None}).file
    assert file.station.connectors == 2
    assert [session.soc for session in file.sessions] == [0.2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ambient.mean": 3}, "ambient.mean is not a key here; did you mean mean_c?"),
        ({"ambiente.mean_c": 3}, "ambiente is not a key here; did you mean ambient?"),
        ({"ambient.mean_c": "hot"}, 'ambient.mean_c must be a number, got "hot"'),
        ({"sessions[2].soc": 0.1}, "sessions[2].soc must have an index below 2, got 2"),
        ({"sessions.soc": 0.1}, "sessions.soc is not a key here: sessions is a list, take one as [0]"),
        ({"faults[0].at": 1}, "faults[0].at is not a key here: faults is no list with items"),
        ({"days.x": 1}, "days.x is not a key here: days is no table"),
        ({"ambient..mean_c": 1}, "'ambient..mean_c' must be a key path such as ambient.mean_c or "),
        ({"": 1}, "'' must be a key path such as "),
        ({"generator.chance": 0.5}, "generator.vehicles is required"),
        ({"sessions[0].unplug": 60}, "sessions[0].unplug must be after plug_in 600.0, got 60.0"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_its_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        Rig.from_dict(TABLE).revised(changes)
    assert str(caught.value).startswith(said)


@pytest.mark.slow
def test_a_refusal_names_the_file_that_was_revised() -> None:
    with pytest.raises(BadInput, match=r"^week\.toml: ambient\.mean is not a key"):
        Rig.load("week").revised({"ambient.mean": 3})
    with pytest.raises(BadInput, match=r"^week\.toml: sessions\[0\]\.soc is not a key here"):
        Rig.load("week").revised({"sessions[0].soc": 0.3})
