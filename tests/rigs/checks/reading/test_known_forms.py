"""What the judge reads the short way is judged as if it were read in full."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evc5 import Rig, judge
from evc5.rigs.checks.reading.columns import distinct
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.reading.templates import Templates
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, Stretches
from evc5.rigs.checks.verdict import known_lines
from evc5.rigs.recording.reading.columns import Texts

INSTANTS = st.lists(st.integers(0, 40), max_size=12)


@pytest.mark.slow
def test_a_verdict_is_the_same_without_any_known_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Rig.load("bad-day").revised({"recording.report": False}).run(out=tmp_path / "run")
    quick = judge(run.directory).summary()
    monkeypatch.setattr(Templates, "learn", lambda *_: None)
    monkeypatch.setattr(known_lines, "HEARTBEAT", re.compile(rb"(?!)"))  # matches nothing
    assert judge(run.directory).summary() == quick


@settings(max_examples=60)
@given(INSTANTS, INSTANTS, st.integers(0, 3))
def test_instants_are_covered_by_the_stretches_they_lie_in(
    edges: Sequence[int], asked: Sequence[int], after_s: int
) -> None:
    stretches = Stretches()
    edges = sorted(set(edges))
    for k, edge in enumerate(edges):
        (stretches.close if k % 2 else stretches.open)(float(edge))
    pairs = [(begin, end) for begin, end in zip(edges[::2], [*edges[1::2], math.inf], strict=False)]
    hair_s = STAMP_HAIR_S
    expected = [any(b + after_s <= at + hair_s < e for b, e in pairs) for at in asked]
    assert stretches.cover(np.array(asked, float), after_s).tolist() == expected


def test_rows_among_several_texts_leave_out_what_is_not_known() -> None:
    texts = Texts()
    codes = np.array([texts.code(text) for text in ("A", "B", None, "C")])
    rows = Rows({"pilot": codes, "epoch_s": np.arange(4.0)}, texts=texts)
    assert rows.among("pilot", "B", "C").tolist() == [False, True, False, True]
    assert rows.among("pilot", "A").tolist() == [True, False, False, False]


@given(INSTANTS, INSTANTS)
def test_distinct_instants_are_in_order_and_each_is_there_once(some: list[int], more: list[int]) -> None:
    assert distinct(np.array(some, float), np.array(more, float)).tolist() == sorted({*some, *more})
