"""The emergency stop ends a transaction: a fault by itself lets it go on without energy (4.10, 7.36)."""

from functools import partial

import numpy as np

from evc5.rigs.checks.state.connectors import QUIET_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.transactions.id_tags import CARD_LOOK_S
from evc5.rigs.checks.transactions.shown_cards import CARD_SOON_S

EMERGENCY = "transaction.emergency"
REQUIREMENTS = (
    R(
        EMERGENCY,
        "The emergency stop ends the transaction of its connector, as such",
        "7.36: EmergencyStop",
        needs=(EVENTS,),
        arises=("fault",),
    ),
)


class Emergency:
    """Looks a while after the button was pressed, where nothing else was done."""

    def __init__(self, context: Context) -> None:
        self._ledger, self._history = context.ledger, context.history
        self._agenda = context.agenda
        context.bus.events["fault"].append(self._pressed)

    def _pressed(self, event: Event) -> None:
        running = self._history.transactions.open.get(event.connector or 0)
        if running is None or event.detail.get("fault") != "emergency-stop":
            return
        if running.start < event.epoch_s - QUIET_S:
            self._agenda.at(event.epoch_s + CARD_LOOK_S, partial(self._look, running, event.epoch_s))

    def _look(self, running: Transaction, epoch_s: float) -> None:
        if not self._is_alone(running.connector, epoch_s) or (running.stop or epoch_s) < epoch_s:
            return
        good = running.reason == "EmergencyStop" and (running.stop or 0.0) <= epoch_s + CARD_SOON_S
        actual = running.outcome
        expected, message = "EmergencyStop at once", f"the emergency stop in transaction {running.id}"
        self._ledger.judge(EMERGENCY, good, epoch_s, running.connector, expected, actual, message)

    def _is_alone(self, connector: int, epoch_s: float) -> bool:
        """Was it the one thing done to the connector, and all told that came of it?"""
        connectors, until = self._history.connectors, epoch_s + CARD_LOOK_S
        edge = np.array([epoch_s - QUIET_S, until])
        was_faulty = connectors.faulty[connector].cover(edge[:1]).any()
        unheard = self._history.link.was_unheard(epoch_s - QUIET_S, until)
        return connectors.touched_once(connector, edge) and not was_faulty and not unheard
