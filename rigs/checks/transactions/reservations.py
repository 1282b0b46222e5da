"""Reservations: a connector that is held for a card serves no other (5.13)."""

from typing import NamedTuple

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER, epoch, iso
from evc5.rigs.checks.state.connectors import QUIET_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import Requirement as R

KEPT = "reservation.kept"
REQUIREMENTS = (
    R(
        KEPT,
        "A free connector is reserved for a card, serves no other, its start says so, it is cancelled once",
        "4.8, 5.1, 5.13, TC_046_2_CS, TC_048_1_CS, TC_052_CS",
    ),
)
# 5.13: what a connector that is told to be so answers to a reservation.
ANSWERS = {
    **dict.fromkeys(("Charging", "SuspendedEV", "SuspendedEVSE", "Preparing", "Finishing"), "Occupied"),
    **{"Faulted": "Faulted", "Unavailable": "Unavailable"},
}
TAKEN = ("Charging", "SuspendedEV", "SuspendedEVSE", "Unavailable", "Faulted")  # nobody else can have it
ENDED_BY = ("Available", "Unavailable", "Faulted")  # 5.13; Available: the station itself says that it is over
UNKNOWN_GROUP = "the group of a card: let its Authorize be answered with parentIdTag"


class Reservation(NamedTuple):
    """As it was accepted; tags in lower case."""

    connector: int
    tag: str
    parent: str | None
    until: float
    since: float = -FOREVER


