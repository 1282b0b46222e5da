"""What a car that has not begun is offered where watts follow the phases in use: the least, and then more.

Mode 3 tells neither the phases that a car uses nor the least that it needs. So the offer rises step by step
while the car does not ask for energy (state B), as far as the outlet is rated, and then begins again: one on
all phases exceeds its watts by no more than it takes to show itself.
"""

from collections.abc import Callable, Sequence
from functools import partial

from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.twin.connector.channel import ANSWER_S, Channel

STEP_A = 1.0  # assumed: cars need whole amperes


class Trials:
    """By connector: how much more than the least its car is offered to begin with."""

    def __init__(self, timeline: Timeline, changed: Callable[[], None]) -> None:
        self._timeline = timeline
        self._changed = changed
        self._more_a: dict[int, float] = {}
        self._tried: set[Channel] = set()
        self._next = Alarm(timeline, self._rise, CONTROL)

    def watch(self, channels: Sequence[Channel]) -> None:
        """Forget of each of these what its car was offered when it leaves."""
        for channel in channels:
            channel.on_unplug.append(partial(self._forget, channel.connector))

    def forget(self) -> None:
        """The firmware stops."""
        self._more_a.clear()
        self._tried.clear()
        self._next.clear()

    def _forget(self, connector: int) -> None:
        self._more_a.pop(connector, None)

    def more_a(self, connector: int) -> float:
        return self._more_a.get(connector, 0.0)

    def offered(self, channel: Channel) -> None:
        """A car whose phases are not known has an offer to begin with: more, unless it asks for energy."""
        if channel.outlet.pilot != "B":
            return
        self._tried.add(channel)
        if self._next.due_s is None:
            self._next.set(self._timeline.now + ANSWER_S)

    def _rise(self) -> None:
        waiting = [one for one in self._tried if one.outlet.pilot == "B" and one.outlet.offered_a > 0.0]
        self._tried.clear()
        for channel in waiting:
            more_a = self.more_a(channel.connector) + STEP_A
            self._more_a[channel.connector] = more_a if more_a < channel.outlet.spec.rated_a else 0.0
        self._changed()
