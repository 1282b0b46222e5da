"""One frame, event or part of telemetry after the other, told to all who judge it."""

import sys
from typing import Any

from evc5.rigs.checks.metering.clock import restamping
from evc5.rigs.checks.reading import meter, telemetry
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block, Gathering
from evc5.rigs.checks.reading.frames import CALL, Frame
from evc5.rigs.checks.reading.meter import Reading
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Breakdown, Event, breakdown
from evc5.rigs.checks.state.requirement import CSMS, STATION
from evc5.rigs.checks.state.unknown_columns import unjudged
from evc5.rigs.checks.transactions.repeats import Repeats
from evc5.rigs.checks.transactions.shared_ids import UNIQUE, SharedIds
from evc5.rigs.checks.verdict.catalogue import CHECKS
from evc5.rigs.checks.wire.clocks import Clocks
from evc5.rigs.checks.wire.heartbeat import Heartbeat
from evc5.rigs.checks.wire.pairing import Pairing
from evc5.rigs.checks.wire.validation import Validation

_READINGS = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}
# What the readings before it must not be seen in the light of.
_BARRIER_CALLS = frozenset({"StartTransaction", "StopTransaction", "BootNotification"})
_BARRIER_REPLIES = frozenset(
    {"StartTransaction", "BootNotification", "GetConfiguration", "ChangeConfiguration"}
)
_BARRIER_EVENTS = frozenset({"link-down", "link-up", "power-cut", "power-restore", "reset", "clock-set"})
MOST_BREAKDOWNS = 20  # kept, one a kind


