"""Real sessions in a rig: from files it names, from a table in code; where they park and in what cars."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from places import ROOT

from evc5 import BadInput, Rig, read_sessions
from evc5.models.vehicles import presets
from evc5.rigs.errors import DataWarning
from evc5.rigs.rigfile.fitting import into_battery_wh, most_wh
from evc5.rigs.rigfile.sessions import Session

FILES = ROOT / "tests" / "rigs" / "session_data" / "files"
ACN = {"path": str(FILES / "acn.json"), "format": "acn-json"}
RIG: dict[str, Any] = {"name": "real", "start": datetime(2019, 10, 2, tzinfo=UTC), "days": 3}


def plan(**changes: Any) -> tuple[Session, ...]:
    return Rig.from_dict({**RIG, **changes}).file.plan()


def test_all_of_a_file_park_where_it_is_free() -> None:
    found = plan(session_files=[ACN])
    assert [(one.connector, one.plug_in_s, one.unplug_s, one.needed_wh) for one in found] == [
        (1, 15 * 3600 + 600, 24 * 3600 + 2730, 12_250.0),
        (2, 16 * 3600, 19 * 3600, 4_500.0),
        (1, 39.5 * 3600, 46 * 3600, 8_000.0),
    ]
    assert [one.id_tag for one in found] == ["000000777", "TAG2", "000000777"]
    assert found[0].vehicle == found[2].vehicle  # one user's
    assert found[1].origin == "acn.json: _items[1]"


def test_places_choose_and_a_vehicle_may_be_given() -> None:
    file = {**ACN, "places": {"CA-901": 2}, "vehicle": "vw-id3-58"}
    found = plan(session_files=[file])
    assert [(one.connector, one.vehicle.id) for one in found] == [(2, "vw-id3-58")] * 2


def test_a_session_that_finds_no_free_connector_is_refused_with_the_places_there_are() -> None:
    with pytest.raises(BadInput) as caught:
        plan(session_files=[ACN], station={"connectors": 1})
    assert str(caught.value) == (
        "acn.json: _items[1]: finds no free connector at 2019-10-02T16:00:00Z; session_files[0].places says "
        "which places are played, of: CA-901, CA-902"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"places": {"CA-903": 1}},
            'session_files[0].places.CA-903 must be a place of acn.json, got "CA-903"; did',
        ),
        ({"format": "acn"}, "session_files[0].format must be 'acn-json', 'acn-csv', 'ocpi', 'elaadnl',"),
        (
            {"time_format": "%H"},
            "session_files[0] must not have time_format with format 'acn-json', only with 'csv'",
        ),
        (
            {"vehicle": "vw-id3"},
            'session_files[0].vehicle must be a preset or one of [[vehicles]], got "vw-id3"',
        ),
        ({"timezone": "Oslo"}, "session_files[0].timezone must be a zone of the IANA database"),
    ],
)
def test_what_a_file_cannot_have_is_refused_by_its_key(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        plan(session_files=[{**ACN, **change}])
    assert str(caught.value).startswith(said)


def test_a_connector_that_the_station_has_not_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^session_files\[0\]\.places\.CA-901 must be <= station\.connectors"):
        plan(session_files=[{**ACN, "places": {"CA-901": 2}}], station={"connectors": 1})


def test_data_of_another_year_are_warned_of() -> None:
    said = (
        "acn.json: no session begins within the run from 2020-01-01 to 2020-01-04; they begin from 2019-10-02"
    )
    with pytest.warns(DataWarning, match=said):
        assert plan(session_files=[ACN], start="2020-01-01T00:00:00Z") == ()


def test_files_of_every_format_stand_in_one_rig_as_text(tmp_path: Path) -> None:
    text = f"""
    name = "any"
    start = 2024-10-26T00:00:00Z
    days = 2
    [[session_files]]
    path = "{FILES / "any.csv"}"
    format = "csv"
    timezone = "Europe/Amsterdam"
    columns = {{ plug_in = "Begin", unplug = "Finish", energy_wh = "Wh", user = "Driver", place = "Bay" }}
    places = {{ left = 2, right = 1 }}
    """
    found = Rig.from_dict(tomllib.loads(text)).file.plan()
    assert [(one.connector, one.needed_wh) for one in found] == [(2, 18_250.0), (1, 500.0)]


def test_a_session_may_say_the_energy_it_needs_instead_of_its_charge() -> None:
    entry = {"plug_in": 60, "unplug": "9h", "vehicle": "vw-id3-58", "energy_kwh": 20.0}
    (session,) = plan(sessions=[entry])
    assert session.needed_wh == 20_000.0
    car = session.vehicle
    assert (1.0 - session.soc) * car.usable_wh == pytest.approx(into_battery_wh(car, 20_000.0), rel=1e-12)


@pytest.mark.parametrize("given", [{}, {"soc": 0.5, "energy_kwh": 3.0}])
def test_a_session_has_a_charge_or_an_energy(given: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=r"^sessions\[0\] must have soc or energy_kwh, and not both$"):
        plan(sessions=[{"plug_in": 60, "unplug": "9h", "vehicle": "vw-id3-58", **given}])


def test_what_a_car_takes_at_most_brings_it_from_a_twentieth_to_full() -> None:
    for car in presets().values():
        assert into_battery_wh(car, most_wh(car)) == pytest.approx(0.95 * car.usable_wh, rel=1e-12)


def test_a_table_gives_the_sessions_that_its_file_gives() -> None:
    rig = Rig.from_dict(RIG)
    mine = rig.with_sessions(read_sessions(FILES / "acn.json", "acn-json")).file.plan()
    theirs = plan(session_files=[ACN])
    for one, other in zip(mine, theirs, strict=True):
        assert one.origin.startswith("sessions[")
        shared = ("connector", "plug_in_s", "unplug_s", "vehicle", "soc", "id_tag", "needed_wh")
        assert all(getattr(one, name) == getattr(other, name) for name in shared)


def table(**changes: Any) -> pd.DataFrame:
    rows = {"plug_in": ["2019-10-02 10:00", "2019-10-03 10:00"], "energy_kwh": [3.0, 4.0]}
    rows |= {"unplug": ["2019-10-02 12:00", "2019-10-03 11:00"], **changes}
    return pd.DataFrame(rows).assign(**{name: pd.to_datetime(rows[name]) for name in ("plug_in", "unplug")})


def test_naive_times_of_a_table_are_of_the_zone_that_is_said() -> None:
    rig = Rig.from_dict(RIG).with_sessions(table(), timezone="Europe/Oslo", vehicle="vw-id3-58")
    assert [one.plug_in_s for one in rig.file.plan()] == [8 * 3600.0, 32 * 3600.0]
    assert {one.vehicle.id for one in rig.file.plan()} == {"vw-id3-58"}


def test_a_table_replaces_whoever_came_and_is_written_down() -> None:
    drawn = Rig.from_dict({**RIG, "generator": {"vehicles": ["vw-id3-58"]}})
    rig = drawn.with_sessions(table(place=["a", "b"]), timezone="UTC", places={"b": 2})
    (session,) = rig.file.plan()
    assert (session.connector, session.needed_wh) == (2, 4000.0)
    assert "generator" not in rig.to_toml()
    assert Rig.from_dict(tomllib.loads(rig.to_toml())).file.plan() == rig.file.plan()


def test_a_car_that_comes_as_another_leaves_takes_the_other_connector() -> None:
    touching = table(unplug=["2019-10-03 10:00", "2019-10-03 11:00"])
    rig = Rig.from_dict(RIG).with_sessions(touching, timezone="UTC")
    assert [one.connector for one in rig.file.plan()] == [1, 2]


def test_sessions_after_the_run_need_no_connector() -> None:
    rows = [("2019-10-02 10:00", "2019-10-02 12:00"), *[("2019-10-09 10:00", "2019-10-09 12:00")] * 2]
    frame = pd.DataFrame(rows, columns=["plug_in", "unplug"]).assign(energy_kwh=3.0)
    one = Rig.from_dict({**RIG, "station": {"connectors": 1}})
    assert len(one.with_sessions(frame, timezone="UTC").file.plan()) == 1
    with pytest.raises(BadInput, match="sessions: row 2: finds no free connector"):
        one.revised(days=9).with_sessions(frame, timezone="UTC")


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (
            table().drop(columns="unplug"),
            {},
            "sessions: must have the column unplug; it has plug_in, energy_kwh",
        ),
        (
            table(),
            {},
            "sessions: row 0: plug_in must be a time with its offset from UTC, or timezone say whose",
        ),
        (
            table(energy_kwh=[1.0, None]),
            {"timezone": "UTC"},
            "sessions: row 1: energy_kwh must be a number of kWh",
        ),
        (
            table(unplug=["2019-10-02 12:00", None]),
            {"timezone": "UTC"},
            "sessions: row 1: unplug must be a time such",
        ),
        (
            table(),
            {"timezone": "Oslo"},
            "timezone must be a zone of the IANA database such as Europe/Oslo, got 'Oslo'",
        ),
        (table(), {"timezone": "UTC", "places": {"x": 1}}, 'places.x must be a place of sessions, got "x"'),
        (
            table().iloc[:0],
            {"timezone": "UTC"},
            "sessions: none begins after the rig's start (2019-10-02T00:00:00Z);",
        ),
    ],
)
def test_a_table_that_cannot_be_played_is_refused_by_row_and_value(
    frame: pd.DataFrame, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput) as caught:
        Rig.from_dict(RIG).with_sessions(frame, **options)
    assert str(caught.value).startswith(said)
