"""A car at connector 1: what is told of its session, from plugging in to unplugging."""

from collections.abc import Callable

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.groups import tx_profiles
from evc5.rigs.probe.groups.car_sessions import (
    CONNECTOR,
    LOOK_S,
    STOPS_S,
    begun,
    car,
    number,
    remote_start,
    with_card,
    written,
)
from evc5.rigs.probe.groups.measurands import (
    ALIGNED_KEY,
    ALL,
    CLOCK_KEY,
    KEY,
    bare,
    is_of,
    note_values,
    triggered,
)
from evc5.rigs.probe.groups.meter_values import sampled
from evc5.rigs.probe.hands import CARD
from evc5.rigs.probe.probe import CAR, Context, GivenUp, Probe, outcome

GROUP = "sessions"
SAMPLE_S = 10
CLOCK_S = 60  # of clock-aligned data, in the middle of which a car begins
LEAST_SHARE = 0.9  # of the power, of which a mean over a minute that began without it is about a third


def _cycle(context: Context) -> None:
    """The statuses in order, the fields of start and stop, the samples, what the stop holds."""
    keeper = context.keeper
    keeper.write("MeterValueSampleInterval", str(SAMPLE_S))
    keeper.write("StopTxnSampledData", "Energy.Active.Import.Register")
    mark = context.line.mark()
    samples: list[int] = []

    def charge(transaction: int) -> None:
        context.line.wait(2.5 * SAMPLE_S)
        own = [
            one for one in context.line.calls(mark, "MeterValues") if one.get("transactionId") == transaction
        ]
        samples.append(len(own))

    with_card(context, charge)
    told = [
        one for one in context.line.calls(mark, "StatusNotification") if one.get("connectorId") == CONNECTOR
    ]
    statuses = [str(one.get("status")) for one in told]
    context.note("session.statuses", " ".join(statuses))
    if "Occupied" in statuses or "Preparing" in statuses:
        context.note("policy.occupied_status", "replaces-preparing" if "Occupied" in statuses else "off")
    context.note("session.samples", "come" if samples and samples[0] else "none in 2.5 intervals")
    for action in ("Authorize", "StartTransaction", "StopTransaction"):
        calls = context.line.calls(mark, action)
        context.note(f"session.{action}", " ".join(sorted(calls[-1])) if calls else "not sent")
    _stop(context, context.line.calls(mark, "StopTransaction"))


def _stop(context: Context, stops: list[Payload]) -> None:
    if not stops:
        return
    context.note("session.reason", str(stops[-1].get("reason", "none told")))
    data = stops[-1].get("transactionData", ())
    if data:
        context.note("policy.stop_data", "begin-end" if len(data) <= 2 else "every-sample")


def _interval(context: Context) -> None:
    """Policy sample_interval_changed: written while it charges, does it hold at once?"""
    written(context, "MeterValueSampleInterval", "3600")
    if outcome(context.keeper.write_same("MeterValueSampleInterval")) == "RebootRequired":
        raise GivenUp("MeterValueSampleInterval holds after a reset only")

    def charge(transaction: int) -> None:
        mark = context.line.mark()
        written(context, "MeterValueSampleInterval", str(SAMPLE_S))
        context.line.wait(2.5 * SAMPLE_S)
        own = [
            one for one in context.line.calls(mark, "MeterValues") if one.get("transactionId") == transaction
        ]
        context.note("policy.sample_interval_changed", "at-once" if own else "next-transaction")

    with_card(context, charge)


def _soc(context: Context) -> None:
    """Policy soc_known: is a state of charge sent while a car charges?"""

    def charge(_: int) -> None:
        if outcome(context.keeper.write(KEY, "SoC")) in TAKEN:
            context.note("policy.soc_known", "car" if triggered(context) else "absent")

    with_card(context, charge)


