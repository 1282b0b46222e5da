"""The recorded telemetry, part by part: the latest days of it are kept, older ones forgotten."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from evc5.rigs.checks.reading.columns import distinct
from evc5.rigs.checks.reading.growth import COMPLETE, Growth, closed_parts
from evc5.rigs.checks.reading.instruments import EXACT, EXACT_COLUMNS, Instrument, around, is_steady
from evc5.rigs.checks.reading.station_time import StationTime
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.columns import Texts, to_numpy
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


class Columns(Protocol):
    """Columns by name: as they were read, or the least or the most that may have been there."""

    def __getitem__(self, name: str) -> Array: ...

    def highest(self, name: str) -> Array: ...

    def current(self) -> Array: ...


def highest_of(vector: Array) -> Array:
    """Row by row of N x 3; 0 where all three are null."""
    found: Array = np.fmax(np.fmax(vector[:, 0], vector[:, 1]), vector[:, 2])
    found[np.isnan(found)] = 0.0
    found.flags.writeable = False  # kept, and given to many
    return found


def current_of(columns: Columns) -> Array:
    """Row by row; null where that of a phase is."""
    found: Array = np.maximum(np.maximum(columns["i1_a"], columns["i2_a"]), columns["i3_a"])
    found.flags.writeable = False  # kept, and given to many
    return found


@dataclass(slots=True, eq=False, repr=False)
class Rows:
    """One connector's rows of one part, in order of time; null as NaN. Of texts they hold the codes.

    `low` and `high` are what may have been there at least and at most: of an exact recording the rows
    themselves, of an instrument's readings those around, widened by its accuracy. A check finds wrong what is
    wrong with either, good what is good with either, and all else undecided.
    """

    columns: dict[str, Array]
    carried: int = 0  # the first rows, kept from the part before: judged there
    instrument: Instrument = EXACT
    texts: Texts = field(default_factory=Texts)  # those of the whole recording
    _bounds: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    _highest: dict[str, Array] = field(default_factory=dict)
    _among: dict[tuple[str, ...], Array] = field(default_factory=dict)

    @property
    def low(self) -> Columns:
        return self if self.instrument.is_exact else Bound(self, 0)

    @property
    def high(self) -> Columns:
        return self if self.instrument.is_exact else Bound(self, 1)

    def bounds(self, name: str) -> tuple[Array, Array]:
        """The least and the most of a column, row by row."""
        if name not in self._bounds:
            values = self[name].astype(float)
            slack = self.instrument.slack(name, values)
            window_s = 0.0 if name in EXACT_COLUMNS else self.instrument.window_s
            low, _ = around(self["epoch_s"], values - slack, window_s)
            _, high = around(self["epoch_s"], values + slack, window_s)
            self._bounds[name] = low, high
        return self._bounds[name]

    def highest(self, name: str) -> Array:
        """The highest of a vector's three phases, row by row; 0 where it is null."""
        if name not in self._highest:
            self._highest[name] = highest_of(self[name])
        return self._highest[name]

    def current(self) -> Array:
        """The highest that flows on any of the three phases, row by row."""
        if "i_a" not in self._highest:
            self._highest["i_a"] = current_of(self)
        return self._highest["i_a"]

    def among(self, name: str, *texts: str) -> Array:
        """The rows in which a column of texts holds one of these."""
        key = (name, *texts)
        if key not in self._among:
            found = self[name] == self.texts.code(texts[0])
            for text in texts[1:]:
                found |= self[name] == self.texts.code(text)
            found.flags.writeable = False  # kept, and given to many
            self._among[key] = found
        return self._among[key]

    def text(self, name: str, k: int) -> str | None:
        """What a column of texts holds in row k."""
        return self.texts.text(int(self[name][k]))

    def steady(self, *words: str | Array) -> Array:
        """Rows around which none of these columns or conditions changed, so that they are sure."""
        sure = np.ones(len(self), bool)
        if not self.instrument.is_exact:
            for values in (self[of] if isinstance(of, str) else of for of in words):
                sure &= is_steady(self["epoch_s"], values, self.instrument.window_s)
        return sure

    def is_whole(self, first: int, last: int) -> bool:
        """Did the instrument read in time from one row to the other?"""
        gaps = np.diff(self["epoch_s"][first : last + 1])
        return self.instrument.is_exact or bool((gaps <= self.instrument.window_s).all())

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["epoch_s"])

    def since(self, epoch_s: float) -> "Rows":
        """The rows later than `epoch_s`, and the one in force at it."""
        first = max(self.at(epoch_s), 0)
        columns = {name: values[first:] for name, values in self.columns.items()}
        return Rows(columns, 0, self.instrument, self.texts)

    def new(self) -> "Rows":
        """Those of this part alone."""
        columns = {name: values[self.carried :] for name, values in self.columns.items()}
        return Rows(columns, 0, self.instrument, self.texts)

    def at_each(self, instants: Array) -> Array:
        """The row in force at each of these instants, or -1 before the first."""
        found: Array = np.searchsorted(self["epoch_s"], instants, side="right") - 1
        return found

    def at(self, epoch_s: float) -> int:
        """The row in force at `epoch_s`, or -1 before the first."""
        return int(np.searchsorted(self["epoch_s"], epoch_s, side="right")) - 1


