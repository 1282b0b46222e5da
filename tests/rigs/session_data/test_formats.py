"""Sessions in other people's formats: handmade rows of each, read, refused by row and value, warned of."""

import json
import re
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from places import ROOT

from evc5 import BadInput, read_sessions
from evc5.rigs.errors import DataWarning

FILES = ROOT / "tests" / "rigs" / "session_data" / "files"
ANY = {"plug_in": "Begin", "unplug": "Finish", "energy_wh": "Wh", "user": "Driver", "place": "Bay"}


def told(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows with their instants in UTC to the second, and None for null."""
    known = table.astype(object).where(table.notna(), None)
    return [
        (f"{row.plug_in:%m-%d %H:%M:%S}", f"{row.unplug:%m-%d %H:%M:%S}", row.energy_kwh, row.user, row.place)
        for row in known.itertuples()
    ]


def test_acn_data_as_json() -> None:
    assert told(read_sessions(FILES / "acn.json", "acn-json")) == [
        ("10-02 15:10:00", "10-03 00:45:30", 12.25, "000000777", "CA-901"),
        ("10-02 16:00:00", "10-02 19:00:00", 4.5, None, "CA-902"),
        ("10-03 15:30:00", "10-03 22:00:00", 8.0, "000000777", "CA-901"),
    ]


def test_acn_data_as_csv_tells_the_same() -> None:
    as_csv = read_sessions(FILES / "acn.csv", "acn-csv")
    assert told(as_csv) == told(read_sessions(FILES / "acn.json", "acn-json"))[:2]
    assert as_csv["origin"].tolist() == ["row 2", "row 3"]


def test_ocpi_sessions_and_cdrs_and_those_that_are_still_open() -> None:
    with pytest.warns(DataWarning, match=r"^ocpi\.json: 1 sessions that have not ended are left out$"):
        table = read_sessions(FILES / "ocpi.json", "ocpi")
    assert told(table) == [
        ("03-01 17:02:00", "03-02 06:30:00", 21.4, "TAG-7", "EVSE-A"),
        ("03-01 18:15:00", "03-01 20:15:00", 7.25, "TAG-9", "EVSE-B"),
    ]
    assert table["origin"].tolist() == ["data[0]", "data[2]"]


def test_elaadnl_has_the_day_before_the_month_and_may_have_no_energy() -> None:
    assert told(read_sessions(FILES / "elaadnl.csv", "elaadnl")) == [
        ("02-03 16:30:00", "02-03 21:00:00", 9.87, "card-one", "CP77/1"),
        ("02-03 17:05:00", "02-04 06:20:00", 0.0, "card-two", "CP77/2"),
    ]


def test_any_csv_by_the_names_of_its_columns_over_a_change_of_the_clock() -> None:
    # 27.10.2024: 03:00 CEST is 02:00 CET, so that 02:30 to 02:10 lasts 40 minutes
    table = read_sessions(FILES / "any.csv", "csv", timezone="Europe/Amsterdam", columns=ANY)
    assert told(table) == [
        ("10-26 17:00:00", "10-27 06:00:00", 18.25, "anna", "left"),
        ("10-27 00:30:00", "10-27 01:10:00", 0.5, None, "right"),
    ]


def test_any_csv_with_a_time_format_and_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "plug_in\tunplug\tenergy_kwh\n31.12.19 22h05\t01.01.20 06h00\t3,5\n", encoding="utf-8-sig"
    )
    table = read_sessions(path, "csv", timezone="UTC", time_format="%d.%m.%y %Hh%M")
    assert told(table) == [("12-31 22:05:00", "01-01 06:00:00", 3.5, None, None)]


def test_an_object_of_nothing_is_no_session(tmp_path: Path) -> None:
    (tmp_path / "acn.json").write_text("{}")
    with pytest.raises(BadInput, match=r"acn\.json: must be a list of sessions, or hold one as _items"):
        read_sessions(tmp_path / "acn.json", "acn-json")


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    text = (FILES / name).read_text("utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "kind", "old", "new", "said"),
    [
        (
            "acn.json",
            "acn-json",
            "12.25",
            "-1",
            "_items[0]: kWhDelivered must be a number of kWh from 0 to 1000, got -1",
        ),
        (
            "acn.json",
            "acn-json",
            "12.25",
            '"much"',
            "_items[0]: kWhDelivered must be a number of kWh from 0 to 1000, got much",
        ),
        (
            "acn.json",
            "acn-json",
            "12.25",
            "true",
            "_items[0]: kWhDelivered must be a number of kWh from 0 to 1000, got True",
        ),
        (
            "acn.json",
            "acn-json",
            '"Wed, 02 Oct 2019 16:00:00 GMT"',
            "null",
            "_items[1]: connectionTime must be a time such as 2018-04-25T11:08:04Z or Wed, 25 Apr "
            "2018 11:08:04 GMT, got nothing",
        ),
        (
            "acn.json",
            "acn-json",
            "Wed, 02 Oct 2019 19:00:00",
            "Wed, 02 Oct 2019 16:00:00",
            "_items[1]: disconnectTime must be after connectionTime Wed, 02 Oct 2019 16:00:00 GMT, "
            "got Wed, 02 Oct 2019 16:00:00 GMT",
        ),
        (
            "acn.json",
            "acn-json",
            "Wed, 02 Oct 2019 19:00:00",
            "Wed, 06 Nov 2019 19:00:00",
            "_items[1]: disconnectTime must be at most 31 days after connectionTime",
        ),
        (
            "acn.json",
            "acn-json",
            "America/Los_Angeles",
            "Mars/Base",
            "_items[0]: timezone must be a zone of the IANA database, got Mars/Base",
        ),
        ("acn.json", "acn-json", '"_items"', '"items"', "[0]: connectionTime must be a time such as"),
        ("acn.json", "acn-json", '"_meta"', "_meta", "not a JSON file: "),
        (
            "acn.csv",
            "acn-csv",
            "kWhDelivered",
            "kwh",
            "row 1 must name the column kWhDelivered; it has _id, clusterID",
        ),
        ("acn.csv", "acn-csv", "CA-902", "CA-902,x,y", "row 3 must have at most 13 values, got 15"),
        (
            "ocpi.json",
            "ocpi",
            "21.4",
            "2140",
            "data[0]: kwh must be a number of kWh from 0 to 1000, got 2140",
        ),
        (
            "ocpi.json",
            "ocpi",
            '7.25, "total_time"',
            'null, "total_time"',
            "data[2]: total_energy must be a number of kWh from 0 to 1000, got nothing",
        ),
        ("ocpi.json", "ocpi", '"ACTIVE"', '"COMPLETED"', "data[1]: end_date_time must be a time such as"),
        (
            "ocpi.json",
            "ocpi",
            '"start_date_time"',
            '"start_datetime"',
            "data[0]: start_datetime is of OCPI before 2.2; 2.2.1 is read",
        ),
        (
            "elaadnl.csv",
            "elaadnl",
            "03/02/2019 16:30",
            "13/13/2019 16:30",
            "row 2: UTCTransactionStart must be a time as %d/%m/%Y %H:%M, got 13/13/2019 16:30",
        ),
        (
            "elaadnl.csv",
            "elaadnl",
            "4,5;",
            "3,5;",
            "row 2: ConnectedTime must be the hours from UTCTransactionStart to UTCTransactionStop, got 3,5",
        ),
        (
            "elaadnl.csv",
            "elaadnl",
            "9,87",
            "9.876,1",
            "row 2: TotalEnergy must be a number of kWh from 0 to 1000, got 9.876,1",
        ),
        ("any.csv", "csv", "19:00", "02:60", "row 2: Begin must be a time such as"),
        (
            "any.csv",
            "csv",
            "2024-10-26 19:00",
            "2024-03-31 02:30",
            "row 2: Begin must be a time that exists in Europe/Amsterdam, got 2024-03-31 02:30",
        ),
    ],
)
def test_a_bad_row_is_refused_by_file_row_value_and_what_is_allowed(
    tmp_path: Path, name: str, kind: str, old: str, new: str, said: str
) -> None:
    path = edited(tmp_path, name, old, new)
    options = {"columns": ANY, "timezone": "Europe/Amsterdam"} if kind == "csv" else {}
    with pytest.raises(BadInput) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read_sessions(path, kind, **options)
    assert str(caught.value).startswith(f"{name}: {said}")


@pytest.mark.parametrize(
    ("told_h", "agrees"), [("4,482", True), ("4,518", True), ("4,478", False), ("4,522", False)]
)
def test_a_connected_time_agrees_as_far_as_its_minutes_tell(
    tmp_path: Path, told_h: str, agrees: bool
) -> None:
    path = edited(tmp_path, "elaadnl.csv", "4,5;", f"{told_h};")  # 4.5 h, and 0.02 h are its last digit
    if agrees:
        assert len(read_sessions(path, "elaadnl")) == 2
    else:
        with pytest.raises(BadInput, match="ConnectedTime must be the hours"):
            read_sessions(path, "elaadnl")


def test_local_times_want_their_zone() -> None:
    with pytest.raises(BadInput, match=r"^any\.csv: row 2: Begin must be a time with its offset from UTC"):
        read_sessions(FILES / "any.csv", "csv", columns=ANY)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.json", "acn-json"), "none.json: No such file or directory"),
        ((FILES / "any.csv", ["csv"]), "format must be acn-json"),
        (
            (FILES / "any.csv", "tsv"),
            "format must be acn-json, acn-csv, ocpi, elaadnl, trondheim, csv, got 'tsv'",
        ),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(arguments: tuple[Any, ...], said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        read_sessions(*arguments)


def test_a_file_without_sessions_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text('{"_items": []}')
    (tmp_path / "other.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"^empty\.json: must hold sessions, has none$"):
        read_sessions(tmp_path / "empty.json", "acn-json")
    with pytest.raises(BadInput, match=r"^other\.csv: not a text in UTF-8"):
        read_sessions(tmp_path / "other.csv", "elaadnl")


def arriving(tmp_path: Path, hours_utc: list[int]) -> Path:
    """Sessions of an hour at these hours of UTC, a day each, in Los Angeles' summer (seven hours behind)."""
    at = [datetime(2019, 7, 1, hour, tzinfo=UTC) + timedelta(days=n) for n, hour in enumerate(hours_utc)]
    items = [
        {
            "connectionTime": f"{one:%a, %d %b %Y %H:%M:%S} GMT",
            "disconnectTime": f"{one + timedelta(hours=1):%a, %d %b %Y %H:%M:%S} GMT",
            "kWhDelivered": 3.0,
            "timezone": "America/Los_Angeles",
        }
        for one in at
    ]
    path = tmp_path / "hours.json"
    path.write_text(json.dumps({"_items": items}))
    return path


# 8 to 17 local are 15 to 24 UTC; marked as UTC themselves they show as 1 to 10 local
OFFICE = [15, 16, 17, 18, 19, 20, 21, 22, 23, 0]
SHIFTED = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17]


