"""Run directories of format evc5-run/1, written by the rig as it was in November 2026: they open as ever."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from places import RECORDINGS

from evc5.rigs.analysis.run import Run
from evc5.rigs.bench.rig import Rig
from evc5.rigs.checks import judge
from evc5.rigs.compare.compare import compare
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.run_directory import is_run, read_summary, write_summary

FORMER = RECORDINGS / "evc5-run-1"  # half an hour of a car, a power cut, midnight: written at commit 03d47bd
LISTS = ("demand", "capability", "allocated", "offered")  # one column each then, three numbers in a row
PARTS = "telemetry.parquet/part-*.parquet"


@pytest.fixture
def former(tmp_path: Path) -> Run:
    """A copy, since verify and reports write into a run directory."""
    return Run.open(shutil.copytree(FORMER, tmp_path / "former"))


def spread(row: dict) -> dict:
    """A row of then with a column for each phase: transcribed from the two formats' descriptions."""
    new = {name: value for name, value in row.items() if name.removesuffix("_a") not in LISTS}
    for name in LISTS:
        for place in range(3):
            new[f"{name}{place + 1}_a"] = None if row[f"{name}_a"] is None else row[f"{name}_a"][place]
    return new


def gathered(path: Path) -> None:
    """Rewrite a part of today as it would have been written then."""
    table = pq.read_table(path)
    for name in LISTS:
        phases = [f"{name}{phase}_a" for phase in (1, 2, 3)]
        rows = zip(*(table[phase].to_pylist() for phase in phases), strict=True)
        lists = [None if row == (None,) * 3 else list(row) for row in rows]
        table = table.drop_columns(phases).append_column(
            f"{name}_a", pa.array(lists, pa.list_(pa.float64(), 3))
        )
    pq.write_table(table, path)


def test_the_telemetry_of_then_has_the_columns_of_today(former: Run) -> None:
    rows = [spread(row) for path in sorted(FORMER.glob(PARTS)) for row in pq.read_table(path).to_pylist()]
    expected = pd.DataFrame(rows)[former.telemetry.columns]
    assert len(rows) > 50 and expected["demand1_a"].isna().any() and expected["offered3_a"].nunique() > 2
    pd.testing.assert_frame_equal(former.telemetry, expected, check_dtype=False, check_categorical=False)


@pytest.mark.slow
def test_a_shipped_rig_in_the_format_of_then_says_the_same(tmp_path: Path) -> None:
    today = Rig.load("first-charge").run(out=tmp_path / "today")
    then = today.save(tmp_path / "then")
    for path in then.directory.glob(PARTS):
        gathered(path)
    write_summary(then.directory, then.summary | {"format": "evc5-run/1"})
    pd.testing.assert_frame_equal(Run.open(then.directory).telemetry, today.telemetry)
    assert judge(then.directory).requirements == judge(today.directory).requirements


@pytest.mark.slow
def test_a_run_of_then_is_judged_compared_and_drawn(former: Run) -> None:
    verdict = judge(former.directory)
    limits = next(row for row in verdict.requirements if row["id"] == "charging.exact")
    assert verdict.passed and limits["count"] > 0
    assert compare(former.directory, FORMER).alike
    assert former.plot.day(connector=1).svg() and former.plot.schedule().svg()


def test_a_run_of_then_keeps_its_format_when_it_is_saved_or_replaced(former: Run, tmp_path: Path) -> None:
    saved = former.save(tmp_path / "saved")
    assert is_run(saved.directory) and read_summary(saved.directory)["format"] == "evc5-run/1"
    pd.testing.assert_frame_equal(saved.telemetry, former.telemetry)


def test_a_format_yet_to_come_is_refused_by_name(former: Run) -> None:
    write_summary(former.directory, former.summary | {"format": "evc5-run/9"})
    with pytest.raises(
        BadInput, match=r"summary.json: format must be evc5-run/1 or evc5-run/2, got 'evc5-run/9'"
    ):
        Run.open(former.directory)


def test_a_column_that_a_part_lacks_is_null_and_one_without_time_is_refused(former: Run) -> None:
    (path, *_) = sorted(former.directory.glob(PARTS))
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["soc", "status", "offered_a"]), path)
    lacking = former.telemetry.head(table.num_rows)[["soc", "status", "offered2_a", "i1_a"]]
    assert lacking.isna().all().tolist() == [True, True, True, False]
    pq.write_table(table.drop_columns(["t"]), path)
    with pytest.raises(BadInput, match=r"part-00000\.parquet is no telemetry: it lacks the column t"):
        _ = Run.open(former.directory).telemetry
