"""A car at connector 1: what is told of its session, and whether its current follows a profile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.groups.charging import composite, is_told, level
from evc5.rigs.probe.groups.forms import Form, wire
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
from evc5.rigs.probe.hands import CARD, Hands, NotDone
from evc5.rigs.probe.probe import CAR, Context, GivenUp, Probe, outcome
from evc5.twin.ocpp.rpc import Reply

GROUP = "sessions"
CONNECTOR = 1
BEGINS_S = 60.0  # a card is answered, a car draws; assumed
FOLLOWS_S = 20.0  # a new limit is on the pilot and the car has followed; IEC 61851-1 gives it 5 s
SAMPLE_S = 10
STOPS_S = 60.0
LOOK_S = 0.5  # how often it is asked whether a limit is kept already
REACTIONS_S = (1.0, 2.0, 5.0, 10.0, 30.0)
FLOWS = ("Current.Import", "Current.Offered")
CLOCK_S = 60  # of clock-aligned data, in the middle of which a car begins
CONDUCTS_A = 0.5  # above it a phase carries a car's current; assumed
LOW_A = 8.0
LEAST_SHARE = 0.9  # of the power, of which a mean over a minute that began without it is about a third
NO_TRANSACTION = 2_000_000_000


# --- the session ---


@contextmanager
def car(context: Context) -> Iterator[Hands]:
    """Hands, with a car plugged in that is taken out at the end whatever happens."""
    hands = context.hands
    if hands is None:
        raise NotDone("nobody is here to plug a car in")
    hands.plug_in(CONNECTOR)
    try:
        context.line.wait(3.0)
        yield hands
    finally:
        with suppress(NotDone):
            hands.unplug(CONNECTOR)
        context.line.wait(5.0)


def begun(context: Context, mark: int) -> tuple[Payload, int]:
    """The StartTransaction that came, and the id it was given."""
    start = context.line.call_within(mark, "StartTransaction", BEGINS_S)
    if start is None:
        raise GivenUp(f"no StartTransaction within {BEGINS_S:g} s")
    context.line.wait(2.0)
    frames = context.line.since(mark)
    asked = next(one.frame[1] for one in frames if one.is_up and one.frame[2:3] == ["StartTransaction"])
    answer: Payload = next(
        (one.frame[2] for one in frames if not one.is_up and one.frame[:2] == [3, asked]), {}
    )
    return start, int(answer.get("transactionId", NO_TRANSACTION))


@contextmanager
def charging(context: Context, settle_s: float) -> Iterator[tuple[Hands, int]]:
    """Hands, while a card's transaction has run for so long, and the mark before that card."""
    with car(context) as hands:
        mark = context.line.mark()
        hands.present_card(CONNECTOR)
        begun(context, mark)
        context.line.wait(settle_s)
        yield hands, mark


def with_card(context: Context, work: Callable[[int], None]) -> None:
    """Plug in, card, do something while it charges, card, unplug."""
    with car(context) as hands:
        mark = context.line.mark()
        hands.present_card(CONNECTOR)
        _, transaction = begun(context, mark)
        context.line.wait(FOLLOWS_S)
        try:
            work(transaction)
        finally:
            with suppress(NotDone):
                hands.present_card(CONNECTOR)
            context.line.call_within(mark, "StopTransaction", STOPS_S)


def written(context: Context, key: str, value: str) -> None:
    """GivenUp where the unit does not take it."""
    if key not in context.keeper.values:
        raise GivenUp(f"it has no {key}")
    answer = outcome(context.keeper.write(key, value))
    if answer not in TAKEN:
        raise GivenUp(f"{key} = {value} got {answer}")


# --- probes ---


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


def _tx_profile(context: Context) -> None:
    """A TxProfile with the right transactionId, with a wrong one, without; which is taken?"""

    def charge(transaction: int) -> None:
        for word, about in (
            ("right_id", {"transactionId": transaction}),
            ("wrong_id", {"transactionId": NO_TRANSACTION}),
            ("no_id", {}),
        ):
            what, answer = lend_tx(context, LOW_A, **about)
            context.note(f"charging.TxProfile.{word}", answer)
            if answer == "Accepted":
                context.note(f"charging.TxProfile.{word}.composite", composite(context))
            context.keeper.undo(what)
            if word == "no_id" and answer in ("Accepted", "Rejected"):
                running = "running" if answer == "Accepted" else "rejected"
                context.note("policy.txprofile_without_transaction_id", running)

    with_card(context, charge)


