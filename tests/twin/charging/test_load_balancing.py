"""Load balancing behind a building's connection: no limit is exceeded, and everybody gets a turn."""

import pytest
from wire import sent

from evc5 import Bench
from evc5.rigs.rigfile.file import RigFile

ZOE = "renault-zoe-ze50"  # takes 32 A on three phases


def bench(house=(), keys=None, connectors=(1,), **station):
    keys = {"chg_KWH3": "EASTR_SDM630,3,9600,N,1", "grid_InstallationMaxcurrent": 40, **(keys or {})}
    table = {
        "name": "balancing",
        "start": "2024-03-01T10:00:00Z",
        "days": 10.0,
        "station": {"latency_s": 0.0, "keys": keys, **station},
        "grid": {"house": list(house)},
    }
    one = Bench(rig=RigFile.parse(table))
    for connector in connectors:
        one.plug_in(connector, ZOE, soc=0.1)
        one.present_tag(connector, f"TAG{connector}")
    return one.advance(120)


def amps(one, connector=1):
    row = one.reading(connector)
    return [row["i1_a"], row["i2_a"], row["i3_a"]]


def test_the_house_is_left_what_it_takes():
    one = bench(house=[[0, [20.0, 5.0, 5.0]]])
    assert max(amps(one)) <= 20.5 and min(amps(one)) > 15
    assert one.reading(1)["limited_by"] == "grid"


def test_when_the_house_takes_more_the_car_gives_way_within_the_reaction_time():
    one = bench(house=[[0, 5.0], [11, 30.0]])
    one.advance(until="2024-03-01T10:59:59Z")
    assert min(amps(one)) > 28
    one.advance(until="2024-03-01T11:00:11Z")  # 5 s for the pilot, 5 s for the car
    assert max(amps(one)) <= 10.5


def test_without_its_meter_the_station_keeps_to_the_safe_current():
    one = bench(keys={"grid_InstallationSaveCurrent": 8})
    one.inject("power-meter-failure", connector=0)
    one.advance(15)
    assert max(amps(one)) <= 8.5
    one.clear("power-meter-failure", connector=0)
    one.advance(15)
    assert min(amps(one)) > 28


def test_an_offset_corrects_what_is_measured():
    one = bench(house=[[0, 20.0]], keys={"grid_TotalcurrentOffset": 8})
    assert max(amps(one)) <= 12.5


@pytest.mark.parametrize(("told", "least", "most"), [(16.0, 14.5, 16.5), (0.0, 0.0, 0.1), (None, 8.0, 10.5)])
def test_a_slave_follows_its_master_and_falls_back_when_it_is_silent(told, least, most):
    one = bench(keys={"grid_Role": "Slave", "grid_InstallationSaveCurrent": 10})
    one.grid_limit(told)
    one.advance(30)
    assert all(least <= one_phase <= most for one_phase in amps(one))


def test_no_control_leaves_the_installation_alone():
    one = bench(house=[[0, 30.0]], keys={"grid_Role": "No_ctrl"})
    assert min(amps(one)) > 28


def test_two_cars_take_turns_where_there_is_enough_for_one_only():
    one = bench(keys={"grid_InstallationMaxcurrent": 10}, connectors=(1, 2))
    charged = set()
    for _ in range(8):
        now = [max(amps(one, connector)) for connector in (1, 2)]
        assert sum(now) <= 10.5
        charged |= {connector for connector, flowing in zip((1, 2), now, strict=True) if flowing > 5}
        one.advance(900)
    assert charged == {1, 2}


def test_a_car_back_at_once_is_raised_when_the_other_has_made_room():
    """Its own old offer still counts while its car follows it, and the other has not been cut yet."""
    bench = Bench(keys={"chg_StationMaxCurrent": 20})
    for connector in (1, 2):
        profile = {
            "chargingProfileId": connector,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "startSchedule": "2024-01-01T00:00:00Z",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
            },
        }
        bench.call("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": profile})
        bench.plug_in(connector, "tesla-model-3-rwd", 0.3)
        bench.present_tag(connector, f"TAG{connector}")
    bench.advance(60)
    bench.unplug(1)
    bench.call("ChangeConfiguration", {"key": "chg_StationMaxCurrent", "value": "16"})
    bench.advance(1)
    bench.plug_in(1, "tesla-model-3-rwd", 0.3)
    bench.advance(1)
    bench.present_tag(1, "TAG1")
    bench.advance(60)
    assert [bench.reading(connector)["allocated1_a"] for connector in (1, 2)] == [8.0, 8.0]


def test_a_car_whose_turn_it_is_as_it_starts_takes_over_in_that_instant_and_is_never_told_as_paused():
    """The other draws nothing: what is withdrawn from it is free at once."""
    bench = Bench(connectors=2, keys={"chg_StationMaxCurrent": 10})
    bench.plug_in(1, "vw-id3-58", 1.0)
    bench.present_tag(1, "TAG1")
    bench.advance(1000)  # beyond its turn of a quarter of an hour
    bench.plug_in(2, "vw-id3-58", 0.2)
    bench.present_tag(2, "TAG2")
    bench.advance(20)
    told = [payload["status"] for payload in sent(bench, "StatusNotification", connectorId=2)]
    assert told == ["Available", "Preparing", "Charging"]


def test_a_car_that_its_profile_leaves_nothing_waits_for_no_share_of_the_others():
    """It waited for one until then, and the other's car has yet to follow its own cut."""
    bench = Bench(connectors=2, keys={"chg_StationMaxCurrent": 10})  # enough for one
    for connector in (1, 2):
        bench.plug_in(connector, "vw-id3-58", 0.2)
        bench.present_tag(connector, f"TAG{connector}")
    bench.advance(60)
    nothing = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2024-01-01T00:00:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0.0}],
        },
    }
    bench.call("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": nothing})
    named = []
    for _ in range(8):
        bench.advance(1)
        named += [bench.reading(connector)["limited_by"] for connector in (1, 2)]
    assert set(named) == {"profile"}
