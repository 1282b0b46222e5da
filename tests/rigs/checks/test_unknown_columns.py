"""Telemetry of instruments lacks what nobody can measure: a null column judges nothing, and is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from handmade import healthy

from evc5.rigs.checks import Verdict, judge
from evc5.rigs.checks.reading.telemetry import VECTORS
from evc5.rigs.checks.state.unknown_columns import READS
from evc5.rigs.checks.verdict.catalogue import TABLE

OF_THE_CONTROLLER = [
    f"{quantity}{phase}_a"
    for quantity in ("demand", "capability", "allocated", "offered")
    for phase in (1, 2, 3)
]
GROUPS = {
    "status": ["status"],
    "pilot": ["pilot", "duty_pct"],
    "phases": ["phases"],
    "limited_by": ["limited_by"],
    "offer": ["offered1_a", "offered2_a", "offered3_a"],
    "allocation": ["allocated1_a", "allocated2_a", "allocated3_a"],
    "capability": ["capability1_a", "capability2_a", "capability3_a"],
    "current": ["i1_a", "i2_a", "i3_a"],
    "voltage": ["u1_v", "u2_v", "u3_v"],
    "power factor": ["pf"],
    "power": ["p_w"],
    "energy": ["energy_wh"],
    "register": ["register_wh"],
    "battery and heat": ["soc", "temp_c"],
    "all but the outlet": ["status", "pilot", "duty_pct", "phases", "limited_by", *OF_THE_CONTROLLER],
}


MISSING = [(group, True) for group in ("current", "all but the outlet")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What is judged of the day where all columns are told."""
    verdict = judge(healthy().write(tmp_path_factory.mktemp("day") / "whole"))
    return {row["id"]: row for row in verdict.requirements}


def rewritten(folder: Path, change: Callable[[pa.Table], pa.Table]) -> Verdict:
    """A day that holds, its telemetry changed."""
    run = healthy().write(folder / "run")
    for path in run.glob("telemetry.parquet/*.parquet"):
        pq.write_table(change(pq.read_table(path)), path)
    return judge(run)


def without(names: list[str], missing: bool) -> Callable[[pa.Table], pa.Table]:
    """Columns null in every row, or not there at all."""

    def change(table: pa.Table) -> pa.Table:
        if missing:
            return table.drop_columns(names)
        for name in names:
            nulls = pa.nulls(len(table), table[name].type)
            table = table.set_column(table.column_names.index(name), name, nulls)
        return table

    return change


@pytest.mark.slow
@pytest.mark.parametrize(("group", "missing"), [*((group, False) for group in GROUPS), *MISSING])
def test_what_is_not_known_breaks_nothing_and_is_not_passed(
    group: str, missing: bool, tmp_path: Path, whole: dict[str, dict[str, Any]]
) -> None:
    verdict = rewritten(tmp_path, without(GROUPS[group], missing))
    assert verdict.findings == [] and verdict.breakdowns == []
    for row in verdict.requirements:
        columns = {column for name in READS.get(row["id"], ()) for column in VECTORS.get(name, (name,))}
        if columns.isdisjoint(GROUPS[group]):
            assert row["verdict"] == whole[row["id"]]["verdict"], row["id"]
        elif whole[row["id"]]["verdict"] == "PASS":
            assert (row["verdict"], row["count"]) == ("NOT JUDGED", 0), row["id"]
            assert any(text.startswith("telemetry without ") for text in row["lacks"]), row["id"]


def of_one_connector(name: str) -> Callable[[pa.Table], pa.Table]:
    """A column null at connector 1 alone."""

    def change(table: pa.Table) -> pa.Table:
        there = pc.if_else(pc.equal(table["connector"], 1), None, table[name])
        return table.set_column(table.column_names.index(name), name, there)

    return change


@pytest.mark.slow
def test_an_instrument_at_one_outlet_judges_that_one_and_no_sum(
    tmp_path: Path, whole: dict[str, dict[str, Any]]
) -> None:
    verdict = rewritten(tmp_path, of_one_connector("i1_a"))
    rows = {row["id"]: row for row in verdict.requirements}
    assert verdict.findings == []
    assert 0 < rows["electrical.offer"]["count"] < whole["electrical.offer"]["count"]
    assert rows["electrical.station-limit"]["verdict"] == "NOT JUDGED"


@pytest.mark.slow
def test_a_power_factor_missing_in_single_rows_costs_those_rows(
    tmp_path: Path, whole: dict[str, dict[str, Any]]
) -> None:
    def change(table: pa.Table) -> pa.Table:
        every_other = pa.array([k % 2 == 0 for k in range(len(table))])
        gaps = pc.if_else(every_other, None, table["pf"])
        return table.set_column(table.column_names.index("pf"), "pf", gaps)

    verdict = rewritten(tmp_path, change)
    rows = {row["id"]: row for row in verdict.requirements}
    assert verdict.findings == []
    assert 0 < rows["electrical.power"]["count"] < whole["electrical.power"]["count"]


def test_every_requirement_that_reads_telemetry_by_itself_is_in_the_table() -> None:
    """Those that compare meter values with it row by row count for themselves what they cannot compare."""
    by_value = {"metering.true-values"}
    need = {row.id for row in TABLE if any(need.name == "telemetry" for need in row.needs)} - by_value
    assert need <= set(READS) <= {row.id for row in TABLE}
