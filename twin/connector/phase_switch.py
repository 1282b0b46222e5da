"""Changing between one and three phases: never under load, with a pause, and not too often.

The offer is withdrawn, the car lets go, the contactor opens; then a pause, the relays change, and the offer
returns. Down to one phase at once; back to three only after a while. Source: EVerest's EvseManager and
EnergyManager manifests (10 s pause, 600 s, 4.2 and 4.4 kW); that the EVC5 does likewise is assumed.
"""

from collections.abc import Callable
from math import inf

from evc5.models.outlet import Outlet
from evc5.models.timeline import CONTROL, Alarm, Timeline

PAUSE_S = 10.0  # contactor open to relays changed; assumed
DWELL_S = 600.0  # between two changes, before it goes up again
UP_W, DOWN_W = 4400.0, 4200.0  # a limit in watts: three phases above, one below


class PhaseSwitch:
    """The phase relays of one channel; without them `supported` is False and the phases stay as wired."""

    def __init__(self, timeline: Timeline, outlet: Outlet, changed: Callable[[], None]) -> None:
        self._timeline = timeline
        self._changed = changed
        self.wired = outlet.spec.phases
        self.phases = self.wired
        self.supported = False
        self.interrupt_s = 0.0  # how long the pilot is held at F in the pause, for cars that would not resume
        self._target: int | None = None
        self._closed = False
        self._last_s = -inf
        self._outlet = outlet
        self._relays = Alarm(timeline, self._move, CONTROL)
        self._pilot = Alarm(timeline, lambda: outlet.hold_pilot(None), CONTROL)
        self._dwell = Alarm(timeline, changed, CONTROL)

    @property
    def busy(self) -> bool:
        """A change is under way: nothing may be offered."""
        return self._target is not None

    @property
    def heading(self) -> int:
        """The phases it is on, or is changing to."""
        return self.phases if self._target is None else self._target

    def want(self, phases: int) -> None:
        """Charge on so many phases as soon as the rules allow."""
        wanted = self.wired if phases > 1 else 1
        if not self.supported or wanted == self.heading:
            self._dwell.clear()
            return
        t_s = self._timeline.now
        if wanted > self.phases and t_s < self._last_s + DWELL_S:
            self._dwell.set(self._last_s + DWELL_S)
            return
        self._target = wanted
        self.contactor(self.wired if self._closed else 0)

    def contactor(self, phases: int) -> None:
        """The contactor is open (0) or closed: with it open a wanted change goes ahead."""
        self._closed = phases > 0
        if self._target is None or self._closed:
            self._relays.clear()
        elif self._relays.due_s is None:
            self._relays.set(self._timeline.now + max(PAUSE_S, self.interrupt_s))
            if self.interrupt_s > 0:
                self._outlet.hold_pilot("F")
                self._pilot.set(self._timeline.now + self.interrupt_s)

    def die(self) -> None:
        """The firmware stops: relays stay where they are."""
        self._target = None
        for alarm in (self._relays, self._dwell, self._pilot):
            alarm.clear()
        self._outlet.hold_pilot(None)

    def _move(self) -> None:
        assert self._target is not None and not self._closed
        if self._target != self.phases:
            self._last_s = self._timeline.now
        self.phases = self._target
        self._target = None
        self._changed()


def phases_for_watts(limit_w: float, now_phases: int) -> int:
    """How many phases a limit in watts is best spread over, with hysteresis between 4.2 and 4.4 kW."""
    if now_phases == 1:
        return 3 if limit_w > UP_W else 1
    return 1 if limit_w < DOWN_W else 3
