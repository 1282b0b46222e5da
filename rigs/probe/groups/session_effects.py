"""Keys that show what they do only in a session. Source: OCPP 1.6 9.1; vendor options as seen on an EVC4."""

from collections.abc import Callable
from contextlib import suppress

from evc5.rigs.probe.groups.car_sessions import (
    BEGINS_S,
    CONNECTOR,
    STOPS_S,
    car,
    charging,
    with_card,
    written,
)
from evc5.rigs.probe.hands import NotDone
from evc5.rigs.probe.probe import CAR, Context, GivenUp, Probe

GROUP = "effects"
CONNECTS_S = 20  # of ConnectionTimeOut
LATE_S = 10.0  # later than it should be, and nothing has come: no effect
OWNERS_CARD_S = 8.0  # a card is answered


def _connection_time_out(context: Context) -> None:
    """A card without a cable: when does it stop waiting?"""
    hands = context.hands
    assert hands is not None  # else it is not run
    written(context, "ConnectionTimeOut", str(CONNECTS_S))
    mark = context.line.mark()
    hands.present_card(CONNECTOR)
    context.line.wait(OWNERS_CARD_S)
    early = [one.get("status") for one in context.line.calls(mark, "StatusNotification")]
    if "Preparing" not in early:
        context.note("effect.ConnectionTimeOut", "a card alone prepares nothing")
        return
    context.line.wait(CONNECTS_S - OWNERS_CARD_S + LATE_S)
    late = [one.get("status") for one in context.line.calls(mark, "StatusNotification")]
    context.note("effect.ConnectionTimeOut", "followed" if late[-1] == "Available" else "it waits on")


def _cache(context: Context) -> None:
    """AuthorizationCacheEnabled: is a card that was accepted asked for again?"""
    written(context, "AuthorizationCacheEnabled", "true")
    written(context, "LocalPreAuthorize", "true")
    asked = []
    for _ in range(2):
        mark = context.line.mark()
        with_card(context, lambda _: None)
        asked.append(len(context.line.calls(mark, "Authorize")))
    words = {(True, True): "asked each time", (True, False): "asked once", (False, False): "never asked"}
    found = words.get((asked[0] > 0, asked[1] > 0), "asked the second time alone")
    context.note("effect.AuthorizationCacheEnabled", found)


def _disconnect(value: str, context: Context) -> None:
    """StopTransactionOnEVSideDisconnect: does pulling the cable end the transaction?"""
    written(context, "StopTransactionOnEVSideDisconnect", value)
    with charging(context, LATE_S) as (hands, mark):
        hands.unplug(CONNECTOR)
        stop = context.line.call_within(mark, "StopTransaction", LATE_S)
        told = f"stops, {stop.get('reason', 'no reason told')}" if stop is not None else "goes on"
        context.note(f"effect.StopTransactionOnEVSideDisconnect.{value}", told)
        hands.plug_in(CONNECTOR)
        if stop is None:
            with suppress(NotDone):
                hands.present_card(CONNECTOR)
            context.line.call_within(mark, "StopTransaction", STOPS_S)


def _plug_and_charge(context: Context) -> None:
    """chg_Ch1Options PlugAndCharge: does a car alone begin a transaction?"""
    told = context.keeper.values.get("chg_Ch1Options", "")
    if "PlugAndCharge=0" not in told:
        raise GivenUp("it tells no PlugAndCharge=0 in chg_Ch1Options")
    written(context, "chg_Ch1Options", told.replace("PlugAndCharge=0", "PlugAndCharge=1"))
    mark = context.line.mark()
    with car(context):
        start = context.line.call_within(mark, "StartTransaction", BEGINS_S)
    context.note("effect.PlugAndCharge", "begins" if start is not None else "begins nothing")
    if start is not None:
        context.line.call_within(mark, "StopTransaction", STOPS_S)


ROWS: tuple[tuple[str, str, Callable[[Context], None]], ...] = (
    (
        "ConnectionTimeOut",
        "does it wait for a cable as long as ConnectionTimeOut says?",
        _connection_time_out,
    ),
    ("AuthorizationCacheEnabled", "is a card in the cache asked for again?", _cache),
    (
        "StopTransactionOnEVSideDisconnect.true",
        "does pulling the cable end a transaction where it should?",
        lambda context: _disconnect("true", context),
    ),
    (
        "StopTransactionOnEVSideDisconnect.false",
        "does pulling the cable end a transaction where it should not?",
        lambda context: _disconnect("false", context),
    ),
    ("PlugAndCharge", "does plugging in begin a transaction where that is switched on?", _plug_and_charge),
)


def probes() -> list[Probe]:
    return [
        Probe(
            f"effect.{name}",
            GROUP,
            asks,
            run,
            decides="by what is told while a car comes and goes",
            needs=CAR,
            disturbs="charges a car at connector 1 for a minute or two",
            restores="the car is unplugged, keys as they were",
        )
        for name, asks, run in ROWS
    ]
