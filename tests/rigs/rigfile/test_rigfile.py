"""A rig file is read strictly, and what is wrong with it is said in one line."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.file import RigFile, find, json_schema, names

GOOD = """
name = "bench"
start = 2024-03-01T00:00:00Z
days = 1

[station.keys]
HeartbeatInterval = 60

[[sessions]]
plug_in = 2024-03-01T10:00:00Z
unplug = "20h"
vehicle = "vw-id3-58"
soc = 0.4
"""


def rig(text: str = GOOD) -> RigFile:
    return RigFile.parse(tomllib.loads(text), Path("bench.toml"))


def complaint(old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(BadInput) as caught:
        rig(GOOD.replace(old, new, 1))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("days = 1", "dais = 1", "dais is not a key here; did you mean days?"),
        ("days = 1", "", "days is required"),
        ("days = 1", 'days = "a"', 'days must be a number, got "a"'),
        ("days = 1", "days = 0", "days must be > 0.0, got 0"),
        ("days = 1", "days = true", "days must be a number, got true"),
        ("soc = 0.4", "soc = 1.4", "sessions[0].soc must be <= 1.0, got 1.4"),
        ("soc = 0.4", "soc = nan", "sessions[0].soc must be a finite number, got NaN"),
        ("soc = 0.4", "soc = 0.4\nsoq = 1", "sessions[0].soq is not a key here; did you mean soc?"),
        ("2024-03-01T00:00:00Z", "5", "start must be a date and time such as 2024-03-01T18:00:00Z, got 5"),
        (
            "2024-03-01T00:00:00Z",
            "2024-03-01T00:00:00",
            "start must say its offset from UTC, such as 2024-03-01T00:00:00Z, got 2024-03-01T00:00:00",
        ),
        ('"20h"', "-5", "sessions[0].unplug must be >= 0 seconds from the start, got -5"),
        (
            '"20h"',
            '"9h"',
            'sessions[0].unplug must be after plug_in 2024-03-01T10:00:00+00:00, got 32400.0',
        ),
        (
            "plug_in = 2024-03-01",
            "plug_in = 2024-02-01",
            "sessions[0].plug_in must not be before the start (2024-03-01T00:00:00+00:00), "
            "got 2024-02-01T10:00:00+00:00",
        ),
        (
            '"vw-id3-58"',
            '"vw-id3-85"',
            'sessions[0].vehicle must be a preset or one of [[vehicles]], got "vw-id3-85"; '
            "did you mean vw-id3-58?",
        ),
        (
            "HeartbeatInterval",
            "HartbeatInterval",
            "station.keys.HartbeatInterval is in no table of the sheet of evc5-v32r30; "
            "did you mean HeartbeatInterval?",
        ),
        (
            "HeartbeatInterval = 60",
            "HeartbeatInterval = -3",
            "station.keys.HeartbeatInterval must be >= 0, got -3 (table 13); "
            "station.allow_overrides = true models a firmware that takes it",
        ),
        (
            "HeartbeatInterval = 60",
            "HeartbeatInterval = { x = 1 }",
            "station.keys.HeartbeatInterval must be a string, a number, true, false or a list of them",
        ),
        (
            "[station.keys]",
            "[station.policies]\ngab = 'unlimited'\n[station.keys]",
            "station.policies.gab is not a policy; did you mean gap?",
        ),
        (
            "[station.keys]",
            "[station.policies]\ngap = 'open'\n[station.keys]",
            "station.policies.gap must be one of local-limit, unlimited, got 'open'",
        ),
        (
            "[station.keys]",
            "[station]\nbehaviour = 'evc6'\n[station.keys]",
            "station.behaviour must be evc5-v32r30 or ocpp16 or a TOML file, got 'evc6'",
        ),
        (
            "[station.keys]",
            "[station]\nrated_a = -32\n[station.keys]",
            "station.rated_a must be >= 6.0, got -32",
        ),
        (
            "[station.keys]",
            "[station]\nrated_a = 16\n[station.keys]\nchg_RatedCurrent = '16,16'",
            "station.rated_a must not stand beside station.keys.chg_RatedCurrent, which says the same",
        ),
        (
            "[station.keys]",
            "[grid]\nvoltage_v = [230, 230]\n[station.keys]",
            "grid.voltage_v must be one number or three, for L1, L2 and L3, got [230, 230]",
        ),
        (
            "[station.keys]",
            "[[outages]]\nfrom = '2h'\nto = '1h'\n[station.keys]",
            "outages[0].to must be later than from (7200.0), got 3600.0",
        ),
        (
            "[station.keys]",
            "[[csms.replies]]\naction = 'Authorize'\n[station.keys]",
            "csms.replies[0] must have exactly one of payload, error, silent",
        ),
        (
            "[station.keys]",
            "[csms.tags]\nABCDEFGHIJKLMNOPQRSTU = { status = 'Blocked' }\n[station.keys]",
            "csms.tags.ABCDEFGHIJKLMNOPQRSTU must have at most 20 characters, "
            'got "ABCDEFGHIJKLMNOPQRSTU"',
        ),
        (
            "days = 1",
            "days = 1\ntimezone = 'Europe/Osslo'",
            "timezone must be a zone of the IANA database such as Europe/Oslo, "
            'got "Europe/Osslo"; did you mean Europe/Oslo?',
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_path_and_what_is_allowed(old: str, new: str, said: str) -> None:
    assert complaint(old, new) == f"bench.toml: {said}"


@pytest.mark.parametrize(
    "name", ["", "Europe", "../Europe/Oslo", "/etc/localtime", "posix/Europe/Oslo", "a\\u0000"]
)
def test_a_zone_is_one_by_its_name_alone(name: str) -> None:
    told = complaint("days = 1", f'days = 1\ntimezone = "{name}"')
    assert told.startswith(
        "bench.toml: timezone must be a zone of the IANA database such as Europe/Oslo, got"
    )


def test_a_key_that_the_sheet_calls_read_only_is_refused_with_its_table() -> None:
    said = complaint("HeartbeatInterval = 60", "GetConfigurationMaxKeys = 60")
    assert said == (
        "bench.toml: station.keys.GetConfigurationMaxKeys is hard-coded in this charge point (table 13), "
        "got '60'; station.allow_overrides = true models a firmware that takes it"
    )


def test_no_override_is_promised_that_would_not_help() -> None:
    said = complaint("HeartbeatInterval = 60", "HeartbeatInterval = 'soon'")
    assert said.endswith("HeartbeatInterval must be a whole number, got 'soon' (table 13)")


def test_a_read_only_key_may_be_overridden_to_model_another_firmware() -> None:
    text = GOOD.replace(
        "[station.keys]", "[station]\nallow_overrides = true\n[station.keys]\nGetConfigurationMaxKeys = 9"
    )
    assert rig(text).configuration().integer("GetConfigurationMaxKeys") == 9


def test_ratings_reach_the_station_as_its_vendor_keys() -> None:
    keys = rig(
        GOOD.replace("[station.keys]", "[station]\nrated_a = 16\nstation_max_a = 25\n[station.keys]")
    ).configuration()
    assert keys.pair("chg_RatedCurrent") == [16.0, 16.0]
    assert keys.pair("chg_StationMaxCurrent") == [25.0]


def test_two_cars_at_one_connector_at_once_are_refused() -> None:
    later = '[[sessions]]\nplug_in = 2024-03-01T19:00:00Z\nunplug = "22h"\nvehicle = "vw-id3-58"\nsoc = 0.4\n'
    with pytest.raises(BadInput) as caught:
        rig(GOOD + later)
    assert str(caught.value) == (
        "bench.toml: sessions[1]: plug-in must be after sessions[0] leaves connector 1 "
        "at 2024-03-01T20:00:00Z, got 2024-03-01T19:00:00Z"
    )


def test_text_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('name = "x"\ndays = \n')
    with pytest.raises(BadInput, match=r"^bad\.toml: not a TOML file: .*line 2"):
        RigFile.load(path)


def test_a_misspelt_shipped_rig_gets_a_suggestion() -> None:
    with pytest.raises(BadInput, match=r"^weak: neither a file nor a shipped rig; did you mean week\?$"):
        find("weak")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(BadInput, match=r"^nowhere/x\.toml: no such rig file$"):
        RigFile.load("nowhere/x.toml")


def test_offsets_count_from_the_start() -> None:
    text = GOOD + '[[outages]]\nfrom = "1d 2h 30m"\nto = 95400.5\n'
    outage = rig(text).outages[0]
    assert (outage.start, outage.end) == (95_400.0, 95_400.5)


def test_times_with_an_offset_are_taken_to_utc() -> None:
    start = rig(GOOD.replace("2024-03-01T00:00:00Z", "2024-03-01T01:00:00+01:00")).start
    assert start == datetime(2024, 3, 1, tzinfo=UTC)
    assert start.utcoffset().total_seconds() == 0  # type: ignore[union-attr]


def test_dates_in_a_payload_become_the_text_that_ocpp_wants() -> None:
    text = (
        GOOD
        + "[[csms.actions]]\nat = 0\naction = 'X'\ninvalid = true\n"
        + "payload = { a = [{ b = 2024-03-01T01:00:00+01:00 }] }\n"
    )
    assert rig(text).csms.actions[0].payload == {"a": [{"b": "2024-03-01T00:00:00Z"}]}


def test_a_revised_rig_differs_only_in_what_was_asked() -> None:
    before = rig()
    after = before.revised(days=3, seed=9, behaviour="ocpp16")
    assert (after.days, after.seed, after.behaviour.name) == (3.0, 9, "ocpp16")
    assert (after.sessions, after.start, after.where) == (before.sessions, before.start, before.where)


def test_a_rig_may_describe_its_own_car() -> None:
    text = (
        GOOD.replace('"vw-id3-58"', '"mine"')
        + '[[vehicles]]\nid = "mine"\nlike = "vw-id3-58"\nmin_3p_a = 8.0\n'
    )
    (session,) = rig(text).plan()
    assert (session.vehicle.id, session.vehicle.min_3p_a, session.vehicle.usable_wh) == ("mine", 8.0, 58_000)


def test_an_own_car_may_bring_its_curve_in_kilowatts() -> None:
    car = 'id = "mine"\nusable_wh = 50000.0\nphases = 3\nmax_a = 16.0\ncurve = [[0.0, 50.0], [1.0, 5.0]]'
    text = GOOD.replace('"vw-id3-58"', '"mine"') + f"[[vehicles]]\n{car}\n"
    (session,) = rig(text).plan()
    assert session.vehicle.curve.rate(0.5) == pytest.approx(27.5 / 50.0, rel=1e-12)


@pytest.mark.parametrize(
    ("car", "said"),
    [
        ('like = "vw-id3"', 'like must be a preset or one of [[vehicles]], got "vw-id3"'),
        ("usable_wh = 1.0\nphases = 3", "max_a is required where vehicles[0].like names no preset"),
        ('like = "vw-id3-58"\nmax_a = 3.0', "max_a must be within 6 and 80 A, got 3.0"),
        ('like = "vw-id3-58"\ncurve = [[0.5, 9], [0.4, 9]]', "curve SoC must not fall, got 0.4 after 0.5"),
    ],
)  # fmt: skip
def test_an_impossible_car_is_refused_with_its_key(car: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        rig(f'{GOOD}[[vehicles]]\nid = "mine"\n{car}\n')
    assert str(caught.value).startswith(f"bench.toml: vehicles[0].{said}")


def test_an_own_car_may_not_take_a_presets_name() -> None:
    said = r"vehicles\[0\]\.id must not be a preset's or given twice, got \"vw-id3-58\""
    with pytest.raises(BadInput, match=said):
        rig(f'{GOOD}[[vehicles]]\nid = "vw-id3-58"\nlike = "vw-id3-58"\n')


def test_the_schema_names_every_table_for_editors() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"name", "start", "days"}
    assert {"from", "to"} <= set(schema["$defs"]["Outage"]["properties"])


@pytest.mark.parametrize("name", ["first-charge", "week", "month", "year", "hot-day", "balancing", "bad-day"])
def test_every_shipped_rig_is_valid(name: str) -> None:
    assert name in names()
    assert RigFile.load(name).plan()
