"""Algorithms of ACN-Sim's form as controllers: `schedule(active_sessions)` gives A by station, a step each.

Source of the form: acnportal.algorithms.BaseAlgorithm, acnportal.acnsim.interface.SessionInfo, 0.3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evc5.rigs.controllers.shipped import Guess, most_a
from evc5.rigs.controllers.view import Limits, Session, View


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as such algorithms know it: energies in kWh, times in steps since the run's start."""

    station_id: str  # the connector
    session_id: str  # the transaction
    requested_energy: float
    energy_delivered: float
    arrival: int
    departure: int
    estimated_departure: int
    current_time: int
    min_rates: float  # A per phase
    max_rates: float

    @property
    def remaining_demand(self) -> float:
        """kWh still to come."""
        return max(0.0, self.requested_energy - self.energy_delivered)

    @property
    def arrival_offset(self) -> int:
        return max(self.arrival - self.current_time, 0)

    @property
    def remaining_time(self) -> int:
        """Steps until it leaves."""
        offset = max(self.arrival_offset, 0)
        return max(min(self.departure - self.arrival, self.departure - self.current_time) - offset, 0)


Schedule = Mapping[str, Sequence[float]]


class AcnAlgorithm:
    """A controller that asks an algorithm of ACN-Sim's form.

    `algorithm` is a function `schedule(active_sessions)` or has one as its method. What a driver leaves at
    and needs are the view's where it has an oracle, else guessed.
    """

    def __init__(self, algorithm: Any, guess: Guess | None = None) -> None:
        self._schedule: Callable[[list[SessionInfo]], Schedule] = getattr(algorithm, "schedule", algorithm)
        self._guess = guess or Guess()
        self.__name__ = getattr(algorithm, "__name__", type(algorithm).__name__)

    def __call__(self, view: View) -> Limits:
        if not view.sessions:
            return {}
        infos = [self._info(session, view) for session in view.sessions]
        rates = self._schedule(infos)
        return {int(station): list(amps) for station, amps in rates.items() if len(amps)}

    def _info(self, session: Session, view: View) -> SessionInfo:
        delivered_kwh = session.energy_wh / 1000.0
        leaves = _steps(self._guess.departure(session), view)
        return SessionInfo(
            station_id=str(session.connector),
            session_id=str(session.transaction_id),
            requested_energy=delivered_kwh + self._guess.remaining_wh(session) / 1000.0,
            energy_delivered=delivered_kwh,
            arrival=_steps(session.started, view),
            departure=leaves,
            estimated_departure=leaves,
            current_time=_steps(view.now, view),
            min_rates=0.0,
            max_rates=most_a(session, view),
        )


def _steps(at: datetime, view: View) -> int:
    """Whole steps since the run's start."""
    return int((at - view.start).total_seconds() // view.every_s)
