"""Columns on their way through arrow: what goes in comes out, and what is missing is null."""

import numpy as np
import pyarrow as pa
import pytest

from evc5.rigs.recording.reading.columns import Texts, to_arrow, to_numpy

NAN = float("nan")


@pytest.mark.parametrize(
    "values, type_, expected",
    [
        (np.array([1.5, NAN, -0.0]), pa.float64(), [1.5, None, 0.0]),
        (np.array([1, 2, 1]), pa.int64(), [1, 2, 1]),
    ],
)
def test_arrow_holds_the_values_and_null_for_what_is_missing(values, type_, expected):
    assert to_arrow(values, type_).to_pylist() == expected


@pytest.mark.parametrize("rows", [["B", None, "A", "B"], ["é", "é"], [None, None]])
def test_texts_come_back_from_their_codes(rows):
    texts = Texts()
    codes = np.array([texts.code(text) for text in rows])
    array = texts.to_arrow(codes)
    assert array.to_pylist() == rows and array.type == pa.dictionary(pa.int32(), pa.string())
    assert len(set(codes.tolist())) == len(set(rows))


@pytest.mark.parametrize("start, stop", [(0, 20), (3, 17), (9, 10), (5, 5)])
def test_slices_come_out_as_they_were_cut(start, stop):
    numbers = [None if n % 3 == 0 else float(n) for n in range(20)]
    labels = [None if n is None else f"{n % 2:g}" for n in numbers]
    table = pa.table({"n": numbers, "s": pa.array(labels).dictionary_encode()})
    cut = table.slice(start, stop - start)
    as_nan = [NAN if n is None else n for n in numbers[start:stop]]
    np.testing.assert_array_equal(to_numpy(cut["n"]), as_nan)
    assert to_numpy(cut["s"]).tolist() == labels[start:stop]


def test_columns_of_several_chunks_are_one():
    chunks = pa.chunked_array([pa.array(["a", None]), pa.array(["b"])]).dictionary_encode()
    assert to_numpy(chunks).tolist() == ["a", None, "b"]
