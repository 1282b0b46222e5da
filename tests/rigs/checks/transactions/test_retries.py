"""A start that is refused is sent again, or that is told."""

from pathlib import Path

from edges.short import short
from handmade import at

from evc5.rigs.checks import judge

RETRY = "transaction.retry"


def test_a_refused_start_that_never_comes_again_is_told(tmp_path: Path) -> None:
    made = short()
    call = made.calls("StartTransaction")[0]
    made.reply_to(call)["frame"] = [4, call["frame"][1], "InternalError", "", {}]
    found = judge(made.write(tmp_path)).findings
    assert [one["times"] for one in found if one["requirement"] == RETRY] == [1]


def test_a_stop_that_met_silence_is_one_case_however_much_is_answered_after_it(tmp_path: Path) -> None:
    """Else a CSMS that answers no stop would cost time by the square of their number."""
    made = short()
    stop = made.calls("StopTransaction")[0]
    made.lines.remove(made.reply_to(stop))
    for n in range(20):
        made.interject(stop["t"] + 10.0 + n, "Heartbeat", {}, {"currentTime": at(stop["t"] + 10.0 + n)})
    verdict = judge(made.write(tmp_path))
    (row,) = [one for one in verdict.requirements if one["id"] == "transaction.resumed"]
    assert (row["count"], row["failures"]) == (1, 1)
