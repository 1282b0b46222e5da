"""Faults one can put into an outlet, and what each does to its electrical side.

What the charge point's circuits see of a fault is `Outlet.senses`; what it says of it over OCPP is not
decided here.
"""

from dataclasses import dataclass

UNDER_VOLTAGE, OVER_VOLTAGE = "under-voltage", "over-voltage"
OVER_CURRENT, OVER_TEMPERATURE = "over-current", "over-temperature"
LOCK, PILOT, DIODE, GROUND = "lock-failure", "pilot-short", "diode-failure", "ground-failure"
METER, WELDED, READER = "power-meter-failure", "contactor-welded", "reader-failure"
POWER, PHASE, EMERGENCY = "power-loss", "phase-loss", "emergency-stop"

UNDER_VOLTAGE_V = 195.5  # EN 50160: never below 230 V - 15 %
OVER_VOLTAGE_V = 253.0  # EN 50160: never above 230 V + 10 %


@dataclass(frozen=True, slots=True)
class Effect:
    """How a fault changes the outlet while it lasts; what is left out stays as it is."""

    does: str
    voltage: tuple[float, float, float] = (1.0, 1.0, 1.0)  # factors on L1, L2, L3
    current: float = 1.0  # factor on what the car draws, whatever is offered
    excess_a: float = 0.0
    sensor_k: float = 0.0  # added at the socket's temperature sensor


EFFECTS = {
    LOCK: Effect("the socket's lock does not reach its end position"),
    PILOT: Effect("control pilot at 0 V: state E; the car sees no PWM"),
    DIODE: Effect("the pilot's negative half is missing; the car still sees the duty"),
    GROUND: Effect("residual current is detected; the load current is as before"),
    OVER_VOLTAGE: Effect("all phases at 120 %", voltage=(1.2, 1.2, 1.2)),
    UNDER_VOLTAGE: Effect("all phases at 80 %", voltage=(0.8, 0.8, 0.8)),
    OVER_CURRENT: Effect("the car draws 1.3 times the offer, and 1 A", current=1.3, excess_a=1.0),
    OVER_TEMPERATURE: Effect("the socket's sensor reads 90 K more", sensor_k=90.0),
    METER: Effect("the kWh meter counts on but does not answer"),
    WELDED: Effect("the contactor does not open"),
    READER: Effect("the card reader does not answer"),
    POWER: Effect("no mains: contactor drops open, no pilot", voltage=(0.0, 0.0, 0.0)),
    PHASE: Effect("the outlet's L2 is dead", voltage=(1.0, 0.0, 1.0)),
    EMERGENCY: Effect("the emergency stop button is held in"),
}
FAULTS = tuple(EFFECTS)
SEEN_AT_ONCE = frozenset((PILOT, GROUND, METER, READER, EMERGENCY))  # the others show in what they do


def effect(fault: str) -> Effect:
    """ValueError naming the known faults for any other."""
    if fault not in EFFECTS:
        raise ValueError(f"fault must be one of {', '.join(FAULTS)}, got {fault!r}")
    return EFFECTS[fault]


def felt_voltage(u_v: tuple[float, float, float], wired: int) -> frozenset[str]:
    """What the supply monitor sees in these voltages."""
    live = u_v[:wired]
    if not any(live):
        return frozenset((POWER,))
    felt = {PHASE} if not all(live) else set()
    if any(0.0 < volts < UNDER_VOLTAGE_V for volts in live):
        felt.add(UNDER_VOLTAGE)
    if any(volts > OVER_VOLTAGE_V for volts in live):
        felt.add(OVER_VOLTAGE)
    return frozenset(felt)
