"""The table of the judge's numbers: each has a source, a name of its own, and a recording on either side."""

import inspect
from pathlib import Path

import pytest
from edges import Edge, changed, in_code
from edges.table import EDGES
from unnamed import ALLOWED, unnamed

from evc5.rigs import checks
from evc5.rigs.checks.electrical.allocation import SHARE_SETTLED_S
from evc5.rigs.checks.electrical.balance import STRETCH_S
from evc5.rigs.checks.electrical.fair_shares import TURN_S
from evc5.rigs.checks.reading.telemetry import CARRY_S
from evc5.rigs.checks.state.follow_times import CARS_FOLLOW_S, DWELL_S, SWITCH_S
from evc5.rigs.checks.state.tolerances import Tolerances
from evc5.rigs.checks.verdict.numbers import NO_THRESHOLDS, modules, numbers, numbers_of

CHECKS = Path(checks.__path__[0])


EVERY = [  # each fortieth one in the fast set, to keep it fast; all of them with the slow tests
    pytest.param(edge, id=edge.name, marks=[] if number % 40 == 0 else pytest.mark.slow)
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


@pytest.mark.slow
def test_no_number_decides_without_a_name() -> None:
    found = {
        (module.__name__.removeprefix(f"{checks.__name__}."), number)
        for module in modules()
        if module.__name__ != Tolerances.__module__  # a table of them itself
        for _, number in unnamed(inspect.getsource(module))
    }
    assert found == ALLOWED.keys()


@pytest.mark.parametrize(
    "line",
    [
        "return since - 60.0",
        "return since - 1.0 < self.start",
        "return {one for one in self.told if one >= now + 0.1}",
        "return len(told) <= 5",
        "return told[0] in (1, 50)",
        "return self.was_away(since, 60.0)",
        "return 0.1 * (same + other)",
        "wait_s = self.wait_s or 30",
        "wait_s = 5.0",
        "return (lambda within_s=25.0: within_s)()",
    ],
)
def test_a_number_that_decides_without_a_name_is_seen(line: str) -> None:
    assert len(list(unnamed(f"class Check:\n    def look(self, since):\n        {line}"))) == 1


def test_a_number_in_the_body_of_a_class_or_by_default_is_seen() -> None:
    assert [n for _, n in unnamed("class Check:\n    CARRY_S = 900.0")] == [900.0]
    assert [n for _, n in unnamed("def unsure(epoch_s, margin_s=60.0): ...")] == [60.0]


def test_places_digits_and_units_are_no_numbers_that_decide() -> None:
    text = "def show(told): return round(told[-64:][0] * 3600.0, 3) + sum(told[n] for n in (1, 2, 3)) / 2"
    assert list(unnamed(text)) == []


def test_so_much_is_carried_over_midnight_as_any_check_looks_back() -> None:
    assert max(CARS_FOLLOW_S, DWELL_S, SWITCH_S, SHARE_SETTLED_S, TURN_S, STRETCH_S) <= CARRY_S


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
