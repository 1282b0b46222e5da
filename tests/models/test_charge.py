"""The battery: its curve, its closed forms and its end."""

import json
from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

from evc5.models.battery import CURVE, FULL, HOLD, RAMP, follow, hold, ramp
from evc5.models.curve import DEFAULT_POINTS, Curve
from evc5.models.vehicles import presets, vehicle

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "electrical_ev_curve.json").read_text())

# Constant-voltage knees (PyBaMM, Chen2020 NMC, C/50 cut-off): rate, knee at SoC, CV minutes, share of charge.
KNEES = [
    (1 / 15, 0.99, 18, 0.013),
    (1 / 8, 0.975, 30, 0.03),
    (1 / 5, 0.957, 38, 0.05),
    (1 / 3, 0.92, 47, 0.095),
]
KNEES += [(1.0, 0.69, 74, 0.38)]

# acnportal 0.3.3, Linear2StageBattery(60, 30, 7.36, transition_soc=0.8, charge_calculation="continuous") at
# 230 V, charged in steps of 5 min: SoC after so many minutes.
ACN = {
    32.0: {60: 0.6226666667, 120: 0.7453333333, 180: 0.8576459354, 240: 0.9229091934, 300: 0.9582520353},
    16.0: {120: 0.6226666667, 240: 0.7453333333, 360: 0.868, 420: 0.9254226492, 480: 0.959613179},
}  # fmt: skip


def lossless(curve: Curve, usable_wh: float = 60_000.0):
    return replace(vehicle("vw-id3-58"), usable_wh=usable_wh, loss_a_w=0.0, loss_b=0.0, curve=curve)


def charge(car, ac_w, soc):
    """(seconds, SoC) at every end of a plan, from `soc` to full."""
    plan, t, trace = hold(car, soc, car.curve.piece(soc), ac_w), 0.0, [(0.0, soc)]
    while True:
        t, soc = t + plan.lasts_s, plan.soc_then
        trace.append((t, soc))
        if plan.then == FULL:
            return trace
        plan = (hold if plan.then == HOLD else follow)(car, soc, plan.piece, ac_w)


@pytest.mark.parametrize(("rate", "knee", "minutes", "part"), KNEES)
def test_the_taper_begins_and_lasts_as_published(rate, knee, minutes, part):
    car = lossless(Curve())
    trace = charge(car, rate * car.usable_wh, 0.3)
    assert trace[1][1] == pytest.approx(knee)
    lasts = (trace[-1][0] - trace[1][0]) / 60.0
    assert lasts == pytest.approx(minutes, rel=0.03)
    assert 1.0 - knee == pytest.approx(part, abs=0.08)


@pytest.mark.parametrize("amps", ACN)
def test_a_two_stage_battery_charges_as_acn_sim_says(wallbox, amps):
    line = Curve([(0.8, 7.36 / 60), (1.0, 0.0)])
    box = wallbox(phases=1)
    outlet = box.charge(
        replace(
            vehicle("hyundai-kona-64-2018"), usable_wh=60_000.0, curve=line, loss_a_w=0.0, loss_b=0.0,
            undershoot_a=0.0, reactive_a=0.0, reaction_s=0.0, start_s=0.0, ramp_up_a_s=inf, ramp_down_a_s=inf,
            standby_w=0.0, standby_a=0.0,
        ),
        soc=0.5, amps=amps,
    )  # fmt: skip
    for minutes, soc in ACN[amps].items():
        box.timeline.advance(minutes * 60.0)
        assert outlet.reading().soc == pytest.approx(soc, abs=1e-8)


@pytest.mark.parametrize("case", VECTORS["fraction_at_soc"], ids=str)
def test_a_curve_interpolates_between_its_points(case):
    curve = Curve([(soc / 100, fraction) for soc, fraction in VECTORS["taper_points"]])
    assert curve.rate(case["soc"] / 100) == pytest.approx(case["f"])


@pytest.mark.parametrize("case", VECTORS["clamp_outside"]["cases"], ids=str)
def test_a_curve_is_constant_outside_its_points(case):
    curve = Curve([(soc / 100, fraction) for soc, fraction in VECTORS["clamp_outside"]["points"]])
    assert curve.rate(case["soc"] / 100) == pytest.approx(case["f"])


@pytest.mark.parametrize("case", VECTORS["step_takes_later_point"]["cases"], ids=str)
def test_at_a_step_the_later_point_holds(case):
    curve = Curve([(soc / 100, fraction) for soc, fraction in VECTORS["step_takes_later_point"]["points"]])
    assert curve.rate(case["soc"] / 100) == pytest.approx(case["f"], abs=case.get("tol", 1e-12))


@pytest.mark.parametrize("soc", [
    [0.0, 0.1], [0.2, 0.3, 0.31], [0.95, 0.6, 0.2, 0.0], [0.0, 0.5, 1.0], [0.49, 0.5, 0.51], [1.0],
])  # fmt: skip
def test_a_curve_accepts_at_many_states_of_charge_what_it_accepts_at_each(soc):
    curve = Curve([(0.1, 0.2), (0.3, 1.0), (0.5, 1.0), (0.5, 0.6), (1.0, 0.02)])
    assert curve.rates(np.array(soc)).tolist() == [curve.rate(one) for one in soc]


