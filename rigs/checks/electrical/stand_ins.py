"""What stands for columns that only a controller knows, where telemetry was measured at the outlet.

The offer stands for the allocation: the pilot tells what the station gives. The cable that was plugged in
stands for the capability, and the contacts' temperature says whether heat may have taken from it.
"""

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Columns, Rows
from evc5.rigs.checks.state.connectors import Connectors

COOL_C = 50.0  # assumed: no charger's published derating of an AC outlet begins below


def is_told(rows: Columns, name: str) -> bool:
    """Is there a value of this vector at all?"""
    values = rows[name]
    return bool(np.isfinite(values[:1]).any() or np.isfinite(values).any())


def allocated(rows: Rows) -> Array:
    """What is allocated, row by row; where that is not told, what is offered."""
    return rows.highest("allocated_a" if is_told(rows, "allocated_a") else "offered_a")


def capability(rows: Rows, connector: int, connectors: Connectors, side: Columns | None = None) -> Array:
    """What cable and heat permit; where that is not told, the cable alone, infinite where none is known."""
    if is_told(rows, "capability_a"):
        return (side or rows).highest("capability_a")
    return connectors.cable_a(connector, rows["epoch_s"])


def is_cool(rows: Rows) -> Array:
    """Rows in which heat takes nothing away, or what it takes is told."""
    if is_told(rows, "capability_a"):
        return np.ones(len(rows), bool)
    cool: Array = rows.high["temp_c"] < COOL_C
    return cool
