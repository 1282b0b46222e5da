"""Every small rig under every single answer to an open question: the healthy twin raises no error."""

from pathlib import Path

import pytest

from evc5.rigs.checks import judge
from evc5.rigs.selftest.selftest import record
from evc5.rigs.selftest.small_rigs import RIGS
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.policies import POLICIES

BEHAVIOURS = ("evc5-v32r30", "ocpp16")
STRIDE = 6  # so many small rigs apart, another one first for each choice: a sixth of all


def others(behaviour: str) -> list[tuple[str, str, str]]:
    """Each choice that the behaviour does not make by itself."""
    usual = Behaviour.load(behaviour)
    return [
        (behaviour, name, choice)
        for name, policy in POLICIES.items()
        for choice in policy.choices
        if choice != usual.policy(name)
    ]


CHOICES = [choice for behaviour in BEHAVIOURS for choice in others(behaviour)]


def errors(tmp_path: Path, names: list[str], behaviour: str, policy: str, choice: str) -> list[str]:
    found = []
    for name in names:
        if choice == "never" and "clock" in RIGS[name].station:
            continue  # it is wrong, and nobody sets it: rightly found
        record(RIGS[name], tmp_path / name, behaviour, {policy: choice})
        wrong = [row for row in judge(tmp_path / name).findings if row["severity"] == "error"]
        found += [
            f"{name}: {row['requirement']} at {row['t']}: {row['expected']}, got {row['actual']}"
            for row in wrong
        ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CHOICES)), ids=lambda n: "-".join(CHOICES[n]))
def test_a_sixth_of_the_small_rigs_under_another_policy_has_no_error(number: int, tmp_path: Path) -> None:
    assert errors(tmp_path, list(RIGS)[number % STRIDE :: STRIDE], *CHOICES[number]) == []


@pytest.mark.soak
@pytest.mark.parametrize("choice", CHOICES, ids="-".join)
def test_every_small_rig_under_another_policy_has_no_error(
    choice: tuple[str, str, str], tmp_path: Path
) -> None:
    assert errors(tmp_path, list(RIGS), *choice) == []
