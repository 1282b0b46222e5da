"""`evc5 sheet`: what a reader of the terminal, and of its JSON, gets to see."""

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO

import pytest
from places import SPEC
from rich.console import Console

from evc5.rigs.command.sheet import render_sheet, sheet_data
from evc5.twin.sheet.behaviour import Behaviour

SHEET = SPEC / "sheet.csv"


def printed(behaviour: Behaviour, width: int) -> list[str]:
    console = Console(width=width, file=StringIO(), record=True)
    console.print(render_sheet(behaviour))
    return console.export_text().splitlines()


def first_column(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Heading and first cell; the following lines of a wrapped row have none."""
    heading = ""
    for line in lines:
        if line.startswith("Table "):
            heading = line.partition(".")[0] + "."
        elif line.startswith("  ") and line[2:3].strip():
            yield heading, line.split()[0]


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 200])
def test_every_row_of_the_sheet_is_on_the_terminal_under_its_table(width: int) -> None:
    lines = printed(Behaviour.load("evc5-v32r30"), width)
    with SHEET.open(newline="") as file:
        wanted = [(f"Table {row['table']}.", row["row"]) for row in csv.DictReader(file)]
    assert [row for row in first_column(lines) if row in wanted] == wanted


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 140])
def test_no_word_of_a_remark_is_broken_in_two(width: int) -> None:
    whole = set(re.split(r"[\s,]+", " ".join(printed(Behaviour.load("evc5-v32r30"), width))))
    with SHEET.open(newline="") as file:
        words = {word for row in csv.DictReader(file) for word in re.split(r"[\s,]+", row["remark"])}
    assert len(words) > 50 and words - whole == set()


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 140])
def test_what_is_assumed_is_shown_to_be(width: int) -> None:
    lines = printed(Behaviour.load("evc5-v32r30"), width)
    [line] = [line for line in lines if line.split()[:1] == ["LocalPreAuthorize"]]
    assert "[assumed]" in line


@pytest.mark.slow
def test_policies_are_shown_with_the_answer_given() -> None:
    lines = printed(Behaviour.load("ocpp16").with_policies({"gap": "unlimited"}), width=200)
    [line] = [line for line in lines if line.split()[:1] == ["gap"]]
    assert line.split()[1] == "unlimited"


def test_the_sheet_as_data_survives_json_and_has_every_row() -> None:
    data = json.loads(json.dumps(sheet_data(Behaviour.load("ocpp16"))))
    keys = {row["name"]: row for row in data["rows"] if row["table"] == 18}
    assert data["behaviour"] == "ocpp16"
    assert keys["TransactionMessageAttempts"]["support"] == "yes"
    assert len(data["rows"]) == 197
