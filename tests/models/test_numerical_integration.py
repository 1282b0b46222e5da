"""The closed forms against solve_ivp on the same equations, written once more in oracle_world.py.

Asked for: energy within 0.01 % and 0.1 Wh, time of full within 1 s, temperature within 0.01 K. Held to much
less, near what the integration itself can tell, so that a wrong term of a few per mille shows.
"""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from oracle_world import HOUR, Oracle, Scenario

from evc5.models.curve import DEFAULT_POINTS
from evc5.models.heat import Ambient
from evc5.models.outlet import OutletSpec
from evc5.models.supply import Supply
from evc5.models.timeline import INPUT, Timeline
from evc5.models.vehicles import presets
from evc5.models.world import World


def scenario(seed: int, hours: float = 24.0) -> Scenario:
    """A random day: any car, a dozen offers, a few steps of the voltage."""
    rng = Random(seed)
    car = rng.choice(list(presets().values()))
    offers, t = [], rng.uniform(0, 2 * HOUR)
    plug_s = t
    while t < 0.8 * hours * HOUR:
        offers.append((t, None if offers and rng.random() < 0.2 else round(rng.uniform(8.0, 32.0), 1)))
        t += rng.choice([rng.uniform(8.0, 60.0), rng.uniform(600.0, 4 * HOUR)])
    offers.append((t, 32.0))
    times = sorted(rng.sample(range(600, int(hours * HOUR), 60), 5))
    return Scenario(
        car.usable_wh, [(0.0, 2.0), *DEFAULT_POINTS], car.phases, car.max_a, car.undershoot_a, car.reactive_a,
        car.loss_a_w, car.loss_b, car.ramp_up_a_s, car.ramp_down_a_s, car.reaction_s, car.start_s,
        soc=rng.uniform(0.05, 0.9), plug_s=plug_s, offers=offers,
        volts=[(0.0, 230.0), *((float(t), 230.0 * rng.uniform(0.9, 1.1)) for t in times)],
        mean_c=rng.uniform(-5, 25), swing_k=rng.uniform(0, 8), sun_k=rng.choice([0.0, 10.0]),
        end_s=hours * HOUR, seen=[car.id],
    )  # fmt: skip


def world_of(s: Scenario) -> World:
    car = replace(presets()[s.seen[0]], standby_w=0.0, standby_a=0.0, acceptance=((-273.15, 2.0),))
    profile = tuple((t, volts / 230.0) for t, volts in s.volts)
    ambient = Ambient(s.mean_c, s.swing_k, s.warmest_h, s.sun_k, s.sunrise_h, s.sunset_h)
    world = World(Timeline(), [OutletSpec(rated_a=63.0)], Supply(profile=profile), ambient)
    (outlet,) = world.outlets
    outlet.on_pilot.append(lambda outlet: outlet.set_contactor(3 if outlet.pilot == "C" else 0))
    world.timeline.at(s.plug_s, lambda: outlet.plug_in(car, s.soc), INPUT)
    for t, amps in s.offers:
        world.timeline.at(t, lambda amps=amps: outlet.set_pwm(amps), INPUT)
    return world


def compare(s: Scenario) -> None:
    samples = np.append(np.arange(s.plug_s + 60.0, s.end_s, 977.0), s.end_s)
    oracle = Oracle(s).run(samples)
    world = world_of(s)
    outlet, full_s = world.outlets[0], []
    outlet.on_segment.append(lambda o: full_s.append(world.timeline.now) if o.segment.soc == 1.0 else None)
    assert len(oracle.rows) == len(samples)
    for t, soc, energy_wh, temp_c, power_w in oracle.rows:
        world.timeline.advance(t)
        seen = outlet.reading()
        assert seen.energy_wh == pytest.approx(energy_wh, rel=1e-7, abs=1e-3), t
        assert seen.soc == pytest.approx(soc, abs=1e-7), t
        assert seen.temp_c == pytest.approx(temp_c, abs=1e-4), t
        assert seen.p_w == pytest.approx(power_w, abs=0.05), t
    assert bool(full_s) == (oracle.full_s < s.end_s)
    if full_s:
        assert full_s[0] == pytest.approx(oracle.full_s, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_a_random_day_is_what_numerical_integration_finds(seed):
    compare(scenario(seed))


@pytest.mark.slow
def test_the_end_of_a_charge_is_what_numerical_integration_finds():
    s = scenario(3, hours=2.0)
    s.soc, s.offers, s.plug_s = 0.955, [(30.0, 32.0), (300.0, 11.0), (900.0, 32.0)], 30.0
    compare(s)
