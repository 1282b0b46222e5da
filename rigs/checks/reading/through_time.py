"""What changes now and then, asked about many instants: worked out where it changes, not at each of them."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.instants import FOREVER

Array = np.ndarray[Any, np.dtype[Any]]
Span = tuple[float, float]  # from and to


def in_order(of: Callable[[Array], Array], instants: Array) -> Array:
    """What `of` makes of these instants, which it is given in order of time."""
    if not (instants[1:] < instants[:-1]).any():
        return of(instants)
    order = np.argsort(instants, kind="stable")
    made = of(instants[order])
    found = np.empty_like(made)
    found[order] = made
    return found


def in_force(instants: Array, since: Sequence[float] | Array, values: Sequence[float] | Array) -> Array:
    """Of values that hold from `since` on, which are in order as the instants are, the one in force at each.

    Before the first of them it is that one.
    """
    if len(since) < 2:
        return np.full(len(instants), values[0])
    begins = np.maximum.accumulate(np.searchsorted(instants, since[1:])).tolist()
    times = [end - begin for begin, end in pairwise([0, *begins, len(instants)])]
    return np.repeat(values, times)


def latest(instants: Array, times: Sequence[float]) -> Array:
    """Of times, in order as the instants are, the last up to each; -inf before the first."""
    last = bisect_right(times, instants[-1]) if len(instants) else 0
    first = bisect_right(times, instants[0], hi=last) if last else 0
    known = [times[first - 1] if first else -FOREVER, *times[first:last]]
    return in_force(instants, known, known)


def run_by_run(values: Array, of: Callable[[Array], Array]) -> Array:
    """What `of` makes of values, worked out once for each run of equal ones."""
    if not len(values):
        return of(values)
    firsts = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()]
    times = [end - begin for begin, end in pairwise([*firsts, len(values)])]
    return np.repeat(of(values[firsts]), times)


def places(instants: Array, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """The first instant of each span, and the first after it, its end counting as such."""
    if not spans:
        return []
    begins, ends = zip(*spans, strict=True)
    firsts, lasts = np.searchsorted(instants, begins), np.searchsorted(instants, ends)
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def within(instants: Array, spans: Sequence[Span]) -> Array:
    """Which of these instants, in order of time, lie in one of these spans, whose ends are none of theirs."""
    found = np.zeros(len(instants), bool)
    for first, last in places(instants, spans):
        found[first:last] = True
    return found
