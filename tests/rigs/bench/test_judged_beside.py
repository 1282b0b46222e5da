"""A long run is judged by a second process while it goes on; what it says is what `verify` would say."""

import shutil
from pathlib import Path

import pytest

from evc5 import Rig, Run, judge
from evc5.rigs.bench import rig as rigs
from evc5.rigs.checks.verdict.beside import Beside

pytestmark = pytest.mark.slow


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every run in memory is judged beside, however short; the directories of those that were."""
    begun: list[Path] = []

    class Noted(Beside):
        def __init__(self, directory: Path) -> None:
            begun.append(directory)
            super().__init__(directory)

        def verdict(self):
            verdict = super().verdict()
            assert verdict is not None
            return verdict

    monkeypatch.setattr(rigs, "BESIDE_DAYS", 0.0)
    monkeypatch.setattr(rigs, "cores", lambda: 2)
    monkeypatch.setattr("evc5.rigs.checks.verdict.beside.Beside", Noted)
    return begun


def verdict(run: Run) -> dict[str, object]:
    return {name: value for name, value in run.summary.items() if name != "wall_s"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("bad-day", {}),
        ("week", {"recording.messages": "zst", "days": 2.0}),
        ("hot-day", {"recording.telemetry": False, "days": 0.5}),
    ],
)
def test_the_verdict_beside_is_that_of_afterwards(name, changes, eager, tmp_path):
    rig = Rig.load(name).revised({"recording.report": False, **changes})
    beside = rig.run(out=tmp_path / "run")
    assert eager == [tmp_path / "run"]
    told = verdict(beside)
    assert told["requirements"] == judge(beside.directory).requirements
    assert verdict(rig.run(out=tmp_path / "run", jobs=1)) == told
    assert len(eager) == 1


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rig = Rig.load("first-charge").revised({"recording.report": False}, days=0.1)
    return rig.run(out=tmp_path_factory.mktemp("beside") / "run").directory


def test_whose_clock_was_set_is_judged_afterwards(recorded, tmp_path):
    """Only the whole recording tells what the clock showed before."""
    directory = shutil.copytree(recorded, tmp_path / "run")
    with Beside(directory) as beside:
        assert beside.verdict() is not None
    with (directory / "events.jsonl").open("a") as events:
        events.write(
            '{"t":0.0,"at":"2024-03-01T16:00:00.000Z","connector":null,"event":"clock-set","detail":{}}\n'
        )
    with Beside(directory) as beside:
        assert beside.verdict() is None


def test_the_second_process_ends_with_the_first(recorded):
    beside = Beside(recorded)
    assert beside._process.stdin is not None
    beside._process.stdin.close()  # as it is when the first one is killed
    assert beside._process.wait(60) == 1
    assert beside._process.stdout is not None
    beside._process.stdout.close()


def test_what_fails_leaves_no_process(recorded):
    with pytest.raises(RuntimeError, match="in the middle"), Beside(recorded) as beside:
        raise RuntimeError("in the middle of the run")
    assert beside._process.returncode is not None
