"""What survives a reset and a power loss: the device's non-volatile memory."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from twin.frames import Payload

UNCONFIRMED_ID = -1  # OCPP 1.6 errata 3.18: transactionId of a transaction whose start never got confirmed


@dataclass(slots=True)
class Transaction:
    """One charging transaction at a connector, from its start until its stop is delivered."""

    connector: int
    id_tag: str
    start_s: float  # run time, the anchor of its samples
    started: float  # the station's clock at the start, epoch seconds
    meter_start_wh: int
    begin: list[Payload] = field(default_factory=list)  # Transaction.Begin values for StopTransaction
    id: int | None = None  # None until StartTransaction is confirmed
    parent_id_tag: str | None = None
    accepted: bool = True  # False once the CSMS refused the idTag
    charging_profile: Payload | None = None


@dataclass(slots=True)
class Message:
    """A CALL waiting for its turn; its transactionId is filled in when it is sent."""

    action: str
    payload: Payload
    transaction: Transaction | None = None
    attempts: int = 0

    def wire(self) -> Payload:
        """The payload as it goes out now."""
        transaction = self.transaction
        if transaction is None or self.action == "StartTransaction":
            return self.payload
        id_ = UNCONFIRMED_ID if transaction.id is None else transaction.id
        return {"transactionId": id_, **self.payload}


@dataclass(slots=True)
class Memory:
    """All of it in one object; the device's processes die at a reset, this does not."""

    queue: deque[Message] = field(default_factory=deque)  # transaction-related messages, in order
    transactions: dict[int, Transaction] = field(default_factory=dict)  # by connector
    inoperative: set[int] = field(default_factory=set)  # connectors, 0 is the whole station
    configuration: dict[str, Any] = field(default_factory=dict)
    profiles: Any = None
    dropped_values: int = 0  # MeterValues given up because the queue was full
