"""Transactions: started and stopped once, in order, with what belongs to them (4.8, 4.10, ER 3.16)."""

from collections import deque

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import UNKNOWN, Transaction

PAIR, BELONGS, CARRIES = "transaction.pair", "transaction.belongs", "transaction.carries-id"
DELIVERED, TIMES = "transaction.delivered", "transaction.times"
REQUIREMENTS = (
    R(PAIR, "A transaction starts and stops once, one at a time on a connector", "4.8, 4.10, TC_003_CS"),
    R(TIMES, "A transaction stops after it starts, and neither is told ahead of time", "6.45, 6.49"),
    R(BELONGS, "Meter values told for a transaction were taken in it, on its connector", "ER 3.16"),
    R(CARRIES, "Meter values taken in a transaction carry its id", "ER 3.16, 6.33"),
    R(DELIVERED, "Each transaction is stopped in the end, outages or not", "3.7.1, 4.10, TC_037_1_CS"),
)
TOLD_S = 60.0  # assumed: a stop is told within a minute of the last value before it


class Transactions:
    """Judges the frames of transactions against each other."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._running: dict[int, Transaction] = {}
        self._suspects: deque[tuple[float, float, Transaction]] = deque()
        self._stamp_s = context.tolerances.sample_s
        context.bus.calls["StartTransaction"].append(self._start)
        context.bus.calls["StopTransaction"].append(self._stop)
        context.bus.readings.append(self._readings)
        context.bus.end.append(self._end)

    def _start(self, call: Call) -> None:
        started = self._history.transactions.open[call.payload["connectorId"]]
        before = self._running.get(started.connector)
        if before is not None and before.stop is None:
            lost = f"transaction {before.id} from {iso(before.start)} still open"
            message = "a transaction starts while another runs on its connector"
            self._ledger.broken(PAIR, call.t, started.connector, "StopTransaction first", lost, message)
            self._undelivered(before, call.t)
        else:
            self._ledger.held(PAIR, 1, started.connector, started.start)
        self._running[started.connector] = started
        self._time(call, started.connector, started.start, "start")

    def _time(self, call: Call, connector: int, stamp: float, what: str) -> None:
        ahead = stamp - call.t
        message = f"the {what} of a transaction is told before its time"
        self._ledger.judge(
            TIMES,
            ahead <= self._context.tolerances.station_clock_s,
            call.t,
            connector,
            f"a timestamp up to {iso(call.t)}",
            iso(stamp),
            message,
        )

    def _stop(self, call: Call) -> None:
        id = call.payload["transactionId"]
        stopped = self._history.transactions.by_id.get(id)
        if stopped is None or stopped.stop_told != call.t:
            if id != UNKNOWN and (self._context.evidence.from_power_on or stopped is not None):
                actual = "an id no StartTransaction was given" if stopped is None else "one stopped before"
                message = f"StopTransaction speaks of transaction {id}"
                self._ledger.broken(PAIR, call.t, None, "a running transaction", actual, message)
            return
        stop = stopped.stop or 0.0
        for requirement in (PAIR, DELIVERED):
            self._ledger.held(requirement, 1, stopped.connector, stop)
        self._time(call, stopped.connector, stop, "stop")
        message = f"transaction {id} stops before it starts"
        self._ledger.judge(
            TIMES, stop >= stopped.start, call.t, stopped.connector, iso(stopped.start), iso(stop), message
        )

    # -- meter values ----------------------------------------------------------------------------

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        for block in blocks:
            if block.transaction is None:
                self._without(connector, block)
            elif block.transaction != UNKNOWN:
                self._within(connector, block, self._history.transactions.by_id.get(block.transaction))

    def _within(self, connector: int, block: Block, its: Transaction | None) -> None:
        t = float(block.t[0])
        if its is None:
            if self._context.evidence.from_power_on:
                message = f"meter values of transaction {block.transaction}, which no one started"
                self._ledger.broken(BELONGS, t, connector, "a transaction that was", "none", message)
            return
        if its.connector != connector:
            message = f"meter values of transaction {its.id} from another connector"
            self._ledger.broken(BELONGS, t, connector, f"connector {its.connector}", connector, message)
            return
        last = float("inf") if its.stop is None else its.stop
        early, late = block.stamp < its.start - self._stamp_s, block.stamp > last + self._stamp_s
        outside = early | late
        self._ledger.held(BELONGS, int((~outside).sum()), connector, block.stamp[~outside])
        for at, stamp in zip(block.t[outside].tolist(), block.stamp[outside].tolist(), strict=True):
            expected = f"{iso(its.start)} to {'now' if its.stop is None else iso(its.stop)}"
            message = f"a meter value of transaction {its.id} taken outside it"
            self._ledger.broken(BELONGS, at, connector, expected, iso(stamp), message)

    def _without(self, connector: int, block: Block) -> None:
        if connector == 0 or block.layout.context not in ("Sample.Clock", "Sample.Periodic"):
            return
        self._settle(float(block.t[0]) - TOLD_S)
        since, until = float(block.stamp.min()) - self._stamp_s, float(block.stamp.max())
        if self._history.transactions.any_within(connector, since, until):
            for _, t, stamp in block.rows():
                its = self._history.transactions.at(connector, stamp - self._stamp_s)
                if its is not None and its.id is not None:
                    self._suspects.append((t, stamp, its))
        self._ledger.held(CARRIES, len(block), connector, block.stamp)

    def _settle(self, t: float) -> None:
        """A value taken as its transaction stops is told before the stop: look again a little later."""
        while self._suspects and self._suspects[0][0] < t:
            at, stamp, its = self._suspects.popleft()
            if its.stop is None or its.stop > stamp + self._stamp_s:
                message = "a meter value taken in a transaction does not say so"
                self._ledger.broken(CARRIES, at, its.connector, f"transactionId {its.id}", "none", message)

    # -- in the end ------------------------------------------------------------------------------

    def _undelivered(self, transaction: Transaction, t: float) -> None:
        message = f"the stop of transaction {transaction.id} was never told"
        self._ledger.broken(DELIVERED, t, transaction.connector, "StopTransaction", "none", message)

    def _end(self, t: float) -> None:
        self._settle(t + TOLD_S)
        self._abandoned(t)

    def _abandoned(self, t: float) -> None:
        """What still runs in the end must have its car: no unplug may be long past."""
        until = self._link.delivered_until(t, self._context.tolerances.grace_s)
        for connector, transaction in self._history.transactions.open.items():
            gone = self._connectors.unplugged.get(connector)
            if gone is None or self._history.boots.dark_since is not None:
                continue
            ends = self._keys.text("StopTransactionOnEVSideDisconnect", gone) == "true"
            if ends and transaction.start < gone < until:
                self._undelivered(transaction, t)
