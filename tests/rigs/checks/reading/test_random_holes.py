"""Sound recordings as bare transcripts, each with a hole at random: no error follows from what is missing."""

import shutil
from pathlib import Path

import pytest
from foreign import Log, at, currents, minutes, period, power, profile, register
from holed import Row, holed, read
from tampering.story import in_memory

from evc5 import Rig
from evc5.rigs.checks import judge

RIGS = ("bad-day", "week", "first-charge", "balancing", "hot-day")
DAYS = {"week": 2}


def errors(rows: list[Row], seed: int, folder: Path, behaviour: str | None) -> list[str]:
    cut = holed(rows, seed)
    verdict = judge(cut.write(folder / "station.log"), behaviour=behaviour)
    assert not verdict.breakdowns
    found = [row for row in verdict.findings if row["severity"] == "error"]
    return [f"seed {seed}, {cut}: {row['requirement']} {row['at']} {row['message']}" for row in found]


def session() -> list[Row]:
    """A sound session of a quarter of an hour, as rows."""
    log = Log()
    log.set_profile(30, profile(period(16)))
    log.begin(100, meter=1000)
    for n, t_s in enumerate(minutes(15, 100), 1):
        log.values(t_s, register(round(1000 + n * 3680 / 60)), power(3680), *currents(16))
    log.end(1012, round(1000 + 15.2 * 3680 / 60))
    log.up(1300, "Heartbeat", {}, {"currentTime": at(1300)})
    return log.rows()


@pytest.mark.parametrize("seed", range(4))
def test_a_hole_in_a_session(seed: int, tmp_path: Path) -> None:
    assert errors(session(), seed, tmp_path, "ocpp16") == []


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Nearly all that a back office asks for, within an hour."""
    return read(in_memory(tmp_path_factory.mktemp("story") / "run") / "messages.jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(40), 76, 200, 304, 329, 543, 683])
def test_a_hole_in_an_hour_of_all_kinds_of_calls(seed: int, story: list[Row], tmp_path: Path) -> None:
    assert errors(story, seed, tmp_path, "ocpp16") == []


@pytest.mark.soak
@pytest.mark.parametrize("rig", RIGS)
def test_holes_in_the_shipped_rigs(rig: str, tmp_path: Path) -> None:
    days = {"days": DAYS[rig]} if rig in DAYS else {}
    Rig.load(rig).run(out=str(tmp_path / "run"), **days)
    rows = read(tmp_path / "run" / "messages.jsonl")
    shutil.rmtree(tmp_path / "run")
    assert [told for seed in range(60) for told in errors(rows, seed, tmp_path, None)] == []
