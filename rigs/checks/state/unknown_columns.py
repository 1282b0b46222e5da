"""Telemetry that nobody measured: what reads a column without a value is not judged by that part."""

from collections.abc import Iterable, Mapping

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import VECTORS, Rows

CURRENTS = ("i1_a", "i2_a", "i3_a")
VOLTAGES = ("u1_v", "u2_v", "u3_v")
CONTACTOR = ("pilot", "offered_a", "phases", "u1_v")
ALLOCATION = ("pilot", "u1_v", "phases", "capability_a", "allocated_a")

# What each requirement reads of telemetry; soc is left out, which is null without a car.
READS: dict[str, tuple[str, ...]] = {
    "status.true": ("status", "pilot", "offered_a", "phases"),
    "status.told": ("status",),
    "status.charging": ("status", "pilot", "offered_a", "phases"),
    "status.hasty-suspension": ("status", "pilot", "offered_a"),
    "status.preparing": ("status", "pilot"),
    "service.idle": ("allocated_a",),
    "service.offered": ("pilot", "allocated_a", "offered_a"),
    "service.served": ("pilot", "allocated_a", "limited_by"),
    "service.told": ("status", *CURRENTS),
    "service.phases": ("offered_a", "phases"),
    "service.full": ("pilot", "u1_v", "offered_a"),
    "service.cut": ALLOCATION,
    "service.reason": (*ALLOCATION, "limited_by"),
    "charging.all-phases": ("pilot", "u1_v", "phases"),
    "charging.limit": ("offered_a",),
    "charging.power": ("p_w", *VOLTAGES),
    "charging.exact": ("allocated_a", "limited_by"),
    "charging.station-limit": CURRENTS,
    "charging.current": CURRENTS,
    "charging.phases": ("phases",),
    "electrical.faulted": ("status", "offered_a"),
    "electrical.mains": ("offered_a", "phases", "u1_v", *CURRENTS),
    "electrical.contactor-load": ("pilot", "offered_a", "phases", *CURRENTS),
    "electrical.contactor-close": CONTACTOR,
    "electrical.contactor-open": CONTACTOR,
    "electrical.handover": ("offered_a", "phases"),
    "electrical.capability": ("offered_a",),
    "electrical.allocation": ("offered_a", "allocated_a"),
    "electrical.station-limit": CURRENTS,
    "electrical.permission": ("offered_a",),
    "electrical.pwm-period": ("duty_pct",),
    "electrical.phase-switch": ("phases",),
    "electrical.phase-pause": ("phases",),
    "electrical.phase-dwell": ("phases",),
    "electrical.offer": ("offered_a", *CURRENTS),
    "electrical.power": ("p_w", "pf", *CURRENTS, *VOLTAGES),
    "electrical.energy": ("p_w", "energy_wh", "offered_a", *VOLTAGES),
    "metering.true-energy": ("p_w", "energy_wh"),
}
NAMES = frozenset(name for names in READS.values() for name in names)


def unjudged(part: Mapping[int, Rows]) -> dict[str, dict[int, str]]:
    """By requirement and connector: what this part of telemetry lacks to put it to the test."""
    found: dict[str, dict[int, str]] = {}
    for connector, rows in part.items():
        unknown = _unknown(rows)
        for id, names in READS.items() if unknown else ():
            lacking = [name for name in names if name in unknown]
            if lacking:
                found.setdefault(id, {})[connector] = _words(lacking)
    return found


def _unknown(rows: Rows) -> frozenset[str]:
    """The columns without a value; the power factor is null anyway where nothing flows."""
    found = {name for name in NAMES if not _is_told(rows[name])}
    flows = any((rows[name] > 0).any() for name in CURRENTS)
    return frozenset(found if flows else found - {"pf"})


def _is_told(values: Array) -> bool:
    if values.dtype.kind == "i":  # codes of texts
        return bool((values >= 0).any())
    return not bool(np.isnan(values[:1]).all() and np.isnan(values).all())


def _words(names: Iterable[str]) -> str:
    columns = [column for name in names for column in VECTORS.get(name, (name,))]
    return f"telemetry without {', '.join(columns)}: record {'it' if len(columns) == 1 else 'them'}"
