"""A station's limits at one instant: which there are, by name, and what each leaves on a phase."""

from dataclasses import replace

import pytest

from evc5.models.outlet import OutletSpec
from evc5.models.supply import Supply
from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.twin.charging.car_phases import CarPhases
from evc5.twin.charging.grid import Grid
from evc5.twin.charging.limits_now import LimitsNow
from evc5.twin.charging.phases import PhaseRules
from evc5.twin.charging.schedule import Cap, cap_of_watts
from evc5.twin.charging.trial import Trials
from evc5.twin.connector.channel import Channel
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

BEHAVIOUR = Behaviour.load("ocpp16").with_policies({"assumed_keys": "as-named"})
KEPT, FOLLOWS = PhaseRules(), PhaseRules(in_use=True)
HOUSE_A = (20.0, 12.0, 0.0)
TURNED = (2, 3, 1)  # the grid's phases behind the second outlet


class Station:
    """Two outlets of three phases with loads in them, and what the profiles say: of 0, the whole station."""

    def __init__(self, rules: PhaseRules = KEPT, said: dict[int, Cap] | None = None, **keys: object) -> None:
        timeline = Timeline()
        spec = OutletSpec(rated_a=40.0)
        supply = Supply(house=((0.0, HOUSE_A),))
        world = World(timeline, [spec, replace(spec, rotation=TURNED)], supply)
        configuration = Configuration(BEHAVIOUR, {"chg_RatedCurrent": [32, 25], **keys})
        self.channels = [Channel(timeline, outlet, lambda: None) for outlet in world.outlets]
        cars = CarPhases(lambda: None)
        cars.watch(self.channels)
        self.trials = Trials(timeline, lambda: None)
        self.outlets, self.timeline, self.asked = world.outlets, timeline, []
        grid = Grid(world, configuration, lambda: None)

        def says(connector: int) -> Cap | None:
            self.asked.append(connector)
            return (said or {}).get(connector)

        self.now = LimitsNow(configuration, rules, grid, cars, self.trials, says)

    def drawing(self, *used: int) -> "Station":
        """Loads that draw on so many phases, in the order of the connectors."""
        for outlet, phases in zip(self.outlets, used, strict=False):
            outlet.plug_in_box()
            outlet.set_contactor(3)
            outlet.box(True, phases, 10.0)
        return self

    def own(self, connector: int = 1) -> dict[str, float]:
        return dict(self.now.own(self.channels[connector - 1]))

    def shared(self) -> dict[str, tuple[float, float, float]]:
        return dict(self.now.shared(self.channels))


@pytest.mark.parametrize(("connector", "keys", "heat_a", "cable_a", "caps"), [
    (1, {}, 99.0, None, {"rated": 32.0}), (2, {}, 99.0, None, {"rated": 25.0}),
    (1, {"chg_RatedCurrent": [63, 63]}, 99.0, None, {"rated": 40.0}),  # more than is bolted to the wall
    (1, {"chg_Mode3Current": [0, 10]}, 99.0, None, {"rated": 32.0}),  # 0 is no limit of its own
    (1, {"chg_Mode3Current": [1, 10]}, 99.0, None, {"rated": 32.0, "station": 1.0}),
    (2, {"chg_Mode3Current": [0, 10]}, 99.0, None, {"rated": 25.0, "station": 10.0}),
    (1, {}, 40.0, None, {"rated": 32.0}), (1, {}, 39.0, None, {"rated": 32.0, "temperature": 39.0}),
    (1, {}, 0.0, 20.0, {"rated": 32.0, "temperature": 0.0, "cable": 20.0}),
])  # fmt: skip
def test_a_connectors_own_limits_are_its_keys_heat_and_cable(connector, keys, heat_a, cable_a, caps):
    station = Station(**keys)
    outlet = station.outlets[connector - 1]
    outlet.heat_is(heat_a)
    if cable_a is not None:
        outlet.plug_in_box(cable_a)
    assert station.own(connector) == caps


@pytest.mark.parametrize(("rules", "said", "used", "amps"), [
    (KEPT, {}, 3, None), (KEPT, {1: Cap(12.0)}, 3, 12.0), (KEPT, {2: Cap(12.0)}, 3, None),
    (KEPT, {0: Cap(9.0)}, 3, None), (KEPT, {0: Cap(9.0), 1: Cap(12.0)}, 3, 12.0),  # the whole is shared
    (FOLLOWS, {0: Cap(9.0)}, 3, 9.0), (FOLLOWS, {0: Cap(9.0), 1: Cap(12.0)}, 3, 9.0),
    (KEPT, {1: cap_of_watts(6900, None)}, 1, 10.0), (FOLLOWS, {1: cap_of_watts(6900, None)}, 1, 30.0),
    (PhaseRules(pauses=True), {1: Cap(12.0, 1)}, 3, 0.0),  # three conduct, whatever is asked
    (PhaseRules(pauses=True), {0: Cap(12.0, 1)}, 3, 0.0),
    (PhaseRules(pauses=True), {1: Cap(12.0, 3)}, 3, 12.0),
])  # fmt: skip
def test_what_profiles_leave_a_connector(rules, said, used, amps):
    station = Station(rules, said).drawing(used)
    assert station.own().get("profile") == (None if amps is None else pytest.approx(amps))


