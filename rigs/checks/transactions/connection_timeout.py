"""Preparing ends after ConnectionTimeOut, and not before (9.1.6, ER 3.77)."""

from functools import partial

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.requirement import Requirement as R

TIMEOUT = "status.timeout"
REQUIREMENTS = (
    R(
        TIMEOUT,
        "Preparing ends after ConnectionTimeOut",
        "9.1.6, ER 3.77, TC_004_2_CS",
        needs=(EVENTS,),
        arises=("StatusNotification",),
    ),
)
NEAR_S = 5.0  # how exactly a time-out is kept
CARD_BEFORE_S = 5.0  # assumed: what was done so long before a status was told may have brought it about


class ConnectionTimeOut:
    """Follows each Preparing to its end; only those in which nobody did anything are judged."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._told: dict[int, tuple[float, str]] = {}
        if context.evidence.events:
            context.bus.calls["StatusNotification"].append(self._status)

    def _status(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        since, before = self._told.get(connector, (call.epoch_s, ""))
        if before == status:
            return
        self._told[connector] = (call.epoch_s, status)
        wait_s = self._keys.integer("ConnectionTimeOut", call.epoch_s)
        if status == "Preparing" and wait_s and connector not in self._history.transactions.open:
            self._agenda.at(
                call.epoch_s + wait_s + NEAR_S, partial(self._waited, connector, call.epoch_s, float(wait_s))
            )
        elif before == "Preparing" and status in ("Available", "Finishing"):
            self._gave_up(connector, since, call.epoch_s)

    def _waited(self, connector: int, epoch_s: float, wait_s: float) -> None:
        if self._undisturbed(connector, epoch_s, epoch_s + wait_s + NEAR_S):
            good = self._told[connector] != (epoch_s, "Preparing")
            message = "a connector is still Preparing"
            expected = f"another status after {wait_s:g} s"
            self._ledger.judge(TIMEOUT, good, epoch_s, connector, expected, "Preparing", message)

    def _gave_up(self, connector: int, since: float, epoch_s: float) -> None:
        wait_s = self._keys.integer("ConnectionTimeOut", epoch_s)
        if wait_s and self._undisturbed(connector, since, epoch_s):
            good = epoch_s - since >= wait_s - NEAR_S
            message = "Preparing ends although nothing happened"
            expected, actual = f"after {wait_s} s", f"after {epoch_s - since:.0f} s"
            self._ledger.judge(TIMEOUT, good, epoch_s, connector, expected, actual, message)

    def _undisturbed(self, connector: int, since: float, until: float) -> bool:
        edge = np.array([since - 1.0, until])
        return (
            self._connectors.touches(connector, since - CARD_BEFORE_S, until) <= 1
            and self._history.transactions.open.get(connector) is None
            and not self._connectors.running[connector].cover(edge).any()
            and not self._connectors.faulty[connector].cover(edge).any()
            and not self._connectors.unsure(edge).any()
            and not self._keys.changes(since - 1.0, "connectiontimeout")
            and not self._link.was_unheard(since - 60.0, until)
        )