class Telling:
    """Frames are paired and validated first; then memory hears of them, then the checks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._bus, self._ledger = context.bus, context.ledger
        self._history = context.history
        tolerances, policies = context.tolerances, context.policies
        self.repeats = Repeats(self._ledger, self._history.transactions)
        self.pairing = Pairing(self._ledger, context.evidence, tolerances, self._gave_up)
        self._history.link.waiting = self.pairing.waits_since
        self._validation = Validation(self._ledger, policies.get("occupied_status", "off") != "off")
        self._clocks = Clocks(context)
        self.shared_ids = SharedIds(self._history.transactions, self._history.stops)
        self.gathering = Gathering(self._no_number)
        self.gathering.listeners = [self._read]
        self.breakdowns: dict[Breakdown, tuple[int | None, float]] = {}  # with line and time of the first
        self._now: tuple[int | None, float] = None, context.ledger.time.start
        self._bus.on_breakdown = self._breaks_down
        self._history.keys.on_setting = lambda key, epoch_s: self._bus.tell(self._bus.settings, key, epoch_s)
        for check in CHECKS:
            check(context)
        self.heartbeat = Heartbeat(context)
        self.gathering.restamp = restamping(context)

    # -- frames ----------------------------------------------------------------------------------

    def frame(self, frame: Frame) -> Call | None:
        """Tell of a frame; the Call where it is a valid one that was not sent before."""
        self._goes(frame.line, frame.epoch_s, frame.up)
        try:
            return self._frame(frame)
        except Exception as error:
            self._breaks_down(breakdown(self.frame, error))
            return None

    def _goes(self, line: int, epoch_s: float, up: bool) -> None:
        """A frame is judged now."""
        self._now = line, epoch_s
        self._ledger.lines.tell(epoch_s, line)
        self._context.evidence.heard(epoch_s, up)

    def beat(self, call: Call, answered_s: float) -> None:
        """A Heartbeat with its answer on the line behind it, both of valid form."""
        self._goes(call.line, call.epoch_s, up=True)
        self._ledger.seen.add(call.action)
        self.pairing.call(call)
        self._clocks.mended(call)
        self.heartbeat.hear(call.epoch_s)
        self._bus.tell(self._bus.any_call, call)
        self._history.call(call)
        self._bus.tell(self._bus.calls.get(call.action, ()), call)
        self._history.link.heard_at = call.epoch_s
        self._goes(call.line + 1, answered_s, up=False)
        self.pairing.reply(answered_s, False, call.id)
        self._replied(call)

    def _frame(self, frame: Frame) -> Call | None:
        told = None
        if frame.fault:
            self._foreign(frame)
        elif frame.kind == CALL:
            self._ledger.held("frame.form")
            told = self._call(self._made(frame))
        else:
            self._ledger.held("frame.form")
            self._answered(frame)
        if frame.up:
            self._history.link.heard_at = frame.epoch_s
        return told

    def _made(self, frame: Frame) -> Call:
        self._ledger.seen.add(frame.action)
        call = Call(frame.line, frame.epoch_s, frame.up, frame.lost, frame.id, frame.action, frame.payload)
        if not call.up and self._history.boots.registration in ("", "Rejected"):
            call.lost = True  # the station need not listen
        self.pairing.call(call)
        return call

    def _answered(self, frame: Frame) -> None:
        if frame.lost and not frame.up:  # what the station answered is so, heard or not
            self.pairing.lost_reply(frame.up, frame.id)
            return
        asked = self.pairing.reply(frame.epoch_s, frame.up, frame.id)
        if asked is not None:
            self._reply(asked, frame)

    def _foreign(self, frame: Frame) -> None:
        self.pairing.foreign(frame)
        self._ledger.broken(
            "frame.form",
            frame.epoch_s,
            None,
            "a CALL, CALLRESULT or CALLERROR",
            frame.fault[:120],
            f"{self._ledger.line_name(frame.line)} holds no OCPP frame",
            severity="error" if frame.up else "warning",  # what a CSMS sends is not the station's fault
            blames=STATION if frame.up else CSMS,
        )

    def _call(self, call: Call) -> Call | None:
        valid = self._validation.call(call)
        if valid:
            call.payload = self._clocks.mended(call)
        if valid and call.action == "StopTransaction":
            self.shared_ids.stopped(call)
        if call.up:
            self.heartbeat.hear(call.epoch_s)
        if call.action != "MeterValues":
            self._bus.tell(self._bus.any_call, call)
        if not valid:
            self._history.unreadable(call)
            return None
        if call.action in _BARRIER_CALLS:
            self.gathering.flush(self._concerns(call))
        if call.action == "StopTransaction" and self._history.stops.misnamed(call.payload):
            self.gathering.flush()  # it is of another connector
        if call.action == "BootNotification" and not self._history.boots.boot_asked:
            self.pairing.rebooted(call)
        if call.action in _READINGS:
            call.readings = self._readings(call)
        if self.repeats.is_again(call):
            if call.action != "MeterValues":
                self._history.transactions.again(call)
            return None
        if call.action == "MeterValues":
            for reading in call.readings or ():
                self.gathering.add_reading(reading)
        else:
            self._history.call(call)
        self._bus.tell(self._bus.calls.get(call.action, ()), call)
        return call

    def _concerns(self, call: Call) -> int | None:
        """The connector whose readings a call divides into those before it and those after; None: all."""
        if call.action != "StopTransaction":
            return call.connector
        its = self._history.transactions.by_id.get(call.payload["transactionId"])
        return None if its is None else its.connector

    def _readings(self, call: Call) -> list[Reading]:
        payload = call.payload
        items = payload.get(_READINGS[call.action], [])
        memory = self._history.transactions
        transaction = self._history.stops.misnamed(payload) if call.action == "StopTransaction" else None
        transaction = transaction or memory.by_id.get(payload.get("transactionId", -1))
        connector = payload.get("connectorId", transaction.connector if transaction else 0)
        try:
            meant = self.shared_ids.meant(connector, payload.get("transactionId"))
            return meter.read(items, call.epoch_s, connector, meant)
        except ValueError as error:
            self._no_number(call.epoch_s, connector, str(error))
            return []

    def _no_number(self, epoch_s: float, connector: int, text: str) -> None:
        message = "a meter value that is no number"
        self._ledger.broken("frame.schema", epoch_s, connector, "a number as the value", text[:100], message)

    def _read(self, connector: int, blocks: list[Block]) -> None:
        measured = self._context.evidence.measured
        measured.update(column.measurand for block in blocks for column in block.layout.columns)
        self._history.connectors.named.add(connector)
        self._history.stops.readings(connector, blocks)
        self._bus.tell(self._bus.readings, connector, blocks)

    def _reply(self, call: Call, frame: Frame) -> None:
        if call.action in _BARRIER_REPLIES:
            self.gathering.flush(self._concerns(call))
        self._validation.result(call, frame)
        if call.action == "StartTransaction" and call.valid:
            if call.reply is not None:
                self._given(call)
            else:
                self._history.transactions.unreadable_confirmation(call, frame.payload)
        self._replied(call)

    def _replied(self, call: Call) -> None:
        self._bus.tell(self._bus.any_reply, call)
        if call.error is not None or call.reply is None or call.doubtful:  # it may count as none
            self._gave_up(call)
        else:
            self.repeats.confirmed(call)
            self.shared_ids.confirmed(call)
            self._history.link.confirmed(call)
        if call.valid:
            self._clocks.told(call)
            self._history.reply(call)
            self._bus.tell(self._bus.replies.get(call.action, ()), call)
            if call.action == "ExtendedTriggerMessage":  # the white paper's own, with the same fields
                self._bus.tell(self._bus.replies.get("TriggerMessage", ()), call)

    def _given(self, call: Call) -> None:
        """The CSMS gave a transaction its id."""
        if not self.shared_ids.is_shared(call):
            self._ledger.held(UNIQUE)
            return
        message = "a transaction is given the id of another that runs"
        expected = "an id of its own"
        epoch_s = call.answered_s
        actual = f"transaction {(call.reply or {})['transactionId']} again"
        self._ledger.broken(
            UNIQUE, epoch_s, call.connector, expected, actual, message, severity="warning", blames=CSMS
        )
        self.shared_ids.tell_apart(call)

    def _gave_up(self, call: Call) -> None:
        """A CALL got no reply, or a CALLERROR."""
        self._history.link.gave_up(call, self._history.boots.accepted_since is not None)
        self.repeats.gave_up(call)

    # -- all else --------------------------------------------------------------------------------

    def event(self, event: Event) -> None:
        self._now = None, event.epoch_s
        self._ledger.seen.add(event.name)
        if event.name in _BARRIER_EVENTS:
            self.gathering.flush()
        self._history.event(event.epoch_s, event.name, event.connector, event.detail)
        if event.name in ("link-down", "power-cut", "reset"):
            self.pairing.interrupted()
        self._bus.tell(self._bus.events.get(event.name, ()), event)

    def part(self, part: dict[int, list[telemetry.Rows]]) -> None:
        """A closed part of the telemetry, or several."""
        self.gathering.flush()
        self._context.telemetry.add(part)
        newest = self._context.telemetry.parts
        self._ledger.unjudged = unjudged({connector: newest[connector].new() for connector in part})
        self._bus.tell(self._bus.telemetry)

    def end(self, epoch_s: float) -> None:
        self._now = None, epoch_s
        self.gathering.flush()
        self.pairing.end(epoch_s)
        self._bus.tell(self._bus.end, epoch_s)

    def _breaks_down(self, broken: Breakdown) -> None:
        rows = getattr(sys.modules.get(broken.module), "REQUIREMENTS", ())
        self._ledger.inconclusive.update(row.id for row in rows)
        kind = broken._replace(error=broken.error.partition(":")[0])
        known = {one._replace(error=one.error.partition(":")[0]) for one in self.breakdowns}
        if kind not in known and len(self.breakdowns) < MOST_BREAKDOWNS:
            self.breakdowns[broken] = self._now

    def told_breakdowns(self) -> list[dict[str, Any]]:
        """As a summary carries them."""
        return [
            {"check": broken.check, "error": broken.error, "where": broken.where, "line": line, "t": epoch_s}
            for broken, (line, epoch_s) in self.breakdowns.items()
        ]
