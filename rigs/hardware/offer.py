"""What a pilot that was read says: its state, its duty, the current that it offers, and how exactly."""

from dataclasses import dataclass, field

from evc5.models.pilot import VOLTS, amps_from_duty
from evc5.rigs.hardware.roles import Pilot

LOW_V = -12.0  # IEC 61851-1, Table A.2: nominal; within 0.6 V, as the high levels are
PWM_V = -6.0  # a low level above it is none of a PWM: a steady line, or a diode's drop
STEADY_V = 0.6  # so near its high level the mean of a line has no PWM: at 97 % it is 0.5 V below
PWM_STATES = ("B", "C", "D")
LEAST_PCT = 10.0  # of 6 A, the least offer (IEC 61851-1, Annex A)
BY_DUTY, BY_LEVELS, BY_NOMINAL = "duty", "mean, its own levels measured", "mean, nominal levels"
OFF_PCT = {  # of duty; 0.6 A a percent up to 51 A, 2.5 A above (IEC 61851-1, Annex A)
    BY_DUTY: 0.0,
    BY_LEVELS: 0.1 / 0.6,  # 0.1 A at fourteen points of a WARP charger, whose tester prints them
    BY_NOMINAL: 2.0 / 0.6,  # both levels at an end of what the standard allows
}


@dataclass(frozen=True, slots=True)
class Offer:
    """State A to F; duty and offered current, None where nothing tells them; `by` what they are known."""

    state: str | None
    duty_pct: float | None
    amps: float | None
    by: str = BY_DUTY

    @property
    def off_a(self) -> float:
        """How far the current may be off by that; of what instruments add nothing is in it."""
        if not self.amps or self.duty_pct is None:
            return 0.0
        off_pct = OFF_PCT[self.by]
        return off_pct * (2.5 if self.duty_pct + off_pct > 85.0 else 0.6)


@dataclass(slots=True)
class UnitPilot:
    """The pilot of one unit: its own levels, once they were seen, make more of the mean alone."""

    low_v: float | None = None
    high_v: dict[str, float] = field(default_factory=dict)  # by state
    worst: Offer | None = None  # the least exact that was told

    def offer(self, pilot: Pilot, shows: str | None = None) -> Offer:
        """By a duty that was measured, else by the mean; `shows` is the state that the car's end is in."""
        self._learn(pilot)
        told = self._offer(pilot, shows)
        if told.amps and (self.worst is None or told.off_a > self.worst.off_a):
            self.worst = told
        return told

    def _learn(self, pilot: Pilot) -> None:
        state = state_of(pilot.high_v)
        if state is not None and pilot.high_v is not None:
            self.high_v[state] = pilot.high_v
        if pilot.low_v is not None and pilot.low_v < PWM_V and state in PWM_STATES:
            self.low_v = pilot.low_v

    def _offer(self, pilot: Pilot, shows: str | None) -> Offer:
        state = state_of(pilot.high_v)
        if pilot.duty_pct is not None:
            return _told(state, pilot.duty_pct, BY_DUTY)
        reached = state or shows
        if pilot.mean_v is None or reached not in PWM_STATES:
            return Offer(state, None, None)
        if pilot.low_v is not None and pilot.low_v >= PWM_V:
            return _told(state, 100.0, BY_DUTY)  # no edges at all
        high_v = self.high_v.get(reached)
        if high_v is None or self.low_v is None:
            return _told(state, _duty_of_mean(pilot.mean_v, high_v or VOLTS[reached], LOW_V), BY_NOMINAL)
        return _told(state, _duty_of_mean(pilot.mean_v, high_v, self.low_v), BY_LEVELS)


def _told(state: str | None, duty_pct: float, by: str) -> Offer:
    duty_pct = min(max(duty_pct, 0.0), 100.0)
    if LEAST_PCT - OFF_PCT[by] <= duty_pct < LEAST_PCT:
        duty_pct = LEAST_PCT  # less is no offer: it is the least one, read too low
    return Offer(state, duty_pct, amps_from_duty(duty_pct), by)


def _duty_of_mean(mean_v: float, high_v: float, low_v: float) -> float:
    """d = (mean - low) / (high - low); a steady line has its mean at its high level."""
    return 100.0 if mean_v >= high_v - STEADY_V else 100.0 * (mean_v - low_v) / (high_v - low_v)


def state_of(high_v: float | None) -> str | None:
    """The state whose nominal level is nearest."""
    return None if high_v is None else min(VOLTS, key=lambda state: abs(VOLTS[state] - high_v))
