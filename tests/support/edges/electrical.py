"""Numbers by which offers, currents, contactors and allocations are judged: rows of telemetry."""

from collections.abc import Callable
from typing import Any

from handmade import Handmade

from edges import Edge
from edges.short import STOP_S, TWO_CARS, limited, order, painted, profile, short

T = 600.0  # in the middle of a charge; a row of telemetry stands there
# The keys by which an allocation can be computed: no other limit than 16 A of each connector and 32 A of all.
KNOWN = {
    "grid_Role": "no_ctrl",
    "chg_StationMaxCurrent": "32",
    "chg_RatedCurrent": "16,16",
    "chg_Mode3Current": "0,0",
    "chg_MinChargingCurrent": "6",
    "ConnectorSwitch3to1PhaseSupported": "true",
}


def while_charging(**columns: Any) -> Callable[[float], Handmade]:
    """Telemetry shows this for x seconds of a charge."""

    def make(x: float) -> Handmade:
        made = short(**KNOWN)
        painted(made, T, T + x, **columns)
        return made

    return make


def two_minutes_of(*names: str, plus: float = 0.0, **columns: Any) -> Callable[[float], Handmade]:
    """For two minutes of a charge these columns are x more than something."""

    def make(x: float) -> Handmade:
        made = short(**KNOWN)
        painted(made, T, T + 120, **dict.fromkeys(names, plus + x), **columns)
        return made

    return make


# -- offers and their followers ----------------------------------------------------------------------


def a_current_after_its_offer_fell(x: float) -> Handmade:
    made = short()
    painted(made, T, T + 120, offered_a=10.0, i_a=10.0)
    painted(made, T, T + x, i_a=16.0)
    painted(made, T + x, T + x + 0.001, i_a=16.0)
    return made


def an_offer_after_its_allocation_fell(x: float) -> Handmade:
    made = short()
    painted(made, T, T + 120, allocated_a=10.0)
    painted(made, T + x + 0.001, T + 120, offered_a=10.0)
    painted(made, T + x, T + x + 0.001, offered_a=16.0)
    return made


def a_current_after_the_station_limit_fell(x: float) -> Handmade:
    made = short(**KNOWN)
    order(made, T - x, "ChangeConfiguration", {"key": "chg_StationMaxCurrent", "value": "10"})
    painted(made, T + 0.001, STOP_S, i_a=8.0)
    return made


def a_current_after_the_whole_limit_fell(x: float) -> Handmade:
    made = short()
    limited(made, T - x, profile(10, chargingProfilePurpose="ChargePointMaxProfile"), connector=0)
    painted(made, T + 0.001, STOP_S, i_a=8.0)
    return made


def an_offer_that_outlives_its_transaction(x: float) -> Handmade:
    made = short()
    painted(made, STOP_S, STOP_S + x, offered_a=16.0)
    return made


# -- power and energy --------------------------------------------------------------------------------


def an_energy_too_high_by(x: float) -> Handmade:
    made = short()
    for row in made.rows:
        row["energy_wh"] += x if row["t"] > T and row["connector"] == 1 else 0.0
    return made


def an_energy_between_two_rows_without_power(x: float) -> Handmade:
    made = short()
    painted(made, T, T + x, p_w=0.0)
    painted(made, T + x, T + x + 0.001, p_w=0.0)
    return made


# -- the contactor -----------------------------------------------------------------------------------


def a_contactor_that_opens_at(x: float) -> Handmade:
    made = short()
    painted(made, T - 10, T, i_a=x)
    painted(made, T, T + 20, phases=0, i_a=0.0)
    return made


def a_contactor_that_opens_after_the_button(x: float) -> Handmade:
    """The emergency stop is held in for a minute while a car charges."""
    made = short()
    made.event(T, 1, "fault", fault="emergency-stop")
    made.event(T + 60, 1, "clear", fault="emergency-stop")
    painted(made, T, T + x)
    painted(made, T + x, STOP_S, phases=0, i_a=0.0)
    return made


def a_contactor_that_opens_after_its_offer(x: float) -> Handmade:
    made = short()
    painted(made, T - x, T + 20, offered_a=0.0)
    painted(made, T, T + 20, phases=0, i_a=0.0)
    return made


