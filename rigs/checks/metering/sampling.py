"""Periodic samples: every MeterValueSampleInterval, counted from the transaction's start (4.7, 9.1.25)."""

from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import key
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction

INTERVAL_KEY = "MeterValueSampleInterval"
LIST_KEY = "MeterValuesSampledData"
CLOCK_KEY = "ClockAlignedDataInterval"
SAMPLE_STAMP_S = 0.001  # stamps are written to the millisecond
NEAR_PART = 0.1  # assumed: 3.16.1 asks for samples that are frequent enough; so far off they still are
REQUIREMENT = "metering.sample-interval"
CHANGED_AT_START = "MeterValueSampleInterval was changed in the instant of the start: either may hold"

REQUIREMENTS = (
    R(
        "metering.sample-interval",
        "Samples come at their interval, counted from the start",
        "4.7, 9.1.25, ER 3.15",
        needs=(key("MeterValueSampleInterval"),),
        arises=("StartTransaction",),
    ),
)
MOST_MISSED = 20_000  # a fortnight of samples a minute


class Change(NamedTuple):
    """From when on another interval counts, and from where."""

    since: float
    interval: float
    anchor: float


@dataclass(slots=True, eq=False, repr=False)
class Plan:
    """The instants at which one transaction owes a sample: anchor + n * interval, by an unset clock."""

    time: StationTime
    anchor: float
    interval: float
    n: int = 1
    changes: list[Change] = field(default_factory=list)  # still to come
    last: float | None = None  # the sample told last

    @property
    def due(self) -> float:
        """The next instant owed; infinite while sampling is off."""
        due = self._instant(self.n)
        while self.changes and due >= self.changes[0].since - SAMPLE_STAMP_S:
            since, self.interval, self.anchor = self.changes.pop(0)
            self.n = 1
            if self.interval > 0:
                self.n = max(1, ceil((self.since_anchor(since) - SAMPLE_STAMP_S) / self.interval))
            due = self._instant(self.n)
        return due

    def _instant(self, n: int) -> float:
        if self.interval <= 0:
            return float("inf")
        return self.time.later(self.anchor, n * self.interval)

    def doubt_s(self, stamp: float) -> float:
        """How far it and what it is counted from may be off by a clock that was just set."""
        return max(self.time.doubt_s(stamp), self.time.doubt_s(self.anchor))

    def since_anchor(self, stamp: float) -> float:
        """Seconds of that clock from the anchor to a stamp."""
        return self.time.lasted_s(self.anchor, stamp)

    def next(self, count: int) -> Array:
        """So many instants from the next one on, whatever changes."""
        n = self.n + np.arange(count)
        return self.time.all_later(self.anchor, n * self.interval)


