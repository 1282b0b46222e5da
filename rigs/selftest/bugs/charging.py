"""Bugs in smart charging: profiles installed, stacked, read and told wrongly."""

from typing import Any

from evc5.rigs.selftest.bug import Bug, Patch
from evc5.rigs.selftest.replacements import answers, around, constant, never, nothing, says_values, scaled

STORE = "evc5.twin.charging.profiles:ProfileStore"
Payload = dict[str, Any]


def _lowest_first(original: Any, *args: Any) -> Any:
    return tuple(reversed(original(*args)))


def _anywhere(_: Any, one: Any, other: Any) -> bool:
    return bool((one.purpose, one.stack_level) == (other.purpose, other.stack_level))


def _one_phase(original: Any, rules: Any, cap: Any, *more: Any) -> Any:
    return original(rules, cap, *more) if cap.watts is None else cap.watts / 230.0


def _as_written(original: Any, rules: Any, cap: Any, *more: Any) -> Any:
    return cap.amps


def _next_day(original: Any, wire: Any, *more: Any) -> Any:
    start = original(wire, *more)
    return start + 86_400_000 if wire["chargingProfileKind"] == "Recurring" else start


def _local_midnight(original: Any, wire: Any, *more: Any) -> Any:
    start = original(wire, *more)
    return None if start is None else start + 3_600_000


def _rounds_up(original: Any, requests: Any, *shared: Any) -> Any:
    """A limit below the minimum is raised to it, instead of pausing."""
    raised = [
        r._replace(
            caps_a={name: max(amps, r.minimum_a) if amps > 0 else amps for name, amps in r.caps_a.items()}
        )
        for r in requests
    ]
    return original(raised, *shared)


def _only_own(original: Any, store: Any, connector: int, purpose: str) -> Any:
    kept = store._installed
    store._installed = tuple(p for p in kept if p.connector == connector)
    try:
        return original(store, connector, purpose)
    finally:
        store._installed = kept


def _clears_all(original: Any, store: Any, filters: Any) -> Any:
    return original(store, {})


def _clears_none(original: Any, store: Any, filters: Any) -> Any:
    return True


def _first_period(original: Any, *args: Any) -> Any:
    cap, until = original(*args)
    schedule = args[0]
    return (None if cap is None else schedule.caps[0]), until


def _endless(original: Any, *args: Any) -> Any:
    return original(*args)._replace(duration_ms=1 << 62)


def _always_valid(original: Any, *args: Any) -> Any:
    return original(*args)._replace(valid_from_ms=-(1 << 62), valid_to_ms=1 << 62)


def _forgets_profiles(original: Any, station: Any) -> None:
    """The profiles are kept in RAM."""
    original(station)
    station.profiles.clear({})


def _period_late(original: Any, schedule: Any, t_ms: int, start_ms: int) -> Any:
    return original(schedule, t_ms, start_ms + 60_000)


def _zero_is_none(original: Any, *args: Any) -> Any:
    limit = original(*args)
    return limit._replace(amps=None) if limit.amps == 0 else limit


def _unlimited(original: Any, *args: Any) -> Any:
    return original(*args)._replace(amps=None)


def _rated_offer(original: Any, reading: Any, offered_a: Any) -> Any:
    return original(reading, tuple(32.0 if amps else 0.0 for amps in offered_a))


def _no_phases(original: Any, told: Any) -> Any:
    return [cap._replace(phases=None) for cap in original(told)]


def _cleared_anyway(original: Any, station: Any, payload: Payload) -> Payload:
    original(station, payload)
    return {"status": "Accepted"}


def _on_one(original: Any, switch: Any, phases: int) -> None:
    original(switch, 1)


