"""The band of the grid's voltage, on both sides of each of its edges (EN 50160: 230 V and 10 %)."""

from pathlib import Path

import numpy as np
import pytest
from edges import judged
from edges.short import painted, short

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


@pytest.mark.slow
@pytest.mark.parametrize(
    "live",
    [{}, {"allocated_a": 16.0}, {"offered_a": 16.0}, {"i_a": 1.0}, {"u_v": 230.0}, {"phases": 3}],
    ids=lambda live: next(iter(live), "nothing"),
)
def test_without_mains_a_connector_has_and_is_promised_nothing(
    live: dict[str, float], tmp_path: Path
) -> None:
    made = short()
    made.event(600.0, None, "power-cut")
    made.event(900.0, None, "power-restore")
    dark = {"u_v": 0.0, "i_a": 0.0, "offered_a": 0.0, "allocated_a": 0.0, "phases": 0}
    for connector in (1, 2):
        painted(made, 600.0, 901.0, connector, **dark)
    painted(made, 660.0, 720.0, **live)
    found = {one["requirement"] for one in judged(made, tmp_path, {}).findings}
    assert ("electrical.mains" in found) == bool(live)
