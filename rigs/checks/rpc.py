"""Calls and their replies: pairs the frames of a transcript and judges the pairing (OCPP-J 4.1)."""

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

    def __init__(self, frame: Frame) -> None:
        self.line, self.t, self.up, self.lost = frame.line, frame.t, frame.up, frame.lost
        self.id, self.action, self.payload = frame.id, frame.action, frame.payload
        self.readings: list[Reading] | None = frame.readings
        self.valid = frame.readings is not None  # a known template was validated when it was learned
        self.reply_t: float | None = None
        self.reply: dict[str, Any] | None = None  # the payload of a valid CALLRESULT
        self.error: str | None = None  # the code of a CALLERROR

    @property
    def connector(self) -> int | None:
        at = self.payload.get("connectorId") if isinstance(self.payload, dict) else None
        return at if isinstance(at, int) else None


class Ids:
    """Message ids of one sender: a counter takes no memory, others are remembered, the newest 100,000."""

    MOST = 100_000

    def __init__(self) -> None:
        self._runs: dict[str, list[int]] = {}  # prefix: first and last of an unbroken count
        self._others: dict[str, None] = {}

    def is_new(self, id: str) -> bool:
        prefix = id.rstrip("0123456789")
        digits = id[len(prefix) :]
        if digits and len(digits) < 19 and (digits[0] != "0" or len(digits) == 1):
            count, run = int(digits), self._runs.get(prefix)
            if run is None and len(self._runs) < 64:
                self._runs[prefix] = [count, count]
                return True
            if run is not None and count == run[1] + 1:
                run[1] = count
                return id not in self._others
            if run is not None and run[0] <= count <= run[1]:
                return False
        if id in self._others:
            return False
        self._others[id] = None
        if len(self._others) > self.MOST:
            del self._others[next(iter(self._others))]
        return True


class Pairing:
    """Pairs CALLs with replies in both directions and judges ids, order and answers."""

    def __init__(self, ledger: Ledger, call_timeout_s: float, answer_s: float) -> None:
        self._ledger, self._call_timeout_s, self._answer_s = ledger, call_timeout_s, answer_s
        self._open: dict[bool, dict[str, Call]] = {True: {}, False: {}}
        self._given_up: dict[bool, dict[str, Call]] = {True: {}, False: {}}
        self._ids = {True: Ids(), False: Ids()}
        self._foreign_t = {True: -1e18, False: -1e18}  # when a frame that is none was last sent
        self.silent = False  # the station may not answer now: its boot was rejected

    def call(self, frame: Frame) -> Call:
        ledger, waiting = self._ledger, self._open[frame.up]
        if waiting:
            self._overtaken(frame, waiting)
        else:
            ledger.judged[ONE_CALL[frame.up]] += 1
        if len(frame.id) > 36:
            ledger.broken("rpc.id", frame.t, None, "at most 36 characters", frame.id, "message id too long")
        elif not self._ids[frame.up].is_new(frame.id):
            ledger.broken("rpc.id", frame.t, None, "an id of its own", frame.id, "message id used before")
        else:
            ledger.judged["rpc.id"] += 1
        call = waiting[frame.id] = Call(frame)
        return call

    def reply(self, frame: Frame) -> Call | None:
        """The CALL this answers, or None; its `reply` and `error` are filled in by the caller."""
        asked = not frame.up
        call = self._open[asked].pop(frame.id, None) or self._given_up[asked].pop(frame.id, None)
        if call is None:
            if frame.t - self._foreign_t[asked] > self._answer_s:
                self._ledger.broken(
                    "rpc.matched", frame.t, None, "the id of a CALL outstanding", frame.id, "reply to no CALL"
                )
            return None
        self._ledger.judged["rpc.matched"] += 1
        self._ledger.judged["rpc.answered"] += 1
        call.reply_t = frame.t
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

    def _overtaken(self, frame: Frame, waiting: dict[str, Call]) -> None:
        for call in list(waiting.values()):
            waited = frame.t - call.t
            if waited < self._call_timeout_s:
                self._ledger.broken(
                    ONE_CALL[frame.up],
                    frame.t,
                    None,
                    f"the reply to {call.action} {call.id}, or {self._call_timeout_s:g} s of silence, first",
                    f"{frame.action} {frame.id} sent {waited:.3f} s after it",
                    "a second CALL while one was outstanding",
                )
            else:
                self._ledger.judged[ONE_CALL[frame.up]] += 1
                self._unanswered(call)
                self._given_up[frame.up][call.id] = waiting.pop(call.id)
                self._trim(frame.up)

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
        if call.valid:
            self._ledger.judged["frame.schema"] += 1
            self._ledger.judged["frame.timestamp"] += 1
            return True
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
