"""One closed-form solution: what heat and meter make of its current, and what a car would draw."""

from dataclasses import replace
from math import exp, isnan, nan

import numpy as np
import pytest

from evc5.models.curve import Curve
from evc5.models.flow import Flow
from evc5.models.meter import MeterSpec
from evc5.models.segment import IDLE, Draw
from evc5.models.supply import Supply

FLOWS = {
    "even": Flow(6900.0), "rising": Flow(1380.0, 20.0), "falling": Flow(6900.0, -20.0),
    "fading": Flow(1000.0, 0.0, 5900.0, 1e-3), "climbing": Flow(1000.0, 0.0, 2000.0, -1e-3),
    "fading to nothing": Flow(0.0, 0.0, 6900.0, 1e-3),
}  # fmt: skip
WAYS = {
    "three phases": Draw(live=(True, True, True), sum_u_v=690.0, reactive_a=1.2),
    "two phases": Draw(live=(True, False, True), sum_u_v=460.0),
    "one phase": Draw(live=(True, False, False), sum_u_v=230.0, reactive_a=2.0),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("flow", FLOWS)
def test_the_squares_that_heat_are_those_of_the_current_on_all_live_phases(flow, way):
    draw, lasts_s = WAYS[way]._replace(flow=FLOWS[flow]), 250.0
    q0, q1, q2, qd, qdd, lam, peak = draw.squares(lasts_s)
    seen = []
    for tau in np.linspace(0.0, lasts_s, 26):
        amps = draw.rms_a(tau)
        active_a = FLOWS[flow].power_w(tau) / draw.sum_u_v
        assert amps**2 == pytest.approx(active_a**2 + draw.reactive_a**2)
        seen.append(sum(draw.live) * amps**2)
        faded = exp(-lam * tau)
        assert q0 + q1 * tau + q2 * tau**2 + (qd + qdd * faded) * faded == pytest.approx(seen[-1])
    assert peak == pytest.approx(max(seen))


def test_without_a_flow_nothing_heats():
    assert IDLE.squares(10.0).peak == IDLE.rms_a(5.0) == 0.0


def test_each_register_counts_in_whole_steps(wallbox, car):
    spec = MeterSpec(
        gain_error_pct=0.0, resolution_wh=10.0, register_wh=45.0, register_phase_wh=(5.0, 15.0, 25.0)
    )
    box = wallbox(meter=spec)
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(1803)
    seen = outlet.reading()
    third_wh = seen.energy_wh / 3
    assert seen.register_wh == 10.0 * int((45.0 + seen.energy_wh) / 10.0)
    assert seen.register_phase_wh == tuple(10.0 * int((wh + third_wh) / 10.0) for wh in (5.0, 15.0, 25.0))


@pytest.mark.parametrize("wh", [0.3, 0.7, 123_450.9])
def test_a_register_that_stands_on_a_step_shows_that_step(wallbox, wh):
    """0.3 / 0.1 is a hair below 3."""
    spec = MeterSpec(resolution_wh=0.1, register_wh=3 * wh, register_phase_wh=(wh, wh, wh))
    seen = wallbox(meter=spec).world.outlet(1).reading()
    assert seen.register_phase_wh == pytest.approx((wh, wh, wh))
    assert seen.register_wh == pytest.approx(3 * wh)


@pytest.mark.parametrize(("id_", "volts", "demand_a"), [  # the battery accepts 6,000 W, none of it lost
    ("renault-zoe-ze50", (200.0, 200.0, 200.0), (10.0, 10.0, 10.0)),
    ("vw-e-golf-2017", (200.0, 200.0, 200.0), (15.0, 15.0, 0.0)),
    ("nissan-leaf-40", (250.0, 250.0, 250.0), (24.0, 0.0, 0.0)),
    ("renault-zoe-ze50", (250.0, 0.0, 250.0), (6000 / 730,) * 3),  # 230 V stand in for the dead conductor
    ("renault-zoe-ze50", (0.0, 185.0, 185.0), (10.0, 10.0, 10.0)),
    ("renault-zoe-ze50", (185.0, 185.0, 0.0), (10.0, 10.0, 10.0)),
])  # fmt: skip
def test_a_car_would_draw_what_its_battery_accepts_at_the_voltages_there_are(
    wallbox, car, id_, volts, demand_a
):
    plain = {"loss_a_w": 0.0, "loss_b": 0.0, "max_a": 32.0, "usable_wh": 60_000.0}
    box = wallbox(supply=Supply(volts))
    outlet = box.charge(car(id_, curve=Curve([(0.0, 0.1)]), **plain), soc=0.5)
    assert outlet.reading().demand_a == pytest.approx(demand_a)
    many = outlet.segment.columns(box.timeline.now + np.arange(9.0))
    assert [many[f"demand{n}_a"][4] for n in (1, 2, 3)] == pytest.approx(demand_a)


def test_a_car_would_draw_no_more_than_it_can_beside_its_reactive_current(wallbox, car):
    box = wallbox()
    outlet = box.charge(car(max_a=16.0), soc=0.2)
    assert outlet.reading().demand_a == pytest.approx((16.0, 16.0, 16.0))
    box = wallbox()
    accepts_w = {"loss_a_w": 0.0, "loss_b": 0.0, "usable_wh": 20_700.0, "curve": Curve([(0.0, 0.1)])}
    outlet = box.charge(car(reactive_a=4.0, **accepts_w), soc=0.2)
    assert outlet.reading().demand_a == pytest.approx((5.0, 5.0, 5.0)), "3 A of power, and 4 A"


def test_telemetry_of_many_instants_is_that_of_each_in_every_column(wallbox, car):
    box = wallbox(meter=MeterSpec(resolution_wh=10.0))
    outlet = box.world.outlet(1)
    segments = [outlet.segment]
    outlet.on_segment.append(lambda outlet: segments.append(outlet.segment))
    box.charge(replace(car("vw-e-golf-2017"), preheat_w=2200.0, preheat_s=300.0, reactive_a=2.0), soc=0.97)
    box.run(3600)
    box.run(3600)
    for segment in segments:
        for count in (3, 9):  # one by one, and with numpy
            times = segment.t0_s + np.linspace(0.0, 1.0, count)
            columns = segment.columns(times)
            for n, row in enumerate(map(segment.at, times.tolist())):
                for name, value in told(row).items():
                    assert columns[name][n] == pytest.approx(value, nan_ok=True, rel=1e-9), (
                        name,
                        segment.t0_s,
                    )
    assert any(isnan(segment.columns(np.array([segment.t0_s]))["soc"][0]) for segment in segments)


def told(row):
    """A reading as telemetry has it: each phase a column, NaN for null."""
    plain = ("duty_pct", "phases", "p_w", "energy_wh", "register_wh", "temp_c")
    values = {name: getattr(row, name) for name in plain}
    values |= {name: nan if getattr(row, name) is None else getattr(row, name) for name in ("pf", "soc")}
    for name, three in (("i", row.i_a), ("demand", row.demand_a), ("capability", row.capability_a)):
        values |= {f"{name}{n}_a": (three or (nan,) * 3)[n - 1] for n in (1, 2, 3)}
    return values | {f"u{n}_v": row.u_v[n - 1] for n in (1, 2, 3)}
