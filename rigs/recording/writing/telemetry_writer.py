"""Writes telemetry: a row per connector at every change, and each minute while something varies.

Nothing is sampled while the world runs. Each change opens a span, which keeps the world's immutable solution;
when a day is over, its spans are rendered with numpy into one parquet part, and forgotten.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evc5.models.units import DAY_S
from evc5.rigs.recording.reading.columns import Columns, Texts, to_arrow
from evc5.rigs.recording.reading.telemetry_columns import SCHEMA, TEXTS, phase_names
from evc5.rigs.recording.writing.spans import Span
from evc5.twin.clock import Calendar

ROW_EVERY_S = 60.0  # the longest gap between rows while a quantity varies

_DEMAND, _ALLOCATED, _OFFERED = (phase_names(quantity) for quantity in ("demand", "allocated", "offered"))


class TelemetryWriter:
    """Turns spans into `part-*.parquet`, one for each day of UTC, renamed into place when complete."""

    def __init__(self, directory: Path, calendar: Calendar) -> None:
        self._directory = directory
        self._epoch_us = round(calendar.epoch(0.0) * 1e6)
        self._day_end_s = DAY_S - calendar.epoch(0.0) % DAY_S
        self._spans: dict[int, list[Span]] = {}
        self._texts = Texts()
        self._part = 0

    def begin(self, connector: int, span: Span) -> None:
        """The state of a connector from `span.t_s` on; said again within one instant, the last word holds."""
        if span.t_s >= self._day_end_s:
            self.close_days(span.t_s)
        spans = self._spans.setdefault(connector, [])
        if spans and spans[-1].t_s == span.t_s:
            spans[-1] = span
        else:
            spans.append(span)

    def close_days(self, t_s: float) -> None:
        """Write the part of every day that is over at `t_s`; the next begins with each connector's state."""
        while t_s >= self._day_end_s:
            end_s = self._day_end_s
            days = {connector: _split(spans, end_s) for connector, spans in self._spans.items()}
            if self._write({connector: before for connector, (before, _) in days.items()}, end_s):
                self._part += 1
            self._spans = {connector: after for connector, (_, after) in days.items()}
            self._day_end_s += DAY_S

    def checkpoint(self, t_s: float) -> None:
        """Write the day so far, closing rows at `t_s` included; going on replaces that part."""
        self.close_days(t_s)
        self._write({connector: _closed(spans, t_s) for connector, spans in self._spans.items()}, t_s)

    def row(self, connector: int, span: Span) -> dict[str, Any]:
        """One row as it would be written for a span's first instant."""
        rendered = _render(connector, [span], span.t_s, self._texts)
        table = self._table([{name: values[:1] for name, values in rendered.items()}])
        (row,) = table.to_pylist()
        return dict(row)

    def _write(self, spans: Mapping[int, Sequence[Span]], end_s: float) -> bool:
        rendered = [_render(connector, some, end_s, self._texts) for connector, some in spans.items() if some]
        if not rendered:
            return False
        path = self._directory / f"part-{self._part:05}.parquet"
        partial = path.with_name(f".{path.name}.partial")
        # A dictionary of numbers that all differ costs time and room; by `t` a part's end is found, by the
        # others' least and largest nothing.
        pq.write_table(
            self._table(rendered),
            partial,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(TEXTS),
            write_statistics=["t", "at"],
        )
        os.replace(partial, path)
        return True

    def _table(self, rendered: Sequence[Columns]) -> pa.Table:
        """The rows of all connectors in order of time."""
        columns = {name: np.concatenate([some[name] for some in rendered]) for name in rendered[0]}
        order = np.lexsort((columns["connector"], columns["t"]))
        columns = {name: values[order] for name, values in columns.items()}
        columns["at"] = np.rint(columns["t"] * 1e6).astype(np.int64) + self._epoch_us
        arrays = [
            self._texts.to_arrow(columns[name]) if name in TEXTS else to_arrow(columns[name], type_)
            for name, type_ in zip(SCHEMA.names, SCHEMA.types, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _split(spans: list[Span], t_s: float) -> tuple[list[Span], list[Span]]:
    """The spans that begin before `t_s`, and those from it on; the one across it stands in both."""
    before = [span for span in spans if span.t_s < t_s]
    after = [span for span in spans if span.t_s >= t_s]
    if before and not (after and after[0].t_s == t_s):
        after.insert(0, before[-1]._replace(t_s=t_s))
    return before, after


def _closed(spans: list[Span], t_s: float) -> list[Span]:
    """The spans, with one more of a single row at `t_s`."""
    return spans if not spans or spans[-1].t_s == t_s else [*spans, spans[-1]._replace(t_s=t_s)]


def _render(connector: int, spans: Sequence[Span], end_s: float, texts: Texts) -> Columns:
    """The rows of one connector; texts by their codes."""
    t_s, counts = _times(spans, end_s)
    columns = dict(spans[0].segment.rows([span.segment for span in spans], t_s, counts))
    columns |= _decided(spans, counts)
    columns |= {
        "pilot": np.repeat(texts.each([span.segment.pilot for span in spans]), counts),
        "status": np.repeat(texts.each([span.status for span in spans]), counts),
        "limited_by": np.repeat(texts.each([span.limited_by for span in spans]), counts),
    }
    _name_the_car(columns, texts)
    return columns | {"t": t_s, "connector": np.full(len(t_s), connector)}


def _decided(spans: Sequence[Span], counts: Sequence[int]) -> Columns:
    """The amps the controller decided on, the same in every row of a span."""
    amps = np.repeat(np.array([(*span.allocated_a, *span.offered_a) for span in spans]), counts, axis=0)
    return dict(zip((*_ALLOCATED, *_OFFERED), amps.T, strict=True))


def _name_the_car(columns: Columns, texts: Texts) -> None:
    """Where a car that may charge wants less than it is allocated, the car itself is the limit."""
    wanted_a = np.maximum.reduce([columns[name] for name in _DEMAND])
    allocated_a = np.maximum.reduce([columns[name] for name in _ALLOCATED])
    limited_by = columns["limited_by"]
    permitted = (limited_by != texts.code("none")) & (limited_by != texts.code(None))
    columns["limited_by"] = np.where(permitted & (wanted_a < allocated_a), texts.code("car"), limited_by)


def _times(spans: Sequence[Span], end_s: float) -> tuple[np.ndarray, list[int]]:
    """Each span's first instant and, while something varies, the whole minutes of the run before its end.

    All in one array, and how many of them are each span's.
    """
    since_s = np.array([span.t_s for span in spans])
    until_s = np.append(since_s[1:], end_s)
    minute = np.floor(since_s / ROW_EVERY_S)
    later = np.maximum(np.ceil(until_s / ROW_EVERY_S) - minute - 1.0, 0.0)
    counts = 1 + np.where([span.segment.varies for span in spans], later, 0.0).astype(np.int64)
    first = np.cumsum(counts) - counts
    t_s = (np.arange(counts.sum()) - np.repeat(first - minute, counts)) * ROW_EVERY_S
    t_s[first] = since_s
    return t_s, counts.tolist()
