"""What meter values tell against what telemetry shows was there at their instants (7.31)."""

from bisect import bisect_left, bisect_right, insort
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block, by_layout
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.reading.meter import PHASES, Column, Layout, line
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R

TRUE_VALUES = "metering.true-values"
SOURCE = "7.31; EN 50470-3 class B"
REQUIREMENTS = (
    R(
        TRUE_VALUES,
        "Meter values are what was there at their instant",
        SOURCE,
        (TELEMETRY,),
        ("MeterValues",),
    ),
)
AROUND_S = 1.5  # assumed: a meter answers from so long before or after its stamp
SAME_INSTANT_S = 0.01  # the same instant, stamps rounded
MOST_ORDERS = 1000
ORDERS = (  # that change what may be offered, and those that begin or end a charge which leaves its share
    *("SetChargingProfile", "ClearChargingProfile", "ChangeConfiguration"),
    *("UnlockConnector", "RemoteStopTransaction", "RemoteStartTransaction", "ChangeAvailability", "Reset"),
)
DONE = ("plug-in", "unplug", "fault", "clear", "power-cut", "power-restore")  # what jumps with it
FACTOR_W = 200.0  # assumed: below it a power factor may be anything
MOST_READINGS_WAITING = 22_000  # readings kept until their telemetry comes

# Why a value was not compared.
SUM_OF_ALL = "of connector 0, of which telemetry has no row"
AVERAGED = "an average over an interval, which telemetry does not show"
TOO_MANY = f"more than {MOST_READINGS_WAITING} readings waited for their telemetry"
BEFORE_FIRST = "taken before the telemetry that is kept"
AFTER_LAST = "taken after the last row of the telemetry"
NO_METER = "the meter did not answer, as its fault says"
NO_ROW = "telemetry does not tell it"
NO_NUMBER = "told without a number"
NO_POWER = "a power factor of hardly any power"
JUST_ORDERED = "an offer within a moment of an order or a fault"
PASSED_BY = "taken in an instant in which two things were done: telemetry shows what came of both"


class Shown(NamedTuple):
    """How telemetry shows a measurand, and how far a meter may be off: a part of it, and an amount."""

    columns: tuple[str, ...]  # of L1, L2, L3, or of the total alone
    vector: bool = False
    part: float = 0.0
    amount: float = 0.0
    scale: float = 1.0


CLASS_PART = 0.01  # EN 50470-3 class B, IEC 62053-21 class 1
OFF_V = 0.5  # assumed: the last digit told, and its rounding
OFF_A = 0.1  # the last digit told; of an offer the pilot's 0.1 % of duty, 0.06 A
OFF_PCT = 1.0  # a state of charge is told in whole per cent
OFF_C = 1.0  # a temperature is told in whole degrees
TOTAL_PART = 0.02  # assumed: of the power of three phases, each with its class in volts and amperes
OFF_W = 20.0  # assumed: of that of three phases, rounded each
OFF_FACTOR = 0.03  # assumed: class and digits of three other readings


@cache
def measurands() -> dict[str, Shown]:
    """As they are told by phase, or for all phases alike."""
    return {
        "Voltage": Shown(("u1_v", "u2_v", "u3_v"), part=CLASS_PART, amount=OFF_V),
        "Current.Import": Shown(("i1_a", "i2_a", "i3_a"), part=CLASS_PART, amount=OFF_A),
        "Current.Offered": Shown(("offered_a",), vector=True, part=CLASS_PART, amount=OFF_A),
        "SoC": Shown(("soc",), amount=OFF_PCT, scale=100.0),
        "Temperature": Shown(("temp_c",), amount=OFF_C),
    }


@cache
def totals() -> dict[str, Shown]:
    """As they are told of all phases together."""
    return {
        "Power.Active.Import": Shown(("p_w",), part=TOTAL_PART, amount=OFF_W),
        "Power.Factor": Shown(("pf",), amount=OFF_FACTOR),
    }


