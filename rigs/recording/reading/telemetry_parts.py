"""One part of telemetry as arrow columns of today's names, whichever format it was written in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.telemetry_columns import NAMES, TEXTS, TYPES, phase_names

if TYPE_CHECKING:
    import pyarrow.parquet as pq

REQUIRED = ("t", "connector")

# Format evc5-run/1 held a list of three where there are three columns now: the list, and the place in it.
_LISTED = {
    name: (f"{quantity}_a", place)
    for quantity in ("demand", "capability", "allocated", "offered")
    for place, name in enumerate(phase_names(quantity))
}


def read_part(path: Path, names: Sequence[str] = NAMES) -> pa.Table:
    """These columns of one part, texts as dictionaries; one that it lacks is null in every row.

    BadInput where a row has no instant or no connector, and where it is no whole parquet file.
    """
    import pyarrow.parquet as pq  # a thirtieth of a second, which nobody pays who reads a log

    with _damage_told(path):
        with user_files.opened(path) as file:
            content = pa.BufferReader(file.read())  # one reading, not one for each column
        with pq.ParquetFile(content) as part:  # no pandas, so
            schema = part.schema_arrow
            stored = set(schema.names)
            if missing := [name for name in REQUIRED if name not in stored]:
                raise BadInput(f"{path} is no telemetry: it lacks the column {missing[0]}")
            sources = {name: _source(name, stored) for name in names}
            columns = list(dict.fromkeys(source for source in sources.values() if source))
            if any(name in stored and not _is_dictionary(schema, name) for name in TEXTS):
                table = _others(content, part.metadata, columns)
            else:
                table = part.read(columns, use_threads=False)  # a day is too little to share
        return pa.table({name: _column(table, name, source) for name, source in sources.items()})


def _others(content: pa.NativeFile, metadata: "pq.FileMetaData", columns: list[str]) -> pa.Table:
    """A part of another writer, whose texts are no dictionaries."""
    import pyarrow.parquet as pq

    texts = [name for name in TEXTS if name in columns]
    with pq.ParquetFile(content, metadata=metadata, read_dictionary=texts) as part:
        return part.read(columns, use_threads=False)


def _is_dictionary(schema: pa.Schema, name: str) -> bool:
    return bool(pa.types.is_dictionary(schema.field(name).type))


def metadata_of(path: Path) -> "pq.FileMetaData":
    """What a part says of itself; BadInput where it is no whole parquet file."""
    import pyarrow.parquet as pq

    with _damage_told(path):
        user_files.check(path)
        return pq.read_metadata(path)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        why = str(error).strip().split("\n")[0].split(". ")[0]
        raise BadInput(f"{path} is no Parquet file, or a damaged one: {why}") from None


def _source(name: str, stored: set[str]) -> str | None:
    """The column of the file that holds it; None where it has none."""
    listed, _ = _LISTED.get(name, ("", 0))
    return name if name in stored else listed if listed in stored else None


def _column(table: pa.Table, name: str, source: str | None) -> pa.ChunkedArray:
    if source is None:
        return pa.chunked_array([pa.nulls(table.num_rows, TYPES[name])])
    column = table[source]
    if source != name:
        import pyarrow.compute as pc  # costly, and of use to former formats only

        column = pc.list_element(column, _LISTED[name][1])
    return column if column.type == TYPES[name] else column.cast(TYPES[name])
