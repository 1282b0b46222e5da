"""All checks, in the order in which the verdict lists their requirements."""

from collections.abc import Callable

from rigs.checks import authorisation as auth
from rigs.checks import (
    balance,
    boot,
    charging,
    clock,
    conduct,
    configuration,
    connection,
    consistency,
    contents,
    decrees,
    electrical,
    heartbeat,
    limits,
    mode3,
    pairing,
    register,
    repeats,
    sampling,
    service,
    sheet,
    status,
    stops,
    validation,
)
from rigs.checks import transactions as tx
from rigs.checks.bus import Bench
from rigs.checks.ledger import Requirement

RECORDING = Requirement(
    "recording.line", "Every line is readable, in order of time", "design: messages.jsonl"
)
TABLE: tuple[Requirement, ...] = (
    RECORDING,
    *validation.REQUIREMENTS,
    *pairing.REQUIREMENTS,
    *connection.REQUIREMENTS,
    *boot.REQUIREMENTS,
    *heartbeat.REQUIREMENTS,
    *status.REQUIREMENTS,
    *tx.REQUIREMENTS,
    *stops.REQUIREMENTS,
    *auth.REQUIREMENTS,
    *repeats.REQUIREMENTS,
    *sampling.REQUIREMENTS,
    *clock.REQUIREMENTS,
    *contents.REQUIREMENTS,
    *consistency.REQUIREMENTS,
    *register.REQUIREMENTS,
    *electrical.REQUIREMENTS,
    *charging.REQUIREMENTS,
    *decrees.REQUIREMENTS,
    *limits.REQUIREMENTS,
    *service.REQUIREMENTS,
    *mode3.REQUIREMENTS,
    *balance.REQUIREMENTS,
    *configuration.REQUIREMENTS,
    *sheet.REQUIREMENTS,
    *conduct.REQUIREMENTS,
)

CHECKS: tuple[Callable[[Bench], object], ...] = (
    connection.Connection,
    boot.Boot,
    status.Statuses,
    tx.Transactions,
    stops.StopReasons,
    auth.Authorisation,
    sampling.Sampling,
    clock.ClockAligned,
    contents.Contents,
    contents.StopData,
    consistency.Consistency,
    register.Register,
    electrical.Offer,
    electrical.ReportedOffer,
    decrees.Decrees,
    limits.Offered,
    limits.StationLimit,
    limits.Permission,
    service.Service,
    mode3.Contactor,
    mode3.PwmPeriod,
    mode3.Phases,
    balance.Balance,
    configuration.Keys,
    sheet.Sheet,
    sheet.Triggers,
    conduct.Conduct,
)
