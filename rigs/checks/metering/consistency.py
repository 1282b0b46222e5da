"""Values against each other: power from voltage and current, energy from power, a battery that fills."""

from collections import deque
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from evc5.rigs.checks.metering.energy import LEAST_FACTOR, LOADED_A, current_bounds
from evc5.rigs.checks.metering.measurands import MEASURANDS
from evc5.rigs.checks.metering.now_and_then import NowAndThen, Say
from evc5.rigs.checks.metering.ranges import impossible
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.flow import by_phase, flow_of, total
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND, MOST_W, PHASES, Layout, line
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.mains import MOST_V
from evc5.rigs.checks.state.requirement import Requirement as R

POWER, SOC = "metering.power", "metering.soc"
SUM = "metering.phases"
REQUIREMENTS = (
    R(POWER, "Power is voltage times current times power factor", "7.31"),
    R(SUM, "What is told of three phases adds up to their total", "7.31, 7.14"),
    R(SOC, "The state of charge lies within 0 and 100 % and does not fall while charging", "7.31"),
)
MOST_CARS = 64  # remembered
WHOLE_PART = 0.1  # assumed: voltage and current of one reading may be taken a second apart from its power
CAR_STAMP_S = 0.001  # stamps are written to the millisecond: so near either car may be meant
SUMMED = (DEFAULT_MEASURAND, "Power.Active.Import")
MOST_FACTOR = 1.0005  # by definition 1, told to three digits
OF_POWER = ("Voltage", "Current.Import", "Power.Active.Import")
SEVERAL = ("Temperature", "RPM")  # of which a body may have several
NAMED = frozenset({*OF_POWER, "Power.Factor"})


class Phases(NamedTuple):
    """Phases of which the same is told, and where: by measurand a column each."""

    names: list[str]
    at: dict[str, list[int]]


