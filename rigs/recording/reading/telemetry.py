"""The telemetry of a run, read back part by part."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evc5.rigs.recording.reading.columns import Columns, to_numpy
from evc5.rigs.recording.reading.telemetry_columns import TEXTS
from evc5.rigs.recording.reading.telemetry_parts import metadata_of, read_part

DAY_S = 86_400.0

PARTS = "part-*.parquet"


def parts(
    directory: Path,
    columns: Sequence[str],
    *,
    connector: int | None = None,
    since_s: float = -math.inf,
    until_s: float = math.inf,
) -> Iterator[Columns]:
    """The rows of [since_s, until_s) in order, part by part, as numpy columns; null is NaN, of texts None.

    Only what is asked for is read; a part without a row of it is left out.
    """
    wanted = list(dict.fromkeys([*columns, "t", "connector"]))
    paths = sorted(directory.glob(PARTS))
    first = bisect_left(paths, since_s, key=_ends) if since_s > -math.inf else 0
    for path in paths[first:]:
        table = read_part(path, wanted)
        rows = {name: to_numpy(table[name]) for name in wanted}
        if len(rows["t"]) and rows["t"][0] >= until_s:
            return
        keep = (rows["t"] >= since_s) & (rows["t"] < until_s)
        if connector is not None:
            keep &= rows["connector"] == connector
        if keep.any():
            yield {name: rows[name][keep] for name in columns}


def _ends(path: Path) -> float:
    """The last instant of a part, by the statistics of its row groups; `t` is the first column."""
    metadata = metadata_of(path)
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    return float(max((group.column(0).statistics.max for group in groups), default=math.inf))


def last_s(directory: Path) -> float:
    """The instant of the last row; 0 without any."""
    for path in sorted(directory.glob(PARTS), reverse=True)[:1]:
        return _ends(path)
    return 0.0


def read(directory: Path, columns: Sequence[str], **window: Any) -> Columns:
    """The same rows in one piece."""
    some = [_empty(columns), *parts(directory, columns, **window)]
    return {name: np.concatenate([rows[name] for rows in some[len(some) > 1 :]]) for name in columns}


def during(
    directory: Path, columns: Sequence[str], connector: int, since_s: float, until_s: float
) -> Columns:
    """One connector from `since_s` to `until_s`, both included: what held then stands at each end as a row.

    Each day of UTC begins with a row, so that one day back is far enough to find what held.
    """
    rows = read(directory, columns, connector=connector, since_s=since_s - DAY_S, until_s=until_s)
    first = max(int(np.searchsorted(rows["t"], since_s, side="right")) - 1, 0)
    rows = {name: values[first:] for name, values in rows.items()}
    if len(rows["t"]):
        rows = {name: np.concatenate([values, values[-1:]]) for name, values in rows.items()}
        rows["t"][0] = max(rows["t"][0], since_s)
        rows["t"][-1] = max(min(until_s, last_s(directory)), rows["t"][-2])
    return rows


def _empty(columns: Sequence[str]) -> Columns:
    return {name: np.empty(0, object if name in TEXTS else float) for name in columns}
