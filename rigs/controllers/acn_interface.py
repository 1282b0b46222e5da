"""One charge point as ACN-Sim's algorithms ask for it: stations are connectors, each amp is one per phase.

Source of the form: acnportal.acnsim.interface.Interface and InfrastructureInfo, 0.3.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evc5.rigs.controllers.shipped import LEAST_A
from evc5.rigs.controllers.view import NOMINAL_V, Session, View

Floats = NDArray[np.float64]


class Demand(Protocol):
    """What is asked of a session here."""

    station_id: str

    @property
    def remaining_demand(self) -> float:
        """kWh still to come."""


class InfrastructureInfo:
    """The connectors and what all of them together may take: one constraint, the station's own amps."""

    def __init__(self, view: View) -> None:
        charging = {session.connector: session for session in view.sessions}
        connectors = sorted(view.status)
        count = len(connectors)
        self.station_ids = [str(connector) for connector in connectors]
        self.constraint_ids = ["station"]
        self.constraint_matrix: Floats = np.ones((1, count))
        self.constraint_limits: Floats = np.array([view.station_a])
        self.phases: Floats = np.zeros(count)  # deg; all connectors hang on the same three
        self.voltages: Floats = np.array([_volts(charging.get(connector)) for connector in connectors])
        self.min_pilot: Floats = np.full(count, LEAST_A)
        self.max_pilot: Floats = np.full(count, view.rated_a)
        self.allowable_pilots = [np.array([LEAST_A, view.rated_a]) for _ in connectors]
        self.is_continuous = np.ones(count, dtype=bool)

    @property
    def num_stations(self) -> int:
        return len(self.station_ids)

    def get_station_index(self, station_id: str) -> int:
        return self.station_ids.index(station_id)


class AcnInterface:
    """A view under the names of acnportal's interface; prices and peaks it has none."""

    def __init__(self, view: View, sessions: Sequence[Demand]) -> None:
        self._view = view
        self._sessions = sessions
        self._infrastructure = InfrastructureInfo(view)

    @property
    def current_time(self) -> int:
        """Steps since the run's start."""
        return self._view.steps(self._view.now)

    @property
    def current_datetime(self) -> datetime:
        return self._view.now

    @property
    def period(self) -> float:
        """Length of a step in minutes."""
        return self._view.every_s / 60.0

    @property
    def last_applied_pilot_signals(self) -> dict[str, float]:
        """A by session: the last limit told and accepted, else the rating; of new ones nothing is known."""
        rated_a = self._view.rated_a
        return {
            str(one.transaction_id): rated_a if one.limit_a is None else one.limit_a
            for one in self._view.sessions
            if one.current_a is not None
        }

    @property
    def last_actual_charging_rate(self) -> dict[str, float]:
        """A by session, on its fullest phase; 0 until a reading came."""
        return {str(one.transaction_id): max(one.current_a or (0.0,)) for one in self._view.sessions}

    def active_sessions(self) -> list[Demand]:
        return list(self._sessions)

    def infrastructure_info(self) -> InfrastructureInfo:
        return self._infrastructure

    def allowable_pilot_signals(self, station_id: str) -> tuple[bool, list[float]]:
        """Whether any value between is allowed, and the least and highest in A."""
        at = self._infrastructure.get_station_index(station_id)
        return True, [float(amps) for amps in self._infrastructure.allowable_pilots[at]]

    def max_pilot_signal(self, station_id: str) -> float:
        return self.allowable_pilot_signals(station_id)[1][-1]

    def min_pilot_signal(self, station_id: str) -> float:
        return self.allowable_pilot_signals(station_id)[1][0]

    def evse_voltage(self, station_id: str) -> float:
        """V that make W of A per phase: those of all phases that the car charges on."""
        return float(self._infrastructure.voltages[self._infrastructure.get_station_index(station_id)])

    def remaining_amp_periods(self, session: Demand) -> float:
        """What a session still needs, in A for one step."""
        full_kwh = self.evse_voltage(session.station_id) / 1000.0 * self.period / 60.0  # with 1 A for a step
        return session.remaining_demand / full_kwh


def _volts(session: Session | None) -> float:
    return session.watts(1.0) if session is not None else 3.0 * NOMINAL_V
