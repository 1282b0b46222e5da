"""Columns between arrow and numpy, by way of their buffers.

Arrow's own `pa.array` and `to_numpy` import pandas on the way, which costs a short run a tenth of its time.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]


def to_arrow(values: Array, type_: pa.DataType) -> pa.Array:
    """An arrow array of numbers in which NaN is null."""
    known = _bitmap(~np.isnan(values)) if values.dtype.kind == "f" else None
    return pa.Array.from_buffers(type_, len(values), [known, pa.py_buffer(np.ascontiguousarray(values))])


class Texts:
    """Few different texts, each in many rows: rows hold their codes."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, text: str | None) -> int:
        """The number that stands for a text; -1 for none."""
        return -1 if text is None else self._codes.setdefault(str(text), len(self._codes))

    def each(self, texts: Sequence[str | None]) -> list[int]:
        """The same of many, most of which are alike."""
        codes = {text: self.code(text) for text in dict.fromkeys(texts)}
        return [codes[text] for text in texts]

    def text(self, code: int) -> str | None:
        """What a number stands for."""
        return None if code < 0 else [*self._codes][code]

    def codes(self, column: pa.ChunkedArray) -> Array:
        """The numbers of an arrow dictionary's rows."""
        whole = _whole(column)
        known = [self.code(text) for text in whole.dictionary.to_pylist()]
        return np.array([*known, -1], np.int32)[_places(whole.indices)]

    def to_arrow(self, codes: Array) -> pa.Array:
        """The texts as an arrow dictionary."""
        places = np.cumsum([0, *(len(text.encode()) for text in self._codes)]).astype(np.int32)
        content = pa.py_buffer("".join(self._codes).encode())
        dictionary = pa.StringArray.from_buffers(len(self._codes), pa.py_buffer(places), content)
        rows = np.maximum(codes, 0).astype(np.int32)
        indices = pa.Array.from_buffers(pa.int32(), len(rows), [_bitmap(codes >= 0), pa.py_buffer(rows)])
        return pa.DictionaryArray.from_arrays(indices, dictionary)


def to_numpy(column: pa.ChunkedArray | pa.Array) -> Array:
    """A numpy array in which null is NaN, or None among texts."""
    whole = _whole(column)
    if pa.types.is_dictionary(whole.type):
        return np.array([*whole.dictionary.to_pylist(), None], object)[_places(whole.indices)]
    if pa.types.is_string(whole.type):
        return np.array(whole.to_pylist(), object)
    data = _data(whole)
    return np.where(_is_known(whole), data, np.nan) if whole.null_count else data


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """In one piece, as a part mostly is already."""
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _places(indices: pa.Array) -> Array:
    """Where in its dictionary each text is; -1 of what is null."""
    places = _data(indices)
    return np.where(_is_known(indices), places, -1) if indices.null_count else places


def _bitmap(known: Any) -> pa.Buffer | None:
    """Arrow's bitmap of what is not null; none where nothing is."""
    return None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))


def _is_known(values: pa.Array) -> Array:
    bitmap = values.buffers()[0]
    if bitmap is None or not values.null_count:
        return np.ones(len(values), bool)
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    return bits[values.offset : values.offset + len(values)].astype(bool)


def _data(values: pa.Array) -> Array:
    """The numbers of a primitive array as they lie in memory; arbitrary where null."""
    kind = "f" if pa.types.is_floating(values.type) else "i"
    dtype = np.dtype(f"{kind}{values.type.bit_width // 8}")
    if not len(values):
        return np.empty(0, dtype)  # its buffer may be missing
    data = np.frombuffer(values.buffers()[1], dtype)
    return data[values.offset : values.offset + len(values)]
