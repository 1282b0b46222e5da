"""Meter values: what each number of a list of sampled values is of, with the defaults of OCPP filled in."""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

from evc5.rigs.checks.reading.instants import epoch

PHASES = ("L1", "L2", "L3")

# OCPP 1.6 sections 7.31-7.45: what an absent field means.
DEFAULT_MEASURAND = "Energy.Active.Import.Register"
DEFAULT_CONTEXT = "Sample.Periodic"
DEFAULT_LOCATION = "Outlet"
DEFAULT_UNIT = "Wh"
MOST_AC_W = 3 * 80.0 * 253.0  # IEC 61851-1 Annex A: a pilot offers 80 A at most; EN 50160: 230 V and 10 %
MOST_W = 1e6  # assumed: no outlet gives a megawatt; what is beyond is a value that cannot be
PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)  # a number that JSON takes as it is
KILO = {"kWh": 1000.0, "kW": 1000.0, "kvar": 1000.0, "kVA": 1000.0, "kvarh": 1000.0}


class Column(NamedTuple):
    """What one sampled value is of; `scale` takes it to the unit without kilo."""

    measurand: str
    phase: str | None
    context: str
    location: str
    unit: str | None
    format: str
    says_context: bool = True  # else the context is what its absence means

    @property
    def scale(self) -> float:
        return KILO.get(self.unit or "", 1.0)


@dataclass(slots=True, eq=False, repr=False)
class Layout:
    """The columns of one list of sampled values; compared by identity, one object per layout."""

    columns: tuple[Column, ...]
    context: str  # of the first value; mixed layouts are told apart by `mixed`
    mixed: bool
    register: int | None  # the column of the total energy register
    register_scale: float

    def find(self, measurand: str, phase: str | None = None) -> int | None:
        """Where this measurand on this phase stands (L1-N counts as L1)."""
        return _place(self, measurand, phase)


@lru_cache(maxsize=4096)
def _place(layout: Layout, measurand: str, phase: str | None) -> int | None:
    named = enumerate(layout.columns)
    return next((k for k, c in named if c.measurand == measurand and line(c.phase) == phase), None)


def line(phase: str | None) -> str | None:
    """The conductor a phase label speaks of: L1-N is L1."""
    return phase.removesuffix("-N") if phase else phase


def is_alternating(layout: Layout) -> bool:
    """Does it tell of conductors of alternating current?"""
    return any(line(column.phase) in PHASES for column in layout.columns)


class Reading:
    """One meter value: one instant's list of numbers."""

    __slots__ = ("connector", "epoch_s", "layout", "stamp", "texts", "transaction", "values")

    def __init__(
        self,
        epoch_s: float,
        connector: int,
        transaction: int | None,
        stamp: float,
        layout: Layout,
        values: list[float],
        texts: list[bytes],
    ) -> None:
        self.epoch_s, self.connector, self.transaction = epoch_s, connector, transaction
        self.stamp, self.layout, self.values = stamp, layout, values
        self.texts = texts  # the numbers as they were written: their digits tell the resolution

    def get(self, measurand: str, phase: str | None = None) -> float | None:
        at = self.layout.find(measurand, phase)
        return None if at is None else self.values[at] * self.layout.columns[at].scale

    @property
    def register(self) -> float | None:
        at = self.layout.register
        return None if at is None else self.values[at] * self.layout.register_scale


_layouts: dict[tuple[Column, ...], Layout] = {}


def layout_of(columns: tuple[Column, ...]) -> Layout:
    known = _layouts.get(columns)
    if known is None:
        contexts = {column.context for column in columns}
        at = next(
            (i for i, c in enumerate(columns) if c.measurand == DEFAULT_MEASURAND and not c.phase), None
        )
        scale = 1.0 if at is None else columns[at].scale
        known = _layouts[columns] = Layout(columns, columns[0].context, len(contexts) > 1, at, scale)
    return known


def column_of(sampled: dict[str, Any]) -> Column:
    measurand = sampled.get("measurand", DEFAULT_MEASURAND)
    unit = sampled.get("unit", DEFAULT_UNIT if measurand.startswith("Energy.") else None)
    return Column(
        measurand,
        sampled.get("phase"),
        sampled.get("context", DEFAULT_CONTEXT),
        sampled.get("location", DEFAULT_LOCATION),
        unit,
        sampled.get("format", "Raw"),
        "context" in sampled,
    )


def number(sampled: dict[str, Any]) -> float:
    """A raw value as a number; ValueError where it is none. Signed data has no number to judge: nan."""
    if sampled.get("format") == "SignedData":
        return float("nan")
    return finite(sampled["value"])


def finite(text: str) -> float:
    """A number that is one: ValueError for `NaN` and what goes beyond all numbers, too."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"a number must be finite, got {text!r}")
    return value


def written(sampled: dict[str, Any]) -> bytes:
    """A raw value as a JSON number, with the digits it was written with; null where it is none."""
    value = number(sampled)
    if value != value:
        return b"null"
    text = str(sampled["value"]).strip()
    return text.encode() if PLAIN.fullmatch(text) else repr(value).encode()


def read(
    items: list[dict[str, Any]], epoch_s: float, connector: int, transaction: int | None
) -> list[Reading]:
    """The readings of a valid `meterValue` or `transactionData` list, stamped in epoch seconds."""
    return [
        Reading(
            epoch_s,
            connector,
            transaction,
            epoch(item["timestamp"]),
            layout_of(tuple(map(column_of, item["sampledValue"]))),
            list(map(number, item["sampledValue"])),
            list(map(written, item["sampledValue"])),
        )
        for item in items
        if item["sampledValue"]
    ]
