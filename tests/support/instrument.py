"""Telemetry as an instrument would have read it: at even instants, off, rounded, much of it unknown."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

OF_THE_CONTROLLER = [
    *(f"{quantity}{phase}_a" for quantity in ("demand", "capability", "allocated") for phase in (1, 2, 3)),
    *("limited_by", "soc", "register_wh"),
]
STATE = ("status", "pilot", "phases", "offered1_a", "limited_by")  # what changes at once, not by and by
LEVELS = ("p_w", "pf", "temp_c", "i1_a", "i2_a", "i3_a", "u1_v", "u2_v", "u3_v")  # these go by and by
FLOWS = ("p_w", "i1_a", "i2_a", "i3_a")
ENERGY = ("energy_wh", "register_wh")
LEAST_W, LEAST_S = 10.0, 0.5  # of less the energy tells no slope
ROW_EVERY_S = 60.0  # between rows so near a quantity goes from one to the other


@dataclass(frozen=True)
class Meter:
    """A meter of an accuracy class in percent, read every `period_s`; `off` is -1 to 1 of half its class."""

    class_pct: float = 1.0
    period_s: float = 1.0
    off: float | None = 1.0  # None: another at each reading
    unknown: Sequence[str] = tuple(OF_THE_CONTROLLER)

    def described(self) -> dict[str, object]:
        """As summary.json tells it."""
        parts = {f"{name}_pct": self.class_pct for name in ("current", "voltage", "power", "energy")}
        digits = {"current_a": 0.01, "voltage_v": 0.1, "power_w": 1.0, "energy_wh": 1.0}
        return {
            "source": "measured",
            "period_s": self.period_s,
            "settle_s": 0.0,
            **parts,
            "resolution": digits,
        }

    def reads(self, run: Path, into: Path) -> Path:
        """A copy of a run directory with this meter's readings for telemetry."""
        shutil.copytree(run, into)
        for path in sorted((into / "telemetry.parquet").glob("*.parquet")):
            table = pq.read_table(path)
            read = [self._connector(table, each) for each in pc.unique(table["connector"]).to_pylist()]
            whole = pa.concat_tables(read).sort_by([("t", "ascending"), ("connector", "ascending")])
            pq.write_table(whole, path)
        summary = json.loads((into / "summary.json").read_text()) | {"telemetry": self.described()}
        (into / "summary.json").write_text(json.dumps(summary))
        return into

    def _connector(self, table: pa.Table, connector: int) -> pa.Table:
        rows = table.filter(pc.equal(table["connector"], connector))
        t_s = rows["t"].to_numpy()
        grid = np.arange(np.ceil(t_s[0] / self.period_s) * self.period_s, t_s[-1] + 1e-9, self.period_s)
        row = np.searchsorted(t_s, grid, side="right") - 1
        steady = _steady(rows, t_s)[row]
        slope = _slope(rows, t_s)
        columns = {}
        for name in table.column_names:
            column = rows[name]
            if name == "t":
                columns[name] = pa.array(grid)
            elif name in self.unknown or name == "at":
                columns[name] = pa.nulls(len(grid), column.type)
            elif pa.types.is_floating(column.type):
                values = column.to_numpy(zero_copy_only=False).astype(float)
                goes = steady & (name in LEVELS) | (name in ENERGY)
                slid = 1.0 + (slope[row] * (grid - t_s[row]) if name in FLOWS else 0.0)
                read = np.where(goes, np.interp(grid, t_s, values), values[row] * slid)
                columns[name] = pa.array(self._told(name, read), from_pandas=True)
            else:
                columns[name] = column.take(pa.array(row))
        return pa.table(columns, schema=table.schema)

    def _told(self, name: str, values: np.ndarray) -> np.ndarray:
        """Off, and rounded as a display would."""
        off = self.off
        if off is None and name not in ENERGY:  # a register keeps its gain
            off = np.random.default_rng(7).uniform(-1.0, 1.0, len(values))
        if name[-2:] in ("_a", "_v", "_w", "wh"):
            values = values * (1.0 + (off if off is not None else 1.0) * self.class_pct / 200.0)
        digits = {"_a": 2, "_v": 1, "_w": 0, "ct": 1, "_c": 1}.get(name[-2:], 3)
        return np.floor(values) if name in ENERGY else np.round(values, digits)


def _steady(rows: pa.Table, t_s: np.ndarray) -> np.ndarray:
    """Rows from which to the next all is the same but for what varies."""
    after = np.minimum(np.arange(len(t_s)) + 1, len(t_s) - 1)
    states = [np.array(rows[name].to_pylist(), object) for name in STATE if name in rows.column_names]
    same = np.logical_and.reduce([state[after] == state for state in states])
    return same & (t_s[after] - t_s <= ROW_EVERY_S)


def _slope(rows: pa.Table, t_s: np.ndarray) -> np.ndarray:
    """From each row to the next, by which part of itself a second the power goes up or down in a line.

    The next row may show what came then; the energy tells how it was until just before.
    """
    power_w, energy_wh = rows["p_w"].to_numpy(), rows["energy_wh"].to_numpy()
    lasts_s = np.append(np.diff(t_s), np.inf)
    told = (power_w > LEAST_W) & (lasts_s > LEAST_S) & (lasts_s <= ROW_EVERY_S)
    mean_w = np.append(np.diff(energy_wh), 0.0) * 3600.0 / lasts_s
    found = np.where(told, 2.0 * (mean_w / np.maximum(power_w, LEAST_W) - 1.0) / lasts_s, 0.0)
    return np.maximum(found, -1.0 / lasts_s)
