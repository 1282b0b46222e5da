"""What is to be looked at a while after it happened."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.connectors import ALL, HANDS
from evc5.rigs.checks.state.listeners import Bus, Event

TALKS_S = 60.0  # assumed: who comes back on the line has told its statuses by then


class Agenda:
    """Calls back once the recording has come past a moment; what lies beyond its end is never called."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._now = float("-inf")
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()
        bus.any_call.append(self._called)
        for name in (*HANDS, *ALL):
            bus.events[name].append(self._happened)
        bus.end.append(self._reached)

    def at(self, epoch_s: float, look: Callable[[], None]) -> None:
        heappush(self._due, (epoch_s, next(self._count), look))

    def at_last(self, epoch_s: float, look: Callable[[], None]) -> None:
        """A while after the first word past a moment: who was off the line tells what is so first."""
        self.at(epoch_s, lambda: self.at(self._now + TALKS_S, look))

    def _called(self, call: Call) -> None:
        self._reached(call.epoch_s)

    def _happened(self, event: Event) -> None:
        self._reached(event.epoch_s)

    def _reached(self, epoch_s: float) -> None:
        self._now = epoch_s
        while self._due and self._due[0][0] < epoch_s:
            self._bus.tell([heappop(self._due)[2]])
