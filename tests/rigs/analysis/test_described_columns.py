"""`help()` tells every column of every table of a run, and none that is not there."""

import inspect
import re

import pytest

from evc5 import Bench, Run

TABLES = ("telemetry", "meter_values", "transactions", "events", "messages", "sessions", "requirements")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    bench = Bench(keys={"MeterValueSampleInterval": 60}, out=tmp_path_factory.mktemp("bench") / "run")
    bench.plug_in(1)
    bench.present_tag(1, "TAG1")
    bench.advance(200)
    return bench.run_so_far()


def told(table: str) -> set[str]:
    """The names that begin an item of the docstring's list, `{k}` for each phase."""
    items = re.findall(r"^- (.+)", inspect.getdoc(getattr(Run, table)) or "", re.MULTILINE)
    names = {name for item in items for name in re.findall(r"(?:^|; |, )`([\w{}]+)`(?=:|,)", item)}
    return {name.format(k=phase) for name in names for phase in (1, 2, 3)}


@pytest.mark.parametrize("table", TABLES)
def test_the_docstring_of_a_table_names_its_columns(table: str, run: Run) -> None:
    frame = getattr(run, table)
    index = {frame.index.name} - {None}
    assert told(table) == {*frame.columns, *index}


def test_a_text_column_of_telemetry_has_its_own_words_and_no_others(run: Run) -> None:
    for name in ("pilot", "status", "limited_by"):
        column = run.telemetry[name]
        assert set(column.cat.categories) == set(column.dropna())


def test_help_on_a_table_tells_its_columns() -> None:
    import pydoc

    assert "transaction_id" in pydoc.render_doc(Run.transactions, renderer=pydoc.plaintext)
