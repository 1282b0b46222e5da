"""Orders that change what a connector is, accepted and told by no status (4.9, 5.2, 5.13).

Frames alone decide: who says anything else a while later has had the time to say this.
"""

from dataclasses import dataclass

from evc5.rigs.checks.device.requests import AVAILABILITY
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, epoch
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.transactions.reservations import KEPT

ORDER_TOLD_S = 60.0  # assumed: a status that is not told so long after its order is not told at all
IDLE = {"Unavailable": ("Available", "Preparing", "Finishing"), "Reserved": ("Available",)}
ENDS = ("Faulted", "Unavailable", "Charging", "SuspendedEV", "SuspendedEVSE")  # none waits for an order there
REQUIREMENT = {"Unavailable": AVAILABILITY, "Reserved": KEPT}
MESSAGE = {
    "Unavailable": "a connector was taken out of service and never told Unavailable",
    "Reserved": "a reservation was accepted and its connector never told Reserved",
}


@dataclass(frozen=True, slots=True)
class Order:
    """One that was accepted while its connector was idle: what is to be told, since and until when."""

    call: Call
    connector: int
    status: str
    since: float
    until: float = FOREVER


class Untold:
    """Follows ChangeAvailability and ReserveNow to the status that they bring about."""

    def __init__(self, context: Context) -> None:
        self._ledger, self._history = context.ledger, context.history
        self._waiting: dict[int, Order] = {}  # by connector
        bus = context.bus
        bus.replies["ChangeAvailability"].append(self._changed)
        bus.replies["ReserveNow"].append(self._reserved)
        bus.replies["CancelReservation"].append(self._cancelled)
        bus.calls["StatusNotification"].append(self._told)
        bus.calls["StartTransaction"].append(lambda call: self._forget(call.payload["connectorId"]))
        bus.calls["BootNotification"].append(lambda _: self._waiting.clear())
        for name in ("hole", "link-down", "power-cut", "reset"):
            bus.events[name].append(lambda _: self._waiting.clear())
        for name in ("plug-in", "unplug", "tag", "fault", "clear"):
            bus.events[name].append(self._disturbed)
        bus.any_call.append(self._called)
        bus.readings.append(self._readings)

    # -- orders ----------------------------------------------------------------------------------

    def _changed(self, call: Call) -> None:
        if call.reply is None or call.reply["status"] == "Rejected":
            return
        connector = call.payload["connectorId"]
        which = [connector] if connector else self._history.outlets()
        for one in which:
            self._forget(one)
            if call.payload["type"] == "Inoperative" and call.reply["status"] == "Accepted":
                self._awaits(Order(call, one, "Unavailable", call.reply_epoch_s or call.epoch_s))

    def _reserved(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            until = epoch(call.payload["expiryDate"])
            since = call.reply_epoch_s or call.epoch_s
            self._awaits(Order(call, call.payload["connectorId"], "Reserved", since, until))

    def _awaits(self, order: Order) -> None:
        """Where the connector is known to be free for it; of 0 any may be the one (5.13)."""
        is_idle = self._history.connectors.statuses.get(order.connector) in IDLE[order.status]
        if order.connector and is_idle and order.connector not in self._history.transactions.open:
            self._waiting.setdefault(order.connector, order)

    def _cancelled(self, call: Call) -> None:
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        id = call.payload["reservationId"]
        kept = {n: its for n, its in self._waiting.items() if its.call.payload.get("reservationId") != id}
        self._waiting = kept

    # -- what comes of them ----------------------------------------------------------------------

    def _told(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        order = self._waiting.get(connector)
        if order is None:
            return
        if status == order.status:
            self._ledger.held(REQUIREMENT[status], 1, connector, call.epoch_s)
        if status == order.status or status in ENDS:
            self._forget(connector)

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
                    self._never(order, f"none for {for_s:.0f} s, and {action}")

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
            REQUIREMENT[order.status],
            order.since,
            order.connector,
            f"a StatusNotification {order.status}",
            told,
            MESSAGE[order.status],
            line=order.call.line,
            cause="untold",
        )
