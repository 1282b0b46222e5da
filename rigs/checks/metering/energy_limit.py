"""Between two showings of a register no more can have flowed than the largest connection there is carries.

Samples that meterStart and such a connection rule out, and that fit a thousandfold or a thousandth, are told
in a wrong unit; those that fit neither show another register than meterStart and meterStop.
"""

import numpy as np

from evc5.rigs.checks.metering.register import METER_WHOLE_WH
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND, MOST_AC_W, MOST_W, is_alternating
from evc5.rigs.checks.reading.steps import step_of
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R

ENERGY_LIMIT = "metering.energy-limit"
REQUIREMENTS = (
    R(ENERGY_LIMIT, "No more energy is counted than a connection can carry", "7.31; IEC 61851-1: 80 A"),
)
KILO = 1000.0  # SI
ROSE = "the register rose by more than any connection can carry"
WH_CALLED_KWH = "the samples are a thousand times what meterStart has them be: Wh called kWh"
KWH_CALLED_WH = "the samples are a thousandth of what meterStart has them be: kWh called Wh"
SLACK_WH = 10.0  # assumed: showings of one instant may be a second apart, and each be rounded


class EnergyLimit:
    """Follows what each connector's register showed: meterStart, samples, meterStop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._shown: dict[
            int, tuple[float, float, float]
        ] = {}  # by connector: stamp, epoch_s and Wh, as told last
        self._registers = context.registers
        self._begun: dict[int, tuple[float, float, float]] = {}  # the same, as the transaction began
        self._is_ac = False
        context.bus.readings.append(self._readings)
        context.bus.calls["StartTransaction"].append(self._started)
        context.bus.calls["StopTransaction"].append(self._stopped)

    def _started(self, call: Call) -> None:
        started = self._context.history.transactions.started_by(call)
        if started is not None:  # a register that counts by transaction starts anew here
            at = started.start, call.epoch_s, started.meter_start
            self._shown[started.connector] = self._begun[started.connector] = at
            self._registers.begin(started.connector)

    def _stopped(self, call: Call) -> None:
        stopped = self._context.history.transactions.stopped_by(call)
        if stopped is None or stopped.stop is None or stopped.meter_stop is None:
            return
        begun = self._begun.pop(stopped.connector, None)
        if stopped.connector in self._registers.apart and begun is not None:
            self._shown[stopped.connector] = begun  # from one showing of its register to the next
        rows = np.array([[stopped.stop], [call.epoch_s], [stopped.meter_stop]])
        self._follow(stopped.connector, rows, METER_WHOLE_WH)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told = [(block, wh) for block in blocks if (wh := block.column(DEFAULT_MEASURAND)) is not None]
        if not told or connector == 0:
            return
        self._is_ac |= any(is_alternating(block.layout) for block in blocks)
        order = np.argsort(np.concatenate([block.order for block, _ in told]), kind="stable")
        rows = np.concatenate([np.stack([block.stamp, block.epoch_s, wh]) for block, wh in told], axis=1)
        rows, step_wh = rows[:, order], max(step_of(block) for block, _ in told)
        units = {block.layout.register_scale for block, _ in told}
        self._against_start(connector, rows, step_wh, next(iter(units)) if len(units) == 1 else None)
        rows[2] = self._registers.as_meant(connector, rows[2])
        self._follow(connector, rows, step_wh, units == {KILO})

    def _most_wh(self, hours: Array, step_wh: float) -> Array:
        most: Array = (MOST_AC_W if self._is_ac else MOST_W) * hours + SLACK_WH + 2 * step_wh
        return most

    def _against_start(self, connector: int, rows: Array, step_wh: float, unit: float | None) -> None:
        """Can these be samples of the register that meterStart showed?"""
        begun = self._begun.get(connector)
        if begun is None or connector in self._registers.factor:
            return
        known = np.isfinite(rows[2]) & (rows[0] >= begun[0])
        if not known.any():
            return
        stamp, epoch_s, wh = rows[:, known]
        low_wh = begun[2] - METER_WHOLE_WH - step_wh
        hours = np.maximum(stamp - begun[0], epoch_s - begun[1]) / 3600.0
        high_wh = begun[2] + self._most_wh(hours, step_wh)
        for called, factor, message in ((KILO, KILO, WH_CALLED_KWH), (1, 1 / KILO, KWH_CALLED_WH)):
            off = (wh > high_wh) if factor > 1 else (wh < low_wh)
            meant, room_wh = wh / factor, step_wh * max(1, 1 / factor)
            fits = (meant >= begun[2] - METER_WHOLE_WH - room_wh) & (meant <= high_wh + room_wh)
            if unit == called and (off & fits).all():
                self._registers.factor[connector] = factor
                expected, told = f"{begun[2]:.0f} to {high_wh[0]:.0f} Wh", f"{wh[0]:g} Wh"
                self._ledger.broken(ENERGY_LIMIT, float(epoch_s[0]), connector, expected, told, message)
                return
        if ((wh < low_wh) | (wh > high_wh)).all():
            self._registers.apart.add(connector)

    def _follow(self, connector: int, rows: Array, step_wh: float, in_kwh: bool = False) -> None:
        before = self._shown.get(connector)
        self._shown[connector] = (float(rows[0, -1]), float(rows[1, -1]), float(rows[2, -1]))
        stamp, epoch_s, wh = (
            rows if before is None else np.concatenate([np.array(before)[:, None], rows], axis=1)
        )
        # a clock that was set between them counts too little; what was told late, too much: the longer holds
        hours = np.maximum(np.diff(stamp), np.diff(epoch_s)) / 3600.0
        most = self._most_wh(hours, step_wh)
        rose = np.diff(wh)
        known = np.isfinite(rose) & ~self._returns(connector, stamp, wh)
        wrong = known & (rose > most)
        is_kilo = in_kwh and bool(wrong.any()) and bool((rose[wrong] / KILO <= most[wrong]).all())
        if is_kilo:
            self._registers.steep.add(connector)
        message = f"{ROSE}: Wh called kWh" if is_kilo else ROSE
        self._ledger.judge_rows(
            ENERGY_LIMIT,
            connector,
            epoch_s[1:],
            known,
            wrong,
            lambda k: (
                f"at most {most[k]:.0f} Wh since {iso(float(stamp[k]))}",
                f"{rose[k]:.0f} Wh: from {wh[k]:.0f} to {wh[k + 1]:.0f} Wh",
                message,
            ),
            cause=ROSE,
        )

    def _returns(self, connector: int, stamp: Array, wh: Array) -> Array:
        """Where a register fell below meterStart, which is told of as that, and is back above it."""
        begun = self._begun.get(connector)
        if begun is None:
            return np.zeros(len(wh) - 1, bool)
        most_wh = begun[2] + self._most_wh((stamp[1:] - begun[0]) / 3600.0, METER_WHOLE_WH)
        back: Array = (wh[:-1] < begun[2] - METER_WHOLE_WH) & (wh[1:] >= begun[2]) & (wh[1:] <= most_wh)
        return back
