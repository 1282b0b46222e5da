"""What OCPP 1.6 (7.6) has for a fault; table 5 of the sheet then says which codes the device knows.

EVC4 logs show reader and meter as Faulted.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A fault's error code, and whether it faults the connector or only warns (no energy either way)."""

    error_code: str
    faulted: bool = True
    info: str = ""


FAULTS = {
    "lock-failure": FaultRow("ConnectorLockFailure"),
    "pilot-short": FaultRow("EVCommunicationError", faulted=False),
    "diode-failure": FaultRow("EVCommunicationError", faulted=False),
    "ground-failure": FaultRow("GroundFailure"),
    "over-voltage": FaultRow("OverVoltage"),
    "under-voltage": FaultRow("UnderVoltage", info="under-voltage"),
    "over-current": FaultRow("OverCurrentFailure", info="over-current"),
    "over-temperature": FaultRow("HighTemperature", info="over-temperature"),
    "power-meter-failure": FaultRow("PowerMeterFailure"),
    "contactor-welded": FaultRow("PowerSwitchFailure", info="contactor welded"),
    "reader-failure": FaultRow("ReaderFailure"),
    "phase-loss": FaultRow("OtherError", info="phase loss"),
    "emergency-stop": FaultRow("OtherError", info="emergency stop"),
}
"""By name; `power-loss` is not among them: without power the device says nothing."""


def loudest(active: list[str]) -> FaultRow | None:
    """What to announce of several faults: one that faults before one that warns, else the first to come."""
    rows = [FAULTS[name] for name in active]
    return next((row for row in rows if row.faulted), rows[0] if rows else None)
