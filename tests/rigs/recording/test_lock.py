"""Two runs into one directory exclude each other; a dead process, and a closed run, hold nothing."""

import subprocess
import sys

import pytest
from places import ROOT
from small_world import SmallBench

from evc5 import BadInput, Bench, Rig
from evc5.rigs.recording.writing.lock import Lock
from evc5.rigs.rigfile.file import RigFile

SMALL = {"name": "small", "start": "2024-03-01T16:00:00Z", "days": 0.02, "recording": {"report": False}}
HOLD = """
import sys
from pathlib import Path
from evc5.rigs.recording.writing.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_run_into_the_same_directory_is_refused_and_changes_nothing(tmp_path):
    with Bench(out=tmp_path / "run") as first:
        first.advance(60)
        first.assembly.recorder.flush()
        before = (tmp_path / "run" / "messages.jsonl").read_bytes()
        with pytest.raises(BadInput, match="is not free: another run records into it"):
            Rig(RigFile.parse(SMALL)).run(out=tmp_path / "run")
        assert (tmp_path / "run" / "messages.jsonl").read_bytes() == before
    Bench(out=tmp_path / "run").close()


def test_a_folder_that_is_served_into_takes_no_run_of_another(tmp_path):
    with Lock(tmp_path / "served"):
        with pytest.raises(BadInput, match=r"another run records into .*served"):
            Lock(tmp_path / "served" / "CP1")
        Lock(tmp_path / "beside").release()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BadInput, match="is not free"):
        SmallBench(tmp_path / "run")
    process.kill()
    process.communicate()
    SmallBench(tmp_path / "run").close()


def test_a_finished_run_leaves_no_lock_behind(tmp_path):
    SmallBench(tmp_path / "run").close()
    assert not (tmp_path / "run" / ".lock").exists()


def test_a_place_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"--out .*file/run: Not a directory"):
        SmallBench(tmp_path / "file" / "run")
