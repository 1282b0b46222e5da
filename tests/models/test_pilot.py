import pytest

from evc5.models.pilot import CABLE_OHM, PilotLine, amps_from_duty, duty_from_amps


@pytest.mark.parametrize(
    ("amps", "duty"),
    [(6, 10.0), (10, 16.67), (13, 21.67), (16, 26.67), (20, 33.33), (32, 53.33), (63, 89.2), (80, 96)],
)
def test_duty_of_the_usual_currents_is_what_the_standard_prints(amps, duty):
    assert duty_from_amps(amps) == pytest.approx(duty, abs=0.005)


@pytest.mark.parametrize(
    ("duty", "amps"),
    [
        (2, 0),
        (5, 0),
        (7.5, 0),
        (8, 6),
        (10, 6),
        (50, 30),
        (85, 51),
        (90, 65),
        (96, 80),
        (97, 80),
        (98, 0),
        (100, 0),
    ],
)
def test_each_duty_means_the_amps_of_annex_a(duty, amps):
    assert amps_from_duty(duty) == pytest.approx(amps, abs=1e-9)


def test_a_duty_never_says_more_than_was_asked_and_loses_nothing_outside_the_gap():
    asked = [tenths / 10 for tenths in range(60, 801)]
    said = [amps_from_duty(duty_from_amps(amps)) for amps in asked]
    assert said == pytest.approx([51.0 if 51 < amps <= 52.5 else amps for amps in asked], abs=1e-9)


def test_an_8_bit_pilot_says_at_most_a_quarter_ampere_less():
    asked = [tenths / 10 for tenths in range(60, 510)]
    less = [amps - amps_from_duty(duty_from_amps(amps, steps=256)) for amps in asked]
    assert min(less) >= -1e-9 and max(less) <= 0.2344 + 1e-9


def test_below_six_amps_there_is_no_pwm():
    assert duty_from_amps(5.9) == 100.0


def test_more_than_the_pilot_can_say_is_refused():
    with pytest.raises(ValueError, match="pilot amps must be <= 80, got 81"):
        duty_from_amps(81)


@pytest.mark.parametrize(("steps", "least_a"), [(None, 16.0), (256, 15.77)])
def test_a_line_offers_what_it_is_told_or_a_counters_step_less(steps, least_a):
    line = PilotLine(steps)
    assert line.offer(16.0) and least_a <= line.offered_a <= 16.0
    assert line.duty_pct == pytest.approx(line.offered_a / 0.6)
    assert not line.offer(16.0), "the duty stays"
    assert line.offer(None) and (line.offered_a, line.duty_pct) == (0.0, 100.0)
    assert not line.offer(None)


@pytest.mark.parametrize("amps", [5.9, 80.1])
def test_a_line_refuses_what_no_duty_says(amps):
    with pytest.raises(ValueError, match=f"pilot amps must be within 6 and 80 A, or None, got {amps}"):
        PilotLine(None).offer(amps)


def test_a_pilot_that_is_let_go_tells_how_long_it_was_held_whatever_at():
    line = PilotLine(None)
    held = [
        line.hold(state, t_s)
        for state, t_s in [("E", 10.0), ("E", 11.0), ("F", 12.0), (None, 15.0), (None, 16.0)]
    ]
    assert held == [0.0, None, 0.0, 5.0, None]
    assert (line.hold("F", 20.0), line.held) == (0.0, "F")
    assert line.hold(None, 21.5) == 1.5
    with pytest.raises(ValueError, match="held at E, F or None, got 'A'"):
        line.hold("A", 22.0)


def test_a_cables_rating_is_coded_as_in_table_b_2():
    assert CABLE_OHM == {13.0: 1500.0, 20.0: 680.0, 32.0: 220.0, 63.0: 100.0}
