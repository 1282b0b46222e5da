"""Power as a function of time: its integral, and when it is at a level, by hand."""

from math import exp, inf, log

import pytest

from evc5.models.flow import Flow

EVEN, RISING, FALLING = Flow(1000.0), Flow(1000.0, 2.0), Flow(1000.0, -2.0)
FADING = Flow(200.0, 0.0, 800.0, 0.01)  # from 1,000 W towards 200
CLIMBING = Flow(200.0, 0.0, 800.0, -0.01)  # from 1,000 W, faster and faster


@pytest.mark.parametrize(("flow", "power_w", "at_s"), [
    (EVEN, 1000.0, inf), (EVEN, 900.0, inf),
    (RISING, 1001.0, 0.5), (RISING, 1500.0, 250.0), (RISING, 1000.0, inf), (RISING, 900.0, inf),
    (FALLING, 999.0, 0.5), (FALLING, 0.0, 500.0), (FALLING, 1001.0, inf),
    (FADING, 600.0, 100.0 * log(2.0)), (FADING, 996.0, 100.0 * log(800.0 / 796.0)),
    (FADING, 200.0, inf), (FADING, 100.0, inf), (FADING, 1200.0, inf),
    (CLIMBING, 1800.0, 100.0 * log(2.0)), (CLIMBING, 600.0, inf), (CLIMBING, 100.0, inf),
])  # fmt: skip
def test_a_flow_is_at_a_level_once_ahead_of_it_or_never(flow: Flow, power_w: float, at_s: float) -> None:
    assert flow.reaches_s(power_w) == pytest.approx(at_s)
    if at_s < inf:
        assert flow.power_w(at_s) == pytest.approx(power_w)


@pytest.mark.parametrize(("flow", "joules"), [
    (EVEN, 100e3), (RISING, 110e3), (FALLING, 90e3), (Flow(), 0.0),
    (FADING, 20e3 + 80e3 * (1.0 - exp(-1.0))), (CLIMBING, 20e3 + 80e3 * (exp(1.0) - 1.0)),
])  # fmt: skip
def test_its_energy_is_the_integral_of_its_power(flow: Flow, joules: float) -> None:
    assert flow.energy_wh(100.0) == pytest.approx(joules / 3600.0)
    assert flow.energy_wh(0.0) == 0.0
