"""A start that is refused is sent again, or that is told."""

from pathlib import Path

from edges.short import short

from evc5.rigs.checks import judge

RETRY = "transaction.retry"


def test_a_refused_start_that_never_comes_again_is_told(tmp_path: Path) -> None:
    made = short()
    call = made.calls("StartTransaction")[0]
    made.reply_to(call)["frame"] = [4, call["frame"][1], "InternalError", "", {}]
    found = judge(made.write(tmp_path)).findings
    assert [one["times"] for one in found if one["requirement"] == RETRY] == [1]
