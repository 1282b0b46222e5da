"""The station's controller: its channels, and who may draw how much."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from evc5.models.sharing import TURN_S, turn
from evc5.models.supply import Three
from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.models.world import World
from evc5.twin.connector.channel import NO_GRANT, Channel
from evc5.twin.connector.limits import EPSILON_A, Grant, Request, arbitrate, room

WAITS = Grant(0.0, "sharing")  # there is not enough for all


class LimitsNow(Protocol):
    """The limits of one instant by name, in A per phase."""

    def own(self, channel: Channel) -> Mapping[str, float]:
        """Those of one channel."""
        ...

    def shared(self, channels: Sequence[Channel]) -> Mapping[str, Three]:
        """Those on the sum of all channels, on each phase of the grid, which `channels` load."""
        ...

    def minimum_a(self) -> float:
        """Below it a channel pauses."""
        ...

    def phases(self, channel: Channel) -> int:
        """On how many phases a channel should charge."""
        ...


class Limits(Protocol):
    """Whom the controller asks, once an arbitration."""

    def now(self) -> LimitsNow: ...


class Controller:
    """Runs the channels of one station within the limits of each and those that they share."""

    def __init__(
        self,
        timeline: Timeline,
        world: World,
        limits: Limits,
        first_come: bool = False,
    ) -> None:
        self.timeline = timeline
        self._limits = limits
        self._first_come = first_come
        self._again = Alarm(timeline, self.arbitrate, CONTROL)
        self._turns = Alarm(timeline, self.arbitrate, CONTROL)
        self.channels: Sequence[Channel] = tuple(
            Channel(timeline, outlet, self.arbitrate) for outlet in world.outlets
        )

    def channel(self, connector: int) -> Channel:
        """The channel of a connector, counted from 1; LookupError for any other number."""
        if not 1 <= connector <= len(self.channels):
            raise LookupError(f"connector must be 1 to {len(self.channels)}, got {connector}")
        return self.channels[connector - 1]

    def arbitrate(self) -> None:
        """Share the current anew; call whenever a limit, a permission or a cable changed."""
        limits = self._limits.now()
        taking = [channel for channel in self.channels if channel.wants_energy]
        for channel in taking:
            if channel.switch.supported:  # else nobody can change them
                channel.switch.want(limits.phases(channel))
        leaving = [channel for channel in self.channels if channel not in taking and channel.committed_a > 0]
        shared = limits.shared([*taking, *leaving])
        minimum_a = limits.minimum_a()
        requests = [Request(c.connector, limits.own(c), minimum_a, c.grid_phases) for c in taking]
        t_s = self.timeline.now
        grants = arbitrate(requests, shared, self._first_come, turn(t_s))
        if len(taking) > 1 and any(grants[c.connector] == WAITS for c in taking):
            self._turns.set((turn(t_s) + 1) * TURN_S)  # who waits now comes first then
        room_a = room(shared)
        by_change = sorted(self.channels, key=lambda c: _amps(grants, c) - _most_a(c))
        followed = set(leaving)
        for channel in by_change:  # who goes down goes first
            wanted = grants.get(channel.connector, NO_GRANT)
            granted = self._within_room(channel, wanted, room_a, minimum_a)
            channel.follow(granted)
            if granted != wanted:
                followed.update(other for other in self.channels if other is not channel)
        self._look_again(followed)  # now that all have been told

    def _within_room(self, channel: Channel, grant: Grant, room_a: Three, minimum_a: float) -> Grant:
        """A raise waits until the others' cars have followed their cuts: the sum never exceeds the limit."""
        offered_a = channel.outlet.offered_a
        if grant.amps <= offered_a:
            return grant
        others = [other for other in self.channels if other is not channel]
        if grant.amps <= min(room_a) - sum([_most_a(other) for other in others]):
            return grant  # even if all were on one phase
        left_a = min(room_a[phase - 1] - _taken_a(others, phase) for phase in channel.grid_phases)
        if grant.amps <= left_a + EPSILON_A:
            return grant
        kept_a = max(left_a, offered_a)
        return Grant(kept_a if kept_a >= minimum_a else 0.0, "sharing")

    def _look_again(self, channels: Iterable[Channel]) -> None:
        """Arbitrate anew when the next of these has followed its cut."""
        due = [channel.free_s for channel in channels if channel.free_s >= self.timeline.now]
        if due:
            self._again.set(min(due))


def _taken_a(channels: Sequence[Channel], phase: int) -> float:
    """What these channels have, or still have, on a phase of the grid."""
    return sum(_most_a(c) for c in channels if phase in c.grid_phases)


def _most_a(channel: Channel) -> float:
    return max(channel.committed_a, channel.grant.amps)


def _amps(grants: Mapping[int, Grant], channel: Channel) -> float:
    return grants.get(channel.connector, NO_GRANT).amps
