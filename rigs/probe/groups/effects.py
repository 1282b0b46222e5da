"""Keys that show what they do on an idle unit. Source: OCPP 1.6 9.1."""

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.probe.groups.meter_values import contexts, samples
from evc5.rigs.probe.probe import Context, GivenUp, Probe, outcome

GROUP = "effects"
PERIOD_S = 60  # of clock-aligned data; a divisor of the day
ODD_PERIOD_S = 128  # divides the day too, but no difference of zones below 8 h
ZONE_STEP_S = 900  # zones differ by multiples of it
BEAT_S = 20
EARLY_S = 3.0  # a beat may be late by so much on a slow line; assumed


def _heartbeat(context: Context) -> None:
    """HeartbeatInterval: do beats come in its period?"""
    if outcome(context.keeper.write("HeartbeatInterval", str(BEAT_S))) not in TAKEN:
        return
    mark = context.line.mark()
    context.line.wait(2.5 * BEAT_S + EARLY_S)
    beats = len(context.line.calls(mark, "Heartbeat"))
    context.note(
        "effect.HeartbeatInterval", "followed" if beats in (2, 3) else f"{beats} beats in 2.5 periods"
    )


def _clock(context: Context) -> None:
    """ClockAlignedDataInterval: whose values come while nothing charges, stamped when (9.1.5)?"""
    if outcome(context.keeper.write("ClockAlignedDataInterval", str(PERIOD_S))) not in TAKEN:
        return
    mark = context.line.mark()
    context.line.wait(2.2 * PERIOD_S)
    own = [one for one in context.line.calls(mark, "MeterValues") if "transactionId" not in one]
    context.note("policy.clock_outside_transaction", "sent" if own else "transaction-only")
    if not own:
        return
    whose = sorted({str(one.get("connectorId")) for one in own})
    context.note("effect.ClockAlignedDataInterval.connectors", " ".join(whose))
    context.note("policy.clock_connector_zero", "sent" if "0" in whose else "not-sent")
    stamps = [context.line.moment_s(one.get("timestamp")) for one in samples(own)]
    known = [stamp for stamp in stamps if stamp is not None]
    aligned = all(stamp % PERIOD_S == 0 for stamp in known) and bool(known)
    context.note("effect.ClockAlignedDataInterval.stamps", "on the clock" if aligned else "beside it")
    if aligned:
        _note_stamp(context, min(known))
    context.note("effect.ClockAlignedDataInterval.context", contexts(own))


def _midnight(context: Context) -> None:
    """Policy clock_midnight: an interval that divides the day, and hardly any difference of zones."""
    if outcome(context.keeper.write("ClockAlignedDataInterval", str(ODD_PERIOD_S))) not in TAKEN:
        return
    mark = context.line.mark()
    context.line.wait(1.1 * ODD_PERIOD_S)
    came = samples(context.line.calls(mark, "MeterValues"))
    stamps = [context.line.moment_s(one.get("timestamp")) for one in came]
    beside = {stamp % ODD_PERIOD_S for stamp in stamps if stamp is not None}
    if len(beside) != 1:
        raise GivenUp("no clock-aligned data came that would show it")
    beside_s = beside.pop()
    told = f"{beside_s:g} s after those that UTC's midnight begins" if beside_s else "as from UTC's midnight"
    context.note("effect.ClockAlignedDataInterval.midnight", told)
    if beside_s % (ZONE_STEP_S % ODD_PERIOD_S) == 0:
        context.note("policy.clock_midnight", "local" if beside_s else "utc")


def _note_stamp(context: Context, earliest_s: float) -> None:
    """Policy clock_stamp."""
    if earliest_s >= _first_boundary(context):
        context.note("policy.clock_stamp", "boundary")
    elif _comes_late(context):
        context.note("policy.clock_stamp", "interval-start")


def _comes_late(context: Context) -> bool:
    """Is the latest stamp of a further period older than that period, and not an old value that was told?"""
    mark = context.line.mark()
    context.line.wait(1.1 * PERIOD_S)
    came = samples(context.line.calls(mark, "MeterValues"))
    stamps = [context.line.moment_s(one.get("timestamp")) for one in came]
    latest_s = max((stamp for stamp in stamps if stamp is not None), default=None)
    return latest_s is not None and context.line.epoch_s - latest_s >= PERIOD_S


def _first_boundary(context: Context) -> float:
    """The first multiple of the period after the key was written, 2.2 periods ago."""
    written_s = context.line.epoch_s - 2.2 * PERIOD_S
    return (written_s // PERIOD_S + 1) * PERIOD_S


def probes() -> list[Probe]:
    back = "the value it had"
    return [
        Probe(
            "effect.HeartbeatInterval",
            GROUP,
            "do heartbeats follow HeartbeatInterval?",
            _heartbeat,
            decides="by how many come",
            disturbs="HeartbeatInterval, for a minute",
            restores=back,
        ),
        Probe(
            "effect.ClockAlignedDataInterval",
            GROUP,
            "whose clock-aligned values come, stamped when?",
            _clock,
            decides="by what comes in two periods",
            disturbs="ClockAlignedDataInterval, for two minutes",
            restores=back,
        ),
        Probe(
            "effect.ClockAlignedDataInterval.midnight",
            GROUP,
            "from which midnight do clock-aligned intervals count, UTC's or its own?",
            _midnight,
            decides=f"by the stamps of an interval of {ODD_PERIOD_S} s; in the zone of UTC both are one",
            disturbs="ClockAlignedDataInterval, for two minutes",
            restores=back,
        ),
    ]
