"""What survives a reset and a power loss: the device's non-volatile memory.

Everything lives in plain objects. Where a `Store` stands behind them, each change is written through before
anything goes out on the wire, so that a killed process loses nothing either.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from evc5.twin.ocpp.frames import Payload

LAST_KNOWN = "registers_epoch_s"  # a fact's name
STOP_DATA_LIMIT = 1000  # meter values kept for one stop besides begin and end; assumed
UNCONFIRMED_ID = -1  # OCPP 1.6 errata 3.18: transactionId of a transaction whose start never got confirmed


@dataclass(slots=True)
class Transaction:
    """One charging transaction at a connector, from its start until its stop is delivered."""

    connector: int
    id_tag: str
    began_t_s: float  # the anchor of its samples
    began_epoch_s: float  # by the station's clock
    meter_start_wh: int
    begin: list[Payload] = field(default_factory=list)  # Transaction.Begin values for StopTransaction
    data: list[Payload] = field(default_factory=list)  # and those taken since
    id: int | None = None  # None until StartTransaction is confirmed
    parent_id_tag: str | None = None
    accepted: bool = True  # False once the CSMS refused the idTag
    charging_profile: Payload | None = None
    number: int = 0  # the memory's own

    def keep(self, value: Payload) -> None:
        """One more meter value for the stop; of too many the oldest goes."""
        self.data.append(value)
        del self.data[:-STOP_DATA_LIMIT]


@dataclass(slots=True)
class Message:
    """A CALL waiting for its turn; its transactionId is filled in when it is sent."""

    action: str
    payload: Payload
    transaction: Transaction | None = None
    refusals: int = 0  # how often the CSMS would not have it
    row: int = 0  # where the store keeps it
    checked: bool = False  # known to keep to its schema

    def wire(self) -> Payload:
        """The payload as it goes out now."""
        transaction = self.transaction
        if transaction is None or self.action == "StartTransaction":
            return self.payload
        id_ = UNCONFIRMED_ID if transaction.id is None else transaction.id
        return {"transactionId": id_, **self.payload}


class Store(Protocol):
    """Where a memory is written through to; every method has taken effect when it returns."""

    def load(self) -> tuple[list[Transaction], list[Message], dict[str, Any]]:
        """The running transactions, the queue in order (sharing its transactions), the facts."""
        ...

    def add(self, message: Message) -> None: ...
    def opened(self, transaction: Transaction, message: Message) -> None: ...
    def closed(self, transaction: Transaction, message: Message) -> None: ...
    def changed(self, transaction: Transaction) -> None: ...
    def remove(self, message: Message) -> None: ...
    def keep(self, name: str, fact: Any) -> None: ...


class Memory:
    """All of it in one object; the device's processes die at a reset, this does not."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self.queue: deque[Message] = deque()  # transaction-related messages, in order
        self.transactions: dict[int, Transaction] = {}  # running, by connector
        self._facts: dict[str, Any] = {}
        self.meters: Callable[[], list[list[int]]] = (
            list  # what they have counted, µWh; kept with each message
        )
        self.epoch_s: Callable[[], float] = lambda: 0.0  # the station's clock, kept with them
        if store is not None:
            running, queue, self._facts = store.load()
            self.queue.extend(queue)
            self.transactions = {transaction.connector: transaction for transaction in running}

    # --- transactions and their messages ---

    def post(self, message: Message) -> None:
        self.queue.append(message)
        if self._store is not None:
            self.keep_meters()
            self._store.add(message)

    def open(self, transaction: Transaction, message: Message) -> None:
        """A transaction begins, and `message` tells of it."""
        self.transactions[transaction.connector] = transaction
        self.queue.append(message)
        if self._store is not None:
            self.keep_meters()
            self._store.opened(transaction, message)

    def close(self, transaction: Transaction, message: Message) -> None:
        """A transaction ends, and `message` tells of it."""
        del self.transactions[transaction.connector]
        self.queue.append(message)
        if self._store is not None:
            self.keep_meters()
            self._store.closed(transaction, message)

    def changed(self, transaction: Transaction) -> None:
        """The CSMS has told more of a transaction."""
        if self._store is not None:
            self._store.changed(transaction)

    def delivered(self) -> Message:
        """The first of the queue has arrived, or is given up."""
        message = self.queue.popleft()
        if self._store is not None:
            self._store.remove(message)
        return message

    def drop(self, position: int) -> None:
        """Give up a MeterValues to make room."""
        message = self.queue[position]
        del self.queue[position]
        if self._store is not None:
            self._store.remove(message)

    # --- anything else ---

    def keep(self, name: str, fact: Any) -> None:
        """Remember something that JSON can hold."""
        self._facts[name] = fact
        if self._store is not None:
            self._store.keep(name, fact)

    def recall(self, name: str, default: Any = None) -> Any:
        return self._facts.get(name, default)

    def keep_meters(self) -> None:
        """Before a register is told: a killed process takes the world with it; the next goes on from here."""
        if self._store is not None and (registers := self.meters()):
            self.keep("registers", registers)
            self.keep(LAST_KNOWN, self.epoch_s())

    def last_known_epoch_s(self) -> float | None:
        """The station's time when the registers were last kept; None where they never were."""
        known: float | None = self.recall(LAST_KNOWN)
        return known

    @property
    def is_new(self) -> bool:
        """Is there nothing in it yet?"""
        return not (self.queue or self.transactions or self._facts)

    @property
    def last_id(self) -> int:
        """The highest transactionId it knows, 0 where there is none."""
        queued = [message.transaction for message in self.queue if message.transaction is not None]
        return max([0, *(one.id or 0 for one in [*self.transactions.values(), *queued])])

    @property
    def lasting(self) -> bool:
        """Does it outlive the process? Else what a part of the device holds itself need not be kept."""
        return self._store is not None