def an_offer_raised_after_a_cut(x: float) -> Handmade:
    made = short(TWO_CARS, **KNOWN)
    painted(made, T, STOP_S, charges=TWO_CARS, offered_a=6.0)
    painted(made, T + x, STOP_S, 2, charges=TWO_CARS, offered_a=20.0)
    return made


def duties_that_differ_by(x: float) -> Handmade:
    """A second after the one before it."""
    made = short()
    painted(made, T, T + 1.0, duty_pct=20.0)
    painted(made, T + 1.0, STOP_S, duty_pct=20.0 + x)
    return made


def duties_apart(x: float) -> Handmade:
    made = short()
    painted(made, T, T + x, duty_pct=20.0)
    painted(made, T + x, STOP_S, duty_pct=18.0)
    return made


def one_phase_after(pause_s: float) -> Handmade:
    made = short()
    painted(made, T, T + pause_s, phases=0)
    painted(made, T + pause_s, STOP_S, phases=1)
    return made


def three_phases_again_after(x: float) -> Handmade:
    made = short()
    painted(made, T, T + x, phases=0)
    painted(made, T + 30, T + x - 30, phases=1)
    return made


# -- the station's current ---------------------------------------------------------------------------


def a_share_left_over(x: float) -> Handmade:
    made = short(TWO_CARS, **KNOWN | {"chg_StationMaxCurrent": "20"})
    for connector in (1, 2):
        painted(made, 60, STOP_S, connector, charges=TWO_CARS, allocated_a=(20.0 - x) / 2)
    return made


def a_share_more_than_the_others(x: float) -> Handmade:
    made = short(TWO_CARS, **KNOWN | {"chg_StationMaxCurrent": "20"})
    for connector, amps in ((1, 10.0 + x), (2, 10.0 - x)):
        painted(made, 60, STOP_S, connector, charges=TWO_CARS, allocated_a=amps)
    return made


def a_car_that_waits_for(x: float) -> Handmade:
    """10 A are one car's; the other begins to wait at 100 s."""
    made = short(TWO_CARS, **KNOWN | {"chg_StationMaxCurrent": "10"})
    for connector, first, second in ((1, 10.0, 0.0), (2, 0.0, 10.0)):
        painted(made, 60, 100 + x, connector, charges=TWO_CARS, allocated_a=first)
        painted(made, 100 + x, STOP_S, connector, charges=TWO_CARS, allocated_a=second)
    return made


def one_phase_long_after(x: float) -> Handmade:
    """Profiles ask for one phase until some time ago; a minute more is let pass."""
    made = short(**KNOWN)
    limited(made, 200, profile(10, phases=1))
    order(made, 1000 - x, "ClearChargingProfile", {"id": 10})
    painted(made, 200, 1000, step_s=10, phases=1)
    return made


def an_offer_on_a_second_phase(x: float) -> Handmade:
    made = short()
    painted(made, T, T + 120, offered2_a=16.0 + x)
    return made