@pytest.mark.parametrize(("keys", "caps"), [
    ({}, {"station": 63.0}), ({"chg_StationMaxCurrent": 20}, {"station": 20.0}),
    ({"grid_InstallationMaxcurrent": 40, "chg_KWH3": "none"}, {"station": 63.0, "grid": 40.0}),
    ({"grid_SupervisorTotalcurrent": 30}, {"station": 63.0, "grid": 30.0}),
    ({"grid_InstallationMaxcurrent": 40, "chg_KWH3": "none", "grid_SupervisorTotalcurrent": 30},
     {"station": 63.0, "grid": 30.0}),
    ({"grid_InstallationMaxcurrent": 40, "chg_KWH3": "none", "grid_SupervisorTotalcurrent": 50},
     {"station": 63.0, "grid": 40.0}),
])  # fmt: skip
def test_limits_on_all_together_hold_on_each_phase_of_the_grid(keys, caps):
    assert Station(**keys).shared() == {name: (amps,) * 3 for name, amps in caps.items()}


def test_what_the_house_leaves_and_what_a_supervisor_does_hold_phase_by_phase():
    keys = {"grid_InstallationMaxcurrent": 40, "chg_KWH3": "EASTR_SDM630,3,9600,N,1"}
    assert Station(**keys).shared()["grid"] == (20.0, 28.0, 40.0)
    keys["grid_SupervisorTotalcurrent"] = 25
    assert Station(**keys).shared()["grid"] == (20.0, 25.0, 25.0)


@pytest.mark.parametrize(("rules", "whole", "used", "amps"), [
    (KEPT, Cap(16.0), (3, 3), 16.0),  # amperes hold on each phase
    (KEPT, cap_of_watts(6900, None), (1, 1), 10.0), (KEPT, cap_of_watts(6900, None), (), 10.0),
    (FOLLOWS, cap_of_watts(6900, None), (3, 3), 10.0),
    (FOLLOWS, cap_of_watts(6900, None), (1, 1), 15.0),  # L1 and, behind the second outlet, L2 of the grid
    (FOLLOWS, cap_of_watts(6900, None), (1, 2), 10.0), (FOLLOWS, cap_of_watts(6900, None), (2, 1), 15.0),
    (FOLLOWS, cap_of_watts(3600, None), (3, 1), 3600 / 230),  # too little for three phases: one is left
    (FOLLOWS, cap_of_watts(4140, None), (3, 1), 6.0),  # just enough
])  # fmt: skip
def test_watts_of_the_whole_station_are_spread_over_the_phases_of_the_grid_that_are_loaded(
    rules, whole, used, amps
):
    station = Station(rules, {0: whole}).drawing(*used)
    assert station.shared()["profile"] == pytest.approx((amps,) * 3)


def test_a_car_of_unknown_phases_under_watts_is_tried_and_one_under_amperes_is_not():
    """3,600 W over three phases are below the 6 A of IEC 61851-1, and enough for one."""
    for said, more_a in ((cap_of_watts(3600, None), 1.0), (Cap(10.0), 0.0)):
        station = Station(FOLLOWS, {1: said})
        station.outlets[0].plug_in_box()
        station.outlets[0].set_pwm(6.0)
        station.own()
        station.timeline.advance(10.0)
        assert station.trials.more_a(1) == more_a


def test_each_connectors_profiles_are_asked_for_once():
    station = Station(FOLLOWS, {0: Cap(20.0), 1: Cap(12.0)})
    station.own()
    station.own(2)
    station.shared()
    assert sorted(station.asked) == [0, 1, 2]


@pytest.mark.parametrize(("said", "relays", "phases"), [
    ({}, True, 3), ({1: Cap(16.0, 1)}, True, 1), ({1: Cap(16.0, 1)}, False, 3), ({0: Cap(16.0, 1)}, True, 1),
    ({2: Cap(16.0, 1)}, True, 3),
])  # fmt: skip
def test_a_connector_charges_on_the_phases_that_profiles_ask_for_and_relays_can_do(said, relays, phases):
    station = Station(said=said, chg_MinChargingCurrent=7)
    station.channels[0].switch.supported = relays
    assert station.now.phases(station.channels[0]) == phases
    assert station.now.minimum_a() == station.now.outlook(station.channels[0]).minimum_a == 7.0
