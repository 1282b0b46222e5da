"""What meter values tell against what telemetry shows was there at their instants (7.31)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.reading.meter import PHASES, Column, line
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R

VALUES, PROMPT, ORDER = "metering.true-values", "metering.prompt", "metering.order"
TOLD = "transaction.prompt"
REQUIREMENTS = (
    R(ORDER, "Meter values of a connector are told in order of time", "3.7, 4.7, TC_037_1_CS"),
    R(TOLD, "Starts and stops are told soon after they happen", "4.8, 4.10, TC_003_CS"),
    R(VALUES, "Meter values are what was there at their instant", "7.31; EN 50470-3 class B"),
    R(PROMPT, "Meter values are told soon after they are taken", "4.7, TC_070_CS, TC_071_CS"),
)
QUEUED = ("Sample.Periodic", "Sample.Clock")
AROUND_S = 1.5  # assumed: a meter answers from so long before or after its stamp
PROMPT_S = 30.0  # assumed: behind other calls on a slow line
CATCH_UP_S = 3600.0  # assumed: how long a CALL that got no reply may hold up the others
QUEUE_S = 600.0  # assumed: three minutes to connect anew, and the queue of a long outage
SAME_S = 0.01  # the same instant, stamps rounded
MOST_ORDERS = 1000
FACTOR_W = 200.0
MOST = 20_000  # readings kept until their telemetry comes


@dataclass(frozen=True, slots=True)
class Shown:
    """How telemetry shows a measurand, and how far a meter may be off: a part of it, and an amount."""

    columns: tuple[str, ...]  # of L1, L2, L3, or of the total alone
    vector: bool = False
    part: float = 0.0
    amount: float = 0.0
    scale: float = 1.0


# Class 1 meters (EN 50470-3) with the last digit told; the offer by the pilot's 0.1 % of duty, 0.06 A.
MEASURANDS = {
    "Voltage": Shown(("u1_v", "u2_v", "u3_v"), part=0.01, amount=0.5),
    "Current.Import": Shown(("i1_a", "i2_a", "i3_a"), part=0.01, amount=0.1),
    "Current.Offered": Shown(("offered_a",), vector=True, part=0.01, amount=0.1),
    "SoC": Shown(("soc",), amount=1.0, scale=100.0),
    "Temperature": Shown(("temp_c",), amount=1.0),
}
TOTALS = {
    "Power.Active.Import": Shown(("p_w",), part=0.02, amount=20.0),
    "Power.Factor": Shown(("pf",), amount=0.03),
}


class Truth:
    """Keeps readings until the telemetry of their time is there, then compares column by column."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._waiting: dict[int, list[Block]] = {}
        self._first_t = np.inf
        self._kept = 0
        self._latest: dict[int, float] = {}  # by connector: the last stamp told
        for action in ("StartTransaction", "StopTransaction"):
            context.bus.calls[action].append(self._transaction)
        self._orders: list[float] = []  # when the CSMS last changed what may be offered
        for action in ("SetChargingProfile", "ClearChargingProfile", "ChangeConfiguration"):
            context.bus.replies[action].append(self._commanded)
        context.bus.readings.append(self._readings)
        context.bus.telemetry.append(self._part)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        if connector == 0:
            return  # the sum of all, of which telemetry has no row
        for block in blocks:
            self._first_t = min(self._first_t, float(block.t[0]))
            self._prompt(connector, block)
        self._ordered(connector, [block for block in blocks if block.layout.context in QUEUED])
        if self._context.telemetry.recorded and self._kept < MOST:
            kept = self._context.instant(blocks)
            self._waiting.setdefault(connector, []).extend(kept)
            self._kept += sum(map(len, kept))

    def _ordered(self, connector: int, blocks: list[Block]) -> None:
        """All of one queue, whatever their layouts; triggered ones overtake it."""
        if not blocks:
            return
        order = np.argsort(np.concatenate([block.order for block in blocks]))
        stamps = np.concatenate([block.stamp for block in blocks])[order]
        before = self._latest.get(connector, stamps[0])
        earlier = np.concatenate([[before], stamps[:-1]])
        wrong = np.flatnonzero(stamps < earlier - AROUND_S)
        self._latest[connector] = float(stamps[-1])
        self._ledger.held(ORDER, len(stamps) - len(wrong))
        for k in wrong.tolist():
            message, t = "a meter value is told after a later one", float(stamps[k])
            expected, actual = f"not before {iso(float(earlier[k]))}", iso(t)
            self._ledger.broken(ORDER, t, connector, expected, actual, message)

    # -- in time ---------------------------------------------------------------------------------

    def _transaction(self, call: Call) -> None:
        """A start or a stop, the first time that it goes."""
        stamp = epoch(call.payload["timestamp"])
        if call.t - stamp <= PROMPT_S or not self._excused(stamp, call.t):
            actual, message = f"after {call.t - stamp:.0f} s", f"{call.action} was told late"
            good, expected = call.t - stamp <= PROMPT_S, f"within {PROMPT_S:g} s"
            self._ledger.judge(TOLD, good, call.t, call.connector, expected, actual, message)

    def _prompt(self, connector: int, block: Block) -> None:
        """A reading goes at once; one that waits has an outage, or a call that went unanswered, behind it."""
        if block.layout.context.startswith("Transaction"):
            return
        late = block.t - block.stamp > PROMPT_S
        self._ledger.held(PROMPT, int(np.count_nonzero(~late)), connector, block.stamp[~late])
        for k in np.flatnonzero(late).tolist():
            told, taken = float(block.t[k]), float(block.stamp[k])
            if not self._excused(taken, told):
                actual, message = f"after {told - taken:.0f} s", "a meter value was told late"
                self._ledger.broken(PROMPT, told, connector, f"within {PROMPT_S:g} s", actual, message)

    def _excused(self, taken: float, told: float) -> bool:
        history = self._context.history
        if taken < self._first_t and not self._context.evidence.from_power_on:
            return True  # left from before the recording
        if history.link.was_unheard(taken - CATCH_UP_S, told):
            return True
        if (
            history.boots.accepted_since is not None
            and taken <= history.boots.accepted_since
            and told <= history.boots.accepted_since + PROMPT_S
        ):
            return True  # before that it may not be told (4.2)
        gone = [*history.link.outages, *history.boots.dark]
        gone += [
            (since, told)
            for since in (history.link.down_since, history.boots.dark_since)
            if since is not None
        ]
        return any(-np.inf < begin <= told and end >= taken - QUEUE_S for begin, end in gone)

    # -- and true --------------------------------------------------------------------------------

    def _part(self) -> None:
        for connector, blocks in self._waiting.items():
            rows = self._context.telemetry.parts.get(connector)
            if rows is None or not len(rows):
                continue
            left = []
            for block in blocks:
                if block.stamp[-1] > rows["t"][-1]:
                    left.append(block)  # some of it lies in the part to come: that one has a while of this
                else:
                    self._compare(connector, rows, block)
            self._waiting[connector] = left
        self._kept = sum(len(block) for blocks in self._waiting.values() for block in blocks)

    def _compare(self, connector: int, rows: Rows, block: Block) -> None:
        """Between the lowest and the highest of the rows around an instant, as near as a meter comes."""
        columns = [(k, *shown) for k, c in enumerate(block.layout.columns) if (shown := _shown(c))]
        if not columns:
            return
        inside = (block.stamp >= rows["t"][0] + AROUND_S) & ~self._unmetered(connector, block.stamp)
        first = np.maximum(np.searchsorted(rows["t"], block.stamp - AROUND_S, side="right") - 1, 0)
        last = np.minimum(np.searchsorted(rows["t"], block.stamp + AROUND_S), len(rows) - 1)
        around = np.stack([first, last, np.minimum(first + 1, last)])
        truths = [_column(rows, shown, at) for _, shown, at in columns]
        ends = np.stack([values[around] for values in truths])  # column, which of the three, reading
        low, high = np.fmin.reduce(ends, axis=1), np.fmax.reduce(ends, axis=1)  # what is null says nothing
        part, amount = (np.array([getattr(one, of) for _, one, _ in columns]) for of in ("part", "amount"))
        slack = amount[:, None] + part[:, None] * np.abs(high)
        at_columns = [k for k, _, _ in columns]
        told = (block.values[:, at_columns] * [block.layout.columns[k].scale for k in at_columns]).T
        known = inside & np.isfinite(low) & np.isfinite(told)
        for row, k in enumerate(at_columns):
            measurand = block.layout.columns[k].measurand
            if measurand == "Power.Factor":  # of hardly any power it may be anything
                known[row] &= np.minimum(rows["p_w"][first], rows["p_w"][last]) > FACTOR_W
            elif measurand == "Current.Offered":  # an offer of a moment has no row
                known[row] &= ~self._just_ordered(block.stamp)
        off = known & ((told < low - slack) | (told > high + slack))
        wrong = [
            (row, n)
            for row, n in np.argwhere(off).tolist()
            if not _within(truths[row], first[n], last[n], told[row, n], slack[row, n])
        ]
        good = int(np.count_nonzero(known)) - len(wrong)
        self._ledger.held(VALUES, good, connector, block.stamp[known.any(axis=0)])
        for row, n in wrong:
            column = block.layout.columns[at_columns[row]]
            name = f"{column.measurand} on {column.phase}" if column.phase else column.measurand
            expected = f"{low[row, n]:.2f} to {high[row, n]:.2f} within {slack[row, n]:.2f}"
            message, actual = f"{name} is not what was there when it was taken", f"{told[row, n]:g}"
            self._ledger.broken(VALUES, float(block.t[n]), connector, expected, actual, message)

    def _commanded(self, call: Call) -> None:
        self._orders = [*self._orders[-MOST_ORDERS:], call.reply_t or call.t]

    def _just_ordered(self, stamps: Array) -> Array:
        """Which instants lie within a moment of an order; the latest of many are known."""
        orders = np.array([-np.inf, *self._orders, np.inf])
        k = np.searchsorted(orders, stamps)
        found: Array = np.minimum(orders[k] - stamps, stamps - orders[k - 1]) <= SAME_S
        return found

    def _unmetered(self, connector: int, stamps: Array) -> Array:
        history = self._context.history
        if not history.connectors.ever_unmetered(connector):
            return np.zeros(len(stamps), bool)
        return np.array([history.connectors.is_unmetered(connector, stamp, 2.0) for stamp in stamps.tolist()])


def _column(rows: Rows, shown: Shown, at: int) -> Array:
    """The true values, scaled as they are told."""
    truth: Array = rows[shown.columns[0 if shown.vector else at]] * shown.scale
    return truth[:, at] if shown.vector else truth


def _within(values: Array, first: int, last: int, told: float, slack: float) -> bool:
    """Of more than three rows around an instant any may be the one that was read."""
    around = values[first : last + 1]
    around = around[np.isfinite(around)]
    return len(around) == 0 or bool(around.min() - slack <= told <= around.max() + slack)


@lru_cache(maxsize=256)
def _shown(column: Column) -> tuple[Shown, int] | None:
    """How telemetry shows a column, and which phase or column of it; None where it does not."""
    phase = line(column.phase)
    if phase is None:
        shown = TOTALS.get(column.measurand) or MEASURANDS.get(column.measurand)
        return (shown, 0) if shown is not None and len(shown.columns) == 1 and not shown.vector else None
    shown = MEASURANDS.get(column.measurand)
    return None if shown is None or phase not in PHASES else (shown, PHASES.index(phase))
