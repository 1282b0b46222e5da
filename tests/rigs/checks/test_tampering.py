"""Recordings that were tampered with: every kind is found, by the requirement that should speak.

With the run directory, with its frames alone, and with what `evc5 csms` recorded of a twin that dialled in.
"""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT
from tampering import BENCH, CONFIGURATION, FRAMES, KINDS, Kind, Recorded
from tampering.story import in_memory

from evc5.rigs.checks import Verdict, judge

MESSAGES = "messages.jsonl"
SERVED = ROOT / "tests" / "recordings" / "served-story"
SOURCES = ("run", "frames", "served")
SHOWS = {
    "run": {FRAMES, CONFIGURATION, BENCH},
    "frames": {FRAMES, CONFIGURATION},
    "served": {FRAMES},
}
# In the stored recording things follow on each other five times as fast: what they need is not there.
TOO_SHORT = {
    "out of service without a status": "the station boots within the minute that it has to tell it",
    "a heartbeat is triggered and not sent": "the next one comes within the minute that it has",
    "a remote start is refused and done": "a car that came within 5 s may be what is served",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return in_memory(tmp_path_factory.mktemp("sound") / "run")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stored recording, as the story of `tampering` had it played at the pace of the clock."""
    into = tmp_path_factory.mktemp("served") / "run"
    shutil.copytree(SERVED, into)
    packed = into / f"{MESSAGES}.gz"
    (into / MESSAGES).write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    return into


@pytest.fixture
def judged(run: Path, served: Path, tmp_path: Path) -> Callable[[str, Kind | None], Verdict]:
    """The verdict on one of the recordings, tampered with or not."""

    def verdict(source: str, kind: Kind | None) -> Verdict:
        sound = served if source == "served" else run
        told = Recorded.read(sound / MESSAGES)
        before = told.copy()
        if kind is not None:
            kind.change(told)
            assert told != before, "nothing was tampered with"
        if source == "frames":
            return judge(told.write(tmp_path / MESSAGES), behaviour="ocpp16")
        shutil.copytree(sound, tmp_path / "run")
        told.write(tmp_path / "run" / MESSAGES)
        return judge(tmp_path / "run")

    return verdict


def found(verdict: Verdict) -> set[str]:
    assert not verdict.breakdowns
    return {row["requirement"] for row in verdict.findings}


def case(source: str, kind: Kind) -> object:
    return pytest.param(source, kind, id=f"{source}: {kind.name}")


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_what_nobody_tampered_with_is_sound(source: str, judged: Callable[..., Verdict]) -> None:
    assert found(judged(source, None)) == set()


CASES = [
    case(source, kind)
    for kind in KINDS
    for source in SOURCES
    if kind.shown_by in SHOWS[source] and not (source == "served" and kind.name in TOO_SHORT)
]


@pytest.mark.slow
@pytest.mark.parametrize(("source", "kind"), CASES[::7])
def test_what_was_tampered_with_is_found(source: str, kind: Kind, judged: Callable[..., Verdict]) -> None:
    assert found(judged(source, kind)) & set(kind.speaks)


@pytest.mark.soak
@pytest.mark.parametrize(("source", "kind"), CASES)
def test_all_that_was_tampered_with_is_found(source: str, kind: Kind, judged: Callable[..., Verdict]) -> None:
    assert found(judged(source, kind)) & set(kind.speaks)
