"""Algorithms of ACN-Sim's form as controllers: `schedule(active_sessions)` gives A by station, a step each.

Source of the form: acnportal.algorithms.BaseAlgorithm, acnportal.acnsim.interface.SessionInfo, 0.3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evc5.rigs.controllers.acn_interface import AcnInterface
from evc5.rigs.controllers.shipped import Guess, most_a
from evc5.rigs.controllers.view import Limits, Session, View


@dataclass(slots=True, eq=False)  # not frozen: such algorithms narrow the rates in place
class SessionInfo:
    """A session as such algorithms know it: energies in kWh, times in steps since the run's start."""

    station_id: str  # the connector
    session_id: str  # the transaction
    requested_energy: float
    energy_delivered: float
    arrival: int
    departure: int  # a step ahead at least: as long as it is here, it can be given something
    estimated_departure: int
    current_time: int
    min_rates: NDArray[np.float64]  # A per phase, for each step of the remaining time
    max_rates: NDArray[np.float64]

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
        return max(min(self.departure - self.arrival, self.departure - self.current_time), 0)


Schedule = Mapping[str, Sequence[float]]


class AcnAlgorithm:
    """A controller that asks an algorithm of ACN-Sim's form.

    `algorithm` is a function `schedule(active_sessions)` or has one as its method; where it wants an
    interface (acnportal's own algorithms do), it is given one of this charge point. What a driver leaves
    at and needs are the view's where it has an oracle, else guessed.
    """

    def __init__(self, algorithm: Any, guess: Guess | None = None) -> None:
        self._schedule: Callable[[list[SessionInfo]], Schedule] = getattr(algorithm, "schedule", algorithm)
        self._register: Callable[[AcnInterface], object] | None = getattr(
            algorithm, "register_interface", None
        )
        self._guess = guess or Guess()
        self.__name__ = getattr(algorithm, "__name__", type(algorithm).__name__)

    def __call__(self, view: View) -> Limits:
        if not view.sessions:
            return {}
        infos = [self._info(session, view) for session in view.sessions]
        if self._register is not None:
            self._register(AcnInterface(view, infos))
        rates = self._schedule(infos)
        here = {info.station_id for info in infos}  # theirs are of every station, in use or not
        return {
            int(station): [float(each) for each in amps]
            for station, amps in rates.items()
            if station in here and len(amps)
        }

    def _info(self, session: Session, view: View) -> SessionInfo:
        delivered_kwh = session.energy_wh / 1000.0
        arrival, now = view.steps(session.started), view.steps(view.now)
        leaves = max(view.steps(self._guess.departure(session)), now + 1, arrival + 1)
        steps = min(leaves - arrival, leaves - now)
        return SessionInfo(
            station_id=str(session.connector),
            session_id=str(session.transaction_id),
            requested_energy=delivered_kwh + self._guess.remaining_wh(session) / 1000.0,
            energy_delivered=delivered_kwh,
            arrival=arrival,
            departure=leaves,
            estimated_departure=leaves,
            current_time=now,
            min_rates=np.zeros(steps),
            max_rates=np.full(steps, most_a(session, view)),
        )
