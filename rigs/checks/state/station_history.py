"""The one memory of the story that a recording tells; checks ask it what held when.

It hears every frame and event before any check does.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.boots import Boots
from evc5.rigs.checks.state.connectors import COMMANDS, Connectors
from evc5.rigs.checks.state.keys import Keys
from evc5.rigs.checks.state.link import Link
from evc5.rigs.checks.state.local_list import LocalList
from evc5.rigs.checks.state.stop_matching import StopMatching
from evc5.rigs.checks.state.transactions import TransactionMemory

MOST_CONNECTORS = 1000  # assumed: no station has so many
AT_REST = ("Available", "Preparing")  # 4.9: no transaction runs


class StationHistory:
    """Keys, boots, link, local list, transactions, and what happened at each connector."""

    def __init__(self) -> None:
        self.keys = Keys()
        self.boots = Boots(self.keys)
        self.link = Link(self.keys)
        self.local_list = LocalList()
        self.transactions = TransactionMemory()
        self.connectors = Connectors(self.link, self.boots)
        self.stops = StopMatching(self.transactions, self.connectors)
        self._calls: dict[str, Callable[[Call], None]] = {
            "StartTransaction": self._start,
            "StopTransaction": self._stop,
            "BootNotification": self._boot,
            "StatusNotification": self._status,
        }
        self._replies: dict[str, Callable[[Call], None]] = {
            "Authorize": self._authorized,
            "BootNotification": self.boots.answered,
            "GetConfiguration": self.keys.told,
            "ChangeConfiguration": self.keys.changed,
            "ChangeAvailability": self._ordered,
            "TriggerMessage": self.boots.triggered,
            "ExtendedTriggerMessage": self.boots.triggered,
            "RemoteStartTransaction": self.transactions.remotely_started,
            "RemoteStopTransaction": self._remotely_stopped,
            "SendLocalList": self.local_list.sent,
            "StartTransaction": self._confirmed,
            "UnlockConnector": self._unlocked,
        }

    def outlets(self) -> list[int]:
        """The connectors of the station, 1 to NumberOfConnectors."""
        number = self._count()
        return list(range(1, number + 1)) if number else sorted(c for c in self.connectors.named if c > 0)

    def _count(self) -> int | None:
        number = self.keys.integer("NumberOfConnectors")
        return None if number is None or number > MOST_CONNECTORS else number

    @property
    def is_counted(self) -> bool:
        """Is it known how many connectors there are? Else more may show up."""
        return self._count() is not None

    def lacks(self, connector: int) -> bool:
        """Is it known that there is no such connector? 0 is the station."""
        return self.is_counted and connector not in (0, *self.outlets())

    def is_settled(self, epoch_s: float) -> bool:
        """Can nothing that began before the recording be told any more?"""
        outlets = self.outlets()
        settled = all(self.transactions.is_settled(connector, epoch_s) for connector in outlets)
        return self.transactions.from_power_on or (bool(outlets) and settled)

    # -- what the judge tells --------------------------------------------------------------------

    def knows_what_runs(self, epoch_s: float) -> bool:
        """Is what runs known, and the station up and accepted?"""
        return (
            self.is_settled(epoch_s)
            and not self.link.may_be_queueing(epoch_s)
            and self.boots.registration == "Accepted"
            and not self.connectors.unsure(np.array([epoch_s])).any()
        )

    def unreadable(self, call: Call) -> None:
        """A CALL whose payload breaks its schema."""
        if call.action in ("StartTransaction", "StopTransaction"):
            self.transactions.unclear = True
        if call.action == "StopTransaction":
            self.transactions.unreadable_stop(call)

    def call(self, call: Call) -> None:
        """A valid CALL, the first time that it goes."""
        if call.action in COMMANDS:
            self.connectors.touch(0, call.epoch_s)
        if (take := self._calls.get(call.action)) is not None:
            take(call)

    def reply(self, call: Call) -> None:
        if call.reply is not None and call.valid and (take := self._replies.get(call.action)) is not None:
            take(call)

    def event(self, epoch_s: float, name: str, connector: int | None, detail: dict[str, Any]) -> None:
        self.connectors.event(epoch_s, name, connector, detail)
        if name in ("power-cut", "reset"):
            self.boots.darkens(epoch_s)
        self.link.event(epoch_s, name, detail.get("kind"))

    # -- what it makes of it ---------------------------------------------------------------------

    def _confirmed(self, call: Call) -> None:
        """A start whose card is refused may end at once (4.8)."""
        self.transactions.confirmed(call)
        if call.reply is not None and call.reply["idTagInfo"]["status"] != "Accepted":
            self.connectors.ending[call.payload["connectorId"]] = call.answered_s

    def _authorized(self, call: Call) -> None:
        """An accepted card may just have ended what runs: its own, its group's, or with StopOnAnyCrd any."""
        if call.reply is None:
            return
        info = call.reply["idTagInfo"]
        tag, any_card = call.payload["idTag"].lower(), self.keys.has_option("com_AuthOptions", "StopOnAnyCrd")
        for connector, running in self.transactions.open.items():
            stops = any_card or "parentIdTag" in info or tag == running.id_tag.lower()
            if stops and info["status"] == "Accepted":
                self.connectors.ending[connector] = call.answered_s

    def _boot(self, call: Call) -> None:
        self.boots.booted(call)
        if not self.boots.boot_asked:
            self.boots.darkens(self.link.heard_at)  # it fell silent then; an event says it more exactly

    def _status(self, call: Call) -> None:
        self.connectors.told(call)
        if call.payload["status"] in AT_REST:
            self.transactions.at_rest(call.payload["connectorId"], call.epoch_s)

    def _start(self, call: Call) -> None:
        self.transactions.start(call)
        self.connectors.starts(self.transactions.open[call.payload["connectorId"]])

    def _stop(self, call: Call) -> None:
        self.stops.stop(call, self.is_settled(call.epoch_s))
        stopped = self.transactions.stopped_by(call)
        if stopped is not None:
            self.connectors.stops(stopped)

    def _ordered(self, call: Call) -> None:
        self.connectors.ordered(call, self.outlets())

    def _unlocked(self, call: Call) -> None:
        """It ends what runs there; its stop may wait to be told."""
        if call.reply is not None and call.reply["status"] == "Unlocked":
            self.connectors.ending[call.payload["connectorId"]] = call.answered_s

    def _remotely_stopped(self, call: Call) -> None:
        running = self.transactions.by_id.get(call.payload["transactionId"])
        if call.reply is not None and call.reply["status"] == "Accepted" and running is not None:
            self.connectors.ending[running.connector] = call.answered_s
