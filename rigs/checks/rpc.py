"""Calls and their replies: pairs the frames of a transcript and judges the pairing (OCPP-J 4.1)."""

import re
from typing import Any

from rigs.checks.frames import RESULT, Frame
from rigs.checks.ledger import Ledger
from rigs.checks.meter import Reading
from rigs.checks.schemas import Fault, Schema, schema


class Call:
    """A CALL and, once it came, its reply."""

    __slots__ = (
        *("line", "t", "up", "lost", "id", "action", "payload", "readings", "valid"),
        *("reply_t", "reply", "error"),
    )

    def __init__(self, line: int, t: float, up: bool, lost: bool, id: str, action: str, payload: Any) -> None:
        self.line, self.t, self.up, self.lost = line, t, up, lost
        self.id, self.action, self.payload = id, action, payload
        self.valid = False
        self.readings: list[Reading] | None = None  # of its meter values, where it has them and is valid
        self.reply_t: float | None = None
        self.reply: dict[str, Any] | None = None  # the payload of a valid CALLRESULT
        self.error: str | None = None  # the code of a CALLERROR

    @property
    def connector(self) -> int | None:
        at = self.payload.get("connectorId") if isinstance(self.payload, dict) else None
        return at if isinstance(at, int) else None


class Ids:
    """Message ids of one sender: counters take next to no memory, others are kept, the newest 100,000."""

    MOST, MOST_RUNS = 100_000, 64

    def __init__(self) -> None:
        self._runs: dict[str, list[list[int]]] = {}  # by prefix: first and last of each unbroken count
        self._others: dict[str, None] = {}
        self._next, self._run = "", [0, 0]  # the id that goes on the count last used

    def is_new(self, id: str) -> bool:
        if id == self._next and id not in self._others:
            self._run[1] += 1
            self._next = f"{id.rstrip(DIGITS)}{self._run[1] + 1}"
            return True
        return self._counted(id) if COUNTER.fullmatch(id) else self._other(id)

    def _counted(self, id: str) -> bool:
        prefix = id.rstrip(DIGITS)
        count, runs = int(id[len(prefix) :]), self._runs.setdefault(prefix, [])
        if any(first <= count <= last for first, last in runs):
            return False
        if len(self._runs) > self.MOST_RUNS or (runs and count < runs[-1][1]):
            return self._other(id)
        runs.append([count, count])
        del runs[: -self.MOST_RUNS]
        self._run, self._next = runs[-1], f"{prefix}{count + 1}"
        return id not in self._others

    def _other(self, id: str) -> bool:
        if id in self._others:
            return False
        self._others[id] = None
        if len(self._others) > self.MOST:
            del self._others[next(iter(self._others))]
        return True


DIGITS = "0123456789"
COUNTER = re.compile(r"(?:.*\D)?(?:0|[1-9]\d{0,17})", re.ASCII | re.DOTALL)


class Pairing:
    """Pairs CALLs with replies in both directions and judges ids, order and answers."""

    def __init__(self, ledger: Ledger, call_timeout_s: float, answer_s: float) -> None:
        self._ledger, self._call_timeout_s, self._answer_s = ledger, call_timeout_s, answer_s
        self._open: dict[bool, dict[str, Call]] = {True: {}, False: {}}
        self._given_up: dict[bool, dict[str, Call]] = {True: {}, False: {}}
        self._ids = {True: Ids(), False: Ids()}
        self._foreign_t = {True: -1e18, False: -1e18}  # when a frame that is none was last sent
        self.silent = False  # the station may not answer now: its boot was rejected

    def call(self, call: Call) -> None:
        """A CALL was sent."""
        waiting = self._open[call.up]
        if waiting:
            self._overtaken(call, waiting)
        else:
            self._ledger.judged[ONE_CALL[call.up]] += 1
        if len(call.id) > 36:
            self._bad_id(call, "at most 36 characters", "message id too long")
        elif not self._ids[call.up].is_new(call.id):
            self._bad_id(call, "an id of its own", "message id used before")
        else:
            self._ledger.judged["rpc.id"] += 1
        waiting[call.id] = call

    def _bad_id(self, call: Call, expected: str, message: str) -> None:
        self._ledger.broken("rpc.id", call.t, call.connector, expected, call.id, message)

    def expects_empty_reply(self, id: str) -> bool:
        """Does the charge point wait for the confirmation of this MeterValues, which is always empty?"""
        call = self._open[True].get(id)
        return call is not None and call.action == "MeterValues"

    def reply(self, t: float, up: bool, id: str) -> Call | None:
        """The CALL that a reply answers, or None; its `reply` and `error` are filled in by the caller."""
        call = self._open[not up].pop(id, None) or self._given_up[not up].pop(id, None)
        judged = self._ledger.judged
        if call is not None:
            judged["rpc.matched"] += 1
            judged["rpc.answered"] += 1
            call.reply_t = t
        elif t - self._foreign_t[not up] > self._answer_s:
            expected = "the id of a CALL outstanding"
            self._ledger.broken("rpc.matched", t, None, expected, id, "reply to no CALL")
        return call

    def foreign(self, frame: Frame) -> None:
        """A frame that is none was sent; an error reply with any id may follow."""
        self._foreign_t[frame.up] = frame.t

    def interrupted(self) -> None:
        """The link or the station went down: what was outstanding needs no answer any more."""
        for up in (True, False):
            self._given_up[up].update(self._open[up])
            self._open[up].clear()
            self._trim(up)

    def rebooted(self, boot: Call) -> None:
        """The station started anew: only its BootNotification is outstanding now."""
        self.interrupted()
        self._given_up[True].pop(boot.id, None)
        self._open[True][boot.id] = boot

    def end(self, t: float) -> None:
        for up in (True, False):
            for call in list(self._open[up].values()):
                if t - call.t >= self._answer_s:
                    self._unanswered(call)

    def _overtaken(self, late: Call, waiting: dict[str, Call]) -> None:
        for call in list(waiting.values()):
            waited = late.t - call.t
            if waited < self._call_timeout_s:
                self._ledger.broken(
                    ONE_CALL[late.up],
                    late.t,
                    None,
                    f"the reply to {call.action} {call.id}, or {self._call_timeout_s:g} s of silence, first",
                    f"{late.action} {late.id} sent {waited:.3f} s after it",
                    "a second CALL while one was outstanding",
                )
            else:
                self._ledger.judged[ONE_CALL[late.up]] += 1
                self._unanswered(call)
                self._given_up[late.up][call.id] = waiting.pop(call.id)
                self._trim(late.up)

    def _trim(self, up: bool) -> None:
        while len(self._given_up[up]) > 64:
            del self._given_up[up][next(iter(self._given_up[up]))]

    def _unanswered(self, call: Call) -> None:
        if call.lost or (self.silent and not call.up):
            return
        self._ledger.broken(
            "rpc.answered",
            call.t,
            call.connector,
            f"a reply within {self._answer_s:g} s",
            "none",
            f"{call.action} {call.id} of the {'charge point' if call.up else 'CSMS'} was not answered",
            severity="warning" if call.up else "error",
        )


