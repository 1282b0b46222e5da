"""Profiles of the transaction that runs: which are taken, and whether a car's current follows them."""

from typing import Any

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.groups.car_sessions import (
    CONNECTOR,
    FOLLOWS_S,
    LOOK_S,
    NO_TRANSACTION,
    STOPS_S,
    begun,
    car,
    number,
    remote_start,
    with_card,
)
from evc5.rigs.probe.groups.charging import composite, is_told, level
from evc5.rigs.probe.groups.forms import Form, wire
from evc5.rigs.probe.groups.measurands import KEY, triggered
from evc5.rigs.probe.probe import Context, GivenUp, outcome
from evc5.twin.ocpp.rpc import Reply

REACTIONS_S = (1.0, 2.0, 5.0, 10.0, 30.0)
FLOWS = ("Current.Import", "Current.Offered")
CONDUCTS_A = 0.5  # above it a phase carries a car's current; assumed
LOW_A = 8.0


def taken(context: Context) -> None:
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


def followed(context: Context) -> None:
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


def one_phase(context: Context) -> None:
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


def at_start(context: Context) -> None:
    """Policy remote_start_profile: a profile that comes with the start."""
    with car(context):
        mark = context.line.mark()
        bare = composite(context)
        profile = wire(context, _tx(9.0), level(context))

        def send(ours: Payload) -> Reply:
            return context.ask("RemoteStartTransaction", remote_start(ours))

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
