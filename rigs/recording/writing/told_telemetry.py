"""Telemetry of a charge point that nobody measured: what its own meter told, a row a reading.

For tables and figures alone: the judge never holds a station's words against themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from evc5.rigs.recording.reading import run_directory
from evc5.rigs.recording.reading.frames import frame_of, heads
from evc5.rigs.recording.reading.shapes import readings, whole
from evc5.rigs.recording.reading.telemetry_columns import phase_names
from evc5.rigs.recording.writing.measured_telemetry import MeasuredTelemetry
from evc5.twin.clock import Calendar

SOURCE = "meter_values"
PHASED = {  # measurand: a column a phase
    "Current.Import": phase_names("i"),
    "Current.Offered": phase_names("offered"),
    "Voltage": phase_names("u", "v"),
}
WHOLE = {  # measurand: one column
    "Power.Active.Import": "p_w",
    "Energy.Active.Import.Register": "register_wh",
    "SoC": "soc",
    "Temperature": "temp_c",
}
FACTORS = {"kW": 1e3, "kWh": 1e3, "Percent": 0.01, "Fahrenheit": 1.0 / 1.8}  # to the column's unit
ZEROS = {"Fahrenheit": 32.0, "K": 273.15}  # what 0 °C is in it
OUTLET = "Outlet"  # where a value is of that tells no location (OCPP 1.6, 7.43), and telemetry's rows are
PHASES = ("L1", "L2", "L3")
LEAST_A = 0.5  # assumed: a phase that carries less does not conduct
ACTIONS = ("MeterValues", "StatusNotification")


def tell(directory: Path, calendar: Calendar) -> bool:
    """Make telemetry of a recording's MeterValues; False, and nothing written, where none has a number."""
    telemetry = MeasuredTelemetry(directory / run_directory.TELEMETRY, calendar)
    told = False
    for t_s, connector, columns in _rows(directory, calendar):
        telemetry.read(t_s, connector, columns)
        told = True
    telemetry.checkpoint()
    return told


@dataclass(slots=True, eq=False, repr=False)
class _Connector:
    """What a connector told last."""

    status: str | None = None
    began_wh: float | None = None


def _rows(directory: Path, calendar: Calendar) -> Iterator[tuple[float, int, dict[str, Any]]]:
    """Readings in the order in which they were told, none before the last one or after its frame."""
    told: dict[int, _Connector] = {}
    latest_s = 0.0
    for head, line in heads(run_directory.messages(directory), actions=ACTIONS):
        if head.kind != "CALL" or head.dir != "up" or head.lost:
            continue
        payload = frame_of(head, line).payload
        number = whole(payload.get("connectorId"))
        if number is None or number < 1:
            continue
        connector = told.setdefault(number, _Connector())
        if head.action == "StatusNotification":
            status = payload.get("status")
            connector.status = status if isinstance(status, str) else None
            continue
        for reading in readings(payload):
            columns = _columns(reading, connector)
            if columns:
                latest_s = min(max(_stamp_s(reading, calendar, head.t), latest_s), head.t)
                yield latest_s, number, {**columns, "status": connector.status}


def _stamp_s(reading: Mapping[str, Any], calendar: Calendar, told_s: float) -> float:
    """The reading's own moment; that of its frame where it has none that can be read."""
    try:
        at = datetime.fromisoformat(reading["timestamp"])
    except (KeyError, ValueError):
        return told_s
    return calendar.t(at.timestamp()) if at.tzinfo is not None else told_s


def _columns(reading: Mapping[str, Any], connector: _Connector) -> dict[str, Any]:
    """What of it telemetry has a column for."""
    columns: dict[str, Any] = {}
    phases_w: list[float] = []
    for value in sorted(reading.get("sampledValue", ()), key=_is_at_outlet):  # that one holds, if any is
        number = _number(value)
        if number is None:
            continue
        measurand = value.get("measurand", "Energy.Active.Import.Register")
        phase = value.get("phase", "").removesuffix("-N")
        if measurand in PHASED:
            columns |= _by_phase(measurand, phase, number)
        elif measurand == "Power.Active.Import" and phase in PHASES:
            phases_w.append(number)
        elif measurand in WHOLE and not phase and (measurand != "Temperature" or _is_at_outlet(value)):
            columns[WHOLE[measurand]] = number
    if len(phases_w) == len(PHASES):
        columns.setdefault("p_w", sum(phases_w))
    return _completed(columns, connector)


def _is_at_outlet(value: Mapping[str, Any]) -> bool:
    return bool(value.get("location", OUTLET) == OUTLET)


def _by_phase(measurand: str, phase: str, number: float) -> dict[str, float]:
    """A phase's own column; an offer without a phase is that of each."""
    if phase in PHASES:
        return {PHASED[measurand][PHASES.index(phase)]: number}
    return dict.fromkeys(PHASED[measurand], number) if measurand == "Current.Offered" and not phase else {}


def _completed(columns: dict[str, Any], connector: _Connector) -> dict[str, Any]:
    """With what follows from it: energy since the first register, and the phases that conduct."""
    if "register_wh" in columns:
        if connector.began_wh is None:
            connector.began_wh = columns["register_wh"]
        columns["energy_wh"] = columns["register_wh"] - connector.began_wh
    amps = [columns[name] for name in PHASED["Current.Import"] if name in columns]
    if amps:
        columns["phases"] = sum(one >= LEAST_A for one in amps)
    return columns


def _number(value: Mapping[str, Any]) -> float | None:
    try:
        unit = value.get("unit", "")
        number = (float(value["value"]) - ZEROS.get(unit, 0.0)) * FACTORS.get(unit, 1.0)
    except (KeyError, TypeError, ValueError):
        return None
    return number if isfinite(number) else None
