"""On how many phases to charge, and what a limit in watts is on each: OCPP 1.6 7.12, 7.14, errata 3.34."""

import pytest

from evc5.twin.charging.phases import Outlook, PhaseRules, Wiring
from evc5.twin.charging.schedule import Cap, cap_of_watts

FIXED, SWITCHED, SINGLE = Wiring(3, relays=False), Wiring(3, relays=True), Wiring(1, relays=False)


@pytest.mark.parametrize(
    ("wiring", "asked", "conducting"),
    [
        (SWITCHED, 1, 1), (SWITCHED, 2, 3), (SWITCHED, 3, 3), (SWITCHED, None, 3),
        (FIXED, 1, 3), (FIXED, 2, 3), (FIXED, 3, 3), (FIXED, None, 3),
        (SINGLE, 1, 1), (SINGLE, 2, 1), (SINGLE, 3, 1), (SINGLE, None, 1),
    ],
)  # fmt: skip
def test_as_many_phases_conduct_as_asked_or_the_next_number_that_the_relays_can_do(wiring, asked, conducting):
    assert wiring.conducting(asked) == conducting


@pytest.mark.parametrize(("rules", "asked"), [(PhaseRules(fewest=True), 1), (PhaseRules(fewest=False), 3)])
def test_two_profiles_ask_for_the_fewest_phases_or_for_those_of_the_lower_limit(rules, asked):
    assert rules.asked([Cap(16.0, 1), cap_of_watts(6900, 3)]) == asked


def test_phases_that_nobody_gives_are_not_asked_for():
    assert PhaseRules().asked([Cap(16.0), Cap(20.0)]) is None
    assert PhaseRules().asked([]) is None
    assert PhaseRules().asked([Cap(16.0), Cap(20.0, 2)]) == 2


@pytest.mark.parametrize(
    ("watts", "phases", "wiring", "amps"),
    [
        (4600, 1, SWITCHED, 20.0),  # one phase conducts
        (4600, 1, FIXED, 4600 / 690),  # three do, whatever was asked
        (6900, 2, SWITCHED, 10.0),  # two cannot be
        (6900, 2, FIXED, 10.0),
        (6900, None, FIXED, 10.0),
        (3680, None, SINGLE, 16.0),  # at most the station's phases
        (3680, 3, SINGLE, 16.0),
        (3680, 1, SINGLE, 16.0),
    ],
)
def test_watts_are_spread_over_the_phases_that_conduct(watts, phases, wiring, amps):
    cap = cap_of_watts(watts, phases)
    assert PhaseRules().amps(cap, wiring, wiring.conducting(phases)) == pytest.approx(amps)


def test_amperes_of_watts_stay_as_they_are_whatever_the_car_uses_or_follow_it_by_policy():
    cap = cap_of_watts(4140, None)
    kept, followed = PhaseRules(), PhaseRules(in_use=True)
    assert kept.amps(cap, FIXED, kept.used(3, car=1)) == pytest.approx(6.0)
    assert followed.amps(cap, FIXED, followed.used(3, car=1)) == pytest.approx(18.0)
    assert followed.amps(cap, FIXED, followed.used(3, car=None)) == pytest.approx(6.0)


def test_a_hint_in_watts_is_spread_as_its_limit_is():
    assert PhaseRules().hint_a(cap_of_watts(6900, 1, 1380), FIXED, 3) == pytest.approx(2.0)
    assert PhaseRules().hint_a(Cap(16.0, 1, min_rate=8.0), FIXED, 3) == 8.0
    assert PhaseRules().hint_a(Cap(16.0), FIXED, 3) == 0.0


@pytest.mark.parametrize(("phases", "wiring", "stops"), [
    (1, FIXED, True), (2, FIXED, True), (2, SWITCHED, True),
    (1, SWITCHED, False), (3, FIXED, False), (None, FIXED, False), (3, SINGLE, False), (1, SINGLE, False),
])  # fmt: skip
def test_a_pause_is_for_fewer_phases_than_the_relays_can_do(phases, wiring, stops):
    caps = [Cap(16.0, phases)]
    assert PhaseRules(pauses=True).is_impossible(caps, wiring) is stops
    assert PhaseRules().is_impossible(caps, wiring) is False


