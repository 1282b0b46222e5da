"""Whom a free connector may wait for: a card was shown there, or the CSMS asked for a start (4.9: A2, B1)."""

from collections import defaultdict

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S
from evc5.rigs.checks.state.listeners import Bus, Event

ACCEPTED_S = 60.0  # assumed: a card's question waits behind other calls, and its wait begins with the answer
MOST_TOLD = 4096  # kept of a connector


class Awaited:
    """When, by connector, somebody might have begun to wait for a car."""

    def __init__(self, bus: Bus) -> None:
        self._since: defaultdict[int, list[float]] = defaultdict(list)  # connector 0: any of them
        bus.events["tag"].append(self._tag)
        bus.replies["RemoteStartTransaction"].append(self._remotely)

    def _tag(self, event: Event) -> None:
        self._note(event.connector or 0, event.epoch_s)

    def _remotely(self, call: Call) -> None:
        self._note(call.payload.get("connectorId") or 0, call.epoch_s)

    def _note(self, connector: int, epoch_s: float) -> None:
        self._since[connector].append(epoch_s)
        del self._since[connector][:-MOST_TOLD]

    def within(self, connector: int, epoch_s: Array, limit_s: float) -> Array:
        """Instants at which such a wait may last, where nobody comes within `limit_s`."""
        since = np.sort(np.array([-FOREVER, *self._since[connector], *self._since[0]]))
        latest = since[np.searchsorted(since, epoch_s + STAMP_HAIR_S, side="right") - 1]
        found: Array = epoch_s - latest <= limit_s + ACCEPTED_S
        return found
