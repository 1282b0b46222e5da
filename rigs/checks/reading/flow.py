"""What a block of meter values tells of the flow: current by phase, voltage, power; and of the offer.

Arrays hold one value a reading; nan where it is not told.
"""

from functools import reduce
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.meter import PHASES

CARRIES_A = 1.0  # assumed: a phase that carries more is in use; a meter may show some leakage beside it


class Flow(NamedTuple):
    """What flows (or is offered) over one connector, reading by reading."""

    amps: Array  # the highest of a phase
    total_amps: Array  # of all phases together
    watts: Array  # of all phases together
    volts: Array  # the highest of a phase against neutral
    lines: Array  # phases that carry current; nan where it is not told by phase

    def at(self, k: int) -> "Flow":
        """One reading alone."""
        one = slice(k, k + 1)
        return Flow(self.amps[one], self.total_amps[one], self.watts[one], self.volts[one], self.lines[one])

    @property
    def is_told(self) -> bool:
        return bool(np.isfinite(self.amps).any() or np.isfinite(self.watts).any())


def flow_of(block: Block) -> Flow:
    """What is told to flow."""
    return block.once(_told, "Current.Import", "Power.Active.Import")


def offer_of(block: Block) -> Flow:
    """What is told to be offered."""
    return block.once(_told, "Current.Offered", "Power.Offered")


def _told(block: Block, current: str, power: str) -> Flow:
    amps = by_phase(block, current)
    bare = block.column(current)
    unknown = np.full(len(block), np.nan)
    highest, together, lines = unknown, unknown, unknown
    if amps:
        highest, together = reduce(np.maximum, amps), reduce(np.add, amps)
        lines = reduce(np.add, [(one > CARRIES_A).astype(float) for one in amps])
    elif (
        bare is not None
    ):  # overall (7.41): where more phases are told of, the busiest carries a part at least
        highest = bare / max(len(by_phase(block, "Voltage")), len(by_phase(block, power)), 1)
        together = bare
    volts = [u for u in by_phase(block, "Voltage") if u.max(initial=0.0) > 0.0]
    flat = block.column("Voltage")
    voltage = reduce(np.maximum, volts) if volts else unknown if flat is None else flat
    watts = total(block, power)
    return Flow(highest, together, unknown if watts is None else watts, voltage, lines)


def by_phase(block: Block, measurand: str) -> list[Array]:
    """The phases of a measurand that are told."""
    return [column for phase in PHASES if (column := block.column(measurand, phase)) is not None]


def total(block: Block, measurand: str) -> Array | None:
    """The total, or the sum of what is told by phase."""
    bare = block.column(measurand)
    if bare is not None:
        return bare
    phases = by_phase(block, measurand)
    return reduce(np.add, phases) if phases else None
