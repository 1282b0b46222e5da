"""Between two showings of a register no more can have flowed than the largest connection there is carries."""

import numpy as np

from evc5.rigs.checks.metering.energy import step_of
from evc5.rigs.checks.metering.register import METER_WHOLE_WH
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND, MOST_AC_W, MOST_W, is_alternating
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R

ENERGY_LIMIT = "metering.energy-limit"
REQUIREMENTS = (
    R(ENERGY_LIMIT, "No more energy is counted than a connection can carry", "7.31; IEC 61851-1: 80 A"),
)
SLACK_WH = 10.0  # assumed: showings of one instant may be a second apart, and each be rounded


class EnergyLimit:
    """Follows what each connector's register showed: meterStart, samples, meterStop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._shown: dict[
            int, tuple[float, float, float]
        ] = {}  # by connector: stamp, epoch_s and Wh, as told last
        self._is_ac = False
        context.bus.readings.append(self._readings)
        context.bus.calls["StartTransaction"].append(self._started)
        context.bus.calls["StopTransaction"].append(self._stopped)

    def _started(self, call: Call) -> None:
        started = self._context.history.transactions.started_by(call)
        if started is not None:  # a register that counts by transaction starts anew here
            self._shown[started.connector] = started.start, call.epoch_s, started.meter_start

    def _stopped(self, call: Call) -> None:
        stopped = self._context.history.transactions.stopped_by(call)
        if stopped is None or stopped.stop is None or stopped.meter_stop is None:
            return
        rows = np.array([[stopped.stop], [call.epoch_s], [stopped.meter_stop]])
        self._follow(stopped.connector, rows, METER_WHOLE_WH)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told = [(block, wh) for block in blocks if (wh := block.column(DEFAULT_MEASURAND)) is not None]
        if not told or connector == 0:
            return
        self._is_ac |= any(is_alternating(block.layout) for block in blocks)
        order = np.argsort(np.concatenate([block.order for block, _ in told]), kind="stable")
        rows = np.concatenate([np.stack([block.stamp, block.epoch_s, wh]) for block, wh in told], axis=1)
        self._follow(connector, rows[:, order], max(step_of(block) for block, _ in told))

    def _follow(self, connector: int, rows: Array, step_wh: float) -> None:
        before = self._shown.get(connector)
        self._shown[connector] = (float(rows[0, -1]), float(rows[1, -1]), float(rows[2, -1]))
        stamp, epoch_s, wh = (
            rows if before is None else np.concatenate([np.array(before)[:, None], rows], axis=1)
        )
        # a clock that was set between them counts too little; what was told late, too much: the longer holds
        hours = np.maximum(np.diff(stamp), np.diff(epoch_s)) / 3600.0
        most = (MOST_AC_W if self._is_ac else MOST_W) * hours + SLACK_WH + 2 * step_wh
        rose = np.diff(wh)
        known = np.isfinite(rose)
        self._ledger.judge_rows(
            ENERGY_LIMIT,
            connector,
            epoch_s[1:],
            known,
            known & (rose > most),
            lambda k: (
                f"at most {most[k]:.0f} Wh since {iso(float(stamp[k]))}",
                f"{rose[k]:.0f} Wh: from {wh[k]:.0f} to {wh[k + 1]:.0f} Wh",
                "the register rose by more than any connection can carry",
            ),
        )
