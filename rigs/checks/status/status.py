"""Connector statuses: the table of 4.9, error codes, and whether each change was told."""

from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.station_history import AT_REST
from evc5.rigs.checks.state.transactions import Transaction

TABLE, ZERO, CODE = "status.table", "status.connector-zero", "status.error-code"
SERVICE, MIDWAY = "status.in-service", "status.in-transaction"
NEEDS = "status.needs-transaction"
REQUIREMENTS = (
    R(TABLE, "Statuses change only as the table allows", "4.9"),
    R(ZERO, "Connector 0 is Available, Unavailable or Faulted", "4.9"),
    R(SERVICE, "No transaction starts on a connector Faulted or Unavailable", "4.9, 5.2, TC_041_CS"),
    R(MIDWAY, "A connector is not free, finishing or out of service in a transaction", "4.9, 7.7"),
    R(NEEDS, "Charging, SuspendedEV and SuspendedEVSE are told of a transaction", "4.9, 7.7"),
    R(CODE, "Faulted comes with an error code, no other status with a foreign one", "4.9, 7.6"),
)

# 4.9, row by row: from, the label of each way out and where it leads.
ROWS: dict[str, dict[str, str]] = {
    "Available": {
        **{"Preparing": "A2", "Charging": "A3", "SuspendedEV": "A4", "SuspendedEVSE": "A5"},
        **{"Reserved": "A7", "Unavailable": "A8", "Faulted": "A9"},
    },
    "Preparing": {
        **{"Available": "B1", "Charging": "B3", "SuspendedEV": "B4", "SuspendedEVSE": "B5"},
        **{"Finishing": "B6", "Faulted": "B9"},
    },
    "Charging": {
        **{"Available": "C1", "SuspendedEV": "C4", "SuspendedEVSE": "C5", "Finishing": "C6"},
        **{"Unavailable": "C8", "Faulted": "C9"},
    },
    "SuspendedEV": {
        **{"Available": "D1", "Charging": "D3", "SuspendedEVSE": "D5", "Finishing": "D6"},
        **{"Unavailable": "D8", "Faulted": "D9"},
    },
    "SuspendedEVSE": {
        **{"Available": "E1", "Charging": "E3", "SuspendedEV": "E4", "Finishing": "E6"},
        **{"Unavailable": "E8", "Faulted": "E9"},
    },
    "Finishing": {"Available": "F1", "Preparing": "F2", "Unavailable": "F8", "Faulted": "F9"},
    "Reserved": {"Available": "G1", "Preparing": "G2", "Unavailable": "G8", "Faulted": "G9"},
    "Unavailable": {
        **{"Available": "H1", "Preparing": "H2", "Charging": "H3", "SuspendedEV": "H4"},
        **{"SuspendedEVSE": "H5", "Faulted": "H9"},
    },
}
# 4.9: only these statuses may carry EVCommunicationError.
UNTOLD_S = 5.0  # assumed: what hands or a transaction brought about is told so soon
STOP_S = 120.0  # assumed: so long a stop may be on its way
MIDWAY_S = 0.1  # a stop and the status that comes of it have one instant
TOLD_S = 1.0  # what happens within a second may be told in either order
START_TOLD_S = 60.0  # assumed: a start is told so soon before or after the status that it brings
RUNNING = ("Charging", "SuspendedEV", "SuspendedEVSE")
OVER = ("Available", "Finishing", "Unavailable")
OVER_A_SHORT_ONE = frozenset((  # by way of Preparing, or of Available or Finishing
    *((before, running) for before in ("Finishing", "Reserved") for running in RUNNING),
    *((running, "Preparing") for running in RUNNING),
))  # fmt: skip
COMMUNICATION = ("Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing")


