"""All checks, in the order in which the verdict lists their requirements."""

from collections.abc import Callable

from evc5.rigs.checks.charging import composite, flow_limits, power_limits, profile_answers, profile_limits
from evc5.rigs.checks.device import configuration, files, requests, settings, sheet, without_effect
from evc5.rigs.checks.electrical import allocation, balance, limits, mode3, offer, service
from evc5.rigs.checks.metering import (
    clock,
    consistency,
    energy,
    energy_limit,
    measurands,
    promptness,
    ranges,
    register,
    sampling,
    values_against_telemetry,
)
from evc5.rigs.checks.state import shared_ids
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement
from evc5.rigs.checks.status import against_telemetry, faults, status, transitions
from evc5.rigs.checks.transactions import authorisation as auth
from evc5.rigs.checks.transactions import id_tags, lists, offline, repeats, retries, stops
from evc5.rigs.checks.transactions import transactions as tx
from evc5.rigs.checks.wire import boot, clocks, connection, heartbeat, liveness, pairing, validation

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
    *clocks.REQUIREMENTS,
    *status.REQUIREMENTS,
    *tx.REQUIREMENTS,
    *shared_ids.REQUIREMENTS,
    *stops.REQUIREMENTS,
    *auth.REQUIREMENTS,
    *repeats.REQUIREMENTS,
    *sampling.REQUIREMENTS,
    *clock.REQUIREMENTS,
    *measurands.REQUIREMENTS,
    *ranges.REQUIREMENTS,
    *consistency.REQUIREMENTS,
    *energy.REQUIREMENTS,
    *energy_limit.REQUIREMENTS,
    *register.REQUIREMENTS,
    *offer.REQUIREMENTS,
    *profile_limits.REQUIREMENTS,
    *flow_limits.REQUIREMENTS,
    *power_limits.REQUIREMENTS,
    *composite.REQUIREMENTS,
    *profile_answers.REQUIREMENTS,
    *limits.REQUIREMENTS,
    *service.REQUIREMENTS,
    *mode3.REQUIREMENTS,
    *balance.REQUIREMENTS,
    *configuration.REQUIREMENTS,
    *sheet.REQUIREMENTS,
    *against_telemetry.REQUIREMENTS,
    *id_tags.REQUIREMENTS,
    *requests.REQUIREMENTS,
    *lists.REQUIREMENTS,
    *offline.REQUIREMENTS,
    *faults.REQUIREMENTS,
    *files.REQUIREMENTS,
    *settings.REQUIREMENTS,
    *liveness.REQUIREMENTS,
    *retries.REQUIREMENTS,
    *allocation.REQUIREMENTS,
    *transitions.REQUIREMENTS,
    *promptness.REQUIREMENTS,
    *values_against_telemetry.REQUIREMENTS,
)

CHECKS: tuple[Callable[[Context], object], ...] = (
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
    ranges.Ranges,
    consistency.Consistency,
    energy.EnergyFlow,
    energy_limit.EnergyLimit,
    register.Register,
    offer.Offer,
    offer.ReportedOffer,
    composite.Composite,
    profile_answers.Decrees,
    flow_limits.FlowLimits,
    power_limits.PowerLimits,
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
    against_telemetry.Standing,
    id_tags.Cards,
    requests.Commands,
    without_effect.WithoutEffect,
    lists.Lists,
    offline.Unconnected,
    faults.Faults,
    files.Files,
    settings.Settings,
    liveness.Pulse,
    retries.Retries,
    allocation.Shares,
    transitions.Moments,
    promptness.Promptness,
    values_against_telemetry.TrueValues,
)
