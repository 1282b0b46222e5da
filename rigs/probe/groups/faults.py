"""What is told of faults, of a lost link and of lost power. Source: OCPP 1.6 4.9, 7.6; sheet tables 4, 5."""

from contextlib import suppress
from functools import partial

from evc5.rigs.keeper.journal import Undo
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.groups.car_sessions import CONNECTOR, charging, with_card
from evc5.rigs.probe.hands import NotDone
from evc5.rigs.probe.probe import CAR, DISRUPTIVE, FAULTS, Context, GivenUp, Probe, outcome

GROUP = "faults"
TOLD_S = 20.0  # a fault is told; assumed
OUT_S = 60.0  # the link or the power is away
BACK_S = 300.0  # the unit is back; the EVC4 waits three minutes before it dials again
RESIDUAL = "ground-failure"
BROUGHT_ABOUT = (
    "lock-failure", "pilot-short", "diode-failure", RESIDUAL, "over-voltage", "under-voltage",
    "over-current", "over-temperature", "power-meter-failure", "reader-failure", "phase-loss",
    "emergency-stop",
)  # fmt: skip


def _statuses(context: Context, mark: int) -> list[Payload]:
    return [
        one for one in context.line.calls(mark, "StatusNotification") if one.get("connectorId") == CONNECTOR
    ]


def _fault(fault: str, context: Context) -> None:
    """The statuses and error codes while it lasts, in order, and after it."""

    def charge(_: int) -> None:
        hands = context.hands
        assert hands is not None  # else nothing charges
        mark = context.line.mark()
        hands.inject(fault, CONNECTOR)
        try:
            context.line.wait(TOLD_S)
            told = [f"{one.get('status')}/{one.get('errorCode')}" for one in _statuses(context, mark)]
            context.note(f"fault.{fault}", " ".join(told) or "nothing told")
            if fault == RESIDUAL:
                _assumed_keys(context, bool(told))
        finally:
            mark = context.line.mark()
            with suppress(NotDone):
                hands.clear(fault, CONNECTOR)
        context.line.wait(TOLD_S)
        told = [f"{one.get('status')}/{one.get('errorCode')}" for one in _statuses(context, mark)]
        context.note(f"fault.{fault}.gone", " ".join(told) or "nothing told")

    with_card(context, charge)


def _assumed_keys(context: Context, told: bool) -> None:
    """Policy assumed_keys: is a residual current told although io_InputCfg has no input for it?"""
    inputs = context.keeper.values.get("io_InputCfg")
    if inputs is not None and "rcd" not in inputs.lower():
        context.note("policy.assumed_keys", "off" if told else "as-named")


def _unavailable(context: Context) -> None:
    """ChangeAvailability of an idle connector, and back (5.2)."""
    request = {"connectorId": CONNECTOR, "type": "Inoperative"}
    operative = Undo("availability 1", "ChangeAvailability", {"connectorId": CONNECTOR, "type": "Operative"})
    mark = context.line.mark()
    context.note(
        "availability.inoperative", outcome(context.keeper.change(operative, "ChangeAvailability", request))
    )
    context.line.wait(TOLD_S)
    told = [str(one.get("status")) for one in _statuses(context, mark)]
    context.note("availability.told", " ".join(told) or "nothing told")


def _offline(context: Context) -> None:
    """A transaction that is stopped while the link is away: what comes afterwards, stamped when?"""
    with charging(context, TOLD_S) as (hands, _):
        context.line.cut()
        try:
            context.line.wait(OUT_S / 2)
            hands.present_card(CONNECTOR)
            context.line.wait(OUT_S / 2)
        finally:
            mark = context.line.mark()
            back_s = context.line.epoch_s
            context.line.mend()
        stop = context.line.call_within(mark, "StopTransaction", BACK_S)
        if stop is None:
            context.note("offline.StopTransaction", "does not come")
            return
        context.note("offline.StopTransaction", "comes")
        stamped = context.line.moment_s(stop.get("timestamp"))
        when = "not told" if stamped is None else "of the stop" if stamped < back_s else "of the return"
        context.note("offline.stamp", when)


def _power(context: Context) -> None:
    """A transaction that loses its power: the stop's reason, and the connector's status then (7.7)."""
    with charging(context, TOLD_S) as (hands, _):
        hands.cut_power()
        context.line.wait(OUT_S)
        mark = context.line.mark()
        hands.restore_power()
        if context.line.call_within(mark, "BootNotification", BACK_S) is None:
            raise GivenUp(f"it has not booted within {BACK_S:g} s")
        stop = context.line.call_within(mark, "StopTransaction", TOLD_S)
        context.note("power.StopTransaction", "does not come" if stop is None else str(stop.get("reason")))
        context.line.wait(TOLD_S)
        told = [str(one.get("status")) for one in _statuses(context, mark)]
        context.note("power.statuses", " ".join(told) or "nothing told")
        if stop is not None and told and told[0] in ("Finishing", "Preparing"):
            context.note("policy.after_power_loss", told[0].lower())


def probes() -> list[Probe]:
    faults = [
        Probe(
            f"fault.{fault}",
            GROUP,
            f"what is told of {fault} while a car charges?",
            partial(_fault, fault),
            decides="by the statuses that come within 20 s",
            needs=FAULTS,
            disturbs=f"brings {fault} about at connector 1",
            restores="the fault is taken away, the car unplugged",
        )
        for fault in BROUGHT_ABOUT
    ]
    return [
        Probe(
            "availability.inoperative",
            GROUP,
            "is a connector told to be unavailable?",
            _unavailable,
            needs=DISRUPTIVE,
            disturbs="takes connector 1 out of service for a moment",
            restores="in service again",
        ),
        Probe(
            "offline.session",
            GROUP,
            "what comes of a session that ended while the link was away?",
            _offline,
            needs=CAR,
            disturbs="cuts the link for a minute",
            restores="the link, the car unplugged",
        ),
        Probe(
            "power.session",
            GROUP,
            "what becomes of a session that loses its power?",
            _power,
            needs=FAULTS,
            disturbs="cuts the mains for a minute",
            restores="the mains, the car unplugged",
        ),
        *faults,
    ]
