"""All checks, in the order in which the verdict lists their requirements."""

from collections.abc import Callable

from evc5.rigs.checks.charging import profile_answers, profile_limits
from evc5.rigs.checks.device import configuration, sheet
from evc5.rigs.checks.electrical import balance, limits, mode3, offer, service
from evc5.rigs.checks.metering import clock, consistency, measurands, register, sampling
from evc5.rigs.checks.state.ledger import Requirement
from evc5.rigs.checks.state.listeners import Bench
from evc5.rigs.checks.status import status
from evc5.rigs.checks.transactions import authorisation as auth
from evc5.rigs.checks.transactions import repeats, stops
from evc5.rigs.checks.transactions import transactions as tx
from evc5.rigs.checks.verdict import conduct
from evc5.rigs.checks.wire import boot, connection, heartbeat, pairing, validation

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
    *measurands.REQUIREMENTS,
    *consistency.REQUIREMENTS,
    *register.REQUIREMENTS,
    *offer.REQUIREMENTS,
    *profile_limits.REQUIREMENTS,
    *profile_answers.REQUIREMENTS,
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
    measurands.Contents,
    measurands.StopData,
    consistency.Consistency,
    register.Register,
    offer.Offer,
    offer.ReportedOffer,
    profile_answers.Decrees,
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
