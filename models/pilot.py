"""Control pilot and proximity wire: how charger and car tell each other states and amps (IEC 61851-1)."""

from math import floor

VOLTS = {"A": 12, "B": 9, "C": 6, "D": 3, "E": 0, "F": -12}  # positive level; Gossen M525B manual

# Duty ranges of IEC 61851-1 Annex A as the Fluke FEV300 manual (p. 12) prints them: up to duty, amps at it.
# Below 8 %: < 3 none, 3-7 digital communication only, 7-8 not allowed.
_DUTY_PCT_TO_A = (
    (10.0, lambda duty: 6.0),
    (85.0, lambda duty: duty * 0.6),
    (96.0, lambda duty: (duty - 64.0) * 2.5),
    (97.0, lambda duty: 80.0),
)
PWM_MAX_A = 80.0
PWM_MIN_A = 6.0

# Coding resistor in the cable's plug, ohm: exallievi.itispaleocapa.it, IEC 61851-1 table B.2.
CABLE_OHM = {13.0: 1500.0, 20.0: 680.0, 32.0: 220.0, 63.0: 100.0}


def amps_from_duty(duty_pct: float) -> float:
    """Current a car may draw at this duty; 0 where the table allows none."""
    if duty_pct < 8.0 - 1e-9 or duty_pct > 97.0:
        return 0.0
    return next(amps(duty_pct) for limit_pct, amps in _DUTY_PCT_TO_A if duty_pct <= limit_pct)


def duty_from_amps(amps: float, steps: int | None = None) -> float:
    """Duty in % that offers `amps`; 100 (no PWM) below 6 A. `steps` rounds down to a counter's resolution."""
    if amps < PWM_MIN_A:
        return 100.0
    if amps > PWM_MAX_A:
        raise ValueError(f"pilot amps must be <= {PWM_MAX_A:g}, got {amps:g}")
    # 51 to 52.5 A lies between the two lines: the lower one's end, never more than asked.
    duty_pct = min(amps / 0.6, 85.0) if amps < 52.5 else amps / 2.5 + 64.0
    if steps is None:
        return duty_pct
    return max(floor(duty_pct / 100.0 * steps + 1e-9) * 100.0 / steps, 9.0)


class PilotLine:
    """The charger's end of the pilot: its duty, what that offers, and whether it is held at 0 or −12 V."""

    __slots__ = ("_held_s", "_steps", "duty_pct", "held", "offered_a")

    def __init__(self, steps: int | None) -> None:
        self._steps = steps
        self.duty_pct = 100.0
        self.offered_a = 0.0
        self.held = ""
        self._held_s = 0.0

    def offer(self, amps: float | None) -> bool:
        """So many amps, or no PWM; whether that changes the duty."""
        if amps is not None and not PWM_MIN_A <= amps <= PWM_MAX_A:
            raise ValueError(f"pilot amps must be within 6 and 80 A, or None, got {amps:g}")
        duty_pct = 100.0 if amps is None else duty_from_amps(amps, self._steps)
        if duty_pct == self.duty_pct:
            return False
        self.duty_pct = duty_pct
        # Without a counter's steps the offer is the amps themselves: duty and back would cost a rounding.
        exact = amps is not None and self._steps is None
        self.offered_a = float(amps) if exact and amps else amps_from_duty(duty_pct)
        return True

    def hold(self, state: str | None, now_s: float) -> float | None:
        """Hold it at E or F or let it go; how long it was held if it is let go, None if nothing changes."""
        if state not in (None, "E", "F"):
            raise ValueError(f"pilot can be held at E, F or None, got {state!r}")
        was = self.held
        self.held = state or ""
        if was == self.held:
            return None
        if not was:
            self._held_s = now_s
        return 0.0 if self.held else now_s - self._held_s