class TrueValues:
    """Keeps readings until the telemetry of their time is there, then compares column by column.

    Of every value whose measurand telemetry shows it is counted that it was compared, or why not.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._waiting: dict[int, list[Block]] = {}
        self._kept = 0
        self._orders: list[float] = []  # when the CSMS, or a fault, last changed what may be offered
        for action in ORDERS:
            context.bus.replies[action].append(lambda call: self._ordered(call.answered_s))
        for happening in ("fault", "clear"):
            context.bus.events[happening].append(lambda event: self._ordered(event.epoch_s))
        self._done: dict[int, list[float]] = {0: []}  # by connector; 0: to all
        for happening in DONE:
            context.bus.events[happening].append(self._was_done)
        context.bus.calls["StartTransaction"].append(self._started)
        context.bus.readings.append(self._readings)
        context.bus.telemetry.append(self._part)
        context.bus.end.append(self._end)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        if not self._context.telemetry.recorded:
            return
        instant = self._context.instant(blocks)
        for block in blocks:
            if connector == 0:
                self._skip(block, SUM_OF_ALL)
            elif block not in instant:
                self._skip(block, AVERAGED)
            elif self._kept >= MOST_READINGS_WAITING:
                self._skip(block, TOO_MANY)
            else:
                self._waiting.setdefault(connector, []).append(block)
                self._kept += len(block)

    def _skip(self, block: Block, reason: str) -> None:
        shown = sum(_shown(column) is not None for column in block.layout.columns)
        self._ledger.not_compared(TRUE_VALUES, reason, shown * len(block))

    def _ordered(self, epoch_s: float) -> None:
        self._orders = self._orders[-MOST_ORDERS:]
        insort(self._orders, epoch_s)

    def _was_done(self, event: Event) -> None:
        done = self._done.setdefault(event.connector or 0, [])
        insort(done, event.epoch_s)
        del done[:-MOST_ORDERS]

    def _started(self, call: Call) -> None:
        """A start in the instant in which its cable is pulled is another thing done."""
        connector, start = call.payload["connectorId"], epoch(call.payload["timestamp"])
        gone = self._context.history.connectors.unplugged.get(connector)
        if gone is not None and abs(start - gone) <= SAME_INSTANT_S:
            insort(self._done.setdefault(connector, []), start)

    # -- each with the part of its time ----------------------------------------------------------

    def _part(self) -> None:
        for connector, blocks in self._waiting.items():
            parts = self._context.telemetry.kept(connector)
            if parts:
                self._waiting[connector] = self._judge(connector, parts, by_layout(blocks))
        self._kept = sum(len(block) for blocks in self._waiting.values() for block in blocks)

    def _judge(self, connector: int, parts: list[Rows], blocks: list[Block]) -> list[Block]:
        """Compare what was taken up to the last row; what is left was taken later."""
        left = []
        edges = [float(parts[0]["epoch_s"][0]), *(float(rows["epoch_s"][-1]) for rows in parts)]
        for block in blocks:
            place = np.searchsorted(edges, block.stamp)  # 0 before the first row, n in part n - 1
            place[block.stamp == edges[0]] = 1
            for k in np.flatnonzero(np.bincount(place)).tolist():
                its = block.of(place == k)
                if k == 0:
                    self._skip(its, BEFORE_FIRST)
                elif k > len(parts):
                    left.append(its)
                else:
                    self._compare(connector, parts[k - 1], its)
        return left

    def _end(self, _: float) -> None:
        for connector, blocks in self._waiting.items():
            parts = self._context.telemetry.kept(connector)
            for block in blocks:
                near = (
                    block.stamp <= parts[-1]["epoch_s"][-1] + AROUND_S
                    if parts
                    else np.zeros(len(block), bool)
                )
                if near.any():
                    self._compare(connector, parts[-1], block.of(near))
                if not near.all():
                    self._skip(block.of(~near), AFTER_LAST)
        self._waiting.clear()

    # -- column by column ------------------------------------------------------------------------

    def _compare(self, connector: int, rows: Rows, block: Block) -> None:
        """Between the lowest and the highest of the rows around an instant, as near as a meter comes."""
        shown = _told_of(block.layout)
        if shown is None:
            return
        around_s = AROUND_S + rows.instrument.window_s + self._ledger.time.doubts_s(block.stamp)
        first = np.maximum(np.searchsorted(rows["epoch_s"], block.stamp - around_s, side="right") - 1, 0)
        last = np.minimum(np.searchsorted(rows["epoch_s"], block.stamp + around_s), len(rows) - 1)
        between = [first + 1] if (last - first > 1).any() else []
        low, high = _ends(rows, shown, np.stack([first, last, *(np.minimum(at, last) for at in between)]))
        slack = shown.amount + shown.part * np.abs(high)
        told = block.values.T.take(shown.at, axis=0) * shown.told_scale
        power = np.minimum(rows["p_w"][first], rows["p_w"][last])
        known = sure = self._comparable(connector, block, shown, told, low, power)
        if not rows.instrument.is_exact:
            pairs = zip(shown.columns, low, high, strict=True)
            more = np.array([_slack(rows, *each) for each in pairs])
            if more.any():
                sure = (told >= low + more - slack) & (told <= high - more + slack)
            slack = slack + more
        off = known & ((told < low - slack) | (told > high + slack))
        wrong = []
        for row, n in np.argwhere(off).tolist() if off.any() else ():
            true = _true(rows, shown.columns[row])[first[n] : last[n] + 1]
            if not _within(true * shown.true_scale[row], told[row, n], slack[row, n]):
                wrong.append((row, n))
        undecided = 0 if sure is known else int(np.count_nonzero(known & ~off & ~sure))
        self._ledger.undecided(TRUE_VALUES, undecided)
        good = int(np.count_nonzero(known)) - len(wrong) - undecided
        self._ledger.held(TRUE_VALUES, good, connector, block.stamp[known.any(axis=0)])
        for row, n in wrong:
            column = block.layout.columns[shown.at[row]]
            name = f"{column.measurand} on {column.phase}" if column.phase else column.measurand
            expected = f"{low[row, n]:.2f} to {high[row, n]:.2f} within {slack[row, n]:.2f}"
            message, actual = f"{name} is not what was there when it was taken", f"{told[row, n]:g}"
            self._ledger.broken(TRUE_VALUES, float(block.epoch_s[n]), connector, expected, actual, message)

    def _comparable(
        self, connector: int, block: Block, shown: "ToldOf", told: Array, low: Array, power: Array
    ) -> Array:
        """Which values can be compared, column by reading; of all others it is counted why not."""
        known = np.ones(told.shape, bool)

        def leave(which: Array, reason: str, row: int | slice = slice(None)) -> None:
            if which.any():
                some = known[row]
                self._ledger.not_compared(TRUE_VALUES, reason, int(np.count_nonzero(some & which)))
                some &= ~which

        leave(self._unmetered(connector, block.stamp), NO_METER)
        leave(self._passed_by(connector, block), PASSED_BY)
        leave(~np.isfinite(told), NO_NUMBER)
        leave(~np.isfinite(low), NO_ROW)
        for row in shown.rows("Power.Factor"):
            leave(~(power > FACTOR_W), NO_POWER, row)
        if offers := shown.rows("Current.Offered"):
            just_ordered = self._just_ordered(block.stamp)
            for row in offers:
                leave(just_ordered, JUST_ORDERED, row)
        return known

    def _just_ordered(self, stamps: Array) -> Array:
        """Which instants lie within a moment of an order; the latest of many are known."""
        near = _about(stamps, self._orders)
        if not near:
            return np.zeros(len(stamps), bool)
        orders = np.array([-np.inf, *near, np.inf])
        k = np.searchsorted(orders, stamps)
        found: Array = np.minimum(orders[k] - stamps, stamps - orders[k - 1]) <= SAME_INSTANT_S
        return found

    def _passed_by(self, connector: int, block: Block) -> Array:
        """In which instants two things were done, the recording's beginning and a trigger among them."""
        some = ([self._ledger.time.begins], self._done[0], self._done.get(connector, []))
        done = sorted(at for times in some for at in _about(block.stamp, times))
        if not done:
            return np.zeros(len(block), bool)
        first, end = (np.searchsorted(done, block.stamp + side) for side in (-SAME_INSTANT_S, SAME_INSTANT_S))
        found: Array = end - first + (block.layout.context == "Trigger") >= 2
        return found

    def _unmetered(self, connector: int, stamps: Array) -> Array:
        history = self._context.history
        if not history.connectors.ever_unmetered(connector):
            return np.zeros(len(stamps), bool)
        return np.array(
            [history.connectors.is_unmetered(connector, stamp, AROUND_S) for stamp in stamps.tolist()]
        )


