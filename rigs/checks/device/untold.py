"""Orders that change what a connector is, accepted and told by no status (4.9, 5.2, 5.13).

Frames alone decide: who says anything else a while later has had the time to say this.
"""

from functools import partial
from typing import NamedTuple

from evc5.rigs.checks.device.requests import AVAILABILITY
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, epoch
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.transactions.reservations import KEPT

ORDER_TOLD_S = 60.0  # assumed: a status that is not told so long after its order is not told at all
ENDS = ("Faulted", "Charging", "SuspendedEV", "SuspendedEVSE")  # none waits for an order there
STATUSES = frozenset((
    *("Available", "Preparing", "Finishing", "Reserved", "Unavailable", "Faulted"),
    *("Charging", "SuspendedEV", "SuspendedEVSE"),
))  # fmt: skip


class Effect(NamedTuple):
    """What an order does to a connector: from which statuses, and which may be told then."""

    requirement: str
    before: tuple[str, ...]
    after: frozenset[str]
    expected: str
    message: str


OUT = Effect(
    AVAILABILITY,
    ("Available", "Preparing", "Finishing"),
    frozenset(("Unavailable",)),
    "a StatusNotification Unavailable",
    "a connector was taken out of service and never told Unavailable",
)
SCHEDULED = Effect(
    AVAILABILITY,
    ("Available",),
    STATUSES - {"Available"},  # a car may come between, for which it waits
    "Accepted, and a StatusNotification Unavailable",
    "a connector was to be taken out of service after a transaction, where none runs, and never was",
)
BACK = Effect(
    AVAILABILITY,
    ("Unavailable",),
    STATUSES - {"Unavailable"},
    "a StatusNotification of another status",
    "a connector was put into service again and stays Unavailable",
)
RESERVED = Effect(
    KEPT,
    ("Available",),
    frozenset(("Reserved",)),
    "a StatusNotification Reserved",
    "a reservation was accepted and its connector never told Reserved",
)
FREED = Effect(
    KEPT,
    ("Reserved",),
    STATUSES - {"Reserved"},
    "a StatusNotification of another status",
    "a reservation was cancelled and its connector stays Reserved",
)
EXPIRED = Effect(
    KEPT,
    ("Reserved",),
    STATUSES - {"Reserved"},
    "a StatusNotification of another status at its expiryDate",
    "a reservation is over and its connector stays Reserved",
)


class Order(NamedTuple):
    """One that was accepted where it takes effect at once: what of, since and until when."""

    call: Call
    connector: int
    effect: Effect
    since: float
    until: float = FOREVER


