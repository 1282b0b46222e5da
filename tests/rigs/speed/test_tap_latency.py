"""Listening in is measured beside the direct way, with processes of their own on this machine."""

import pytest

from evc5.rigs.speed.tap_latency import run


@pytest.mark.slow
def test_every_call_is_answered_both_ways_and_the_difference_told():
    result = run(stations=3, seconds=2.0)
    assert result.lost == 0 and result.calls >= 2 * 3
    assert 0.0 < result.direct_p50_ms <= result.direct_p99_ms
    assert 0.0 < result.tapped_p50_ms <= result.tapped_p99_ms
    assert result.added_p50_ms == pytest.approx(result.tapped_p50_ms - result.direct_p50_ms)
    assert result.tap_mb >= 0.0 and set(result.table()) >= {"added_p50_ms", "added_p99_ms", "lost"}
