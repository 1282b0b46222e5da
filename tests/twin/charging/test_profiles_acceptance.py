"""SetChargingProfile's status in other implementations, and the policies under which it is the same here.

The sources contradict each other: each vector holds with the policies named for it, whatever the others, and
fails without. That is asked over the wire, and the 32 combinations of policies of the store alone.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from profile_driver import InTheStore, OnTheWire, Reached, Station, vectors

from evc5.twin.charging.profiles import Capacity

NOW = "2024-01-17T18:00:00Z"  # within every vector's validity, where it matters
POLITE_CONNECTOR, POLITE_LIMIT = {"bad_connector": "Rejected"}, {"over_limit": "Rejected"}

NEEDS: dict[str, dict[str, str]] = {
    "libocpp-val-connector-too-high": POLITE_CONNECTOR,
    "libocpp-val-negative-connector": POLITE_CONNECTOR,
    "libocpp-val-stack-too-high": POLITE_LIMIT,
    "libocpp-val-absolute-without-startSchedule": {"absolute_without_start": "rejected"},
    "libocpp-val-recurring-without-startSchedule": {"recurring_without_start": "rejected"},
    "microocpp-max-profiles": POLITE_LIMIT,
    "microocpp-stack-level-over-max": {"over_limit": "CALLERROR"},
    "microocpp-too-many-periods": {"over_limit": "CALLERROR"},
}
QUESTIONS = {
    "bad_connector": ("Rejected", "CALLERROR"),
    "over_limit": ("Rejected", "CALLERROR"),
    "absolute_without_start": ("from-charging", "rejected"),
    "recurring_without_start": ("rejected", "from-receipt"),
    "txprofile_without_transaction_id": ("running", "rejected"),
}

VECTORS = {
    vector["name"]: vector for vector in vectors("acceptance_*.json")["acceptance_set_charging_profile"]
}
MAX_STACK_LEVEL, MAX_PERIODS = Capacity().max_stack_level, Capacity().max_periods


def station_for(
    vector: Mapping[str, Any], policies: Mapping[str, str], reached: Reached = OnTheWire
) -> Station:
    """The station that the vector's context describes; nothing said: two connectors, a transaction on 1."""
    context = vector.get("context", {})
    named = context.get("transactionId", 1)
    units = {"Power": ("W",)}.get(context.get("ChargingScheduleAllowedChargingRateUnit", ""), ("A", "W"))
    station = reached(
        NOW,
        connectors=context.get("connectors_installed", 2),
        started={1: NOW} if context.get("transaction_running", True) else {},
        policies=policies,
        capacity=Capacity(max_profiles=context.get("MaxChargingProfilesInstalled", 18), units=units),
        transaction_id=named if isinstance(named, int) else 122,  # "not 123"
    )
    for number in range(context.get("already_installed", 0)):
        own = {**vector["csChargingProfiles"], "chargingProfileId": number, "stackLevel": 5 + number}
        assert station.install(vector["connectorId"], own) == "Accepted"
    return station


def sent(vector: Mapping[str, Any]) -> dict[str, Any]:
    """The payload, its words for "one more than the maximum" filled in."""
    profile = dict(vector["csChargingProfiles"])
    schedule = profile["chargingSchedule"]
    if profile["stackLevel"] == "ChargeProfileMaxStackLevel+1":
        profile["stackLevel"] = MAX_STACK_LEVEL + 1
    if isinstance(schedule["chargingSchedulePeriod"], str):
        periods = [{"startPeriod": n, "limit": 16} for n in range(MAX_PERIODS + 1)]
        profile["chargingSchedule"] = {**schedule, "chargingSchedulePeriod": periods}
    return profile


def holds(vector: Mapping[str, Any], policies: Mapping[str, str], reached: Reached) -> bool:
    status = station_for(vector, policies, reached).install(vector["connectorId"], sent(vector))
    return bool(status == vector["expected"]["status"])


@pytest.mark.parametrize("name", VECTORS)
def test_vector_holds_over_the_wire_under_its_policies(name: str) -> None:
    assert holds(VECTORS[name], NEEDS.get(name, {}), OnTheWire)


@pytest.mark.parametrize("name", VECTORS)
def test_vector_holds_under_no_other_policies(name: str) -> None:
    needed = NEEDS.get(name, {}).items()
    for answers in product(*QUESTIONS.values()):
        policies = dict(zip(QUESTIONS, answers, strict=True))
        assert holds(VECTORS[name], policies, InTheStore) == (needed <= policies.items()), policies


def test_every_vector_is_tested() -> None:
    assert len(VECTORS) == 21 and set(NEEDS) <= set(VECTORS)


def test_an_installed_profile_may_be_sent_again_when_the_charge_point_is_full() -> None:
    vector = VECTORS["microocpp-max-profiles"]
    again = {**sent(vector), "chargingProfileId": 0, "stackLevel": 5}
    assert station_for(vector, {}).install(0, again) == "Accepted"


def test_exactly_the_maximum_is_accepted() -> None:
    level, periods = VECTORS["microocpp-stack-level-over-max"], VECTORS["microocpp-too-many-periods"]
    assert station_for(level, {}).install(1, {**sent(level), "stackLevel": MAX_STACK_LEVEL}) == "Accepted"
    full = sent(periods)
    full["chargingSchedule"]["chargingSchedulePeriod"].pop()
    assert station_for(periods, {}).install(1, full) == "Accepted"
