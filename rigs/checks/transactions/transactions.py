"""Transactions: started and stopped once, in order, with what belongs to them (4.8, 4.10, ER 3.16)."""

from collections import deque

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import BOTH_WAYS
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
BEFORE = "transactions that began before the recording: record from before their start"
STOP_TOLD_LATE_S = 60.0  # assumed: a stop is told within a minute of the last value before it


class Transactions:
    """Judges the frames of transactions against each other."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._transactions = context.history.transactions
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._running: dict[int, Transaction] = {}
        self._unstarted: dict[int | None, tuple[float, float]] = {}  # by id: when its start was to be told
        self._nameless: float | None = None  # when a transaction stopped that has no id and no start yet
        self._suspects: deque[tuple[float, float, Transaction]] = deque()
        self._stamp_s = context.tolerances.sample_s
        context.bus.calls["StartTransaction"].append(self._start)
        context.bus.calls["StopTransaction"].append(self._stop)
        context.bus.readings.append(self._readings)
        context.bus.end.append(self._end)

    def _start(self, call: Call) -> None:
        started = self._transactions.open[call.payload["connectorId"]]
        before = self._running.get(started.connector)
        if before is not None and before.stop is None:
            lost = f"{before.name} from {iso(before.start)} still open"
            message = "a transaction starts while another runs on its connector"
            self._ledger.broken(PAIR, call.epoch_s, started.connector, "StopTransaction first", lost, message)
            self._undelivered(before, call.epoch_s)
        else:
            self._ledger.held(PAIR, 1, started.connector, started.start)
        if self._nameless is not None and started.start < self._nameless:
            message, expected = (
                "a stop without an id is told before the start it can be of",
                "the start first",
            )
            at, actual = (
                call.epoch_s,
                f"a stop of {iso(self._nameless)}, then a start of {iso(started.start)}",
            )
            self._ledger.broken(PAIR, at, started.connector, expected, actual, message)
        self._nameless = None
        self._running[started.connector] = started
        self._time(call, started.connector, started.start, "start")

    def _time(self, call: Call, connector: int, stamp: float, what: str) -> None:
        ahead = stamp - call.epoch_s
        message = f"the {what} of a transaction is told before its time"
        self._ledger.judge(
            TIMES,
            ahead <= self._context.tolerances.station_clock_s + self._ledger.time.doubt_s(call.epoch_s),
            call.epoch_s,
            connector,
            f"a timestamp up to {iso(call.epoch_s)}",
            iso(stamp),
            message,
            # of a rig the clock is known to the second; else it may be a minute off (clock.station)
            severity="error" if self._context.evidence.from_power_on else "warning",
        )

    def _stop(self, call: Call) -> None:
        id = call.payload["transactionId"]
        stopped = self._transactions.stopped_by(call)
        if stopped is None:
            self._stops_nothing(call, id)
            return
        stop = stopped.stop or 0.0
        self._names(call, stopped, id)
        self._ledger.held(DELIVERED, 1, stopped.connector, stop)
        self._time(call, stopped.connector, stop, "stop")
        message, expected = f"{stopped.name} stops before it starts", f"not before {iso(stopped.start)}"
        earliest = stopped.start - self._ledger.time.doubt_s(stop)  # a clock may be set back meanwhile
        self._ledger.judge(
            TIMES, stop >= earliest, call.epoch_s, stopped.connector, expected, iso(stop), message
        )

    def _stops_nothing(self, call: Call, id: int) -> None:
        if id in self._transactions.given:
            message = f"StopTransaction speaks of transaction {id}"
            actual = "one stopped before"
            self._ledger.broken(PAIR, call.epoch_s, None, "a running transaction", actual, message)
        elif self._all_settled(call.epoch_s):
            if id == UNKNOWN:
                self._nameless = epoch(call.payload["timestamp"])
            else:
                message = f"StopTransaction speaks of transaction {id}"
                actual = "an id that was never given"
                self._ledger.broken(PAIR, call.epoch_s, None, "a running transaction", actual, message)
        else:
            self._ledger.not_compared(PAIR, BEFORE)

    def _all_settled(self, epoch_s: float) -> bool:
        outlets = list(self._history.outlets())
        return bool(outlets) and all(self._transactions.is_settled(one, epoch_s) for one in outlets)

    def _names(self, call: Call, stopped: Transaction, id: int) -> None:
        """The id that the CSMS gave; -1 only where it gave none before the stop (ER 3.18)."""
        if not self._context.evidence.hears_csms:
            self._ledger.not_compared(PAIR, BOTH_WAYS.lacks)
            return
        confirmed = stopped.confirmed_at is not None and stopped.confirmed_at < (stopped.stop or call.epoch_s)
        its_own = self._transactions.by_id.get(id) is stopped  # a start sent again may be given another
        good = its_own or id == stopped.id or (id == UNKNOWN and not confirmed)
        message = f"the stop of {stopped.name} carries transactionId {id}"
        expected = f"transactionId {stopped.id if stopped.id is not None else UNKNOWN}"
        self._ledger.judge(PAIR, good, call.epoch_s, stopped.connector, expected, id, message)

    # -- meter values ----------------------------------------------------------------------------

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        for block in blocks:
            if block.transaction is None:
                self._without(connector, block)
            elif block.transaction != UNKNOWN or self._is_confirmed(connector, block):
                self._within(connector, block, self._transactions.by_id.get(block.transaction))

    def _is_confirmed(self, connector: int, block: Block) -> bool:
        """Had the transaction there an id before these values were taken, so that -1 is wrong (ER 3.18)?

        One that is over, its stop on its way, may have made room for the next.
        """
        stamp = float(block.stamp[0])
        runs = self._transactions.at(connector, stamp)
        if runs is None or self._connectors.may_be_over(connector, stamp):
            return False
        return runs.confirmed_at is not None and runs.confirmed_at < stamp

    def _within(self, connector: int, block: Block, its: Transaction | None) -> None:
        epoch_s = float(block.epoch_s[0])
        if its is None:
            self._of_none(connector, block)
            return
        if its.connector != connector:
            message = f"meter values of transaction {its.id} from another connector"
            self._ledger.broken(BELONGS, epoch_s, connector, f"connector {its.connector}", connector, message)
            return
        last = float("inf") if its.stop is None else its.stop
        slack_s = self._stamp_s + self._ledger.time.doubts_s(block.stamp)
        early, late = block.stamp < its.start - slack_s, block.stamp > last + slack_s
        outside = early | late
        self._ledger.held(BELONGS, int((~outside).sum()), connector, block.stamp[~outside])
        for at, stamp in zip(block.epoch_s[outside].tolist(), block.stamp[outside].tolist(), strict=True):
            expected = f"{iso(its.start)} to {'now' if its.stop is None else iso(its.stop)}"
            message = f"a meter value of transaction {its.id} taken outside it"
            self._ledger.broken(BELONGS, at, connector, expected, iso(stamp), message)

    def _of_none(self, connector: int, block: Block) -> None:
        """Values of an id that no transaction was given, while another runs there or none can."""
        epoch_s, stamp = float(block.epoch_s[0]), float(block.stamp[0])
        runs = self._transactions.at(connector, stamp)
        if runs is not None and runs.id is not None:
            message = "meter values carry another id than the transaction's"
            expected = f"transactionId {runs.id}"
        elif (
            self._transactions.is_settled(connector, epoch_s)
            and runs is None
            and not self._transactions.unclear
        ):
            message, expected = "meter values of a transaction that no one started", "a transaction that was"
        else:
            self._ledger.not_compared(BELONGS, BEFORE, len(block))
            return
        began = self._context.evidence.began or epoch_s
        lost = (began if runs is None else runs.start_told), epoch_s  # one start, of all these
        untold = self._unstarted.setdefault(block.transaction, lost)
        for _, epoch_s, _ in block.rows():
            actual = f"transactionId {block.transaction}"
            self._ledger.broken(
                BELONGS, epoch_s, connector, expected, actual, message, untold=untold, lost=block.transaction
            )

    def _without(self, connector: int, block: Block) -> None:
        if connector == 0 or block.layout.context not in ("Sample.Clock", "Sample.Periodic"):
            return
        self._settle(float(block.epoch_s[0]) - STOP_TOLD_LATE_S)
        since = float(block.stamp.min()) - self._stamp_s
        until = float(block.stamp.max())
        if self._transactions.any_within(connector, since, until):
            for _, epoch_s, stamp in block.rows():
                its = self._transactions.at(connector, stamp - self._stamp_s)
                if its is not None and its.id is not None:
                    self._suspects.append((epoch_s, stamp, its))
        self._ledger.held(CARRIES, len(block), connector, block.stamp)

    def _settle(self, epoch_s: float) -> None:
        """A value taken as its transaction stops is told before the stop: look again a little later."""
        while self._suspects and self._suspects[0][0] < epoch_s:
            at, stamp, its = self._suspects.popleft()
            if its.stop is None or its.stop > stamp + self._stamp_s:
                message = "a meter value taken in a transaction does not say so"
                expected, untold = f"transactionId {its.id}", (its.start_told, at)
                self._ledger.broken(CARRIES, at, its.connector, expected, "none", message, untold=untold)

    # -- in the end ------------------------------------------------------------------------------

    def _undelivered(self, transaction: Transaction, epoch_s: float) -> None:
        message = f"the stop of {transaction.name} was never told"
        self._ledger.broken(DELIVERED, epoch_s, transaction.connector, "StopTransaction", "none", message)

    def _end(self, epoch_s: float) -> None:
        self._settle(epoch_s + STOP_TOLD_LATE_S)
        self._abandoned(epoch_s)

    def _abandoned(self, epoch_s: float) -> None:
        """What still runs in the end must have its car: no unplug may be long past."""
        until = self._link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        for connector, transaction in self._transactions.open.items():
            gone = self._connectors.unplugged.get(connector)
            if gone is None or self._history.boots.dark_since is not None or self._unseen(connector, gone):
                continue
            ends = self._keys.text("StopTransactionOnEVSideDisconnect", gone) == "true"
            if transaction.id is None and self._link.was_unheard(transaction.start, epoch_s):
                continue  # its start is still to be taken; its stop waits behind it
            if ends and transaction.start < gone < until:
                self._undelivered(transaction, epoch_s)

    def _unseen(self, connector: int, gone: float) -> bool:
        """Was there a cable again before the station was awake to see that one was pulled?"""
        woke = [end for begin, end in self._history.boots.dark if begin <= gone <= end]
        return any(self._connectors.plugged[connector].begin_of(end) is not None for end in woke)
