"""Where a station's limits come from: its keys, the cables, the heat, and the charging profiles in force."""

from collections.abc import Callable, Mapping, Sequence

from evc5.models.supply import Three
from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.models.world import World
from evc5.twin.charging.car_phases import CarPhases
from evc5.twin.charging.grid import Grid
from evc5.twin.charging.phases import Outlook, Wiring
from evc5.twin.charging.profiles import Limit, ProfileStore
from evc5.twin.charging.schedule import Cap
from evc5.twin.clock import StationClock
from evc5.twin.connector.channel import Channel
from evc5.twin.sheet import vendor
from evc5.twin.sheet.configuration import Configuration

Began = Callable[[], Mapping[int, float]]  # by connector: when its running transaction began, epoch seconds


class Site:
    """Answers the controller's questions, and rings when an answer will change by itself: no polling."""

    def __init__(
        self,
        timeline: Timeline,
        clock: StationClock,
        world: World,
        configuration: Configuration,
        profiles: ProfileStore,
        began_epoch_s: Began,
    ) -> None:
        self._timeline = timeline
        self._clock = clock
        self._world = world
        self._configuration = configuration
        self._profiles = profiles
        self._rules = profiles.rules
        self._began_epoch_s = began_epoch_s
        self.changed: Callable[[], None] = lambda: None
        self.grid = Grid(world, configuration, lambda: self.changed())
        self._next = Alarm(timeline, lambda: self.changed(), CONTROL)
        self._cars = CarPhases(lambda: timeline.soon(self.changed, CONTROL))

    def watch(self, channels: Sequence[Channel]) -> None:
        """Learn on how many phases the cars at these draw, where a policy asks for it."""
        if self._rules.in_use:
            self._cars.watch(channels)

    def die(self) -> None:
        """The firmware stops: nothing is waited for, nothing known of the cars."""
        self._next.clear()
        self._cars.forget()

    def clock_set(self) -> None:
        """The station's time jumped, and with it the profiles that are in force."""
        self._next.clear()
        self.changed()

    # --- limits ---

    def own(self, channel: Channel) -> Mapping[str, float]:
        """One channel's limits by name, A per phase."""
        outlet = channel.outlet
        rated, software = self._set_by_key(channel.connector)
        caps = {"rated": min(rated, outlet.spec.rated_a)}
        if outlet.heat_a < outlet.spec.rated_a:
            caps["temperature"] = outlet.heat_a
        if outlet.cable_a is not None:
            caps["cable"] = outlet.cable_a
        if software is not None:
            caps["station"] = software
        limit_a = self._by_profile(channel)
        if limit_a is not None:
            caps["profile"] = limit_a
        return caps

    def _by_profile(self, channel: Channel) -> float | None:
        own, whole = self._in_force(channel.connector)
        outlook = self.outlook(channel)
        said = [cap for cap in (own, whole) if cap is not None]
        if self._rules.is_impossible(said, outlook.wiring):
            return 0.0
        if whole is not None and not self._rules.in_use:
            said.remove(whole)  # which `shared` reckons over all that load it
        return min((self._rules.offer_a(cap, outlook) for cap in said), default=None)

    def local_a(self) -> dict[int, float]:
        """By connector: what the station's own keys allow, without heat, cable or sharing."""
        return {
            outlet.connector: min(amps for amps in self._set_by_key(outlet.connector) if amps is not None)
            for outlet in self._world.outlets
        }

    def _set_by_key(self, connector: int) -> tuple[float, float | None]:
        """chg_RatedCurrent and chg_Mode3Current of a connector; 0 leaves the second to the controller."""
        rated, software = (
            self._configuration.pair(key)[connector - 1] for key in ("chg_RatedCurrent", "chg_Mode3Current")
        )
        return rated, software if software > 0 else None

    def shared(self, channels: Sequence[Channel]) -> Mapping[str, Three]:
        """The limits on the sum of all channels by name, on each phase of the grid; those given load it."""
        station = self._configuration.number("chg_StationMaxCurrent")
        caps = {"station": (station, station, station)}
        grid = self.grid.room_a()
        if grid is not None:
            caps["grid"] = grid
        supervisor_a = vendor.supervisor_a(self._configuration)
        if supervisor_a is not None:
            caps["grid"] = _least(caps.get("grid"), (supervisor_a, supervisor_a, supervisor_a))
        _, whole = self._in_force(None)
        if whole is not None:
            amps = self._whole_a(whole, channels)
            caps["profile"] = (amps, amps, amps)
        return caps

    def _whole_a(self, whole: Cap, channels: Sequence[Channel]) -> float:
        """ChargePointMaxProfile on each phase; its watts are spread over all that the channels load."""
        loaded: set[int] = set()
        outlooks = [self.outlook(channel) for channel in channels]
        for channel, outlook in zip(channels, outlooks, strict=True):
            if self._rules.offer_a(whole, outlook) >= outlook.minimum_a:  # else it cannot charge at all
                used = self._rules.used(outlook.phases, outlook.car)
                loaded.update(channel.outlet.spec.rotation[:used])
        wiring = max((outlook.wiring for outlook in outlooks), key=_wired, default=Wiring())
        amps = self._rules.amps(whole, wiring, max(len(loaded), 1))
        return max(amps, self._rules.trial_a(whole, outlooks))

    def minimum_a(self) -> float:
        return self._configuration.number("chg_MinChargingCurrent")

    # --- phases ---

    def phases(self, channel: Channel) -> int:
        """On how many phases to charge: as the profiles ask, or what their watts are best spread over."""
        said = [cap for cap in self._in_force(channel.connector) if cap is not None]
        return self._rules.conducting(said, self.outlook(channel))

    def outlook(self, channel: Channel) -> Outlook:
        """The phases of one channel as its limits meet them."""
        switch = channel.switch
        wiring = Wiring(switch.wired, switch.supported)
        return Outlook(wiring, switch.heading, self._cars.of(channel.connector), self.minimum_a())

    # --- profiles ---

    def _in_force(self, connector: int | None) -> tuple[Cap | None, Cap | None]:
        """What the profiles of a connector say now, and ChargePointMaxProfile; nothing without ChgProf."""
        if not vendor.applies_profiles(self._configuration):
            return None, None
        epoch_s = self._clock.epoch(self._timeline.now)
        began = self._began_epoch_s()
        limits = [self._profiles.station_limit(epoch_s, min(began.values(), default=None))]
        if connector is not None:
            limits.append(self._profiles.limit(connector, epoch_s, began.get(connector)))
        for limit in limits:
            self._await(limit)
        return limits[1].cap if connector is not None else None, limits[0].cap

    def _await(self, limit: Limit) -> None:
        if limit.until_epoch_s is not None:
            due_s = self._clock.t(limit.until_epoch_s)
            if self._next.due_s is None or due_s < self._next.due_s:
                self._next.set(due_s)


def _wired(wiring: Wiring) -> int:
    return wiring.wired


def _least(one: Three | None, other: Three) -> Three:
    """Phase by phase."""
    if one is None:
        return other
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]))