def test_with_relays_a_power_too_low_for_three_phases_goes_over_one_where_the_policy_follows_the_car():
    rules, low = PhaseRules(in_use=True), [cap_of_watts(3680, None)]
    assert rules.conducting(low, Outlook(SWITCHED, 3)) == 1
    assert rules.conducting([cap_of_watts(3680, 3)], Outlook(SWITCHED, 3)) == 1, "numberPhases is the most"
    assert rules.conducting(low, Outlook(FIXED, 3)) == 3
    assert rules.conducting([cap_of_watts(4300, None)], Outlook(SWITCHED, 3)) == 3, "hysteresis"
    assert rules.conducting([cap_of_watts(4300, None)], Outlook(SWITCHED, 1)) == 1
    assert PhaseRules().conducting(low, Outlook(SWITCHED, 3)) == 3
    assert rules.conducting([cap_of_watts(7360, 1)], Outlook(SWITCHED, 3)) == 1, (
        "asked for, whatever the watts"
    )
    assert rules.conducting([cap_of_watts(3680, 2)], Outlook(SWITCHED, 3)) == 1
    assert rules.conducting([cap_of_watts(7360, 2)], Outlook(SWITCHED, 1)) == 3
    assert rules.conducting([cap_of_watts(7360, None)], Outlook(Wiring(1, relays=True), 1)) == 1


def test_rules_are_those_of_the_policies():
    first = {"merge_phases": "minimum", "watts_to_amps": "schedule-phases", "phases_impossible": "spread"}
    assert PhaseRules.of(first) == PhaseRules(fewest=True, in_use=False, pauses=False)
    other = {"merge_phases": "lower-limit", "watts_to_amps": "phases-in-use", "phases_impossible": "pause"}
    assert PhaseRules.of(other) == PhaseRules(fewest=False, in_use=True, pauses=True)


@pytest.mark.parametrize(
    ("watts", "car", "amps"),
    [
        (1380, None, 6.0),  # 6 A x 230 V: enough for one phase
        (1379, None, 1379 / 690),
        (3600, None, 6.0),
        (4140, None, 6.0),
        (6900, None, 10.0),  # enough for three: no trial is needed
        (3600, 3, 3600 / 690),
        (3600, 1, 3600 / 230),
    ],
)
def test_a_car_of_unknown_phases_is_tried_with_the_least_that_one_phase_may_have(watts, car, amps):
    rules = PhaseRules(in_use=True)
    assert rules.offer_a(cap_of_watts(watts, None), Outlook(FIXED, 3, car, 6.0)) == pytest.approx(amps)
    assert rules.trial_a(Cap(3.0), [Outlook(FIXED, 3, None)]) == 0.0, "amperes hold on each phase"
    assert PhaseRules().trial_a(cap_of_watts(watts, None), [Outlook(FIXED, 3, None)]) == 0.0


@pytest.mark.parametrize(("outlooks", "amps"), [
    ([], 0.0), ([Outlook(FIXED, 3, None, 6.0, 2.0)], 8.0), ([Outlook(FIXED, 3, None, 8.0, 1.0)], 9.0),
    ([Outlook(FIXED, 3, None, 6.0, 20.0)], 16.0),  # as far as one phase may have it
    ([Outlook(FIXED, 3, None, 6.0, 1.0), Outlook(FIXED, 3, None, 6.0, 3.0)], 9.0),
    ([Outlook(FIXED, 3, 3, 6.0, 3.0)], 0.0), ([Outlook(FIXED, 3, None, 16.0)], 16.0),
    ([Outlook(FIXED, 3, None, 16.1)], 0.0),
])  # fmt: skip
def test_an_offer_rises_while_a_car_has_not_begun_as_far_as_one_phase_may_have_it(outlooks, amps):
    assert PhaseRules(in_use=True).trial_a(cap_of_watts(3680, None), outlooks) == pytest.approx(amps)


@pytest.mark.parametrize(("outlook", "tries"), [
    (Outlook(FIXED, 3), True), (Outlook(FIXED, 3, 3), False), (Outlook(SINGLE, 1), False),
    (Outlook(SWITCHED, 1), False), (Outlook(FIXED, 3, None, 17.0), False),
])  # fmt: skip
def test_a_car_is_tried_where_it_may_show_that_it_uses_fewer_phases(outlook, tries):
    assert PhaseRules(in_use=True).is_trial(cap_of_watts(3680, None), outlook) is tries
    assert not PhaseRules().is_trial(cap_of_watts(3680, None), outlook)
