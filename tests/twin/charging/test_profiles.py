"""The store: what is taken in, what replaces what, what is forgotten, and what it says."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from profile_driver import epoch

from evc5.twin.charging.profiles import ActiveTransaction, Capacity, Limit, ProfileStore
from evc5.twin.charging.schedule import Cap
from evc5.twin.ocpp.frames import Refusal
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

NOW = "2024-03-01T10:00:00Z"
T0 = epoch(NOW)
RUNNING = ActiveTransaction(7)


def periods(*pairs: tuple[int, float], phases: int | None = None) -> list[dict[str, Any]]:
    more = {} if phases is None else {"numberPhases": phases}
    return [{"startPeriod": start, "limit": limit, **more} for start, limit in pairs]


def profile(limit: float = 10, **changes: Any) -> dict[str, Any]:
    """An Absolute TxDefaultProfile of one period in A from NOW, its fields changed; None removes one."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods((0, limit)), "startSchedule": NOW}
    wire = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
    }
    inside = {"chargingRateUnit", "chargingSchedulePeriod", "startSchedule", "duration", "minChargingRate"}
    for name, value in changes.items():
        (schedule if name in inside else wire)[name] = value
    whole = {**wire, "chargingSchedule": {k: v for k, v in schedule.items() if v is not None}}
    return {k: v for k, v in whole.items() if v is not None}


def recurring(limit: float = 10, **changes: Any) -> dict[str, Any]:
    return profile(limit, **({"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"} | changes))


def put(
    store: ProfileStore, connector: int, wire: Mapping[str, Any], transaction: ActiveTransaction | None = None
) -> str:
    return store.install(connector, wire, transaction=transaction, epoch_s=T0)


def placed(store: ProfileStore) -> set[tuple[int, int]]:
    return {(each.connector, each.id) for each in store.installed}


# Replacement


def test_the_same_id_replaces() -> None:
    store = ProfileStore()
    put(store, 1, profile(10))
    put(store, 1, profile(12, stackLevel=5))
    assert [each.stack_level for each in store.installed] == [5]


def test_the_same_purpose_and_stack_level_replace() -> None:
    store = ProfileStore()
    put(store, 1, profile(10))
    put(store, 1, profile(12, chargingProfileId=2))
    assert placed(store) == {(1, 2)}


def test_one_profile_may_replace_two() -> None:
    store = ProfileStore(capacity=Capacity(max_profiles=2))
    put(store, 1, profile(chargingProfileId=1, stackLevel=1))
    put(store, 1, profile(chargingProfileId=2, stackLevel=2))
    assert put(store, 1, profile(chargingProfileId=1, stackLevel=2)) == "Accepted"
    assert placed(store) == {(1, 1)}


def test_defaults_on_0_and_on_a_connector_do_not_evict_each_other() -> None:
    store = ProfileStore()
    put(store, 0, profile(10))
    put(store, 1, profile(12))
    assert (store.limit(1, T0).amps, store.limit(2, T0).amps) == (12, 10)


def test_a_replacement_that_is_valid_later_leaves_default_behaviour_until_then() -> None:
    store = ProfileStore()
    put(store, 1, profile(10))
    put(store, 1, profile(12, validFrom="2024-03-01T11:00:00Z"))
    assert store.limit(1, T0) == Limit(until_epoch_s=T0 + 3600)
    assert store.limit(1, T0 + 3600).amps == 12


# Refusal


