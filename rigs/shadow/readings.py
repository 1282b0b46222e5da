"""What the metal's meter said, told in frames or read by instruments, against the twin's electrical world."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evc5.rigs.analysis.run import Run
from evc5.rigs.shadow.metal import Metal

NEAR_S = (
    5.0  # a change of the twin so near to a reading may have come before or after it; IEC 61851-1's reaction
)
PHASES = ("L1", "L2", "L3")
TOLD = {
    "Current.Import": "current",
    "Current.Offered": "offer",
    "Voltage": "voltage",
    "Power.Active.Import": "power",
}
COLUMNS = {"current": "i{}_a", "offer": "offered{}_a", "voltage": "u{}_v"}
KILO = {"kW": 1000.0}

Row = tuple[
    str, float, float, int, str
]  # quantity, twin less metal, seconds of the twin's run, connector, what


def readings(metal: Metal, twin: Run) -> Iterator[Row]:
    """Each reading of the metal as far from what the twin had meanwhile: 0 where that includes it."""
    world = dict(iter(twin.telemetry.groupby("connector")))
    for connector, column, quantity, read in told(metal):
        rows = world.get(connector)
        if rows is None:
            continue
        low, high = _around(rows["t"].to_numpy(), rows[column].to_numpy(dtype=float), read["t_s"].to_numpy())
        values = read["value"].to_numpy(dtype=float)
        off = np.where(values > high, high - values, np.where(values < low, low - values, 0.0))
        for value, t_s in zip(off, read["t_s"], strict=True):
            if np.isfinite(value):
                yield quantity, float(value), float(t_s), connector, column


def told(metal: Metal) -> Iterator[tuple[int, str, str, pd.DataFrame]]:
    """Readings by connector and column of telemetry, in seconds of the twin's run."""
    measured = metal.run.summary.get("telemetry", {}).get("source") == "measured"
    yield from _measured(metal) if measured else _in_frames(metal)


def _measured(metal: Metal) -> Iterator[tuple[int, str, str, pd.DataFrame]]:
    for connector, rows in metal.run.telemetry.groupby("connector"):
        columns = {name.format(k): quantity for quantity, name in COLUMNS.items() for k in (1, 2, 3)}
        for column, quantity in {**columns, "p_w": "power"}.items():
            told = pd.DataFrame({"t_s": rows["t"] - metal.began_s, "value": rows[column]}).dropna()
            if len(told):
                yield int(str(connector)), column, quantity, told[told["t_s"] >= 0.0]


def _in_frames(metal: Metal) -> Iterator[tuple[int, str, str, pd.DataFrame]]:
    rows = metal.run.meter_values.reset_index()
    rows = rows[rows["measurand"].isin(list(TOLD)) & (rows["connector"] > 0) & rows["value"].notna()]
    rows = rows.assign(
        t_s=(rows["at"] - pd.Timestamp(metal.start)).dt.total_seconds(),
        value=rows["value"] * [KILO.get(unit, 1.0) for unit in rows["unit"]],
        phase=rows["phase"].astype("object").where(rows["phase"].notna(), ""),
    )
    for (connector, measurand, phase), told in rows[rows["t_s"] >= 0.0].groupby(
        ["connector", "measurand", "phase"], observed=True
    ):
        quantity = TOLD[str(measurand)]
        column = _column(quantity, str(phase).removesuffix("-N"))
        if column is not None:
            yield int(str(connector)), column, quantity, told[["t_s", "value"]]


def _column(quantity: str, phase: str) -> str | None:
    """The column that a reading is of; None where the world has none."""
    if quantity == "power":
        return "p_w" if phase == "" else None
    if quantity == "offer" and phase == "":
        phase = "L1"
    return COLUMNS[quantity].format(PHASES.index(phase) + 1) if phase in PHASES else None


def _around(t_s: np.ndarray, values: np.ndarray, at_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most that a column of states was within NEAR_S of each instant."""
    first = np.maximum(np.searchsorted(t_s, at_s - NEAR_S, side="right") - 1, 0)
    last = np.searchsorted(t_s, at_s + NEAR_S, side="right")
    low, high = np.full(len(at_s), np.nan), np.full(len(at_s), np.nan)
    for n, (begin, end) in enumerate(zip(first, last, strict=True)):
        some = values[begin : max(end, begin + 1)]
        if len(some) and not np.isnan(some).all():
            low[n], high[n] = np.nanmin(some), np.nanmax(some)
    return low, high