class Consistency:
    """Judges the columns of each block, and each block against the readings before it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        # by connector, transaction and car: the last stamp, and the highest charge up to it
        self._fullest: dict[tuple[int, int, int], tuple[float, float]] = {}
        self._cars: dict[int, deque[float]] = {}  # by connector: when cars came
        self._at: dict[Layout, list[Phases]] = {}
        self._off = NowAndThen()
        self._still: dict[
            tuple[int, int], tuple[float, float]
        ] = {}  # by transaction: a charge, and since when
        context.bus.readings.append(self._readings)
        context.bus.events["plug-in"].append(self._plugged)

    def _plugged(self, event: Event) -> None:
        if event.connector is not None:
            self._cars.setdefault(event.connector, deque(maxlen=MOST_CARS)).append(event.epoch_s)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        blocks = self._context.instant(blocks)
        for block in blocks:
            for phases in self._phases(block.layout):
                self._power(connector, block, phases)
            self._whole(connector, block)
            self._without_voltage(connector, block)
            self._contradicts(connector, block)
            for measurand in SUMMED:
                self._sum(connector, block, measurand)
        for transaction in {block.transaction for block in blocks} - {None}:
            self._soc(connector, [block for block in blocks if block.transaction == transaction])

    # -- P = U I pf ------------------------------------------------------------------------------

    def _power(self, connector: int, block: Block, phases: Phases) -> None:
        """Within the digits told, and what the meter's own quantities may differ by: reading by phase."""
        at = phases.at
        volts, amps, watts = (self._scaled(block, at[name]) for name in OF_POWER)
        digit = [self._digits(block, at[name]) for name in OF_POWER]
        apparent = volts * amps
        rounding = amps * digit[0] + volts * digit[1] + digit[2]
        tolerances = self._context.tolerances
        slack = tolerances.power_part * apparent + volts * tolerances.start_a + rounding
        if "Power.Factor" in at:
            factor = self._scaled(block, at["Power.Factor"])
            slack = slack + apparent * self._digits(block, at["Power.Factor"])
            low = high = apparent * factor
            for n, k in _places(np.abs(factor) > MOST_FACTOR):
                message = f"the power factor on {phases.names[n]} is above 1"
                self._ledger.broken(
                    POWER, float(block.epoch_s[k]), connector, "-1 to 1", f"{factor[k, n]:g}", message
                )
        else:
            low = 0.0 * apparent
            high = apparent
            for n, phase in enumerate(phases.names):
                self._too_little(
                    connector, block, phase, np.abs(watts[:, n]), np.abs(apparent[:, n]), amps[:, n]
                )
        off = (watts < low - slack) | (watts > high + slack)
        if off.any():
            off &= (~block.once(impossible) & ~self._uneven(connector, block))[:, None]
        wrong = _places(off)
        self._ledger.held(POWER, off.size - len(wrong), connector, block.stamp)
        for n, k in wrong:
            expected = f"{low[k, n]:.1f} W" if low is high else f"at most {high[k, n]:.1f} W"
            message = f"power on {phases.names[n]} is not voltage times current times power factor"
            epoch_s = float(block.epoch_s[k])
            actual = f"{watts[k, n]:.1f} W"
            self._ledger.broken(
                POWER, epoch_s, connector, f"{expected} within {slack[k, n]:.1f} W", actual, message
            )

    def _uneven(self, connector: int, block: Block) -> Array:
        """Where what is told of all connectors has no one voltage, as a fault gives one its own."""
        uneven = np.zeros(len(block), bool)
        for one in self._context.history.connectors.faulty.values() if connector == 0 else ():
            uneven |= one.cover(block.stamp)
        return uneven

    def _too_little(
        self, connector: int, block: Block, phase: str, watts: Array, apparent: Array, amps: Array
    ) -> None:
        """No power or a thousandth, beside a current under load, not in one reading alone: kW called W."""
        kilo = 1000.0 * watts
        thousandth = (kilo >= apparent * LEAST_FACTOR) & (kilo <= apparent * (1 + WHOLE_PART))
        off = (amps >= LOADED_A) & (apparent > 0.0) & (thousandth | (watts == 0.0))

        def say(k: int) -> Say:
            expected, actual = f"{apparent[k] * LEAST_FACTOR:.0f} to {apparent[k]:.0f} W", f"{watts[k]:g} W"
            kind = ": kW called W" if watts[k] else ""
            message = f"power is not voltage times current{kind}"
            return self._saying(block, connector, k, expected, actual, message)

        self._off.tell((connector, phase), off, amps, say)

    def _saying(self, block: Block, connector: int, k: int, *told: str, **more: Any) -> Say:
        return partial(self._ledger.broken, POWER, float(block.epoch_s[k]), connector, *told, **more)

    def _whole(self, connector: int, block: Block) -> None:
        """All phases together, where power and current are not both told by phase.

        One reading alone is let pass: at a ramp a meter's quantities are not of one instant.
        """
        if _is_by_phase(block.layout) or (watts := total(block, "Power.Active.Import")) is None:
            return
        watts = np.abs(watts)
        low, high = current_bounds(block)
        known = np.isfinite(low + high + watts) & (np.abs(high) <= MOST_W) & ~block.once(impossible)
        slack = WHOLE_PART * high + self._rounding(block)
        off = known & ((watts < low - slack) | (watts > high + slack))

        def tell(k: int) -> tuple[str, str, str]:
            kind = named(float(watts[k]), float(low[k]), float(high[k]))
            expected = f"{low[k]:.0f} to {high[k]:.0f} W, as voltage and current have it"
            message = f"power is not voltage times current{kind}"
            return f"{expected}, within {slack[k]:.0f} W", f"{watts[k]:.0f} W", message

        wrong = self._off.sure(
            connector, off, high, lambda k: self._saying(block, connector, k, *tell(k), count=0)
        )
        self._ledger.judge_rows(POWER, connector, block.epoch_s, known, wrong, tell)

    def _without_voltage(self, connector: int, block: Block) -> None:
        """Under load there is a voltage, where one is told at all; not in one reading alone."""
        dead = np.zeros(len(block), bool)
        for phase in (None, *PHASES):
            volts, amps = block.column("Voltage", phase), block.column("Current.Import", phase)
            if volts is not None and amps is not None and not volts.all():
                dead |= (volts == 0.0) & (np.abs(amps) >= LOADED_A)
        told = "a voltage, or none told", "0 V", "no voltage is told where current is"
        say = partial(self._saying, block, connector)
        self._off.tell((connector, "Voltage"), dead, flow_of(block).amps, lambda k: say(k, *told))

    def _rounding(self, block: Block) -> float:
        """What the digits told may hide, and a current too low for a meter to start, in W."""
        digits = {c.measurand: self._digit(block, k) for k, c in enumerate(block.layout.columns)}
        hidden_a = digits.get("Current.Import", 0.0) + self._context.tolerances.start_a
        return MOST_V * 3 * hidden_a + 3 * digits["Power.Active.Import"]

    def _phases(self, layout: Layout) -> list[Phases]:
        """The phases whose voltage, current and power are told: those with a factor, those without."""
        known = self._at.get(layout)
        if known is None:
            known = self._at[layout] = phases_of(layout)
        return known

    @staticmethod
    def _scaled(block: Block, at: list[int]) -> Array:
        scaled: Array = block.values[:, at] * _scales(block.layout, tuple(at))
        return scaled

    def _digits(self, block: Block, at: list[int]) -> Array:
        return np.array([self._digit(block, k) for k in at])

    @staticmethod
    def _digit(block: Block, at: int) -> float:
        """Half of the last digit told."""
        return float(0.5 * 10.0 ** -block.decimals[at] * block.layout.columns[at].scale)

    def _sum(self, connector: int, block: Block, measurand: str) -> None:
        """Within the meter's resolution, and its class."""
        total = block.column(measurand)
        if total is None or len(phases := by_phase(block, measurand)) < len(PHASES):
            return
        summed = phases[0] + phases[1] + phases[2]
        tolerances = self._context.tolerances
        part = 0.0 if measurand == DEFAULT_MEASURAND else tolerances.power_part
        wrong = np.abs(summed - total) > tolerances.resolution_wh + part * np.abs(total)
        sound = block.stamp[~wrong] if wrong.any() else block.stamp
        self._ledger.held(SUM, len(sound), connector, sound)
        for k in np.flatnonzero(wrong).tolist():
            expected, actual = f"{total[k]:.1f}", f"{summed[k]:.1f}"
            message = f"{measurand} of the three phases is not their total"
            self._ledger.broken(SUM, float(block.epoch_s[k]), connector, expected, actual, message)

    def _contradicts(self, connector: int, block: Block) -> None:
        """One list that tells one thing twice, apart by more than the last digits."""
        for pair in _told_twice(block.layout):
            both = block.values[:, pair] * [block.layout.columns[k].scale for k in pair]
            apart = np.abs(both[:, 0] - both[:, 1]) > 2.0 * sum(self._digit(block, k) for k in pair)
            named = block.layout.columns[pair[0]]
            of = named.measurand if named.phase is None else f"{named.measurand} on {named.phase}"
            for k in np.flatnonzero(apart).tolist():
                expected, actual = "one value", f"{both[k, 0]:.1f} and {both[k, 1]:.1f}"
                message = f"{of} is told twice in one list, and differs"
                at = float(block.epoch_s[k])
                self._ledger.broken(
                    MEASURANDS, at, connector, expected, actual, message, severity="warning", count=0
                )

    # -- state of charge -------------------------------------------------------------------------

    def _soc(self, connector: int, blocks: list[Block]) -> None:
        """All readings of one transaction, whatever their context, in order of time."""
        told = [(block, soc) for block in blocks if (soc := block.column("SoC")) is not None]
        if not told:
            return
        stamp = np.concatenate([block.stamp for block, _ in told])
        order = np.argsort(stamp, kind="stable")
        soc, stamp = np.concatenate([soc for _, soc in told])[order], stamp[order]
        self._stands_still((connector, blocks[0].transaction or 0), stamp, soc, _registers(told)[order])
        gives = np.concatenate([block.once(gives_back) for block, _ in told])[order]
        came = np.array(self._cars.get(connector, ()))
        cars = np.searchsorted(came + CAR_STAMP_S, stamp)
        sure = cars == np.searchsorted(came - CAR_STAMP_S, stamp)
        for car in sorted({*cars[sure].tolist()}):  # a transaction may see one replaced
            key = (connector, blocks[0].transaction or 0, car)
            mine = sure & (cars == car)
            self._filling(key, connector, stamp[mine], soc[mine], gives[mine])

    def _stands_still(self, key: tuple[int, int], stamp: Array, soc: Array, wh: Array) -> None:
        """What flows into a battery shows; none and full may be what stands for a charge not known."""
        known = np.isfinite(soc + wh)
        stamp, soc, wh = stamp[known], soc[known], wh[known]
        if not len(soc):
            return
        first = np.append(0, np.flatnonzero(np.diff(soc)) + 1)  # of each charge
        last = np.append(first[1:], len(soc)) - 1
        charge, since_wh = soc[first], wh[first]
        told, told_wh = self._still.get(key, (charge[0], since_wh[0]))
        if told == charge[0]:
            since_wh[0] = told_wh
        rose_wh = wh[last] - since_wh
        for n in np.flatnonzero((charge > 0.0) & (charge < 100.0) & (rose_wh > STILL_WH)).tolist():
            expected = "a charge that rises"
            actual = f"{charge[n]:g} % while {rose_wh[n] / 1000:.1f} kWh came in"
            message = "the state of charge stands still while energy comes in"
            self._ledger.broken(SOC, float(stamp[last[n]]), key[0], expected, actual, message)
            since_wh[n] = wh[last[n]]
        self._still[key] = float(charge[-1]), float(since_wh[-1])
        if len(self._still) > MOST_CARS:
            del self._still[next(iter(self._still))]

    def _filling(
        self, key: tuple[int, int, int], connector: int, stamp: Array, soc: Array, gives: Array
    ) -> None:
        """In a stretch that begins where the car gives back it may have less than before."""
        if not gives.any():
            self._rises(key, connector, stamp, soc)
            return
        anew = np.flatnonzero(gives | np.concatenate([[False], gives[:-1]]))
        for at in np.split(np.arange(len(soc)), anew):
            if len(at):
                if at[0] in anew:
                    self._fullest.pop(key, None)
                self._rises(key, connector, stamp[at], soc[at])

    def _rises(self, key: tuple[int, int, int], connector: int, stamp: Array, soc: Array) -> None:
        last, fullest = self._fullest.get(key, (float("-inf"), -1.0))
        before = fullest if stamp[0] >= last else -1.0  # what is triggered overtakes what is queued
        whole = np.maximum.accumulate(np.concatenate([[before], soc]))
        self._fullest[key] = max(float(stamp[-1]), last), max(float(whole[-1]), fullest)
        if len(self._fullest) > MOST_CARS:
            del self._fullest[next(iter(self._fullest))]
        outside = (soc < 0.0) | (soc > 100.0)
        falls = soc < whole[:-1] - SOC_SLACK_PCT
        wrong = np.flatnonzero(outside | falls)
        self._ledger.held(SOC, len(soc) - len(wrong), connector, stamp)
        for k in wrong.tolist():
            expected = "0 to 100 %" if outside[k] else f">= {whole[k]:g} %, as before"
            epoch_s = float(stamp[k])
            message = "a state of charge that cannot be"
            self._ledger.broken(SOC, epoch_s, connector, expected, f"{soc[k]:g} %", message)


