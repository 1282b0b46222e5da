"""Preparing ends after ConnectionTimeOut, and not before (9.1.6, ER 3.77)."""

from functools import partial

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
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
NOT_FREE_S = 60.0  # assumed: so long after its time a status may come of others' stations
MOST_TAGS = 64  # remembered
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
        self._began: dict[int, float] = {}  # when that status began, which may be told later
        if context.evidence.events:
            context.bus.calls["StatusNotification"].append(self._status)

    def _status(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        since, before = self._told.get(connector, (call.epoch_s, ""))
        if before == status:
            return
        self._told[connector] = (call.epoch_s, status)
        began = self._began.get(connector, since)
        self._began[connector] = call.happened_s
        wait_s = self._keys.integer("ConnectionTimeOut", call.epoch_s)
        if status == "Preparing" and wait_s and connector not in self._history.transactions.open:
            self._agenda.at(
                call.epoch_s + wait_s + NEAR_S, partial(self._waited, connector, call.epoch_s, float(wait_s))
            )
        elif before == "Preparing" and status in ("Available", "Finishing"):
            self._gave_up(connector, since, call.epoch_s, call.epoch_s - began)

    def _waited(self, connector: int, epoch_s: float, wait_s: float) -> None:
        if self._undisturbed(connector, epoch_s, epoch_s + wait_s + NEAR_S):
            good = self._told[connector] != (epoch_s, "Preparing")
            message = "a connector is still Preparing"
            expected = f"another status after {wait_s:g} s"
            self._ledger.judge(TIMEOUT, good, epoch_s, connector, expected, "Preparing", message)

    def _gave_up(self, connector: int, since: float, epoch_s: float, waited_s: float) -> None:
        wait_s = self._keys.integer("ConnectionTimeOut", epoch_s)
        if wait_s and self._undisturbed(connector, since, epoch_s):
            good = waited_s >= wait_s - NEAR_S
            message = "Preparing ends although nothing happened"
            expected, actual = f"after {wait_s} s", f"after {waited_s:.0f} s"
            self._ledger.judge(TIMEOUT, good, epoch_s, connector, expected, actual, message)

    def _undisturbed(self, connector: int, since: float, until: float) -> bool:
        edge = np.array([since - WHOLE_SECOND_S, until])
        return (
            self._connectors.touches(connector, since - CARD_BEFORE_S, until) <= 1
            and self._history.transactions.open.get(connector) is None
            and not self._connectors.running[connector].cover(edge).any()
            and not self._connectors.faulty[connector].cover(edge).any()
            and not self._connectors.unsure(edge).any()
            and not self._keys.changes(since - WHOLE_SECOND_S, "connectiontimeout")
            and not self._link.was_held_up(since, until)
        )


class AfterCard:
    """Of others' stations, whose cables nobody recorded: a card that was accepted, then Preparing for ever.

    A cable that waits for a card may do so in Preparing for as long as it likes.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger, self._history = context.ledger, context.history
        self._card_epoch_s = -FOREVER  # when one was last accepted
        self._preparing: dict[int, float] = {}  # by connector: since when it waits for the car of a card
        self._cards: dict[str, float] = {}  # by idTag: when it was last accepted, and has not started since
        self._free: dict[int, float] = {}  # by connector: when it last told Available
        if context.evidence.events or context.evidence.from_power_on:
            return
        context.bus.replies["Authorize"].append(self._authorised)
        context.bus.replies["RemoteStartTransaction"].append(self._remotely)
        context.bus.calls["StatusNotification"].append(self._status)
        context.bus.calls["StartTransaction"].append(self._started)
        context.bus.calls["BootNotification"].append(lambda call: self._preparing.clear())
        context.bus.events["silence"].append(self._silent)

    def _authorised(self, call: Call) -> None:
        """Who shows a card while a connector is Preparing begins to wait anew, wherever it is."""
        self._preparing.clear()
        tag = call.payload["idTag"].lower()
        stops = any(running.id_tag.lower() == tag for running in self._history.transactions.open.values())
        if call.reply is not None and call.reply["idTagInfo"]["status"] == "Accepted" and not stops:
            self._card_epoch_s = call.answered_s
            self._cards[tag] = self._card_epoch_s
            if len(self._cards) > MOST_TAGS:
                del self._cards[next(iter(self._cards))]
            alone = self._alone()
            if alone is not None and self._history.connectors.statuses.get(alone) == "Preparing":
                self._waits(alone, self._card_epoch_s)

    def _alone(self) -> int | None:
        outlets = self._history.outlets()
        return outlets[0] if len(outlets) == 1 and self._history.is_counted else None

    def _remotely(self, call: Call) -> None:
        self._preparing.clear()
        self._cards.pop(call.payload["idTag"].lower(), None)

    def _status(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        if status == "Available":
            self._free[connector] = call.epoch_s
        if status != "Preparing":
            self._preparing.pop(connector, None)
        elif call.epoch_s - self._card_epoch_s < CARD_BEFORE_S and connector not in self._preparing:
            self._waits(connector, call.epoch_s)

    def _started(self, call: Call) -> None:
        self._preparing.pop(call.payload["connectorId"], None)
        shown = self._cards.pop(call.payload["idTag"].lower(), None)
        if shown is not None:
            self._late(call, shown)

    def _late(self, call: Call, shown: float) -> None:
        """9.1.6: what a card began is over by then; who may not know it himself has to ask for it anew."""
        connector, at = call.payload["connectorId"], call.epoch_s
        keys, link = self._history.keys, self._history.link
        wait_s = keys.integer("ConnectionTimeOut", at)
        knows = keys.flag("LocalPreAuthorize", at) is not False
        if not wait_s or knows or link.was_unheard(shown, at) or link.may_be_queueing(at):
            return
        if at > shown + wait_s + NOT_FREE_S and shown < self._free.get(connector, -FOREVER):
            expected, actual = f"an Authorize within {wait_s} s", f"{at - shown:.0f} s before, and free since"
            message = "a transaction starts on a card whose time is over"
            self._ledger.broken(TIMEOUT, at, connector, expected, actual, message, severity="warning")

    def _waits(self, connector: int, since: float) -> None:
        wait_s = self._history.keys.integer("ConnectionTimeOut", since)
        if wait_s and connector not in self._history.transactions.open:
            self._preparing[connector] = since
            until = since + wait_s + NOT_FREE_S
            self._context.agenda.at_last(until, partial(self._look, connector, since, until))

    def _look(self, connector: int, since: float, until: float) -> None:
        if self._preparing.get(connector) != since or self._history.link.was_unheard(since, until):
            return
        wait_s = self._history.keys.integer("ConnectionTimeOut", until)
        if wait_s and since + wait_s + NOT_FREE_S <= until:
            expected, actual = f"free, or a start, after {wait_s} s", f"Preparing for {until - since:.0f} s"
            message = "a card was accepted, and its connector stays Preparing"
            self._ledger.broken(TIMEOUT, since, connector, expected, actual, message)

    def _silent(self, silence: Event) -> None:
        if self._context.may_hide(silence):
            self._preparing.clear()
