"""Who stood where and what they got: plug-in to unplug, with the energy that flowed meanwhile."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evc5.models.units import DAY_S
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array
from evc5.rigs.recording.reading.events import events


@dataclass(frozen=True, slots=True)
class Visit:
    """One car at one connector; `unplug_s` is None while it is there."""

    connector: int
    vehicle: str
    plug_in_s: float
    unplug_s: float | None
    needed_wh: float | None  # as the rig's session asked
    energy_wh: float  # delivered at the outlet


def visits(
    directory: Path, end_s: float, *, since_s: float = -math.inf, until_s: float = math.inf
) -> list[Visit]:
    """The visits that touch [since_s, until_s), in the order of their plug-in, from events and telemetry."""
    rows = [row for row in _plugged(directory) if row["t"] < until_s and (row["end"] or end_s) > since_s]
    return _read(directory, rows, end_s, {})[0]


def visits_and_energies(
    directory: Path, end_s: float, wanted: Mapping[int, Array]
) -> tuple[list[Visit], dict[int, Array]]:
    """All visits, and what `energy_at` says of the instants wanted: telemetry is read once for both."""
    return _read(directory, _plugged(directory), end_s, wanted)


def _read(
    directory: Path, rows: list[dict[str, Any]], end_s: float, wanted: Mapping[int, Array]
) -> tuple[list[Visit], dict[int, Array]]:
    ends: dict[int, list[float]] = {}
    for row in rows:
        end = end_s if row["end"] is None else row["end"]
        ends.setdefault(row["connector"], []).extend((row["t"], end))
    asked = {c: np.concatenate([ends.get(c, ()), wanted.get(c, ())]) for c in {**wanted, **ends}}
    found = energy_at(directory, asked)
    of_rows = {c: iter(found[c]) for c in ends}
    told = [_visit(row, *(next(of_rows[row["connector"]]) for _ in range(2))) for row in rows]
    return told, {c: found[c][len(ends.get(c, ())) :] for c in wanted}


def energy_at(directory: Path, wanted: Mapping[int, Array]) -> dict[int, Array]:
    """The true energy of each connector at the instants wanted: of the last row at or before each, in Wh.

    Exact where telemetry has a row: at every event, each midnight of UTC, the first and the last instant.
    Only the days around the instants are read.
    """
    found = {connector: np.zeros(len(t_s)) for connector, t_s in wanted.items()}
    every = np.concatenate([*wanted.values(), [math.inf]])
    window = {"since_s": every.min() - DAY_S, "until_s": every[:-1].max(initial=-math.inf) + 1.0}
    columns = ("t", "connector", "energy_wh")
    for rows in telemetry.parts(directory / run_directory.TELEMETRY, columns, **window):
        t_s, connectors, energy_wh = (rows[name] for name in columns)
        for connector, instants in wanted.items():
            mine = connectors == connector
            index = np.searchsorted(t_s[mine], instants, side="right") - 1
            known = index >= 0
            found[connector][known] = energy_wh[mine][index[known]]
    return found


def _plugged(directory: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    here: dict[int, dict[str, Any]] = {}
    for row in events(directory / run_directory.EVENTS):
        if row["event"] == "plug-in":
            here[row["connector"]] = row | {"end": None}
            rows.append(here[row["connector"]])
        elif row["event"] == "unplug" and row["connector"] in here:
            here.pop(row["connector"])["end"] = row["t"]
    return rows


def _visit(row: Mapping[str, Any], first_wh: float, last_wh: float) -> Visit:
    detail = row["detail"]
    needed = detail.get("needed_wh")
    return Visit(
        connector=row["connector"],
        vehicle=str(detail.get("vehicle") or "car"),
        plug_in_s=row["t"],
        unplug_s=row["end"],
        needed_wh=None if needed is None or math.isnan(needed) else float(needed),
        energy_wh=float(last_wh - first_wh),
    )
