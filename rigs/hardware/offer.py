"""What a pilot that was read says: its state, its duty, and the current that it offers."""

from dataclasses import dataclass

from evc5.models.pilot import VOLTS, amps_from_duty
from evc5.rigs.hardware.roles import Pilot

LOW_V = -12.1  # where it was not measured: within 0.1 A at fourteen points of a WARP charger


@dataclass(frozen=True, slots=True)
class Offer:
    """State A to F; duty and offered current, None where nothing tells them."""

    state: str | None
    duty_pct: float | None
    amps: float | None


def offer_of(pilot: Pilot) -> Offer:
    """A duty that was measured, else from the mean of the line: d = (mean - low) / (high - low)."""
    state = state_of(pilot.high_v)
    duty_pct = pilot.duty_pct
    if duty_pct is None and state in ("B", "C", "D"):
        duty_pct = _duty_of_mean(pilot)
    if duty_pct is None:
        return Offer(state, None, None)
    duty_pct = min(max(duty_pct, 0.0), 100.0)
    return Offer(state, duty_pct, amps_from_duty(duty_pct))


def _duty_of_mean(pilot: Pilot) -> float | None:
    """A steady line has its mean at its high level: duty 100."""
    if pilot.mean_v is None or pilot.high_v is None:
        return None
    low_v = LOW_V if pilot.low_v is None else pilot.low_v
    return 100.0 if low_v >= pilot.high_v else 100.0 * (pilot.mean_v - low_v) / (pilot.high_v - low_v)


def state_of(high_v: float | None) -> str | None:
    """The state whose nominal level is nearest."""
    return None if high_v is None else min(VOLTS, key=lambda state: abs(VOLTS[state] - high_v))
