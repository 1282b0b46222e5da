"""A formula gives the same at many instants as at each of them, to the bit."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evc5.models.functions import FAST, MANY, ONE, Functions, Mixed
from evc5.models.heat import Ambient
from evc5.models.outlet import OutletSpec
from evc5.models.timeline import Timeline
from evc5.models.vehicles import vehicle
from evc5.models.world import World

NUMBERS = st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=20)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exp", "expm1", "sin", "cos", "floor", "round", "float32"])
@given(values=NUMBERS)
def test_each_function_of_many_is_that_of_one(name: str, values: list[float]) -> None:
    one, many = getattr(ONE, name), getattr(MANY, name)
    assert signed(many(np.array(values))) == signed([one(v) for v in values])


EDGES = [-2.5, -1.5, -0.6, -0.5, -0.3, -0.0, 0.0, 0.4, 0.5, 1.5, 2.0, 1e-7, 29.7]


@pytest.mark.parametrize("functions", [MANY, FAST], ids=["many", "fast"])
def test_what_rounds_chooses_and_narrows_is_the_same_for_many_as_for_one(functions: Functions) -> None:
    """Half to even, and no -0 where `math` gives an integer."""
    values = np.array(EDGES)
    for name in ("floor", "round", "float32"):
        told = signed([getattr(ONE, name)(v) for v in EDGES])
        assert signed(getattr(functions, name)(values)) == told, name
    is_warm = values > 0.4
    chosen = [ONE.where(v > 0.4, 2.0 * v, -v) for v in EDGES]
    assert functions.where(is_warm, 2.0 * values, -values).tolist() == chosen
    assert [functions.where(held, 1.0, 2.0) for held in (True, False)] == [1.0, 2.0]
    assert functions.first(values) == ONE.first(EDGES[0]) == -2.5
    assert functions.sqrt(np.array([0.25, 9.0])).tolist() == [0.5, 3.0]


def modulo_is_python_s(values: list[float], span: float) -> None:
    told = [ONE.modulo(value, span) for value in values]
    for functions in (MANY, FAST):
        assert signed(functions.modulo(np.array(values), span)) == signed(told)


def test_what_is_left_of_whole_days_is_the_same_for_many_as_for_one() -> None:
    """At the edges, where the quotient is rounded up to the next whole one, and below 0."""
    days = [86400.0 * n for n in (0, 1, 3, 137, 36525)]
    around = [math.nextafter(day, way) for day in days for way in (-math.inf, math.inf)]
    modulo_is_python_s([*days, *around, -0.0, -1e-12, -43200.5, 86399.99999999999], 86400.0)


@pytest.mark.slow
@given(values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), span=st.sampled_from([86400.0, 60.0]))
def test_what_is_left_of_any_number_is_the_same_for_many_as_for_one(values: list[float], span: float) -> None:
    modulo_is_python_s(values, span)


def signed(values: Any) -> list[tuple[float, float]]:
    """To the bit: with the sign of a zero."""
    return [(float(v), math.copysign(1.0, v)) for v in values]


def test_a_term_is_reckoned_where_it_is_there_for_any_of_many() -> None:
    assert FAST.some(np.array([0.0, -1e-300])) and ONE.some(-1e-300) and MANY.some(-1e-300)
    assert not FAST.some(np.array([0.0, -0.0])) and not ONE.some(0.0) and not MANY.some(0.0)
    assert FAST.least(np.array([1.0, 3.0]), np.array([2.0, 2.0])).tolist() == [1.0, 2.0]
    assert [ONE.least(1.0, 2.0), ONE.least(3.0, 2.0)] == [1.0, 2.0]


def test_what_holds_for_some_only_is_told_apart() -> None:
    assert MANY.holds(np.array([True, True]))
    assert not MANY.holds(np.array([False, False]))
    for functions in (MANY, FAST):
        with pytest.raises(Mixed):
            functions.holds(np.array([True, False]))


@pytest.mark.slow
@given(
    soc=st.floats(0.05, 0.999), amps=st.floats(6.0, 32.0), sun_k=st.sampled_from([0.0, 8.0]), data=st.data()
)
def test_a_meter_tells_of_many_instants_what_it_tells_of_each(
    soc: float, amps: float, sun_k: float, data: Any
) -> None:
    timeline = Timeline()
    world = World(timeline, [OutletSpec(), OutletSpec()], ambient=Ambient(sun_k=sun_k), seed=3)
    for outlet in world.outlets:
        outlet.plug_in(vehicle("vw-id3-58"), soc)
        outlet.set_pwm(amps)
        outlet.set_contactor(3)
    timeline.advance(data.draw(st.floats(20.0, 9000.0)))
    outlet = world.outlets[0]
    until_s = min(one.settled_until_s for one in world.outlets)
    ends_s = min(until_s, timeline.now + 20000.0)
    t_s = sorted(data.draw(st.lists(st.floats(timeline.now, ends_s), min_size=1, max_size=8)))
    meter = outlet.spec.meter
    many = meter.tells(outlet.segment, np.array(t_s), MANY)
    for n, each in enumerate(t_s):
        assert _at(many, n) == _at(meter.tells(outlet.segment, each), 0)


def _at(metered: Any, n: int) -> list[float]:
    flat = [x for one in metered for x in (one if isinstance(one, tuple) else (one,))]
    return [float(x[n]) if isinstance(x, np.ndarray) else float(x) for x in flat]
