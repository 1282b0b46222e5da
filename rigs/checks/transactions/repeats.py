"""Transaction messages sent again: rightly where no reply came, wrongly where one did (4.10, ER 3.18)."""

from collections.abc import Hashable

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import UNKNOWN, TransactionMemory

REPEAT = "transaction.repeat"
REQUIREMENTS = (R(REPEAT, "Transaction messages are repeated only where no reply came", "4.10, TC_039_CS"),)
SAME = ("connectorId", "transactionId", "timestamp", "idTag")
UNNAMED = ("meterStop", "reason")  # tell stops of one instant apart whose transactions never got an id
MOST_REMEMBERED = 1024  # an outage leaves one message unconfirmed, not a thousand


def key_of(call: Call) -> Hashable | None:
    """What makes two calls the same transaction message; None for a call that is none."""
    if call.row is not None:
        return call.row.connector, call.row.transaction, call.row.stamp, call.row.layout
    if call.action == "MeterValues" and call.readings:
        first = call.readings[0]
        return first.connector, first.transaction, first.stamp, first.layout
    if not call.valid or call.action not in ("StartTransaction", "StopTransaction"):
        return None
    names = SAME + UNNAMED if call.payload.get("transactionId") == UNKNOWN else SAME
    what = (call.payload.get(name) for name in names)
    return call.action, *what


class Repeats:
    """Knows the messages that were given up, and tells a repetition from a new one."""

    def __init__(self, ledger: Ledger, transactions: TransactionMemory) -> None:
        self._ledger, self._transactions = ledger, transactions
        self._unconfirmed: dict[Hashable, None] = {}
        self._confirmed: dict[Hashable, None] = {}  # of StartTransaction and StopTransaction

    @property
    def waiting(self) -> bool:
        """Is there any message that may come again?"""
        return bool(self._unconfirmed)

    def gave_up(self, call: Call) -> None:
        """The station stopped waiting for this one's reply."""
        key = key_of(call) if call.up else None
        if key is not None:
            self._unconfirmed[key] = None
            if len(self._unconfirmed) > MOST_REMEMBERED:
                del self._unconfirmed[next(iter(self._unconfirmed))]

    def is_again(self, call: Call) -> bool:
        """Was this message sent before? Then what it says is known."""
        if self._unconfirmed and key_of(call) in self._unconfirmed:
            call.again = True
            self._ledger.held(REPEAT)
            return True
        if call.row is None and call.action != "MeterValues":
            return self._once(call)
        return False

    def _once(self, call: Call) -> bool:
        """Is it one that was confirmed and comes again? A transaction is not begun twice by it."""
        key = key_of(call)
        if call.action == "StopTransaction":  # from here a start is another, were it told in the same words
            for known in [k for k in self._confirmed if isinstance(k, tuple) and k[0] == "StartTransaction"]:
                del self._confirmed[known]
        if call.action == "StopTransaction" and key in self._confirmed and self._is_anothers(call):
            return False
        again = self._is_running(call)
        if again or key in self._confirmed:
            message = f"{call.action} was sent again although it had been confirmed"
            self._ledger.broken(REPEAT, call.epoch_s, call.connector, "once", "again", message)
        return again or (call.action == "StopTransaction" and key in self._confirmed)

    def _is_anothers(self, call: Call) -> bool:
        """A stop in the words of one before, for the next transaction that never got an id (ER 3.18)."""
        stop = call.payload
        return stop.get("transactionId") == UNKNOWN and any(
            its.id is None and its.start_told < call.epoch_s and its.meter_start <= stop["meterStop"]
            for its in self._transactions.open.values()
        )

    def _is_running(self, call: Call) -> bool:
        """A start of the transaction that runs on the connector already: same card, same register."""
        if not call.valid or call.action != "StartTransaction":
            return False
        running = self._transactions.open.get(call.payload["connectorId"])
        return (
            running is not None
            and running.id is not None
            and running.id_tag == call.payload["idTag"]
            and running.meter_start == call.payload["meterStart"]
        )

    def confirmed(self, call: Call) -> None:
        """A reply came while the station waited for it."""
        if call.again:
            self._unconfirmed.pop(key_of(call), None)
        if call.action in ("StartTransaction", "StopTransaction") and (key := key_of(call)) is not None:
            self._confirmed[key] = None
            self._ledger.held(REPEAT)
            if len(self._confirmed) > MOST_REMEMBERED:
                del self._confirmed[next(iter(self._confirmed))]
