"""Random days: the healthy twin raises no alarm, and every requirement has its say."""

from collections import Counter
from collections.abc import Iterable

import pytest
from random_days import Day
from random_days.day import ACTS

from evc5.rigs.checks import Verdict, judge
from evc5.twin.sheet.policies import POLICIES

HOURS = 3.0
NEVER = {"metering.energy-interval", "reservation.kept"}  # the twin knows neither


def lived(seed: int, hours: float = HOURS) -> Day:
    day = Day(seed, hours)
    day.run().close()
    return day


def verdict_of(day: Day) -> Verdict:
    return judge(day.bench.assembly.recorder.directory)


def errors(verdict: Verdict) -> list[str]:
    found = (row for row in verdict.findings if row["severity"] == "error")
    return [f"{row['requirement']} at {row['t']}: {row['expected']}, got {row['actual']}" for row in found]


def judged(seeds: Iterable[int]) -> tuple[dict[int, list[str]], Counter[str], Counter[str]]:
    """The errors by seed, on how many days each requirement had PASS, and how often each act was played."""
    failed: dict[int, list[str]] = {}
    passed: Counter[str] = Counter()
    played: Counter[str] = Counter()
    for seed in seeds:
        day = lived(seed)
        verdict = verdict_of(day)
        passed.update({row["id"]: row["verdict"] == "PASS" for row in verdict.requirements})
        played.update(day.played)
        if found := errors(verdict):
            failed[seed] = found[:3]
    return failed, passed, played


def test_every_choice_of_every_policy_has_its_day_in_both_behaviours() -> None:
    wanted = {(name, choice) for name, policy in POLICIES.items() for choice in policy.choices}
    stations = [Day.drawn(seed)["station"] for seed in range(2 * len(wanted))]
    for behaviour in ("evc5-v32r30", "ocpp16"):
        mine = [station["policies"] for station in stations if station["behaviour"] == behaviour]
        assert wanted <= {choice for policies in mine for choice in policies.items()}


@pytest.mark.parametrize("seed", range(4))
def test_a_random_hour_of_the_healthy_twin_has_no_error(seed: int) -> None:
    assert errors(verdict_of(lived(seed, 1.0))) == []


@pytest.mark.slow
def test_forty_random_days_have_no_error_and_every_act_has_its_turn() -> None:
    failed, _, played = judged(range(40))
    assert failed == {}
    assert {act.__name__ for act in ACTS} - set(played) == set()


@pytest.mark.soak
def test_a_thousand_random_days_have_no_error_and_judge_every_requirement_on_ten_days() -> None:
    failed, passed, _ = judged(range(1000))
    assert failed == {}
    assert {name: days for name, days in passed.items() if days < 10 and name not in NEVER} == {}
