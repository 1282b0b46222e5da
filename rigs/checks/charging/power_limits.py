"""The power in the telemetry against every limit in watts, of a connector and of the station (3.13.3, 7.12).

A limit in watts is of all phases together, and counts with the set voltage: at a higher one as much more may
flow as the voltage is above it. How a station comes by its amperes does not matter here.
"""

import numpy as np

from evc5.rigs.checks.reading.columns import Array, distinct
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.follow_times import CARS_FOLLOW_S
from evc5.rigs.checks.state.ledger import Told
from evc5.rigs.checks.state.profiles import VOLTS, Cap
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import at_instants, is_new
from evc5.rigs.checks.state.spread import Spread

POWER = "charging.power"
REQUIREMENTS = (
    R(
        POWER,
        "No more power flows than a limit in watts allows",
        "3.13.3, 7.12",
        needs=(TELEMETRY,),
        arises=("SetChargingProfile",),
    ),
)


class PowerLimits:
    """Judges each part of the telemetry, connector by connector and all together."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._in_force = context.profiles
        self._ledger = context.ledger
        self._spread = Spread(context)
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        parts = self._context.telemetry.parts
        if self._in_force.is_empty or not parts:
            return
        sides_of = {connector: self._watts(rows) for connector, rows in parts.items()}
        for connector, rows in parts.items():
            least, most = (watts[rows.carried :] for watts in sides_of[connector])
            self._judge(connector, connector, rows["epoch_s"][rows.carried :], least, most)
        epoch_s = distinct(*(rows["epoch_s"][rows.carried :] for rows in parts.values()))
        sides = [[at_instants(rows, epoch_s, side) for side in sides_of[n]] for n, rows in parts.items()]
        least, most = np.sum(sides, axis=0)
        self._judge(0, None, epoch_s, least, most)

    def _watts(self, rows: Rows) -> tuple[Array, Array]:
        """What flows at least and at most, as it would at the set voltage where that is exceeded.

        Over the phases in use nothing is known of a car that has just begun: at least, it takes nothing.
        """
        low_v, high_v = (
            np.nan_to_num(np.fmax.reduce([side[f"u{n}_v"] for n in (1, 2, 3)]))
            for side in (rows.low, rows.high)
        )
        least, most = np.nan_to_num(rows.low["p_w"]), np.nan_to_num(rows.high["p_w"])
        if self._spread.in_use:
            least = np.where(_has_just_begun(rows, least), 0.0, least)
        return least / np.maximum(high_v / VOLTS, 1.0), most / np.maximum(low_v / VOLTS, 1.0)

    def _judge(self, scope: int, connector: int | None, epoch_s: Array, watts: Array, most: Array) -> None:
        """`watts` flow at least, `most` at most."""
        if not len(epoch_s):
            return
        caps, index = self._in_force.at_each(scope, epoch_s)
        limits = np.array([np.inf if cap is None or cap.watts is None else cap.watts for cap in caps])[index]
        unsure = self._overdraws(connector, epoch_s)
        until = self._context.telemetry.until
        if scope == 0:
            unsure |= self._in_force.hangs_on_untold(epoch_s, until)
        else:
            unsure |= self._in_force.may_be_of_another(scope, epoch_s, until)
        limited = ~unsure & np.isfinite(limits) & (most > 0)
        wrong = limited & (watts > self._most(limits))
        straddles = limited & ~wrong & (most > self._most(limits))
        follow_s = CARS_FOLLOW_S + self._context.telemetry.instrument.window_s
        for k in np.flatnonzero(wrong).tolist():
            lately = self._in_force.caps_within(
                scope, float(epoch_s[k]) - follow_s, float(epoch_s[k]), either_way=False
            )
            wrong[k] = all(self._is_below(cap, float(watts[k])) for cap in lately)

        def tell(k: int) -> Told:
            message = "more power flows than a limit in watts allows"
            return f"<= {limits[k]:.0f} W", f"{watts[k]:.0f} W", message

        self._ledger.judge_rows(POWER, connector, epoch_s, limited, wrong, tell, straddles)

    def _overdraws(self, connector: int | None, epoch_s: Array) -> Array:
        """Does a vehicle take what it likes there; of the station, any?"""
        connectors = self._context.history.connectors
        which = list(self._context.telemetry.parts) if connector is None else [connector]
        found: Array = np.any([connectors.overdraws(c, epoch_s, CARS_FOLLOW_S) for c in which], axis=0)
        return found

    def _is_below(self, cap: Cap | None, watts: float) -> bool:
        return cap is not None and cap.watts is not None and bool(watts > self._most(np.array(cap.watts)))

    def _most(self, watts: Array) -> Array:
        tolerances = self._context.tolerances
        most: Array = watts + np.maximum(tolerances.current_a * VOLTS, tolerances.current_part * watts)
        return most


def _has_just_begun(rows: Rows, watts: Array) -> Array:
    """Where power flows that did not flow as long ago as a car may take to follow."""
    begun = np.zeros(len(rows), bool)
    for k in np.flatnonzero(watts > 0.0).tolist():
        begun[k] = is_new(rows, np.sign(watts), k, CARS_FOLLOW_S, 0.0)
    return begun
