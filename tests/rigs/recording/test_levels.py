"""How much a rig file has recorded: every reader takes both forms of frames, and says what was given up."""

import shutil

import pytest

from evc5 import BadInput, Bench, NotAvailable, Rig, Run, compare, judge
from evc5.rigs.recording.reading.packed import opened

pytestmark = pytest.mark.slow

EMPTY = {"name": "levels", "start": "2024-03-01T10:00:00Z", "days": 3}
RIG = Rig.load("first-charge").revised({"recording.report": False}, days=0.1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same rig, recorded in four ways."""
    folder = tmp_path_factory.mktemp("levels")
    levels = {
        "plain": {},
        "zst": {"recording.messages": "zst"},
        "frameless": {"recording.messages": "none"},
        "bare": {"recording.messages": "none", "recording.telemetry": False},
        "dark": {"recording.telemetry": False},
    }
    return {name: RIG.revised(level).run(out=folder / name) for name, level in levels.items()}


def names(run: Run) -> set[str]:
    return {path.name for path in run.directory.iterdir()}


def test_a_packed_recording_reads_as_the_plain_one(runs):
    plain, zst = runs["plain"], runs["zst"]
    assert names(plain) - names(zst) == {"messages.jsonl"}
    assert (
        opened(zst.directory / "messages.jsonl.zst").read()
        == (plain.directory / "messages.jsonl").read_bytes()
    )
    for table in (
        "messages",
        "meter_values",
        "transactions",
        "telemetry",
        "events",
        "sessions",
        "requirements",
    ):
        one, other = getattr(plain, table), getattr(zst, table)
        assert len(one) > 0
        assert one.equals(other), table
    assert next(iter(zst.frames("StartTransaction"))).payload["idTag"]
    assert judge(zst.directory).requirements == judge(plain.directory).requirements
    alone, plainly = (
        judge(path) for path in (zst.directory / "messages.jsonl.zst", plain.directory / "messages.jsonl")
    )
    assert alone.requirements == plainly.requirements
    assert alone.frames == plain.summary["frames"] > 100
    assert compare(plain, zst).alike


def test_a_packed_recording_can_be_replayed(runs, tmp_path):
    again = RIG.run(out=tmp_path / "again", replay=runs["zst"].directory)
    assert (
        opened(runs["zst"].directory / "messages.jsonl.zst").read()
        == (again.directory / "messages.jsonl").read_bytes()
    )


def test_without_frames_nothing_is_judged_and_whoever_asks_is_told(runs, tmp_path):
    run = runs["frameless"]
    assert not {name for name in names(run) if name.startswith("messages")}
    assert run.summary["frames"] == runs["plain"].summary["frames"]
    assert run.summary["passed"] is None
    assert set(run.requirements["verdict"]) == {"NOT JUDGED"}
    assert set(run.requirements["lacks"].str[0]) == {
        'the frames: record them, with recording.messages = "jsonl" or "zst"'
    }
    assert run.telemetry.equals(runs["plain"].telemetry)
    assert run.events.equals(runs["plain"].events)
    told = 'holds no frames: it was recorded with recording.messages = "none"'
    for ask in (
        lambda: run.messages,
        lambda: run.meter_values,
        lambda: run.transactions,
        run.frames,
        run.plot.schedule,
    ):
        with pytest.raises(NotAvailable, match=told):
            ask()
    with pytest.raises(BadInput, match=told):
        compare(run, runs["plain"])
    with pytest.raises(BadInput, match=told):
        RIG.run(out=tmp_path / "again", replay=run.directory)


def test_without_telemetry_what_needs_it_is_not_judged_and_whoever_asks_is_told(runs):
    run = runs["dark"]
    assert not list((run.directory / "telemetry.parquet").iterdir())
    assert run.messages.equals(runs["plain"].messages)
    rows = run.requirements.set_index("id")
    assert rows.loc["electrical.power", "verdict"] == "NOT JUDGED"
    assert rows.loc["electrical.power", "lacks"][0].startswith(
        "what stood and flowed at the outlet: record telemetry"
    )
    assert runs["plain"].requirements.set_index("id").loc["electrical.power", "verdict"] == "PASS"
    for ask in (lambda: run.telemetry, run.demand, run.series, run.reactions, run.plot.day):
        with pytest.raises(NotAvailable, match="holds no telemetry: it was recorded with"):
            ask()


def test_a_bench_tells_its_readings_whatever_is_recorded():
    levels = {"messages": "none", "telemetry": False}
    told = []
    for recording in ({}, levels):
        bench = Bench(rig=Rig.from_dict({**EMPTY, "recording": recording}).file)
        bench.plug_in(1, "vw-id3-58", 0.3)
        bench.present_tag(1, "TAG1")
        bench.advance(600)
        told.append(bench.reading(1))
        bench.close()
    assert told[0] == told[1]
    assert told[0]["i1_a"] > 6


def test_a_report_is_written_whatever_was_recorded(tmp_path):
    for messages, telemetry in (("none", True), ("zst", False), ("none", False)):
        rig = RIG.revised(
            {"recording.messages": messages, "recording.telemetry": telemetry, "recording.report": True}
        )
        run = rig.run(out=tmp_path / "run")
        assert "<html" in (run.directory / "report.html").read_text(encoding="utf-8")


def test_what_a_kill_leaves_is_read_up_to_the_last_block(tmp_path):
    """The files of a running bench, as they lie there, are what a kill would leave."""
    station = {"keys": {"ClockAlignedDataInterval": 60}}
    rig = Rig.from_dict({**EMPTY, "station": station, "recording": {"messages": "zst"}})
    bench = Bench(rig=rig.file, out=tmp_path / "run")
    left = []
    for hours in (9, 16, 30):
        bench.advance(hours * 3600)
        left.append(shutil.copytree(tmp_path / "run", tmp_path / f"left-{hours}"))
    bench.close()
    whole = Run.open(tmp_path / "run").messages
    counts = []
    for path in left:
        run = Run.open(path)
        assert run.summary["state"] == "running"
        assert run.messages.equals(whole[: len(run.messages)].astype(run.messages.dtypes))
        assert run.messages.empty or judge(path).passed
        counts.append(len(run.messages))
    assert 0 <= counts[0] <= counts[1] < counts[2] <= len(whole)
    assert counts[1] >= 2 * 24 * 60  # nothing is kept back for more than a day