def _about(stamps: Array, times: list[float]) -> list[float]:
    """Of times in order those that lie among these instants, or near them."""
    first, last = float(stamps.min()), float(stamps.max())
    return times[bisect_left(times, first - AROUND_S) : bisect_right(times, last + AROUND_S)]


def _ends(rows: Rows, shown: "ToldOf", around: Array) -> tuple[Array, Array]:
    """The lowest and the highest of the rows around each reading, column by column, as they are told."""
    ends = np.empty((len(shown.columns), *around.shape))
    for true, column in zip(ends, shown.columns, strict=True):
        _true(rows, column).take(around, out=true, mode="clip")
    # what is null says nothing
    return np.fmin.reduce(ends, axis=1) * shown.true_scale, np.fmax.reduce(ends, axis=1) * shown.true_scale


def _slack(rows: Rows, column: "Compared", low: Array, high: Array) -> Array:
    """How far the readings of a column may be off, scaled as they are told."""
    shown = column.shown
    name = "offered1_a" if shown.vector else shown.columns[0]
    most = np.maximum(np.abs(low), np.abs(high)) / shown.scale
    return rows.instrument.slack(name, most) * shown.scale


def _true(rows: Rows, column: "Compared") -> Array:
    """The true values in all rows."""
    shown = column.shown
    return rows[shown.columns[0]][:, column.place] if shown.vector else rows[shown.columns[column.place]]


