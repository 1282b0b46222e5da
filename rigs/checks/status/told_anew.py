"""What a station that is watched from its first moment on tells anew: no status twice, and what a boot finds.

Others may tell a status as often as they like (4.9), and what their connector was before a boot nobody knows.
"""

from collections import Counter

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import BEHAVIOUR, EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import SHEET

NEWS, BOOTED = "status.news", "status.after-boot"
REQUIREMENTS = (
    R(
        NEWS,
        "A status is told where it is news, and not again once it was confirmed",
        "4.9; assumed: as little as the standard asks for",
        needs=(EVENTS, BEHAVIOUR),
        arises=("StatusNotification",),
    ),
    R(
        BOOTED,
        "A cable that has had its transaction is Finishing after a boot as before it, as the policy has it",
        "4.9; policy after_power_loss",
        needs=(EVENTS, BEHAVIOUR),
        arises=("StatusNotification",),
    ),
)
CABLED = ("Preparing", "Finishing")  # of a cable without a transaction
TOLD = ("status", "errorCode", "info", "vendorErrorCode")
CHARGES = ("Charging", "SuspendedEV", "SuspendedEVSE")  # in a transaction, each until the next


class ToldAnew:
    """Keeps the last status of each connector that was confirmed, and who was Finishing at a boot."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._keys, self._connectors = context.history.keys, context.history.connectors
        self._after = "Finishing" if context.policies.get("after_power_loss") == "finishing" else "Preparing"
        self._known: dict[int, tuple[str | None, ...]] = {}
        self._turned: dict[int, tuple[str, str, str]] = {}  # the last stamp, the status before and at it
        self._asked: Counter[int | None] = Counter()  # how often for a status, by connector; None: for all
        self._used: Counter[int] = Counter()  # how many statuses were told again that may be of those
        self._finishing: set[int] = set()  # connectors whose cable has had its transaction, and is in
        self._dark_since: float | None = None  # it restarted then, and has not booted since
        self._waits_since = 0.0  # a cable that is in waits for a card since its last restart
        self._booted: set[int] = set()  # those of them that have told nothing since a boot
        evidence, bus = context.evidence, context.bus
        if not (evidence.from_power_on and evidence.events and evidence.behaviour == SHEET):
            return
        bus.replies["StatusNotification"].append(self._confirmed)
        bus.calls["StatusNotification"].append(self._told)
        bus.calls["BootNotification"].append(self._boots)
        bus.replies["TriggerMessage"].append(self._triggered)
        for name in ("link-down", "link-up"):
            bus.events[name].append(lambda event: self._known.clear())
        for name in ("power-cut", "reset"):
            bus.events[name].append(self._restarts)
        for name in ("unplug", "tag"):
            bus.events[name].append(self._touched)

    def _restarts(self, event: Event) -> None:
        self._known.clear()
        self._dark_since = event.epoch_s

    def _boots(self, call: Call) -> None:
        """One that was triggered is no restart."""
        self._known.clear()
        self._booted = set(self._finishing) if self._dark_since is not None else set()
        self._waits_since = self._waits_since if self._dark_since is None else self._dark_since
        self._dark_since = None

    def _triggered(self, call: Call) -> None:
        """What was asked for is told whether or not it is news (5.17)."""
        asked = call.payload["requestedMessage"] == "StatusNotification"
        if asked and call.reply is not None and call.reply["status"] == "Accepted":
            self._asked[call.payload.get("connectorId")] += 1

    def _touched(self, event: Event) -> None:
        self._finishing.discard(event.connector or 0)
        self._booted.discard(event.connector or 0)
        self._turned.pop(event.connector or 0, None)  # a cable that is swapped in an instant was out

    def _told(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        if connector in self._booted and status in CABLED and not self._has_waited(call):
            message = "the first status after a boot of a connector that was Finishing"
            good = status == self._after
            self._ledger.judge(BOOTED, good, call.epoch_s, connector, self._after, status, message)
        self._booted.discard(connector)
        self._comes_back(call)
        if self._known.get(connector) != _news(call) and not _is_occasion(call):
            self._known.pop(connector, None)
        stays = status == "Finishing" and not self._is_over(connector, call)
        (self._finishing.add if stays else self._finishing.discard)(connector)

    def _comes_back(self, call: Call) -> None:
        """A status that is over in the millisecond in which it began never stood; whole seconds hide it."""
        connector, status = call.payload["connectorId"], call.payload["status"]
        stamp = call.payload.get("timestamp", "")
        last, before, at = self._turned.get(connector, ("", "", ""))
        if stamp != last:
            self._turned[connector] = stamp, at, status
            return
        self._turned[connector] = stamp, before, status
        if status == before and {status, at} <= {*CHARGES} and status != at and call.happened_s % 1.0:
            message = f"{at} is told, and {status} again with the same stamp"
            self._ledger.broken(NEWS, call.epoch_s, connector, "neither", f"{at}, {status}", message)

    def _is_over(self, connector: int, call: Call) -> bool:
        """Was its cable pulled, or a card shown for it, by the time that it is told?"""
        plugged = self._connectors.plugged[connector].begin_of(call.epoch_s)
        shown = self._connectors.card_shown.get(connector, -FOREVER)
        return plugged is None or plugged > call.happened_s or shown > call.happened_s + WHOLE_SECOND_S

    def _has_waited(self, call: Call) -> bool:
        """Has its cable been in for ConnectionTimeOut since it restarted? Then it is Finishing anyway."""
        limit_s = self._keys.integer("ConnectionTimeOut", call.happened_s) or FOREVER
        return call.happened_s - self._waits_since >= limit_s - WHOLE_SECOND_S

    def _confirmed(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        if _is_occasion(call):
            return
        if call.reply is None:
            self._known.pop(connector, None)
            return
        is_again = self._known.get(connector) == _news(call)
        if is_again and self._asked[connector] + self._asked[None] > self._used[connector]:
            self._used[connector] += 1
            return
        message = f"{call.payload['status']} was told and confirmed, and is told again"
        self._ledger.judge(NEWS, not is_again, call.epoch_s, connector, "once", "again", message)
        self._known[connector] = _news(call)


def _news(call: Call) -> tuple[str | None, ...]:
    return tuple(call.payload.get(name) for name in TOLD)


def _is_occasion(call: Call) -> bool:
    """Is it told of an occasion, and not of how things are (3.5.2)?"""
    return bool(call.payload["errorCode"] == "LocalListConflict")