class Untold:
    """Follows ChangeAvailability and ReserveNow to the status that they bring about."""

    def __init__(self, context: Context) -> None:
        self._ledger, self._history = context.ledger, context.history
        self._waiting: dict[int, Order] = {}  # by connector
        self._out: dict[int, float] = {}  # since when connectors tell Unavailable on an order
        self._whole_is_out = False
        self._kept_out: dict[int, float] = {}  # likewise, of those not heard of since the station booted
        self._scheduled: dict[int, Call] = {}  # by connector: to be taken out of service when it is free
        self._held: dict[int, Order] = {}  # by reservationId
        self._agenda = context.agenda
        bus = context.bus
        bus.replies["ChangeAvailability"].append(self._changed)
        bus.replies["ReserveNow"].append(self._reserved)
        bus.replies["CancelReservation"].append(self._cancelled)
        bus.calls["StatusNotification"].append(self._told)
        bus.calls["StartTransaction"].append(lambda call: self._forget(call.payload["connectorId"]))
        bus.calls["BootNotification"].append(self._booted)
        for name in ("link-down", "power-cut", "reset"):
            bus.events[name].append(self._unsure)
        for name in ("plug-in", "unplug", "tag", "fault", "clear"):
            bus.events[name].append(self._disturbed)
        bus.any_call.append(self._called)
        bus.readings.append(self._readings)

    # -- orders ----------------------------------------------------------------------------------

    def _changed(self, call: Call) -> None:
        if call.reply is None or call.reply["status"] == "Rejected":
            return
        connector, inoperative = call.payload["connectorId"], call.payload["type"] == "Inoperative"
        for one in [connector] if connector else self._history.outlets():
            self._forget(one)
            self._scheduled.pop(one, None)
            if not inoperative:
                self._returns(call, one)
                continue
            at = call.answered_s
            if call.reply["status"] == "Accepted":
                self._awaits(Order(call, one, OUT, at))
                continue
            self._scheduled[one] = call
            if self._is_idle():
                self._awaits(Order(call, one, SCHEDULED, at))
        if connector == 0:
            self._whole_is_out = inoperative

    def _is_idle(self) -> bool:
        """Is there no transaction that a scheduled change could wait for (5.2)?"""
        statuses = [self._history.connectors.statuses.get(one) for one in self._history.outlets()]
        return all(status == "Available" for status in statuses) and not self._history.transactions.open

    def _returns(self, call: Call, connector: int) -> None:
        """Where nothing else keeps it out of service: a fault, an update, or the station as a whole."""
        if connector in self._out and (call.payload["connectorId"] == 0 or not self._whole_is_out):
            self._awaits(Order(call, connector, BACK, call.answered_s))
        self._out.pop(connector, None)

    def _reserved(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            until = epoch(call.payload["expiryDate"])
            since = call.answered_s
            id, order = (
                call.payload["reservationId"],
                Order(call, call.payload["connectorId"], RESERVED, since, until),
            )
            self._held[id] = order
            waiting = self._waiting.get(order.connector)
            if waiting is not None and waiting.effect in (FREED, EXPIRED):
                self._forget(order.connector)  # it goes on as it is
            self._awaits(order)
            if until > since:
                self._agenda.at(until, partial(self._expires, id, order))

    def _expires(self, id: int, order: Order) -> None:
        """5.13: its connector is free again, unless it was reserved anew."""
        if self._held.get(id) is not order:
            return
        del self._held[id]
        if all(other.connector not in (0, order.connector) for other in self._held.values()):
            self._awaits(Order(order.call, order.connector, EXPIRED, order.until))

    def _awaits(self, order: Order) -> None:
        """Where the connector is known to be as the order finds it; of 0 any may be the one (5.13)."""
        stands = self._history.connectors.statuses.get(order.connector) in order.effect.before
        if order.connector and stands and order.connector not in self._history.transactions.open:
            self._waiting.setdefault(order.connector, order)

    def _cancelled(self, call: Call) -> None:
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        order = self._held.pop(call.payload["reservationId"], None)
        if order is None:
            return
        connector = order.connector
        waiting = self._waiting.get(connector)
        if waiting is not None and waiting.effect is RESERVED:
            self._forget(connector)
        if all(connector != other.connector for other in self._held.values()):
            self._awaits(Order(call, connector, FREED, call.answered_s))

    def _booted(self, _: Call) -> None:
        """What it kept of its orders is not known."""
        self._unsure(None)
        ordered = self._history.connectors.ordered_out
        self._kept_out = {connector: at for connector, at in self._out.items() if connector in ordered}
        self._out = {}
        self._scheduled.clear()
        self._held.clear()

    def _unsure(self, _: Event | None) -> None:
        self._waiting.clear()

    # -- what comes of them ----------------------------------------------------------------------

    def _told(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        order = self._waiting.get(connector)
        if connector in self._kept_out:
            self._persists(call, connector, status)
        if order is not None and status in order.effect.after:
            self._ledger.held(order.effect.requirement, 1, connector, call.epoch_s)
        if order is not None and (status in order.effect.after or status in ENDS):
            self._forget(connector)
            if order.effect in (OUT, SCHEDULED) and status == "Unavailable":
                self._out[connector] = call.epoch_s
        if status == "Available" and connector in self._scheduled:  # the transaction it waited for is over
            self._awaits(Order(self._scheduled.pop(connector), connector, OUT, call.epoch_s))
        elif status == "Unavailable":
            self._scheduled.pop(connector, None)

    def _persists(self, call: Call, connector: int, status: str) -> None:
        """4.9: what the CSMS took out of service is so after a boot, too."""
        since = self._kept_out.pop(connector)
        good = status in ("Unavailable", "Faulted") or connector not in self._history.connectors.ordered_out
        message = "a connector out of service is in service after a boot"
        expected = "Unavailable, as the CSMS ordered"
        told = expected, status, message
        untold = since, call.epoch_s
        self._ledger.judge(AVAILABILITY, good, call.epoch_s, connector, *told, untold=untold)
        if status == "Unavailable":
            self._out[connector] = since

    def _disturbed(self, event: Event) -> None:
        self._forget(event.connector or 0)

    def _forget(self, connector: int) -> None:
        self._waiting.pop(connector, None)

    def _called(self, call: Call) -> None:
        if self._waiting and call.up:
            self._talks(call.epoch_s, call.action)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        if self._waiting:
            self._talks(max(float(block.epoch_s[-1]) for block in blocks), "MeterValues")

    def _talks(self, epoch_s: float, action: str) -> None:
        shortest_s = float(self._history.keys.integer("MinimumStatusDuration", epoch_s) or 0)
        for order in [*self._waiting.values()]:
            for_s = epoch_s - order.since
            if for_s > ORDER_TOLD_S + shortest_s:
                self._forget(order.connector)
                if order.until > order.since + ORDER_TOLD_S + shortest_s and self._is_heard(order, epoch_s):
                    self._never(order, f"none for {for_s:.0f} s, though {action} came")

    def _is_heard(self, order: Order, epoch_s: float) -> bool:
        """Did nothing stand in the way of a status?"""
        link = self._history.link
        disturbed = link.may_be_queueing(order.since) or link.was_unheard(
            order.since, order.since + ORDER_TOLD_S
        )
        dark = self._history.boots.is_dark(order.since) or self._history.boots.registration != "Accepted"
        return not disturbed and not dark and self._is_alone(order)

    def _is_alone(self, order: Order) -> bool:
        """Was no other order given that may change it?"""
        return self._history.connectors.touches(order.connector, order.since, order.since + ORDER_TOLD_S) == 0

    def _never(self, order: Order, told: str) -> None:
        self._ledger.broken(
            order.effect.requirement,
            order.since,
            order.connector,
            order.effect.expected,
            told,
            order.effect.message,
            line=order.call.line,
        )
