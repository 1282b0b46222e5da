"""Temperatures: exact answers, no crossing missed, derating with hysteresis."""

import itertools
from math import exp, inf, sin

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from evc5.models.crossing import leaves
from evc5.models.derating import OPENEVSE, Staircase, Table, charx
from evc5.models.functions import FAST
from evc5.models.heat import ENCLOSURE, Air, Ambient, Lag, Squares, Thermal, rise

DAY = 86400.0
LAG = Lag(0.002, 1.5, 1 / 900.0)
FORMS = {
    "nothing": (Squares(), lambda t: 0.0),
    "constant": (Squares(3072.0, peak=3072.0), lambda t: 3072.0),
    "ramp": (Squares(48.0, 96.0, 12.0, peak=1e4), lambda t: 48.0 + 96.0 * t + 12.0 * t * t),
    "taper": (
        Squares(2.0, 0, 0, 60.0, 700.0, 1.1e-3, 762.0),
        lambda t: 2.0 + 60.0 * exp(-1.1e-3 * t) + 700.0 * exp(-2.2e-3 * t),
    ),
    "decay at the lag's own pace": (
        Squares(2.0, 0, 0, 60.0, 700.0, 1 / 900.0, 762.0),
        lambda t: 2.0 + 60.0 * exp(-t / 900.0) + 700.0 * exp(-t / 450.0),
    ),
    "decay at half the lag's pace": (
        Squares(2.0, 0, 0, 60.0, 700.0, 1 / 1800.0, 762.0),
        lambda t: 2.0 + 60.0 * exp(-t / 1800.0) + 700.0 * exp(-t / 900.0),
    ),
}


def integrated(slope, t_end, start, samples):
    got = solve_ivp(slope, (0.0, t_end), [start], rtol=1e-11, atol=1e-11, max_step=t_end / 50, t_eval=samples)
    return got.y[0]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_a_lag_answers_every_form_of_current_exactly(name, closed):
    squares, of = FORMS[name]
    got, times = rise(LAG, squares, closed, 4.0), np.linspace(0.0, 3000.0, 31)
    wanted = integrated(
        lambda t, z: [LAG.mu_s * (LAG.k_a2 * of(t) + 1.5 * closed - z[0])], 3000.0, 4.0, times
    )
    assert [got.value(t) for t in times] == pytest.approx(wanted, abs=2e-5)
    assert list(got.value(times, FAST)) == pytest.approx([got.value(t) for t in times], abs=1e-9)


@pytest.mark.parametrize("name", FORMS)
def test_slope_and_bend_are_those_of_the_answer(name):
    got, h = rise(LAG, FORMS[name][0], True, 4.0), 0.05
    for t in (10.0, 300.0, 2000.0):
        slope = (got.value(t + h) - got.value(t - h)) / (2 * h)
        bend = abs(got.slope(t + h) - got.slope(t - h)) / (2 * h)
        assert got.slope(t) == pytest.approx(slope, rel=1e-4, abs=1e-9)
        assert bend <= got.bend(t - h, 3000.0) * (1 + 1e-6) + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("time_of_day_s", [0.0, 37_800.0])
def test_the_enclosure_follows_air_and_sun_as_the_equation_says(time_of_day_s):
    ambient, thermal = Ambient(20.0, 7.0, 15.0, 12.0, 6.5, 20.25), Thermal()
    air, omega = Air(ambient, thermal, time_of_day_s), 2 * np.pi / DAY

    def slope(t, temp):
        clock = (t + time_of_day_s) % DAY
        outdoors = 20.0 + 7.0 * np.cos(omega * (clock - 15 * 3600.0))
        if 6.5 * 3600 <= clock < 20.25 * 3600:
            outdoors += 12.0 * sin(np.pi * (clock - 6.5 * 3600) / (13.75 * 3600))
        return [(outdoors + 7.0 * 0.5 - temp[0]) / 2400.0]

    times = np.arange(2 * DAY, 3 * DAY, 1800.0)
    got = solve_ivp(slope, (0.0, 3 * DAY), [20.0], rtol=1e-10, atol=1e-10, max_step=120.0, t_eval=times).y[0]
    assert [air.at(t) for t in times] == pytest.approx(got, abs=1e-3)
    assert list(air.at(times, FAST)) == pytest.approx([air.at(t) for t in times], rel=1e-12)
    assert max(got) <= air.warmest_c
    for t in times[::5] + 7.0:
        assert air.slope(t) == pytest.approx((air.at(t + 1) - air.at(t - 1)) / 2, abs=1e-8)
        assert abs(air.slope(t + 1) - air.slope(t - 1)) / 2 <= air.bend * (1 + 1e-6)


