"""The bench as an object in a user's test."""

import gc
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from evc5 import BadInput, Bench, Rig, Run
from evc5.rigs.rigfile.file import RigFile


def recorded() -> Run:
    """A run whose bench nobody holds any more."""
    bench = Bench(start="2024-03-01T10:00:00Z").advance(10)
    bench.plug_in(1)
    return bench.run_so_far()


def test_a_run_outlives_the_bench_that_recorded_it() -> None:
    run = recorded()
    assert list(run.events["event"]) == ["plug-in"]


@pytest.mark.slow
def test_a_bench_leaves_nothing_behind_once_its_run_is_gone() -> None:
    run = recorded()
    directory = run.directory
    assert directory.exists()
    del run
    gc.collect()
    assert not directory.exists()


@pytest.mark.slow
def test_a_back_office_asks_for_the_keys_unless_its_rig_says_otherwise() -> None:
    table = {"name": "silent", "start": "2024-03-01T00:00:00Z", "days": 1.0}
    asked = []
    for csms in ({}, {"asks_keys": False}):
        with Bench(rig=RigFile.parse({**table, "csms": csms})) as bench:
            bench.advance(60.0)
            asked.append("GetConfiguration" in set(bench.run_so_far().messages.action))
    assert asked == [True, False]


@pytest.mark.slow
def test_a_rig_and_a_run_can_be_pickled(tmp_path: Path) -> None:
    rig = Rig.load("week").revised({"ambient.mean_c": 31.0}, days=0.01)
    again = pickle.loads(pickle.dumps(rig))
    assert again.to_toml() == rig.to_toml()
    assert again.file.plan() == rig.file.plan()
    run = Bench(out=tmp_path / "run").run_so_far()
    assert len(run.telemetry) > 0
    kept = pickle.dumps(run)
    assert len(kept) < 200_000  # tables stay behind
    assert pickle.loads(kept).telemetry.equals(run.telemetry)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no list of descriptors here")
def test_a_bench_in_memory_holds_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd")
    benches = [Bench() for _ in range(5)]
    assert len(os.listdir("/proc/self/fd")) <= len(before)
    for bench in benches:
        bench.close()


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ({"seed": 3}, "rig says seed itself: Rig.revised changes it, got 3"),
        ({"keys": {"HeartbeatInterval": 5}}, "rig says keys itself"),
        ({"phases": 1}, "rig says phases itself"),
    ],
)
def test_what_a_rig_says_itself_is_not_told_beside_it(beside: dict[str, Any], told: str) -> None:
    rig = RigFile.parse({"name": "any", "start": "2024-03-01T00:00:00Z", "days": 1.0})
    with pytest.raises(BadInput, match=told):
        Bench(rig=rig, **beside)