class Bound:
    """One side of what may have been there."""

    __slots__ = ("_rows", "_side")

    def __init__(self, rows: Rows, side: int) -> None:
        self._rows, self._side = rows, side

    def __getitem__(self, name: str) -> Array:
        return self._rows.bounds(name)[self._side]

    def highest(self, name: str) -> Array:
        return highest_of(self[name])

    def current(self) -> Array:
        return current_of(self)


def joined(some: list[Rows], carried: int = 0) -> Rows:
    """Rows of one connector that follow each other, as one; the first so many were judged before."""
    if len(some) == 1:
        return some[0]
    columns = {name: np.concatenate([rows[name] for rows in some]) for name in some[0].columns}
    return Rows(columns, carried, some[0].instrument, some[0].texts)


KEEP_PARTS = 8  # an outage of a week still finds its telemetry
CARRY_S = 900.0  # so far a check may look back across midnight


class Telemetry:
    """The newest part per connector, the end of the one before in front, and a history of the energy."""

    def __init__(self) -> None:
        self.parts: dict[int, Rows] = {}
        self.until = float("-inf")
        self.recorded = False  # is there any?
        self.instrument = EXACT
        self._kept: dict[int, list[Rows]] = {}
        self._ran_back: set[int] = set()  # connectors whose energy was once less than before
        self._instants: Array | None = None
        self._at_instants: dict[int, Array] = {}

    def add(self, part: dict[int, list[Rows]]) -> None:
        """The rows of each connector, in one piece or several."""
        self._instants = None
        self._at_instants.clear()
        for connector, pieces in part.items():
            before = self.parts.get(connector)
            carried = [] if before is None else [before.since(float(before["epoch_s"][-1]) - CARRY_S)]
            rows = self.parts[connector] = joined([*carried, *pieces], sum(map(len, carried)))
            self._kept[connector] = [*self._kept.get(connector, ()), rows][-KEEP_PARTS:]
            energy_wh = rows["energy_wh"][rows.carried :]
            if (energy_wh[1:] - energy_wh[:-1] < -2.0 * self.instrument.energy.digit).any():
                self._ran_back.add(connector)
            self.until = max(self.until, float(rows["epoch_s"][-1]))

    def instants(self) -> Array:
        """Those of the rows of all connectors, in order, each once."""
        if self._instants is None:
            self._instants = distinct(*(rows["epoch_s"] for rows in self.parts.values()))
        return self._instants

    def at_instants(self, connector: int) -> Array:
        """The connector's row in force at each of `instants`, or -1 before the first."""
        if connector not in self._at_instants:
            self._at_instants[connector] = self.parts[connector].at_each(self.instants())
        return self._at_instants[connector]

    def kept(self, connector: int) -> list[Rows]:
        """The latest parts, oldest first, each with the end of the one before in front."""
        return self._kept.get(connector, [])

    def energy_slack(self, connector: int, grown_wh: Array, shown_wh: Array) -> Array:
        """How far a growth of the energy may be off, up to what is shown.

        A register has one gain all along; readings that run back are off each by itself.
        """
        if self.instrument.is_exact:
            return np.zeros(len(grown_wh))
        alike = connector not in self._ran_back
        return self.instrument.energy_slack(grown_wh if alike else 2.0 * shown_wh)

    def energy(self, connector: int, since: float) -> dict[str, Array] | None:
        """epoch_s, energy_wh, register_wh and p_w of the latest days, `since` among them."""
        kept = self._kept.get(connector, [])
        if not kept:
            return None
        begins = [float(rows["epoch_s"][rows.carried]) for rows in kept]
        kept = kept[max(bisect_right(begins, since) - 1, 0) :]
        names = ("epoch_s", "energy_wh", "register_wh", "p_w")
        return {name: np.concatenate([rows[name][rows.carried :] for rows in kept]) for name in names}


def parts(
    directory: Path, time: StationTime, instrument: Instrument = EXACT, growth: Growth = COMPLETE
) -> Iterator[dict[int, Rows]]:
    """The closed parts in order, in the time that is judged in. One that cannot be read is refused.

    While they are being written it ends the evidence.
    """
    texts = Texts()
    for path in closed_parts(directory, growth):
        try:
            table = read_part(path, WANTED)
        except BadInput:
            if growth is COMPLETE:
                raise
            return
        yield _split(table, time, instrument, texts)


def _split(table: pa.Table, time: StationTime, instrument: Instrument, texts: Texts) -> dict[int, Rows]:
    columns = {name: _floats(table[name]) for name in SCALARS}
    columns |= {name: np.array([to_numpy(table[phase]) for phase in VECTORS[name]]) for name in VECTORS}
    columns |= {name: texts.codes(table[name]) for name in TEXTS}
    columns["t_s"] = columns.pop("t")
    columns["epoch_s"] = time.epochs(columns["t_s"])
    connectors = to_numpy(table["connector"])
    found = {}
    for connector in distinct(connectors).tolist():
        keep = np.flatnonzero(connectors == connector)
        kept = {name: values.take(keep, axis=-1) for name, values in columns.items()}
        kept |= {name: kept[name].T for name in VECTORS}  # N x 3, of which each phase lies together
        found[int(connector)] = Rows(kept, 0, instrument, texts)
    return found


def _floats(column: pa.ChunkedArray) -> Array:
    return np.asarray(to_numpy(column), float)  # arrow's own cast would load all that it can compute