ONE_CALL = {True: "rpc.one-call-station", False: "rpc.one-call-csms"}


class Validation:
    """Validates each payload once, against the schema of its message."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._schemas: dict[tuple[str, bool], Schema | None] = {}

    def call(self, call: Call) -> bool:
        """Is this CALL's payload valid? Unknown actions are their receiver's business: NotImplemented."""
        known = self._schema(call.action, False)
        if known is None:
            if call.up:
                self._ledger.broken(
                    "frame.schema", call.t, None, "an action of OCPP 1.6", call.action, "unknown action"
                )
            return False
        call.valid = self._judge(known, call.payload, call.t, call.connector, call.action)
        return call.valid

    def result(self, call: Call, frame: Frame) -> None:
        """Judge the reply and write it to its CALL."""
        if frame.kind != RESULT:
            self._error(call, frame)
            return
        known = self._schema(call.action, True)
        if known is None:
            self._ledger.broken(
                "frame.schema",
                frame.t,
                None,
                "a CALLERROR",
                "CALLRESULT",
                f"{call.action} is not known to 1.6",
            )
        elif self._judge(known, frame.payload, frame.t, call.connector, f"{call.action}.conf"):
            call.reply = frame.payload

    def _error(self, call: Call, frame: Frame) -> None:
        code, description, details = frame.payload
        call.error = code if isinstance(code, str) else ""
        if code in ERROR_CODES and isinstance(description, str) and isinstance(details, dict):
            self._ledger.judged["frame.error-code"] += 1
            return
        self._ledger.broken(
            "frame.error-code",
            frame.t,
            call.connector,
            "[code of OCPP-J 4.2.3, text, object]",
            str(frame.payload)[:120],
            f"CALLERROR to {call.action} is not of that form",
        )

    def _schema(self, action: str, reply: bool) -> Schema | None:
        key = action, reply
        if key not in self._schemas:
            self._schemas[key] = schema(action, reply)
        return self._schemas[key]

    def _judge(self, known: Schema, payload: Any, t: float, connector: int | None, what: str) -> bool:
        judged = self._ledger.judged
        if known.valid(payload):
            judged["frame.schema"] += 1
            judged["frame.timestamp"] += known.has_timestamp
            return True
        for fault in known.faults(payload):
            self._invalid(fault, t, connector, what)
        return False

    def _invalid(self, fault: Fault, t: float, connector: int | None, what: str) -> None:
        requirement = "frame.timestamp" if fault.timestamp else "frame.schema"
        expected = "RFC 3339 with a zone" if fault.timestamp else "the schema of OCPP 1.6"
        where = f"{what} at /{fault.path}" if fault.path else what
        self._ledger.broken(requirement, t, connector, expected, fault.message[:160], f"{where} is not valid")


# OCPP-J 1.6 section 4.2.3, with the spellings in use for formation and occurrence.
ERROR_CODES = frozenset(
    {
        *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
        *("FormationViolation", "FormatViolation", "PropertyConstraintViolation", "TypeConstraintViolation"),
        *("OccurenceConstraintViolation", "OccurrenceConstraintViolation", "GenericError"),
    }
)
