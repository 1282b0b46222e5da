"""What is amiss with all that a connector's register shows in a transaction: known once, it is told once."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(slots=True, eq=False, repr=False)
class Registers:
    """Of each connector, since its latest transaction began."""

    factor: dict[int, float] = field(default_factory=dict)  # its samples are told so many times too high
    apart: set[int] = field(default_factory=set)  # its samples are of another register than meterStart
    steep: set[int] = field(default_factory=set)  # told in kWh, it rises by more than there can be

    def begin(self, connector: int) -> None:
        self.steep.discard(connector)
        self.factor.pop(connector, None)
        self.apart.discard(connector)

    def is_named(self, connector: int) -> bool:
        """Was it told already that its unit is wrong?"""
        return connector in self.factor or connector in self.steep

    def as_meant(self, connector: int, wh: Array) -> Array:
        """Its samples in the unit of meterStart."""
        factor = self.factor.get(connector)
        return wh if factor is None else wh / factor