@pytest.mark.parametrize("time_of_day_s", [0.0, 37_800.0])
def test_the_enclosures_slope_and_temperature_are_those_of_its_equation_without_a_jump(time_of_day_s):
    """tau T' + T = outdoors + sun + R P, whatever the hour; sun from 6:30 to 20:15."""
    ambient, thermal = Ambient(20.0, 7.0, 15.0, 12.0, 6.5, 20.25), Thermal()
    air = Air(ambient, thermal, time_of_day_s)
    for hour in (0.0, 3.0, 6.49, 6.51, 12.0, 15.0, 20.24, 20.26, 23.9):
        t = 2 * DAY + hour * 3600.0 - time_of_day_s
        sun = 12.0 * sin(np.pi * (hour - 6.5) / 13.75) if 6.5 <= hour < 20.25 else 0.0
        outdoors = 20.0 + 7.0 * np.cos(2 * np.pi * (hour - 15.0) / 24.0)
        assert ambient.air_c(hour * 3600.0) == pytest.approx(outdoors)
        assert 2400.0 * air.slope(t) + air.at(t) == pytest.approx(outdoors + sun + 0.5 * 7.0)
    for hour in (6.5, 20.25, 24.0):
        t = DAY + hour * 3600.0 - time_of_day_s
        assert air.at(t - 1e-3) == pytest.approx(air.at(t + 1e-3), abs=1e-5)


@pytest.mark.parametrize("name", FORMS)
def test_the_squares_of_a_current_add_up_to_their_integral(name):
    squares, of = FORMS[name]
    assert squares.integral(3000.0) == pytest.approx(quad(of, 0.0, 3000.0)[0], rel=1e-9)
    assert squares.integral(0.0) == 0.0


def test_a_closed_contactor_is_warmed_by_its_coil(wallbox, car):
    """3 W: 0.5 K/W in the enclosure, 1.5 K/W more at the contactors; a full car takes next to nothing."""
    box = wallbox(ambient=Ambient(20.0, 0.0))
    box.charge(car(standby_w=0.0, standby_a=0.0), soc=1.0)
    box.run(10)
    box.world.outlet(1).set_contactor(3)
    box.run(12 * 3600.0)
    temps = box.world.temperatures_c()
    assert temps == pytest.approx({"board": 25.0, "contactors": 29.5, "socket 1": 25.0}, abs=1e-3)


def wave(t):
    return 40.0 + 20.0 * sin(t / 5000.0), 20.0 / 5000.0 * np.cos(t / 5000.0)


@pytest.mark.parametrize(
    ("low", "high", "direction"), [(-inf, 55.0, 1), (21.0, 61.0, -1), (-inf, 59.999999, 1)]
)
def test_a_crossing_is_found_to_a_millisecond(low, high, direction):
    found = leaves(wave, lambda t: 20.0 / 5000.0**2, low, high, 0.0, 1e6)
    level = high if direction > 0 else low
    exact = 5000.0 * np.arcsin((level - 40.0) / 20.0)
    exact = exact if direction > 0 else np.pi * 5000.0 - exact
    assert found == (pytest.approx(exact, abs=1e-3), direction)


@pytest.mark.parametrize(("slope", "bend", "low", "high", "found"), [
    (1.0, 0.0, -inf, 30.0, (10.0, 1)), (-1.0, 0.0, 10.0, inf, (10.0, -1)), (0.0, 0.0, 19.0, 21.0, None),
    (0.5, 0.0, -inf, 30.0, None), (-0.5, 0.0, 10.0, inf, None),  # in 20 s: too late
    (-2.0, 2.0, -inf, 35.0, (5.0, 1)), (2.0, -2.0, 5.0, inf, (5.0, -1)),  # there and back: t² - 2t = 15
    (0.0, 2.0, -inf, 36.0, (4.0, 1)), (1.0, 2.0, -inf, 26.0, (2.0, 1)),
])  # fmt: skip
def test_a_curve_that_bends_as_much_as_it_may_is_met_at_the_second_look(slope, bend, low, high, found):
    """From 20 °C for 10 s: T = 20 + slope t + bend t²/2."""
    looks = []

    def curve(t):
        looks.append(t)
        return 20.0 + slope * t + bend * t * t / 2.0, slope + bend * t

    assert leaves(curve, lambda t: abs(bend), low, high, 0.0, 10.0) == found
    assert len(looks) <= 2


