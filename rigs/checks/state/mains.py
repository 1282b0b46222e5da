"""When the grid leaves its band: what a station does meanwhile is its own affair."""

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows

LEAST_V = 207.0  # EN 50160: 10 % below 230 V; beyond, a station may fault its connector
MOST_V = 253.0  # EN 50160: and 10 % above


class Mains:
    """Learns from telemetry which conductors a connector has: one that was never live is none."""

    def __init__(self) -> None:
        self._wired: dict[int, set[str]] = {}

    def is_off(self, connector: int, rows: Rows) -> Array:
        """Rows in which a conductor is dead, or its voltage is outside the band."""
        wired, found = self._wired.setdefault(connector, set()), np.zeros(len(rows["u1_v"]), bool)
        low, high = rows.low, rows.high
        for name in ("u1_v", "u2_v", "u3_v"):
            if name not in wired and (rows[name] > 0.0).any():
                wired.add(name)
            if name in wired:
                found |= (low[name] < LEAST_V) | (high[name] > MOST_V)
        return found
