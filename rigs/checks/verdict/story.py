"""A start or stop that cannot follow on what somebody's log told: another one is missing before it."""

from typing import Any, NamedTuple

from evc5.rigs.checks.reading.frames import CALL, Frame
from evc5.rigs.checks.reading.instants import epoch, is_strict, iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.transactions import UNKNOWN
from evc5.rigs.checks.transactions.transactions import PAIR


class Break(NamedTuple):
    """What is missing before a frame, and since when it may have been told."""

    since: float
    connector: int | None
    expected: str
    actual: str
    message: str


def story_break(context: Context, frame: Frame) -> Break | None:
    """Of a frame that is not judged yet; None where it may follow, or what lacks was lost in no silence."""
    if not frame.up or frame.kind != CALL or not isinstance(frame.payload, dict):
        return None
    look = {"StartTransaction": _start, "StopTransaction": _stop}.get(frame.action)
    found = look(context, frame.payload, frame.epoch_s) if look is not None else None
    if found is None or context.ledger.holes.may_hide(found.since, frame.epoch_s) is None:
        return None
    return found


def tell_break(context: Context, epoch_s: float, found: Break) -> None:
    """A hole explains it, unless that comes often."""
    untold = found.since, epoch_s
    context.ledger.broken(
        PAIR, epoch_s, found.connector, found.expected, found.actual, found.message, untold=untold
    )


def _start(context: Context, payload: dict[str, Any], _: float) -> Break | None:
    connector, stamp = payload.get("connectorId"), payload.get("timestamp")
    running = context.history.transactions.open.get(connector) if isinstance(connector, int) else None
    if running is None or running.id is None or not isinstance(stamp, str) or not is_strict(stamp):
        return None
    if epoch(stamp) <= running.start:
        return None  # it is told again
    lost = f"{running.name} from {iso(running.start)} still open"
    message = "a transaction starts while another runs on its connector"
    return Break(running.start_told, running.connector, "StopTransaction first", lost, message)


def _stop(context: Context, payload: dict[str, Any], epoch_s: float) -> Break | None:
    memory, id = context.history.transactions, payload.get("transactionId")
    began = context.evidence.began
    if not isinstance(id, int) or id == UNKNOWN or id in memory.given or id in memory.by_id or began is None:
        return None
    if any(running.id is None for running in memory.open.values()):
        return None  # it may be that one's
    if not context.history.is_settled(epoch_s):
        return None  # it may have begun before the log
    message = f"StopTransaction speaks of transaction {id}"
    return Break(began, None, "a running transaction", "an id that was never given", message)
