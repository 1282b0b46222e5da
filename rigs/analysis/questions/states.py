"""One connector's telemetry as functions of time: what it was at any instant, rows or not."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Self

import numpy as np

from evc5.rigs.analysis.questions.demand import Drawn
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array, Columns
from evc5.rigs.recording.reading.telemetry_columns import phase_names

CURRENTS = phase_names("i")
GRADUAL = ("pf", *phase_names("demand"), *CURRENTS)  # they change with the power, and jump where it does
NEAR = 0.02  # of the power: so close to what a row says, the power came to it without a jump (assumed)
NEAR_W = 1.0


class States(NamedTuple):
    """Rows of one connector, the last of each instant, and how the power goes from each to the next.

    Every jump has a row: between two rows a quantity holds, or goes gradually to what the next row says.
    """

    rows: Columns
    drawn: Drawn
    is_gradual: Array  # from each row to the next: does the power come to it without a jump?

    @classmethod
    def of(cls, run: Recorded, connector: int, names: Sequence[str]) -> Self:
        wanted = list(dict.fromkeys(["t", "energy_wh", "p_w", *names]))
        rows = telemetry.read(run.directory / run_directory.TELEMETRY, wanted, connector=connector)
        last = np.append(np.diff(rows["t"]) > 0, True)[: len(rows["t"])]
        rows = {name: values[last] for name, values in rows.items()}
        drawn = Drawn.of(rows["t"], rows["energy_wh"], rows["p_w"])
        arrives_w = drawn.power_at(drawn.t_s[1:], before=True)
        next_w = drawn.power_w[1:]
        near_w = NEAR_W + NEAR * np.maximum(np.abs(next_w), drawn.power_w[:-1])
        return cls(rows, drawn, np.abs(arrives_w - next_w) <= near_w)

    def at(self, name: str, at_s: Array, *, before: bool = False) -> Array:
        """The column at instants from the first row on, just after or before each; null is NaN, or None."""
        side: Literal["left", "right"] = "left" if before else "right"
        k = np.maximum(np.searchsorted(self.rows["t"], at_s, side=side) - 1, 0)
        if name == "energy_wh":
            return self.drawn.energy_at(at_s)
        if name == "p_w":
            return np.where(np.isnan(self.rows["p_w"][k]), np.nan, self._power(k, at_s))
        if name == "temp_c":
            return self._between(name, k, self._share_of_time(k, at_s))
        if name in ("soc", "register_wh"):
            return self._between(name, k, self._share_of_energy(k, at_s))
        if name in GRADUAL:
            return self._gradual(name, k, at_s)
        return np.asarray(self.rows[name][k])

    def _power(self, k: Array, at_s: Array) -> Array:
        """W: to a jump straight, else a parabola through both rows; either with the energy between them."""
        here_w, slope_w_s = self.drawn.power_w[k], self.drawn.slope_w_s[k]
        ends_s = np.append(self.rows["t"], self.rows["t"][-1:])[k + 1]
        straight_w = here_w + slope_w_s * (at_s - self.rows["t"][k])
        share = self._share_of_time(k, at_s)
        next_w = np.append(self.drawn.power_w, np.nan)[k + 1]
        bulge_w = 3.0 * (here_w + slope_w_s * (ends_s - self.rows["t"][k]) - next_w)
        curved_w = here_w + (next_w - here_w) * share + bulge_w * share * (1.0 - share)
        return np.asarray(np.where(np.append(self.is_gradual, False)[k], curved_w, straight_w))

    def _gradual(self, name: str, k: Array, at_s: Array) -> Array:
        """Evenly to the next row, or, where that is beyond a jump, held; current in step with the power."""
        held = self.rows[name][k]
        share = self._share_of_time(k, at_s)
        even = self._between(name, k, share)
        if name in CURRENTS:
            now_w, here_w = self._power(k, at_s), self.drawn.power_w[k]
            next_w = np.append(self.drawn.power_w, np.nan)[k + 1]
            held = held * _ratio(now_w, here_w)
            even = even * _ratio(now_w, here_w + (next_w - here_w) * share)
        gradual = np.append(self.is_gradual, False)[k]
        return np.asarray(np.where(gradual & ~np.isnan(even), even, held))

    def _between(self, name: str, k: Array, share: Array) -> Array:
        """So far on the way from row k to the next; held where the next is not known."""
        values = self.rows[name]
        here, following = values[k], np.append(values, np.nan)[k + 1]
        return np.where(np.isnan(following), here, here + share * (following - here))

    def _share_of_time(self, k: Array, at_s: Array) -> Array:
        t_s = np.append(self.rows["t"], np.inf)
        return np.asarray(np.clip((at_s - t_s[k]) / (t_s[k + 1] - t_s[k]), 0.0, 1.0))

    def _share_of_energy(self, k: Array, at_s: Array) -> Array:
        energy_wh = np.append(self.drawn.energy_wh, self.drawn.energy_wh[-1:])
        more_wh = energy_wh[k + 1] - energy_wh[k]
        gone_wh = self.drawn.energy_at(at_s) - energy_wh[k]
        return np.asarray(np.divide(gone_wh, more_wh, out=np.zeros(len(k)), where=more_wh > 0.0))


def _ratio(one: Array, other: Array) -> Array:
    return np.asarray(np.divide(one, other, out=np.ones(len(one)), where=other > 0.0))
