"""Connectors that share a current have alike of it, or take turns where it does not suffice for all."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.follow_times import CARS_FOLLOW_S
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.spans import highest_of_late, hold, lasting

UNEVEN_A = 1.0  # assumed: so much more may one have than another who could take it
TURN_S = 900.0  # assumed, as the policy `station_share` has it: who has to wait comes first after so long


class Situation(NamedTuple):
    """One connector at all instants of a part, in A per phase, and what there is to know of it beside."""

    wants: Array
    own: Array  # what its own limits leave it
    allocated: Array
    taken: Array  # what it has, or has been offered
    phases: Array
    profile: Array
    capability: Array
    named: Array
    near: Array  # within this much two amounts are the same
    unsure: Array  # a transaction runs there that may have a share or not
    cool: Array  # heat takes nothing away that is not told
    is_told: bool  # the allocation itself, not the offer that stands for it


class FairShares(NamedTuple):
    """Judges the instants it is given; what lasts less than `settled_s` is let pass."""

    ledger: Ledger
    requirement: str
    axis: Rows
    shares: Mapping[int, Situation]
    settled_s: float

    def alike(self, judged: Array, room: Array) -> None:
        """Nobody has more than another who could take it."""
        if not judged.any():
            return
        level = _level([np.where(one.wants, one.own, 0.0) for one in self.shares.values()], room)
        for connector, one in self.shares.items():
            fair = np.minimum(one.own, level)
            mine = judged & one.wants
            wrong = mine & (np.abs(one.allocated - fair) > UNEVEN_A)
            hold(self.ledger, self.requirement, self.axis, mine & ~wrong, connector)
            for begin, end, k in lasting(self.axis, wrong, self.settled_s):
                message = f"a shared current is not shared alike, for {end - begin:.0f} s"
                told = f"{one.allocated[k]:.2f} A"
                self.ledger.broken(self.requirement, begin, connector, f"{fair[k]:.2f} A", told, message)

    def waiting(self, judged: Array) -> None:
        """Where there is not enough for all, each has its turn."""
        longest_s = TURN_S * (len(self.shares) - 1) + self.settled_s
        for connector, one in self.shares.items():
            waits = judged & one.wants & (one.own > 0) & (one.allocated == 0)
            for begin, end, _ in lasting(self.axis, waits, longest_s):
                message = f"a car waits for its turn, for {end - begin:.0f} s"
                expected = f"at most {longest_s:.0f} s"
                self.ledger.broken(self.requirement, begin, connector, expected, "0 A", message)

    def paused(self, judged: Array, room: Array, floor: Array, soon_s: float) -> None:
        """Nobody has to pause, not for a moment, where what the others leave free lets a car charge.

        By a clock that is being set who pauses may have ended already.
        """
        judged = judged & (self.ledger.time.doubts_s(self.axis["epoch_s"]) == 0.0)
        for connector, one in self.shares.items():
            wrong = judged & one.wants & (one.own > 0) & (one.allocated == 0)
            for k in np.flatnonzero(wrong).tolist():
                wrong[k] = room[k] - self._taken_by_others(connector, k) >= floor[k]
            for begin, end, k in lasting(self.axis, wrong, soon_s):
                message = f"a car is paused though the others leave it enough, for {end - begin:.0f} s"
                self.ledger.broken(self.requirement, begin, connector, f">= {floor[k]:.2f} A", "0 A", message)

    def _taken_by_others(self, connector: int, k: int) -> float:
        """The most that their cars may be drawing at row k: what they have, or had until they followed."""
        others = [one.taken for which, one in self.shares.items() if which != connector]
        return sum(highest_of_late(self.axis, taken, k, CARS_FOLLOW_S) for taken in others)


def _level(own: list[Array], room: Array) -> Array:
    """What each may have at most where all are served alike and together have all that there is."""
    left, level = room.copy(), np.zeros(len(room))
    for k, amounts in enumerate(np.sort(np.array(own), axis=0)):  # from who wants least on
        each = np.minimum(amounts, left / (len(own) - k))
        level = np.maximum(level, each)
        left -= each
    return level
