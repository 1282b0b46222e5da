"""Random sets of profiles, policies and instants against the brute-force oracle: equal everywhere."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import oracle_profiles as oracle
import pytest
from random_profiles import POLICIES, instant, profile

from evc5.twin.charging import composite
from evc5.twin.charging.profiles import ActiveTransaction, Limit, ProfileStore


class Case:
    """A random store, and the same as the oracle sees it."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        self.policies = {name: rng.choice(choices) for name, choices in POLICIES.items()}
        self.now = instant(rng)
        self.started = {c: self.now - rng.choice((0, 0.6, 900, 5000)) for c in (1, 2) if rng.random() < 0.5}
        self.rated_a = {1: rng.choice((16.0, 32.0)), 2: 32.0}
        self.station_a = rng.choice((25.0, 40.0, 254.0))
        self.store = ProfileStore(self.policies, 2)
        self.installed: list[oracle.Installed] = []
        for _ in range(rng.randint(0, 8)):
            self._install(*profile(rng))

    def _install(self, connector: int, wire: dict[str, Any]) -> None:
        received = self.now - 1000
        running = ActiveTransaction(1) if connector in self.started else None
        if self.store.install(connector, wire, transaction=running, epoch_s=received) == "Accepted":
            self.installed = oracle.install(self.installed, oracle.Installed(connector, wire, received))

    def world(self, query_s: float | None) -> oracle.World:
        return oracle.World(
            self.installed, self.policies, 2, self.started, query_s, self.rated_a, self.station_a
        )

    def edges(self, connector: int, world: oracle.World, lo: int, hi: int) -> Iterator[int]:
        """Every moment at which a profile might begin or cease to say something, and a second either side."""
        for each in self.installed:
            wire = each.wire
            marks = [oracle.stamp(wire[key], world) for key in ("validFrom", "validTo") if key in wire]
            for around in (lo, hi):
                for first, last, _ in oracle.intervals(each, connector, world, around):
                    marks += [first, last]
            yield from (m + d for m in marks for d in (-1000, -1, 0, 1000) if lo <= m + d < hi)


def check_composite(case: Case) -> None:
    rng, lo = case.rng, int(case.now)
    connector, unit = rng.choice((0, 1, 2)), rng.choice("AW")
    duration = rng.choice((1, 3600, 90_000, 200_000))
    answer = case.store.composite(
        connector,
        case.now,
        duration,
        unit,
        began_epoch_s=case.started,
        local_a=case.rated_a,
        station_a=case.station_a,
    )
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    starts = [period["startPeriod"] for period in periods]
    pairs = [(period["limit"], period["numberPhases"]) for period in periods]
    assert starts == sorted({0, *starts}) and starts[-1] < duration
    assert all(one != next_ for one, next_ in pairwise(pairs)), "equal neighbours are one period"
    for t in seconds_to_check(case, starts, lo, lo + duration):
        got = pairs[bisect_right(starts, t - lo) - 1]
        assert got == oracle.composite(connector, unit, case.world(case.now), t * 1000), (connector, unit, t)


@pytest.mark.slow
def test_weeks_of_a_composite_that_come_again_are_those_that_stepping_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = 0
    for seed in range(60):
        case = Case(seed)
        asked = (case.rng.choice((0, 1, 2)), case.now, case.rng.choice((20, 45, 90)) * 86_400 + 1)
        here = {"began_epoch_s": case.started, "local_a": case.rated_a, "station_a": case.station_a}
        unit = case.rng.choice("AW")
        answer = case.store.composite(*asked, unit, **here)
        with monkeypatch.context() as patched:
            patched.setattr(composite, "WEEK_S", 10**12)  # none ever passes
            assert case.store.composite(*asked, unit, **here) == answer, seed
        long += len(answer["chargingSchedule"]["chargingSchedulePeriod"]) > 30
    assert long > 5


def seconds_to_check(case: Case, starts: list[int], lo: int, hi: int) -> list[int]:
    """The answer's own boundaries with their neighbours, and a choice of the oracle's."""
    world = case.world(case.now)
    own = {lo + start + d for start in starts for d in (-1, 0, 1)}
    theirs = {t // 1000 for each in (0, 1, 2) for t in case.edges(each, world, lo * 1000, hi * 1000)}
    chosen = case.rng.sample(sorted(theirs), min(len(theirs), 30)) + case.rng.sample(
        sorted(own), min(len(own), 30)
    )
    return [t for t in {*chosen, hi - 1, case.rng.randrange(lo, hi)} if lo <= t < hi]


def in_force(case: Case, connector: int, t_ms: int) -> tuple[Limit, oracle.Said | None]:
    """What the store and what the oracle say of one millisecond; connector 0: of ChargePointMaxProfile."""
    world, t = case.world(None), t_ms / 1000
    if connector:
        limit = case.store.limit(connector, t, case.started.get(connector))
        return limit, oracle.connector_says(connector, world, t_ms)
    limit = case.store.station_limit(t, min(case.started.values(), default=None))
    return limit, oracle.prevailing("ChargePointMaxProfile", 0, world, t_ms)


def check_limit(case: Case) -> None:
    """The limit in force is the oracle's, and stands exactly until it says."""
    connector, t = case.rng.choice((0, 1, 2)), round(instant(case.rng, 3 * 86400) * 1000)
    for _ in range(6):
        limit, said = in_force(case, connector, t)
        assert (limit.amps, limit.phases, limit.watts) == wanted(said)
        end = t + 10 * 86_400_000 if limit.until_epoch_s is None else round(limit.until_epoch_s * 1000)
        assert end > t
        marks = sorted(set(case.edges(connector, case.world(None), t, end)))
        for moment in case.rng.sample(marks, min(len(marks), 10)):
            assert in_force(case, connector, moment)[1] == said, f"at {moment}, before {limit.until_epoch_s}"
        if limit.until_epoch_s is None:
            return
        t = end


def wanted(said: oracle.Said | None) -> tuple[float | None, int | None, float | None]:
    if said is None:
        return None, None, None
    if said.unit == "A":
        return float(said.limit), said.phases, None
    amps = float(said.limit / (230 * (said.phases or 3)))
    return pytest.approx(amps, rel=1e-12), said.phases, float(said.limit)  # type: ignore[return-value]


@pytest.mark.parametrize("block", range(2))
def test_composite_equals_the_oracle(block: int) -> None:
    for seed in range(block * 16, block * 16 + 16):
        check_composite(Case(seed))


@pytest.mark.parametrize("block", range(2))
def test_limit_in_force_equals_the_oracle_until_it_says(block: int) -> None:
    for seed in range(block * 16, block * 16 + 16):
        check_limit(Case(seed))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_thousands_of_sets_equal_the_oracle(block: int) -> None:
    for seed in range(1000 + block * 250, 1250 + block * 250):
        check_composite(Case(seed))
        check_limit(Case(seed))
