"""Columns as lines: what holds until it jumps, what never jumps, and what is known of several."""

from collections.abc import Sequence

import numpy as np

from evc5.rigs.recording.reading.columns import Array, Columns


def highest(rows: Columns, names: Sequence[str]) -> Array:
    """Row by row the highest of some columns, such as the three phases; NaN where none is known."""
    values: Array = np.fmax.reduce([rows[name] for name in names])
    return values


def steps(at: Array, values: Array) -> tuple[Array, Array]:
    """The line of a quantity that jumps: a row holds until the next. Nothing is drawn along zero."""
    at, values = jumps(at, values)
    until = np.append(at[1:], at[-1:])
    middle = np.where(values == 0, np.nan, values)
    return np.column_stack([at, until, until]).ravel(), np.column_stack([values, middle, values]).ravel()


def jumps(at: Array, values: Array) -> tuple[Array, Array]:
    """Only the rows at which something changes, and the last."""
    if not len(values):
        return at, values
    keep = np.concatenate([[True], values[1:] != values[:-1]])
    keep[-1] = True
    return at[keep], values[keep]


def held(at: Array, values: Array) -> tuple[Array, Array]:
    """The line of a quantity that never jumps; where it ends (NaN follows) it is held up to that instant."""
    ends = np.flatnonzero(np.isnan(values[1:]) & ~np.isnan(values[:-1])) + 1
    return np.insert(at, ends, at[ends]), np.insert(values, ends, values[ends - 1])
