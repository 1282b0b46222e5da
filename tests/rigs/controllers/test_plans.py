"""What a controller may answer, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from evc5 import BadInput
from evc5.controllers import View
from evc5.rigs.controllers.plans import plans, since

NOW = datetime(2024, 3, 1, 18, 0, tzinfo=UTC)
VIEW = View(NOW, 300.0, NOW, NOW + timedelta(days=1), 63.0, 32.0, {1: "Charging", 2: "Available"}, ())


@pytest.mark.parametrize(
    ("limit", "plan"),
    [
        (16, ((0.0, 16.0),)),
        (13.27, ((0.0, 13.2),)),  # a profile has one decimal, and a limit is not to be exceeded
        (0.3, ((0.0, 0.3),)),  # 0.3 / 0.1 is a hair below 3
        ([16, 16, 10, 0], ((0.0, 16.0), (600.0, 10.0), (900.0, 0.0))),
        (np.array([8.0, 9.0]), ((0.0, 8.0), (300.0, 9.0))),
        (np.float64(6.0), ((0.0, 6.0),)),
        (None, None),
    ],
)
def test_a_limit_is_a_number_or_one_a_step(limit: Any, plan: Any) -> None:
    assert plans({1: limit}, VIEW) == {1: plan}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (None, "controller must return limits by connector, a dict, got None"),
        ([16], r"a dict, got \[16\]"),
        ({3: 16}, "limits of connectors 1, 2, got 3"),
        ({"1": 16}, "limits of connectors 1, 2, got '1'"),
        ({1: "16"}, "A per phase >= 0, a list of them, or None for connector 1, got '16'"),
        ({1: -1}, "for connector 1, got -1"),
        ({1: float("nan")}, "for connector 1, got nan"),
        ({2: []}, r"for connector 2, got \[\]"),
        ({2: [16, True]}, r"for connector 2, got \[16, True\]"),
    ],
)
def test_an_answer_that_is_no_limit_is_refused(limits: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        plans(limits, VIEW)


def test_what_is_left_of_a_plan_counts_from_then() -> None:
    plan = ((0.0, 16.0), (600.0, 10.0), (900.0, 0.0))
    assert since(plan, 0.0) == plan
    assert since(plan, 599.0) == ((0.0, 16.0), (1.0, 10.0), (301.0, 0.0))
    assert since(plan, 600.0) == ((0.0, 10.0), (300.0, 0.0))
    assert since(plan, 5000.0) == ((0.0, 0.0),)
    assert since(None, 5.0) is None
