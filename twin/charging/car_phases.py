"""On how many phases the car at a connector draws, learnt from its current: mode 3 does not tell."""

from collections.abc import Callable, Sequence

from evc5.models.outlet import Outlet
from evc5.twin.connector.channel import Channel

DRAWING_A = 0.5  # a phase with less carries no charging current; assumed


class CarPhases:
    """Knows it, until it leaves, of a car that has drawn on all phases wired or on fewer than conduct.

    A car on all of fewer phases that relays leave it may be able to use more: nothing is known of it.
    """

    def __init__(self, learnt: Callable[[], None]) -> None:
        self._learnt = learnt
        self._channels: dict[int, Channel] = {}
        self._known: dict[int, int] = {}

    def forget(self) -> None:
        """The firmware stops: what it has learnt is lost."""
        self._known.clear()

    def of(self, connector: int) -> int | None:
        return self._known.get(connector)

    def watch(self, channels: Sequence[Channel]) -> None:
        """Look at these from now on, whenever their current takes another form."""
        for channel in channels:
            self._channels[channel.connector] = channel
            channel.outlet.on_segment.append(self._segment_began)

    def _segment_began(self, outlet: Outlet) -> None:
        before = self.of(outlet.connector)
        if outlet.pilot == "A":
            self._known.pop(outlet.connector, None)
        else:
            self._look(outlet)
        if self.of(outlet.connector) != before:
            self._learnt()

    def _look(self, outlet: Outlet) -> None:
        reading = outlet.reading()
        drawn = sum(amps > DRAWING_A for amps in reading.i_a)
        alive = all(volts > 0.0 for volts in reading.u_v[: outlet.phases])
        if drawn == outlet.spec.phases or (0 < drawn < outlet.phases and alive):
            self._known[outlet.connector] = drawn
        elif drawn > self._known.get(outlet.connector, drawn):
            del self._known[outlet.connector]  # it can do more than it was thought to