class Statuses:
    """Follows the StatusNotifications of each connector between boots and outages."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._history = context.history
        self._link = context.history.link
        self._hands_told = (
            context.evidence.events
        )  # else no one tells what happened at the connector meanwhile
        self._of_others = context.evidence.is_of_others
        self._agenda = context.agenda
        self._now: dict[int, str] = {}
        self._mended_epoch_s: dict[int, float] = {}  # by connector: when a fault last went away
        self._touched_epoch_s: dict[int, float] = {}  # by connector: when hands were last at it
        self._changed_epoch_s = float("-inf")  # when a transaction last began or ended
        self._asked_epoch_s = float("-inf")  # when the back office last took a hand
        self._since: dict[int, float] = {}
        # by connector: since when no transaction runs there, a fault in between or not
        self._rested: dict[int, float] = {}
        self._first: dict[int, Call] = {}  # by connector: its first status
        context.bus.calls["StartTransaction"].append(self._starts)
        context.bus.calls["StopTransaction"].append(self._stops)
        context.bus.end.append(self._end)
        self._midway: list[
            tuple[Transaction, float, str]
        ] = []  # told as if it were over: is its stop to come?
        self._before_fault: dict[int, str] = {}
        context.bus.calls["StatusNotification"].append(self._told)
        context.bus.calls["BootNotification"].append(self._booted)
        for name in ("link-down", "link-up", "power-cut", "power-restore"):
            context.bus.events[name].append(self._lost)
        for name in ("plug-in", "unplug", "tag", "fault"):
            context.bus.events[name].append(self._touched)
        context.bus.events["clear"].append(self._mended)
        context.bus.any_call.append(self._called)
        context.bus.replies["ChangeAvailability"].append(self._availability_changed)
        context.bus.events["clear"].append(self._repaired)

    def _told(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        self._first.setdefault(connector, call)
        self._code(call, connector, status)
        if connector == 0:
            good = status in ("Available", "Unavailable", "Faulted")
            message = "the charge point as a whole has no such status"
            self._ledger.judge(
                ZERO, good, call.epoch_s, 0, "Available, Unavailable or Faulted", status, message
            )
            return
        self._in_transaction(call, connector, status)
        before = self._now.get(connector)
        rested = self._rested.get(connector)
        if status in RUNNING and before in (*AT_REST, "Faulted") and rested is not None:
            self._agenda.at(call.epoch_s + START_TOLD_S, partial(self._needs, call, rested))
        if before is not None and before != status:
            self._step(call, connector, before, status)
        touched_epoch_s = self._touched_epoch_s.get(connector, float("-inf"))
        touched_epoch_s = max(self._changed_epoch_s, self._asked_epoch_s, touched_epoch_s)
        # a status that a transaction brought, and the fault overtook
        untold = min(call.happened_s, call.epoch_s) - touched_epoch_s < UNTOLD_S
        if self._hands_told and status == "Faulted" and before not in ("Faulted", None) and not untold:
            self._before_fault[connector] = before or ""
        if before != status:
            self._since[connector] = call.epoch_s
            self._rests(connector, status)
        self._now[connector] = status

    def _rests(self, connector: int, status: str) -> None:
        if status in AT_REST:
            self._rested[connector] = self._since[connector]
        elif status != "Faulted":  # it comes back as it was
            self._rested.pop(connector, None)

    def _needs(self, call: Call, rested: float) -> None:
        """Has a transaction begun since the connector was at rest? Its start may be on its way."""
        connector = call.payload["connectorId"]
        until = call.epoch_s + START_TOLD_S
        if self._link.may_be_queueing(until) or self._history.transactions.unclear:
            return
        begun = self._history.transactions.runs_past(connector, rested - START_TOLD_S, rested, until)
        message = f"{call.payload['status']} is told and no transaction was started"
        untold = (rested, until)
        self._ledger.judge(
            NEEDS, begun, call.epoch_s, connector, "StartTransaction", "none", message, untold=untold
        )

    def _in_transaction(self, call: Call, connector: int, status: str) -> None:
        """Its stop may have been before, and be told later."""
        running = self._history.transactions.open.get(connector)
        told = epoch(call.payload.get("timestamp", iso(call.epoch_s)))
        if running is None or told < running.start + TOLD_S:
            return
        if status in OVER:
            self._midway.append((running, told, status))
        else:
            self._ledger.held(MIDWAY, 1, connector, call.epoch_s)

    def _stops(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is not None and stopped.stop is not None:
            for its, told, status in self._midway:
                if its is stopped:
                    before_s = MIDWAY_S + self._ledger.time.doubt_s(told)  # by a clock that is just set
                    self._judge_midway(its, told >= stopped.stop - before_s, told, status)
            self._midway = [one for one in self._midway if one[0] is not stopped]

    def _end(self, epoch_s: float) -> None:
        outlets = self._history.outlets()
        beyond = [call for connector, call in self._first.items() if connector not in (0, *outlets)]
        for call in beyond if self._history.is_counted and outlets else ():
            expected, actual = f"connectors {outlets}", f"connector {call.payload['connectorId']}"
            message = "a status of a connector that NumberOfConnectors does not count"
            self._ledger.broken(
                TABLE, call.epoch_s, call.payload["connectorId"], expected, actual, message, line=call.line
            )
        until = self._link.delivered_until(epoch_s, STOP_S)
        for its, told, status in self._midway:
            unstopped = its.stop is None  # else its stop was told, and could not be read
            if unstopped and told < until and not self._link.may_be_queueing(epoch_s):
                self._judge_midway(its, False, told, status, untold=(its.start_told, epoch_s))

    def _judge_midway(
        self,
        its: Transaction,
        good: bool,
        told: float,
        status: str,
        untold: tuple[float, float] | None = None,
    ) -> None:
        message = f"transaction {its.id} runs"
        self._ledger.judge(
            MIDWAY, good, told, its.connector, "another status", status, message, untold=untold
        )

    def _starts(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        status, since = self._now.get(connector), self._since.get(connector, call.epoch_s)
        mended = call.epoch_s - self._mended_epoch_s.get(connector, float("-inf")) < UNTOLD_S
        told_before = not mended and since < epoch(call.payload["timestamp"]) - TOLD_S
        good = status not in ("Faulted", "Unavailable") or not told_before
        message = "a transaction starts on a connector out of service"
        self._ledger.judge(
            SERVICE,
            good,
            call.epoch_s,
            connector,
            "no start",
            f"{status} since {iso(since)}",
            message,
            untold=(since, call.epoch_s),
        )

    def _availability_changed(self, call: Call) -> None:
        """Operative again: a car that is there may begin before the status is told (H3 to H5)."""
        if call.payload.get("type") == "Operative" and call.reply == {"status": "Accepted"}:
            asked = call.payload["connectorId"]
            for connector in [asked] if asked else list(self._since):
                self._since.pop(connector, None)

    def _repaired(self, event: Event) -> None:
        """So may one after a fault (I3 to I5)."""
        if event.connector is not None:
            self._since.pop(event.connector, None)

    def _step(self, call: Call, connector: int, before: str, status: str) -> None:
        allowed = self._after_fault(connector) if before == "Faulted" else set(ROWS[before])
        expected = f"from {before}: {', '.join(sorted(allowed))}"
        since = self._since.get(connector, call.epoch_s)
        tell = partial(self._ledger.broken, TABLE, call.epoch_s, connector, expected, status, line=call.line)
        if status in allowed or (self._of_others and self._is_ordered(connector, before, status)):
            self._ledger.held(TABLE, 1, connector, call.epoch_s)
        elif self._of_others and (before, status) in OVER_A_SHORT_ONE:
            at = call.epoch_s + START_TOLD_S
            self._agenda.at_last(at, partial(self._leaves_one_out, tell, connector, since, call.epoch_s))
        else:
            tell("a status change that the table does not have", untold=(since, call.epoch_s))

    def _is_ordered(self, connector: int, before: str, status: str) -> bool:
        """5.2: out of service on an order, with a cable or a card that waits; the table has no B8."""
        is_out = not self._history.connectors.ordered_out.isdisjoint((0, connector))
        return before == "Preparing" and status == "Unavailable" and is_out

    def _leaves_one_out(self, tell: partial[None], connector: int, since: float, at: float) -> None:
        """4.9: a short status may be left out; then its transaction has begun, or is over, all the same."""
        transactions, until = self._history.transactions, at + START_TOLD_S
        if tell.args[-1] == "Preparing":
            running = transactions.open.get(connector)
            good = running is None or running.start > at - TOLD_S
        else:
            good = transactions.runs_past(connector, since - START_TOLD_S, since, until)
        if good:
            tell("the status between two was left out", severity="warning")
        else:
            tell("a status change that the table does not have", untold=(since, at))

    def _after_fault(self, connector: int) -> set[str]:
        """I1 to I8 lead back to where the fault struck, or on from there if something happened meanwhile."""
        old = self._before_fault.pop(connector, None)
        if old is None:
            return set(ROWS)
        over = {"Preparing": {"Available", "Finishing"}}.get(old, set())  # ConnectionTimeOut runs on
        if old in RUNNING:
            over = set(OVER)  # the fault may have ended it, its stop, or both, are to be told: MIDWAY judges
        return {old, *over, *(RUNNING if old in RUNNING else ())}

    def _mended(self, event: Event) -> None:
        if event.connector is not None:
            self._mended_epoch_s[event.connector] = event.epoch_s

    def _touched(self, event: Event) -> None:
        """Hands at the connector, or another fault: where it will be after this one is open."""
        if event.connector is None:
            return
        if event.name != "fault":
            self._touched_epoch_s[event.connector] = event.epoch_s
        if self._now.get(event.connector) == "Faulted":
            self._before_fault.pop(event.connector, None)

    def _called(self, call: Call) -> None:
        """So is it when a transaction begins or ends, or the back office takes a hand."""
        if not call.up or call.action in ("StartTransaction", "StopTransaction"):
            self._before_fault.clear()
        if not call.up:
            self._asked_epoch_s = call.epoch_s
        if call.action in ("StartTransaction", "StopTransaction"):
            self._changed_epoch_s = call.epoch_s

    def _code(self, call: Call, connector: int, status: str) -> None:
        code = call.payload["errorCode"]
        if status == "Faulted":
            good = code != "NoError"
            expected = "an error code with Faulted"
        elif code == "EVCommunicationError":
            good = status in COMMUNICATION
            expected = f"EVCommunicationError with one of {', '.join(COMMUNICATION)}"
        else:
            good, expected = True, ""
        message = "status and error code do not go together"
        self._ledger.judge(CODE, good, call.epoch_s, connector, expected, f"{status}, {code}", message)

    def _booted(self, call: Call) -> None:
        if not self._history.boots.boot_asked:
            self._forget()
            self._before_fault.clear()  # an update that kept it out of service is over

    def _lost(self, event: Event) -> None:
        self._forget()  # after an outage the present status is told, not the way to it

    def _forget(self) -> None:
        self._now.clear()
        self._rested.clear()