@lru_cache(maxsize=256)
def _is_by_phase(layout: Layout) -> bool:
    """Is power told for each phase whose current is told? Then each is judged on its own."""
    phases = {
        name: {line(c.phase) for c in layout.columns if c.measurand == name} - {None}
        for name in ("Current.Import", "Power.Active.Import", "Voltage")
    }
    amps, watts, volts = phases["Current.Import"], phases["Power.Active.Import"], phases["Voltage"]
    return bool(amps) and amps <= watts and amps <= volts


def _places(wrong: Array) -> list[tuple[int, int]]:
    """Column and row of each, column by column."""
    return [(n, k) for n, k in np.argwhere(wrong.T).tolist()] if wrong.any() else []


@lru_cache(maxsize=256)
def _scales(layout: Layout, at: tuple[int, ...]) -> Array:
    return np.array([layout.columns[k].scale for k in at])


@lru_cache(maxsize=256)
def _told_twice(layout: Layout) -> tuple[list[int], ...]:
    """Neighbours among the columns that are of one thing at one place (7.30, 7.33), whatever their units."""
    told: dict[tuple[str | None, ...], list[int]] = {}
    for k, c in enumerate(layout.columns):
        if c.measurand not in SEVERAL:
            told.setdefault((c.measurand, c.phase, c.context, c.location, c.format), []).append(k)
    return tuple([*pair] for at in told.values() for pair in pairwise(at))