EDGES = (
    Edge("state.tolerances.reaction_s", 5.0, "electrical.offer", a_current_after_its_offer_fell, 4.9, 5.1),
    Edge(
        "state.follow_times.PILOT_S",
        5.1,
        "electrical.allocation",
        an_offer_after_its_allocation_fell,
        5.0,
        5.2,
    ),
    Edge(
        "state.follow_times.CARS_FOLLOW_S",
        20.0,
        "electrical.station-limit",
        a_current_after_the_station_limit_fell,
        19.9,
        20.1,
    ),
    Edge(
        "state.follow_times.CARS_FOLLOW_S",
        20.0,
        "charging.station-limit",
        a_current_after_the_whole_limit_fell,
        19.9,
        20.1,
    ),
    Edge(
        "electrical.limits.PERMISSION_MARGIN_S",
        6.5,
        "electrical.permission",
        an_offer_that_outlives_its_transaction,
        8.4,
        8.6,
    ),
    Edge(
        "electrical.balance.PART", 0.005, "electrical.power", two_minutes_of("p_w", plus=11_040), 56.0, 56.5
    ),
    Edge(
        "electrical.balance.ROUNDED_W",
        1.0,
        "electrical.power",
        two_minutes_of("p_w", plus=11_040),
        56.0,
        56.5,
    ),
    Edge("electrical.balance.BEND", 0.01, "electrical.energy", an_energy_too_high_by, 2.2, 2.5),
    Edge("electrical.balance.ROUNDED_WH", 0.5, "electrical.energy", an_energy_too_high_by, 2.2, 2.5),
    Edge(
        "electrical.balance.RAMP_S",
        15.0,
        "electrical.energy",
        an_energy_between_two_rows_without_power,
        14.9,
        15.1,
    ),
    Edge("status.transitions.LOAD_A", 1.0, "electrical.contactor-load", a_contactor_that_opens_at, 0.9, 1.1),
    Edge(
        "status.transitions.OFF_S",
        6.0,
        "electrical.contactor-load",
        a_contactor_that_opens_after_its_offer,
        6.0,
        5.9,
    ),
    Edge("status.transitions.FOLLOW_S", 5.0, "electrical.handover", an_offer_raised_after_a_cut, 5.1, 4.9),
    Edge("electrical.mode3.CLOSE_S", 3.0, "electrical.contactor-close", while_charging(phases=0), 3.04, 3.06),
    Edge("electrical.mode3.OPEN_S", 0.1, "electrical.contactor-open", while_charging(pilot="B"), 0.14, 0.16),
    Edge(
        "electrical.mode3.OPEN_S",
        0.1,
        "electrical.contactor-open",
        a_contactor_that_opens_after_the_button,
        0.14,
        0.16,
    ),
    Edge(
        "state.follow_times.ROW_HAIR_S",
        0.05,
        "electrical.contactor-open",
        while_charging(pilot="B"),
        0.14,
        0.16,
    ),
    Edge(
        "electrical.mode3.SAME_DUTY_PCT",
        0.01,
        "electrical.pwm-period",
        duties_that_differ_by,
        0.009,
        0.011,
    ),
    Edge("electrical.mode3.PWM_S", 5.0, "electrical.pwm-period", duties_apart, 4.96, 4.94),
    Edge("electrical.mode3.PAUSE_S", 10.0, "electrical.phase-pause", one_phase_after, 9.96, 9.94),
    Edge(
        "state.follow_times.DWELL_S",
        600.0,
        "electrical.phase-dwell",
        three_phases_again_after,
        599.96,
        599.94,
    ),
    Edge(
        "electrical.allocation.SHARE_SETTLED_S",
        40.0,
        "service.full",
        while_charging(allocated_a=10.0),
        39,
        41,
    ),
    Edge("electrical.allocation.CUT_S", 1.0, "service.cut", while_charging(allocated_a=20.0), 0.9, 1.1),
    Edge(
        "electrical.allocation.NEAR_A",
        0.15,
        "service.full",
        two_minutes_of("allocated_a", plus=16),
        0.14,
        0.16,
    ),
    Edge("electrical.allocation.SHARE_A", 1.0, "service.full", a_share_left_over, 0.9, 1.1),
    Edge(
        "electrical.fair_shares.UNEVEN_A",
        1.0,
        "service.full",
        a_share_more_than_the_others,
        0.9,
        1.1,
        says="alike",
    ),
    Edge(
        "electrical.fair_shares.TURN_S",
        900.0,
        "service.full",
        a_car_that_waits_for,
        930,
        950,
        says="its turn",
    ),
    Edge("state.follow_times.SWITCH_S", 60.0, "charging.all-phases", one_phase_long_after, 690, 710),
    Edge(
        "electrical.service.RELAYS_SWITCHED_S",
        60.0,
        "service.told",
        while_charging(status="SuspendedEV"),
        59,
        61,
    ),
    Edge("electrical.service.SAME_A", 0.01, "service.phases", an_offer_on_a_second_phase, 0.009, 0.011),
    Edge(
        "electrical.service.FLOWS_A",
        1.0,
        "service.told",
        two_minutes_of("i_a", status="SuspendedEV"),
        0.9,
        1.1,
    ),
)
