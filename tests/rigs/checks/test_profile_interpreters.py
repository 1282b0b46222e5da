"""The judge's reading of charging profiles, the twin's and a painted one are the same at every second."""

import random
from collections.abc import Callable
from math import ceil, inf
from typing import Any

import numpy as np
import pytest
from painted_profiles import BLANK, Canvas, Said, Sheet, Window, painted
from random_profiles import POLICIES, instant, profile

from evc5.rigs.checks.state.profiles import Cap, Profiles, cleared, installed, next_mark, prevailing, read
from evc5.twin.charging.profiles import ActiveTransaction, Limit, ProfileStore

DAYS_S = 3 * 86_400
READ_UNDER = ("txdefault_precedence", "recurring_before_start", "recurring_without_start")
Ask = Callable[[float], tuple[Said | None, float]]  # at an instant: what is said, and until when


class Set:
    """The same profiles in the hands of all three."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.policies = {name: rng.choice(choices) for name, choices in POLICIES.items()}
        now = instant(rng)
        self.started = {
            c: round(now - rng.choice((0, 0.6, 900, 5000)), 3) for c in (1, 2) if rng.random() < 0.5
        }
        self.store, self.received = ProfileStore(self.policies, 2), now - 1000
        self.held: Profiles = ()
        self.sheets: list[Sheet] = []
        for _ in range(rng.randint(1, 9)):
            self._install(*profile(rng))
        if rng.random() < 0.2:
            self._clear()
        since = int(now) + rng.randrange(-DAYS_S, DAYS_S // 3)
        self.window = Window(since, since + rng.choice((3600, 86_400, DAYS_S)), self.started, self.policies)

    def _install(self, connector: int, wire: dict[str, Any]) -> None:
        running = ActiveTransaction(1) if connector in self.started else None
        if self.store.install(connector, wire, transaction=running, epoch_s=self.received) != "Accepted":
            return
        self.held = installed(self.held, read(connector, wire, self.received, self.policies))
        slot = connector, wire["chargingProfilePurpose"], wire["stackLevel"]
        self.sheets = [
            s
            for s in self.sheets
            if (s.connector, s.wire["chargingProfilePurpose"], s.wire["stackLevel"]) != slot
            and (s.connector, s.wire["chargingProfileId"]) != (connector, wire["chargingProfileId"])
        ]
        self.sheets.append(Sheet(connector, wire, self.received))

    def _clear(self) -> None:
        level = self.rng.randint(0, 3)
        self.store.clear({"stackLevel": level})
        self.held = cleared(self.held, {"stackLevel": level}, by_id=True)
        self.sheets = [s for s in self.sheets if s.wire["stackLevel"] != level]

    def began(self, connector: int) -> float | None:
        return self.started.get(connector) if connector else min(self.started.values(), default=None)

    def judge(self, connector: int) -> Ask:
        began, own_first = self.began(connector), self.policies["txdefault_precedence"] == "connector"

        def ask(t: float) -> tuple[Said | None, float]:
            cap = prevailing(self.held, connector, t, began, own_first)
            return said_by_judge(cap), next_mark(self.held, connector, t, began)

        return ask

    def twin(self, connector: int) -> Ask:
        began = self.began(connector)

        def ask(t: float) -> tuple[Said | None, float]:
            limit = self.store.limit(connector, t, began) if connector else self.store.station_limit(t, began)
            return said_by_twin(limit), inf if limit.until_epoch_s is None else limit.until_epoch_s

        return ask


def said_by_judge(cap: Cap | None) -> Said | None:
    return None if cap is None else (round(cap.amps, 9), cap.phases, cap.watts)


def said_by_twin(limit: Limit) -> Said | None:
    return None if limit.amps is None else (round(limit.amps, 9), limit.phases, limit.watts)


def canvas_of(ask: Ask, window: Window, colours: list[Said]) -> Canvas:
    """What somebody says at each whole second; -2 for what none of `colours` is."""
    canvas, t = np.full(window.until - window.since, -3, np.int16), float(window.since)
    while t < window.until:
        said, until = ask(t)
        assert until > t, "it says that its answer is over already"
        colour = BLANK if said is None else colours.index(said) if said in colours else -2
        end = min(until, window.until)
        canvas[ceil(t) - window.since : ceil(end) - window.since] = colour
        t = end
    return canvas


def difference(case: Set) -> str | None:
    for connector in (0, 1, 2):
        wanted, colours = painted(case.sheets, connector, case.window)
        for who, ask in (("judge", case.judge(connector)), ("twin", case.twin(connector))):
            wrong = np.flatnonzero(canvas_of(ask, case.window, colours) != wanted)
            if len(wrong):
                t = float(case.window.since + wrong[0])
                colour = wanted[wrong[0]]
                right = None if colour == BLANK else colours[colour]
                return f"connector {connector} at {t}: {right}, but the {who} says {ask(t)[0]}"
    return None


@pytest.mark.parametrize("block", range(2))
def test_judge_twin_and_painting_say_the_same_at_every_second(block: int) -> None:
    assert [
        (seed, told) for seed in range(block * 50, block * 50 + 50) if (told := difference(Set(seed)))
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_sets_are_read_alike(block: int) -> None:
    seeds = range(10_000 + block * 500, 10_500 + block * 500)
    assert [(seed, told) for seed in seeds if (told := difference(Set(seed)))] == []


@pytest.mark.slow
def test_the_random_sets_reach_every_policy_and_every_kind_of_answer() -> None:
    sets = [Set(seed) for seed in range(300)]
    for name in READ_UNDER:
        assert {case.policies[name] for case in sets} == set(POLICIES[name])
    said = [painted(case.sheets, connector, case.window) for case in sets for connector in (0, 1, 2)]
    assert sum(bool((canvas == BLANK).any()) for canvas, _ in said) > 100
    assert sum(len(np.unique(canvas)) > 2 for canvas, _ in said) > 100
    assert any(watts is not None for _, colours in said for _, _, watts in colours)
