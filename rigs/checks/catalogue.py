"""All checks, in the order in which the verdict lists their requirements."""

from collections.abc import Callable

from rigs.checks import (
    boot,
    clock,
    electrical,
    heartbeat,
    pairing,
    register,
    repeats,
    sampling,
    status,
    validation,
)
from rigs.checks.bus import Bench
from rigs.checks.ledger import Requirement

RECORDING = (
    Requirement(
        "recording.line",
        "Every line of the recording is readable, in order of time",
        "design: messages.jsonl",
    ),
)
TABLE: tuple[Requirement, ...] = (
    *RECORDING,
    *validation.REQUIREMENTS,
    *pairing.REQUIREMENTS,
    *boot.REQUIREMENTS,
    *heartbeat.REQUIREMENTS,
    *status.REQUIREMENTS,
    *repeats.REQUIREMENTS,
    *sampling.REQUIREMENTS,
    *clock.REQUIREMENTS,
    *register.REQUIREMENTS,
    *electrical.REQUIREMENTS,
)

CHECKS: tuple[Callable[[Bench], object], ...] = (
    boot.Boot,
    status.Statuses,
    sampling.Sampling,
    clock.ClockAligned,
    register.Register,
    electrical.Offer,
    electrical.ReportedOffer,
)
