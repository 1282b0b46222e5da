"""One quantity that the metal taught: all that was seen of it, and how far that is to be trusted."""

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

GAIN, RAMP = "station.meter.gain_error_pct", "vehicles[].ramp_up_a_s"  # where a rig has it
DERATING, GIVEN_BACK = "derating", "derating, given back"
NOT_TOLD = "derating, by a sensor that is not told"


@dataclass(frozen=True, slots=True)
class Learned:
    """Sightings in `unit`; `key` is where a rig or behaviour has it."""

    what: str
    key: str
    unit: str
    seen: tuple[float, ...]
    of: str = ""  # which car
    amps: tuple[float, float] = (nan, nan)  # of a step: from, to
    around: tuple[float, ...] = ()  # the readings between which a sighting was worked out
    note: str = ""  # what its spread does not tell

    @property
    def value(self) -> float:
        return float(np.median(self.seen))

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the most that each sighting may have been."""
        every = (*self.seen, *self.around)
        return min(every), max(every)

    def table(self) -> dict[str, Any]:
        least, most = self.spread
        told = {
            "what": self.what, "key": self.key, "unit": self.unit, "value": round(self.value, 4),
            "least": round(least, 4), "most": round(most, 4), "count": len(self.seen),
        }  # fmt: skip
        return told | ({"note": self.note} if self.note else {})

    def __str__(self) -> str:
        least, most = self.spread
        note = f"; {self.note}" if self.note else ""
        spread = f"{least:.3f} to {most:.3f} {self.unit}, {len(self.seen)} seen{note}"
        return f"{self.key} = {self.value:.3f}  # {self.what}: {spread}"
