"""What the judge reads the short way is judged as if it were read in full."""

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evc5 import Rig, judge
from evc5.rigs.checks.reading.columns import distinct
from evc5.rigs.checks.reading.meter import read
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


CALL = (
    b'{"t":%s,"at":"2026-01-05T10:00:00.000Z","station":"S","dir":"up","frame":[2,"%s","MeterValues",'
    b'{"connectorId":1,"meterValue":[{"timestamp":"2026-01-05T10:00:00Z","sampledValue":[{"value":"%s"}]}]}]}\n'
)
REPLY = b'{"t":%s,"at":"2026-01-05T10:00:00.050Z","station":"S","dir":"down","frame":[3,"%s",{}]}\n'


# What may differ, written by hand: all else stands as it is.
KNOWN = re.compile(
    rb'\{"t":-?(?:0|[1-9]\d*)(?:\.\d+)?,"at":"[^"\\]*","station":"S","dir":"up",'
    rb'"frame":\[2,"[^"\\]{1,36}","MeterValues",\{"connectorId":(?:0|-?[1-9]\d{0,9}),'
    rb'"meterValue":\[\{"timestamp":"(\d{4}-\d\d-\d\dT\d\d):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z",'
    rb'"sampledValue":\[\{"value":"[-.\d]+"\}\]\}\]\}\]\}\n'
)
LINE = CALL % (b"0.5", b"1", b"7")


def taught() -> Templates:
    templates = Templates(float)
    told = [{"timestamp": "2026-01-05T10:00:00Z", "sampledValue": [{"value": "7"}]}]
    templates.learn(LINE, read(told, 0.0, 1, None)[0].layout)
    return templates


def is_hour(text: str) -> bool:
    with suppress(ValueError):
        return datetime.fromisoformat(text) > datetime.min
    return False


@pytest.mark.slow
@given(st.integers(0, len(LINE) - 1), st.integers(0, 2), st.binary(max_size=3))
def test_whatever_else_differs_by_a_byte_is_of_no_known_form(at: int, less: int, more: bytes) -> None:
    line = LINE[:at] + more + LINE[at + less :]
    known = KNOWN.fullmatch(line)
    assert (taught().match(line) is not None) == (known is not None and is_hour(known[1].decode()))


@pytest.mark.slow
@given(
    st.integers(0, 10**9), st.text("0123456789abcdef-", min_size=1, max_size=36), st.integers(-(10**6), 10**9)
)
def test_a_line_of_known_form_is_found_by_itself_and_with_its_own_reply_alone(
    t: int, id: str, wh: int
) -> None:
    templates = taught()
    told, name = b"%d" % t, id.encode()
    call, reply = CALL % (told, name, b"%d" % wh), REPLY % (told, name)
    row, found = templates.match(call), templates.find(call + reply, 0)
    assert row is not None and (row.epoch_s, row.id, row.numbers) == (t, id, b"%d" % wh)
    assert found is not None and found[3] == len(call + reply)
    assert (found[1][-1], found[2]) == (told, b"%d" % wh)
    for alone in (call + REPLY % (told, name + b"x"), call):
        found = templates.find(alone, 0)
        assert found is not None and (found[1][-1], found[3]) == (None, len(call))


@pytest.mark.slow
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


@pytest.mark.slow
@given(INSTANTS, INSTANTS)
def test_distinct_instants_are_in_order_and_each_is_there_once(some: list[int], more: list[int]) -> None:
    assert distinct(np.array(some, float), np.array(more, float)).tolist() == sorted({*some, *more})
