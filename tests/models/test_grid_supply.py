"""The grid: steps, walks, sags, lost phases, the drop along the connection, the house."""

from itertools import islice, pairwise
from statistics import stdev

import pytest

from evc5.models.supply import Sag, Source, Supply


def test_a_profile_steps_at_its_times_of_day_every_day():
    supply = Supply(profile=((6 * 3600.0, 0.98), (18 * 3600.0, 1.02)))
    states = list(islice(supply.states(time_of_day_s=17 * 3600.0), 5))
    assert [state.t_s / 3600.0 for state in states] == [0, 1, 13, 25, 37]
    assert [round(state.u_v[0] / 230.0, 4) for state in states] == [0.98, 1.02, 0.98, 1.02, 0.98]


def test_a_sag_takes_its_phases_down_and_gives_them_back():
    states = list(Supply(sags=(Sag(100.0, 20.0, 0.5, (2, 3)),)).states())
    assert [(state.t_s, state.u_v) for state in states] == [
        (0.0, (230.0, 230.0, 230.0)),
        (100.0, (230.0, 115.0, 115.0)),
        (120.0, (230.0, 230.0, 230.0)),
    ]


def test_a_deep_sag_is_a_lost_phase():
    assert list(Supply(sags=(Sag(1.0, 2.0, 0.1, (1,)),)).states())[1].u_v == (0.0, 230.0, 230.0)


def test_voltage_drops_by_ohms_law_at_the_end_of_the_connection(wallbox, car):
    box = wallbox(supply=Supply(impedance_ohm=0.25))
    outlet = box.charge(car("renault-zoe-ze50"), soc=0.2, amps=32)
    box.run(60)
    assert outlet.reading().u_v == pytest.approx((222.0,) * 3, abs=1e-9)
    assert outlet.reading().i_a == pytest.approx((32.0,) * 3, abs=1e-9)
    assert outlet.reading().p_w == pytest.approx(3 * 32.0 * 222.0)


def test_the_house_drops_the_voltage_of_its_own_phase(wallbox):
    house = ((0.0, (20.0, 0.0, 4.0)), (60.0, (0.0, 10.0, 4.0)))
    box = wallbox(supply=Supply(impedance_ohm=0.5, house=house))
    assert box.world.outlet(1).reading().u_v == pytest.approx((220.0, 230.0, 228.0))
    box.run(60.0)
    assert box.world.outlet(1).reading().u_v == pytest.approx((230.0, 225.0, 228.0))


def test_a_neighbours_taper_gives_voltage_back_step_by_step(wallbox, car):
    """Beside a car in its taper, one at constant current sees the drop follow within a tenth of an ampere."""
    box = wallbox(supply=Supply(impedance_ohm=0.5), outlets=2)
    steady = box.charge(car("audi-e-tron-55-22kw"), soc=0.1, amps=16)
    taper = box.charge(car(usable_wh=30_000.0), soc=0.90, amps=16, connector=2)
    box.run(60)
    seen = []
    for _ in range(60):
        box.run(20)
        drop = 230.0 - steady.reading().u_v[0]
        seen.append(drop - 0.5 * (steady.reading().i_a[0] + taper.reading().i_a[0]))
    assert taper.reading().i_a[0] < 8.0
    assert max(abs(error) for error in seen) <= 0.5 * 0.1 + 1e-3


def test_what_the_third_meter_sees_is_house_and_charge_point_in_the_grids_phases(wallbox, car):
    box = wallbox(supply=Supply(house=((0.0, (5.0, 6.0, 7.0)),)), rotation=(3, 1, 2))
    box.charge(car("hyundai-kona-64-2018"), soc=0.2, amps=10)
    box.run(60)
    assert box.world.grid_a() == pytest.approx((5.0, 6.0, 17.0))
    assert box.world.house_a == (5.0, 6.0, 7.0)


def test_a_change_of_the_house_is_told(wallbox):
    box, heard = wallbox(supply=Supply(house=((0.0, (1.0, 1.0, 1.0)), (60.0, (9.0, 9.0, 9.0))))), []
    box.world.on_grid.append(lambda world: heard.append((box.timeline.now, world.house_a[0])))
    box.run(100)
    assert heard == [(60.0, 9.0)]