def test_a_curve_that_only_comes_close_does_not_cross():
    assert leaves(wave, lambda t: 20.0 / 5000.0**2, 19.9999, 60.0001, 0.0, 2e5) is None


def test_a_narrow_peak_is_not_jumped_over():
    """Above the threshold for a tenth of a second in eleven days."""
    bump = lambda t: 50.0 + 10.0 * exp(-(((t - 777_777.0) / 50.0) ** 2))  # noqa: E731
    slope = lambda t: -2.0 * (t - 777_777.0) / 50.0**2 * (bump(t) - 50.0)  # noqa: E731
    found = leaves(lambda t: (bump(t), slope(t)), lambda t: 20.0 / 50.0**2, -inf, 59.99999, 700_000.0, 1e6)
    assert found is not None
    assert bump(found[0]) == pytest.approx(59.99999, abs=1e-7)


def hot_day(wallbox, car, **how):
    """A car at 32 A three-phase behind a controller that offers what the charger is capable of."""
    box = wallbox(ambient=Ambient(34.0, 6.0, sun_k=10.0), **how)
    outlet, held = box.world.outlet(1), []

    def obey(outlet):
        amps = outlet.capability_a[0]
        if amps != outlet.offered_a and outlet.vehicle:
            held.append((box.timeline.now, amps))
            box.timeline.soon(lambda: outlet.set_pwm(amps or None))

    outlet.on_segment.append(obey)
    box.run(9 * 3600.0)
    outlet.plug_in(car("renault-zoe-ze50", usable_wh=250_000.0), 0.1)
    return box, outlet, held


def test_a_hot_day_derates_recovers_and_never_hunts(wallbox, car):
    box, outlet, held = hot_day(wallbox, car)
    box.run(13 * 3600.0)
    lowest = min(amps for _, amps in held)
    assert 6.0 <= lowest < 32.0
    assert outlet.capability_a[0] > lowest
    assert outlet.pilot == "C"
    # Each change of direction has to cross the 2 K of hysteresis: the contacts cannot do that in a minute.
    turns = [
        t for (t, a), (_, b), (_, c) in zip(held, held[1:], held[2:], strict=False) if (b - a) * (c - b) < 0
    ]
    assert all(later - sooner > 60.0 for sooner, later in itertools.pairwise(turns))
    assert len(held) < 80


def test_derating_happens_at_its_temperatures(wallbox, car):
    box, outlet, _ = hot_day(wallbox, car)
    steps = []
    outlet.on_segment.append(lambda o: steps.append((o.heat_a, o.reading().temp_c)))
    box.run(8 * 3600.0)
    warmer = [(a, t) for (b, _), (a, t) in itertools.pairwise(steps) if a < b]
    assert warmer
    for amps, temp_c in warmer:
        assert temp_c == pytest.approx(60.0 + (31.0 - amps) * 15.0 / 25.0, abs=1e-4)


def test_openevse_halves_at_65_and_stops_for_good_at_71():
    levels = OPENEVSE.levels(32.0)
    assert [level.limit_a for level in levels] == [16.0, 8.0, 0.0]
    assert [level.up_c for level in levels] == [65.0, 68.0, 71.0]
    assert (levels[0].down_c, levels[2].down_c) == (62.0, -inf)


def test_charx_falls_evenly_between_its_two_points():
    levels = charx(60.0, 80.0).levels(32.0)
    middle = [level.limit_a for level in levels if level.up_c <= 70.0]
    assert min(middle) == pytest.approx(19.0, abs=1.0)
    assert (levels[-1].up_c, levels[-1].limit_a) == (80.0, 0.0)
    assert levels[-1].down_c == pytest.approx(80.0 - 0.03 * 20.0)


def test_the_default_staircase_takes_one_ampere_at_a_time_down_to_six():
    levels = Staircase().levels(16.0)
    assert [level.limit_a for level in levels] == [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 0]
    assert (levels[0].up_c, levels[9].up_c, levels[10].up_c) == (60.0, 75.0, 80.0)
    assert all(level.up_c - level.down_c == pytest.approx(2.0) for level in levels[:-1])