BUGS: tuple[Bug, ...] = (
    Bug(
        "stack-level-reversed",
        "the lowest stackLevel prevails",
        check="charging.limit",
        clause="3.13.2",
        rig="stack",
        patches=(Patch(f"{STORE}._stack", around(_lowest_first)),),
    ),
    Bug(
        "profile-identity-without-connector",
        "a profile replaces one of the same level on another connector",
        check="charging.limit",
        clause="3.13.2, 5.16.4",
        rig="stack",
        patches=(Patch("evc5.twin.charging.profile:ChargingProfile.replaces", around(_anywhere)),),
    ),
    Bug(
        "watts-over-one-phase",
        "watts become amperes without regard to the phases",
        check="charging.power",
        clause="7.12",
        rig="watts",
        patches=(Patch("evc5.twin.charging.phases:PhaseRules.amps", around(_one_phase)),),
    ),
    Bug(
        "watts-beside-the-relays",
        "watts for one phase are let through on each of the three that conduct",
        check="charging.limit",
        clause="7.12",
        rig="watts-fixed",
        patches=(Patch("evc5.twin.charging.phases:PhaseRules.amps", around(_as_written)),),
    ),
    Bug(
        "recurring-a-day-off",
        "a recurring profile begins a day later",
        check="charging.limit",
        clause="7.9, 7.37",
        rig="recurring",
        patches=(Patch("evc5.twin.charging.profile:read_start", around(_next_day)),),
    ),
    Bug(
        "start-schedule-local",
        "startSchedule is read as local time",
        check="charging.limit",
        clause="3.15, 7.13",
        rig="stack",
        patches=(Patch("evc5.twin.charging.profile:read_start", around(_local_midnight)),),
    ),
    Bug(
        "minimum-rounded-up",
        "a limit below 6 A is raised to 6 A",
        check="charging.limit",
        clause="IEC 61851-1 Annex A",
        rig="transaction-profile",
        patches=(Patch("evc5.twin.connector.controller:arbitrate", around(_rounds_up)),),
    ),
    Bug(
        "default-of-connector-zero-ignored",
        "a TxDefaultProfile of connector 0 does not count",
        check="charging.limit",
        clause="3.13.1",
        rig="stack",
        patches=(Patch(f"{STORE}._stack", around(_only_own)),),
    ),
    Bug(
        "clear-clears-all",
        "ClearChargingProfile removes every profile",
        check="charging.limit",
        clause="5.5, 6.13",
        rig="stack",
        patches=(Patch(f"{STORE}.clear", around(_clears_all)),),
    ),
    Bug(
        "clear-clears-none",
        "ClearChargingProfile is accepted and removes nothing",
        check="charging.limit",
        clause="5.5",
        rig="stack",
        patches=(Patch(f"{STORE}.clear", around(_clears_none)),),
    ),
    Bug(
        "first-period-only",
        "only the first period of a schedule counts",
        check="charging.limit",
        clause="7.13, 7.14",
        rig="stack",
        patches=(Patch("evc5.twin.charging.schedule:Schedule._at", around(_first_period)),),
    ),
    Bug(
        "boundary-not-noticed",
        "a new period holds only when something else happens",
        check="charging.limit",
        clause="7.14",
        rig="transaction-profile",
        patches=(Patch("evc5.twin.charging.site:Site._await", constant(nothing)),),
    ),
    Bug(
        "duration-ignored",
        "a schedule holds beyond its duration",
        check="charging.exact",
        clause="7.13",
        rig="recurring",
        patches=(Patch("evc5.twin.charging.profile:read_schedule", around(_endless)),),
    ),
    Bug(
        "validity-ignored",
        "a profile holds before its validFrom and after its validTo",
        check="charging.exact",
        clause="7.8",
        rig="validity",
        patches=(Patch("evc5.twin.charging.profile:read_schedule", around(_always_valid)),),
    ),
    Bug(
        "profiles-lost-at-reset",
        "a reset forgets the charging profiles",
        check="charging.limit",
        clause="ER 3.37",
        rig="validity",
        patches=(Patch("evc5.twin.charge_point:ChargePoint._die", around(_forgets_profiles)),),
    ),
    Bug(
        "unsound-accepted",
        "a schedule whose first startPeriod is not 0 is accepted",
        check="charging.accepted",
        clause="ER 3.45",
        rig="validity",
        patches=(Patch("evc5.twin.charging.profile:check_sense", constant(nothing)),),
    ),
    Bug(
        "tx-profile-kept",
        "a TxProfile stays after its transaction",
        check="charging.exact",
        clause="3.13.1",
        rig="transaction-profile",
        patches=(Patch(f"{STORE}.transaction_ended", constant(nothing)),),
    ),
    Bug(
        "schedule-a-minute-late",
        "schedules are met a minute late",
        check="charging.exact",
        clause="7.14",
        rig="stack",
        patches=(Patch("evc5.twin.charging.schedule:Schedule._at", around(_period_late)),),
    ),
    Bug(
        "profiles-never-replaced",
        "a profile of the same level stays beside the new one",
        check="charging.station-limit",
        clause="5.16.4",
        rig="station-max",
        patches=(Patch("evc5.twin.charging.profile:ChargingProfile.replaces", constant(never)),),
    ),
    Bug(
        "limit-zero-ignored",
        "a limit of 0 counts as none",
        check="charging.station-limit",
        clause="3.13, 4.9",
        rig="station-max",
        patches=(Patch(f"{STORE}._limit", around(_zero_is_none)),),
    ),
    Bug(
        "station-profile-ignored",
        "a ChargePointMaxProfile does not limit",
        check="charging.station-limit",
        clause="3.13.1, 3.13.3",
        rig="station-max",
        patches=(Patch(f"{STORE}.station_limit", around(_unlimited)),),
    ),
    Bug(
        "offer-told-without-profile",
        "Current.Offered tells the rating, not the limit",
        check="charging.reported",
        clause="7.31",
        rig="stack",
        patches=(Patch("evc5.twin.sessions.samples:flat", around(_rated_offer)),),
    ),
    Bug(
        "number-phases-ignored",
        "numberPhases is not looked at",
        check="charging.phases",
        clause="7.14",
        rig="phases",
        patches=(Patch("evc5.twin.charging.profile:read_caps", around(_no_phases)),),
    ),
    Bug(
        "more-told-than-allowed",
        "the station tells a current three times what the profile allows",
        check="charging.flow",
        clause="3.13, 7.31",
        rig="stack",
        patches=(says_values("Current.Import", scaled(3.0)),),
    ),
    Bug(
        "more-told-together",
        "both connectors together tell more than the ChargePointMaxProfile",
        check="charging.flow-together",
        clause="3.13.1, 7.31",
        rig="station-max",
        patches=(says_values("Current.Import", scaled(3.0)),),
    ),
    Bug(
        "three-phases-told",
        "current is told on three phases under a profile for one",
        check="charging.flow-phases",
        clause="7.14",
        rig="phases",
        patches=(Patch("evc5.twin.charging.profile:read_caps", around(_no_phases)),),
    ),
    Bug(
        "profiles-unchecked",
        "every profile is accepted, wherever it is for",
        check="charging.accepted",
        clause="3.13.1, 5.16",
        rig="refusals",
        patches=(Patch("evc5.twin.charging.acceptance:Gate.check", constant(nothing)),),
    ),
    Bug(
        "clear-always-accepted",
        "ClearChargingProfile is Accepted though nothing matches",
        check="charging.cleared",
        clause="5.5",
        rig="refusals",
        patches=(answers("ClearChargingProfile", _cleared_anyway),),
    ),
    Bug(
        "one-phase-for-all",
        "a station that can switch charges every car on one phase",
        check="charging.all-phases",
        clause="7.14",
        rig="phases",
        patches=(Patch("evc5.twin.connector.phase_switch:PhaseSwitch.want", around(_on_one)),),
    ),
)
