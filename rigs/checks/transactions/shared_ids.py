"""Two transactions that run at a time and were given one id: the CSMS's fault, and each has its own story.

What is told of such an id is told apart by its connector, a stop by card and meter; the judge goes on with an
id of its own for the later one.
"""

from collections.abc import Hashable
from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.stop_matching import StopMatching
from evc5.rigs.checks.state.transactions import TransactionMemory

UNIQUE = "transaction.unique-id"
REQUIREMENTS = (R(UNIQUE, "Transactions that run at a time are given ids of their own", "6.46"),)
FIRST_OWN = -1001  # of the judge: no CSMS gives it
SAME = ("transactionId", "timestamp", "meterStop", "idTag", "reason")  # what makes two stops one, told again


class SharedIds:
    """Knows which connector's transaction goes by which id of the judge's own."""

    def __init__(self, transactions: TransactionMemory, stops: StopMatching) -> None:
        self._transactions, self._matching = transactions, stops
        self._own: dict[tuple[int, int], int] = {}  # by connector and the id that was given
        self._stops: dict[Hashable, int] = {}  # by what is told: which one was meant
        self._over: set[int] = set()  # those whose stop was confirmed

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

    def stopped(self, stop: Call) -> None:
        """From here on a StopTransaction names the transaction that it goes best with.

        Told again in the same words it means the same one, but where that was confirmed and another runs:
        what ends both, as a power loss, may end them at one instant and reading.
        """
        given = stop.payload["transactionId"]
        ids = [given, *(own for (_, id), own in self._own.items() if id == given)]
        if len(ids) < 2:
            return
        told = tuple(stop.payload.get(name) for name in SAME)
        meant = self._stops.get(told)
        if meant is None or meant in self._over:
            meant = self._stops[told] = self._best(stop, ids, meant or given)
        stop.payload = {**stop.payload, "transactionId": meant}

    def _best(self, stop: Call, ids: list[int], otherwise: int) -> int:
        running = [its for id in ids if (its := self._transactions.by_id.get(id)) and its.stop is None]
        best = min(running, key=partial(self._matching.distance, stop.payload), default=None)
        return otherwise if best is None or best.id is None else best.id

    def confirmed(self, call: Call) -> None:
        """A CALL was answered as it should be."""
        if self._own and call.action == "StopTransaction" and call.valid:
            self._over.add(call.payload["transactionId"])
