"""When a transaction ended that lost its power: as the policy says, where one is known (7.36)."""

import pytest
from edges.short import STOP_S, short

from evc5.rigs.checks import judge


def stopped_after_the_cut(by_s: float):
    """Its stop is of so long after the mains went."""
    made = short()
    made.calls("StopTransaction")[0]["frame"][3]["reason"] = "PowerLoss"
    made.event(STOP_S - by_s, None, "power-cut")
    return made


@pytest.mark.parametrize(
    ("policies", "fails"),
    [({"after_power_loss": "finishing"}, True), ({"after_power_loss": "preparing"}, False), ({}, False)],
)
def test_only_who_dates_a_stop_back_to_the_power_loss_may_not_tell_the_boot(tmp_path, policies, fails):
    verdict = judge(stopped_after_the_cut(200).write(tmp_path / "run"), policies=policies)
    assert ("transaction.stop-reason" in {one["requirement"] for one in verdict.findings}) is fails
