"""Telemetry as instruments read it: a row a reading, null where nothing was read."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evc5.models.units import DAY_S
from evc5.rigs.recording.reading.telemetry_columns import NAMES, SCHEMA
from evc5.twin.clock import Calendar


class MeasuredTelemetry:
    """Readings of a day gathered, and written as one part; `checkpoint` writes the day so far."""

    def __init__(self, directory: Path, calendar: Calendar) -> None:
        self._directory = directory
        self._epoch_us = round(calendar.epoch(0.0) * 1e6)
        self._day_end_s = DAY_S - calendar.epoch(0.0) % DAY_S
        self._rows: list[dict[str, Any]] = []
        self._part = 0

    def read(self, t_s: float, connector: int, columns: Mapping[str, Any]) -> None:
        """What was read at a connector; columns that are not named are null."""
        if t_s >= self._day_end_s:
            self.checkpoint()
            self._part += bool(self._rows)
            self._rows = []
            while t_s >= self._day_end_s:
                self._day_end_s += DAY_S
        at = round(t_s * 1e6) + self._epoch_us
        self._rows.append({**dict.fromkeys(NAMES), **columns, "t": t_s, "at": at, "connector": connector})

    def checkpoint(self) -> None:
        """Make the part of this day complete up to its last reading; going on replaces it."""
        if not self._rows:
            return
        columns = [([row[name] for row in self._rows], type_) for name, type_ in _TYPES]
        arrays = [pa.array(values, _plain(type_)).cast(type_) for values, type_ in columns]
        path = self._directory / f"part-{self._part:05}.parquet"
        partial = path.with_name(f".{path.name}.partial")
        table = pa.Table.from_arrays(arrays, schema=SCHEMA)
        pq.write_table(table, partial, compression="zstd", compression_level=1)
        os.replace(partial, path)


_TYPES = list(zip(SCHEMA.names, SCHEMA.types, strict=True))


def _plain(type_: pa.DataType) -> pa.DataType:
    """What python's values become before they are of a column's own type."""
    if pa.types.is_dictionary(type_):
        return pa.string()
    return pa.int64() if pa.types.is_timestamp(type_) else type_
