"""Does the judge catch what it is there for? The healthy twin first, then one seeded bug after another."""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evc5.rigs.bench.bench import Bench
from evc5.rigs.checks import Verdict, judge
from evc5.rigs.selftest.bug import Bug
from evc5.rigs.selftest.small_rigs import RIGS, SmallRig

Progress = Callable[[int, int], None]  # trials done, of how many


@dataclass(frozen=True, slots=True)
class Trial:
    """One rig run with one bug, or with none."""

    rig: str
    bug: Bug | None
    tripped: tuple[str, ...]  # requirements that failed
    changed: bool = False  # is the recording another than the healthy twin's?
    crash: str = ""

    @property
    def passed(self) -> bool:
        """A bug is caught by the check it names; the healthy twin by none."""
        if self.bug is None:
            return not self.tripped and not self.crash
        return self.bug.check in self.tripped and self.changed and not self.crash

    def table(self) -> dict[str, Any]:
        """As --json prints it."""
        told = {"rig": self.rig, "tripped": list(self.tripped), "passed": self.passed, "crash": self.crash}
        if self.bug is None:
            return {"bug": None, **told}
        bug = self.bug
        return {"bug": bug.name, "models": bug.models, "check": bug.check, "clause": bug.clause, **told}


@dataclass(frozen=True, slots=True)
class Outcome:
    """All trials: the healthy rigs, then the bugs."""

    trials: tuple[Trial, ...]

    @property
    def healthy(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.bug is None)

    @property
    def seeded(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.bug is not None)

    @property
    def passed(self) -> bool:
        return all(trial.passed for trial in self.trials)

    def table(self) -> dict[str, Any]:
        """As --json prints it."""
        caught = sum(trial.passed for trial in self.seeded)
        told = [trial.table() for trial in self.trials]
        return {"passed": self.passed, "bugs": len(self.seeded), "caught": caught, "trials": told}


def selftest(bugs: Iterable[Bug], progress: Progress | None = None) -> Outcome:
    """Run the rigs that the bugs name with the healthy twin, then with each bug."""
    bugs = tuple(bugs)
    needed = list(dict.fromkeys(bug.rig for bug in bugs))
    trials: list[Trial] = []
    healthy: dict[str, bytes] = {}

    def tell() -> None:
        if progress is not None:
            progress(len(trials), len(needed) + len(bugs))

    for name in needed:
        trial, healthy[name] = run_trial(name)
        trials.append(trial)
        tell()
    for bug in bugs:
        trials.append(run_trial(bug.rig, bug, healthy[bug.rig])[0])
        tell()
    return Outcome(tuple(trials))


def run_trial(rig: str, bug: Bug | None = None, healthy: bytes = b"") -> tuple[Trial, bytes]:
    """One rig with one bug: the trial, and the recording as bytes to compare."""
    with tempfile.TemporaryDirectory(prefix="evc5-selftest-") as scratch:
        directory = Path(scratch) / "run"
        crash = ""
        try:
            with bug.applied() if bug is not None else nullcontext():
                record(RIGS[rig], directory)
        except Exception as error:  # a bug may make the firmware stumble; that is not being caught
            crash = f"{type(error).__name__}: {error}"
        tripped = () if crash else failed(judge(directory))
        recording = b"" if crash else recorded(directory)
    return Trial(rig, bug, tripped, recording != healthy, crash), recording


def record(
    rig: SmallRig,
    directory: Path,
    behaviour: str = "evc5-v32r30",
    policies: Mapping[str, str] | None = None,
) -> None:
    """Play a small rig's script on a bench that records into `directory`."""
    bench = Bench(rig=rig.file(behaviour, policies), out=directory)
    rig.script(bench)
    bench.assembly.recorder.close(bench.assembly.timeline.now)


def failed(verdict: Verdict) -> tuple[str, ...]:
    """The requirements that a verdict has as FAIL."""
    return tuple(row["id"] for row in verdict.requirements if row["verdict"] == "FAIL")


def recorded(directory: Path) -> bytes:
    """What frames and telemetry say, byte for byte."""
    parts = [directory / "messages.jsonl", *sorted((directory / "telemetry.parquet").glob("*.parquet"))]
    return b"".join(path.read_bytes() for path in parts)
