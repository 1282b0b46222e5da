"""Whom a free connector may wait for: a card was shown there, or the CSMS asked for a start (4.9: A2, B1)."""

from bisect import insort
from collections import defaultdict

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.reading.through_time import in_order, latest
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event

ACCEPTED_S = 60.0  # assumed: a card's question waits behind other calls, and its wait begins with the answer
MOST_TOLD = 4096  # kept of a connector


class Awaited:
    """When somebody may wait for a car, by connector; Preparing told for nobody breaks `requirement`."""

    def __init__(self, context: Context, requirement: str) -> None:
        self._context = context
        self._requirement = requirement
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._since: defaultdict[int, list[float]] = defaultdict(list)  # connector 0: any of them
        self._halted: set[int] = set()  # connectors where a fault came while somebody was waited for
        self._told: list[Call] = []  # Preparing, since the last part: the instant's own events come later
        bus = context.bus
        bus.events["tag"].append(self._tag)
        bus.events["fault"].append(self._fault)
        bus.events["clear"].append(self._clear)
        bus.replies["RemoteStartTransaction"].append(self._remotely)
        bus.calls["StatusNotification"].append(self._status)
        bus.telemetry.append(self._part)

    def at(self, connector: int, epoch_s: Array) -> Array:
        """Instants at which a wait for a car may last."""
        since = in_order(lambda instants: self._latest(connector, instants + STAMP_HAIR_S), epoch_s)
        found: Array = epoch_s - since <= self._longest_s() + ACCEPTED_S
        return found

    def _latest(self, connector: int, instants: Array) -> Array:
        its, of_any = (latest(instants, self._since[which]) for which in (connector, 0))
        return np.maximum(its, of_any)

    def _tag(self, event: Event) -> None:
        self._note(event.connector or 0, event.epoch_s)

    def _fault(self, event: Event) -> None:
        connector = event.connector or 0
        if self.at(connector, np.array([event.epoch_s])).any():
            self._halted.add(connector)

    def _clear(self, event: Event) -> None:
        """The wait begins anew with the status Preparing, which a fault interrupts (9.1.4)."""
        if (event.connector or 0) in self._halted:
            self._note(event.connector or 0, event.epoch_s)

    def _remotely(self, call: Call) -> None:
        connector = call.payload.get("connectorId") or 0
        self._note(connector, call.epoch_s)
        for one in [connector] if connector else self._context.history.outlets():
            if self._connectors.faults(one):  # it came in the instant of the order
                self._halted.add(one)

    def _note(self, connector: int, epoch_s: float) -> None:
        insort(self._since[connector], epoch_s)
        del self._since[connector][:-MOST_TOLD]

    def _longest_s(self) -> float:
        """The highest ConnectionTimeOut there was; without one, or where it is not known, for ever."""
        setting = self._keys.get("connectiontimeout")
        if setting is None or setting.began_with_change:
            return FOREVER
        told = [text for _, text in setting.history]
        return max(float(text) if text.isdecimal() and int(text) else FOREVER for text in told)

    def _status(self, call: Call) -> None:
        if call.payload["status"] == "Preparing":
            self._told.append(call)

    def _part(self) -> None:
        for call in self._told if self._sees_hands else ():
            self._judge(call.payload["connectorId"], call)
        self._told.clear()

    @property
    def _sees_hands(self) -> bool:
        """Is all written down that was done at the connectors, from the first cable on?"""
        evidence = self._context.evidence
        return evidence.events and evidence.telemetry and self._context.telemetry.instrument.is_exact

    def _judge(self, connector: int, call: Call) -> None:
        times = np.array([call.happened_s, call.epoch_s])  # it may wait behind calls without reply
        good = bool(self.at(connector, times).any()) or self._connectors.may_have_cable(
            connector, call.happened_s, call.epoch_s
        )
        message = "a connector waits for a car and nobody asked for it"
        expected = "a cable, a card or a remote start"
        self._context.ledger.judge(
            self._requirement, good, call.epoch_s, connector, expected, "Preparing", message
        )
