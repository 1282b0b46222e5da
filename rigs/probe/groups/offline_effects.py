"""Keys that count when the back office is away, or says no. Source: OCPP 1.6 3.7, 4.1, 4.2, 9.1."""

from collections.abc import Callable
from contextlib import suppress

from evc5.rigs.probe.groups.boots import accepted_again, boots, confirmation
from evc5.rigs.probe.groups.car_sessions import (
    BEGINS_S,
    CONNECTOR,
    FOLLOWS_S,
    STOPS_S,
    begun,
    car,
    charging,
    with_card,
    written,
)
from evc5.rigs.probe.hands import Hands, NotDone
from evc5.rigs.probe.probe import CAR, Context, GivenUp, Probe

GROUP = "effects"
AWAY_S = 10.0  # the link is away before, and after, a card is held up; assumed
PENDING_S = 90  # of a boot that is not accepted yet: longer than what is tried meanwhile
ATTEMPTS, INTERVAL_S = 2, 5  # of TransactionMessageAttempts and -RetryInterval
REPEATS_S = (60.0, 150.0)  # of which so much is watched at least and at most; the EVC4 repeats after 180 s
DELIVERED_S = 400.0  # a refused message has come again
REFUSED_ID = 1_900_000_000  # of a transaction whose idTag is said to be invalid


def _begins_away(context: Context, away: Callable[[], None], back: Callable[[], None]) -> str:
    """Plug in, card, card again, all while the back office is away: does it tell of a transaction later?"""
    with car(context) as hands:
        mark = context.line.mark()
        away()
        try:
            context.line.wait(AWAY_S)
            hands.present_card(CONNECTOR)
            context.line.wait(FOLLOWS_S)
            hands.present_card(CONNECTOR)
            context.line.wait(AWAY_S)
        finally:
            back()
        if context.line.back_after_s() is None:
            raise GivenUp(context.line.gone)
        if context.line.call_within(mark, "StartTransaction", BEGINS_S) is None:
            return "begins nothing"
        context.line.call_within(mark, "StopTransaction", STOPS_S)
        return "begins"


def _begins_offline(context: Context) -> str:
    return _begins_away(context, context.line.cut, context.line.mend)


def _local_offline(context: Context) -> None:
    """LocalAuthorizeOffline: a card of the cache, the link away."""
    written(context, "AuthorizationCacheEnabled", "true")
    if "AllowOfflineTxForUnknownId" in context.keeper.values:
        written(context, "AllowOfflineTxForUnknownId", "false")
    with_card(context, lambda _: None)
    for value in ("true", "false"):
        written(context, "LocalAuthorizeOffline", value)
        context.note(f"effect.LocalAuthorizeOffline.{value}", _begins_offline(context))


def _unknown_offline(context: Context) -> None:
    """AllowOfflineTxForUnknownId: a card of no cache, the link away."""
    if "AuthorizationCacheEnabled" in context.keeper.values:
        written(context, "AuthorizationCacheEnabled", "false")
    for value in ("true", "false"):
        written(context, "AllowOfflineTxForUnknownId", value)
        context.note(f"effect.AllowOfflineTxForUnknownId.{value}", _begins_offline(context))


def _before_boot(context: Context) -> None:
    """com_Options BlockBeforeBoot as it stands: a card while the boot is pending."""
    written(context, "AllowOfflineTxForUnknownId", "true")

    def away() -> None:
        boots(context, confirmation(context, "Pending", PENDING_S))

    found = _begins_away(context, away, lambda: accepted_again(context))
    context.note("effect.BlockBeforeBoot", found)


