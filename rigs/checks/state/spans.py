"""Stretches of telemetry: from when to when something was so, or how high it was of late."""

from collections.abc import Iterator

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.ledger import Ledger


def spans(rows: Rows, so: Array) -> Iterator[tuple[float, float]]:
    """(from, to) of each stretch of rows in which `so` holds; one that does not end in `rows` is left out.

    Stretches that ended among the rows carried over from the part before were told with that part. Of
    readings either end may be a window earlier; a stretch in which they fail for a while is left out.
    """
    epoch_s = rows["epoch_s"]
    for first, last in _stretches(so):
        if rows.carried <= last < len(rows) and rows.is_whole(first, last):
            yield float(epoch_s[first]), float(epoch_s[last])


def _stretches(so: Array) -> Iterator[tuple[int, int]]:
    """The first row of each stretch in which it is so, and the first after it."""
    if so.any():
        edges = (np.flatnonzero(so[1:] != so[:-1]) + 1).tolist()
        edges = [*([0] if so[0] else []), *edges, *([len(so)] if so[-1] else [])]
        yield from zip(edges[::2], edges[1::2], strict=True)


def hold(
    ledger: Ledger,
    requirement: str,
    rows: Rows,
    fine: Array,
    connector: int | None = None,
    unsure: Array | None = None,
) -> None:
    """Enter the rows where all was well, but for those carried over: they were told with the part before.

    `unsure`: rows that an instrument leaves undecided.
    """
    fine = fine[rows.carried :]
    if fine.any():
        epoch_s = rows["epoch_s"][rows.carried :][fine]
        ledger.held(requirement, len(epoch_s), connector, epoch_s)
    if unsure is not None:
        ledger.undecided(requirement, int(np.count_nonzero(unsure[rows.carried :])))


def highest_of_late(rows: Rows, values: Array, k: int, window_s: float) -> float:
    """The highest of `values` in force at any time within the window that ends at row k."""
    first = max(_before(rows, k, window_s), 0)
    return float(values[first : k + 1].max())


def is_new(rows: Rows, values: Array, k: int, window_s: float, slack: float) -> bool:
    """Was the value at row k lower within the window before? Then it may not have been free to follow yet."""
    first = _before(rows, k, window_s)
    return first < 0 or bool(values[first : k + 1].min() < values[k] - slack)


def _before(rows: Rows, k: int, window_s: float) -> int:
    """The row in force so many seconds before row k, whatever the clock was set to meanwhile; -1: none."""
    t_s = rows.columns.get("t_s", rows["epoch_s"])
    since = float(t_s[k]) - window_s - rows.instrument.window_s
    return int(np.searchsorted(t_s, since, side="right")) - 1


def at_instants(rows: Rows, instants: Array, values: Array) -> Array:
    """Of each row's values those in force at these instants; 0 before the first row."""
    return at_rows(rows.at_each(instants), values)


def at_rows(at: Array, values: Array) -> Array:
    """The values of these rows, in order of time; 0 where there is none, -1."""
    found: Array = values.take(at, mode="clip")
    found[: np.searchsorted(at, 0)] = 0.0
    return found


def lasting(rows: Rows, so: Array, least_s: float) -> Iterator[tuple[float, float, int]]:
    """(from, to, first row) of each stretch in which `so` holds for longer than that.

    Told with the part in which it has lasted long enough, whether or not it ends there.
    """
    epoch_s = rows["epoch_s"]
    t_s = rows.columns.get("t_s", epoch_s)  # a clock that is set makes nothing last longer
    until = float(rows["epoch_s"][-1])
    judged = (
        float(epoch_s[rows.carried - 1]) if rows.carried else -np.inf
    )  # up to where the part before reached
    for first, last in _stretches(so):
        begin = float(epoch_s[first])
        end = float(epoch_s[last]) if last < len(epoch_s) else until
        for_s = t_s[min(last, len(t_s) - 1)] - t_s[first]
        if for_s > least_s and begin + least_s >= judged:
            yield begin, end, first


def _told(rows: Rows, so: Array) -> Array:
    """Rows from each of which to the next, read in time, it is so."""
    soon = np.diff(rows["epoch_s"]) <= rows.instrument.window_s
    return np.append(so[:-1] & so[1:] & soon, False)