def test_current_stays_and_power_follows_when_the_voltage_moves_under_a_limit(wallbox, car):
    box = wallbox(supply=Supply(profile=((0.0, 1.0), (600.0, 0.95))))
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(590)
    before = outlet.reading()
    box.run(60)
    assert outlet.reading().i_a == pytest.approx(before.i_a)
    assert outlet.reading().p_w == pytest.approx(0.95 * before.p_w)


def test_power_stays_and_current_follows_when_the_battery_is_the_limit(wallbox, car):
    box = wallbox(supply=Supply(profile=((0.0, 1.0), (600.0, 0.95))))
    outlet = box.charge(car(), soc=0.975, amps=16)
    box.run(599.999)
    before = outlet.reading()
    box.run(0.002)
    assert outlet.reading().p_w == pytest.approx(before.p_w, rel=1e-5)
    assert outlet.reading().i_a[0] == pytest.approx(before.i_a[0] / 0.95, rel=1e-5)


def test_a_car_goes_on_without_a_lost_phase_and_takes_it_back(wallbox, car):
    box = wallbox(supply=Supply(sags=(Sag(100.0, 100.0, 0.0, (3,)),)))
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(150)
    assert outlet.reading().i_a == pytest.approx((16.0, 16.0, 0.0))
    assert "phase-loss" in outlet.senses
    box.run(100)
    assert outlet.reading().i_a == pytest.approx((16.0, 16.0, 16.0))
    assert outlet.senses == frozenset()


def test_a_car_pauses_while_the_voltage_is_too_low_for_its_charger(wallbox, car):
    box = wallbox(supply=Supply(sags=(Sag(100.0, 10.0, 0.5),)))
    outlet = box.charge(car(), soc=0.2, amps=16)
    box.run(105)
    assert (outlet.reading().i_a, outlet.pilot) == ((0.0, 0.0, 0.0), "C")
    box.run(20)
    assert outlet.reading().i_a == pytest.approx((16.0, 16.0, 16.0))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Supply((230.0, -1.0, 230.0)), "voltage_v of L2 must be within 0 and 400 V, got -1"),
        (lambda: Supply(frequency_hz=16.7), "frequency_hz must be within 40 and 65 Hz, got 16.7"),
        (lambda: Supply(impedance_ohm=-0.1), "impedance_ohm must be within 0 and 2, got -0.1"),
        (lambda: Supply(walk_v=-1.0), "walk_v must be >= 0, got -1"),
        (lambda: Supply(walk_step_s=0.1), "walk_step_s must be >= 1, got 0.1"),
        (
            lambda: Supply(profile=((90000.0, 1.0),)),
            "profile time must be within 0 and 86400 s of the day, got 90000",
        ),
        (lambda: Supply(profile=((9.0, 1.0), (9.0, 1.1))), "profile times must rise, got 9 after 9"),
        (lambda: Supply(house=((0.0, (1.0, 2.0)),)), "house must have amps for three phases, got (1.0, 2.0)"),
        (lambda: Supply((230.0, 230.0, 400.1)), "voltage_v of L3 must be within 0 and 400 V, got 400.1"),
        (lambda: Supply(frequency_hz=65.1), "frequency_hz must be within 40 and 65 Hz, got 65.1"),
        (lambda: Supply(impedance_ohm=2.1), "impedance_ohm must be within 0 and 2, got 2.1"),
        (lambda: Supply(walk_hz=float("inf")), "walk_hz must be >= 0, got inf"),
        (lambda: Supply(profile=((0.0, 1.6),)), "profile factor must be within 0 and 1.5, got 1.6"),
        (lambda: Supply(profile=((0.0, -0.1),)), "profile factor must be within 0 and 1.5, got -0.1"),
        (lambda: Supply(house=((-1.0, (0.0, 0.0, 0.0)),)), "house time must be within 0 and 86400 s"),
        (lambda: Source((401.0, 0.0, 0.0), 50.0), "voltage_v of L1 must be within 0 and 400 V, got 401"),
        (lambda: Sag(1.0, 1.0, 1.6), "sag factor must be within 0 and 1.5, got 1.6"),
        (lambda: Sag(1.0, 0.0), "sag lasts_s must be > 0, got 0"),
        (lambda: Sag(1.0, 1.0, -0.5), "sag factor must be within 0 and 1.5, got -0.5"),
        (lambda: Sag(1.0, 1.0, 0.5, (4,)), "sag phases must be of 1, 2, 3, got (4,)"),
    ],
)
def test_an_impossible_grid_is_refused_in_words(make, words):
    with pytest.raises(ValueError) as refused:
        make()
    assert words in str(refused.value)


