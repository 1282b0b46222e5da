"""A recording's file of lines: it holds no descriptor, loses nothing, and notices that its place is gone."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from evc5.rigs.recording.writing.journal import BUFFER_BYTES, Journal

PART = 7  # bytes


class FullDisk(io.FileIO):
    """Takes a part of what it is given first, then nothing."""

    full = False

    def write(self, content: bytes) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        self.full = True
        return super().write(memoryview(content)[:PART])


class InterruptedFile(io.FileIO):
    """Takes a part of what it is given, and is interrupted before anybody hears how much."""

    def write(self, content: bytes) -> int:
        super().write(memoryview(content)[:PART])
        raise KeyboardInterrupt


@contextmanager
def opened_as(kind: type[io.FileIO], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the journal opens is such a file."""
    with monkeypatch.context() as inside:
        inside.setattr(
            "evc5.rigs.recording.writing.journal.open", lambda path, *_, **__: kind(path, "ab"), raising=False
        )
        yield


def test_a_journal_appends_what_is_flushed_and_holds_no_descriptor(tmp_path):
    before = os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
    journals = [Journal(tmp_path / f"{n}.jsonl") for n in range(50)]
    for journal in journals:
        journal.write(b"one\n")
        journal.flush()
        journal.write(b"two\n")
        journal.flush()
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"one\ntwo\n"}
    if before:
        assert len(os.listdir("/proc/self/fd")) <= len(before)


def test_what_a_full_disk_did_not_take_is_written_later(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "x")
    journal.write(b"whole line\n")
    with opened_as(FullDisk, monkeypatch), pytest.raises(OSError, match="No space left"):
        journal.flush()
    journal.flush()
    assert (tmp_path / "x").read_bytes() == b"whole line\n"


def test_a_place_that_has_vanished_is_noticed(tmp_path):
    (tmp_path / "run").mkdir()
    journal = Journal(tmp_path / "run" / "x")
    (tmp_path / "run" / "x").unlink()
    (tmp_path / "run").rmdir()
    journal.write(b"line\n")
    with pytest.raises(FileNotFoundError):
        journal.flush()


def test_a_write_that_was_interrupted_goes_on_where_it_stopped(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "x")
    lines = [b"line %d\n" % n for n in range(9)]
    for line in lines[:-1]:
        journal.write(line)
    with opened_as(InterruptedFile, monkeypatch):
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                journal.flush()
    journal.write(lines[-1])
    journal.flush()
    assert (tmp_path / "x").read_bytes() == b"".join(lines)


def test_what_explains_a_line_is_written_before_it(tmp_path):
    """Wherever a kill comes, the events are there that the frames followed on."""
    events = Journal(tmp_path / "events.jsonl")
    frames = Journal(tmp_path / "messages.jsonl", explained_by=events)
    events.write(b"plug-in\n")
    frames.write(b"x" * BUFFER_BYTES)  # full: it is written without anybody's asking
    assert (tmp_path / "messages.jsonl").stat().st_size == BUFFER_BYTES
    assert (tmp_path / "events.jsonl").read_bytes() == b"plug-in\n"
