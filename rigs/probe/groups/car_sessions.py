"""A car at connector 1, plugged in and taken out again whatever happens, and what its session is made of."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from evc5.rigs.keeper.keeper import TAKEN
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.hands import CARD, Hands, NotDone
from evc5.rigs.probe.probe import Context, GivenUp, outcome

CONNECTOR = 1
BEGINS_S = 60.0  # a card is answered, a car draws; assumed
FOLLOWS_S = 20.0  # a new limit is on the pilot and the car has followed; IEC 61851-1 gives it 5 s
STOPS_S = 60.0
LOOK_S = 0.5  # how often it is asked whether a limit is kept already
NO_TRANSACTION = 2_000_000_000


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


def remote_start(profile: Payload | None = None) -> Payload:
    request: Payload = {"connectorId": CONNECTOR, "idTag": CARD}
    return request if profile is None else {**request, "chargingProfile": profile}


def number(value: Payload) -> float:
    with suppress(ValueError, TypeError):
        return float(value["value"])
    return 0.0
