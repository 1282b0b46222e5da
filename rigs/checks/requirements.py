"""The table of requirements: what is judged, and the clause that asks for it.

Sections are of OCPP 1.6 edition 2 unless said otherwise; J is OCPP-J 1.6, ER the errata sheet of 2025-04.
"""

from rigs.checks.ledger import Requirement as R

TABLE: tuple[R, ...] = (
    R(
        "recording.line",
        "Every line of the recording is readable, in order of time",
        "design: messages.jsonl",
    ),
    R("frame.form", "Every frame is an array of OCPP-J", "J 4.2"),
    R("frame.schema", "Every payload is valid against its schema", "J 4.2; OCPP 1.6 JSON schemas"),
    R("frame.timestamp", "Every timestamp is RFC 3339 with a zone", "3.14"),
    R("frame.error-code", "Every CALLERROR carries a code of the table", "J 4.2.3"),
    R("rpc.id", "Message ids are unique and at most 36 characters", "J 4.1.4"),
    R("rpc.one-call-station", "The charge point has one CALL outstanding at most", "J 4.1.1"),
    R("rpc.one-call-csms", "The CSMS has one CALL outstanding at most", "J 4.1.1"),
    R("rpc.matched", "Every reply answers a CALL", "J 4.1.4"),
    R("rpc.answered", "Every CALL that arrived is answered", "J 4.1.1"),
    R(
        "metering.sample-interval",
        "Samples come at their interval, counted from the start",
        "4.7, 9.1.25, ER 3.15",
    ),
    R("metering.clock-boundary", "Clock-aligned data stand exactly on the boundary", "9.1.5"),
    R("metering.clock-complete", "Clock-aligned data miss no boundary", "4.7, 9.1.5, ER 3.15"),
    R("metering.register-monotonic", "The energy register never runs backwards", "7.31"),
    R("metering.true-energy", "The register counts the energy that flowed", "EN 50470-3 class B"),
    R("metering.start-stop", "meterStart and meterStop agree with the samples", "6.45, 6.49"),
    R("metering.continuity", "The register does not jump between transactions", "7.31"),
    R("electrical.offer", "The current keeps to what the pilot offered", "IEC 61851-1 Annex A: 5 s"),
    R("electrical.reported-offer", "The current reported keeps to the offer reported", "IEC 61851-1 Annex A"),
)
