"""When the grid leaves its band: what a station does meanwhile is its own affair."""

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows

LEAST_V = 207.0  # EN 50160: 10 % below 230 V; beyond, a station may fault its connector
MOST_V = 253.0  # EN 50160: and 10 % above


class Mains:
    """Learns from telemetry which conductors a connector has: one that was never live is none."""

    def __init__(self) -> None:
        self._wired: dict[int, Array] = {}

    def is_off(self, connector: int, rows: Rows) -> Array:
        """Rows in which a conductor is dead, or its voltage is outside the band."""
        u_v = np.array([rows[f"u{phase}_v"] for phase in (1, 2, 3)])
        wired = self._wired.get(connector, np.zeros(3, bool)) | (u_v > 0.0).any(axis=1)
        self._wired[connector] = wired
        low_v, high_v = (np.array([side[f"u{n}_v"] for n in (1, 2, 3)]) for side in (rows.low, rows.high))
        outside = (low_v < LEAST_V) | (high_v > MOST_V)
        return np.asarray((outside & wired[:, None]).any(axis=0))
