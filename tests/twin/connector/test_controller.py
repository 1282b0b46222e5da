"""The controller alone, without any OCPP: mode 3, arbitration, and the status that follows."""

from itertools import pairwise

import pytest

from evc5.models.outlet import OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.vehicles import presets
from evc5.models.world import World
from evc5.twin.connector.controller import Controller

CARS = presets()


class Station:
    """Two outlets, their controller, and the limits it asks for, which a test changes."""

    def __init__(self, rated_a=32.0, station_a=64.0):
        self.timeline = Timeline()
        self.world = World(self.timeline, [OutletSpec(rated_a=rated_a)] * 2)
        self.caps, self.station_a, self.phases_asked = (
            {1: {"rated": rated_a}, 2: {"rated": rated_a}},
            station_a,
            3,
        )
        self.controller = Controller(self.timeline, self.world, self)
        self.statuses = {1: [], 2: []}
        for channel in self.controller.channels:
            channel.on_status.append(self.statuses[channel.connector].append)

    def now(self):
        return self

    def own(self, channel):
        return self.caps[channel.connector]

    def shared(self, channels):
        return {"station": (self.station_a,) * 3}

    def minimum_a(self):
        return 6.0

    def phases(self, channel):
        return self.phases_asked

    def charge(self, connector, car="vw-id3-58", soc=0.3):
        """Plug in, permit, and let the car come up."""
        self.world.outlet(connector).plug_in(CARS[car], soc)
        self.wait(1)
        self.controller.channel(connector).start()
        self.wait(30)

    def limit(self, connector, amps):
        self.caps[connector] = {"rated": 32.0, "profile": amps}
        self.controller.arbitrate()

    def wait(self, seconds):
        self.timeline.advance(self.timeline.now + seconds)

    def amps(self, connector=1):
        return self.world.outlet(connector).reading().i_a


def test_a_session_goes_through_its_statuses_and_back():
    station = Station()
    station.charge(1, soc=0.999)
    station.wait(3600)
    station.controller.channel(1).stop()
    station.wait(10)
    station.world.outlet(1).unplug()
    station.wait(1)
    assert station.statuses[1] == ["Preparing", "Charging", "SuspendedEV", "Finishing", "Available"]


def test_no_current_flows_without_permission():
    station = Station()
    station.world.outlet(1).plug_in(CARS["vw-id3-58"], 0.3)
    station.wait(600)
    assert station.amps() == (0.0, 0.0, 0.0)
    assert station.world.outlet(1).pilot == "B" and station.world.outlet(1).phases == 0


def test_the_pilot_changes_at_most_every_five_seconds():
    station = Station()
    station.charge(1)
    outlet = station.world.outlet(1)
    changes = []
    outlet.on_segment.append(lambda o: changes.append((station.timeline.now, o.offered_a)))
    for n in range(20):
        station.limit(1, 10.0 + n % 7)
        station.wait(0.7)
    offers = [(t, a) for n, (t, a) in enumerate(changes) if n == 0 or a != changes[n - 1][1]]
    assert len(offers) >= 3
    assert min(later[0] - earlier[0] for earlier, later in pairwise(offers)) >= 5.0


def test_a_second_change_reaches_the_pilot_five_seconds_after_the_first():
    station = Station()
    station.charge(1)
    station.limit(1, 10.0)
    station.wait(1)
    station.limit(1, 12.0)
    station.wait(3.9)
    assert station.world.outlet(1).offered_a == 10.0
    station.wait(0.2)
    assert station.world.outlet(1).offered_a == 12.0


def test_a_limit_is_seen_in_the_current():
    station = Station()
    station.charge(1)
    station.limit(1, 10.0)
    station.wait(11)  # 5 s for the pilot, 5 s for the car, and its ramp
    assert all(9.0 <= amps <= 10.5 for amps in station.amps())
    assert station.controller.channel(1).limited_by == "profile"


def test_a_limit_below_the_minimum_pauses_and_a_higher_one_resumes():
    station = Station()
    station.charge(1)
    station.limit(1, 5.9)
    station.wait(20)
    assert max(station.amps()) < 0.1 and station.statuses[1][-1] == "SuspendedEVSE"
    assert station.controller.channel(1).limited_by == "minimum"
    station.limit(1, 6.0)
    station.wait(30)
    assert min(station.amps()) > 5.0 and station.statuses[1][-1] == "Charging"


def test_two_cars_share_the_station_and_the_second_to_leave_gets_all():
    station = Station(station_a=32.0)
    station.charge(1, "renault-zoe-ze50")
    station.charge(2, "renault-zoe-ze50")
    station.wait(30)
    assert sum(max(station.amps(n)) for n in (1, 2)) <= 32.5
    station.controller.channel(2).stop()
    station.wait(30)
    assert min(station.amps(1)) > 28.0


def test_the_sum_never_exceeds_the_station_while_shares_change():
    station = Station(station_a=32.0)
    peak = []
    for outlet in station.world.outlets:
        outlet.on_segment.append(lambda _: peak.append(sum(max(station.amps(n)) for n in (1, 2))))
    station.charge(1, "renault-zoe-ze50")
    station.charge(2, "renault-zoe-ze50")
    station.wait(60)
    station.limit(1, 10.0)
    station.wait(60)
    station.limit(1, 32.0)
    station.wait(60)
    assert max(peak) <= 32.5
    assert min(station.amps(1)) > 14.0 and min(station.amps(2)) > 14.0


