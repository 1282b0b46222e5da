import pytest

from evc5.models.pilot import amps_from_duty, duty_from_amps


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
