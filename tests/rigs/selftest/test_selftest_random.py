"""Random days under every policy: the healthy twin raises no alarm, and every check has its say."""

from collections import Counter

import pytest
from scenarios import Day

from evc5.rigs.checks import Verdict, judge
from evc5.rigs.rigfile.file import RigFile
from evc5.rigs.selftest.small_rigs import KEYS, SWITCHED
from evc5.twin.sheet.policies import POLICIES

CHOICES = [(name, c) for name, policy in POLICIES.items() for c in policy.choices]
CARDS_KNOWN = {
    **{"AuthorizationCacheEnabled": True, "LocalAuthListEnabled": True},
    **{"LocalPreAuthorize": True, "LocalAuthorizeOffline": True},
}
BEHAVIOURS = ("evc5-v32r30", "ocpp16")
SOME, MANY, HOURS = 100, 1000, 3.0


def rig(seed: int) -> RigFile:
    """One choice of one policy after the other, in both behaviours; meters, relays and boots of all kinds."""
    policy, choice = CHOICES[seed % len(CHOICES)]
    behaviour = BEHAVIOURS[seed // len(CHOICES) % 2]
    keys = {**KEYS, **SWITCHED} if seed % 3 == 0 else {"ClockAlignedDataInterval": 900}
    keys = {**keys, **CARDS_KNOWN} if seed % 4 == 1 else keys
    station = {"behaviour": behaviour, "policies": {policy: choice}, "keys": keys, "allow_overrides": True}
    boots = ["Rejected", "Pending", "Accepted"] if seed % 10 == 0 else ["Accepted"]
    csms = {"boot_status": boots, "boot_interval_s": 60, "heartbeat_interval_s": 900}
    table = {"name": f"random-{seed}", "start": "2024-03-01T00:00:00Z", "days": 30.0, "seed": seed}
    return RigFile.parse({**table, "station": {**station, "latency_s": 0.05 * (seed % 2)}, "csms": csms})


def verdict_of(seed: int, hours: float = HOURS) -> Verdict:
    day = Day(seed, hours, rig=rig(seed))
    if seed % 5 == 2:
        day.bench.csms.reply("StartTransaction", error="InternalError", times=2)
        day.bench.csms.reply("StopTransaction", error="InternalError", times=2)
    if seed % 5 == 3:
        day.bench.csms.reply("StopTransaction", silent=True, times=1)
    bench = day.run()
    if seed % 5 == 4:
        day.regret()
    if seed % 5 == 1:
        day.refusal()
    if seed % 5 == 2:
        bench.advance(1500.0)  # what was refused is told after all
    bench.close()
    return judge(bench.assembly.recorder.directory)


def errors(verdict: Verdict) -> list[str]:
    found = (row for row in verdict.findings if row["severity"] == "error")
    return [f"{row['requirement']} at {row['t']}: {row['expected']}, got {row['actual']}" for row in found]


def judged(seeds: range) -> tuple[dict[int, list[str]], Counter[str]]:
    """The errors found, by seed, and how often each requirement had PASS."""
    failed: dict[int, list[str]] = {}
    passed: Counter[str] = Counter()
    for seed in seeds:
        verdict = verdict_of(seed)
        passed.update({row["id"]: row["verdict"] == "PASS" for row in verdict.requirements})
        if found := errors(verdict):
            failed[seed] = found[:3]
    return failed, passed


@pytest.mark.parametrize("seed", range(6))
def test_a_random_hour_of_the_healthy_twin_has_no_error(seed: int) -> None:
    assert errors(verdict_of(seed, 0.5)) == []


@pytest.mark.slow
def test_a_hundred_random_days_have_no_error_and_every_check_passes() -> None:
    failed, passed = judged(range(SOME))
    assert failed == {}
    assert [name for name, count in passed.items() if count == 0] == []


@pytest.mark.soak
def test_a_thousand_random_days_have_no_error_and_every_check_passes_twenty_times() -> None:
    failed, passed = judged(range(MANY))
    assert failed == {}
    assert {name: count for name, count in passed.items() if count < 20} == {}
