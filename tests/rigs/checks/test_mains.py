"""The band of the grid's voltage, on both sides of each of its edges (EN 50160: 230 V and 10 %)."""

import numpy as np
import pytest

from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.mains import Mains


def rows(*u_v: tuple[float, float, float]) -> Rows:
    columns = {f"u{phase}_v": np.array([row[phase - 1] for row in u_v]) for phase in (1, 2, 3)}
    return Rows({"t": np.arange(float(len(u_v))), **columns})


@pytest.mark.parametrize("volts, off", [(206.9, True), (207.0, False), (253.0, False), (253.1, True)])
def test_the_band_ends_at_ten_percent(volts: float, off: bool) -> None:
    assert Mains().is_off(1, rows((230.0, volts, 230.0))).tolist() == [off]


def test_a_conductor_that_was_never_live_is_none() -> None:
    assert Mains().is_off(1, rows((230.0, 0.0, 0.0), (230.0, 0.0, 0.0))).tolist() == [False, False]


def test_a_conductor_that_was_live_yesterday_is_dead_today() -> None:
    mains = Mains()
    mains.is_off(1, rows((230.0, 230.0, 230.0)))
    assert mains.is_off(1, rows((230.0, 230.0, 0.0))).tolist() == [True]
    assert mains.is_off(2, rows((230.0, 230.0, 0.0))).tolist() == [False]