def _invalid_id(context: Context) -> None:
    """StopTransactionOnInvalidId: StartTransaction.conf says that the idTag is invalid."""
    for number, value in enumerate(("true", "false")):
        written(context, "StopTransactionOnInvalidId", value)
        answer = {"transactionId": REFUSED_ID + number, "idTagInfo": {"status": "Invalid"}}
        with car(context) as hands:
            mark = context.line.mark()
            context.line.script("StartTransaction", answer, times=1)
            try:
                hands.present_card(CONNECTOR)
                begun(context, mark)
            finally:
                context.line.script("StartTransaction")
            stop = context.line.call_within(mark, "StopTransaction", FOLLOWS_S)
            told = "goes on" if stop is None else f"stops, {stop.get('reason', 'no reason told')}"
            context.note(f"effect.StopTransactionOnInvalidId.{value}", told)
            _release(context, hands, stop is None)


def _release(context: Context, hands: Hands, goes_on: bool) -> None:
    """End what goes on; else the card frees the cable (errata 3.5), or has to end what it began."""
    mark = context.line.mark()
    with suppress(NotDone):
        hands.present_card(CONNECTOR)
        if not goes_on and context.line.call_within(mark, "StartTransaction", FOLLOWS_S) is not None:
            hands.present_card(CONNECTOR)
            goes_on = True
    if goes_on:
        context.line.call_within(mark, "StopTransaction", STOPS_S)


def _attempts(context: Context) -> None:
    """Policy transaction_message_retry: a StopTransaction that gets CALLERRORs, again and again."""
    interval_s, is_known = _held(context, "TransactionMessageRetryInterval", INTERVAL_S)
    attempts, _ = _held(context, "TransactionMessageAttempts", ATTEMPTS)
    with charging(context, AWAY_S) as (hands, mark):
        context.line.script("StopTransaction", error="InternalError")
        try:
            hands.present_card(CONNECTOR)
            if context.line.call_within(mark, "StopTransaction", STOPS_S) is None:
                raise GivenUp("a second card brings no StopTransaction")
            context.line.wait(min(max(REPEATS_S[0], 1.5 * interval_s), REPEATS_S[1]))
            sent = len(context.line.calls(mark, "StopTransaction"))
        finally:
            context.line.script("StopTransaction")
        context.note("effect.TransactionMessageAttempts", f"{sent} sent")
        if sent > 1 or (attempts > 1 and is_known):
            context.note("policy.transaction_message_retry", "attempts" if sent > 1 else "fixed-delay")
        if sent < attempts:
            context.line.call_within(context.line.mark(), "StopTransaction", DELIVERED_S)


def _held(context: Context, key: str, value: int) -> tuple[int, bool]:
    """What a key holds: the value where it takes that, else what it told, else the published; is it known?"""
    with suppress(GivenUp):
        written(context, key, str(value))
        return value, True
    told = context.keeper.values.get(key, "")
    if told.isdigit():
        return int(told), True
    published = str(context.known.keys[key].default)
    return int(published) if published.isdigit() else value, False


ROWS: tuple[tuple[str, str, Callable[[Context], None], str], ...] = (
    ("LocalAuthorizeOffline", "may a known card begin while the link is away?", _local_offline, "the link"),
    ("AllowOfflineTxForUnknownId", "may an unknown card, while the link is away?", _unknown_offline,
     "the link"),
    ("BlockBeforeBoot", "may a card begin before the boot is accepted?", _before_boot, "a boot's acceptance"),
    ("StopTransactionOnInvalidId", "does an idTag that is invalid after all end the transaction?",
     _invalid_id, "an idTag's acceptance"),
    ("TransactionMessageAttempts", "how is a transaction message repeated that is refused?", _attempts,
     "a stop's acceptance"),
)  # fmt: skip


def probes() -> list[Probe]:
    return [
        Probe(
            f"effect.{name}",
            GROUP,
            asks,
            run,
            decides="by the transactions that are told",
            needs=CAR,
            disturbs=f"charges a car at connector 1 for a minute or two, {withheld} withheld",
            restores="the car is unplugged, keys as they were",
        )
        for name, asks, run, withheld in ROWS
    ]
