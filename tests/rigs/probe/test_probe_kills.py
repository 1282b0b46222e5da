"""A probe killed at any instant: `restore` leaves the unit as it was before."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from probed import ALL

from evc5.rigs.bench.bench import Bench
from evc5.rigs.keeper import state
from evc5.rigs.keeper.journal import Journal
from evc5.rigs.probe.hands import TwinHands
from evc5.rigs.probe.line import Line
from evc5.rigs.probe.session import JOURNAL, probe, restore
from evc5.twin.ocpp.rpc import Reply

EVERYTHING = replace(ALL, stack_above=3)
CALLS = 1500  # of a whole probe, about
OWNERS = {
    "chargingProfileId": 5, "stackLevel": 3, "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {"startSchedule": "2026-03-02T09:00:00Z", "chargingRateUnit": "A",
                         "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 20.0},
                                                    {"startPeriod": 7200, "limit": 12.0}]},
}  # fmt: skip
LONGEST_S = 4.0  # wall clock, from the fork to the kill: a whole probe takes about three


def unit(folder: Path, hour: int) -> Bench:
    """The same twin again, later: its memory outlives its process."""
    start = f"2026-03-02T{hour:02}:00:00Z"
    keys = {"HeartbeatInterval": 777, "MeterValueSampleInterval": 77}
    return Bench(start=start, memory=str(folder / "memory.db"), keys=keys).advance(10)


def told(bench: Bench) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    line = Line.of_twin(bench)
    return state.configuration(line.ask), state.composites(line.ask, (0, 1, 2))


class Deadly(Line):
    """Ends its process in the middle of a CALL: the unit was asked, and nobody heard the answer."""

    last = 0  # CALLs

    def ask(self, action: str, payload: dict[str, Any]) -> Reply:
        self.last -= 1
        reply = super().ask(action, payload)
        if self.last == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return reply


def killed(folder: Path, at_call: int, after_s: float) -> None:
    """A probe in a process of its own, killed at that CALL, or after so long on the wall clock."""
    process = os.fork()
    if process == 0:
        try:
            line = Deadly.of_twin(unit(folder, 11))
            assert isinstance(line, Deadly)
            line.last = at_call
            assert isinstance(line.device, Bench)
            probe(line, "CP1", folder, EVERYTHING, TwinHands(line.device))
        finally:
            os._exit(0)
    if not at_call:
        time.sleep(after_s)
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def check(folder: Path, at_call: int = 0, after_s: float = 0.0) -> int:
    """One kill, restored; how many changes were owed then."""
    folder.mkdir()
    first = unit(folder, 10)
    first.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": OWNERS})
    first.advance(60)
    before = told(first)
    first.close()
    killed(folder, at_call, after_s)
    if not (folder / JOURNAL).is_file():
        return 0  # nothing was touched yet
    again = unit(folder, 11)
    journal = Journal.open(folder / JOURNAL)
    owed = len(journal.owed)
    left = restore(Line.of_twin(again), journal) if journal.before is not None else []
    after = told(again)
    again.close()
    assert left == []
    assert state.changes(before[0], after[0]) == []
    assert state.composite_changes(before[1], after[1]) == []
    return owed


@pytest.mark.slow
def test_a_kill_at_any_instant_is_made_good(tmp_path: Path) -> None:
    assert check(tmp_path / "begin", 5) == 0  # nothing was touched yet
    assert check(tmp_path / "keys", 700) > 0


@pytest.mark.soak
def test_200_kills_are_made_good(tmp_path: Path) -> None:
    owed = []
    for seed in range(200):
        random = Random(seed)
        at_call = random.choice((0, random.randint(1, CALLS)))
        owed.append(check(tmp_path / str(seed), at_call, random.uniform(0.05, LONGEST_S)))
    assert sum(count > 0 for count in owed) > 50  # most kills leave something to be put back
