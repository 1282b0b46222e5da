"""What a meter tells while its fault misleads it is held against nothing that is told later."""

import pytest
from healthy import CHARGE, errors, step, wait

SUMS = {"policies": {"clock_connector_zero": "sent"}, "keys": {"ClockAlignedDataInterval": 300}}


@pytest.mark.slow
def test_a_sum_of_meters_falls_back_once_a_jump_is_over() -> None:
    steps = [step("inject", "meter-jump", 1), wait(300.0), step("clear", "meter-jump", 1), *CHARGE, wait(900)]
    assert errors({"behaviour": "ocpp16", "latency_s": 0.0, **SUMS}, {}, steps) == []
