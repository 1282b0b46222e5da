"""The recorded truth against itself: power from volts and amps, energy from power."""

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.ledger import Told
from evc5.rigs.checks.state.requirement import Requirement as R

POWER, ENERGY = "electrical.power", "electrical.energy"
REQUIREMENTS = (
    R(
        POWER,
        "Power is the sum of volts, amps and power factor",
        "P = Σ U·I·pf",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R(
        ENERGY,
        "Energy grows by what the power between two rows allows",
        "ΔE = ∫ P dt",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
)
PART = 0.005  # rounding aside they are the same
SLACK_W, SLACK_WH = 1.0, 0.5
RAMP_S = 15.0  # a car goes up within seconds, and may be stopped on the way: no row tells how far it came
BEND = 0.01  # the power between two rows a minute apart bends no more than that


class Balance:
    """Judges each row's power, and the energy from row to row."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            self._power(connector, rows)
            self._energy(connector, rows)

    def _power(self, connector: int, rows: Rows) -> None:
        volts_amps = sum(rows[f"u{n}_v"] * rows[f"i{n}_a"] for n in (1, 2, 3))
        expected = np.where(volts_amps == 0.0, 0.0, volts_amps * rows["pf"])  # no factor where nothing flows
        known = np.isfinite(expected + rows["p_w"])
        known[: rows.carried] = False
        wrong = np.abs(rows["p_w"] - expected) > SLACK_W + PART * expected

        def tell(k: int) -> Told:
            return f"{expected[k]:.1f} W", f"{rows['p_w'][k]:.1f} W", "power is not the sum over the phases"

        self._context.ledger.judge_rows(POWER, connector, rows["epoch_s"], known, wrong, tell)

    def _energy(self, connector: int, rows: Rows) -> None:
        """A row tells the state just after its instant: what flowed before it began with the row before."""
        hours = np.diff(rows["t_s"]) / 3600.0
        power = rows["p_w"]
        grown = np.diff(rows["energy_wh"])
        low = np.minimum(power[:-1], power[1:]) * hours * (1 - BEND) - SLACK_WH
        peak = np.maximum(power[:-1], power[1:])
        ramp = np.where(hours * 3600.0 < RAMP_S, _offered_w(rows)[:-1], 0.0)
        high = np.maximum(peak, ramp) * hours * (1 + BEND) + SLACK_WH
        wrong = (grown < low) | (grown > high)
        known = np.isfinite(grown + low + high)
        known[: max(rows.carried - 1, 0)] = False

        def tell(k: int) -> Told:
            expected = f"{low[k]:.1f} to {high[k]:.1f} Wh"
            return expected, f"{grown[k]:.1f} Wh", "the energy does not follow from the power"

        self._context.ledger.judge_rows(ENERGY, connector, rows["epoch_s"][1:], known, wrong, tell)


def _offered_w(rows: Rows) -> Array:
    """What would flow at the current offered."""
    volts = np.stack([rows[f"u{n}_v"] for n in (1, 2, 3)], axis=1)
    watts: Array = (np.nan_to_num(rows["offered_a"]) * volts).sum(axis=1)
    return watts