def _followed(context: Context) -> None:
    """Does the current follow a limit, down, below 6 A and back, and how fast? By what tells it."""

    def charge(transaction: int) -> None:
        context.note("follow.before", _flows(context))
        _note_measured(context, "before")
        for limit in (LOW_A, 5.9, 0.0):
            mark = context.line.mark()
            what, answer = lend_tx(context, limit, transactionId=transaction)
            if answer != "Accepted":
                context.note(f"follow.{limit:g}", answer)
                continue
            _note_reaction(context, limit)
            context.note(f"follow.{limit:g}", _flows(context))
            _note_measured(context, f"{limit:g}")
            told = [one.get("status") for one in context.line.calls(mark, "StatusNotification")]
            context.note(f"follow.{limit:g}.status", " ".join(map(str, told)) or "unchanged")
            context.keeper.undo(what)
            context.line.wait(FOLLOWS_S)
        context.note("follow.after", _flows(context))

    with_card(context, charge)


def _note_reaction(context: Context, limit: float) -> None:
    """How long until offer and current are at most the limit, for FOLLOWS_S in all."""
    begin_s = context.line.epoch_s
    due = [one for one in FLOWS if outcome(context.keeper.write(KEY, one)) in TAKEN]
    taken = bool(due) and outcome(context.keeper.write(KEY, ",".join(due))) in TAKEN
    while taken and due and context.line.epoch_s - begin_s < FOLLOWS_S:
        values = triggered(context)
        for measurand in [one for one in due if _is_within(values, one, limit)]:
            context.note(f"follow.{limit:g}.{measurand}.after", _within(context.line.epoch_s - begin_s))
            due.remove(measurand)
        context.line.wait(LOOK_S)
    for measurand in due:
        context.note(f"follow.{limit:g}.{measurand}.after", f"not within {FOLLOWS_S:g} s")
    context.line.wait(max(begin_s + FOLLOWS_S - context.line.epoch_s, 0.0))


def _note_measured(context: Context, when: str) -> None:
    """What flows by an instrument that is not the unit's own."""
    amps = context.hands.current_a(CONNECTOR) if context.hands is not None else None
    if amps is not None:
        context.note(f"follow.{when}.instrument", f"{amps:.0f} A")


def _is_within(values: list[Payload], measurand: str, limit: float) -> bool:
    own = [number(value) for value in values if value.get("measurand") == measurand]
    return bool(own) and max(own) <= limit + CONDUCTS_A


def _within(seconds: float) -> str:
    """In steps: to tenths, two probes of one unit would differ."""
    return f"within {next(step for step in REACTIONS_S if seconds <= step or step == REACTIONS_S[-1]):g} s"


def _one_phase(context: Context) -> None:
    """numberPhases 1: on how many phases does a car that could use three then draw?"""

    def charge(transaction: int) -> None:
        before = _conducting(context)
        _, answer = lend_tx(context, 10.0, phases=1, transactionId=transaction)
        if answer != "Accepted":
            return
        context.line.wait(FOLLOWS_S)
        after = _conducting(context)
        context.note("follow.phases_1", f"{before} phases before, {after} then")
        if before == 3 and after in (0, 3):
            context.note("policy.phases_impossible", "spread" if after == 3 else "pause")

    with_card(context, charge)


