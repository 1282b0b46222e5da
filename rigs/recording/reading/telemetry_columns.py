"""The columns of telemetry, one number each: from this table come its files' schema and all descriptions.

Null means not known, never 0. Amps and volts are per phase, L1 to L3; power flows towards the car.
"""

from typing import NamedTuple

import pyarrow as pa


class Column(NamedTuple):
    """One column of telemetry; `unit` is empty where it has none."""

    name: str
    type: pa.DataType
    unit: str
    description: str


_NUMBER = pa.float64()
_COUNT = pa.int64()
_TEXT = pa.dictionary(pa.int32(), pa.string())  # few different ones, each in many rows


def phase_names(quantity: str, unit: str = "a") -> tuple[str, str, str]:
    """The columns of one quantity on L1, L2 and L3: `offered` is `offered1_a`, `offered2_a`, `offered3_a`."""
    first, second, third = (f"{quantity}{phase}_{unit}" for phase in (1, 2, 3))
    return first, second, third


def _phases(quantity: str, unit: str, description: str) -> list[Column]:
    names = phase_names(quantity, unit.lower())
    return [Column(name, _NUMBER, unit, f"L{n}: {description}") for n, name in enumerate(names, 1)]


COLUMNS = (
    Column("t", _NUMBER, "s", "seconds since the run's start; the row is the state just after it"),
    Column("at", pa.timestamp("us", tz="UTC"), "", "the same instant in UTC"),
    Column("connector", _COUNT, "", "number of the connector, from 1"),
    Column("pilot", _TEXT, "", "state of the control pilot, A to F (IEC 61851-1)"),
    Column("duty_pct", _NUMBER, "%", "duty cycle of the control pilot; 100 is a steady line, no PWM"),
    Column("status", _TEXT, "", "status of the connector in OCPP's words"),
    Column("phases", _COUNT, "", "phases that conduct, 0 to 3"),
    *_phases("demand", "A", "what the car would draw if nothing limited it; null without a car"),
    *_phases("capability", "A", "what ratings, cable and heat permit"),
    *_phases("allocated", "A", "what profiles and sharing leave of it"),
    *_phases("offered", "A", "what the control pilot offers the car; 0 without PWM"),
    *_phases("i", "A", "current that flows"),
    Column(
        "limited_by",
        _TEXT,
        "",
        "what holds the current down: none, car, cable, rated, station, temperature, profile, sharing, grid,"
        " minimum or fault",
    ),
    *_phases("u", "V", "voltage"),
    Column("p_w", _NUMBER, "W", "active power at the outlet"),
    Column("pf", _NUMBER, "", "power factor, power over the sum of volts times amps; null at zero current"),
    Column("energy_wh", _NUMBER, "Wh", "energy delivered since the run's start"),
    Column("register_wh", _NUMBER, "Wh", "what the kWh meter shows"),
    Column("soc", _NUMBER, "", "state of charge of the car's battery, 0 to 1; null without a car"),
    Column("temp_c", _NUMBER, "°C", "temperature of the socket's contacts"),
)
NAMES = tuple(column.name for column in COLUMNS)
TEXTS = tuple(column.name for column in COLUMNS if column.type == _TEXT)
TYPES = {column.name: column.type for column in COLUMNS}
SCHEMA = pa.schema(
    [
        pa.field(name, type_, metadata={"unit": unit, "description": description})
        for name, type_, unit, description in COLUMNS
    ]
)
