"""Numbers by which the telemetry of instruments is judged: a meter that reads once a minute."""

from handmade import Charge, Handmade

from edges import Edge
from edges.electrical import KNOWN
from edges.short import painted, short

T = 600.0
METER = {"source": "measured", "period_s": 60.0}


def measured(made: Handmade) -> Handmade:
    made.summary["telemetry"] = METER
    return made


def a_power_beyond_volts_and_amps(x: float) -> Handmade:
    made = short()
    painted(made, T - 120, T + 180, p_w=11_040 + x)
    return measured(made)


def too_high_a_current_until_a_period_and(x: float) -> Handmade:
    """So long after a reading above its offer, and one before it, comes one within it."""
    made = short()
    made.rows = [row for row in made.rows if row["t"] != T + 60]
    painted(made, T - 60, T + 60 + x, i_a=17.0)
    return measured(made)


def a_duty_that_changes_again_by(x: float) -> Handmade:
    """Four seconds after it did; a meter of 0.06 A tells a tenth of a percent apart."""
    made = short()
    painted(made, T, T + 4, duty_pct=20.0)
    painted(made, T + 4, T + 300, duty_pct=20.0 + x)
    made.summary["telemetry"] = {"source": "measured", "resolution": {"current_a": 0.06}}
    return made


def an_energy_too_high_by(x: float) -> Handmade:
    """In the third quarter of an hour, at 11 kW all along."""
    made = short((Charge(1, 60, 90, 3000, 3100),), end=3600)
    for row in made.rows:
        row["energy_wh"] += x if row["t"] > 2000 and row["connector"] == 1 else 0.0
    return measured(made)


def another_allocation_at(temp_c: float) -> Handmade:
    """What heat and cable permit is not told."""
    made = short(**KNOWN)
    painted(made, T, T + 180, offered_a=10.0, allocated_a=10.0)
    for row in made.rows:
        row |= {f"capability{n}_a": None for n in (1, 2, 3)} | {"temp_c": temp_c}
    return measured(made)


EDGES = (
    Edge(
        "reading.instruments.PER_DUTY_A",
        0.6,
        "electrical.pwm-period",
        a_duty_that_changes_again_by,
        0.2,
        0.22,
    ),
    Edge("reading.instruments.FACTOR", 0.01, "electrical.power", a_power_beyond_volts_and_amps, 160, 175),
    Edge(
        "reading.instruments.HAIR_S",
        0.01,
        "electrical.offer",
        too_high_a_current_until_a_period_and,
        0.008,
        0.015,
    ),
    Edge("electrical.balance.STRETCH_S", 900.0, "electrical.energy", an_energy_too_high_by, 27, 29.5),
    Edge("electrical.stand_ins.COOL_C", 50.0, "service.full", another_allocation_at, 50.5, 49.5),
)
