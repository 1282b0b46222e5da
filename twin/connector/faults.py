"""What OCPP 1.6 (7.6) has for a fault; table 5 of the sheet then says which codes the device knows.

EVC4 logs show reader and meter as Faulted.
"""

from typing import NamedTuple

from evc5.models.faults import UNREADABLE, Fault


class FaultRow(NamedTuple):
    """A fault's error code, and whether it faults the connector or only warns (no energy either way)."""

    error_code: str
    faulted: bool = True
    info: str = ""


FAULT_ROWS: dict[str, FaultRow] = {
    Fault.LOCK: FaultRow("ConnectorLockFailure"),
    Fault.PILOT: FaultRow("EVCommunicationError", faulted=False),
    Fault.DIODE: FaultRow("EVCommunicationError", faulted=False),
    Fault.GROUND: FaultRow("GroundFailure"),
    Fault.OVER_VOLTAGE: FaultRow("OverVoltage"),
    Fault.UNDER_VOLTAGE: FaultRow("UnderVoltage", info="under-voltage"),
    Fault.OVER_CURRENT: FaultRow("OverCurrentFailure", info="over-current"),
    Fault.OVER_TEMPERATURE: FaultRow("HighTemperature", info="over-temperature"),
    **dict.fromkeys(UNREADABLE, FaultRow("PowerMeterFailure")),
    Fault.WELDED: FaultRow("PowerSwitchFailure", info="contactor welded"),
    Fault.READER: FaultRow("ReaderFailure"),
    Fault.PHASE: FaultRow("OtherError", info="phase loss"),
    Fault.EMERGENCY: FaultRow("OtherError", info="emergency stop"),
}
"""Without power (`Fault.POWER`) the device says nothing; a meter that lies (`MISREAD`) it believes."""


def announced(active: list[str]) -> FaultRow | None:
    """What to announce of several faults: one that faults before one that warns, else the first to come."""
    rows = [FAULT_ROWS[name] for name in active]
    return next((row for row in rows if row.faulted), rows[0] if rows else None)
