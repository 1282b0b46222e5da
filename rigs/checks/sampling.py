"""Periodic samples: every MeterValueSampleInterval, counted from the transaction's start (4.7, 9.1.25)."""

from dataclasses import dataclass, field

from rigs.checks.bus import Bench
from rigs.checks.instants import iso
from rigs.checks.meter import Reading
from rigs.checks.rpc import Call
from rigs.checks.story import Transaction

KEY = "MeterValueSampleInterval"
REQUIREMENT = "metering.sample-interval"


@dataclass(slots=True)
class Plan:
    """The instants at which one transaction owes a sample: anchor + n * interval."""

    anchor: float
    interval: float
    n: int = 1
    changes: list[tuple[float, float]] = field(default_factory=list)  # (when, interval) still to come

    @property
    def due(self) -> float:
        """The next instant owed; infinite while sampling is off."""
        due = self.anchor + self.n * self.interval if self.interval > 0 else float("inf")
        while self.changes and due >= self.changes[0][0]:
            self.anchor, self.interval = self.changes.pop(0)
            self.n = 1
            due = self.anchor + self.interval if self.interval > 0 else float("inf")
        return due


class Sampling:
    """Judges the instants of the Sample.Periodic readings of each transaction."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._plans: dict[Transaction, Plan] = {}
        self._follows = bench.policies["sample_interval_changed"] == "at-once"
        bench.bus.replies["StartTransaction"].append(self._started)
        bench.bus.calls["StopTransaction"].append(self._stopped)
        bench.bus.readings.append(self._reading)
        bench.bus.end.append(self._end)
        bench.story.on_setting.append(self._changed)

    def _interval(self, t: float) -> float | None:
        story = self._bench.story
        if story.text("MeterValuesSampledData", t) == "":
            return 0.0
        interval = story.integer(KEY, t)
        return None if interval is None else float(interval)

    def _started(self, call: Call) -> None:
        for transaction in self._bench.story.open.values():
            if transaction.id is not None and transaction not in self._plans:
                self._plan(transaction)

    def _plan(self, transaction: Transaction) -> Plan | None:
        interval = self._interval(transaction.start)
        if interval is None:
            return None
        plan = self._plans[transaction] = Plan(transaction.start, interval)
        return plan

    def _changed(self, key: str, t: float) -> None:
        if key not in (KEY.lower(), "metervaluessampleddata") or not self._follows:
            return
        interval = self._interval(t)
        for plan in self._plans.values():
            latest = plan.changes[-1][1] if plan.changes else plan.interval
            if interval is not None and interval != latest:
                plan.changes.append((t, interval))

    def _reading(self, reading: Reading) -> None:
        if reading.layout.context != "Sample.Periodic" or reading.transaction is None:
            return
        transaction = self._bench.story.by_id.get(reading.transaction)
        if transaction is None:
            return
        transaction.samples += 1
        plan = self._plans.get(transaction) or self._plan(transaction)
        if plan is None:
            return
        late = reading.stamp - plan.due
        tolerance = self._bench.tolerances.sample_s
        if -tolerance <= late <= tolerance:
            plan.n += 1
            self._bench.ledger.judged[REQUIREMENT] += 1
        else:
            self._off(transaction, plan, reading)

    def _off(self, transaction: Transaction, plan: Plan, reading: Reading) -> None:
        tolerance = self._bench.tolerances.sample_s
        if reading.stamp > plan.due:
            self._missed(transaction, plan, reading.stamp - tolerance, reading.t)
        if abs(reading.stamp - plan.due) <= tolerance:
            plan.n += 1
            self._bench.ledger.judged[REQUIREMENT] += 1
            return
        if abs(reading.stamp - plan.anchor) <= tolerance and plan.n == 1 and plan.anchor != transaction.start:
            return  # at the instant of a change, either interval may bring it
        self._bench.ledger.broken(
            REQUIREMENT,
            reading.t,
            transaction.connector,
            f"next at {iso(plan.due)}" if plan.interval else "no samples: interval 0",
            iso(reading.stamp),
            f"a sample of transaction {transaction.id} stands off its instants",
        )

    def _missed(self, transaction: Transaction, plan: Plan, until: float, t: float) -> None:
        """Write down every instant owed before `until`, except those without power."""
        story, ledger = self._bench.story, self._bench.ledger
        while (due := plan.due) < until:
            plan.n += 1
            if story.is_dark(due, margin_s=self._bench.tolerances.sample_s):
                continue
            ledger.broken(
                REQUIREMENT,
                t,
                transaction.connector,
                f"a sample at {iso(due)}",
                "none",
                f"transaction {transaction.id} misses a sample",
            )

    def _stopped(self, call: Call) -> None:
        transaction = self._bench.story.by_id.get(call.payload["transactionId"])
        plan = self._plans.pop(transaction, None) if transaction is not None else None
        if transaction is None or plan is None or transaction.stop is None:
            return
        until = min(transaction.stop, self._bench.story.went_dark_after(transaction.start))
        self._missed(transaction, plan, until - self._bench.tolerances.sample_s, call.t)

    def _end(self, t: float) -> None:
        until = self._bench.story.delivered_until(t, self._bench.tolerances.grace_s)
        for transaction, plan in self._plans.items():
            self._missed(transaction, plan, until, t)
