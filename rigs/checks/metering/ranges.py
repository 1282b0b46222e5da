"""Values that nobody's meter can mean: outside all that can be, or by a factor that names the mistake."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.meter import Column, Layout, line
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R

RANGE = "metering.range"
REQUIREMENTS = (R(RANGE, "Each value lies where it can lie", "7.31, 7.45; IEC 61851-1; EN 50160"),)
ALTERNATING = ("L1", "L2", "L3")


class Range(NamedTuple):
    """From where to where a measurand can lie, in its unit without kilo."""

    low: float
    high: float
    mistakes: tuple[tuple[float, str], ...] = ()  # a factor that takes it back into the range, and its name


MILLI_A = ((0.001, "mA called A"), (0.1, "tenths of an ampere called A"))
MILLI_V = ((0.001, "mV called V"), (0.1, "tenths of a volt called V"))
MILLI_W = ((0.001, "mW called W, or W called kW"),)
CENTI = ((0.01, "hundredths of a hertz called Hz"), (0.1, "tenths of a hertz called Hz"))
DECI = ((0.1, "tenths of a degree called degrees"), (0.001, "thousandths of a degree called degrees"))

# By the beginning of the measurand; the first that fits.
PHASE_RANGES = {  # of a conductor of alternating current
    "Current.": Range(-100.0, 100.0, MILLI_A),  # IEC 61851-1 Annex A: 80 A at most, and a quarter more
    "Voltage": Range(0.0, 600.0, MILLI_V),  # assumed: 400 V or 480 V between conductors, and a quarter more
    "Power.Active.": Range(-30_000.0, 30_000.0, MILLI_W),  # assumed: 100 A at 277 V, and a tenth more
}
BETWEEN = ((3**-0.5, "the voltage between two conductors, called that to N"),)
TO_NEUTRAL = {  # of a phase label that ends in -N
    "Voltage": Range(
        0.0, 382.0, (*BETWEEN, *MILLI_V)
    ),  # 347 V to N is the highest supply (CSA C235), and a tenth
}
RANGES = {
    "Current.": Range(-1000.0, 1000.0, MILLI_A),  # assumed: no outlet gives more
    "Voltage": Range(0.0, 1500.0, MILLI_V),  # low voltage ends there, IEC 60364
    "Power.Active.": Range(-1e6, 1e6, MILLI_W),  # assumed: no outlet gives a megawatt
    "Power.Offered": Range(0.0, 1e6, MILLI_W),
    "Power.Factor": Range(-1.0005, 1.0005, ((0.01, "per cent called a factor"),)),  # by its definition
    "Frequency": Range(45.0, 65.0, CENTI),  # assumed: grids of 50 and 60 Hz and 5 Hz more
    "SoC": Range(0.0, 100.0),  # by its definition
}
TEMPERATURES = {  # -50 to 150 °C; assumed: no electronics works beyond
    "Fahrenheit": Range(-58.0, 302.0, DECI),
    "K": Range(223.0, 423.0, DECI),
}
CELSIUS = Range(-50.0, 150.0, DECI)
UNKNOWN = {"Frequency": 0.0}  # what a meter tells that does not measure it


class Ranges:
    """Judges each column of each block."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        context.bus.readings.append(self._readings)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        for block in blocks:
            limits = _limits(block.layout)
            if len(limits.at) and not self._all_within(connector, block):
                for k in limits.at.tolist():
                    column = block.layout.columns[k]
                    within = range_of(column) or CELSIUS
                    self._judge(connector, block, column, within, block.values[:, k] * column.scale)

    def _all_within(self, connector: int, block: Block) -> bool:
        """The common case: every value of every column lies where it can."""
        if block.once(impossible).any():
            return False
        known = block.once(_known)
        self._ledger.held(RANGE, int(np.count_nonzero(known)), connector, block.epoch_s[known.any(axis=1)])
        return True

    def _judge(self, connector: int, block: Block, column: Column, within: Range, values: Array) -> None:
        known = np.isfinite(values) & (values != UNKNOWN.get(column.measurand, np.nan))
        outside = known & ((values < within.low) | (values > within.high))
        self._ledger.judge_rows(
            RANGE,
            connector,
            block.epoch_s,
            known,
            outside,
            lambda k: (
                f"{within.low:g} to {within.high:g}",
                f"{values[k]:g} {column.unit or ''}".strip(),
                f"{column.measurand} cannot be{mistake(within, float(values[k]))}",
            ),
        )


def impossible(block: Block) -> Array:
    """Which readings hold a value that cannot be? No other check makes anything of them."""
    limits = _limits(block.layout)
    values = block.values[:, limits.at]
    beyond = (values < limits.low) | (values > limits.high)
    outside: Array = np.any(block.once(_known) & beyond, axis=1)
    return outside


def _known(block: Block) -> Array:
    """Of each column that has a range, in which readings it holds a value."""
    limits = _limits(block.layout)
    values = block.values[:, limits.at]
    known: Array = np.isfinite(values) & (values != limits.unknown)
    return known


class Limits(NamedTuple):
    """The columns of a layout that have a range, and that, in the units in which they are told."""

    at: Array
    low: Array
    high: Array
    unknown: Array


@lru_cache(maxsize=256)
def _limits(layout: Layout) -> Limits:
    named = [
        (k, within.low / column.scale, within.high / column.scale, UNKNOWN.get(column.measurand, np.nan))
        for k, column in enumerate(layout.columns)
        if column.measurand != "SoC" and (within := range_of(column)) is not None  # told by metering.soc
    ]
    at, low, high, unknown = np.array(named, float).reshape(-1, 4).T
    return Limits(at.astype(np.intp), low, high, unknown)


def range_of(column: Column) -> Range | None:
    """Where a column's values can lie; None where nothing is known of its measurand."""
    if column.measurand == "Temperature":
        return TEMPERATURES.get(column.unit or "", CELSIUS)
    tables = [PHASE_RANGES] if line(column.phase) in ALTERNATING else []
    to_neutral = [TO_NEUTRAL] if tables and line(column.phase) != column.phase else []
    for table in (*to_neutral, *tables, RANGES):
        for begin, within in table.items():
            if column.measurand.startswith(begin):
                return within
    return None


def mistake(within: Range, value: float) -> str:
    """The name of the factor that takes a value back to where it can be."""
    fits = [one for one in within.mistakes if within.low <= value * one[0] <= within.high]
    return f": {max(fits)[1]}" if fits else ""  # the least that does
