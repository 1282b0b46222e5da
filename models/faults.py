"""Faults one can put into an outlet, and what each does to its electrical side.

What the charge point's circuits see of a fault is `Outlet.senses`; what it says of it over OCPP is not
decided here.
"""

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Fault(StrEnum):
    """Every fault by the name that rig files, benches and recordings have for it."""

    LOCK = "lock-failure"
    PILOT = "pilot-short"
    DIODE = "diode-failure"
    GROUND = "ground-failure"
    OVER_VOLTAGE = "over-voltage"
    UNDER_VOLTAGE = "under-voltage"
    OVER_CURRENT = "over-current"
    OVER_TEMPERATURE = "over-temperature"
    METER = "power-meter-failure"
    METER_CRC = "meter-crc"
    METER_GARBAGE = "meter-garbage"
    METER_LATE = "meter-late"
    METER_WRONG_UNIT = "meter-wrong-unit"
    METER_FROZEN = "meter-frozen"
    METER_JUMP = "meter-jump"
    METER_PHASE = "meter-phase-lost"
    WELDED = "contactor-welded"
    READER = "reader-failure"
    POWER = "power-loss"
    PHASE = "phase-loss"
    EMERGENCY = "emergency-stop"


UNDER_VOLTAGE_V = 195.5  # EN 50160: never below 230 V - 15 %
OVER_VOLTAGE_V = 253.0  # EN 50160: never above 230 V + 10 %


class Effect(NamedTuple):
    """How a fault changes the outlet while it lasts; what is left out stays as it is."""

    does: str
    voltage: tuple[float, float, float] = (1.0, 1.0, 1.0)  # factors on L1, L2, L3
    current: float = 1.0  # factor on what the car draws, whatever is offered
    excess_a: float = 0.0
    sensor_k: float = 0.0  # added at the socket's temperature sensor


EFFECTS = {
    Fault.LOCK: Effect("the socket's lock does not reach its end position"),
    Fault.PILOT: Effect("control pilot at 0 V: state E; the car sees no PWM"),
    Fault.DIODE: Effect("the pilot's negative half is missing; the car still sees the duty"),
    Fault.GROUND: Effect("residual current is detected; the load current is as before"),
    Fault.OVER_VOLTAGE: Effect("all phases at 120 %", voltage=(1.2, 1.2, 1.2)),
    Fault.UNDER_VOLTAGE: Effect("all phases at 80 %", voltage=(0.8, 0.8, 0.8)),
    Fault.OVER_CURRENT: Effect("the car draws 1.3 times the offer, and 1 A", current=1.3, excess_a=1.0),
    Fault.OVER_TEMPERATURE: Effect("the socket's sensor reads 90 K more", sensor_k=90.0),
    Fault.METER: Effect("the kWh meter counts on but does not answer"),
    Fault.METER_CRC: Effect("the kWh meter's answers have wrong checksums"),
    Fault.METER_GARBAGE: Effect("the kWh meter's answers are no frames"),
    Fault.METER_LATE: Effect("the kWh meter answers when nobody waits any more"),
    Fault.METER_WRONG_UNIT: Effect("another unit's address stands in the kWh meter's answers"),
    Fault.METER_FROZEN: Effect("the kWh meter tells for ever what it told when this set in"),
    Fault.METER_JUMP: Effect("the kWh meter's register stands 10 kWh too high"),
    Fault.METER_PHASE: Effect("the kWh meter sees nothing of L2, and leaves it out of the total"),
    Fault.WELDED: Effect("the contactor does not open"),
    Fault.READER: Effect("the card reader does not answer"),
    Fault.POWER: Effect("no mains: contactor drops open, no pilot", voltage=(0.0, 0.0, 0.0)),
    Fault.PHASE: Effect("the outlet's L2 is dead", voltage=(1.0, 0.0, 1.0)),
    Fault.EMERGENCY: Effect("the emergency stop button is held in"),
}
UNREADABLE = (  # by a meter that tells nothing
    Fault.METER,
    Fault.METER_CRC,
    Fault.METER_GARBAGE,
    Fault.METER_LATE,
    Fault.METER_WRONG_UNIT,
)
MISREAD = (Fault.METER_FROZEN, Fault.METER_JUMP, Fault.METER_PHASE)  # one that tells what is not so
JUMP_WH = 10_000.0  # assumed: no car takes that between two readings
# The others show in what they do.
SEEN_AT_ONCE = frozenset((Fault.PILOT, Fault.GROUND, *UNREADABLE, Fault.READER, Fault.EMERGENCY))


def effect(fault: str) -> Effect:
    """ValueError naming the known faults for any other."""
    if fault not in EFFECTS:
        raise ValueError(f"fault must be one of {', '.join(Fault)}, got {fault!r}")
    return EFFECTS[Fault(fault)]


@lru_cache(maxsize=64)
def sensed_in_voltage(u_v: tuple[float, float, float], wired: int) -> frozenset[str]:
    """What the supply monitor sees in these voltages."""
    live = u_v[:wired]
    if not any(live):
        return frozenset((Fault.POWER,))
    sensed: set[str] = {Fault.PHASE} if not all(live) else set()
    if any(0.0 < volts < UNDER_VOLTAGE_V for volts in live):
        sensed.add(Fault.UNDER_VOLTAGE)
    if any(volts > OVER_VOLTAGE_V for volts in live):
        sensed.add(Fault.OVER_VOLTAGE)
    return frozenset(sensed)