@pytest.mark.parametrize("changes", [
    {"voltage_v": (0.0, 400.0, 230.0)}, {"frequency_hz": 40.0}, {"frequency_hz": 65.0},
    {"impedance_ohm": 2.0}, {"walk_step_s": 1.0}, {"profile": ((0.0, 0.0), (1.0, 1.5))},
    {"sags": (Sag(0.0, 0.1, 0.0), Sag(1.0, 1.0, 1.5))},
])  # fmt: skip
def test_a_grid_that_is_just_possible_is_taken(changes):
    assert next(Supply(**changes).states()).t_s == 0.0


def test_a_conductor_below_50_v_counts_as_lost_whatever_feeds_it():
    volts = (50.0, 49.9, 0.0)
    assert next(Supply(volts).states()).u_v == Source(volts, 50.0).u_v == (50.0, 0.0, 0.0)


def test_a_walk_of_ten_minutes_keeps_to_its_band_and_spreads_as_asked():
    """A first-order walk of 4 V with a correlation of 0.9: 1.7 V a step; a lost phase does not walk."""
    supply = Supply((230.0, 230.0, 0.0), walk_v=4.0, walk_hz=0.02)
    states = list(islice(supply.states(seed=7), 1500))
    again, other = (list(islice(supply.states(seed=seed), 1, 9)) for seed in (7, 8))
    assert again == states[1:9] != other
    assert [state.t_s for state in states[:3]] == [0.0, 600.0, 1200.0]
    for one in (
        [state.u_v[0] - 230.0 for state in states],
        [(state.frequency_hz - 50.0) * 200.0 for state in states],
    ):
        assert stdev(one) == pytest.approx(4.0, rel=0.25)
        assert stdev([b - a for a, b in pairwise(one)]) == pytest.approx(
            4.0 * (2 * (1 - 0.9)) ** 0.5, rel=0.1
        )
        assert max(map(abs, one)) <= 23.0
    assert {state.u_v[2] for state in states} == {0.0}
    wild = islice(Supply(walk_v=90.0, walk_hz=2.0).states(seed=7), 200)
    ends = [(state.u_v[0], state.frequency_hz) for state in wild]
    assert (min(u for u, _ in ends), max(u for u, _ in ends)) == pytest.approx((207.0, 253.0))
    assert (min(f for _, f in ends), max(f for _, f in ends)) == pytest.approx((49.5, 50.5))


@pytest.mark.parametrize(("time_of_day_s", "times"), [
    (0.0, [0, 21_600, 86_400]), (21_600.0, [0, 64_800, 86_400]), (21_599.0, [0, 1, 64_801]),
])  # fmt: skip
def test_a_row_of_a_day_begins_at_its_time_of_day_and_is_there_at_the_start(time_of_day_s, times):
    """Rows of midnight and 6:00."""
    supply = Supply(house=((0.0, (1.0, 1.0, 1.0)), (21_600.0, (6.0, 6.0, 6.0))))
    states = list(islice(supply.states(time_of_day_s=time_of_day_s), 3))
    assert [state.t_s for state in states] == times
    assert [state.house_a[0] for state in states] == [
        6.0 if (t + time_of_day_s) % 86_400 >= 21_600 else 1.0 for t in times
    ]


def test_states_come_in_order():
    supply = Supply(walk_v=1.0, profile=((0.0, 1.0), (1000.0, 0.9)), sags=(Sag(600.0, 1e5), Sag(1000.0, 5.0)))
    times = [state.t_s for state in islice(supply.states(), 500)]
    assert all(later >= sooner for sooner, later in pairwise(times))
