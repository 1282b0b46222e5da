"""A recording's file of lines: it holds no descriptor, loses nothing, and notices that its place is gone."""

import os

import pytest

from evc5.rigs.recording.writing.journal import Journal


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
    class Full:
        """Takes three bytes, then nothing."""

        def __init__(self, file):
            self.file, self.taken = file, 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, data):
            if self.taken:
                raise OSError(28, "No space left on device")
            self.taken = self.file.write(data[:3])
            return self.taken

    journal = Journal(tmp_path / "x")
    journal.write(b"whole line\n")
    monkeypatch.setattr("builtins.open", lambda *how, _open=open, **kw: Full(_open(*how, **kw)))
    with pytest.raises(OSError, match="No space left"):
        journal.flush()
    monkeypatch.undo()
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