def test_sensors_of_an_idle_charger_are_as_warm_as_its_enclosure(wallbox):
    box = wallbox(ambient=Ambient(20.0, 0.0), outlets=2)
    warm_c = {"board": 23.5, "contactors": 23.5, "socket 1": 23.5, "socket 2": 23.5}  # 7 W x 0.5 K/W
    assert box.world.temperatures_c() == pytest.approx(warm_c)
    box.world.outlet(2).inject("over-temperature")
    assert box.world.temperatures_c() == pytest.approx(warm_c | {"socket 2": 113.5})


def test_a_sensor_that_reads_too_much_gives_back_as_the_night_cools_it(wallbox):
    """90 K too much: 98.5 °C in the afternoon, off at 80; 68.5 °C at night: 18 A less (0.6 K each)."""
    box = wallbox(ambient=Ambient(-10.0, 15.0, warmest_h=0.0), thermal=Thermal(enclosure_tau_s=1.0))
    outlet = box.world.outlet(1)
    box.run(60.0)
    outlet.inject("over-temperature")
    assert outlet.heat_a == 0.0
    box.run(12 * 3600.0)
    assert (outlet.heat_a, box.world.temperatures_c()["socket 1"]) == (
        32.0 - 18.0,
        pytest.approx(68.5, abs=0.1),
    )


def test_the_sensors_warm_in_the_order_one_expects(wallbox, car):
    box = wallbox(outlets=2)
    box.charge(car("renault-zoe-ze50"), 0.1, connector=2)
    box.run(2 * 3600.0)
    temps = box.world.temperatures_c()
    assert temps["socket 2"] > temps["contactors"] > temps["board"]
    assert temps["socket 1"] == pytest.approx(temps["board"])
    assert box.world.outlet(1).reading().temp_c == pytest.approx(temps["socket 1"])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Table(((60.0, 0.5, 58.0), (65.0, 0.8, 63.0))),
            "must not rise with temperature, got 0.8 at 65 °C",
        ),
        (
            lambda: Table(((60.0, 0.5, 58.0), (55.0, 0.4, 53.0))),
            "must rise in temperature, got 55 after 60 °C",
        ),
        (lambda: Table(((60.0, 0.5, 61.0),)), "must give back below 60 °C, got 61"),
        (lambda: Table(((60.0, 1.5, 58.0),)), "share must be within 0 and 1, got 1.5 at 60 °C"),
        (lambda: Staircase(start_c=80.0), "start_c <= stop_c < off_c > resume_c, got 80, 75, 80, 70"),
        (lambda: Staircase(resume_c=80.0), "start_c <= stop_c < off_c > resume_c, got 60, 75, 80, 80"),
        (lambda: Staircase(stop_c=80.0), "start_c <= stop_c < off_c > resume_c, got 60, 80, 80, 70"),
        (lambda: Table(((60.0, 0.5, 60.0),)), "must give back below 60 °C, got 60"),
        (
            lambda: Table(((60.0, 0.5, 58.0), (60.0, 0.4, 58.0))),
            "must rise in temperature, got 60 after 60 °C",
        ),
        (
            lambda: Table(((60.0, 0.5, 58.0), (65.0, 0.4, 57.0))),
            "must rise in temperature, got 65 after 60 °C",
        ),
        (lambda: Table(()), "derating table must have a row, got none"),
        (lambda: Staircase(step_a=0.0), "derating step_a must be > 0, got 0"),
        (lambda: Thermal(socket_ohm=-0.1), "thermal socket_ohm must be >= 0, got -0.1"),
        (lambda: Thermal(socket_tau_s=0.0), "thermal socket_tau_s must be > 0, got 0"),
        (lambda: Thermal(coil_w=inf), "thermal coil_w must be >= 0, got inf"),
        (lambda: Ambient(mean_c=70.1), "ambient mean_c must be within -60 and 70, got 70.1"),
        (lambda: Ambient(mean_c=-60.1), "ambient mean_c must be within -60 and 70, got -60.1"),
        (lambda: Ambient(swing_k=60.1), "ambient swing_k must be within 0 and 60, got 60.1"),
        (lambda: Ambient(sun_k=-0.1), "ambient sun_k must be within 0 and 60, got -0.1"),
        (lambda: Ambient(warmest_h=24.0), "ambient warmest_h must be within 0 and 24, got 24"),
        (lambda: Ambient(warmest_h=-0.1), "ambient warmest_h must be within 0 and 24, got -0.1"),
        (lambda: Ambient(sunset_h=24.1), "sunrise_h < sunset_h must lie within 0 and 24, got 6, 24.1"),
        (lambda: Ambient(sunrise_h=20.0), "sunrise_h < sunset_h must lie within 0 and 24, got 20, 20"),
        (lambda: Ambient(mean_c=99.0), "ambient mean_c must be within -60 and 70, got 99"),
        (lambda: Ambient(sunrise_h=21.0), "sunrise_h < sunset_h must lie within 0 and 24, got 21, 20"),
    ],
)
def test_impossible_heat_is_refused_in_words(make, words):
    with pytest.raises(ValueError) as refused:
        make()
    assert words in str(refused.value)


