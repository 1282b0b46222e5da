"""Sessions from real data, fitted to cars, and from a seed."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from places import ROOT

from evc5.models.vehicles import Vehicle
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.rigfile.fitting import arrival_soc, fitted_vehicle
from evc5.rigs.session_data.charge import Charge
from evc5.rigs.session_data.trondheim import read

OSLO = ZoneInfo("Europe/Oslo")
HEADER = "User_ID;Start_plugin;End_plugout;El_kWh;Duration_hours\n"
RIG = {
    "name": "csv",
    "start": datetime(2019, 10, 26, tzinfo=UTC),
    "days": 7,
    "sessions_csv": {"path": "real.csv", "users": {"U1": {"connector": 1}}},
}

Table = Callable[[str], Path]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    def write(rows: str) -> Path:
        path = tmp_path / "real.csv"
        path.write_text(HEADER + rows, encoding="utf-8")
        return path

    return write


def test_winter_time_is_one_hour_and_summer_time_two_hours_ahead_of_utc(table: Table) -> None:
    path = table(
        "U1;01.02.2019 12:00;01.02.2019 13:30;3,5;1,5\nU1;01.07.2019 12:00;01.07.2019 13:30;3,5;1,5\n"
    )
    winter, summer = read(path, OSLO)
    assert winter.plug_in == datetime(2019, 2, 1, 11, 0, tzinfo=UTC)
    assert summer.unplug == datetime(2019, 7, 1, 11, 30, tzinfo=UTC)
    assert winter.energy_wh == 3500.0


@pytest.mark.parametrize(
    "written", ["01.02.2019 09:05", "1.2.2019 9:05", "1.2.2019 09:05", " 1.02.2019 09:05"]
)
def test_a_time_may_go_without_leading_zeros(table: Table, written: str) -> None:
    (charge,) = read(table(f"U1;{written};01.02.2019 13:30;3,5;\n"), OSLO)
    assert charge.plug_in == datetime(2019, 2, 1, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize(("duration", "hour"), [("0,5", 0), ("1,5", 1)])
def test_in_the_repeated_hour_of_autumn_the_duration_tells_which_was_meant(
    table: Table, duration: str, hour: int
) -> None:
    # 27.10.2019: 03:00 CEST is 02:00 CET; 02:15 is 00:15Z or 01:15Z
    (charge,) = read(table(f"U1;27.10.2019 01:45;27.10.2019 02:15;3,5;{duration}\n"), OSLO)
    assert charge.unplug == datetime(2019, 10, 27, hour, 15, tzinfo=UTC)


def test_a_night_of_the_change_has_its_real_length(table: Table) -> None:
    (charge,) = read(table("U1;26.10.2019 22:00;27.10.2019 08:00;3,5;11\n"), OSLO)
    assert (charge.unplug - charge.plug_in).total_seconds() == 11 * 3600


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "U1;31.03.2019 02:30;31.03.2019 09:00;3;",
            "Start_plugin 31.03.2019 02:30 does not exist in Europe/Oslo",
        ),
        (
            "U1;01.02.2019 12-05;01.02.2019 13:00;3;",
            "Start_plugin must be a time such as 31.01.2019 18:05, got 01.02.2019 12-05",
        ),
        (
            "U1;01/02/2019 12:00;01.02.2019 13:00;3;",
            "Start_plugin must be a time such as 31.01.2019 18:05, got 01/02/2019 12:00",
        ),
        (
            "U1;30.02.2019 12:00;01.03.2019 13:00;3;",
            "Start_plugin must be a time such as 31.01.2019 18:05, got 30.02.2019 12:00",
        ),
        ("U1;01.02.2019 12:00;;3;", "End_plugout must be a time such as 31.01.2019 18:05, got nothing"),
        (
            "U1;01.02.2019 12:00;01.02.2019 12:00;3;",
            "End_plugout must be after Start_plugin 01.02.2019 12:00, got 01.02.2019 12:00",
        ),
        ("U1;01.02.2019 12:00;01.02.2019 13:00;x;", "El_kWh must be a number, got x"),
        ("U1;01.02.2019 12:00;01.02.2019 13:00;-1;", "El_kWh must be > 0 and < 1000, got -1"),
        ("U1;01.02.2019 12:00;01.02.2019 13:00;nan;", "El_kWh must be > 0 and < 1000, got nan"),
        (";01.02.2019 12:00;01.02.2019 13:00;1;", "User_ID must not be empty"),
        (
            "U1;01.02.2019 12:00;01.02.2019 13:00;1;3",
            "Duration_hours must agree with Start_plugin and End_plugout, got 3",
        ),
    ],
)
def test_a_bad_row_is_refused_by_its_number(table: Table, row: str, said: str) -> None:
    path = table("U1;01.02.2019 08:00;01.02.2019 09:00;1;1\n" + row + "\n")
    with pytest.raises(BadInput) as caught:
        read(path, OSLO)
    assert str(caught.value) == f"real.csv: row 3: {said}"


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match=r"^other\.csv: row 1 must name the column User_ID"):
        read(path, OSLO)


def test_the_energy_needed_fills_the_car_that_arrives(table: Table) -> None:
    """A car without losses or reactive current: what the meter counts is what the battery gets."""
    car = Vehicle("ideal", "ideal", 50_000, 1, 16.0, undershoot_a=0, loss_a_w=0, loss_b=0, reactive_a=0)
    assert arrival_soc(car, 20_000) == pytest.approx(0.6, rel=1e-12)


def test_losses_are_taken_off_what_the_meter_counted() -> None:
    # 3.68 kW at the inlet, 0.08 · 3.68 + 0.1 kW lost: 0.8928261 of it arrives
    car = Vehicle("plain", "plain", 50_000, 1, 16.0, undershoot_a=0, loss_a_w=100, loss_b=0.08, reactive_a=0)
    assert arrival_soc(car, 20_000) == pytest.approx(1 - 20_000 * (1 - 0.08 - 100 / 3680) / 50_000, rel=1e-12)


def test_more_than_the_battery_holds_arrives_empty() -> None:
    car = Vehicle("small", "small", 10_000, 1, 16.0)
    assert arrival_soc(car, 20_000) == 0.0


def test_a_user_gets_the_smallest_car_that_could_have_charged_every_session() -> None:
    def charge(energy_wh: float, hours: int) -> Charge:
        return Charge(
            "row 2", "U", datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, hours, tzinfo=UTC), energy_wh
        )

    fleet = {
        "slow": Vehicle("slow", "slow", 20_000, 1, 16.0),
        "middle": Vehicle("middle", "middle", 40_000, 1, 32.0),
        "large": Vehicle("large", "large", 80_000, 3, 16.0),
    }
    assert fitted_vehicle([charge(10_000, 4)], fleet) == "slow"
    assert (
        fitted_vehicle([charge(10_000, 4), charge(6_000, 1)], fleet) == "middle"
    )  # 6 kW needs more than 16 A
    assert fitted_vehicle([charge(10_000, 4), charge(60_000, 12)], fleet) == "large"
    assert fitted_vehicle([charge(300_000, 23)], fleet) == "large"  # none can; the largest comes closest


def test_a_rig_plays_the_sessions_of_its_time_in_its_own_seconds(table: Table, tmp_path: Path) -> None:
    table(
        "U1;25.10.2019 20:00;25.10.2019 22:00;3,5;2\nU1;26.10.2019 20:00;26.10.2019 22:00;3,5;2\n"
        "U2;26.10.2019 20:00;26.10.2019 22:00;3,5;2\nU1;10.11.2019 20:00;10.11.2019 22:00;3,5;2\n"
    )
    (session,) = RigFile.parse(RIG, tmp_path / "csv.toml").plan()
    assert (session.connector, session.plug_in_s, session.unplug_s) == (1, 18 * 3600.0, 20 * 3600.0)
    assert (session.id_tag, session.needed_wh, session.origin) == ("U1", 3500.0, "real.csv: row 3")


def test_a_rig_that_was_read_asks_its_table_of_sessions_no_more(table: Table, tmp_path: Path) -> None:
    table("U1;26.10.2019 20:00;26.10.2019 22:00;3,5;2\n")
    rig = RigFile.parse(RIG, tmp_path / "csv.toml")
    (tmp_path / "real.csv").unlink()
    assert [session.id_tag for session in rig.plan()] == ["U1"]


def test_a_user_that_the_table_does_not_know_is_refused(table: Table, tmp_path: Path) -> None:
    table("U2;26.10.2019 20:00;26.10.2019 22:00;3,5;2\n")
    with pytest.raises(
        BadInput, match=r'^csv\.toml: sessions_csv\.users\.U1 must be a user of real\.csv, got "U1"$'
    ):
        RigFile.parse(RIG, tmp_path / "csv.toml")


def test_sessions_of_two_users_that_overlap_on_one_connector_are_refused_by_their_rows(
    table: Table, tmp_path: Path
) -> None:
    table("U1;26.10.2019 20:00;26.10.2019 22:00;3,5;2\nU2;26.10.2019 21:00;26.10.2019 23:00;3,5;2\n")
    both = {"path": "real.csv", "users": {"U1": {"connector": 1}, "U2": {"connector": 1}}}
    with pytest.raises(
        BadInput, match=r"real\.csv: row 3: plug-in must be after real\.csv: row 2 leaves connector 1"
    ):
        RigFile.parse({**RIG, "sessions_csv": both}, tmp_path / "csv.toml")


GENERATED = {
    "name": "drawn",
    "start": datetime(2024, 3, 20, tzinfo=UTC),
    "days": 60,
    "timezone": "Europe/Amsterdam",
    "generator": {"vehicles": ["vw-id3-58", "nissan-leaf-40"], "chance": 0.9, "stay_h": 20.0},
}


def test_drawn_sessions_repeat_with_the_seed_and_change_with_it() -> None:
    rig = RigFile.parse(GENERATED)
    assert rig.plan() == RigFile.parse(GENERATED).plan()
    assert rig.plan() != rig.revised(seed=2).plan()


def test_drawn_sessions_of_a_longer_run_begin_as_those_of_a_shorter_one() -> None:
    rig = RigFile.parse(GENERATED)
    short = rig.revised(days=10).plan()
    assert len(short) > 10
    assert rig.plan()[: len(short)] == short


def test_drawn_sessions_never_overlap_on_a_connector() -> None:
    plan = RigFile.parse(GENERATED).plan()
    for connector in (1, 2):
        here = [session for session in plan if session.connector == connector]
        assert len(here) > 30
        assert all(before.unplug_s < after.plug_in_s for before, after in pairwise(here))


def test_the_year_keeps_both_connectors_busy_every_week() -> None:
    """Counted from the published rows themselves, not through the reader."""
    source = ROOT / "rigs/data/trondheim-selection.csv"
    with source.open(encoding="utf-8") as file:
        energy_kwh = sum(
            float(row["El_kWh"].replace(",", ".")) for row in csv.DictReader(file, delimiter=";")
        )
    plan = RigFile.load("year").plan()
    weeks = {(session.connector, int(session.plug_in_s // (7 * 86_400))) for session in plan}
    assert weeks >= {(connector, week) for connector in (1, 2) for week in range(52)}
    assert sum(session.needed_wh or 0.0 for session in plan) == pytest.approx(energy_kwh * 1000.0, rel=1e-9)


@pytest.mark.slow
def test_no_car_of_the_shipped_rigs_needs_more_than_it_holds() -> None:
    assert all(session.soc > 0.0 for session in RigFile.load("year").plan())