def _remote(context: Context) -> None:
    """RemoteStartTransaction: is its idTag asked for (key true), is its profile applied (5.11)?"""
    written(context, "AuthorizeRemoteTxRequests", "true")
    with car(context):
        mark = context.line.mark()
        context.note("session.remote_start", outcome(context.ask("RemoteStartTransaction", _request())))
        start, transaction = begun(context, mark)
        asked = context.line.calls(mark, "Authorize")
        context.note("policy.remote_start_id_tag", "per-key" if asked else "never-checked")
        context.note("session.remote_start.idTag", "its own" if start.get("idTag") == CARD else "another")
        stopped = outcome(context.ask("RemoteStopTransaction", {"transactionId": transaction}))
        context.note("session.remote_stop", stopped)
        stop = context.line.call_within(mark, "StopTransaction", STOPS_S)
        context.note("session.remote_stop.reason", "not sent" if stop is None else str(stop.get("reason")))


def _remote_profile(context: Context) -> None:
    """Policy remote_start_profile: a profile that comes with the start."""
    with car(context):
        mark = context.line.mark()
        bare = composite(context)
        profile = wire(context, _tx(9.0), level(context))

        def send(ours: Payload) -> Reply:
            return context.ask("RemoteStartTransaction", _request(ours))

        id_, answer = context.keeper.lend(profile, send)
        context.note("session.remote_start.profile", outcome(answer))
        if outcome(answer) == "Rejected":
            context.note("policy.remote_start_profile", "rejected")
        if outcome(answer) != "Accepted":
            return
        _, transaction = begun(context, mark)
        context.line.wait(FOLLOWS_S)
        if is_told(bare):
            found = "ignored" if composite(context) == bare else "applied"
            context.note("policy.remote_start_profile", found)
        context.ask("RemoteStopTransaction", {"transactionId": transaction})
        context.line.call_within(mark, "StopTransaction", STOPS_S)
        context.keeper.undo(f"profile {id_}")


def _request(profile: Payload | None = None) -> Payload:
    request: Payload = {"connectorId": CONNECTOR, "idTag": CARD}
    return request if profile is None else {**request, "chargingProfile": profile}


def _tx(limit: float, phases: int | None = None, **about: Any) -> Form:
    period = {"startPeriod": 0, "limit": limit} | ({} if phases is None else {"numberPhases": phases})
    profile = {"chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative", **about}
    return Form("tx", "", CONNECTOR, profile, periods=(period,), start_s=None)


def lend_tx(context: Context, limit: float, phases: int | None = None, **about: Any) -> tuple[str, str]:
    context.check()
    profile = wire(context, _tx(limit, phases, **about), level(context))
    id_, reply = context.keeper.install(CONNECTOR, profile)
    return f"profile {id_}", outcome(reply)


def _flows(context: Context) -> str:
    """The highest current of any phase, as measured and as offered, in whole amps."""
    found = []
    for measurand in FLOWS:
        if outcome(context.keeper.write(KEY, measurand)) in TAKEN:
            amps = max((number(value) for value in triggered(context)), default=None)
            found.append(f"{measurand} {'not told' if amps is None else f'{amps:.0f} A'}")
    return ", ".join(found) or "nothing tells it"


def _conducting(context: Context) -> int:
    if outcome(context.keeper.write(KEY, "Current.Import")) not in TAKEN:
        raise GivenUp("it does not measure Current.Import")
    return sum(number(value) > CONDUCTS_A for value in triggered(context) if "phase" in value)


def number(value: Payload) -> float:
    with suppress(ValueError, TypeError):
        return float(value["value"])
    return 0.0


ROWS: tuple[tuple[str, str, Callable[[Context], None]], ...] = (
    ("cycle", "what is told of a session from plugging in to unplugging?", _cycle),
    ("interval", "does a new MeterValueSampleInterval hold at once?", _interval),
    ("soc", "does it know a car's state of charge?", _soc),
    ("measurands", "how do values come that an idle unit does not tell?", _measurands),
    ("clock_values", "are clock-aligned values those of the instant, or means?", _clock_values),
    ("tx_profile", "which TxProfiles does it take while a transaction runs?", _tx_profile),
    ("followed", "does the current follow a limit, and what is told below 6 A?", _followed),
    ("one_phase", "does the current follow numberPhases?", _one_phase),
    ("remote_start", "is the idTag of a remote start asked for?", _remote),
    ("remote_profile", "what becomes of a profile that comes with a remote start?", _remote_profile),
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