@pytest.mark.parametrize("make", [
    lambda: Staircase(start_c=75.0, stop_c=75.0), lambda: Staircase(resume_c=79.9),
    lambda: Table(((60.0, 1.0, 58.0), (65.0, 1.0, 58.0), (66.0, 0.0, -inf))),
])  # fmt: skip
def test_heat_that_is_just_possible_is_taken(make):
    levels = make().levels(32.0)
    assert levels[-1].limit_a == 0.0 and levels[0].limit_a <= 32.0


@pytest.mark.parametrize("ends", [
    {"mean_c": -60.0, "swing_k": 0.0, "warmest_h": 0.0, "sunrise_h": 0.0}, {"mean_c": 70.0, "swing_k": 60.0},
    {"sun_k": 60.0, "sunset_h": 24.0}, {"warmest_h": 23.9},
])  # fmt: skip
def test_a_day_that_is_just_possible_is_taken(ends):
    air = Air(Ambient(**ends), Thermal(coil_w=0.0))
    assert air.at(0.0) <= air.warmest_c


def test_an_idle_outlet_feels_what_its_neighbour_did_whenever_one_looks(wallbox, car):
    """Its own segment lasts on while the neighbour's heat changes; going back in time gives the same."""
    box = wallbox(outlets=2)
    idle = box.world.outlet(1)
    box.run(10)
    segment, seen = idle.segment, []
    box.charge(car("renault-zoe-ze50"), 0.5, connector=2)
    for _ in range(40):
        box.run(600)
        seen.append((box.timeline.now, idle.reading().temp_c))
    assert idle.segment is segment
    assert max(temp for _, temp in seen) > seen[-1][1] + 0.5
    times = np.array([t for t, _ in seen])
    assert list(segment.columns(times)["temp_c"]) == pytest.approx([temp for _, temp in seen], rel=1e-12)
    assert [segment.at(t).temp_c for t, _ in reversed(seen)] == [temp for _, temp in reversed(seen)]


def test_each_part_warms_with_its_own_time_constant():
    """63 % of the end after one of it, whatever flows: enclosure, contactors, socket."""
    thermal = Thermal()
    constants = (thermal.enclosure_tau_s, thermal.contactor_tau_s, thermal.socket_tau_s)
    for lag, tau_s in zip(thermal.lags, constants, strict=True):
        warmed = rise(lag, Squares(3_000.0, peak=3_000.0), True, 0.0)
        assert warmed.value(tau_s) == pytest.approx((1.0 - exp(-1.0)) * warmed.value(1e3 * tau_s))


def test_a_neighbours_heat_at_many_instants_is_what_each_of_its_currents_left(wallbox, car):
    box = wallbox(outlets=2)
    outlet = box.world.outlet(2)
    first = outlet.warmth
    box.charge(car("vw-id3-58"), 0.85, connector=2)
    box.run(90 * 60)
    outlet.unplug()
    box.run(3600)
    times = np.concatenate([np.arange(0.0, 20.0), np.arange(20.0, 9000.0, 47.0)])
    each = [(warmth := first.when(t)).rises[ENCLOSURE].value(t - warmth.t0_s) for t in times]
    currents = {first.when(t) for t in times}
    assert sum(bool(one.squares.q2 or one.squares.qdd) for one in currents) > 2
    felt = first.over(times)
    many = felt.rises[ENCLOSURE].value(times - felt.t0_s, FAST)
    assert list(many) == pytest.approx(each, rel=1e-13)
