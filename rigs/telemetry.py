"""The telemetry of a run: which columns it has, and how they are read back, part by part."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.clock import DAY_S

PHASES = pa.list_(pa.float64(), 3)
SCHEMA = pa.schema(
    [
        ("t", pa.float64()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("connector", pa.int64()),
        ("pilot", pa.string()),
        ("duty_pct", pa.float64()),
        ("status", pa.string()),
        ("phases", pa.int64()),  # conducting
        ("demand_a", PHASES),  # the car, unlimited; null without one
        ("capability_a", PHASES),  # rated, cable, heat
        ("allocated_a", PHASES),  # after profiles and sharing
        ("offered_a", PHASES),  # what the pilot says, 0 without PWM
        ("i1_a", pa.float64()),
        ("i2_a", pa.float64()),
        ("i3_a", pa.float64()),
        ("limited_by", pa.string()),
        ("u1_v", pa.float64()),
        ("u2_v", pa.float64()),
        ("u3_v", pa.float64()),
        ("p_w", pa.float64()),
        ("pf", pa.float64()),  # P / sum(U I); null at zero current
        ("energy_wh", pa.float64()),  # true, since the run's start
        ("register_wh", pa.float64()),  # as the meter shows
        ("soc", pa.float64()),  # null without a car
        ("temp_c", pa.float64()),
    ]
)
STRINGS = ("pilot", "status", "limited_by")

Columns = dict[str, np.ndarray]


def tables(
    directory: Path,
    columns: Sequence[str] = SCHEMA.names,
    *,
    connector: int | None = None,
    since_s: float = -math.inf,
    until_s: float = math.inf,
) -> Iterator[pa.Table]:
    """The rows of [since_s, until_s) in order, part by part; only what is asked for is read."""
    wanted = list(dict.fromkeys([*columns, "t", "connector"]))
    for path in sorted(directory.glob("part-*.parquet")):
        with pq.ParquetFile(path, read_dictionary=list(STRINGS)) as part:
            if not _overlaps(part.metadata, since_s, until_s):
                continue
            table = part.read(wanted)
        t_s = table["t"].to_numpy()
        keep = (t_s >= since_s) & (t_s < until_s)
        if connector is not None:
            keep &= table["connector"].to_numpy() == connector
        yield (table if keep.all() else table.filter(pa.array(keep))).select(list(columns))


def _overlaps(metadata: Any, since_s: float, until_s: float) -> bool:
    return any(group.min < until_s and group.max >= since_s for group in _times(metadata))


def _times(metadata: Any) -> list[Any]:
    """The first and last instant of each row group, from its statistics; `t` is the first column."""
    return [metadata.row_group(index).column(0).statistics for index in range(metadata.num_row_groups)]


def last_s(directory: Path) -> float:
    """The instant of the last row; 0 without any."""
    for path in sorted(directory.glob("part-*.parquet"), reverse=True)[:1]:
        return float(max(group.max for group in _times(pq.read_metadata(path))))
    return 0.0


def read(directory: Path, columns: Sequence[str], **window: Any) -> Columns:
    """The same rows as numpy columns in one piece (per phase: N x 3), null as NaN."""
    some = [table for table in tables(directory, columns, **window) if len(table)]
    whole = pa.concat_tables(some, promote_options="default") if some else _empty(columns)
    return {name: _numpy(whole[name]) for name in columns}


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


def _empty(columns: Sequence[str]) -> pa.Table:
    return SCHEMA.empty_table().select(list(columns))


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    values = column.combine_chunks()
    if pa.types.is_fixed_size_list(column.type):
        flat = values.values.to_numpy(zero_copy_only=False).reshape(-1, 3)
        return np.where(values.is_valid().to_numpy(zero_copy_only=False)[:, None], flat, np.nan)
    return np.asarray(values.to_numpy(zero_copy_only=False))