def test_hours_that_look_shifted_by_the_zone_raise_a_warning(tmp_path: Path) -> None:
    said = "hours.json: the hours look shifted by 7 h: 40% of the sessions begin between 00 and 05 in America"
    with pytest.warns(DataWarning, match=f"^{said}.*were they local times that are marked as UTC, 0% did$"):
        read_sessions(arriving(tmp_path, SHIFTED * 2), "acn-json")


@pytest.mark.parametrize(
    "hours",
    [
        OFFICE * 2,  # as they should be
        SHIFTED + SHIFTED[:9],  # 19: one too few to say
        [8] * 5 + [20] * 15,  # a quarter in the night is not too many
        [8] * 10 + [3] * 2 + [15] * 8,  # half in the night; shifted, a tenth are: not few enough
    ],
)
def test_hours_that_people_keep_raise_none(tmp_path: Path, hours: list[int]) -> None:
    path = arriving(tmp_path, hours)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_sessions(path, "acn-json")) == len(hours)


@pytest.mark.parametrize(
    "hours",
    [
        SHIFTED * 2,  # 20 suffice
        [8] * 6 + [20] * 14,  # three tenths in the night are too many
        [8] * 10 + [3] + [15] * 9,  # shifted, a twentieth are: few enough
    ],
)
def test_hours_just_beyond_those_do(tmp_path: Path, hours: list[int]) -> None:
    with pytest.warns(DataWarning, match="look shifted by 7 h"):
        read_sessions(arriving(tmp_path, hours), "acn-json")
