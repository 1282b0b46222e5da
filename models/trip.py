"""Over-current protection: trips when the current has stood above its level for long enough."""

from collections.abc import Callable
from math import inf

from evc5.models.flow import Flow
from evc5.models.segment import Draw
from evc5.models.timeline import CONTROL, Alarm, Timeline

FACTOR = 1.1  # everest-core EvseManager manifest: limit x 1.1 + 0.5 A (x 1.1 measuring tolerance)
MARGIN_A = 0.5
AFTER_S = 7.0  # everest-core: 7 s, at least 6


def level_a(limit_a: float) -> float:
    """Above this the current counts as too much."""
    return limit_a * FACTOR + MARGIN_A


class Trip:
    """Remembers since when one current has been above its level; every segment is shown to it once."""

    __slots__ = ("_since_s", "_until_s", "level_a")

    def __init__(self, limit_a: float) -> None:
        self.level_a = level_a(limit_a)
        self._since_s = inf
        self._until_s = inf

    def due_s(self, now_s: float, flow: Flow, lasts_s: float, sum_u_v: float, reactive_a: float) -> float:
        """When it trips if this segment runs its course; inf if not in it."""
        active_a = max(self.level_a**2 - reactive_a**2, 0.0) ** 0.5
        level_w = active_a * sum_u_v
        if self._until_s <= now_s:
            self._since_s = inf
        self._until_s = inf
        const_w, slope_w_s, decay_w, _ = flow
        crosses_s = flow.reaches_s(level_w) if slope_w_s or decay_w else inf
        if sum_u_v and const_w + decay_w > level_w:
            self._since_s = min(self._since_s, now_s)
            self._until_s = now_s + crosses_s if crosses_s < lasts_s else inf
        else:
            self._since_s = now_s + crosses_s if sum_u_v and crosses_s < lasts_s else inf
        due_s = self._since_s + AFTER_S
        return due_s if due_s <= self._until_s else inf


class Protection:
    """Watches one outlet's current, and stays tripped until it is set anew."""

    __slots__ = ("_alarm", "_told", "_trip", "tripped")

    def __init__(self, timeline: Timeline, told: Callable[[], None]) -> None:
        self._alarm = Alarm(timeline, self._trips, CONTROL)
        self._told = told
        self._trip: Trip | None = None
        self.tripped = False

    def set(self, limit_a: float | None) -> None:
        """Trip above this limit; None: no protection."""
        self._trip = None if limit_a is None else Trip(limit_a)
        self.tripped = False
        self._alarm.clear()

    def watch(self, now_s: float, draw: Draw, lasts_s: float) -> None:
        """This is what flows from now on."""
        if self._trip is None or self.tripped:
            return
        due_s = self._trip.due_s(now_s, draw.flow, lasts_s, draw.sum_u_v, draw.reactive_a)
        if due_s < inf:
            self._alarm.set(due_s)
        else:
            self._alarm.clear()

    def _trips(self) -> None:
        self.tripped = True
        self._told()