class Reservations:
    """Follows reservations to their end, and holds each start on their connector against them."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._history = context.history
        self._statuses: dict[int, tuple[float, str]] = {}  # by connector: as last told, and when
        self._made: set[int] | None = (
            set() if context.evidence.from_power_on else None
        )  # ever; None: not known
        self._lifelong = context.evidence.from_power_on
        self._held: dict[int, Reservation] = {}  # by reservationId
        self._asked: set[int] = set()  # ids of reservations that were asked for, whatever came of it
        self._keys = context.history.keys
        self._gone: set[int] = set()  # ids that were cancelled and not reserved anew
        self._parents: dict[str, str | None] = {}  # by tag: its group as the CSMS told it
        bus = context.bus
        bus.replies["ReserveNow"].append(self._reserved)
        bus.replies["CancelReservation"].append(self._cancelled)
        bus.calls["StatusNotification"].append(self._told)
        bus.calls["BootNotification"].append(lambda call: self._held.clear())  # kept or not, 5.13 leaves open
        bus.calls["StartTransaction"].append(self._starts)
        bus.replies["Authorize"].append(self._authorised)

    def _reserved(self, call: Call) -> None:
        asked = call.payload
        self._asked.add(asked["reservationId"])
        if call.reply is not None and call.reply["status"] != "Accepted":
            return
        self._may_be_made(call)
        if self._made is not None:
            self._made.add(asked["reservationId"])
        self._gone.discard(asked["reservationId"])
        if call.reply is None:  # whether it was made nobody knows
            return
        self._held[asked["reservationId"]] = Reservation(
            asked["connectorId"],
            asked["idTag"].lower(),
            _lower(asked.get("parentIdTag")),
            epoch(asked["expiryDate"]),
            call.answered_s,
        )

    def _may_be_made(self, call: Call) -> None:
        """One that was accepted: the connector itself has told since a while that it is not to be had."""
        if call.reply is None:
            return
        connector, id = call.payload["connectorId"], call.payload["reservationId"]
        since, status = self._statuses.get(connector, (call.epoch_s, ""))
        longest_s = max(QUIET_S, float(self._keys.integer("MinimumStatusDuration", call.epoch_s) or 0))
        settled = call.epoch_s - since > longest_s and not self._history.link.may_be_queueing(call.epoch_s)
        expected = ANSWERS.get(status) if settled else None
        if connector == 0 and self._keys.flag("ReserveConnectorZeroSupported", call.epoch_s) is False:
            expected = "Rejected"
        if self._history.lacks(connector):
            expected = "Rejected"
        if settled and status == "Reserved" and self._of_another(connector, id):
            expected = "Occupied"
        told = {0: "ReserveConnectorZeroSupported is false"}.get(
            connector, f"connector {connector} is {status}"
        )
        message = "a reservation is accepted where none can be made"
        good = expected is None
        self._ledger.judge(KEPT, good, call.epoch_s, connector, f"{expected}: {told}", "Accepted", message)

    def _of_another(self, connector: int, id: int) -> bool:
        """Is it held by a reservation of which the log knows, and not by the one that is replaced?"""
        ids = {one for one, its in self._held.items() if its.connector == connector}
        return bool(ids) and id not in self._held

    def _may_be_held(self, id: int, epoch_s: float) -> bool:
        """May it stand from before the log? Not where every connector tells that it is not reserved."""
        if id in self._gone or (self._made is not None and id not in self._made):
            return False
        told = [at + QUIET_S < epoch_s and status != "Reserved" for at, status in self._outlets()]
        none_reserved = len(told) == len(self._history.outlets()) and bool(told) and all(told)
        zero = self._keys.flag("ReserveConnectorZeroSupported", epoch_s)
        return id in self._asked or not none_reserved or bool(zero)

    def _outlets(self) -> list[tuple[float, str]]:
        return [told for connector, told in self._statuses.items() if connector]

    def _refused(self, call: Call) -> None:
        """A cancelling, of one whose connector is told to be reserved yet."""
        its = self._held.get(call.payload["reservationId"])
        if its is None or call.epoch_s >= its.until - QUIET_S:
            return
        if self._statuses.get(its.connector, (0.0, ""))[1] == "Reserved":
            message = "a reservation that stands is not cancelled"
            expected = f"Accepted: reservation {call.payload['reservationId']} stands"
            self._ledger.broken(KEPT, call.epoch_s, its.connector, expected, "Rejected", message)

    def _cancelled(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Rejected":
            self._refused(call)
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        id = call.payload["reservationId"]
        made = self._held.pop(id, None) is not None or self._may_be_held(id, call.epoch_s)
        message = "a reservation is cancelled that is none any more"
        expected, actual = f"Rejected: no reservation {id}", "Accepted"
        self._ledger.judge(KEPT, made, call.epoch_s, None, expected, actual, message)
        self._gone.add(id)

    def _told(self, call: Call) -> None:
        since, before = self._statuses.get(call.payload["connectorId"], (call.epoch_s, ""))
        again = before == call.payload["status"]
        self._statuses[call.payload["connectorId"]] = since if again else call.epoch_s, call.payload["status"]
        if call.payload["status"] in ENDED_BY:
            self._end(call.payload["connectorId"])
        elif call.payload["status"] == "Reserved" and before == "Available":
            self._by_itself(call, since)

    def _by_itself(self, call: Call, since: float) -> None:
        """4.9, A7: a ReserveNow brings it about, if it is not lost in a hole."""
        if self._asked or self._lifelong or self._ledger.holes.may_hide(since, call.epoch_s) is not None:
            return
        about = KEPT, call.epoch_s, call.connector, "a ReserveNow before it", "none"
        message = "a connector is Reserved that nobody reserved"
        self._ledger.broken(*about, message, severity="warning", count=0)

    def _end(self, connector: int) -> None:
        self._held = {id: its for id, its in self._held.items() if its.connector != connector}

    def _authorised(self, call: Call) -> None:
        if call.reply is not None:
            self._parents[call.payload["idTag"].lower()] = _lower(call.reply["idTagInfo"].get("parentIdTag"))

    def _starts(self, call: Call) -> None:
        connector, tag = call.payload["connectorId"], call.payload["idTag"].lower()
        stamp = epoch(call.payload["timestamp"])
        for id, its in self._held.items():
            if its.connector == connector and stamp < its.until:
                self._judge(call, its, tag, id)
        for id, its in [*self._held.items()]:
            if its.connector == 0 and its.since + QUIET_S < stamp < its.until:
                self._any(call, its, id)
        self._end(connector)
        self._is_one(call)

    def _any(self, call: Call, its: Reservation, id: int) -> None:
        """Of connector 0: one has to remain that its card can have, until it has one (5.13)."""
        tag, told = call.payload["idTag"].lower(), call.payload.get("reservationId")
        if tag == its.tag or (its.parent is not None and self._parents.get(tag, its.parent) == its.parent):
            self._held.pop(id)
            return
        mine = call.payload["connectorId"]
        others = [one for one in self._history.outlets() if one not in (0, mine)]
        held = {one.connector for one in self._held.values()}
        free = [
            one for one in others if one not in held and self._statuses.get(one, ("", ""))[1] not in TAKEN
        ]
        message = "the last connector is given to another card, and one is reserved"
        expected, actual = f"{its.tag}, until {iso(its.until)}", call.payload["idTag"]
        if told is None and mine not in held and self._history.boots.accepted_since is not None:
            self._ledger.judge(KEPT, bool(free), call.epoch_s, mine, expected, actual, message)

    def _is_one(self, call: Call) -> None:
        """What a start names was reserved at some time."""
        told = call.payload.get("reservationId")
        if told is not None and self._made is not None and told not in self._made:
            message = "a start names a reservation that nobody made"
            self._ledger.broken(KEPT, call.epoch_s, call.connector, "no reservationId", f"{told}", message)

    def _judge(self, call: Call, its: Reservation, tag: str, id: int) -> None:
        if tag != its.tag and its.parent is not None and tag not in self._parents:
            self._ledger.not_compared(KEPT, UNKNOWN_GROUP)
            return
        good = tag == its.tag or (its.parent is not None and self._parents.get(tag) == its.parent)
        expected = f"{its.tag}, until {iso(its.until)}"
        message = "a transaction starts on a connector that is reserved for another card"
        self._ledger.judge(KEPT, good, call.epoch_s, its.connector, expected, tag, message)
        if good:
            self._named(call, its, id)

    def _named(self, call: Call, its: Reservation, id: int) -> None:
        """The start that ends a reservation has to name it (4.8)."""
        told = call.payload.get("reservationId")
        message = "a transaction that ends a reservation does not name it"
        expected, actual = f"reservationId {id}", "none" if told is None else f"{told}"
        named = self._held.get(told)  # an earlier one may stand beside it
        good = named is not None and named.connector == its.connector
        self._ledger.judge(KEPT, good, call.epoch_s, its.connector, expected, actual, message)


def _lower(tag: str | None) -> str | None:
    """Tags are compared without regard to case (7.28)."""
    return None if tag is None else tag.lower()
