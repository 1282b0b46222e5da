"""A kWh meter for the charger's own bus: the reference meter passed through, or else the load's set points.

A charger must never be told 0 A while current flows: where the reference is not read any more, the meter on
the bus falls silent. Where the reference has no register, as an analyser, the energy is counted of its power.
"""

import time
from collections.abc import Mapping

from evc5.models.faults import Fault
from evc5.rigs.hardware.roles import Reading, Three

FAULTS: Mapping[str, str] = {  # of a rig or a test: what spoils the meter on the bus
    Fault.METER: "silence",
    Fault.METER_CRC: "crc",
    Fault.METER_GARBAGE: "garbage",
    Fault.METER_LATE: "late",
    Fault.METER_WRONG_UNIT: "wrong-unit",
    Fault.METER_FROZEN: "frozen",
    Fault.METER_JUMP: "jump",
    Fault.METER_PHASE: "phase-lost",
}

STALE_S = 5.0  # assumed: an older reading is none
SET_V, SET_HZ = 230.0, 50.0  # of a load that nobody measures


class Bus:
    """What is known of one outlet, from the bench's thread; `values` is asked for from the emulator's."""

    def __init__(self, is_measured: bool) -> None:
        self._is_measured = is_measured
        self._reading: tuple[float, Reading] | None = None
        self._draws: Three = (0.0, 0.0, 0.0)
        self._flows_w = 0.0
        self._counted_wh = 0.0
        self._since = time.monotonic()

    def read(self, reading: Reading) -> None:
        if self._is_measured:
            self._count(reading.power_w or 0.0)
        self._reading = time.monotonic(), reading

    def draws(self, amps: Three) -> None:
        self._draws = amps
        if not self._is_measured:
            self._count(sum(amps) * SET_V)

    def values(self) -> Mapping[str, float | None] | None:
        """As a map names them; None where nothing is known."""
        if not self._is_measured:
            self._count(self._flows_w)
            watts = [amps * SET_V for amps in self._draws]
            told = Reading((SET_V,) * 3, self._draws, (watts[0], watts[1], watts[2]), sum(watts), SET_HZ)
            return _named(told) | {"energy_wh": self._counted_wh}
        if self._reading is None or time.monotonic() - self._reading[0] > STALE_S:
            return None
        read = _named(self._reading[1])
        known = read["energy_wh"] is not None or read["total_w"] is None
        return read if known else read | {"energy_wh": self._counted_wh}

    def _count(self, watts: float) -> None:
        """What has flowed since it was asked last, and how much flows from now on."""
        now = time.monotonic()
        self._counted_wh += self._flows_w * (now - self._since) / 3600.0
        self._since, self._flows_w = now, watts


def _named(reading: Reading) -> dict[str, float | None]:
    told: dict[str, float | None] = {
        "total_w": reading.power_w, "hz": reading.hz, "energy_wh": reading.energy_wh, "serial": 1.0
    }  # fmt: skip
    for n in range(3):
        told |= {f"u{n + 1}_v": reading.u_v[n], f"i{n + 1}_a": reading.i_a[n], f"p{n + 1}_w": reading.p_w[n]}
    return told
