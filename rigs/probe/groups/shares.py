"""Two connectors under one limit, and the vendor's keys for currents. Source: OCPP 1.6 3.13."""

from contextlib import suppress

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.probe.groups.car_sessions import (
    CONNECTOR,
    FOLLOWS_S,
    STOPS_S,
    begun,
    number,
    with_card,
    written,
)
from evc5.rigs.probe.groups.charging import composite, is_told, level
from evc5.rigs.probe.groups.forms import Form, wire
from evc5.rigs.probe.groups.measurands import KEY, triggered
from evc5.rigs.probe.groups.tx_profiles import LOW_A, lend_tx
from evc5.rigs.probe.hands import NotDone
from evc5.rigs.probe.probe import CAR, DISRUPTIVE, Context, GivenUp, Probe, outcome

SECOND = 2  # the other connector
WHOLE_A = 20.0  # of both connectors: each would take more by itself
EQUAL_A = 1.0  # shares that differ by less are equal; assumed
LEAST_A = 10  # of chg_MinChargingCurrent: more than LOW_A


def _sharing(context: Context) -> None:
    """Policy station_share: two cars under one ChargePointMaxProfile."""
    hands = context.hands
    if SECOND not in context.connectors or hands is None:
        context.note("session.sharing", "it has one connector")
        return
    mark = context.line.mark()
    try:
        for connector in (CONNECTOR, SECOND):
            hands.plug_in(connector)
            context.line.wait(3.0)
            hands.present_card(connector)
            begun(context, context.line.mark() if connector == SECOND else mark)
        _shares(context)
    finally:
        for connector in (SECOND, CONNECTOR):
            with suppress(NotDone):
                hands.present_card(connector)
            context.line.wait(5.0)
            with suppress(NotDone):
                hands.unplug(connector)
        context.line.call_within(mark, "StopTransaction", STOPS_S)


def _shares(context: Context) -> None:
    whole = Form("whole", "", 0, {"chargingProfilePurpose": "ChargePointMaxProfile"},
                 periods=({"startPeriod": 0, "limit": WHOLE_A},))  # fmt: skip
    _, reply = context.keeper.install(0, wire(context, whole, level(context)))
    if outcome(reply) != "Accepted":
        raise GivenUp(f"a ChargePointMaxProfile got {outcome(reply)}")
    context.line.wait(FOLLOWS_S)
    first, second = (_offered_a(context, connector) for connector in (CONNECTOR, SECOND))
    context.note("session.sharing", f"{first:.0f} A and {second:.0f} A of {WHOLE_A:g} A")
    if first + second <= WHOLE_A + EQUAL_A:
        context.note("policy.station_share", "equal" if abs(first - second) <= EQUAL_A else "first-come")


def _offered_a(context: Context, connector: int) -> float:
    """What a connector's car is offered on its highest phase, or draws where that is not told."""
    for measurand in ("Current.Offered", "Current.Import"):
        if outcome(context.keeper.write(KEY, measurand)) in TAKEN:
            values = [number(one) for one in triggered(context, connector)]
            if values:
                return max(values)
    raise GivenUp("nothing tells what each connector gets")


def _software_limit(context: Context) -> None:
    """chg_Mode3Current: does the composite keep to it?"""
    told = context.keeper.values.get("chg_Mode3Current", "")
    if not told:
        raise GivenUp("it has no chg_Mode3Current")
    written(context, "chg_Mode3Current", ",".join(f"{LOW_A:g}" for _ in told.split(",")))
    found = composite(context)
    if is_told(found):
        followed = found.startswith(f"{LOW_A:g}/")
        context.note(
            "effect.chg_Mode3Current", "followed" if followed else "the composite says nothing of it"
        )


def _least_current(context: Context) -> None:
    """chg_MinChargingCurrent: a limit below it."""
    written(context, "chg_MinChargingCurrent", str(LEAST_A))

    def charge(transaction: int) -> None:
        _, answer = lend_tx(context, LOW_A, transactionId=transaction)
        if answer != "Accepted":
            raise GivenUp(f"a TxProfile got {answer}")
        context.line.wait(FOLLOWS_S)
        amps = _offered_a(context, CONNECTOR)
        context.note("effect.chg_MinChargingCurrent", f"{amps:.0f} A under a limit of {LOW_A:g} A")

    with_card(context, charge)


def probes() -> list[Probe]:
    return [
        Probe(
            "effect.chg_Mode3Current",
            "effects",
            "does a connector keep to chg_Mode3Current?",
            _software_limit,
            decides="by the composite",
            needs=DISRUPTIVE,
            disturbs="lowers the limit of the connectors for a moment",
            restores="the value it had",
        ),
        Probe(
            "effect.chg_MinChargingCurrent",
            "effects",
            "what is offered under a limit below chg_MinChargingCurrent?",
            _least_current,
            decides="by the current",
            needs=CAR,
            disturbs="charges a car at connector 1 for a minute or two",
            restores="the car is unplugged, keys and profiles as they were",
        ),
        Probe(
            "session.sharing",
            "sessions",
            "how do two connectors share one limit?",
            _sharing,
            decides="by what each is offered",
            needs=CAR,
            disturbs="charges cars at connectors 1 and 2 for a minute or two",
            restores="the cars are unplugged, keys and profiles as they were",
        ),
    ]