def test_curves_are_one_where_their_points_are():
    one, same, other = Curve([(0.5, 1), (1, 0.1)]), Curve([(0.5, 1.0), (1.0, 0.1)]), Curve([(0.5, 1.0)])
    assert one == same and hash(one) == hash(same)
    assert one != other and one != one.points


@pytest.mark.parametrize(
    "points", [[(0.0, 1.0), (1.0, 0.0)], [(0.5, 0.0)], [(0.0, 0.5), (0.9, 0.0), (1.0, 0.0)]]
)
def test_full_is_reached_in_finite_time_even_where_a_curve_ends_in_nothing(points):
    car = lossless(Curve(points))
    ends_s, soc = charge(car, 11_000.0, 0.1)[-1]
    assert soc == 1.0
    assert ends_s <= 0.9 * 50 * 3600.0 + 1e-6


def test_a_rising_curve_is_followed_until_it_meets_the_limit_and_left_there():
    car = lossless(Curve([(0.0, 0.05), (0.2, 0.4), (0.8, 0.4), (1.0, 0.02)]))
    trace = charge(car, 12_000.0, 0.3)
    assert [soc for _, soc in trace[:2]] == [0.3, pytest.approx(0.8 + 0.2 * (0.4 - 0.2) / 0.38)]
    plan = follow(car, 0.05, 0, 12_000.0)
    assert (plan.then, plan.soc_then) == (HOLD, pytest.approx(0.2 * (0.2 - 0.05) / 0.35))
    assert plan.flow.power_w(plan.lasts_s) == pytest.approx(12_000.0)


def test_a_step_down_in_the_curve_ends_the_hold_exactly_there():
    car = lossless(Curve([(0.0, 1.0), (0.5, 1.0), (0.5, 0.1), (1.0, 0.1)]))
    plan = hold(car, 0.4, 0, 11_000.0)
    assert (plan.then, plan.soc_then, plan.piece) == (CURVE, 0.5, 1)


STEPS = [(0.0, 1.5), (0.2, 1.5), (0.4, 1.0), (0.4, 0.6), (0.7, 0.6), (1.0, 0.1)]
RISING = [(0.3, 0.4), (0.5, 1.2), (1.0, 0.2)]


@pytest.mark.parametrize("points", [DEFAULT_POINTS, STEPS, RISING, [(0.5, 1.0)]])
def test_a_hold_ends_where_looking_at_every_piece_of_the_curve_finds_its_end(points, monkeypatch):
    car = lossless(Curve(points))
    rates = {rate for piece in car.curve.pieces for rate in (piece.r0, piece.r1)}
    levels = sorted({near for rate in rates for near in (rate * 0.99, rate, rate * 1.01)})
    socs = sorted({soc for piece in car.curve.pieces for soc in (piece.s0, (piece.s0 + piece.s1) / 2)})
    cases = [(soc, level) for soc in socs for level in levels]

    def ends():
        return [hold(car, soc, car.curve.piece(soc), level * car.usable_wh) for soc, level in cases]

    told = ends()
    monkeypatch.setattr(Curve, "down_to", lambda *_: 0)
    assert told == ends()


@pytest.mark.parametrize(("rate", "first"), [(1.6, 0), (1.5, 0), (1.2, 1), (0.6, 2), (0.5, 3), (0.05, 4)])
def test_the_first_piece_of_a_falling_curve_that_may_be_down_to_a_rate(rate, first):
    assert Curve(STEPS).down_to(rate) == first
    assert Curve(RISING).down_to(rate) == 0


def test_a_ramp_that_meets_the_curve_ends_where_both_are_equal():
    car = lossless(Curve([(0.0, 1.0), (1.0, 0.02)]), usable_wh=20_000.0)
    plan = ramp(car, 0.7, 0, 0.0, 22_000.0, 500.0)
    soc = 0.7 + plan.flow.energy_wh(plan.lasts_s) / 20_000.0
    assert plan.then == CURVE
    assert plan.flow.power_w(plan.lasts_s) == pytest.approx(20_000.0 * car.curve.rate(soc), rel=1e-12)


def test_a_ramp_that_outlives_a_piece_of_the_curve_goes_on_along_the_next():
    car = lossless(Curve([(0.0, 1.0), (0.7, 1.0), (1.0, 0.02)]), usable_wh=20_000.0)
    plan = ramp(car, 0.699, 0, 8_000.0, 18_000.0, 100.0)
    assert (plan.then, plan.soc_then, plan.piece) == (RAMP, 0.7, 1)
    assert 0.699 + plan.flow.energy_wh(plan.lasts_s) / 20_000.0 == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize("id_", presets())
