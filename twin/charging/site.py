"""Where a station's limits come from: its keys, the cables, the heat, and the charging profiles in force."""

from collections.abc import Callable, Mapping

from evc5.models.outlet import Outlet
from evc5.models.supply import Three
from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.models.world import World
from evc5.twin.charging.grid import Grid
from evc5.twin.charging.profiles import Limit, ProfileStore
from evc5.twin.clock import StationClock
from evc5.twin.connector.channel import Channel
from evc5.twin.connector.phase_switch import phases_for_watts
from evc5.twin.sheet import vendor
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

DRAWING_A = 0.5  # a phase with less carries no charging current; assumed

Began = Callable[[], Mapping[int, float]]  # by connector: when its running transaction began, epoch seconds


class Site:
    """Answers the controller's questions, and rings when an answer will change by itself: no polling."""

    def __init__(
        self,
        timeline: Timeline,
        clock: StationClock,
        world: World,
        configuration: Configuration,
        behaviour: Behaviour,
        profiles: ProfileStore,
        began_epoch_s: Began,
    ) -> None:
        self._timeline = timeline
        self._clock = clock
        self._world = world
        self._configuration = configuration
        self._profiles = profiles
        self._began_epoch_s = began_epoch_s
        self._spread_watts = behaviour.policy("watts_to_amps") == "phases-in-use"
        self.changed: Callable[[], None] = lambda: None
        self.grid = Grid(world, configuration, lambda: self.changed())
        self._next = Alarm(timeline, lambda: self.changed(), CONTROL)
        self._drawn: dict[int, int] = {}  # by connector: on how many phases its car draws, once it did
        for outlet in world.outlets if self._spread_watts else ():
            outlet.on_segment.append(self._current_changed)

    def die(self) -> None:
        """The firmware stops: nothing is waited for."""
        self._next.clear()

    def clock_set(self) -> None:
        """The station's time jumped, and with it the profiles that are in force."""
        self._next.clear()
        self.changed()

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
        limit = self._limit(channel)
        if limit.amps is not None:
            caps["profile"] = limit.amps
        return caps

    def local_a(self) -> dict[int, float]:
        """By connector: what the station's own keys allow, without heat, cable or sharing."""
        return {
            outlet.connector: min(amps for amps in self._set_by_key(outlet.connector) if amps is not None)
            for outlet in self._world.outlets
        }

    @property
    def phases_wired(self) -> int:
        """Of the outlet that has the most."""
        return max(outlet.spec.phases for outlet in self._world.outlets)

    def _set_by_key(self, connector: int) -> tuple[float, float | None]:
        """chg_RatedCurrent and chg_Mode3Current of a connector; 0 leaves the second to the controller."""
        rated, software = (
            self._configuration.pair(key)[connector - 1] for key in ("chg_RatedCurrent", "chg_Mode3Current")
        )
        return rated, software if software > 0 else None

    def shared(self) -> Mapping[str, Three]:
        """The limits on the sum of all channels by name, on each phase of the grid."""
        station = self._configuration.number("chg_StationMaxCurrent")
        caps = {"station": (station, station, station)}
        grid = self.grid.room_a()
        if grid is not None:
            caps["grid"] = grid
        if not vendor.applies_profiles(self._configuration):
            return caps
        limit = self._profiles.station_limit(self._epoch_s, min(self._began_epoch_s().values(), default=None))
        self._await(limit)
        if limit.amps is not None:
            caps["profile"] = (limit.amps, limit.amps, limit.amps)
        return caps

    def minimum_a(self) -> float:
        return self._configuration.number("chg_MinChargingCurrent")

    def phases(self, channel: Channel) -> int:
        """On how many phases to charge: as the profiles ask, or what their watts are best spread over."""
        if not vendor.applies_profiles(self._configuration):
            return 3
        limit = self._profiles.together(channel.connector, self._epoch_s, self._began_epoch_s())
        self._await(limit)
        if limit.phases is None and limit.watts is not None and self._spread_watts:
            return phases_for_watts(limit.watts, channel.switch.phases)
        return 1 if limit.phases == 1 else 3

    def _limit(self, channel: Channel) -> Limit:
        if not vendor.applies_profiles(self._configuration):
            return Limit()
        connector = channel.connector
        in_use = min(channel.switch.phases, self._drawn.get(connector, 3))
        limit = self._profiles.limit(connector, self._epoch_s, self._began_epoch_s().get(connector), in_use)
        self._await(limit)
        return limit

    def _current_changed(self, outlet: Outlet) -> None:
        """See on how many phases a car draws, for watts to be spread over them; until then over all."""
        drawn = sum(amps > DRAWING_A for amps in outlet.reading().i_a)
        if outlet.pilot == "A":
            self._drawn.pop(outlet.connector, None)
        elif drawn and drawn != self._drawn.get(outlet.connector):
            self._drawn[outlet.connector] = drawn
            self._timeline.soon(self.changed, CONTROL)

    def _await(self, limit: Limit) -> None:
        if limit.until_epoch_s is not None:
            due_s = self._clock.t(limit.until_epoch_s)
            if self._next.due_s is None or due_s < self._next.due_s:
                self._next.set(due_s)

    @property
    def _epoch_s(self) -> float:
        return self._clock.epoch(self._timeline.now)
