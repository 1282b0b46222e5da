"""A reply to no CALL after a long silence: in a log with holes its CALL may be lost, in our own it is not."""

import shutil
from pathlib import Path

import pytest
from edges.short import idle
from foreign import Log, at, found

from evc5.rigs.checks import judge


@pytest.mark.parametrize("silence_s", [10.0, 600.0])
def test_a_recording_of_ours_has_no_gap_to_lose_a_call_in(silence_s: float, tmp_path: Path) -> None:
    made = idle()
    made.interject(100.0, "Heartbeat", {}, {"currentTime": at(100)})
    made.frame(101.0 + silence_s, "up", [3, "nobody's", {"status": "Accepted"}])
    alone = tmp_path / "messages.jsonl"
    shutil.copy(made.write(tmp_path / "run") / "messages.jsonl", alone)
    assert "rpc.matched" in found(judge(alone))


@pytest.mark.parametrize(("silence_s", "good"), [(10.0, False), (600.0, True)])
def test_a_log_of_others_may_have_lost_it_in_a_gap(silence_s: float, good: bool, tmp_path: Path) -> None:
    log = Log()
    for n in range(4):
        log.up(100.0 + n, "Heartbeat", {}, {"currentTime": at(100 + n)})
    log.line(104.0 + silence_s, "send", [3, "nobody's", {"status": "Accepted"}])
    assert ("rpc.matched" not in found(log.verdict(tmp_path))) == good
