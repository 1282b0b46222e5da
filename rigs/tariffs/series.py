"""A series by time, from a CSV file or a table: prices, grams of CO2, watts. Zone and gaps are checked.

Every step lasts as long as the first one; one that comes sooner or later is refused by its number.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import ValidationError

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.messages import complaint
from evc5.rigs.session_data.charge import Row
from evc5.rigs.session_data.files import csv_rows
from evc5.rigs.tariffs.steps import Steps
from evc5.rigs.tariffs.tables import Source

if TYPE_CHECKING:
    import pandas as pd

NAME = "series"  # what errors call a table
MOST = 1e9  # of any value, whatever its unit: more is a slip


class Span(NamedTuple):
    """The stretch of time that a series has to cover."""

    start: datetime
    end_s: float


def source_of(given: Any, name: str) -> Source:
    """A source as it may be given: a path, a pandas object, or a table of its keys; BadInput names it."""
    try:
        return Source.model_validate(told(given))
    except ValidationError as error:
        raise BadInput(f"{name}: {complaint(error, Source)}") from None


def told(given: Any) -> dict[str, Any]:
    """The same as a table of keys."""
    if isinstance(given, Mapping):
        return dict(given)
    return {"path": str(given)} if isinstance(given, str | Path) else {"table": given}


def steps_of(source: Source, span: Span, folder: Path = Path(), zone: ZoneInfo | None = None) -> Steps:
    """The series' steps in seconds from the span's start; BadInput names file, row, value, what is allowed.

    `zone` is that of times without an offset where the source names none.
    """
    named = ZoneInfo(source.timezone) if source.timezone else zone
    rows = list(_rows(source, folder, named))
    if len(rows) < 2:
        file = Path(source.path).name if source.path else NAME
        raise BadInput(f"{file}: must have two rows or more, to tell how long a step lasts, got {len(rows)}")
    at = _instants(rows, source)
    values = np.array([_value(row, source.value) for row in rows])
    edges_s = np.array([(one - span.start).total_seconds() for one in [*at, at[-1] + (at[1] - at[0])]])
    _covers(rows, at, edges_s, span)
    return Steps(edges_s, values)


def _rows(source: Source, folder: Path, zone: ZoneInfo | None) -> Iterator[Row]:
    if source.path is not None:
        return csv_rows(folder / source.path, (source.time, source.value), zone)
    return _table_rows(source, zone)


def _table_rows(source: Source, zone: ZoneInfo | None) -> Iterator[Row]:
    """A Series by its index; a DataFrame by its columns, its index for the time where no column has it."""
    table: pd.DataFrame = source.table.to_frame(source.value) if _is_series(source.table) else source.table
    if not hasattr(table, "columns"):
        raise BadInput(f"{NAME}: table must be a pandas Series or DataFrame, got {type(table).__name__}")
    if source.value not in table.columns:
        raise BadInput(f"{NAME}: must have the column {source.value}; it has {', '.join(map(str, table))}")
    times = table[source.time] if source.time in table.columns else table.index
    for n, (at, value) in enumerate(zip(times, table[source.value], strict=True)):
        yield Row(NAME, f"row {n}", {source.time: at, source.value: value}, zone)


def _is_series(table: Any) -> bool:
    return hasattr(table, "to_frame") and hasattr(table, "index")


def _instants(rows: Sequence[Row], source: Source) -> list[datetime]:
    """The rows' times in UTC, each a step after the one before."""
    found: list[datetime] = []
    for row in rows:
        early, late = row.instants(source.time, source.time_format)
        after = found[-1] if found else None
        at = late if after is not None and early <= after else early  # the hour that autumn repeats
        if after is not None and at <= after:
            raise row.refusal(source.time, f"later than in the row before ({_shown(after)})")
        if len(found) > 1 and at - found[-1] != found[1] - found[0]:
            step = found[1] - found[0]
            raise row.refusal(
                source.time, f"{step} after the row before, at {_shown(found[-1] + step)}: there is a gap"
            )
        found.append(at)
    return found


def _value(row: Row, name: str) -> float:
    """A finite number, below zero too; with a decimal comma or a point."""
    value = row.values.get(name)
    try:
        number = float(str(value).strip().replace(",", ".")) if not isinstance(value, bool) else np.nan
    except ValueError:
        number = np.nan
    if not abs(number) <= MOST:
        raise row.refusal(name, "a number")
    return number


def _covers(rows: Sequence[Row], at: Sequence[datetime], edges_s: Any, span: Span) -> None:
    file = rows[0].file
    if edges_s[0] > 0.0:
        raise BadInput(
            f"{file}: must begin at the run's start {_shown(span.start)} or before, got {_shown(at[0])}"
        )
    if edges_s[-1] < span.end_s:
        end = span.start + timedelta(seconds=span.end_s)
        last = span.start + timedelta(seconds=float(edges_s[-1]))
        raise BadInput(f"{file}: must last until the run's end {_shown(end)} or longer, ends {_shown(last)}")


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):{'%Y-%m-%dT%H:%M:%SZ'}}"
