"""The recorded telemetry, part by part: the latest days of it are kept, older ones forgotten."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.recording.reading.columns import to_numpy
from evc5.rigs.recording.reading.telemetry_columns import phase_names
from evc5.rigs.recording.reading.telemetry_parts import read_part

Array = np.ndarray[Any, np.dtype[Any]]

SCALARS = (
    *("t", "phases", "i1_a", "i2_a", "i3_a", "u1_v", "u2_v", "u3_v", "p_w", "pf", "duty_pct"),
    *("energy_wh", "register_wh", "soc", "temp_c"),
)
VECTORS = {f"{quantity}_a": phase_names(quantity) for quantity in ("offered", "allocated", "capability")}
TEXTS = ("pilot", "status", "limited_by")
WANTED = ("connector", *SCALARS, *(name for names in VECTORS.values() for name in names), *TEXTS)


@dataclass(slots=True)
class Rows:
    """One connector's rows of one part, in order of time; null as NaN."""

    columns: dict[str, Array]
    carried: int = 0  # the first rows, kept from the part before: judged there

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["epoch_s"])

    def since(self, epoch_s: float) -> "Rows":
        """The rows later than `epoch_s`, and the one in force at it."""
        first = max(self.at(epoch_s), 0)
        return Rows({name: values[first:] for name, values in self.columns.items()})

    def after(self, earlier: "Rows") -> "Rows":
        """These rows with the earlier ones before them."""
        columns = {name: np.concatenate([earlier[name], self[name]]) for name in self.columns}
        return Rows(columns, len(earlier))

    def at(self, epoch_s: float) -> int:
        """The row in force at `epoch_s`, or -1 before the first."""
        return int(np.searchsorted(self["epoch_s"], epoch_s, side="right")) - 1


class Telemetry:
    """The newest part per connector, the end of the one before in front, and a history of the energy."""

    KEEP_PARTS = 8  # an outage of a week still finds its telemetry
    CARRY_S = 900.0  # what a check may look back across midnight

    def __init__(self) -> None:
        self.parts: dict[int, Rows] = {}
        self.until = float("-inf")
        self.recorded = False  # is there any?
        self._kept: dict[int, list[Rows]] = {}
        self._energy: dict[int, list[Array]] = {}
        self._joined: dict[int, Array] = {}

    def add(self, part: dict[int, Rows]) -> None:
        for connector, rows in part.items():
            before = self.parts.get(connector)
            self.parts[connector] = self._carried(before, rows)
            self._kept[connector] = [*self._kept.get(connector, ()), self.parts[connector]][
                -self.KEEP_PARTS :
            ]
            block = np.stack([rows[name] for name in ("epoch_s", "energy_wh", "register_wh", "p_w")])
            kept = [*self._energy.get(connector, ()), block][-self.KEEP_PARTS :]
            self._energy[connector] = kept
            self._joined[connector] = np.concatenate(kept, axis=1)
            self.until = max(self.until, float(rows["epoch_s"][-1]))

    def _carried(self, before: Rows | None, rows: Rows) -> Rows:
        return (
            rows if before is None else rows.after(before.since(float(before["epoch_s"][-1]) - self.CARRY_S))
        )

    def kept(self, connector: int) -> list[Rows]:
        """The latest parts, oldest first, each with the end of the one before in front."""
        return self._kept.get(connector, [])

    def energy(self, connector: int) -> Array | None:
        """epoch_s, energy_wh, register_wh and p_w of the latest days, as four rows."""
        return self._joined.get(connector)


def parts(directory: Path, time: StationTime) -> Iterator[dict[int, Rows]]:
    """The closed parts in order, in the time that is judged in. An unreadable part ends the evidence."""
    for path in sorted(directory.glob("*.parquet")):
        try:
            table = read_part(path, WANTED)
        except (pa.ArrowInvalid, OSError):
            return
        yield _split(table, time)


def _split(table: pa.Table, time: StationTime) -> dict[int, Rows]:
    columns = {name: _floats(table[name]) for name in SCALARS}
    columns |= {name: _phases(table, names) for name, names in VECTORS.items()}
    columns |= {name: to_numpy(table[name]) for name in TEXTS}
    columns["t_s"] = columns.pop("t")
    columns["epoch_s"] = time.epochs(columns["t_s"])
    connectors = _floats(table["connector"])
    found = {}
    for connector in np.unique(connectors):
        keep = connectors == connector
        found[int(connector)] = Rows({name: values[keep] for name, values in columns.items()})
    return found


def _floats(column: pa.ChunkedArray) -> Array:
    return to_numpy(column.cast(pa.float64()))


def _phases(table: pa.Table, names: Iterable[str]) -> Array:
    """L1 to L3 side by side: N x 3."""
    return np.column_stack([to_numpy(table[name]) for name in names])
