"""Many runs, whoever does them: a row each, the same rows, a directory that no kill spoils."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deadly import Deadly
from places import ROOT

from evc5 import BadInput, Rig, Run, sweep
from evc5.rigs.command.cli import main
from evc5.rigs.sweep.task import Task
from evc5.rigs.sweep.workers import DIED, by_processes

TABLE: dict[str, Any] = {
    "name": "small",
    "start": "2024-03-01T16:00:00Z",
    "days": 0.02,
    "sessions": [
        {"plug_in": 60, "unplug": "25m", "vehicle": "vw-id3-58", "soc": 0.3},
        {"connector": 2, "plug_in": 300, "unplug": "26m", "vehicle": "renault-zoe-ze50", "soc": 0.3},
    ],
}
OVER = {"station.station_max_a": [16, 40], "station.rated_a": [16, 64]}  # 64 is refused: at most 63
COLUMNS = ["run", "seed", *OVER, "passed", "errors", "warnings", "judged", "energy_wh", "peak_w"]
COLUMNS += ["unserved_wh", "wall_s", "error"]


def small() -> Rig:
    return Rig.from_dict(TABLE)


def lasting(frame: pd.DataFrame) -> pd.DataFrame:
    """What does not depend on how fast it went."""
    return frame.drop(columns="wall_s")


@pytest.mark.slow
def test_a_row_is_what_the_run_itself_tells_and_a_failed_run_is_a_row_with_its_error(tmp_path: Path) -> None:
    told = []
    frame = sweep(small(), OVER, jobs=1, progress=lambda done, total: told.append((done, total)))
    assert list(frame.columns) == COLUMNS
    assert frame["run"].tolist() == [0, 1, 2, 3] and told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert frame["error"].isna().tolist() == [True, False, True, False]
    assert frame["error"][1] == "station.rated_a must be <= 63.0, got 64"
    assert frame.loc[[1, 3], ["passed", "errors", "energy_wh", "peak_w"]].isna().all(axis=None)
    one = small().revised({"station.station_max_a": 40, "station.rated_a": 16}).run(out=tmp_path / "one")
    rows = one.telemetry
    total_w = (
        rows.pivot_table(index="t", columns="connector", values="p_w", aggfunc="last").ffill().sum(axis=1)
    )
    assert frame["peak_w"][2] == pytest.approx(total_w.max(), rel=1e-12)
    energy_wh = rows.groupby("connector")["energy_wh"].last().sum()
    assert frame["energy_wh"][2] == pytest.approx(energy_wh, rel=1e-12)
    assert frame["energy_wh"][0] < 0.7 * energy_wh  # 16 A for both
    assert bool(frame["passed"][2]) is one.passed is True
    judged = one.requirements["verdict"].isin(["PASS", "FAIL", "KNOWN DEVIATION"]).sum()
    assert frame["judged"][2] == judged > 30


@pytest.mark.slow
def test_the_rows_are_the_same_whoever_does_the_runs(tmp_path: Path) -> None:
    by_one = lasting(sweep(small(), OVER, seeds=2, jobs=1))
    by_two = lasting(sweep(small(), OVER, seeds=2, jobs=2))
    with ThreadPoolExecutor(2) as threads:
        by_threads = lasting(sweep(small(), OVER, seeds=2, executor=threads, out=tmp_path / "out"))
    pd.testing.assert_frame_equal(by_one, by_two)
    pd.testing.assert_frame_equal(by_one, by_threads)
    kept = pd.read_parquet(tmp_path / "out" / "results.parquet")
    pd.testing.assert_frame_equal(lasting(kept), by_one)


@pytest.mark.slow
def test_dask_does_the_same_unchanged() -> None:
    distributed = pytest.importorskip("distributed", reason="comes with the extra cluster")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        by_dask = lasting(sweep(small(), OVER, executor=client.get_executor()))
    pd.testing.assert_frame_equal(by_dask, lasting(sweep(small(), OVER, jobs=1)))


@pytest.mark.slow
def test_full_recordings_are_kept_and_open(tmp_path: Path) -> None:
    frame = sweep(small(), seeds=[7], recording="full", jobs=1, out=tmp_path / "out")
    run = Run.open(tmp_path / "out" / "runs" / "00000")
    assert run.summary["seed"] == frame["seed"][0] == 7
    assert run.telemetry["energy_wh"].max() > 0


@pytest.mark.slow
def test_a_run_that_kills_its_worker_is_a_row_and_the_others_are_done() -> None:
    table = small().file.table()
    tasks = [Task(run, table, None, {}, seed=1) for run in range(3)]
    tasks[1] = Deadly(**{field.name: getattr(tasks[1], field.name) for field in fields(Task)})
    rows = {row["run"]: row for row in by_processes(2, tasks)}
    assert [rows[run]["error"] for run in range(3)] == [None, DIED, None]


@pytest.mark.slow
@pytest.mark.parametrize("recording", ["summary", "full"])
def test_an_interrupt_during_a_run_ends_the_sweep_and_that_run_is_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recording: str
) -> None:
    with monkeypatch.context() as ctrl_c:
        ctrl_c.setattr("evc5.rigs.bench.rig._play", lambda *_: "interrupted")  # what it says of one
        with pytest.raises(KeyboardInterrupt):
            sweep(small(), seeds=2, jobs=1, out=tmp_path / "out", recording=recording)
    assert (tmp_path / "out" / "rows.jsonl").read_text() == ""
    frame = sweep(small(), seeds=2, jobs=1, out=tmp_path / "out", recording=recording)
    assert len(frame) == 2 and frame["error"].isna().all()


SWEEP = """
rig = "small.toml"
seeds = 6
sample = "latin-hypercube"
runs = 2
[over]
ambient.mean_c = { from = -10, to = 40 }
"""
COMMAND = [sys.executable, "-m", "evc5", "sweep", "mine.toml", "--quiet"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.slow
def test_a_sweep_killed_and_interrupted_goes_on_where_it_was_and_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(small().to_toml())
    (tmp_path / "mine.toml").write_text(SWEEP)
    out = tmp_path / "sweeps" / "mine"
    before = _ended(tmp_path, rows=2, by=signal.SIGKILL, code=-signal.SIGKILL)
    with (out / "rows.jsonl").open("a") as file:
        file.write('{"run": 11, "se')  # as a kill in mid-write leaves it
    later = _ended(tmp_path, rows=len(before) + 2, by=signal.SIGINT, code=130)
    assert later[: len(before)] == before and len(later) < 12
    assert len(pd.read_parquet(out / "results.parquet")) == len(later)
    done = subprocess.run([*COMMAND, "--jobs", "1"], cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 0
    frame = pd.read_parquet(out / "results.parquet")
    assert frame["run"].tolist() == list(range(12)) and frame["error"].isna().all()
    for row in later:
        assert frame["wall_s"][row["run"]] == row["wall_s"]  # not done again
    assert not (out / ".work").exists()


def _ended(folder: Path, rows: int, by: int, code: int) -> list[dict[str, Any]]:
    """The journal of a sweep that a signal ended when it had so many rows; its workers have gone, too."""
    process = subprocess.Popen([*COMMAND, "--jobs", "2"], cwd=folder, env=ENVIRONMENT)
    journal = folder / "sweeps" / "mine" / "rows.jsonl"
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= rows):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    workers = children(process.pid)
    process.send_signal(by)
    assert process.wait() == code
    while any(map(alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [json.loads(line) for line in journal.read_text().splitlines()]


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    found = [int(one) for one in listed.stdout.split()]
    assert len(found) >= 2
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.slow
def test_a_script_without_its_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from evc5 import sweep\nsweep('first-charge', {'seed': [1]} and {}, seeds=2, jobs=2)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith('below if __name__ == "__main__":')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"over": {"ambient.mean": [1, 2]}}, "ambient.mean is not a key here; did you mean mean_c?"),
        ({"over": {"station.rated_a": [100]}}, "station.rated_a must be <= 63.0, got 100"),
        ({"over": {"seed": [1]}}, "over.seed must not be varied so: seed is a setting of the sweep"),
        ({"over": {"days": [1]}, "days": 2}, "over.days must not be varied so: days is a setting of the"),
        ({"seeds": 0}, "seeds must be how many, or a list of whole numbers >= 0, got 0"),
        ({"seeds": [3, 3]}, "seeds must not have one twice, got [3, 3]"),
        ({"jobs": 0}, "jobs must be >= 1, got 0"),
        ({"recording": "some"}, "recording must be summary or full, got 'some'"),
        ({"recording": "full"}, "recording must be summary without out"),
        ({"behaviours": ["ocpp17"]}, "station.behaviour must be "),
        (
            {"behaviours": ["ocpp16"], "over": {"station.behaviour": ["ocpp16"]}},
            "over.station.behaviour must not stand beside behaviours, which says the same",
        ),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_it_runs(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        sweep(small(), **arguments)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("csms.url", "ws://127.0.0.1:9000/x"),
        ("station.memory", "memory.db"),
        ("station.backend", "hardware"),
    ],
)
def test_runs_that_would_meet_are_no_sweep(key: str, value: str) -> None:
    with pytest.raises(BadInput, match=rf"^{key} must not be set in a sweep .*, got '{value}'$"):
        sweep(small().revised({key: value}))


@pytest.mark.slow
def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(BadInput, match="full exists and holds no sweep; choose another, or empty it"):
        sweep(small(), out=tmp_path / "full", jobs=1)
    sweep(small(), out=tmp_path / "out", jobs=1)
    with pytest.raises(BadInput, match=r"out holds another sweep \(other in runs\); choose another"):
        sweep(small(), seeds=2, out=tmp_path / "out", jobs=1)
    with pytest.raises(BadInput, match=r"out holds another sweep \(other in what is varied\)"):
        sweep(small(), {"ambient.mean_c": [3]}, out=tmp_path / "out", jobs=1)
    with pytest.raises(BadInput, match=r"out holds another sweep \(other in rig\)"):
        sweep(small().revised({"ambient.mean_c": 3}), out=tmp_path / "out", jobs=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rig = 'nothing'\n", "evc5: nothing: neither a file nor a shipped rig"),
        ("sample = 'grid'\n", "evc5: bad.toml: rig is required"),
        ("rig = 'week'\nsampel = 'grid'\n", "evc5: bad.toml: sampel is not a key here; did you mean sample?"),
        ("rig = 'week'\n[over]\nambient.mean = [1]\n", "evc5: week.toml: ambient.mean is not a key here"),
        (
            "rig = 'week'\nseeds = -1\n",
            "evc5: bad.toml: seeds must be how many, or a list of whole numbers >= 0",
        ),
        ("rig = 'week'\nseeds = ['a']\n", "evc5: bad.toml: seeds must be how many, or a list of whole"),
        ("rig = 'week'\nover = 3\n", "evc5: bad.toml: over must be a table, got 3"),
        ("rig = week", "evc5: bad.toml: not a TOML file"),
    ],
)
def test_a_bad_sweep_file_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text(text)
    assert main(["sweep", "bad.toml"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(said) and line.count("\n") == 1
    assert not (tmp_path / "sweeps").exists()


def test_jobs_and_a_scheduler_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "x.toml", "--jobs", "2", "--scheduler", "tcp://h:1"]) == 2
    assert "--jobs must not stand beside --scheduler" in capsys.readouterr().err
