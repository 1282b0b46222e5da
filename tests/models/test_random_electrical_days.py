"""Two outlets through random days of everything at once: nothing hangs, and the invariants hold."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from evc5.models.curve import Curve
from evc5.models.faults import Fault
from evc5.models.heat import Ambient
from evc5.models.outlet import OutletSpec
from evc5.models.supply import Sag, Supply
from evc5.models.timeline import INPUT, Timeline
from evc5.models.vehicles import presets
from evc5.models.world import World

DAY = 86400.0
CURVES = (
    Curve(),
    Curve([(0.0, 0.1), (0.2, 0.6), (0.5, 0.6), (0.5, 0.2), (0.7, 0.4), (0.9, 0.1), (1.0, 0.0)]),
    Curve([(0.3, 0.05), (0.6, 0.05)]),
)


def a_car(rng: Random):
    car = rng.choice(list(presets().values()))
    return replace(
        car,
        curve=rng.choice(CURVES),
        stops_without_pwm=rng.random() < 0.8,
        resumes_after_phase_change=rng.random() < 0.8,
        preheat_w=rng.choice([0.0, 2000.0]),
        preheat_s=600.0,
        sleep_after_s=rng.choice([1e9, 1800.0]),
        ramp_up_a_s=rng.choice([0.5, 4.0, float("inf")]),
        ramp_down_a_s=rng.choice([16.0, float("inf")]),
        battery_tau_s=3600.0,
    )


def a_world(rng: Random) -> World:
    supply = Supply(
        walk_v=rng.choice([0.0, 4.0]),
        walk_hz=0.01,
        impedance_ohm=rng.choice([0.0, 0.05, 0.4]),
        sags=tuple(
            Sag(
                rng.uniform(0, DAY),
                rng.uniform(0.1, 2000.0),
                rng.choice([0.0, 0.5, 0.8]),
                (rng.randint(1, 3),),
            )
            for _ in range(3)
        ),
        profile=((0.0, 0.99), (6 * 3600.0, 1.03)),
        house=((0.0, (5.0, 3.0, 9.0)), (19 * 3600.0, (20.0, 14.0, 9.0))),
    )
    ambient = Ambient(rng.choice([-12.0, 15.0, 38.0]), 8.0, sun_k=12.0)
    specs = [OutletSpec(), OutletSpec(rated_a=16.0, rotation=(2, 3, 1), pwm_steps=256)]
    return World(
        Timeline(), specs, supply, ambient, seed=rng.randint(0, 99), time_of_day_s=rng.uniform(0, DAY)
    )


def something(rng: Random, outlet) -> None:
    """A hand, a controller or a fault does something, sensible or not."""
    action = rng.random()
    if action < 0.12 and outlet.vehicle is None:
        outlet.plug_in(a_car(rng), rng.choice([0.0, 1.0, rng.random()]), rng.choice([13, 20, 32]))
    elif action < 0.16:
        outlet.unplug()
    elif action < 0.5:
        outlet.set_pwm(rng.choice([None, 6.0, 8.0, rng.uniform(6.0, 32.0), outlet.capability_a[0] or None]))
    elif action < 0.6:
        outlet.set_contactor(rng.choice([0, 1, 3]))
    elif action < 0.7:
        outlet.hold_pilot(rng.choice([None, None, "E", "F"]))
    elif action < 0.76:
        outlet.inject(rng.choice(tuple(Fault)))
    elif action < 0.94:
        for fault in Fault:
            outlet.clear(fault)
    else:
        outlet.protect(rng.choice([None, 10.0, 16.0]))


def follow(outlet) -> None:
    if outlet.pilot in "CD":
        outlet.set_contactor(3)
    elif outlet.pilot == "A":
        outlet.set_contactor(0)


def check(outlet, now_s: float) -> None:
    seen = outlet.reading()
    assert seen.soc is None or -1e-9 <= seen.soc <= 1.0 + 1e-9
    assert seen.p_w >= 0.0
    assert all(amps == 0.0 or n < max(outlet.phases, 0) for n, amps in enumerate(seen.i_a))
    apparent = sum(u * i for u, i in zip(seen.u_v, seen.i_a, strict=True))
    assert seen.p_w == pytest.approx((seen.pf or 0.0) * apparent, rel=1e-9, abs=1e-6)
    assert -50.0 < seen.temp_c < 170.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_random_day_ends_and_adds_up(seed):
    rng = Random(seed)
    world, per_instant, registers = a_world(rng), Counter(), {1: 0.0, 2: 0.0}
    timeline = world.timeline

    def count(outlet):
        per_instant[timeline.now] += 1
        assert per_instant[timeline.now] < 200, "the world goes round and round"

    for outlet in world.outlets:
        outlet.on_segment.append(count)
        outlet.on_pilot.append(follow)
        t = 0.0
        while t < DAY:
            timeline.at(t, lambda outlet=outlet: something(rng, outlet), INPUT)
            t += rng.choice([0.0, 0.3, 3.0, 40.0, 700.0, 3000.0])
    while timeline.now < DAY:
        timeline.advance(timeline.now + 400.0)
        for outlet in world.outlets:
            check(outlet, timeline.now)
            register = outlet.reading().register_wh
            assert register >= registers[outlet.connector]
            registers[outlet.connector] = register
    balance = world.balance()
    spent = balance.battery_wh + balance.loss_wh + balance.standby_wh + balance.contact_wh
    assert balance.grid_wh == pytest.approx(spent, rel=1e-9)
