"""Whose time the station goes by: its own, until the back office tells it and `follow_csms_time` lets it."""

from datetime import datetime, timedelta

import pytest
from wire import sent

from evc5.rigs.bench.bench import Bench


def error(bench: Bench) -> timedelta:
    """How far the station's clock is ahead, by the stamp of a message that it sends now."""
    bench.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 0})
    bench.advance(0)
    return datetime.fromisoformat(sent(bench, "StatusNotification")[-1]["timestamp"]) - bench.now


@pytest.mark.parametrize(("policy", "ahead_s"), [("real-time", 0), ("always", 0), ("never", 90)])
def test_a_wrong_clock_is_set_at_the_boot_where_the_policy_lets_it(policy: str, ahead_s: int) -> None:
    bench = Bench(policies={"follow_csms_time": policy}, clock={"offset_s": 90.0})
    assert error(bench) == timedelta(seconds=ahead_s)


@pytest.mark.parametrize(("policy", "followed"), [("real-time", False), ("always", True), ("never", False)])
def test_the_time_of_a_back_office_that_lives_in_another_is_followed_only_always(
    policy: str, followed: bool
) -> None:
    bench = Bench(policies={"follow_csms_time": policy})
    bench.assembly.station.agent.foreign_time = True
    bench.csms.reply("Heartbeat", {"currentTime": "2031-05-05T00:00:00Z"})
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.advance(1)
    assert (error(bench) > timedelta(days=365)) is followed


def test_a_second_more_or_less_leaves_the_clock_alone() -> None:
    bench = Bench(clock={"offset_s": 0.9})
    assert error(bench) == timedelta(seconds=0.9)


def test_a_heartbeat_sets_a_clock_that_has_drifted_a_second() -> None:
    bench = Bench(clock={"drift_ppm": 200.0})  # 0.72 s an hour
    bench.advance(3599)
    before = error(bench)
    bench.advance(3605)
    assert timedelta(seconds=0.7) < before < timedelta(seconds=0.75)
    assert error(bench) < timedelta(seconds=0.01)
