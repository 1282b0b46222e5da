"""Two transactions that run at a time and were given one id: the CSMS's fault, and each has its own story.

What is told of such an id is told apart by its connector, a stop by card and meter; the judge goes on with an
id of its own for the later one.
"""

from functools import partial
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import TransactionMemory

UNIQUE = "transaction.unique-id"
REQUIREMENTS = (R(UNIQUE, "Transactions that run at a time are given ids of their own", "6.46"),)
FIRST_OWN = -1001  # of the judge: no CSMS gives it


class SharedIds:
    """Knows which connector's transaction goes by which id of the judge's own."""

    def __init__(self, transactions: TransactionMemory) -> None:
        self._transactions = transactions
        self._own: dict[tuple[int, int], int] = {}  # by connector and the id that was given
        self._stops: dict[tuple[int, str], int] = {}  # by given id and stamp: which one was meant

    def is_shared(self, call: Call) -> bool:
        """Does the reply to this StartTransaction give an id that another transaction still has?"""
        id = (call.reply or {}).get("transactionId")
        other = self._transactions.by_id.get(id) if id is not None else None
        mine = call.payload.get("connectorId")
        return other is not None and other.stop is None and other.connector != mine

    def tell_apart(self, call: Call) -> None:
        """From here on the later transaction goes by an id of its own."""
        given = call.reply["transactionId"] if call.reply else 0
        own = FIRST_OWN - len(self._own)
        self._own[call.payload["connectorId"], given] = own
        call.reply = {**(call.reply or {}), "transactionId": own}

    def meant(self, connector: int, id: int | None) -> int | None:
        """The transaction that meter values of a connector speak of."""
        return self._own.get((connector, id), id) if self._own and id is not None else id

    def stopped(self, stop: dict[str, Any]) -> dict[str, Any]:
        """A StopTransaction by the id of the transaction that it goes best with."""
        given, stamp = stop["transactionId"], stop["timestamp"]
        ids = [given, *(own for (_, id), own in self._own.items() if id == given)]
        if len(ids) > 1 and (given, stamp) not in self._stops:
            running = [its for id in ids if (its := self._transactions.by_id.get(id)) and its.stop is None]
            meant = min(running, key=partial(self._transactions.distance, stop), default=None)
            self._stops[given, stamp] = given if meant is None or meant.id is None else meant.id
        return {**stop, "transactionId": self._stops.get((given, stamp), given)}
