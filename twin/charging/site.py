"""Where a station's limits come from: its keys, the cables, the heat, and the charging profiles in force."""

from collections.abc import Callable, Mapping, Sequence

from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.models.world import World
from evc5.twin.charging.car_phases import CarPhases
from evc5.twin.charging.grid import Grid
from evc5.twin.charging.limits_now import LimitsNow, Says, key_limits
from evc5.twin.charging.profiles import Limit, ProfileStore
from evc5.twin.charging.schedule import Cap
from evc5.twin.charging.trial import Trials
from evc5.twin.clock import StationClock
from evc5.twin.connector.channel import Channel
from evc5.twin.sheet.configuration import Configuration

Began = Callable[[], Mapping[int, float]]  # by connector: when its running transaction began, epoch seconds


class Site:
    """Says what the limits are now, and rings when they will change by themselves: no polling."""

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
        self._trials = Trials(timeline, lambda: self.changed())

    def watch(self, channels: Sequence[Channel]) -> None:
        """Learn on how many phases the cars at these draw, where a policy asks for it."""
        if self._rules.in_use:
            self._cars.watch(channels)
            self._trials.watch(channels)

    def die(self) -> None:
        """The firmware stops: nothing is waited for, nothing known of the cars."""
        self._next.clear()
        self._cars.forget()
        self._trials.forget()

    def clock_set(self) -> None:
        """The station's time jumped, and with it the profiles that are in force."""
        self._next.clear()
        self.changed()

    # --- limits ---

    def now(self) -> LimitsNow:
        """All limits as they are at this instant; rings when the profiles will say something else."""
        return LimitsNow(self._configuration, self._rules, self.grid, self._cars, self._trials, self._said())

    def local_a(self) -> dict[int, float]:
        """By connector: what the station's own keys allow, without heat, cable or sharing."""
        own_a = self._configuration.follows(key_limits).own_a
        return {
            outlet.connector: min(both_a) for outlet, both_a in zip(self._world.outlets, own_a, strict=False)
        }

    def _said(self) -> Says:
        """What the profiles say now; nothing without ChgProf."""
        if not self._configuration.follows(key_limits).applies_profiles:
            return lambda _: None
        epoch_s = self._clock.epoch(self._timeline.now)
        began = self._began_epoch_s()

        def says(connector: int) -> Cap | None:
            if connector:
                limit = self._profiles.limit(connector, epoch_s, began.get(connector))
            else:
                limit = self._profiles.station_limit(epoch_s, min(began.values(), default=None))
            self._await(limit)
            return limit.cap

        return says

    def _await(self, limit: Limit) -> None:
        if limit.until_epoch_s is not None:
            due_s = self._clock.t(limit.until_epoch_s)
            if self._next.due_s is None or due_s < self._next.due_s:
                self._next.set(due_s)
