"""What a rig says and the station would ignore is an error to its author, in one line: what to do."""

from pathlib import Path
from typing import Any

import pytest

from evc5 import BadInput, Bench
from evc5.rigs.rigfile.file import RigFile

BASE: dict[str, Any] = {"name": "rig", "start": "2024-03-01T00:00:00Z", "days": 1.0}
SLAVE = {"grid_Role": "Slave", "grid_InstallationMaxcurrent": 32}


def refused(**table: Any) -> str:
    with pytest.raises(BadInput) as caught:
        RigFile.parse(BASE | table)
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({}, "grid_Role"),
        ({"grid_Role": "Station_ctrl", "grid_InstallationMaxcurrent": 32}, "grid_Role"),
        ({"grid_Role": "Slave"}, "grid_InstallationMaxcurrent"),
    ],
)
def test_limits_over_a_bus_that_nobody_listens_to_are_refused(keys: dict[str, Any], key: str) -> None:
    said = refused(grid={"limits": [{"at": 60.0, "amps": 8.0}]}, station={"keys": keys})
    assert "grid.limits" in said and f"station.keys.{key} must be" in said
    with pytest.raises(BadInput, match=f"station.keys.{key} must be"):
        Bench(keys=keys).grid_limit(8.0)


def test_limits_over_a_bus_that_the_station_hears_hold() -> None:
    RigFile.parse(BASE | {"grid": {"limits": [{"at": 60.0, "amps": 8.0}]}, "station": {"keys": SLAVE}})
    bench = Bench(keys=SLAVE)
    bench.grid_limit(8.0)
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    assert bench.reading(1)["offered1_a"] == pytest.approx(8.0)


def test_a_misspelt_action_is_named_with_the_one_that_is_meant() -> None:
    said = refused(csms={"actions": [{"at": 0.0, "action": "SetChargingProfil"}]})
    assert "csms.actions[0]" in said and "did you mean SetChargingProfile?" in said


def test_what_only_a_station_may_send_is_no_action_of_the_back_office() -> None:
    assert "a back office may send, got 'Heartbeat'" in refused(
        csms={"actions": [{"at": 0.0, "action": "Heartbeat"}]}
    )


def test_a_payload_that_breaks_its_schema_is_refused_unless_that_is_meant() -> None:
    wrong = {"at": 0.0, "action": "Reset", "payload": {"type": "Medium"}}
    said = refused(csms={"actions": [wrong]})
    assert "Medium" in said and "invalid = true" in said
    RigFile.parse(BASE | {"csms": {"actions": [{**wrong, "invalid": True}]}})


def curve(tmp_path: Path, text: str) -> RigFile:
    (tmp_path / "curve.csv").write_text(text, encoding="utf-8")
    mine = {"id": "mine", "like": "vw-id3-58", "curve": "curve.csv"}
    return RigFile.parse(BASE | {"vehicles": [mine]}, tmp_path / "rig.toml")


@pytest.mark.parametrize(
    "text",
    [
        "soc,kw\n0,11\n0.5,8\n1,1\n",
        "soc_pct,w\n0,11000\n50,8000\n100,1000\n",
        "SoC (%),temperature,Power [kW]\n0,20,11\n50,21,8\n100,22,1\n",
        "power_w,soc\n11000,0\n8000,0.5\n1000,1\n",
    ],
)
def test_a_curve_is_read_by_the_names_and_units_of_its_columns(tmp_path: Path, text: str) -> None:
    mine = curve(tmp_path, text).cars["mine"]
    assert [mine.curve.rate(soc) * mine.usable_wh for soc in (0.0, 0.5)] == pytest.approx([11_000, 8_000])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,power\n0,11\n0.5,8\n", "must name one column soc"),
        ("soc,amps\n0,11\n0.5,8\n", "must name one column soc"),
        ("soc,kw,w\n0,11,11000\n", "must name one column soc"),
        ("soc,kw\n0,11\n50,8\n", "soc_pct"),
        ("soc,kw\n0,11000\n0.5,8000\n", "is the column kw or w?"),
        ("soc,w\n0,11\n0.5,8\n", "is the column kw or w?"),
    ],
)
def test_a_curve_whose_columns_are_not_what_is_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=r"vehicles\[0\]\.curve: curve\.csv") as caught:
        curve(tmp_path, text)
    assert said in str(caught.value)


def test_a_bench_says_what_it_cannot_do() -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    with pytest.raises(BadInput, match="no cable in it to unplug"):
        bench.unplug(1)
    with pytest.raises(BadInput, match="id_tag must have 1 to 20 characters"):
        bench.present_tag(1, "A" * 21)
    with pytest.raises(BadInput, match="advance takes a number of seconds"):
        bench.advance(float("nan"))


@pytest.mark.parametrize("day", ["2024-13-01", "tomorrow", "2024-03-05", "2024-02-28"])
def test_a_day_that_is_none_or_not_of_the_run_is_refused(day: str) -> None:
    bench = Bench(start="2024-03-01T10:00:00Z")
    run = bench.advance(3600).run_so_far()
    with pytest.raises(BadInput, match="day must be"):
        run.plot.day(1, day)
    with pytest.raises(BadInput, match="connector must be one of 1, 2, got 3"):
        run.plot.day(3)
    for zone in (3, b"UTC", object(), "Nowhere/Land", "x" * 300):
        with pytest.raises(BadInput, match="tz must be a zone"):
            run.plot.day(1, tz=zone)
    for instant in (float("nan"), 1e308, -1e308):
        with pytest.raises(BadInput, match="since must be before until"):
            run.plot.power(since=instant, until=instant)
