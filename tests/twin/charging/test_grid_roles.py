"""What a station may take from its connection, by grid_Role: the house beside it, the bus, and neither."""

import pytest

from evc5.models.outlet import OutletSpec
from evc5.models.supply import Supply
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.twin.charging.grid import Grid, limits_nothing
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

BEHAVIOUR = Behaviour.load("ocpp16")
METER = "EASTR_SDM630,3,9600,N,1"
HOUSE_A, LATER_A = (20.0, 5.0, 50.0), (30.0, 5.0, 0.0)


def configuration(**keys: object) -> Configuration:
    told = {"chg_KWH3": METER, "grid_InstallationMaxcurrent": 40, "grid_InstallationSaveCurrent": 8}
    return Configuration(BEHAVIOUR, {**told, **keys})


class Connected:
    """A station beside a house, which takes something else after a minute."""

    def __init__(self, **keys: object) -> None:
        self.timeline = Timeline()
        world = World(self.timeline, [OutletSpec()], Supply(house=((0.0, HOUSE_A), (60.0, LATER_A))))
        self.changes = 0
        self.grid = Grid(world, configuration(**keys), self.changed)

    def changed(self) -> None:
        self.changes += 1


@pytest.mark.parametrize(("keys", "room_a"), [
    ({}, (20.0, 35.0, 0.0)), ({"grid_TotalcurrentOffset": 4}, (16.0, 31.0, 0.0)),
    ({"grid_Role": "STATION_ctrl"}, (20.0, 35.0, 0.0)), ({"grid_Role": "No_ctrl"}, None),
    ({"grid_InstallationMaxcurrent": 0}, None), ({"grid_InstallationMaxcurrent": 1}, (0.0, 0.0, 0.0)),
    ({"chg_KWH3": "None"}, (40.0, 40.0, 40.0)),
    ({"grid_Role": "Slave"}, (8.0, 8.0, 0.0)), ({"grid_Role": "Master"}, (8.0, 8.0, 0.0)),
])  # fmt: skip
def test_the_room_is_what_the_house_leaves_and_over_the_bus_the_safe_current(keys, room_a):
    assert Connected(**keys).grid.room_a() == room_a


@pytest.mark.parametrize(("keys", "told_a", "room_a"), [
    ({"grid_Role": "Slave"}, 30.0, (20.0, 30.0, 0.0)), ({"grid_Role": "Slave"}, 0.0, (0.0, 0.0, 0.0)),
    ({"grid_Role": "Slave", "chg_KWH3": "none"}, 30.0, (30.0, 30.0, 30.0)),
    ({"grid_Role": "Slave", "chg_KWH3": "none"}, 50.0, (40.0, 40.0, 40.0)),
    ({}, 10.0, (20.0, 35.0, 0.0)),  # nobody listens
])  # fmt: skip
def test_a_limit_over_the_bus_holds_until_it_stops_coming(keys, told_a, room_a):
    one = Connected(**keys)
    before = one.grid.room_a()
    one.grid.limit(told_a)
    assert one.grid.room_a() == room_a
    one.grid.limit(None)
    assert (one.grid.room_a(), one.changes) == (before, 2)


def test_without_its_meter_the_safe_current_holds_on_each_phase():
    one = Connected()
    one.grid.lose_meter(True)
    assert one.grid.room_a() == (8.0, 8.0, 8.0)
    one.grid.lose_meter(False)
    assert (one.grid.room_a(), one.changes) == ((20.0, 35.0, 0.0), 2)


@pytest.mark.parametrize(("keys", "changes"), [({}, 1), ({"grid_Role": "No_ctrl"}, 0)])
def test_a_house_that_takes_more_is_told_where_it_counts(keys, changes):
    one = Connected(**keys)
    one.timeline.advance(60.0)
    assert one.changes == changes
    assert one.grid.room_a() == ((10.0, 35.0, 40.0) if changes else None)


@pytest.mark.parametrize(("keys", "why"), [
    ({"grid_Role": "Slave"}, ""), ({"grid_Role": "master"}, ""),
    ({}, "station.keys.grid_Role must be Slave or Master, got 'Station_ctrl'"),
    ({"grid_Role": "No_ctrl"}, "station.keys.grid_Role must be Slave or Master, got 'No_ctrl'"),
    ({"grid_Role": "Slave", "grid_InstallationMaxcurrent": 0},
     "station.keys.grid_InstallationMaxcurrent must be > 0 A, got 0"),
    ({"grid_Role": "Slave", "grid_InstallationMaxcurrent": 1}, ""),
])  # fmt: skip
def test_why_a_limit_over_the_bus_would_have_no_effect(keys, why):
    assert limits_nothing(configuration(**keys)) == why