class Sampling:
    """Judges the instants of the Sample.Periodic readings of each transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._of_others = context.evidence.is_of_others
        self._plans: dict[Transaction, Plan] = {}
        self._follows = context.policies["sample_interval_changed"] == "at-once"
        context.bus.replies["StartTransaction"].append(self._started)
        context.bus.calls["StopTransaction"].append(self._stopped)
        context.bus.calls["BootNotification"].append(self._booted)
        context.bus.readings.append(self._readings)
        context.bus.end.append(self._end)
        context.bus.settings.append(self._changed)

    def _interval(self, epoch_s: float) -> float | None:
        """Seconds, 0 for none; None where the transcript does not say."""
        interval = self._context.history.keys.integer(INTERVAL_KEY, epoch_s)
        return None if interval is None else float(interval)

    def _changes_at(self, start: float) -> bool:
        """Does the interval change so close to a start that the transaction may have either?"""
        near_s = self._context.tolerances.sample_s
        return self._interval(start - near_s) != self._interval(start + near_s)

    def _owed(self, epoch_s: float) -> bool:
        """Is there anything to sample? Without a car there is no SoC, and so no message with it alone."""
        measurands = self._context.history.keys.measurands(LIST_KEY, epoch_s)
        return measurands is None or bool(measurands - {"SoC"})

    def _started(self, call: Call) -> None:
        for transaction in self._context.history.transactions.open.values():
            if transaction.id is not None and transaction not in self._plans:
                self._plan(transaction)

    def _plan(self, transaction: Transaction) -> Plan | None:
        start = transaction.start + SAMPLE_STAMP_S
        interval = self._interval(start)
        if interval is None:
            return None
        if not self._follows and self._changes_at(start):
            self._context.ledger.not_compared(REQUIREMENT, CHANGED_AT_START)
            return None
        plan = Plan(self._context.ledger.time, transaction.start, interval)
        self._plans[transaction] = plan
        changed = self._context.history.keys.changes(start, INTERVAL_KEY.lower())
        boots = [both for both in self._context.history.boots.dark if both[0] > start]
        for since, until in sorted([*((epoch_s, -FOREVER) for epoch_s in changed), *boots]):
            if until > since:
                self._start_again(plan, transaction, since, until)
            else:
                self._change(plan, since)
        return plan

    def _changed(self, key: str, epoch_s: float) -> None:
        if key == INTERVAL_KEY.lower():
            for plan in self._plans.values():
                self._change(plan, epoch_s)

    def _change(self, plan: Plan, epoch_s: float) -> None:
        interval = self._interval(epoch_s)
        latest = plan.changes[-1].interval if plan.changes else plan.interval
        if self._follows and interval is not None and interval != latest:
            plan.changes.append(Change(epoch_s, interval, epoch_s))

    def _booted(self, call: Call) -> None:
        dark_since = self._context.history.boots.dark_since
        if dark_since is not None:
            for transaction, plan in self._plans.items():
                self._start_again(plan, transaction, dark_since, call.epoch_s)

    def _start_again(self, plan: Plan, transaction: Transaction, since: float, until: float) -> None:
        """A transaction that outlives a boot has the interval of then, counted from its start again."""
        interval = self._interval(until)
        if interval is not None:
            latest = plan.changes[-1].since if plan.changes else since
            plan.changes.append(Change(max(since, latest), interval, transaction.start))

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        """All samples of a transaction in the order they came, whatever their measurands."""
        by_transaction: dict[Transaction, list[Block]] = {}
        for block in blocks:
            if block.layout.context == "Sample.Periodic" or self._is_misnamed(block):
                transaction = self._transaction(connector, block)
                if transaction is not None:
                    by_transaction.setdefault(transaction, []).append(block)
        for transaction, mine in by_transaction.items():
            order = np.argsort(np.concatenate([block.order for block in mine]))
            epoch_s, stamp = (
                np.concatenate([getattr(b, of) for b in mine])[order] for of in ("epoch_s", "stamp")
            )
            transaction.samples += len(order)
            plan = self._plans.get(transaction) or self._plan(transaction)
            if plan is not None and not self._all_due(connector, plan, stamp):
                for told, taken in zip(epoch_s.tolist(), stamp.tolist(), strict=True):
                    self._sample(transaction, plan, told, taken)

    def _is_misnamed(self, block: Block) -> bool:
        """Is it told to be the clock's, where the clock has none? That is one fault, told by the clock's."""
        clock_s = self._context.history.keys.integer(CLOCK_KEY, float(block.stamp[0]))
        return block.layout.context == "Sample.Clock" and clock_s == 0 and block.transaction is not None

    def _transaction(self, connector: int, block: Block) -> Transaction | None:
        """Whose samples these are: by their id; without one, of what runs there (carries-id judges that)."""
        transactions = self._context.history.transactions
        if block.transaction is not None:
            return transactions.by_id.get(block.transaction)
        if not block.layout.columns[0].says_context:
            return None
        if self._context.evidence.from_power_on:
            self._outside(connector, block)
            return None
        return transactions.at(connector, float(block.stamp[-1]))

    def _outside(self, connector: int, block: Block) -> None:
        """Between transactions a station may tell what it likes (4.7); the rig's does not."""
        for _, epoch_s, stamp in block.rows():
            message = "a periodic sample without a transaction"
            self._context.ledger.broken(REQUIREMENT, epoch_s, connector, "a transaction", iso(stamp), message)

    def _all_due(self, connector: int, plan: Plan, stamp: Array) -> bool:
        """The common case: every sample on the instants that come next."""
        if plan.changes or not plan.interval or not self._owed(float(stamp[0])):
            return False
        if (np.abs(stamp - plan.next(len(stamp))) > self._context.tolerances.sample_s).any():
            return False
        plan.n += len(stamp)
        plan.last = float(stamp[-1])
        self._context.ledger.held(REQUIREMENT, len(stamp), connector, stamp)
        return True

    def _sample(self, transaction: Transaction, plan: Plan, epoch_s: float, stamp: float) -> None:
        tolerance = self._context.tolerances.sample_s + plan.doubt_s(stamp)
        if self._is_counted_from_elsewhere(plan, stamp):
            self._elsewhere(transaction, plan, epoch_s, stamp)
            return
        plan.last = stamp
        self._missed(transaction, plan, stamp - tolerance, epoch_s)
        if abs(stamp - plan.due) <= tolerance and self._may_come(stamp):
            plan.n += 1
            self._context.ledger.held(REQUIREMENT, 1, transaction.connector, stamp)
            return
        if self._of_others and abs(stamp - plan.anchor) <= tolerance:
            return  # one more, as it begins
        if plan.anchor != transaction.start and stamp <= plan.anchor + tolerance:
            return  # of the interval before a change, or at its instant, when either may bring it
        owed = plan.due < float("inf") and self._may_come(stamp)
        self._context.ledger.broken(
            REQUIREMENT,
            epoch_s,
            transaction.connector,
            f"next at {iso(plan.due)}" if owed else "no samples: interval 0 or no measurand",
            iso(stamp),
            f"a sample of {transaction.name} stands off its instants",
            severity="warning" if owed and self._of_others else "error",  # 3.16.1: often enough it comes
        )

    def _is_counted_from_elsewhere(self, plan: Plan, stamp: float) -> bool:
        """Does it stand off the instants, though an interval or more after the sample before?"""
        tolerance = self._context.tolerances.sample_s + plan.doubt_s(stamp)
        if plan.changes or plan.interval <= 2.0 * tolerance or not self._may_come(stamp):
            return False
        into = plan.since_anchor(stamp) % plan.interval
        before = plan.anchor if plan.last is None else max(plan.last, plan.anchor)
        off = min(into, plan.interval - into) > tolerance
        return off and stamp - before >= plan.interval - tolerance

    def _elsewhere(self, transaction: Transaction, plan: Plan, epoch_s: float, stamp: float) -> None:
        """One finding, however many samples: from here on they are counted as the station does."""
        due = plan.anchor + round(plan.since_anchor(stamp) / plan.interval) * plan.interval
        gap_s = stamp - (plan.anchor if plan.last is None else max(plan.last, plan.anchor))
        if plan.last is not None and plan.last > plan.anchor:
            plan.anchor = plan.last
            plan.n = 1
        self._missed(transaction, plan, stamp - plan.interval / 2.0, epoch_s)
        plan.anchor = plan.last = stamp
        plan.n = 1
        message = f"samples of {transaction.name} are not counted from its start"
        often_enough = gap_s <= (1.0 + NEAR_PART) * plan.interval  # 3.16.1
        self._context.ledger.broken(
            REQUIREMENT,
            epoch_s,
            transaction.connector,
            iso(due),
            iso(stamp),
            message,
            cause="counted",
            severity="warning" if often_enough and self._of_others else "error",
        )

    def _may_come(self, stamp: float) -> bool:
        history, tolerance = self._context.history, self._context.tolerances.sample_s
        return any(
            history.keys.measurands(LIST_KEY, epoch_s) != frozenset()
            for epoch_s in (stamp - tolerance, stamp + tolerance)
        )

    def _missed(
        self, transaction: Transaction, plan: Plan, until: float, epoch_s: float, is_last: bool = False
    ) -> None:
        """Write down every instant owed before `until`, except those without power.

        Of a recording that one wrong time has go on for decades only the first so many are. `is_last`: the
        transaction is not told of any more; where the first is lost with other things, so is a stop.
        """
        history = self._context.history
        last = plan.n + MOST_MISSED
        first = plan.due if is_last and self._is_lost(plan.due) else None
        while (due := plan.due) < until and plan.n < last:
            plan.n += 1
            margin_s = self._context.tolerances.sample_s + plan.doubt_s(due)
            unmetered = history.connectors.is_unmetered(transaction.connector, due, margin_s)
            owed = self._owed(due - margin_s) and self._owed(due + margin_s)
            if history.boots.is_dark(due, margin_s) or unmetered or not owed:
                continue
            untold = due if first is None else first
            self._misses(transaction, due, epoch_s, None if plan.last is None else (untold, untold))

    def _is_lost(self, due: float) -> bool:
        """Is there a silence then, in which something else is missing, too?"""
        holes = self._context.ledger.holes
        since = holes.may_hide(due, due)
        return since is not None and holes.lacks_more(since, than=REQUIREMENT)

    def _misses(
        self, transaction: Transaction, due: float, epoch_s: float, untold: tuple[float, float] | None
    ) -> None:
        self._context.ledger.broken(
            REQUIREMENT,
            epoch_s,
            transaction.connector,
            f"a sample at {iso(due)}",
            "none",
            f"{transaction.name} misses a sample",
            line=None,
            untold=untold,
        )

    def _stopped(self, call: Call) -> None:
        transaction = self._context.history.transactions.stopped_by(call)
        plan = self._plans.pop(transaction, None) if transaction is not None else None
        if transaction is None or plan is None or transaction.stop is None:
            return
        until = min(transaction.stop, self._context.history.boots.went_dark_after(transaction.start))
        slack_s = self._context.tolerances.sample_s + plan.doubt_s(transaction.stop)
        self._missed(transaction, plan, until - slack_s, call.epoch_s)

    def _end(self, epoch_s: float) -> None:
        until = self._context.history.link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        for transaction, plan in self._plans.items():
            self._missed(transaction, plan, until, epoch_s, is_last=True)
