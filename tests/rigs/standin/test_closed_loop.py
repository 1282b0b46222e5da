"""The loop closed: a rig served by one process, its metal stood in for by another."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from stood_in import every_driver, models_alone, played

from evc5 import Rig, Run
from evc5.rigs.checks.state.pace import WITHIN_A_MINUTE
from evc5.rigs.rigfile.file import RigFile

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
TEN_MINUTES_S, DAY_S = 600.0, 86_400.0
JUDGED = ("PASS", "FAIL")
LEAST_JUDGED = 25  # of the requirements, in a session at each connector


def in_memory(table: dict[str, Any], folder: Path) -> Run:
    """The same rig on the twin alone."""
    twin = RigFile.parse(table).revised({"station.backend": "twin", "hardware": None})
    return Rig(twin).run(out=folder / "memory")


def verdicts(run: Run) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in run.summary["requirements"]}


def agree(metal: Run, memory: Run) -> None:
    """Whatever both runs judge they judge alike."""
    told, known = verdicts(metal), verdicts(memory)
    both = {one for one in told if told[one] in JUDGED and known[one] in JUDGED}
    assert {one: told[one] for one in both} == {one: known[one] for one in both}
    assert len(both) >= LEAST_JUDGED


def energy_wh(run: Run, connector: int) -> float:
    """Of its transactions, as the charge point counted."""
    rows = run.transactions[run.transactions["connector"] == connector]
    return float((rows["meter_stop_wh"] - rows["meter_start_wh"]).sum())


def measured_wh(run: Run, connector: int) -> float:
    rows = run.telemetry[run.telemetry["connector"] == connector]["energy_wh"].dropna()
    return float(rows.max() - rows.min())


def every_driver_plays(folder: Path, seconds: float) -> None:
    table = every_driver(folder, seconds)
    outcome, said = played(table, folder)
    assert outcome.bench_fault is None and outcome.passed, (said, outcome.runs)
    (run,) = outcome.runs
    done = {(row["event"], row["detail"]["driver"]) for row in run.events.to_dict("records")
            if "driver" in row["detail"]}  # fmt: skip
    assert done == {
        ("plug-in", "modbus-box"), ("plug-in", "command"), ("unplug", "modbus-box"), ("unplug", "command"),
        ("tag", "command"), ("tag", "sim"), ("operator", "sim"),
    }  # fmt: skip
    assert run.summary["bench"]["dead"] is True and set(run.summary["bench"]["self_check_after"]) == {
        "connector 1 meter", "connector 2 pilot", "connector 2 meter",
    }  # fmt: skip
    agree(run, in_memory(table, folder))
    told_wh, read_wh = energy_wh(run, 1), measured_wh(run, 1)
    assert read_wh > 3.0 and told_wh == pytest.approx(read_wh, rel=0.02, abs=12.0)  # class 1 each, polled
    assert "no other end here" not in said


@posix
@pytest.mark.slow
def test_every_driver_plays_against_the_twin_in_another_process(tmp_path: Path) -> None:
    every_driver_plays(tmp_path, 12.0)


@posix
@pytest.mark.soak
def test_every_driver_plays_for_ten_minutes(tmp_path: Path) -> None:
    every_driver_plays(tmp_path, TEN_MINUTES_S)


def models_play(folder: Path, seconds: float) -> None:
    """At 600 times the clock; the energy is that of the run in memory, within the meter's class."""
    table = models_alone(seconds, 60.0)
    outcome, said = played(table, folder, 600.0)
    assert outcome.bench_fault is None and outcome.passed, (said, outcome.runs and outcome.runs[0].findings)
    (run,) = outcome.runs
    memory = in_memory(table, folder)
    agree(run, memory)
    told = verdicts(run)
    assert not [one for one in WITHIN_A_MINUTE if told[one] in JUDGED]
    late_wh = 11_000 * 600.0 / 3600.0  # a process that was held up for a second, as the car came or went
    assert energy_wh(run, 1) == pytest.approx(energy_wh(memory, 1), rel=0.02, abs=late_wh)
    assert measured_wh(run, 1) == pytest.approx(energy_wh(run, 1), rel=0.02, abs=late_wh)


@pytest.fixture
def _held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has much other work may hold a process up for a second."""
    monkeypatch.setattr("evc5.rigs.checks.state.pace.HELD_UP_S", 1.0)
    monkeypatch.setattr("evc5.rigs.hardware.instruments.PROMPT_S", 1.0)


@pytest.mark.slow
@pytest.mark.usefixtures("_held_up")
def test_models_in_another_process_play_at_600_times_the_clock(tmp_path: Path) -> None:
    models_play(tmp_path, 3600.0)


@pytest.mark.soak
@pytest.mark.usefixtures("_held_up")
def test_models_play_a_day_at_600_times_the_clock(tmp_path: Path) -> None:
    models_play(tmp_path, DAY_S)


@posix
@pytest.mark.soak
def test_the_notebook_of_a_cheap_bench_runs_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of the processes that it starts
    cells = json.loads((ROOT / "notebooks" / "12-a-bench-for-200-euros.ipynb").read_text("utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["run"].passed and names["bench"]["dead"]
    assert names["run"].telemetry["i1_a"].max() == pytest.approx(8.7)  # a heater of 2 kW
