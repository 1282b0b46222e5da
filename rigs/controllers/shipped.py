"""Controllers to use, to compare with and to learn from: plain functions and small objects of a view.

None of them knows more than the view tells: without an oracle, departure and need are guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from evc5.rigs.controllers.view import Limits, Session, View
from evc5.rigs.errors import BadInput
from evc5.rigs.tariffs.series import Span
from evc5.rigs.tariffs.steps import Steps
from evc5.rigs.tariffs.tariff import Tariff

LEAST_A = 6.0  # less no car may be offered: IEC 61851-1, table A.8
FULL_WH = 50.0  # so little left is full: meters and models differ by as much (assumed)


def uncontrolled(view: View) -> Limits:
    """Every car as fast as it can: no profile is sent."""
    return {}


def equal_share(view: View) -> Limits:
    """The station's amps in equal parts among those that charge; who cannot have 6 A waits."""
    return shared(view, view.sessions, np.inf)


@dataclass(frozen=True, slots=True)
class Guess:
    """What to take a driver for, where the view has no oracle."""

    leaves: str = "07:30"  # local time of day, the next one after the start
    needs_kwh: float = 20.0  # at the meter, from the start of the transaction

    def departure(self, session: Session) -> datetime:
        if session.departure is not None:
            return session.departure
        at = datetime.combine(session.started.date(), _clock(self.leaves), session.started.tzinfo)
        return at if at > session.started else at + timedelta(days=1)

    def remaining_wh(self, session: Session) -> float:
        if session.remaining_wh is not None:
            return session.remaining_wh
        return max(0.0, self.needs_kwh * 1000.0 - session.energy_wh)


@dataclass(frozen=True, slots=True)
class LeastLaxity:
    """Who can wait least comes first, with all that it can take; the others get what is left.

    Laxity is the time until departure, less the time that what is missing takes at full current.
    """

    guess: Guess = field(default_factory=Guess)

    @property
    def __name__(self) -> str:
        return "least laxity"

    def __call__(self, view: View) -> Limits:
        return shared(view, sorted(view.sessions, key=lambda one: self._laxity_s(one, view)), view.station_a)

    def _laxity_s(self, session: Session, view: View) -> float:
        here_s = (self.guess.departure(session) - view.now).total_seconds()
        full_w = session.watts(most_a(session, view))
        return here_s - self.guess.remaining_wh(session) / full_w * 3600.0


class CheapestHours:
    """Each car at full current in its cheapest steps until it leaves, as many as it needs, and not in others.

    `tariff` is one as `Run.cost` takes it: what is looked at is the price of a kWh, known in advance.
    """

    __name__ = "cheapest hours"

    def __init__(self, tariff: str | Path | Mapping[str, Any], guess: Guess | None = None) -> None:
        self._tariff = Tariff.load(tariff)
        self._guess = guess or Guess()
        self._prices: tuple[datetime, Steps] | None = None  # of the run that begins then

    def __call__(self, view: View) -> Limits:
        chosen = [session for session in view.sessions if self._is_due(session, view)]
        waiting = {one.connector: 0.0 for one in view.sessions if one not in chosen}
        return {**waiting, **shared(view, chosen, view.station_a)}

    def _is_due(self, session: Session, view: View) -> bool:
        """Is the present step among the cheapest that this session needs?"""
        needed_s = self._guess.remaining_wh(session) / session.watts(most_a(session, view)) * 3600.0
        here_s = (self._guess.departure(session) - view.now).total_seconds()
        if here_s <= needed_s:
            return True  # no step can be spared
        if self._guess.remaining_wh(session) <= FULL_WH:
            return True  # the rest is the car's to end
        steps = int(np.ceil(here_s / view.every_s))
        prices = self._from_now(view, steps)
        cheaper = int(np.sum(prices[1:] < prices[0]))
        return cheaper * view.every_s < needed_s

    def _from_now(self, view: View, steps: int) -> Any:
        """The price of each step from now on; beyond what is known, the last one."""
        if self._prices is None or self._prices[0] != view.start:
            span = Span(view.start, (view.end - view.start).total_seconds())
            zone: Any = view.start.tzinfo
            self._prices = view.start, self._tariff.prices(span, self._tariff.zone(zone))
        now_s = (view.now - view.start).total_seconds()
        return self._prices[1].at(now_s + np.arange(steps) * view.every_s)


def shared(view: View, sessions: Sequence[Session], each_a: float) -> dict[int, float]:
    """The station's amps by connector: in equal parts, or, up to `each_a` each, in the order of the sessions.

    With no end to `each_a` the parts are equal. Nobody gets what is less than 6 A and of no use.
    """
    left_a = view.station_a
    limits: dict[int, float] = {}
    for n, session in enumerate(sessions):
        part_a = left_a / (len(sessions) - n) if each_a == np.inf else min(each_a, left_a)
        if len(sessions) > 1 and each_a == np.inf and part_a < LEAST_A:
            part_a = min(LEAST_A, left_a)
        limit_a = min(part_a, most_a(session, view))
        limits[session.connector] = limit_a if limit_a >= LEAST_A else 0.0
        left_a -= limits[session.connector]
    return limits


def most_a(session: Session, view: View) -> float:
    """What it can take at most, A per phase."""
    return view.rated_a if session.car_a is None else min(view.rated_a, session.car_a)


def _clock(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise BadInput(f"leaves must be a local time of day such as 07:30, got {text!r}") from None
