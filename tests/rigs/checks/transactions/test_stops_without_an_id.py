"""Which transaction a stop of id -1 ends, where several never got an id (ER 3.18)."""

from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.transactions import Transaction, TransactionMemory

AT = "2024-03-01T02:58:16.159Z"
STOP = {"transactionId": -1, "meterStop": 3424, "timestamp": AT, "reason": "Local", "idTag": "TAG1"}


def test_no_transaction_ends_below_what_its_meter_showed() -> None:
    memory = TransactionMemory()
    memory.open = {n: Transaction(n, "TAG1", epoch(AT) - 1000.0, epoch(AT) - 1000.0, 0.0) for n in (1, 2)}
    memory.shown_wh = {1: 9244.0, 2: 3379.0}
    memory.pulled = {2: epoch(AT)}  # the cable was pulled right behind the card that stopped it
    ended = memory.by_name(STOP, True)
    assert ended is not None
    assert ended.connector == 2
