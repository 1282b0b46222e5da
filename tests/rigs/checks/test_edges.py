"""For each number of the judge a recording just inside it holds, one just outside breaks."""

from pathlib import Path

import pytest
from edges import Edge, changed, in_code
from edges.table import EDGES


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
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
