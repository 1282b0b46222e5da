"""Switching between one and three phases: when it pays, and how it is done without breaking a current."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from models.outlet import Outlet
from models.supply import NOMINAL_V
from models.timeline import CONTROL, Alarm, Timeline

FORCE_OPEN_S = 6.0  # a car that draws on without PWM: open under load, IEC 61851-1 sequence 10.2 via EVerest


@dataclass(frozen=True, slots=True)
class SwitchRules:
    """When to switch and how long to wait; EVerest EnergyManager and EvseManager manifests, go-e API."""

    up_w: float = 4400.0  # three phases only above this ...
    down_w: float = 4200.0  # ... and back to one below this
    stable_s: float = 600.0  # for so long above, before one becomes three
    pause_s: float = 10.0  # between opening and closing
    interrupt_s: float = 0.0  # optional pilot interruption in the pause: EVerest and openWB use 4 s

    def __post_init__(self) -> None:
        if not 0.0 <= self.down_w <= self.up_w:
            raise ValueError(f"phase switch down_w must be within 0 and up_w, got {self.down_w:g}")
        for name in ("stable_s", "pause_s", "interrupt_s"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"phase switch {name} must be >= 0, got {getattr(self, name):g}")


class Choice(NamedTuple):
    """On how many phases to charge, and when to ask again though nothing has changed (None: no need)."""

    phases: int
    ask_again_s: float | None = None
    above_since_s: float | None = None  # hand it back with the next question


def choose(
    rules: SwitchRules, phases: int, available_w: float, now_s: float, above_since_s: float | None = None
) -> Choice:
    """Three to one at once, one to three only after the power has been enough for long enough."""
    if phases != 1:
        return Choice(1 if available_w < rules.down_w else 3)
    if available_w <= rules.up_w:
        return Choice(1)
    since_s = now_s if above_since_s is None else above_since_s
    due_s = since_s + rules.stable_s
    return Choice(3) if now_s >= due_s else Choice(1, due_s, since_s)


def limit_on_a(
    phases: int, *, limit_a: float | None = None, limit_w: float | None = None, volts: float = NOMINAL_V
) -> float:
    """Amps per phase a limit allows on so many phases that conduct *now*, whatever it is switching to.

    A power is spread over the phases in use (EVerest #1038: spread over one while three conduct, it trips
    the breaker); a current holds per phase however many there are (EVerest #1060: three to one under 16 A
    still allows 16 A, not 48).
    """
    amps = [] if limit_a is None else [limit_a]
    if limit_w is not None:
        amps.append(limit_w / (volts * phases))
    return min(amps, default=float("inf"))


class PhaseSwitch:
    """The change itself, on one outlet: stop, open, pause, optionally interrupt the pilot; then `done`.

    While `busy` nobody else may drive the outlet. The contactor is left open and the pilot without PWM.
    """

    def __init__(self, timeline: Timeline, outlet: Outlet, rules: SwitchRules | None = None) -> None:
        self.rules = rules or SwitchRules()
        self._timeline, self._outlet = timeline, outlet
        self._step = Alarm(timeline, self._next, CONTROL)
        self._then: list[Callable[[], None]] = []
        self._done: Callable[[int], None] = lambda phases: None
        self.target = 0
        outlet.on_pilot.append(self._pilot_changed)

    @property
    def busy(self) -> bool:
        return self.target != 0

    def start(self, phases: int, done: Callable[[int], None]) -> None:
        """Switch to so many phases; `done(phases)` when the relays may close on them."""
        if self.busy:
            raise ValueError(f"a switch to {self.target} phases must end first, got one to {phases}")
        if phases not in (1, 3):
            raise ValueError(f"phases must be 1 or 3, got {phases}")
        self.target, self._done = phases, done
        self._then = [
            self._open,
            *([self._interrupt, self._release] if self.rules.interrupt_s else []),
            self._end,
        ]
        self._outlet.set_pwm(None)
        if self._outlet.phases and self._outlet.pilot in "CD":
            self._step.set(self._timeline.now + FORCE_OPEN_S)
        else:
            self._next()

    def abort(self) -> None:
        """Forget it (the cable is out, the firmware stops)."""
        self.target = 0
        self._step.clear()
        self._outlet.hold_pilot(None)

    def _pilot_changed(self, outlet: Outlet) -> None:
        if self.busy and outlet.pilot == "A":
            self.abort()
        elif self.busy and outlet.pilot == "B" and self._then[0] == self._open:
            self._next()

    def _next(self) -> None:
        self._then.pop(0)()

    def _open(self) -> None:
        self._outlet.set_contactor(0)
        self._step.set(self._timeline.now + self.rules.pause_s)

    def _interrupt(self) -> None:
        self._outlet.hold_pilot("F")
        self._step.set(self._timeline.now + self.rules.interrupt_s)

    def _release(self) -> None:
        self._outlet.hold_pilot(None)
        self._next()

    def _end(self) -> None:
        phases, self.target = self.target, 0
        self._done(phases)
