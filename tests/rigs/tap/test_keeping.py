"""What passed is kept a charge point and day; what no disk takes waits, and nothing of it gets in the way."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.tap.forward import Line, Told, Way
from evc5.rigs.tap.keeping import Keeper
from evc5.rigs.tap.messages import Message
from evc5.rigs.tap.pseudonyms import Pseudonyms

BEAT = b'[2,"1","Heartbeat",{}]'


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def keeper(tmp_path: Path, said: list[str]) -> Iterator[Keeper]:
    lock = Lock(tmp_path / "tap")
    made = Keeper(tmp_path / "tap", lock, said.append, said.append, Pseudonyms(tmp_path / "tap"))
    made.now = lambda: datetime(2024, 3, 1, 23, 59, tzinfo=UTC)
    yield made
    lock.release()


def hears(keeper: Keeper, line: Line, way: Way, content: bytes) -> None:
    keeper.hear(Told(line, way, Message("text", content)))
    keeper.work()


def frames(directory: Path) -> list[tuple[str, object]]:
    rows = map(orjson.loads, (directory / "messages.jsonl").read_bytes().splitlines())
    return [(row["dir"], row.get("frame", row.get("text"))) for row in rows]


def test_each_charge_point_has_a_directory_a_day(keeper: Keeper, tmp_path: Path) -> None:
    first, other = Line("CP1"), Line("CP/2")
    for line in (first, other):
        keeper.hear(Told(line, "opened"))
        hears(keeper, line, "up", BEAT)
    keeper.now = lambda: datetime(2024, 3, 2, 0, 0, 1, tzinfo=UTC)
    keeper.second()
    hears(keeper, first, "down", b"no JSON")
    found = keeper.close()
    names = [str(path.relative_to(tmp_path / "tap")) for path in found]
    assert sorted(names) == ["CP%2f2/2024-03-01", "CP1/2024-03-01", "CP1/2024-03-02"]
    assert frames(tmp_path / "tap/CP1/2024-03-01") == [("up", [2, "1", "Heartbeat", {}])]
    assert frames(tmp_path / "tap/CP1/2024-03-02") == [("down", "no JSON")]
    assert orjson.loads((tmp_path / "tap/CP1/2024-03-01/summary.json").read_bytes())["state"] == "complete"


def test_a_tap_that_is_begun_again_the_same_day_overwrites_nothing(keeper: Keeper, tmp_path: Path) -> None:
    hears(keeper, Line("CP1"), "up", BEAT)
    keeper.close()
    hears(keeper, Line("CP1"), "up", BEAT)
    keeper.close()
    assert [len(frames(path)) for path in sorted((tmp_path / "tap/CP1").iterdir())] == [1, 1]


def test_what_a_full_disk_does_not_take_is_written_when_it_does(
    keeper: Keeper, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line("CP1")
    hears(keeper, line, "up", BEAT)
    with monkeypatch.context() as full:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr("evc5.rigs.recording.writing.journal.open", refuse, raising=False)
        keeper.second()
        hears(keeper, line, "up", BEAT)
        keeper.second()
    assert [text for text in said if "NOT RECORDED for now" in text] == said
    keeper.second()
    assert said[-1] == "CP1 is recorded again; nothing is missing"
    (directory,) = keeper.close()
    assert len(frames(directory)) == 2


@pytest.mark.parametrize("relief", [True, False])
def test_a_full_disk_is_a_warning_only_where_it_stays_full_to_the_end(
    keeper: Keeper, said: list[str], monkeypatch: pytest.MonkeyPatch, relief: bool
) -> None:
    warned: list[str] = []
    keeper.warn = warned.append
    hears(keeper, Line("CP1"), "up", BEAT)
    with monkeypatch.context() as full:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr("evc5.rigs.recording.writing.journal.open", refuse, raising=False)
        keeper.second()
        assert len(said) == 1 and not warned
        if not relief:
            assert keeper.close() == []
    if relief:
        assert len(keeper.close()) == 1
    assert ["the end of" in text and "No space left" in text for text in warned] == [True] * (not relief)


def test_a_recording_that_is_taken_away_is_told_and_begun_anew(
    keeper: Keeper, said: list[str], tmp_path: Path
) -> None:
    hears(keeper, Line("CP1"), "up", BEAT)
    keeper.second()
    names = Pseudonyms(tmp_path / "tap")
    shutil.rmtree(tmp_path / "tap")
    hears(keeper, Line("CP1"), "up", BEAT)
    keeper.second()
    hears(keeper, Line("CP1"), "down", b'[3,"1",{}]')
    keeper.second()
    assert ["took" in text and "NOT RECORDED" in text for text in said] == [True]
    (directory,) = keeper.close()
    assert frames(directory) == [("down", [3, "1", {}])]
    assert Pseudonyms(tmp_path / "tap").of("04AB12CD") == names.of("04AB12CD")


def test_a_fault_of_the_recorder_is_told_once_and_ends_that_recording_alone(
    keeper: Keeper, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(keeper, Line("CP2"), "up", BEAT)
    good = Recorder.frame

    def fails(self: Recorder, t_s: float, station: str, up: bool, text: str, lost: bool = False) -> None:
        if station == "CP1":
            raise ZeroDivisionError("no reason")
        good(self, t_s, station, up, text, lost)

    monkeypatch.setattr(Recorder, "frame", fails)
    for _ in range(3):
        hears(keeper, Line("CP1"), "up", BEAT)
        hears(keeper, Line("CP2"), "up", BEAT)
    assert said == ["NOT RECORDED any further today: CP1: ZeroDivisionError: no reason; its traffic goes on"]
    assert [len(frames(path)) for path in keeper.close()] == [4]


def test_only_the_newest_connection_of_a_charge_point_ends_it(keeper: Keeper, said: list[str]) -> None:
    old, new = Line("CP1"), Line("CP1")
    for told in (Told(old, "opened"), Told(new, "opened"), Told(old, "closed", why="broken")):
        keeper.hear(told)
    keeper.work()
    assert said == ["CP1 is connected", "CP1 is connected"]


def test_no_name_of_a_charge_point_is_taken_for_a_warning(keeper: Keeper, said: list[str]) -> None:
    warned: list[str] = []
    keeper.warn = warned.append
    keeper.hear(Told(Line("NOT RECORDED"), "opened"))
    keeper.work()
    assert (said, warned) == (["NOT RECORDED is connected"], [])