def phases_of(layout: Layout) -> list[Phases]:
    """Those of a layout, judged together where the same is told of them."""
    told = {
        phase: {c.measurand: k for k, c in enumerate(layout.columns) if line(c.phase) == phase}
        for phase in PHASES
    }
    found = []
    for names in ((*OF_POWER, "Power.Factor"), OF_POWER):
        alike = [phase for phase, at in told.items() if at.keys() & NAMED == {*names}]
        if alike:
            found.append(Phases(alike, {name: [told[phase][name] for phase in alike] for name in names}))
    return found


def gives_back(block: Block) -> Array:
    """In which readings is the car told to give energy back to the grid?"""
    told = [total(block, measurand) for measurand in ("Power.Active.Export", "Current.Export")]
    imported = total(block, "Power.Active.Import")
    told.append(None if imported is None else -imported)
    gives = np.zeros(len(block), bool)
    for flow in told:
        if flow is not None:
            gives |= flow > 0.0
    return gives


def _registers(told: list[tuple[Block, Array]]) -> Array:
    """The registers beside these charges; nan where none is told."""
    columns = [(block, block.column(DEFAULT_MEASURAND)) for block, _ in told]
    return np.concatenate([np.full(len(b), np.nan) if wh is None else wh for b, wh in columns])


STILL_WH = 30_000.0  # assumed: 1 % of a battery of 3 MWh, which no vehicle has
SOC_SLACK_PCT = 1.0  # assumed: standing losses of a car that rests in its transaction


def named(watts: float, low: float, high: float) -> str:
    """The mistake whose factor takes a power to what the current says, if it is one."""
    for factor, name in ((1000.0, "kW called W"), (0.001, "W called kW, or mA called A")):
        if low * (1 - WHOLE_PART) <= watts * factor <= high * (1 + WHOLE_PART) and high > 0:
            return f": {name}"
    return ""