def test_every_car_reaches_full_from_empty_within_a_day_and_a_half(id_):
    car = vehicle(id_)
    trace = charge(car, 1380.0, 0.0)
    assert trace[-1][1] == 1.0
    assert trace[-1][0] < 100_000.0 / (1380.0 * 0.6) * 3600.0


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "curve must have at least one point, got none"),
        ([(0.5, 1.0), (0.4, 0.5)], "curve SoC must not fall, got 0.4 after 0.5"),
        ([(1.2, 1.0)], "curve SoC must be within 0 and 1, got 1.2"),
        ([(0.2, -1.0)], "curve power must be >= 0, got -1 at SoC 0.2"),
        ([(0.2, float("nan"))], "curve power must be >= 0, got nan at SoC 0.2"),
    ],
)
def test_an_impossible_curve_is_refused_in_words(points, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        Curve(points)


def test_a_curve_can_be_given_in_kw():
    curve = Curve.from_kw([(0.0, 50.0), (1.0, 5.0)], usable_wh=50_000.0)
    assert (curve.rate(0.0), curve.rate(0.5)) == (pytest.approx(1.0), pytest.approx(0.55))


def test_the_default_curve_runs_through_the_published_knees():
    for rate, knee, *_ in KNEES:
        assert Curve(DEFAULT_POINTS).rate(knee) == pytest.approx(rate)


LOSSY = replace(vehicle("vw-id3-58"), loss_a_w=235.0, loss_b=0.073)


def test_along_the_curve_the_inlet_takes_what_the_battery_accepts_and_the_charger_loses():
    for soc in (0.93, 0.96, 0.98, 0.995):
        plan = follow(LOSSY, soc, LOSSY.curve.piece(soc), 50_000.0)
        accepts_w = LOSSY.usable_wh * LOSSY.curve.rate(soc)
        assert plan.flow.power_w(0.0) * (1.0 - 0.073) - 235.0 == pytest.approx(accepts_w)


def test_a_level_piece_lasts_as_long_as_its_charge_takes():
    car = lossless(Curve([(0.0, 0.5)]))
    plan = follow(car, 0.4, 0, 100_000.0)
    assert (plan.lasts_s, plan.then) == (pytest.approx(0.6 / 0.5 * 3600.0), FULL)


def test_a_ramp_that_begins_above_the_curve_meets_it_at_once_or_falls_past_it():
    car = lossless(Curve([(0.0, 0.1)]))  # 6 kW at most
    rising = ramp(car, 0.5, 0, 8_000.0, 9_000.0, 100.0)
    assert (rising.lasts_s, rising.then) == (0.0, CURVE)
    falling = ramp(car, 0.5, 0, 8_000.0, 7_000.0, -100.0)
    assert (falling.lasts_s, falling.then) == (10.0, HOLD)


def test_a_ramp_meets_a_falling_curve_where_the_two_are_equal():
    car = lossless(Curve([(0.0, 1.0), (1.0, 0.0)]), usable_wh=1_000.0)
    plan = ramp(car, 0.5, car.curve.piece(0.5), 0.0, 5_000.0, 100.0)
    reached = 0.5 + plan.flow.energy_wh(plan.lasts_s) / 1_000.0
    assert plan.then == CURVE
    assert plan.flow.power_w(plan.lasts_s) == pytest.approx(1_000.0 * car.curve.rate(reached))


@pytest.mark.parametrize(("from_w", "slope_w_s", "soc", "lasts_s", "then"), [
    (5_950.0, 100.0, 0.5, 0.5, CURVE),  # the battery accepts 6 kW
    (8_000.0, 0.5, 0.5, 0.0, CURVE),
    (5_000.0, 100.0, 1.0 - 1e-6, 0.0432, FULL),  # 216 J at 5 kW
])  # fmt: skip
def test_a_short_ramp_ends_where_the_curve_or_the_battery_does(from_w, slope_w_s, soc, lasts_s, then):
    plan = ramp(lossless(Curve([(0.0, 0.1)])), soc, 0, from_w, 9_000.0, slope_w_s)
    assert (plan.then, plan.lasts_s) == (then, pytest.approx(lasts_s, rel=1e-3))
    assert plan.soc_then == (1.0 if then == FULL else None)


def test_the_last_of_a_sloping_piece_lasts_as_short_as_it_is():
    """From 0.5C at a slope of -1C: 1e-5 of SoC in 0.072 s."""
    plan = follow(lossless(Curve([(0.0, 1.0), (0.5, 0.5), (1.0, 0.5)])), 0.5 - 1e-5, 0, 100_000.0)
    assert (plan.lasts_s, plan.soc_then) == (pytest.approx(0.072, rel=1e-3), 0.5)


def test_a_hold_that_leaves_nothing_for_the_battery_lasts():
    assert hold(lossless(Curve()), 0.5, 0, 0.0).lasts_s == inf
    assert hold(LOSSY, 0.5, 0, 200.0).lasts_s == inf, "less than its charger takes itself"
