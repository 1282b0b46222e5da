"""Limits by the station's keys and profiles, and the instants at which they change by themselves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from evc5.models.outlet import OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.twin.charging.profiles import ProfileStore
from evc5.twin.charging.site import Site
from evc5.twin.clock import Calendar, StationClock
from evc5.twin.connector.channel import Channel
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

BEHAVIOUR = Behaviour.load("ocpp16")
START = datetime(2024, 3, 1, 10, 0, tzinfo=UTC)
WHOLE, DEFAULT = "ChargePointMaxProfile", "TxDefaultProfile"


class Station:
    """Two outlets whose limits are asked for at the start and each time that they may have changed."""

    def __init__(self, *, offset_s: float = 0.0, policies: dict[str, str] | None = None, **keys: Any) -> None:
        self.timeline = Timeline()
        self.world = World(self.timeline, [OutletSpec(), OutletSpec()])
        self.configuration = Configuration(BEHAVIOUR, keys)
        self.clock = StationClock(Calendar(START), offset_s)
        self.profiles = ProfileStore(policies)
        self.began: dict[int, float] = {}
        self.channels = [Channel(self.timeline, outlet, lambda: None) for outlet in self.world.outlets]
        self.site = Site(
            self.timeline, self.clock, self.world, self.configuration, self.profiles, lambda: self.began
        )
        self.site.watch(self.channels)
        self.site.changed = self.look
        self.seen: list[tuple[float, float | None, float | None, float | None]] = []

    def put(
        self,
        connector: int,
        purpose: str,
        *periods: tuple[int, float],
        kind: str = "Absolute",
        unit: str = "A",
    ) -> "Station":
        """A profile from the start of the run on, or from where charging began."""
        rows = [{"startPeriod": start_s, "limit": amps} for start_s, amps in periods]
        schedule = {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": rows,
            "startSchedule": START.isoformat(),
        }
        wire = {
            "chargingProfileId": len(self.profiles.installed), "stackLevel": 0,
            "chargingProfilePurpose": purpose, "chargingProfileKind": kind, "chargingSchedule": schedule,
        }  # fmt: skip
        status = self.profiles.install(connector, wire, transaction=None, epoch_s=START.timestamp())
        assert status == "Accepted"
        return self

    def look(self) -> None:
        now = self.site.now()
        first, second = (now.own(channel).get("profile") for channel in self.channels)
        whole = now.shared(self.channels).get("profile")
        self.seen.append((self.timeline.now, first, second, whole and whole[0]))

    def run(self, seconds: float) -> list[tuple[float, float | None, float | None, float | None]]:
        self.look()
        self.timeline.advance(self.timeline.now + seconds)
        return self.seen


def test_limits_change_at_the_instants_of_all_profiles_and_at_no_others():
    station = Station().put(1, DEFAULT, (0, 16), (100, 10)).put(2, DEFAULT, (0, 8), (50, 9))
    assert station.put(0, WHOLE, (0, 30), (70, 20)).run(1000.0) == [
        (0.0, 16.0, 8.0, 30.0), (50.0, 16.0, 9.0, 30.0), (70.0, 16.0, 9.0, 20.0), (100.0, 10.0, 9.0, 20.0)
    ]  # fmt: skip


def test_an_instant_is_one_of_the_stations_own_clock():
    assert [t_s for t_s, *_ in Station(offset_s=30.0).put(1, DEFAULT, (0, 16), (100, 10)).run(1000.0)] == [
        0.0,
        70.0,
    ]


def test_what_counts_from_the_start_of_charging_does_so_by_connector_and_of_the_station_from_the_oldest():
    station = Station().put(1, DEFAULT, (0, 16), (100, 10), kind="Relative")
    station.put(2, DEFAULT, (0, 8), (100, 9), kind="Relative").put(
        0, WHOLE, (0, 30), (100, 20), kind="Relative"
    )
    station.began = {1: START.timestamp() - 20.0, 2: START.timestamp() - 60.0}
    assert station.run(1000.0) == [(0.0, 16.0, 8.0, 30.0), (40.0, 16.0, 9.0, 20.0), (80.0, 10.0, 9.0, 20.0)]
    idle = Station().put(0, WHOLE, (0, 30), (100, 20), kind="Relative")
    assert idle.run(1000.0) == [(0.0, None, None, None)]


def test_without_its_option_no_profile_counts():
    station = Station(chg_Options={"ChgProf": 0}).put(1, DEFAULT, (0, 16), (100, 10))
    assert station.run(1000.0) == [(0.0, None, None, None)]


def test_a_clock_that_is_set_is_a_change_and_the_next_instant_counts_by_it():
    station = Station().put(1, DEFAULT, (0, 16), (100, 10))
    station.look()
    station.clock.set(0.0, START.timestamp() - 25.0)
    station.site.clock_set()
    station.timeline.advance(1000.0)
    assert station.seen == [(0.0, 16.0, None, None), (0.0, None, None, None), (25.0, 16.0, None, None),
                            (125.0, 10.0, None, None)]  # fmt: skip


def test_an_instant_that_a_clock_set_back_puts_off_is_none_any_more():
    station = Station().put(1, DEFAULT, (0, 16), (100, 10))
    station.run(50.0)
    station.clock.set(50.0, START.timestamp() + 30.0)
    station.site.clock_set()
    station.timeline.advance(1000.0)
    assert [t_s for t_s, *_ in station.seen] == [0.0, 50.0, 120.0]


def test_what_a_car_was_offered_to_begin_with_goes_with_it():
    station = Station(policies={"watts_to_amps": "phases-in-use"})
    station.put(1, DEFAULT, (0, 3600), unit="W")
    outlet = station.world.outlet(1)
    outlet.plug_in_box()
    outlet.set_pwm(6.0)
    station.run(10.0)
    assert station.site.now().outlook(station.channels[0]).more_a == 1.0
    outlet.unplug()
    station.timeline.advance(11.0)
    assert station.site.now().outlook(station.channels[0]).more_a == 0.0


def test_a_station_that_dies_waits_for_nothing_and_knows_nothing_of_its_cars():
    station = Station(policies={"watts_to_amps": "phases-in-use"}).put(1, DEFAULT, (0, 16), (100, 10))
    outlet = station.world.outlet(1)
    outlet.plug_in_box()
    outlet.set_contactor(3)
    outlet.box(True, 1, 10.0)
    station.timeline.advance(1.0)
    assert station.site.now().outlook(station.channels[0]).car == 1
    assert len(station.seen) == 1, "told at once"
    station.site.die()
    station.timeline.advance(1000.0)
    assert len(station.seen) == 1
    assert station.site.now().outlook(station.channels[0]).car is None


def test_phases_in_use_are_learnt_where_the_policy_asks_for_them_only():
    station = Station()
    outlet = station.world.outlet(1)
    outlet.plug_in_box()
    outlet.set_contactor(3)
    outlet.box(True, 1, 10.0)
    station.timeline.advance(1.0)
    assert station.site.now().outlook(station.channels[0]).car is None


@pytest.mark.parametrize(("keys", "local_a"), [
    ({}, {1: 32.0, 2: 32.0}), ({"chg_RatedCurrent": [20, 25]}, {1: 20.0, 2: 25.0}),
    ({"chg_RatedCurrent": [20, 25], "chg_Mode3Current": [10, 0]}, {1: 10.0, 2: 25.0}),
    ({"chg_RatedCurrent": [20, 25], "chg_Mode3Current": [0, 40]}, {1: 20.0, 2: 25.0}),
])  # fmt: skip
def test_the_local_limit_is_the_lower_of_the_stations_own_keys(keys, local_a):
    assert Station(**keys).site.local_a() == local_a
