"""Whatever stands in the files of a run directory, every command that reads one goes on or says why not."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from malformed import ways

from evc5 import BadInput, Bench, Run, judge
from evc5.rigs.command.cli import main
from evc5.rigs.recording.reading.events import event_row, events
from evc5.rigs.recording.reading.frames import heads
from evc5.rigs.rigfile.file import RigFile

PLUG_IN = {"t": 1.0, "at": "2024-03-01T00:00:01.000Z", "connector": 1, "event": "plug-in", "detail": {}}
RIG = {
    "name": "rows", "start": "2024-03-01T00:00:00Z", "days": 1, "csms": {"asks_keys": True},
    "station": {"behaviour": "evc5-v32r30", "keys": {"MeterValueSampleInterval": 60}},
}  # fmt: skip
WRONG: tuple[Any, ...] = (
    None, True, -1, 1e308, 2**70, "", "x" * 3000, "2024-02-30T00:00:00Z", "9999-12-31T23:59:60Z",
    "NaN", [], {}, [[]], {"a": 1}, json.loads("[" * 300 + "]" * 300),
)  # fmt: skip
MISSING = object()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"t": "soon"}, "t must be a number of seconds of the run, got 'soon'"),
        ({"t": 1e308}, "t must be a number of seconds of the run, got 1e+308"),
        ({"at": "2024-02-30T00:00:00Z"}, "at must be a UTC date-time or null, got '2024-02-30T00:00:00Z'"),
        ({"connector": True}, "connector must be the number of a connector or null, got True"),
        ({"connector": None}, "plug-in must have connector, got none"),
        ({"event": 7}, "event must be a text, got 7"),
        ({"detail": ["soc"]}, "detail must be an object or null, got ['soc']"),
        ({"detail": {"soc": "full"}}, "soc must be a number or null, got 'full'"),
        ({"event": "tag"}, "tag must have id_tag, got none"),
        ({"event": "fault", "detail": {"fault": 3}}, "fault must be a text, got 3"),
    ],
)
def test_a_row_of_events_that_is_none_says_which_field_and_why(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError) as caught:
        event_row(json.dumps(PLUG_IN | changes).encode())
    assert str(caught.value) == told


def test_readers_meet_sound_rows_alone_each_with_its_detail(tmp_path: Path) -> None:
    rows = [PLUG_IN, 7, PLUG_IN | {"t": None}, PLUG_IN | {"detail": None, "extra": 1}, PLUG_IN | {"event": 1}]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"t": 2.0, "ev')
    assert [*events(path)] == [PLUG_IN, PLUG_IN | {"extra": 1}]


@pytest.mark.parametrize("changes", [{"dir": "over"}, {"t": "soon"}, {"t": 1e308}, {"t": [1]}])
def test_frames_of_no_direction_or_time_are_passed_over(changes: dict[str, Any], tmp_path: Path) -> None:
    line = {"t": 1.0, "at": PLUG_IN["at"], "station": "A", "dir": "up", "frame": [2, "1", "Heartbeat", {}]}
    path = tmp_path / "messages.jsonl"
    for separators in ((",", ":"), (", ", ": ")):
        texts = [json.dumps(row, separators=separators) + "\n" for row in (line | changes, line)]
        path.write_text("".join(texts))
        assert [head.action for head, _ in heads(path)] == ["Heartbeat"]


# -- every command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour in which all is done that can be done by hand."""
    out = tmp_path_factory.mktemp("rows") / "run"
    with Bench(rig=RigFile.parse(RIG), out=out) as bench:
        bench.plug_in(1, "renault-zoe-ze50", 0.5, 32.0)
        bench.present_tag(1, "A")
        bench.advance(600)
        bench.link.down()
        bench.advance(300)
        bench.link.up()
        bench.inject("power-meter-failure", 1)
        bench.advance(120)
        bench.clear("power-meter-failure", 1)
        bench.call("Reset", {"type": "Soft"})
        bench.advance(600)
        bench.unplug(1)
        bench.advance(60)
    judge(out)
    return out


@pytest.mark.slow
def test_a_broken_row_of_events_is_a_finding_and_the_rest_is_judged(recorded: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(recorded, tmp_path / "run"), "events.jsonl")
    path.write_text(path.read_text() + json.dumps(PLUG_IN | {"detail": {"soc": []}}) + "\n")
    verdict = judge(path.parent)
    (found,) = (one for one in verdict.findings if one["severity"] == "error")
    assert found["requirement"] == "recording.line"
    assert "events.jsonl: soc must be a number or null, got []" in found["message"]
    assert verdict.breakdowns == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_no_field_of_any_row_breaks_a_command(
    seed: int, recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(seed)
    run = Path(shutil.copytree(recorded, tmp_path / "run"))
    spoil(run / draw.choice(["messages.jsonl", "events.jsonl", "events.jsonl", "summary.json"]), draw)
    for argv in (
        ["verify", str(run), "--all", "--case", str(tmp_path / "case"), "--junit", str(tmp_path / "x.xml")],
        ["compare", str(recorded), str(run)],
        ["shadow", str(run), "--out", str(tmp_path / "twin")],
    ):
        code = main(argv)
        assert code in (0, 1, 2), capsys.readouterr()
    for name in ("events", "messages", "meter_values", "transactions", "sessions", "telemetry"):
        try:
            getattr(Run(run), name)
        except BadInput:
            continue


def spoil(path: Path, draw: random.Random) -> None:
    """Something else at some places of a file of JSON, or nothing there."""
    texts = [path.read_text()] if path.suffix == ".json" else path.read_text().splitlines()
    for _ in range(draw.choice([1, 1, 3])):
        number = draw.randrange(len(texts))
        row = json.loads(texts[number])
        way = draw.choice([way for way in ways(row) if way])
        inner = row
        for step in way[:-1]:
            inner = inner[step]
        value = draw.choice((*WRONG, MISSING, MISSING))
        if value is MISSING:
            del inner[way[-1]]
        else:
            inner[way[-1]] = value
        texts[number] = json.dumps(row, separators=(",", ":"))
    path.write_text("\n".join(texts) + "\n")