def _within(around: Array, told: float, slack: float) -> bool:
    """Of more than three rows around an instant any may be the one that was read."""
    around = around[np.isfinite(around)]
    return len(around) == 0 or bool(around.min() - slack <= told <= around.max() + slack)


class Compared(NamedTuple):
    """A column that is told, how telemetry shows it, and which phase or column of that it is."""

    measurand: str
    shown: Shown
    place: int


class ToldOf(NamedTuple):
    """Of a layout the columns that telemetry shows, where they stand, and their scales and tolerances."""

    columns: list[Compared]
    at: list[int]
    told_scale: Array  # of each column, as all that follow: n x 1
    true_scale: Array
    part: Array
    amount: Array

    def rows(self, measurand: str) -> list[int]:
        """Which of its columns tell this."""
        return [row for row, column in enumerate(self.columns) if column.measurand == measurand]


@lru_cache(maxsize=256)
def _told_of(layout: Layout) -> ToldOf | None:
    """None where telemetry shows nothing of it."""
    found = [(k, c, *shown) for k, c in enumerate(layout.columns) if (shown := _shown(c))]
    if not found:
        return None
    columns = [Compared(column.measurand, shown, place) for _, column, shown, place in found]
    per_column = [(column.scale, shown.scale, shown.part, shown.amount) for _, column, shown, _ in found]
    return ToldOf(columns, [k for k, *_ in found], *np.array(per_column).T[:, :, None])


@lru_cache(maxsize=256)
def _shown(column: Column) -> tuple[Shown, int] | None:
    """How telemetry shows a column, and which phase or column of it; None where it does not."""
    phase = line(column.phase)
    if phase is None:
        shown = totals().get(column.measurand) or measurands().get(column.measurand)
        return (shown, 0) if shown is not None and len(shown.columns) == 1 and not shown.vector else None
    shown = measurands().get(column.measurand)
    return None if shown is None or phase not in PHASES else (shown, PHASES.index(phase))