UNSOUND: dict[str, dict[str, Any]] = {
    "no periods": profile(chargingSchedulePeriod=[]),
    "first period not at 0": profile(chargingSchedulePeriod=periods((60, 10))),
    "periods out of order": profile(chargingSchedulePeriod=periods((0, 10), (60, 11), (30, 12))),
    "two periods at once": profile(chargingSchedulePeriod=periods((0, 10), (0, 12))),
    "negative limit": profile(-1),
    "no phases": profile(chargingSchedulePeriod=periods((0, 10), phases=0)),
    "four phases": profile(chargingSchedulePeriod=periods((0, 10), phases=4)),
    "no duration": profile(duration=0),
    "negative duration": profile(duration=-60),
    "negative minimum": profile(minChargingRate=-0.1),
    "negative stack level": profile(stackLevel=-1),
    "never valid": profile(validFrom=NOW, validTo=NOW),
    "valid backwards": profile(validFrom=NOW, validTo="2024-02-01T00:00:00Z"),
    "recurring without recurrencyKind": recurring(recurrencyKind=None),
    "recurring without start": recurring(startSchedule=None),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_a_profile_that_makes_no_sense_is_rejected_and_changes_nothing(name: str) -> None:
    store = ProfileStore()
    put(store, 1, profile())
    before, told = store.dump(), list[int]()
    store.on_change.append(lambda: told.append(1))
    assert put(store, 1, UNSOUND[name]) == "Rejected"
    assert store.dump() == before and not told


MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    "unit": (profile(chargingRateUnit="kW"), "PropertyConstraintViolation"),
    "purpose": (profile(chargingProfilePurpose="Any"), "PropertyConstraintViolation"),
    "kind": (profile(chargingProfileKind="Sometimes"), "PropertyConstraintViolation"),
    "recurrency": (recurring(recurrencyKind="Hourly"), "PropertyConstraintViolation"),
    "start": (profile(startSchedule="yesterday"), "TypeConstraintViolation"),
    "validity": (profile(validTo="2024-13-01T00:00:00Z"), "TypeConstraintViolation"),
    "date without time": (profile(validFrom="2024-03-01"), "TypeConstraintViolation"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_profile_is_a_callerror_and_changes_nothing(name: str) -> None:
    store = ProfileStore()
    put(store, 1, profile())
    before = store.dump()
    wire, code = MALFORMED[name]
    with pytest.raises(Refusal) as refusal:
        put(store, 1, wire)
    assert refusal.value.code == code
    assert store.dump() == before


@pytest.mark.parametrize(
    ("connector", "purpose"),
    [(-1, "TxDefaultProfile"), (3, "TxDefaultProfile"), (1, "ChargePointMaxProfile"), (0, "TxProfile")],
)
def test_a_connector_that_cannot_have_the_profile_is_rejected(connector: int, purpose: str) -> None:
    store = ProfileStore()
    assert put(store, connector, profile(chargingProfilePurpose=purpose), RUNNING) == "Rejected"
    assert not store.installed


def test_an_unknown_connector_is_a_callerror_where_the_policy_says_so() -> None:
    with pytest.raises(Refusal) as refusal:
        put(ProfileStore({"bad_connector": "CALLERROR"}), 3, profile())
    assert refusal.value.code == "PropertyConstraintViolation"  # ER 3.39


FULL = Capacity(max_profiles=1, max_periods=2, max_stack_level=3)
TOO_MUCH = {
    "stack level": profile(stackLevel=4),
    "periods": profile(chargingSchedulePeriod=periods((0, 1), (1, 2), (2, 3))),
    "profiles": profile(chargingProfileId=2, stackLevel=1),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_exceeds_a_limit_is_rejected_or_a_callerror_by_policy(name: str) -> None:
    for policy in ("Rejected", "CALLERROR"):
        store = ProfileStore({"over_limit": policy}, capacity=FULL)
        put(store, 1, profile())
        before = store.dump()
        try:
            assert put(store, 1, TOO_MUCH[name]) == policy
        except Refusal as refusal:
            assert (policy, refusal.code) == ("CALLERROR", "PropertyConstraintViolation")
        assert store.dump() == before


def test_what_just_fits_is_accepted() -> None:
    store = ProfileStore(capacity=FULL)
    assert put(store, 1, profile(stackLevel=3, chargingSchedulePeriod=periods((0, 1), (1, 2)))) == "Accepted"
    assert put(store, 1, profile(stackLevel=2)) == "Accepted", "it replaces, so there is room"


def test_a_unit_that_the_charge_point_does_not_do_is_rejected() -> None:
    store = ProfileStore(capacity=Capacity(units=("W",)))
    assert put(store, 1, profile()) == "Rejected"
    assert put(store, 1, profile(1380, chargingRateUnit="W")) == "Accepted"


def test_the_limits_are_those_of_the_configuration_keys() -> None:
    keys = {"MaxChargingProfilesInstalled": 3, "ChargingScheduleMaxPeriods": 24}
    keys |= {"ChargingScheduleAllowedChargingRateUnit": "Power"}
    configuration = Configuration(Behaviour.load("evc5-v32r30"), keys, allow=True)
    limits = Capacity.of(configuration)
    assert (limits.max_profiles, limits.max_periods, limits.units) == (3, 24, ("W",))
    assert limits.max_stack_level >= 20, "seen in the field"


# TxProfile and its transaction


@pytest.mark.parametrize(
    ("named", "running", "status"),
    [
        (7, RUNNING, "Accepted"),
        (8, RUNNING, "Rejected"),
        (None, RUNNING, "Accepted"),
        (None, None, "Rejected"),
        (7, None, "Rejected"),
        (7, ActiveTransaction(None), "Rejected"),
        (None, ActiveTransaction(None), "Accepted"),
    ],
)
def test_a_tx_profile_is_for_the_running_transaction(
    named: int | None, running: ActiveTransaction | None, status: str
) -> None:
    wire = profile(chargingProfilePurpose="TxProfile", transactionId=named)
    assert put(ProfileStore(), 1, wire, running) == status


def test_a_tx_profile_without_id_is_rejected_where_the_policy_says_so() -> None:
    store = ProfileStore({"txprofile_without_transaction_id": "rejected"})
    assert put(store, 1, profile(chargingProfilePurpose="TxProfile"), RUNNING) == "Rejected"
    assert put(store, 1, profile(chargingProfilePurpose="TxProfile", transactionId=7), RUNNING) == "Accepted"


def test_a_tx_profile_is_gone_with_its_transaction_and_only_there() -> None:
    store = ProfileStore()
    put(store, 1, profile(6, chargingProfilePurpose="TxProfile"), RUNNING)
    put(store, 2, profile(8, chargingProfilePurpose="TxProfile"), RUNNING)
    put(store, 1, profile(10, chargingProfileId=2))
    assert store.limit(1, T0, T0).amps == 6
    store.transaction_ended(1)
    assert (store.limit(1, T0).amps, store.limit(2, T0, T0).amps) == (10, 8)


def test_remote_start_brings_a_tx_profile_before_its_transaction() -> None:
    store = ProfileStore({"txprofile_without_transaction_id": "rejected"})
    wire = profile(6, chargingProfilePurpose="TxProfile", chargingProfileKind="Relative")
    assert store.install_with_start(1, wire, epoch_s=T0) == "Accepted"
    assert store.limit(1, T0 + 5, T0 + 5).amps == 6
    assert store.install_with_start(1, profile(), epoch_s=T0) == "Rejected"
    assert store.install_with_start(1, wire | {"transactionId": 7}, epoch_s=T0) == "Rejected"


@pytest.mark.parametrize(("changes", "takes"), [
    ({}, True), ({"transactionId": 7}, False), ({"chargingProfilePurpose": "TxDefaultProfile"}, False),
    ({"chargingProfilePurpose": "ChargePointMaxProfile"}, False), ({"stackLevel": 100}, False),
])  # fmt: skip
def test_whether_a_profile_may_come_with_a_remote_start_is_told_without_installing_it(
    changes: dict[str, Any], takes: bool
) -> None:
    store = ProfileStore()
    wire = profile(6, **({"chargingProfilePurpose": "TxProfile"} | changes))
    assert store.takes_with_start(1, wire, epoch_s=T0) is takes
    assert store.installed == ()


def test_a_new_default_applies_at_once_to_a_transaction_without_a_profile_of_its_own() -> None:
    store = ProfileStore()
    assert store.limit(1, T0, T0 - 600) == Limit()
    put(store, 1, profile(10))
    assert store.limit(1, T0, T0 - 600).amps == 10  # ER 3.8
    store.clear({"id": 1})
    assert store.limit(1, T0, T0 - 600) == Limit(), "and its removal lets it go on unlimited"


# Clearing


@pytest.fixture
def four() -> ProfileStore:
    store = ProfileStore()
    put(store, 0, profile(chargingProfileId=1, chargingProfilePurpose="ChargePointMaxProfile"))
    put(store, 0, profile(chargingProfileId=2, stackLevel=1))
    put(store, 1, profile(chargingProfileId=3, stackLevel=1))
    put(store, 2, profile(chargingProfileId=3, stackLevel=2))
    return store


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({}, set()),
        ({"id": 3}, {(0, 1), (0, 2)}),
        ({"connectorId": 0}, {(1, 3), (2, 3)}),
        ({"stackLevel": 1}, {(0, 1), (2, 3)}),
        ({"chargingProfilePurpose": "TxDefaultProfile"}, {(0, 1)}),
        ({"connectorId": 0, "stackLevel": 1}, {(0, 1), (1, 3), (2, 3)}),
    ],
)
def test_clearing_takes_all_that_match_all_fields(
    four: ProfileStore, filters: dict[str, Any], left: set[tuple[int, int]]
) -> None:
    assert four.clear(filters)
    assert placed(four) == left


def test_clearing_what_is_not_there_changes_nothing(four: ProfileStore) -> None:
    before, told = four.dump(), list[int]()
    four.on_change.append(lambda: told.append(1))
    for filters in ({"id": 9}, {"connectorId": 5}, {"chargingProfilePurpose": "TxProfile"}):
        assert not four.clear(filters)
    assert four.dump() == before and not told


def test_an_id_decides_alone_or_with_the_other_fields_by_policy(four: ProfileStore) -> None:
    strict = ProfileStore({"clear_id_with_filters": "all"})
    strict.load(four.dump())
    assert not strict.clear({"id": 3, "stackLevel": 9})  # ER 3.25
    assert four.clear({"id": 3, "stackLevel": 9})  # ER 3.26


# Persistence


def test_profiles_survive_a_reboot_through_json(four: ProfileStore) -> None:
    other = ProfileStore()
    other.load(json.loads(json.dumps(four.dump())))
    assert other.dump() == four.dump()
    assert other.limit(1, T0) == four.limit(1, T0)


def test_a_recurring_profile_anchored_at_receipt_keeps_its_anchor_over_a_reboot() -> None:
    policies = {"recurring_without_start": "from-receipt"}
    store, other = ProfileStore(policies), ProfileStore(policies)
    assert put(store, 1, recurring(startSchedule=None, duration=3600)) == "Accepted"
    other.load(store.dump())
    assert other.limit(1, T0 + 86400) == Limit(10, None, T0 + 90000)


# What it says


def test_a_limit_tells_exactly_when_it_changes() -> None:
    store = ProfileStore()
    put(store, 1, recurring(chargingSchedulePeriod=periods((0, 16), (3600, 0)), duration=7200))
    changes, t = [], T0
    for _ in range(6):
        limit = store.limit(1, t)
        changes.append((t - T0, limit.amps))
        assert limit.until_epoch_s is not None
        t = limit.until_epoch_s
    assert changes == [(0, 16), (3600, 0), (7200, None), (86400, 16), (90000, 0), (93600, None)]


def test_a_limit_is_a_float_although_json_knows_no_difference() -> None:
    store = ProfileStore()
    put(store, 1, profile(10))
    assert type(store.limit(1, T0).amps) is float


def test_a_limit_that_never_changes_says_so() -> None:
    store = ProfileStore()
    put(store, 1, profile(10))
    assert store.limit(1, T0) == Limit(10)


def test_a_limit_is_a_cap_as_it_was_given_and_none_where_nobody_speaks() -> None:
    store = ProfileStore()
    assert store.limit(1, T0).cap is store.station_limit(T0).cap is None
    put(store, 1, profile(6900, chargingRateUnit="W", chargingSchedulePeriod=periods((0, 6900), phases=2)))
    put(store, 0, profile(0, chargingProfileId=2, chargingProfilePurpose="ChargePointMaxProfile"))
    assert store.limit(1, T0).cap == Cap(15.0, 2, 6900.0)
    assert store.station_limit(T0).cap == Cap(0.0)


def test_an_absolute_profile_without_start_counts_from_the_start_of_charging_or_is_rejected() -> None:
    wire = profile(startSchedule=None, chargingSchedulePeriod=periods((0, 16), (600, 8)))
    store = ProfileStore()
    assert put(store, 1, wire) == "Accepted"
    assert store.limit(1, T0, T0 - 500) == Limit(16, None, T0 + 100)
    assert put(ProfileStore({"absolute_without_start": "rejected"}), 1, wire) == "Rejected"


def test_a_start_with_fraction_and_offset_is_that_instant() -> None:
    store = ProfileStore()
    put(store, 1, profile(10, startSchedule="2024-03-01T11:00:00.5+01:00"))
    assert store.limit(1, T0) == Limit(until_epoch_s=T0 + 0.5)
    put(store, 1, profile(10, startSchedule="2024-03-01T10:01Z"))
    assert store.limit(1, T0) == Limit(until_epoch_s=T0 + 60)


def test_a_relative_station_profile_counts_from_the_oldest_transaction() -> None:
    store = ProfileStore()
    wire = profile(chargingProfilePurpose="ChargePointMaxProfile", chargingProfileKind="Relative")
    wire["chargingSchedule"]["chargingSchedulePeriod"] = periods((0, 20), (600, 30))
    put(store, 0, wire)
    assert store.station_limit(T0) == Limit()
    assert store.station_limit(T0, T0 - 590) == Limit(20, None, T0 + 10)
    answer = store.composite(
        1, T0, 60, "A", began_epoch_s={1: T0 - 30, 2: T0 - 590}, local_a={1: 32.0, 2: 32.0}
    )
    assert [p["startPeriod"] for p in answer["chargingSchedule"]["chargingSchedulePeriod"]] == [0, 10]


@pytest.mark.parametrize(("policy", "phases"), [("minimum", 1), ("lower-limit", 3)])
def test_the_phases_of_both_profiles_are_merged_by_policy(policy: str, phases: int) -> None:
    store = ProfileStore({"merge_phases": policy})
    put(store, 1, profile(chargingSchedulePeriod=periods((0, 16), phases=3)))
    one = profile(
        chargingProfilePurpose="ChargePointMaxProfile", chargingSchedulePeriod=periods((0, 20), phases=1)
    )
    put(store, 0, one)
    assert flat(composite(store)) == [(0, 16, phases)]


# GetCompositeSchedule


def composite(store: ProfileStore, connector: int = 1, duration: int = 60, unit: str | None = "A") -> Any:
    return store.composite(
        connector, T0 + 0.7, duration, unit, began_epoch_s={}, local_a={1: 16.0, 2: 32.0}, station_a=40
    )


def flat(answer: dict[str, Any]) -> list[tuple[int, float, int]]:
    rows = answer["chargingSchedule"]["chargingSchedulePeriod"]
    return [(row["startPeriod"], row["limit"], row["numberPhases"]) for row in rows]


def test_without_profiles_a_composite_is_what_the_installation_can_do() -> None:
    store = ProfileStore()
    assert composite(store, 1) == {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2024-03-01T10:00:00Z",
        "chargingSchedule": {
            "duration": 60,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": 3}],
        },
    }
    assert flat(composite(store, 2, unit="W")) == [(0, 32 * 690, 3)]
    assert flat(composite(store, 0)) == [(0, 40, 3)], "the sum, capped by the station"


@pytest.mark.parametrize("connector", [-1, 3])
def test_a_composite_for_an_unknown_connector_is_rejected(connector: int) -> None:
    assert composite(ProfileStore(), connector) == {"status": "Rejected"}


@pytest.mark.parametrize(("duration", "unit"), [(60, "kW"), (-1, "A")])
def test_a_composite_that_makes_no_sense_is_a_callerror(duration: int, unit: str) -> None:
    with pytest.raises(Refusal) as refusal:
        composite(ProfileStore(), 1, duration, unit)
    assert refusal.value.code == "PropertyConstraintViolation"  # ER 3.24


def test_a_composite_is_in_amperes_where_no_unit_is_asked_for() -> None:
    assert composite(ProfileStore(), unit=None)["chargingSchedule"]["chargingRateUnit"] == "A"
    watts = ProfileStore(capacity=Capacity(units=("W",)))
    assert composite(watts, unit=None)["chargingSchedule"]["chargingRateUnit"] == "W"
    assert composite(watts, unit="A") == {"status": "Rejected"}


def test_a_composite_of_no_time_tells_the_present_limit() -> None:
    assert flat(composite(ProfileStore(), duration=0)) == [(0, 16, 3)]


LIFETIME_S = 2**31 - 1


def test_a_composite_of_a_lifetime_is_answered_where_nothing_changes() -> None:
    assert flat(composite(ProfileStore(), duration=LIFETIME_S)) == [(0, 16, 3)]


@pytest.mark.slow
def test_a_lifetime_of_what_comes_again_each_day_takes_a_weeks_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evc5.twin.charging.composite.MOST_STEPS", 2 * 7 * 96)
    store = ProfileStore()
    put(store, 1, recurring(chargingSchedulePeriod=periods(*((900 * n, 10) for n in range(96)))))
    assert flat(composite(store, duration=LIFETIME_S)) == [(0, 10, 3)]
    put(store, 1, recurring(chargingSchedulePeriod=periods(*((900 * n, 6 + n % 2) for n in range(96)))))
    assert composite(store, duration=LIFETIME_S) == {"status": "Rejected"}
    year = flat(composite(store, duration=365 * 86400))
    assert len(year) == 365 * 96
    assert year[-1] == (365 * 86400 - 900, 7, 3)


@pytest.mark.slow
def test_a_composite_too_long_for_any_device_is_rejected() -> None:
    store = ProfileStore()
    put(store, 1, recurring(chargingSchedulePeriod=periods(*((900 * n, 6 + n % 2) for n in range(96)))))
    assert len(flat(composite(store, duration=365 * 86400))) == 365 * 96
    assert composite(store, duration=LIFETIME_S) == {"status": "Rejected"}


@pytest.mark.parametrize(("given", "least", "unit", "told"), [
    ("A", 8.0, "A", 8.0), ("A", 8.0, "W", 5520.0), ("W", 5520.0, "W", 5520.0), ("W", 5520.0, "A", 8.0),
    ("A", None, "A", None),
])  # fmt: skip
def test_a_composite_tells_the_least_rate_in_its_own_unit(
    given: str, least: float | None, unit: str, told: float | None
) -> None:
    """8 A on three phases of 230 V."""
    store = ProfileStore()
    put(store, 1, profile(11_000 if given == "W" else 16, chargingRateUnit=given, minChargingRate=least))
    assert composite(store, unit=unit)["chargingSchedule"].get("minChargingRate") == told


DAYS_S = 86_400
ONCE_S = 25 * DAYS_S + 43_200, 25 * DAYS_S + 61_200  # five hours of the 26th day, in the fourth week


@pytest.mark.parametrize(
    "duration_s", [3 * DAYS_S, 7 * DAYS_S, 14 * DAYS_S + 1, 25 * DAYS_S, 40 * DAYS_S + 7]
)
@pytest.mark.parametrize("is_interrupted", [False, True])
def test_what_comes_again_each_day_is_told_for_each_day_of_weeks(
    duration_s: int, is_interrupted: bool
) -> None:
    """16 A for ten hours from 10:00 on, then 10 A; once a week 8 A for an hour."""
    store = ProfileStore()
    put(store, 1, recurring(chargingSchedulePeriod=periods((0, 16), (36_000, 10))))
    weekly = {"recurrencyKind": "Weekly", "chargingProfileId": 2, "stackLevel": 1, "duration": 3600}
    put(store, 1, recurring(8, startSchedule="2024-03-03T10:00:00Z", **weekly))
    if is_interrupted:
        once = {"chargingProfileId": 3, "stackLevel": 2, "startSchedule": "2024-03-26T22:00:00Z"}
        put(store, 1, profile(6, duration=18_000, **once))

    def limit_a(offset_s: int) -> float:
        if is_interrupted and ONCE_S[0] <= offset_s < ONCE_S[1]:
            return 6
        if 2 * DAYS_S <= offset_s % (7 * DAYS_S) < 2 * DAYS_S + 3600:
            return 8
        return 16 if offset_s % DAYS_S < 36_000 else 10

    hours = [(offset_s, limit_a(offset_s), 3) for offset_s in range(0, duration_s, 3600)]
    told = [hour for n, hour in enumerate(hours) if n == 0 or hour[1] != hours[n - 1][1]]
    assert flat(composite(store, duration=duration_s)) == told


def test_a_composite_shows_what_begins_within_a_second_at_that_second() -> None:
    store = ProfileStore()
    put(store, 1, profile(10, startSchedule="2024-03-01T10:00:30.5Z"))
    assert flat(composite(store)) == [(0, 16, 3), (30, 10, 3)]


def test_a_composite_merges_neighbours_that_are_equal_once_written() -> None:
    store = ProfileStore()
    wire = profile(chargingRateUnit="W", chargingSchedulePeriod=periods((0, 6900), (10, 6900.1), (20, 7000)))
    put(store, 1, wire)
    assert flat(composite(store)) == [(0, 10, 3), (20, 10.1, 3)]


def test_the_sum_of_watts_counts_each_connector_on_its_own_phases() -> None:
    store = ProfileStore()
    put(store, 1, profile(10, chargingSchedulePeriod=periods((0, 10), phases=1)))
    put(store, 2, profile(10, chargingSchedulePeriod=periods((0, 10), phases=3)))
    assert flat(composite(store, 0, unit="W")) == [(0, 2300 + 6900, 3)]
    assert flat(composite(store, 0)) == [(0, 20, 3)]


def test_local_limits_and_the_whole_station_profile_bound_each_connector() -> None:
    store = ProfileStore()
    put(store, 0, profile(20, chargingProfilePurpose="ChargePointMaxProfile"))
    assert (flat(composite(store, 1)), flat(composite(store, 2))) == ([(0, 16, 3)], [(0, 20, 3)])
    assert flat(composite(store, 0)) == [(0, 20, 3)]


def test_a_limit_on_two_phases_holds_on_the_three_that_conduct() -> None:
    """Relays know one phase and three: amperes hold on each, watts are their total."""
    store = ProfileStore()
    put(store, 1, profile(chargingSchedulePeriod=periods((0, 10), phases=2)))
    assert flat(composite(store, unit="A")) == [(0, 10, 2)], "amperes are told as they were given"
    assert flat(composite(store, unit="W")) == [(0, 6900, 3)]
    put(store, 1, profile(chargingRateUnit="W", chargingSchedulePeriod=periods((0, 4600), phases=2)))
    assert flat(composite(store, unit="W")) == [(0, 4600, 3)]
    assert flat(composite(store, unit="A")) == [(0, 6.6, 3)]


# Cost


@pytest.mark.slow
def test_a_week_of_quarter_hours_costs_the_same_after_a_thousand_replacements() -> None:
    few, many = _replaced(6), _replaced(1002)
    assert _calls(many) <= 1.05 * _calls(few)


def _replaced(count: int) -> ProfileStore:
    """A store after so many profiles of 96 quarter hours, on three stack levels of two connectors."""
    store = ProfileStore()
    for number in range(count):
        quarters = periods(*((900 * n, (number + n) % 27 + 6) for n in range(96)))
        wire = recurring(chargingSchedulePeriod=quarters, stackLevel=number % 3, chargingProfileId=number)
        assert put(store, number % 2, wire) == "Accepted"
    return store


def _calls(store: ProfileStore) -> int:
    """How many functions are called for the composite of a week."""
    answers = []
    calls = _counted(
        lambda: answers.append(
            store.composite(0, T0, 7 * 86400, "A", began_epoch_s={}, local_a={1: 64.0, 2: 64.0})
        )
    )
    assert len(flat(answers[0])) == 7 * 96
    return calls


def _counted(do: Callable[[], object]) -> int:
    """How many functions an action calls and returns from."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(None)
    return calls


def test_years_of_recurrence_cost_no_more_than_a_day() -> None:
    """A limit is found from the last occurrence: nothing is walked through to get there."""
    store = ProfileStore()
    put(
        store,
        1,
        recurring(chargingSchedulePeriod=periods((0, 16), (3600, 8)), startSchedule="1990-01-01T00:00:00Z"),
    )
    limit = store.limit(1, T0 + 1e9)
    assert limit.amps is not None and limit.until_epoch_s is not None
    first, late = (_counted(lambda t=t: store.limit(1, t)) for t in (T0 + 86400 * 7, T0 + 86400 * 7000))
    assert late <= 1.5 * first
