"""Meter values kept as columns once they were parsed: a year of them is there in a second or two.

The file lies beside the frames, or in the user's cache folder where the run is read-only. It is of frames
of one size and time, and to one version of this package; whatever else it is, it is parsed and written anew.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import evc5

NAME = ".meter_values.parquet"
FORMAT = 1  # of the file; another one is not read
LEAST_BYTES = 4_000_000  # frames of fewer are parsed as fast as they are read
MOST_FILES = 20  # in the user's folder; the oldest go
KEY = b"evc5-meter-values"
ROWS = 150_000  # written and read at a time: more take room beside the table itself
INDEX, NUMBER, RAW = "at", "transaction_id", "raw"
NOTHING = np.iinfo(np.int64).min  # numpy's not-a-time; of a number that is not known, hidden


def kept(messages: Path, parse: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The table of a file of frames: as it is kept, else parsed and kept for the next time."""
    key = _key(messages)
    if key is None:
        return parse()
    for path in _places(messages):
        with suppress(OSError, pa.ArrowInvalid, ValueError, KeyError):
            if pq.read_metadata(path).metadata.get(KEY) == key:
                return _read(path)
    table = parse()
    if _key(messages) == key:  # else it grew meanwhile
        _keep(table, messages, key)
    return table


def _key(messages: Path) -> bytes | None:
    """What the file must be for what is kept to be its table; None where keeping it gains nothing."""
    try:
        status = messages.stat()
    except OSError:
        return None
    if status.st_size < LEAST_BYTES:
        return None
    told = (messages.name, status.st_size, status.st_mtime_ns, evc5.__version__, FORMAT)
    return json.dumps(told).encode()


def _places(messages: Path) -> Iterator[Path]:
    """Where it may be kept, the first choice first."""
    yield messages.with_name(NAME)
    with suppress(RuntimeError):  # a user without a home
        place = hashlib.sha256(str(messages.resolve()).encode()).hexdigest()[:24]
        yield user_folder() / f"{place}.parquet"


def user_folder() -> Path:
    """The folder of this user for what can be made again."""
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "evc5-twin" / "cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "evc5-twin"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evc5-twin"


def _keep(table: pd.DataFrame, messages: Path, key: bytes) -> None:
    """In the first place that takes it; in none, if it must be."""
    beside, *others = _places(messages)
    for path in (beside, *others):
        with suppress(OSError):
            if path != beside:
                path.parent.mkdir(parents=True, exist_ok=True)
                _make_room(path.parent)
            _write(table, path, key)
            return


def _write(table: pd.DataFrame, path: Path, key: bytes) -> None:
    """Whole or not at all; piece by piece, so that a year of them has room once, not twice."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    schema = _arrow(table.iloc[:0]).schema.with_metadata({KEY: key})
    texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    options = {"compression": "zstd", "compression_level": 1, "use_dictionary": texts}
    try:
        with pq.ParquetWriter(partial, schema, **options) as file:
            for first in range(0, len(table), ROWS):
                file.write_table(_arrow(table.iloc[first : first + ROWS]).cast(schema))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _arrow(some: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(some.reset_index(), preserve_index=False).replace_schema_metadata()


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.parquet"), key=lambda path: path.stat().st_mtime)
    for path in files[: max(0, len(files) - MOST_FILES + 1)]:
        path.unlink(missing_ok=True)


def _read(path: Path) -> pd.DataFrame:
    """Column by column, texts first, as they take most room on the way."""
    with pq.ParquetFile(path) as file:
        order = file.schema_arrow.names
        columns = {name: _column(file, name) for name in sorted(order, key=lambda name: name != RAW)}
    index = columns.pop(INDEX)
    return pd.DataFrame({name: columns[name] for name in order if name != INDEX}, index=index, copy=False)


def _column(file: pq.ParquetFile, name: str) -> Any:
    """As pandas has it, in the types of the table that was written."""
    type_ = file.schema_arrow.field(name).type
    if pa.types.is_floating(type_):
        return _filled(file, name, np.empty(file.metadata.num_rows))
    if name == NUMBER:
        known = np.empty(file.metadata.num_rows, bool)
        numbers = _filled(file, name, np.empty(len(known), np.int64), known)
        return pd.arrays.IntegerArray(numbers, ~known)
    if name == INDEX:
        instants = _filled(file, name, np.empty(file.metadata.num_rows, np.int64)).view("datetime64[us]")
        return pd.DatetimeIndex(instants, tz="UTC", name=INDEX, copy=False)
    if pa.types.is_integer(type_):
        return _filled(file, name, np.empty(file.metadata.num_rows, np.int64))
    column = file.read(columns=[name], use_threads=False)[name].to_pandas().array
    pa.default_memory_pool().release_unused()
    return column


def _filled(file: pq.ParquetFile, name: str, values: Any, known: Any = None) -> Any:
    """Numbers, a group of rows at a time; without an instant they are numpy's not-a-time."""
    first = 0
    for group in range(file.num_row_groups):
        column = file.read_row_group(group, columns=[name], use_threads=False)[name]
        rows = slice(first, first + len(column))
        if known is not None:
            known[rows] = column.is_valid().to_numpy()
        if values.dtype == np.int64:
            column = column.cast(pa.int64()).fill_null(NOTHING)
        values[rows] = column.to_numpy()
        first = rows.stop
    return values
