"""Numbers by which what a meter tells is held against telemetry."""

from collections.abc import Callable

from handmade import POWER_W, Handmade

from edges import Edge
from edges.short import short

TRUE = "metering.true-values"


def told(measurand: str, phase: str | None, value: float) -> Callable[[float], Handmade]:
    """One sample tells so much more than the value that telemetry shows; it is added where it lacks."""

    def make(x: float) -> Handmade:
        made = short()
        samples = made.meter_values("Sample.Periodic", 1)[3]["frame"][3]["meterValue"][0]["sampledValue"]
        its = [one for one in samples if one["measurand"] == measurand and one.get("phase") == phase]
        if not its:
            its = [{"measurand": measurand, "context": "Sample.Periodic"}]
            samples += its
        its[0]["value"] = f"{value + x:.3f}"
        return made

    return make


def true(number: str, value: float, make: Callable[[float], Handmade], inside: float, outside: float) -> Edge:
    return Edge(f"metering.values_against_telemetry.{number}", value, TRUE, make, inside, outside)


VOLTAGE = told("Voltage", "L2", 230.0)
POWER = told("Power.Active.Import", None, POWER_W)
EDGES = (
    true("CLASS_PART", 0.01, VOLTAGE, 2.79, 2.81),
    true("CLASS_PART", 0.01, told("Current.Import", "L1", 16.0), 0.25, 0.27),
    true("OFF_V", 0.5, VOLTAGE, 2.79, 2.81),
    true("OFF_A", 0.1, told("Current.Import", "L1", 16.0), 0.25, 0.27),
    true("OFF_A", 0.1, told("Current.Offered", "L1", 16.0), 0.25, 0.27),
    true("OFF_PCT", 1.0, told("SoC", None, 50.0), 0.9, 1.1),
    true("OFF_C", 1.0, told("Temperature", None, 31.5), 0.9, 1.1),
    true("TOTAL_PART", 0.02, POWER, 0.02 * POWER_W + 19, 0.02 * POWER_W + 21),
    true("OFF_W", 20.0, POWER, 0.02 * POWER_W + 19, 0.02 * POWER_W + 21),
    true("OFF_FACTOR", 0.03, told("Power.Factor", None, 1.0), -0.029, -0.031),
)
