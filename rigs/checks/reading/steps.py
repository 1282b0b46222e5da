"""The resolution of a register, as its showings tell it."""

from math import gcd

import numpy as np

from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND

COARSEST_WH = 1000.0  # a register in whole kWh
TELLING = 3  # assumed: so many showings that all are multiples of one step tell it


def step_of(block: Block) -> float:
    """The resolution of a block's register in Wh: by the digits told, or by what all its showings share."""
    return block.once(_step)


def _step(block: Block) -> float:
    at, register_wh = block.layout.register, block.column(DEFAULT_MEASURAND)
    if at is None or register_wh is None:
        return 0.0
    digit = 10.0 ** -block.decimals[at] * block.layout.register_scale
    shown = {*np.rint(register_wh[np.isfinite(register_wh)] / digit).tolist()}
    shared = gcd(*map(int, shown)) * digit if len(shown) >= TELLING else digit
    return min(max(digit, shared), COARSEST_WH)
