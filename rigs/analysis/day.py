"""One connector over one day, as figures show it: its telemetry, its cars, its readings, its errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest
from evc5.rigs.analysis.visits import Visit, visits
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array, Columns
from evc5.rigs.recording.reading.shapes import readings
from evc5.rigs.recording.reading.telemetry_columns import phase_names

CAPABILITY, OFFERED, FLOWS = (phase_names(quantity) for quantity in ("capability", "offered", "i"))
COLUMNS = (
    *("t", "status", *CAPABILITY, *OFFERED, *FLOWS, "limited_by"),
    *("p_w", "energy_wh", "register_wh", "soc", "temp_c"),
)
LINE_WIDTHS = {1: [1.8], 2: [3.4, 1.3], 3: [4.2, 2.2, 0.9]}  # lines that meet stay visible
_REGISTER = "Energy.Active.Import.Register"
_HEAT_K = 0.5  # temperature is shown where it varies by more
_ALIKE_A = 0.05


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of it; `present` are the cars that stood there."""

    run: Recorded
    connector: int
    window: Window
    rows: Columns
    present: list[Visit]

    @property
    def name(self) -> str:
        return f"Connector {self.connector} · {self.window.name()}"

    @property
    def has_heat(self) -> bool:
        return bool(len(self.rows["t"])) and bool(np.ptp(self.rows["temp_c"]) > _HEAT_K)

    def errors(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Findings within it that are errors, each with its number in the summary."""
        for index, finding in enumerate(self.run.findings):
            mine = finding["severity"] == "error" and finding["connector"] in (self.connector, None)
            if mine and self.window.since_s <= finding["t"] < self.window.until_s:
                yield index, finding


def day(run: Recorded, connector: int, window: Window) -> Day:
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, COLUMNS, connector, window.since_s, window.until_s)
    span = {"since_s": window.since_s, "until_s": window.until_s}
    present = [visit for visit in visits(run.directory, run.end_s, **span) if visit.connector == connector]
    return Day(run, connector, window, rows, present)


def summary(rows: Columns, present: list[Visit]) -> str:
    if not len(rows["t"]):
        return "nothing was recorded"
    kwh = (rows["energy_wh"][-1] - rows["energy_wh"][0]) / 1000
    peak_a = np.fmax.reduce(highest(rows, FLOWS), initial=0.0)
    cars = f"{len(present)} car{'s' * (len(present) != 1)}"
    return f"{kwh:.1f} kWh delivered · {cars} · at most {peak_a:.1f} A per phase"


def stretches(rows: Columns, column: str = "status") -> Iterator[tuple[str, float, float]]:
    """The words of a column one after the other, each with its begin and end, those not known left out."""
    words = rows[column]
    t_s = rows["t"]
    if not len(t_s):
        return
    starts = np.flatnonzero(np.concatenate([[True], words[1:] != words[:-1]]))
    for begin, end in zip(starts, [*starts[1:], len(t_s) - 1], strict=True):
        if words[begin] is not None:
            yield str(words[begin]), float(t_s[begin]), float(t_s[end])


def limits(rows: Columns) -> list[tuple[str, float, float]]:
    """What held the current down, and from when to when; nothing is said of stretches without a limit."""
    return [row for row in stretches(rows, "limited_by") if row[0] != "none" and row[2] > row[1]]


def alike(currents: Mapping[str, Array]) -> list[tuple[list[str], Array]]:
    """The phases, those that carry the same all day as one."""
    groups: list[tuple[list[str], Array]] = []
    for name, values in currents.items():
        same = [group for group in groups if np.allclose(group[1], values, rtol=0, atol=_ALIKE_A)]
        if same:
            same[0][0].append(name)
        else:
            groups.append(([name], values))
    return groups


def clock_points(run: Recorded, connector: int, window: Window) -> list[tuple[float, float]]:
    """Instant (seconds of the run) and register (Wh) of the clock-aligned readings that arrived."""
    points: list[tuple[float, float]] = []
    if not run.keeps("messages"):
        return points
    for frame in run.frames("MeterValues", since=max(window.since_s, 0.0), until=window.until_s + 60.0):
        if frame.lost or frame.payload.get("connectorId") != connector:
            continue
        for reading in readings(frame.payload):
            for value in reading.get("sampledValue", ()):
                if value.get("context") == "Sample.Clock" and _is_register(value):
                    points += _point(run, reading.get("timestamp", ""), value)
    return sorted(point for point in points if window.since_s <= point[0] < window.until_s)


def _point(run: Recorded, stamp: str, value: Mapping[str, str]) -> list[tuple[float, float]]:
    """Instant and register, where both can be read."""
    try:
        wh = float(value.get("value", "")) * (1000.0 if value.get("unit") == "kWh" else 1.0)
        return [(run.seconds(stamp), wh)]
    except ValueError:
        return []


def _is_register(value: dict[str, str]) -> bool:
    return value.get("measurand", _REGISTER) == _REGISTER and "phase" not in value
