"""The table of the judge's numbers: each has a source, a name of its own, and a recording on either side."""

from pathlib import Path

import pytest
from edges import Edge, changed, in_code
from edges.table import EDGES

from evc5.rigs import checks
from evc5.rigs.checks.verdict.numbers import NO_THRESHOLDS, numbers, numbers_of

CHECKS = Path(checks.__path__[0])


EVERY = [  # each tenth one in the fast set, to keep it fast; all of them with the slow tests
    pytest.param(edge, id=edge.name, marks=[] if number % 10 == 0 else pytest.mark.slow)
    for number, edge in enumerate(EDGES)
]


@pytest.mark.parametrize("edge", EVERY)
def test_just_inside_a_number_holds_and_just_outside_breaks(edge: Edge, tmp_path: Path) -> None:
    assert in_code(edge.number) == edge.value
    assert edge.sides(tmp_path) == (False, True)


@pytest.mark.slow
@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_a_number_halved_or_doubled_turns_a_recording_around(
    edge: Edge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for factor in (0.5, 2.0):
        with changed(edge.number, factor, monkeypatch):
            assert edge.sides(tmp_path) != (False, True), f"{edge.number} x {factor} makes no difference"


def test_every_number_has_its_edges() -> None:
    assert {number.id for number in numbers()} == {edge.number for edge in EDGES}


def test_what_is_said_to_be_no_threshold_is_there() -> None:
    told = set()
    for path in CHECKS.rglob("*.py"):
        told |= {line.partition(" = ")[0] for line in path.read_text("utf-8").splitlines()}
    assert NO_THRESHOLDS.keys() <= told


def test_every_number_has_its_source_and_a_name_of_its_own() -> None:
    assert [number.id for number in numbers() if not number.source] == []
    names = [number.name for number in numbers()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_table_holds_numbers_of_every_room() -> None:
    rooms = {number.module.partition(".")[0] for number in numbers()}
    assert rooms >= {
        "wire",
        "status",
        "transactions",
        "metering",
        "charging",
        "electrical",
        "device",
        "state",
    }
    assert len(numbers()) > 100


def test_explaining_a_requirement_tells_its_numbers() -> None:
    told = {number.name for number in numbers_of("metering.sample-interval")}
    assert {"sample_s", "SAMPLE_STAMP_S"} <= told and "heartbeat_s" not in told