def switching_station():
    station = Station()
    station.controller.channel(1).switch.supported = True
    station.charge(1)
    return station


def test_three_phases_become_one_and_never_under_load():
    station = switching_station()
    closed = []
    station.world.outlet(1).on_segment.append(lambda o: closed.append((station.timeline.now, o.phases)))
    station.phases_asked = 1
    station.controller.arbitrate()
    station.wait(60)
    now, before, after = station.amps(), closed[0][1], closed[-1][1]
    opened = next(t for t, phases in closed if phases == 0)
    again = next(t for t, phases in closed if phases == 1)
    assert (before, after) == (3, 1) and now[0] > 14.0 and now[1:] == (0.0, 0.0)
    assert again - opened >= 10.0


def test_one_phase_becomes_three_only_after_ten_minutes():
    station = switching_station()
    station.phases_asked = 1
    station.controller.arbitrate()
    station.wait(60)
    station.phases_asked = 3
    station.controller.arbitrate()
    station.wait(500)
    assert station.amps()[1] == 0.0
    station.wait(120)
    assert min(station.amps()) > 14.0


def test_without_the_hardware_the_phases_stay():
    station = Station()
    station.charge(1)
    station.phases_asked = 1
    station.controller.arbitrate()
    station.wait(120)
    assert min(station.amps()) > 14.0


def test_a_fault_takes_the_energy_and_its_clearing_gives_it_back():
    station = Station()
    station.charge(1)
    channel = station.controller.channel(1)
    channel.inject("ground-failure")
    station.wait(10)
    assert (channel.status, channel.error_code) == ("Faulted", "GroundFailure") and max(station.amps()) < 0.1
    assert channel.limited_by == "fault"
    channel.clear("ground-failure")
    station.wait(30)
    assert (channel.status, channel.error_code) == ("Charging", "NoError") and min(station.amps()) > 14.0


def test_a_contactor_closes_half_a_second_after_the_car_asks_and_opens_in_a_twentieth():
    """IEC 61851-1 allows 3 s (sequence 4) and 0.1 s (sequence 8.1)."""
    station = Station()
    outlet, seen = station.world.outlet(1), []
    outlet.on_pilot.append(lambda o: seen.append((station.timeline.now, f"pilot {o.pilot}")))
    outlet.on_segment.append(lambda o: seen.append((station.timeline.now, f"{o.phases} phases")))
    station.charge(1)
    outlet.unplug()
    station.wait(1)
    first = {}
    for t_s, what in seen:
        first.setdefault(what, t_s)
    opened_s = max(t_s for t_s, what in seen if what == "0 phases" and t_s > first["pilot A"])
    assert first["3 phases"] - first["pilot C"] == pytest.approx(0.5)
    assert opened_s - first["pilot A"] == pytest.approx(0.05)


def test_an_unplugged_contactor_is_open_within_a_tenth_of_a_second():
    station = Station()
    station.charge(1)
    station.world.outlet(1).unplug()
    station.wait(0.1)
    assert station.world.outlet(1).phases == 0


@pytest.mark.parametrize("connector", [0, 3, -1])
def test_a_channel_that_does_not_exist_is_refused(connector):
    with pytest.raises(LookupError, match="1 to 2"):
        Station().controller.channel(connector)


def test_a_raise_waits_the_five_seconds_that_the_other_car_has_to_follow_its_cut():
    """IEC 61851-1 gives a car 5 s; before that the sum of what flows could exceed the station's limit."""
    station = Station(station_a=32.0)
    station.charge(1)
    station.charge(2)
    station.wait(60)
    offers = [station.world.outlet(n) for n in (1, 2)]
    assert [outlet.offered_a for outlet in offers] == [16.0, 16.0]
    station.limit(1, 6.0)
    station.wait(4.9)
    assert [outlet.offered_a for outlet in offers] == [6.0, 16.0]
    station.wait(0.2)
    assert [outlet.offered_a for outlet in offers] == [6.0, 26.0]


def two_cars_that_wait() -> Station:
    station = Station(station_a=32.0)
    for connector in (1, 2):
        station.world.outlet(connector).plug_in(CARS["vw-id3-58"], 0.3)
    station.wait(1)
    return station


def test_an_offer_withdrawn_before_the_contactor_closed_holds_nobody_up():
    station = two_cars_that_wait()
    first, second = station.controller.channels
    first.start()
    station.wait(0)
    first.stop()
    station.wait(0)
    second.start()
    assert second.grant.amps == 32.0


def test_what_the_pilot_has_not_offered_yet_is_shared_at_once():
    station = two_cars_that_wait()
    first, second = station.controller.channels
    second.start()
    first.start()
    assert [channel.grant.amps for channel in (first, second)] == [16.0, 16.0]


def test_a_raise_waits_for_the_phase_that_has_the_least_left():
    station = Station()
    station.shared = lambda channels: {"grid": (64.0, 32.0, 64.0)}
    station.charge(1)
    station.charge(2)
    station.wait(30)
    offered_a = [outlet.offered_a for outlet in station.world.outlets]
    station.limit(1, 10.0)
    station.wait(4.9)
    while_it_follows_a = [outlet.offered_a for outlet in station.world.outlets]
    station.wait(5)
    at_last_a = [outlet.offered_a for outlet in station.world.outlets]
    assert (offered_a, while_it_follows_a, at_last_a) == ([16.0, 16.0], [10.0, 16.0], [10.0, 22.0])
