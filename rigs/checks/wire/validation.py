"""Each payload against the schema of its message, once."""

from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.frames import RESULT, Frame
from evc5.rigs.checks.reading.logs.actions import call_is_up
from evc5.rigs.checks.reading.schemas import Fault, Schema, schema, without_foreign
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.requirement import CSMS, STATION
from evc5.rigs.checks.state.requirement import Requirement as R

REQUIREMENTS = (
    R("frame.form", "Every frame is an array of OCPP-J", "J 4.2"),
    R("frame.schema", "Every payload is valid against its schema", "J 4.2; OCPP 1.6 JSON schemas"),
    R("frame.timestamp", "Every timestamp is RFC 3339 with a zone", "3.14"),
    R("frame.error-code", "Every CALLERROR carries a code that there is, and that can be", "J 4.2.3; 3.3"),
)

# OCPP-J 1.6 section 4.2.3, with the spellings in use for formation and occurrence.
ERROR_CODES = frozenset(
    {
        *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
        *("FormationViolation", "FormatViolation", "PropertyConstraintViolation", "TypeConstraintViolation"),
        *("OccurenceConstraintViolation", "OccurrenceConstraintViolation", "GenericError"),
    }
)


class Validation:
    """Validates each payload once, against the schema of its message."""

    def __init__(self, ledger: Ledger, occupied: bool = False) -> None:
        """`occupied`: the station says Occupied for Preparing, as table 4 of its sheet has it."""
        self._ledger, self._occupied = ledger, occupied
        self._schemas: dict[tuple[str, bool], Schema | None] = {}

    def call(self, call: Call) -> bool:
        """Is this CALL's payload valid? Unknown actions are their receiver's business: NotImplemented."""
        known = self._schema(call.action, False)
        if self._occupied and call.action == "StatusNotification":
            self._translate(call)
        if known is None:
            if call.up:
                self._ledger.broken(
                    "frame.schema", call.epoch_s, None, "an action of OCPP 1.6", call.action, "unknown action"
                )
            return False
        if call_is_up(call.action) is (not call.up):
            self._misplaced(call)
            return False
        about = call.epoch_s, call.connector, call.action, call.up
        call.payload, call.valid = self._cleaned(known, call.payload, *about)
        return call.valid

    def _misplaced(self, call: Call) -> None:
        """The other side's to say, so that it tells nothing: a back office that boots is no charge point."""
        side = "charge point" if call.up else "CSMS"
        self._ledger.broken(
            "frame.schema",
            call.epoch_s,
            None,
            f"an action that a {side} may begin",
            call.action,
            f"{call.action} is not for a {side} to call",
            **_sender(call.up),
        )

    def _translate(self, call: Call) -> None:
        """Occupied is no status of 1.6, and the sheet says so itself."""
        if isinstance(call.payload, dict) and call.payload.get("status") == "Occupied":
            call.payload = {**call.payload, "status": "Preparing"}
            expected, message = "a status of 7.7", "Occupied, as table 4 of the sheet has it"
            self._ledger.broken(
                "frame.schema",
                call.epoch_s,
                call.connector,
                expected,
                "Occupied",
                message,
                severity="deviation",
            )

    def result(self, call: Call, frame: Frame) -> None:
        """Judge the reply and write it to its CALL."""
        if frame.kind != RESULT:
            self._error(call, frame)
            return
        known = self._schema(call.action, True)
        if known is None:
            self._ledger.broken(
                "frame.schema",
                frame.epoch_s,
                None,
                "a CALLERROR",
                "CALLRESULT",
                f"{call.action} is not known to 1.6",
                **_sender(frame.up),
            )
        else:
            about = frame.epoch_s, call.connector, f"{call.action}.conf", frame.up
            payload, valid = self._cleaned(known, frame.payload, *about)
            call.reply = payload if valid else None
            call.doubtful = payload is not frame.payload

    def _error(self, call: Call, frame: Frame) -> None:
        code, description, details = frame.payload
        call.error = code if isinstance(code, str) else ""
        if call.error in ERROR_CODES and isinstance(description, str) and isinstance(details, dict):
            self._ledger.held("frame.error-code")
            return
        self._ledger.broken(
            "frame.error-code",
            frame.epoch_s,
            call.connector,
            "[code of OCPP-J 4.2.3, text, object]",
            str(frame.payload)[:120],
            f"CALLERROR to {call.action} is not of that form",
            **_sender(frame.up),
        )

    def _schema(self, action: str, reply: bool) -> Schema | None:
        key = action, reply
        if key not in self._schemas:
            self._schemas[key] = schema(action, reply)
        return self._schemas[key]

    def _cleaned(
        self, known: Schema, payload: Any, epoch_s: float, connector: int | None, what: str, up: bool
    ) -> tuple[Any, bool]:
        """The payload without foreign fields, each a finding, and whether the rest of it is valid."""
        if known.valid(payload):
            self._ledger.held("frame.schema")
            self._ledger.held("frame.timestamp", known.has_timestamp)
            return payload, True
        faults = known.faults(payload)
        for fault in faults:
            self._invalid(fault, epoch_s, connector, what, up)
        if not any(fault.foreign for fault in faults):
            return payload, False
        cleaned = without_foreign(payload, faults)
        return cleaned, known.valid(cleaned)

    def _invalid(self, fault: Fault, epoch_s: float, connector: int | None, what: str, up: bool) -> None:
        requirement = "frame.timestamp" if fault.timestamp else "frame.schema"
        expected = "RFC 3339 with a zone" if fault.timestamp else "the schema of OCPP 1.6"
        where = f"{what} at /{fault.path}" if fault.path else what
        message = f"{where} is not valid"
        self._ledger.broken(
            requirement, epoch_s, connector, expected, fault.message[:160], message, **_sender(up)
        )


def _sender(up: bool) -> dict[str, Any]:
    """What a CSMS sends is not the station's fault."""
    return {"severity": "error" if up else "warning", "blames": STATION if up else CSMS}
