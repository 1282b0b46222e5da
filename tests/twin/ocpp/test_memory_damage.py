"""A memory file that is broken is noticed, said and put aside; one that is whole is gone on from exactly."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from wire import charging, sent

from evc5.rigs.bench.bench import Bench
from evc5.rigs.command.cli import main
from evc5.rigs.errors import BadInput
from evc5.twin.ocpp.memory import Memory
from evc5.twin.ocpp.store import Damaged, SqliteStore

KEYS = {"MeterValueSampleInterval": 60, "MeterValuesSampledData": "Energy.Active.Import.Register"}


def remembering(tmp_path: Path, start: str = "2024-01-01T00:00:00Z", **options: Any) -> Bench:
    return Bench(start=start, memory=str(tmp_path / "memory.db"), keys=KEYS, **options)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """The memory of a station that was killed with a transaction, a queue and facts in it."""
    bench = charging(remembering(tmp_path))
    bench.link.down()
    bench.advance(600)
    return tmp_path / "memory.db"


def held(path: Path) -> str:
    """All that a memory remembers, as text."""
    running, queue, facts = SqliteStore(path).load()
    return repr((running, [(m.action, m.payload, m.row) for m in queue], sorted(facts.items())))


@pytest.mark.slow
def test_phase_registers_keep_to_their_total_over_ten_restarts(tmp_path: Path) -> None:
    for day in range(1, 11):
        bench = charging(remembering(tmp_path, f"2024-01-{day:02}T00:00:00Z"), vehicle="vw-id3-58", soc=0.1)
        bench.advance(777)
        bench.call("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1})
        bench.advance(1)
        reading = bench.assembly.world.outlet(1).metered()
    assert reading.register_wh > 5000
    assert abs(sum(reading.register_phase_wh) - reading.register_wh) < 3.0  # each is cut to whole Wh


def test_a_register_told_in_answer_to_a_trigger_is_not_taken_back_by_a_kill(tmp_path: Path) -> None:
    bench = charging(remembering(tmp_path)).advance(5000)
    bench.call("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1})
    bench.advance(0)
    told = sent(bench, "MeterValues")[-1]["meterValue"][0]["sampledValue"]
    again = remembering(tmp_path, "2024-01-02T00:00:00Z")
    whole = [float(value["value"]) for value in told if "phase" not in value]
    assert again.reading(1)["register_wh"] >= whole[0] > 100


@pytest.mark.parametrize("size", [0, 1, 15, 16, 71, 72, 300, 9000, 17_000, 26_000])
def test_a_cut_file_is_noticed_and_kept_beside_a_fresh_one(left: Path, size: int) -> None:
    content = left.read_bytes()
    left.write_bytes(content[:size])
    bench = remembering(left.parent, "2024-01-02T00:00:00Z")
    told = bench.assembly.recorder.summary["memory"]
    assert "damaged" in told["damage"] and told["kept"] == "memory.db.damaged-1"
    assert (left.parent / told["kept"]).read_bytes() == content[:size]
    bench.advance(60)
    assert sent(bench, "StopTransaction") == []
    assert "memory" not in remembering(left.parent).assembly.recorder.summary


@pytest.mark.slow
def test_no_cut_passes(left: Path) -> None:
    """All lengths of the header and of the first table's beginning, and of the rest one in each 37."""
    content = left.read_bytes()
    for size in [*range(700), *range(700, len(content), 37)]:
        left.write_bytes(content[:size])
        with pytest.raises(Damaged):
            SqliteStore(left)


def foreign_database(path: Path, statement: str = "CREATE TABLE bookmarks (url TEXT)") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 7")
        db.execute(statement)


FOREIGN: dict[str, Callable[[Path], Any]] = {
    "a letter": lambda path: path.write_bytes(b"x"),
    "a text": lambda path: path.write_text("Dear Sir, SQLite format 3 is what I use.\n" * 30),
    "a picture": lambda path: path.write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)) * 9),
    "another's database": foreign_database,
    "an empty database": lambda path: foreign_database(path, "VACUUM"),
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_file_that_is_none_of_ours_is_refused_and_not_touched(tmp_path: Path, what: str) -> None:
    path = tmp_path / "memory.db"
    FOREIGN[what](path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(BadInput, match=r"station\.memory: .*memory\.db must be the memory file of a station"):
        remembering(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["memory.db"]
    assert before is None or path.read_bytes() == before


def test_a_flipped_version_is_damage_and_no_earlier_layout(left: Path) -> None:
    content = bytearray(left.read_bytes())
    content[63] ^= 1  # the last byte of user_version, sqlite.org/fileformat2.html 1.3
    left.write_bytes(content)
    assert "damaged" in remembering(left.parent).assembly.recorder.summary["memory"]["damage"]


def test_a_journal_of_a_memory_that_was_deleted_does_no_harm(left: Path) -> None:
    journal = left.with_name("memory.db-journal")
    with closing(sqlite3.connect(left, isolation_level=None)) as db:
        db.executescript("PRAGMA cache_size = 1; BEGIN; DELETE FROM facts; UPDATE messages SET payload = '';")
        stale = journal.read_bytes()
    left.unlink()
    journal.write_bytes(stale)
    assert len(stale) > 4096 and held(left) == held(left) == repr(([], [], []))


def test_a_disk_that_is_full_is_told_as_the_system_does(left: Path) -> None:
    store = SqliteStore(left)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OSError, match="No space left on device") as refused:
        store.keep("much", "x" * 100_000)
    assert refused.value.filename == str(left)
    store.keep("little", 1)
    assert SqliteStore(left).load()[2]["little"] == 1


@pytest.mark.slow
def test_no_flipped_byte_passes_with_something_else_remembered(left: Path) -> None:
    """In unused space a flip changes nothing and may pass; any that changes what is remembered is noticed."""
    content, before, random = left.read_bytes(), held(left), Random(1)
    noticed = 0
    for place in sorted(random.sample(range(len(content)), 400)):
        left.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            assert held(left) == before, place
        except Damaged:
            noticed += 1
    assert noticed > 20


def test_a_second_damaged_file_does_not_take_the_first_ones_place(left: Path) -> None:
    content = left.read_bytes()
    for n in (1, 2):
        left.write_bytes(content[: len(content) // 2])
        assert remembering(left.parent).assembly.recorder.summary["memory"]["kept"].endswith(f"damaged-{n}")


def test_what_was_written_is_read_back_to_the_last_bit(left: Path) -> None:
    once = held(left)
    memory = Memory(SqliteStore(left))
    memory.keep("registers", [[1, 2, 3, 4]])
    memory.delivered()
    assert held(left) != once and held(left) == held(left)


def test_the_command_says_that_a_memory_was_damaged(
    left: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(left.parent)
    left.write_bytes(left.read_bytes()[:9000])
    rig = 'name = "small"\nstart = 2024-03-01T16:00:00Z\ndays = 0.001\n[station]\nmemory = "memory.db"\n'
    Path("small.toml").write_text(rig + "[recording]\nreport = false\n")
    assert main(["run", "small.toml", "--quiet"]) in (0, 1)
    (line,) = capsys.readouterr().err.splitlines()
    assert "memory.db is damaged: " in line and "is kept as memory.db.damaged-1" in line
    assert "memory" in json.loads(Path("runs/small-1/summary.json").read_bytes())
