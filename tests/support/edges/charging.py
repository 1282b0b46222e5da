"""Numbers by which offers and allocations are held against charging profiles."""

from typing import Any

from handmade import Charge, Handmade, at

from edges import Edge
from edges.short import END_S, STOP_S, limited, order, painted, profile, short

T = 600.0  # a row of telemetry stands there
REJECTED = {"status": "Rejected"}
STATION = {"chargingProfilePurpose": "ChargePointMaxProfile"}


def two_periods(second: float, change_s: float, first: float = 10.0) -> dict[str, Any]:
    rows = [{"startPeriod": 0, "limit": first}, {"startPeriod": 60, "limit": second}]
    return {"schedule": {"startSchedule": at(change_s - 60), "chargingSchedulePeriod": rows}}


def an_offer_after_its_profile(x: float) -> Handmade:
    made = short()
    limited(made, T - x, profile(6))
    painted(made, T - x, T, offered_a=16.0)
    painted(made, T + 0.001, STOP_S, offered_a=6.0)
    return made


def an_offer_as_high_as_its_profile(x: float) -> Handmade:
    made = short()
    limited(made, 100, profile(x))
    painted(made, 180, STOP_S, offered_a=x, allocated_a=x, i_a=x)
    return made


def an_offer_under_6900_watts(x: float) -> Handmade:
    made = short()
    limited(made, 100, profile(6900, "W"))
    painted(made, 180, STOP_S, offered_a=x)
    return made


def three_phases_after_one_is_asked_for(x: float) -> Handmade:
    made = short(ConnectorSwitch3to1PhaseSupported="true")
    limited(made, T - x, profile(16, phases=1))
    painted(made, T + 0.001, STOP_S, phases=0)
    return made


def one_phase_after_the_last_that_asked(x: float) -> Handmade:
    made = short((Charge(1, 60, 90, 1590, 1650),), ConnectorSwitch3to1PhaseSupported="true")
    limited(made, 200, profile(16, phases=1))
    order(made, 1200 - x, "ClearChargingProfile", {"id": 10})
    painted(made, 260, 1200.001, phases=1)
    return made


def named_wrongly_for(x: float) -> Handmade:
    """No profile is there that telemetry names."""
    made = short()
    painted(made, T, T + x, limited_by="profile", allocated_a=9.0)
    return made


def named_wrongly_before_the_end(x: float) -> Handmade:
    """On a connector where no start was told yet."""
    made = short()
    painted(made, END_S - x, END_S - x + 1, 2, limited_by="profile", allocated_a=9.0)
    return made


def allocated_from_a_profile(x: float) -> Handmade:
    made = short()
    limited(made, 100, profile(10))
    painted(made, 180, STOP_S, offered_a=10.0, allocated_a=10.0 + x, i_a=10.0, limited_by="profile")
    return made


def allocated_after_a_change(x: float) -> Handmade:
    """Who asks with a rounded stamp asks 2 ms later."""
    made = short()
    limited(made, 100, profile(10))
    limited(made, T, profile(6))
    painted(made, T + x, T + x + 0.1, allocated_a=10.0, limited_by="profile")
    return made


def a_current_ahead_of_its_period(x: float) -> Handmade:
    made = short()
    limited(made, 100, profile(10, **STATION, **two_periods(16, T)), connector=0)
    painted(made, 100, T - x, i_a=10.0)
    return made


def a_second_told_by_its_end(x: float) -> Handmade:
    """A limit changes within the second 60 of a composite schedule, which tells it from its begin."""
    made = short((), chg_RatedCurrent="32,32", chg_StationMaxCurrent="32", chg_Mode3Current="0,0")
    limited(made, 50, profile(6, **two_periods(10, 160 + x, first=6)))
    rows = [{"startPeriod": 0, "limit": 6.0}, {"startPeriod": 60, "limit": 10.0}]
    schedule = {"duration": 600, "chargingRateUnit": "A", "chargingSchedulePeriod": rows}
    reply = {"status": "Accepted", "connectorId": 1, "scheduleStart": at(100), "chargingSchedule": schedule}
    order(made, 100.2, "GetCompositeSchedule", {"connectorId": 1, "duration": 600}, reply)
    return made


