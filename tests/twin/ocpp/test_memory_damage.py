"""A memory file that is broken is noticed, said and put aside; one that is whole is gone on from exactly."""

import json
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


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_file_is_noticed_and_kept_beside_a_fresh_one(left: Path, share: float) -> None:
    content = left.read_bytes()
    left.write_bytes(content[: int(len(content) * share)])
    if share < 0.05:  # what the station wrote begins after that: nothing tells it from another file
        with pytest.raises(BadInput, match="must be the memory file of a station"):
            remembering(left.parent)
        return
    bench = remembering(left.parent, "2024-01-02T00:00:00Z")
    told = bench.assembly.recorder.summary["memory"]
    assert "damaged" in told["damage"] and told["kept"] == "memory.db.damaged-1"
    assert (left.parent / told["kept"]).read_bytes() == content[: int(len(content) * share)]
    bench.advance(60)
    assert sent(bench, "StopTransaction") == []


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