def _measurands(context: Context) -> None:
    """Of measurands whose values no idle unit tells: with which phases they come while a car charges."""
    taken = [one for one in ALL if context.found.get(f"measurand.{one}", "") in TAKEN]
    hidden = [one for one in taken if f"measurand.{one}.phases" not in context.found]
    if not hidden:
        return

    def charge(_: int) -> None:
        for measurand in hidden:
            if outcome(context.keeper.write(KEY, measurand)) in TAKEN:
                note_values(context, measurand)
        if "policy.bare_measurand" not in context.found:
            bare(context)

    with_card(context, charge)


def _clock_values(context: Context) -> None:
    """Policy clock_values: the power told at the end of a minute in the middle of which a car began."""
    written(context, CLOCK_KEY, str(CLOCK_S))
    for key in (ALIGNED_KEY, KEY):
        written(context, key, "Power.Active.Import")
    seconds = CLOCK_S / 2 - context.line.epoch_s % CLOCK_S
    context.line.wait(seconds % CLOCK_S)
    mark = context.line.mark()

    def charge(_: int) -> None:
        context.line.wait(-context.line.epoch_s % CLOCK_S + LOOK_S)
        told = [value for one in context.line.since(mark) if is_of(one, CONNECTOR)
                for value in sampled([one.frame[3]]) if value.get("context") == "Sample.Clock"]  # fmt: skip
        now_w = max(map(number, triggered(context)), default=0.0)
        if not told or now_w <= 0.0:
            raise GivenUp("no clock-aligned data of a car that charges came")
        is_mean = max(map(number, told)) < LEAST_SHARE * now_w
        context.note("policy.clock_values", "averaged" if is_mean else "instant")

    with_card(context, charge)


def _remote(context: Context) -> None:
    """RemoteStartTransaction: is its idTag asked for (key true), is its profile applied (5.11)?"""
    written(context, "AuthorizeRemoteTxRequests", "true")
    with car(context):
        mark = context.line.mark()
        context.note("session.remote_start", outcome(context.ask("RemoteStartTransaction", remote_start())))
        start, transaction = begun(context, mark)
        asked = context.line.calls(mark, "Authorize")
        context.note("policy.remote_start_id_tag", "per-key" if asked else "never-checked")
        context.note("session.remote_start.idTag", "its own" if start.get("idTag") == CARD else "another")
        stopped = outcome(context.ask("RemoteStopTransaction", {"transactionId": transaction}))
        context.note("session.remote_stop", stopped)
        stop = context.line.call_within(mark, "StopTransaction", STOPS_S)
        context.note("session.remote_stop.reason", "not sent" if stop is None else str(stop.get("reason")))


ROWS: tuple[tuple[str, str, Callable[[Context], None]], ...] = (
    ("cycle", "what is told of a session from plugging in to unplugging?", _cycle),
    ("interval", "does a new MeterValueSampleInterval hold at once?", _interval),
    ("soc", "does it know a car's state of charge?", _soc),
    ("measurands", "how do values come that an idle unit does not tell?", _measurands),
    ("clock_values", "are clock-aligned values those of the instant, or means?", _clock_values),
    ("tx_profile", "which TxProfiles does it take while a transaction runs?", tx_profiles.taken),
    ("followed", "does the current follow a limit, and what is told below 6 A?", tx_profiles.followed),
    ("one_phase", "does the current follow numberPhases?", tx_profiles.one_phase),
    ("remote_start", "is the idTag of a remote start asked for?", _remote),
    ("remote_profile", "what becomes of a profile that comes with a remote start?", tx_profiles.at_start),
)


def probes() -> list[Probe]:
    return [
        Probe(
            f"session.{name}",
            GROUP,
            asks,
            run,
            decides="by what it tells and, where it measures, by the current",
            needs=CAR,
            disturbs="charges a car at connector 1 for a minute or two",
            restores="the car is unplugged, keys and profiles as they were",
        )
        for name, asks, run in ROWS
    ]