def a_remote_start_after(x: float) -> Handmade:
    """With a profile of 6 A; ConnectionTimeOut is 60 s."""
    made = short((Charge(1, 60, 300, 1290, 1350),), ConnectionTimeOut="60")
    wire = profile(6, chargingProfilePurpose="TxProfile")
    asked = {"connectorId": 1, "idTag": "TAG1", "chargingProfile": wire}
    order(made, 300 - x, "RemoteStartTransaction", asked)
    made.events = [event for event in made.events if event["event"] != "tag"]  # no card begins it
    return made


def refused(**fields: Any) -> Handmade:
    """A TxDefaultProfile that a healthy station has no reason to refuse."""
    made = short(())
    wire = profile(10, **fields)
    order(made, T, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": wire}, REJECTED)
    return made


def refused_at_a_level(x: float) -> Handmade:
    return refused(stackLevel=int(x))


def refused_with_periods(x: float) -> Handmade:
    rows = [{"startPeriod": 60 * n, "limit": 10.0} for n in range(int(x))]
    return refused(schedule={"chargingSchedulePeriod": rows})


def refused_beside_others(x: float) -> Handmade:
    """So many are there already, on both connectors."""
    made = refused()
    for n in range(int(x)):
        limited(made, 100 + 10 * n, profile(10, chargingProfileId=20 + n, stackLevel=n // 2), 1 + n % 2)
    return made


def a_composite_schedule_refused_for(x: float) -> Handmade:
    made = short((), chg_RatedCurrent="32,32", chg_StationMaxCurrent="32", chg_Mode3Current="0,0")
    order(made, T, "GetCompositeSchedule", {"connectorId": 1, "duration": int(x)}, REJECTED)
    return made


EDGES = (
    Edge("charging.profile_answers.SOUND_LEVEL", 5, "charging.accepted", refused_at_a_level, 6, 5),
    Edge("charging.profile_answers.SOUND_PERIODS", 10, "charging.accepted", refused_with_periods, 11, 10),
    Edge("charging.profile_answers.SOUND_PROFILES", 10, "charging.accepted", refused_beside_others, 10, 9),
    Edge(
        "charging.composite.LONGEST_ASKED_S",
        86_400,
        "charging.composite",
        a_composite_schedule_refused_for,
        86_401,
        86_400,
    ),
    Edge("state.follow_times.PILOT_S", 5.1, "charging.limit", an_offer_after_its_profile, 5.0, 5.2),
    Edge("state.follow_times.SWITCH_S", 60.0, "charging.phases", three_phases_after_one_is_asked_for, 59, 61),
    Edge(
        "state.follow_times.DWELL_S", 600.0, "charging.phases", one_phase_after_the_last_that_asked, 655, 665
    ),
    Edge("state.profiles.MINIMUM_A", 6.0, "charging.limit", an_offer_as_high_as_its_profile, 6.1, 5.9),
    Edge("state.profiles.VOLTS", 230.0, "charging.limit", an_offer_under_6900_watts, 10.4, 10.6),
    Edge(
        "state.profiles.ROUNDED_S",
        0.002,
        "charging.station-limit",
        a_current_ahead_of_its_period,
        0.0015,
        0.0025,
    ),
    Edge(
        "state.profiles_in_force.LAPSE_S",
        5.0,
        "charging.limit",
        a_remote_start_after,
        66,
        64,
        choices={"policies": {"remote_start_profile": "applied"}},
    ),
    Edge("charging.profile_limits.AT_ONCE_S", 0.01, "charging.exact", named_wrongly_for, 0.008, 0.012),
    Edge("charging.profile_limits.STARTED_S", 5.0, "charging.exact", named_wrongly_before_the_end, 4.9, 5.1),
    Edge("charging.profile_limits.JUST_S", 0.01, "charging.exact", allocated_after_a_change, 0.007, 0.0095),
    Edge("charging.profile_limits.EXACT_A", 0.1, "charging.exact", allocated_from_a_profile, 0.09, 0.11),
    Edge(
        "charging.composite.SECOND_END_S", 0.999, "charging.composite", a_second_told_by_its_end, 0.99, 1.01
    ),
)
