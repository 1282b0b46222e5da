"""The recorded truth against itself: power from volts and amps, energy from power."""

from collections.abc import Iterator

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Columns, Rows
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
ROUNDED_W = 1.0  # each of the four is rounded
ROUNDED_WH = 0.5  # energy is told in tenths of a watt-hour, power in watts
RAMP_S = 15.0  # a car goes up within seconds, and may be stopped on the way: no row tells how far it came
STRETCH_S = 900.0  # assumed: what flows in a quarter of an hour is many last digits of an instrument
UNREAD = "readings are missing: let the instrument run without gaps"
BEND = 0.01  # the power between two rows a minute apart bends no more than that


class Balance:
    """Judges each row's power, and the energy from row to row."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            self._power(connector, rows)
            if rows.instrument.is_exact:
                self._energy(connector, rows)
            else:
                self._energy_of_readings(connector, rows)

    def _power(self, connector: int, rows: Rows) -> None:
        told, least = rows["p_w"], _volt_amps(rows.low)
        most = least if rows.instrument.is_exact else _volt_amps(rows.high)
        lowest, highest = least - ROUNDED_W - PART * least, most + ROUNDED_W + PART * most
        wrong = (rows.high["p_w"] < lowest) | (rows.low["p_w"] > highest)
        unsure = None
        if not rows.instrument.is_exact:
            unsure = (rows.low["p_w"] < most - ROUNDED_W - PART * most) | (
                rows.high["p_w"] > least + ROUNDED_W + PART * least
            )
        known = np.isfinite(told + least + most)
        known[: rows.carried] = False

        def tell(k: int) -> Told:
            message = "power is not the sum over the phases"
            return f"{_volt_amps(rows)[k]:.1f} W", f"{told[k]:.1f} W", message

        self._context.ledger.judge_rows(POWER, connector, rows["epoch_s"], known, wrong, tell, unsure)

    def _energy_of_readings(self, connector: int, rows: Rows) -> None:
        """What flows in a second is hardly a reading's last digit: judged over stretches of many."""
        telemetry, ledger = self._context.telemetry, self._context.ledger
        hours, shown = np.diff(rows["t_s"]) / 3600.0, rows["energy_wh"]
        least, most = rows.low["p_w"], rows.high["p_w"]
        least_wh = np.append(0.0, np.cumsum(np.minimum(least[:-1], least[1:]) * hours * (1 - BEND)))
        most_wh = np.append(0.0, np.cumsum(np.maximum(most[:-1], most[1:]) * hours * (1 + BEND)))
        for first, last in _stretches(rows):
            grown = shown[last] - shown[first]
            slack = float(telemetry.energy_slack(connector, np.array([grown]), shown[[last]])[0])
            low = least_wh[last] - least_wh[first] - ROUNDED_WH
            high = most_wh[last] - most_wh[first] + ROUNDED_WH
            wrong = grown + slack < low or grown - slack > high
            if not rows.is_whole(first, last) or np.isnan(grown + low + high):
                ledger.not_compared(ENERGY, UNREAD)
            elif not wrong and (grown - slack < low or grown + slack > high):
                ledger.undecided(ENERGY)
            else:
                expected, actual = f"{low - slack:.1f} to {high + slack:.1f} Wh", f"{grown:.1f} Wh"
                message = "the energy does not follow from the power"
                epoch_s = float(rows["epoch_s"][last])
                ledger.judge(ENERGY, not wrong, epoch_s, connector, expected, actual, message)

    def _energy(self, connector: int, rows: Rows) -> None:
        """A row tells the state just after its instant: what flowed before it began with the row before."""
        t_s, energy_wh, power = rows["t_s"], rows["energy_wh"], rows["p_w"]
        hours = (t_s[1:] - t_s[:-1]) / 3600.0
        grown = energy_wh[1:] - energy_wh[:-1]
        low = np.minimum(power[:-1], power[1:]) * hours * (1 - BEND) - ROUNDED_WH
        peak = np.maximum(power[:-1], power[1:])
        short, ramp = np.flatnonzero(hours * 3600.0 < RAMP_S), np.zeros(len(hours))
        # of a row before, too: a car has yet to see that it is withdrawn
        before = np.where(short > 0, _offered_w(rows, short - 1), 0.0)
        ramp[short] = np.maximum(_offered_w(rows, short), before)
        high = np.maximum(peak, ramp) * hours * (1 + BEND) + ROUNDED_WH
        wrong = (grown < low) | (grown > high)
        known = np.isfinite(grown + low + high)
        known[: max(rows.carried - 1, 0)] = False

        def tell(k: int) -> Told:
            expected = f"{low[k]:.1f} to {high[k]:.1f} Wh"
            return expected, f"{grown[k]:.1f} Wh", "the energy does not follow from the power"

        self._context.ledger.judge_rows(ENERGY, connector, rows["epoch_s"][1:], known, wrong, tell)


def _volt_amps(rows: Columns) -> Array:
    """The power of all phases."""
    apparent = sum(rows[f"u{n}_v"] * rows[f"i{n}_a"] for n in (1, 2, 3))
    watts: Array = np.where(apparent == 0.0, 0.0, apparent * rows["pf"])  # no factor where nothing flows
    return watts


def _stretches(rows: Rows) -> Iterator[tuple[int, int]]:
    """Its first and last row: those of this part that lie so far apart, the last as far as it goes."""
    first, epoch_s = max(rows.carried - 1, 0), rows["epoch_s"]
    while first < len(rows) - 1:
        last = min(int(np.searchsorted(epoch_s, epoch_s[first] + STRETCH_S)), len(rows) - 1)
        yield first, last
        first = last


def _offered_w(rows: Rows, which: Array) -> Array:
    """What would flow in these rows at the current offered."""
    volts = np.stack([rows[f"u{n}_v"][which] for n in (1, 2, 3)], axis=1)
    watts: Array = (np.nan_to_num(rows["offered_a"][which]) * volts).sum(axis=1)
    return watts
