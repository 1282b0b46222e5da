"""Remote stops (5.12): accepted for a transaction that runs, and carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction

DONE, KNOWN = "transaction.remote-stop", "transaction.remote-stop-known"
REQUIREMENTS = (
    R(DONE, "A remote stop accepted stops the transaction", "5.12, TC_012_CS"),
    R(KNOWN, "A remote stop is accepted for a running transaction, refused for any other", "5.12"),
)
REMOTE_S = 30.0  # assumed: how soon a remote stop is carried out


@dataclass(slots=True, eq=False, repr=False)
class Accepted:
    """A remote stop that was accepted and not followed by its stop so far."""

    since_s: float
    from_before: bool = False  # nothing is known of its transaction, which may be older than the recording
    tell: Callable[[], None] | None = None  # says that there is none, unless its stop comes

    def told(self) -> None:
        """No stop came of one whose start is not known: there was none."""
        if self.tell is not None:
            self.tell()
            self.tell = None


class RemoteStops:
    """Holds each answer against what runs, and each one accepted against the stop that follows."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._known = context.history.transactions
        self._link = context.history.link
        self._accepted: dict[int, Accepted] = {}  # by transaction
        self._ran: set[int] = set()  # of the transactions that a remote stop names, until it is answered
        bus = context.bus
        bus.calls["RemoteStopTransaction"].append(self._asked)
        bus.replies["RemoteStopTransaction"].append(self._answered)
        bus.calls["StopTransaction"].append(self._stop)
        bus.events["power-cut"].append(lambda event: self._power_lost())
        bus.end.append(self._end)

    def _asked(self, call: Call) -> None:
        its = self._known.by_id.get(call.payload["transactionId"])
        if its is not None and its.id is not None and its.stop is None:
            self._ran.add(its.id)

    def _answered(self, call: Call) -> None:
        if call.reply is None:
            return
        id = call.payload["transactionId"]
        is_accepted = call.reply["status"] == "Accepted"
        its = self._known.by_id.get(id)
        if is_accepted:
            self._accepted.setdefault(id, Accepted(call.answered_s))
        if not self._is_clear(call, its):
            if its is None and is_accepted:
                self._accepted[id].from_before = True
        elif its is None and is_accepted:
            self._accepted[id].tell = partial(self._judge, call, its)
            self._context.agenda.at(call.answered_s + REMOTE_S, self._accepted[id].told)
        else:
            self._judge(call, its)
        self._ran.discard(id)

    def _is_clear(self, call: Call, its: Transaction | None) -> bool:
        """Is it sure whether what it names ran as it was answered?"""
        assert call.reply is not None
        if its is None:
            return self._history.is_settled(call.epoch_s)
        if its.stop is not None:
            return its.id not in self._ran  # it ended meanwhile
        return call.reply["status"] == "Accepted" or not self._may_be_over(its, call.epoch_s)

    def _judge(self, call: Call, its: Transaction | None) -> None:
        assert call.reply is not None
        runs, status = its is not None and its.stop is None, call.reply["status"]
        id = call.payload["transactionId"]
        message = f"a remote stop of transaction {id}, which is {'' if runs else 'not '}running"
        expected = "Accepted" if runs else "Rejected"
        self._ledger.judge(
            KNOWN, (status == "Accepted") == runs, call.epoch_s, None, expected, status, message
        )

    def _may_be_over(self, its: Transaction, epoch_s: float) -> bool:
        """Its stop may be on its way."""
        connectors = self._history.connectors
        return self._link.may_be_queueing(epoch_s) or connectors.may_be_over(its.connector, epoch_s)

    def _power_lost(self) -> None:
        for order in self._accepted.values():
            order.told()
        self._accepted.clear()

    def _stop(self, call: Call) -> None:
        named = self._accepted.get(call.payload["transactionId"])
        if named is not None:  # it ran: its start is lost
            named.tell, named.from_before = None, False
        stopped = self._known.stopped_by(call)
        order = self._accepted.pop(stopped.id or 0, None) if stopped is not None else None
        if stopped is None or stopped.stop is None or order is None:
            return
        took = stopped.stop - order.since_s
        message = f"transaction {stopped.id} went on after its remote stop"
        expected, actual = f"StopTransaction within {REMOTE_S:g} s", f"after {took:.0f} s"
        self._ledger.judge(
            DONE, took <= REMOTE_S, order.since_s, stopped.connector, expected, actual, message
        )

    def _end(self, epoch_s: float) -> None:
        until = self._link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        for id, order in self._accepted.items():
            order.told()
            if order.since_s + REMOTE_S < until:
                self._not_followed(id, order)

    def _not_followed(self, id: int, order: Accepted) -> None:
        its = self._known.by_id.get(id)
        if its is not None and its.stop is None:
            message = f"transaction {id} went on after its remote stop was accepted"
            self._ledger.broken(DONE, order.since_s, its.connector, "StopTransaction", "none", message)
        if its is None and order.from_before and not self._known.unclear:
            message = f"a remote stop of transaction {id} is accepted, and no stop is told"
            expected = "its StopTransaction; Rejected where it does not run"
            since = order.since_s
            self._ledger.broken(
                DONE, since, None, expected, "none", message, untold=(since, since + REMOTE_S)
            )
