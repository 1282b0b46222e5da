"""What other implementations answer, and the policies under which this one answers the same.

Each vector holds with the policies named for it, whatever the others, and fails without: a vector that is not
listed holds under all. That is asked over the wire, and the 64 combinations of policies of the store alone.
"""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from profile_driver import InTheStore, OnTheWire, Reached, epoch, station_of, vectors

LOCAL, UNLIMITED = {"gap": "local-limit"}, {"gap": "unlimited"}
IDLE_COUNTS_FROM_QUERY = {"relative_without_transaction": "from-query"}
BACKWARDS = {"recurring_before_start": "backwards"}
FEWEST, LOWER = {"merge_phases": "minimum"}, {"merge_phases": "lower-limit"}
SPREAD, GIVEN = {"watts_to_amps": "phases-in-use"}, {"watts_to_amps": "schedule-phases"}

NEEDS: dict[str, dict[str, str]] = {
    "composite_everest-absolute-3": LOCAL,
    "composite_everest-absolute-6-connector1": LOCAL,
    "composite_everest-relative-2": {"txdefault_precedence": "stack-level"},
    "composite_libocpp-06-no-profiles": LOCAL,
    "composite_libocpp-07-extra-seconds": LOCAL,
    "composite_libocpp-09-txdefault0-one-connector": IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-10-txdefault0-two-connectors-A": IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-11-txdefault0-two-connectors-W-to-A": GIVEN | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-14-recurring-plus-relative-connector0": LOCAL | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-15-mixingcurrentandpower-16a-1p": FEWEST | SPREAD | BACKWARDS | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-16-mixingcurrentandpower-16a-3p": GIVEN | BACKWARDS | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-17-mixingcurrentandpower-10a-1p": FEWEST | SPREAD | BACKWARDS | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-18-mixingcurrentandpower-10a-3p": GIVEN | BACKWARDS | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-21-sum-different-phases": IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-22-mixed-phases-one-connector": FEWEST | BACKWARDS | IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-23-relative-connector0-sum-W": IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-26-relative-connector0-one-tx-active": IDLE_COUNTS_FROM_QUERY,
    "composite_libocpp-combined1-W": LOCAL | FEWEST,
    "composite_libocpp-daily-AlmostValid": LOCAL,
    "composite_libocpp-daily-ApproachingInvalid": LOCAL,
    "composite_microocpp-composite-definition-gap": UNLIMITED,
    "composite_openocpp-2p-contiguous-before": IDLE_COUNTS_FROM_QUERY,
    "composite_openocpp-2p-overlapping-after": IDLE_COUNTS_FROM_QUERY,
    "composite_openocpp-2p-same-start": IDLE_COUNTS_FROM_QUERY,
    "composite_openocpp-local-limit-after": LOWER | IDLE_COUNTS_FROM_QUERY,
    "composite_openocpp-local-limit-charging": LOWER,
    "setpoint_microocpp-sp-txdefault-idle": UNLIMITED | {"relative_without_transaction": "inactive"},
    "setpoint_openocpp-sp-3-profiles-relative-idle": IDLE_COUNTS_FROM_QUERY,
    "setpoint_openocpp-sp-daily-inactive": UNLIMITED,
    "setpoint_openocpp-sp-weekly-inactive": UNLIMITED,
}

CANNOT_APPLY = {
    "composite_openocpp-absolute-earlier-short": "open-ocpp cuts the duration where profiles end; this one "
    "answers for the time asked about and fills the gap by policy",
    "setpoint_microocpp-sp-mixed-units": "MicroOcpp keeps a limit in W beside one in A; a composite schedule "
    "has one unit, and 5000 W over three phases are 7.2 A, below the other profile's 20 A",
}

QUESTIONS = {
    "gap": ("local-limit", "unlimited"),
    "txdefault_precedence": ("connector", "stack-level"),
    "merge_phases": ("minimum", "lower-limit"),
    "watts_to_amps": ("schedule-phases", "phases-in-use"),
    "recurring_before_start": ("inactive", "backwards"),
    "relative_without_transaction": ("from-query", "inactive"),
}

ALL = {**vectors("composite_*.json"), **vectors("setpoint_*.json")}
APPLICABLE = [name for name in ALL if name not in CANNOT_APPLY]


def holds(vector: dict[str, Any], policies: dict[str, str], reached: Reached = OnTheWire) -> bool:
    """Does the station answer the vector's query as its source does?"""
    query, expected = vector["query"], vector["expected"]
    station = station_of(vector, policies, reached)
    answer = station.composite(vector["connector"], query["duration"], query["unit"])
    schedule = answer["chargingSchedule"]
    hint = expected.get("minChargingRate")
    return (
        (answer["status"], answer["connectorId"]) == (expected["status"], vector["connector"])
        and (schedule["chargingRateUnit"], schedule["duration"]) == (expected["unit"], expected["duration"])
        and same_periods(schedule["chargingSchedulePeriod"], vector)
        and hint in (None, schedule.get("minChargingRate"))
    )


def same_periods(got: list[dict[str, Any]], vector: dict[str, Any]) -> bool:
    if vector["expected"].get("undefined"):
        return bool(got[0]["limit"] == -1)  # as a composite says that there is no limit
    wanted = vector["expected"]["periods"]
    if vector["compare"] in ("prefix", "instant"):
        got = got[: len(wanted)]
    return len(got) == len(wanted) and all(
        {field: one[field] for field in other} == other for one, other in zip(got, wanted, strict=True)
    )


@pytest.mark.parametrize("name", APPLICABLE)
def test_vector_holds_under_its_policies(name: str) -> None:
    assert holds(ALL[name], NEEDS.get(name, {}))


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICABLE)
def test_vector_holds_under_no_other_policies(name: str) -> None:
    needed = NEEDS.get(name, {}).items()
    for answers in product(*QUESTIONS.values()):
        policies = dict(zip(QUESTIONS, answers, strict=True))
        assert holds(ALL[name], policies, InTheStore) == (needed <= policies.items()), policies


def test_every_vector_is_either_held_or_named_with_its_reason() -> None:
    assert len(ALL) == 67
    assert set(CANNOT_APPLY) | set(NEEDS) <= set(ALL)
    assert not set(CANNOT_APPLY) & set(NEEDS)


@pytest.mark.parametrize("name", CANNOT_APPLY)
def test_vector_that_cannot_apply_fails_for_the_reason_given(name: str) -> None:
    answer = station_of(ALL[name], {}, OnTheWire).composite(1, ALL[name]["query"]["duration"], "A")
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    got = [(period["startPeriod"], period["limit"]) for period in periods]
    assert (
        got
        == {
            "composite_openocpp-absolute-earlier-short": [(0, 16), (900, 10), (1600, 32), (1900, 63)],
            "setpoint_microocpp-sp-mixed-units": [(0, 7.2)],
        }[name]
    )


ANCHORS = vectors("recurrence_anchors.json")["recurrence_anchors"]


@pytest.mark.parametrize("number", range(len(ANCHORS)))
@pytest.mark.parametrize("policy", ["inactive", "backwards"])
def test_recurrences_begin_where_libocpp_has_them(number: int, policy: str) -> None:
    """As a composite shows them, the profile's validity put aside: 32 A is its first period only."""
    vector = ANCHORS[number]
    profile = {
        name: value for name, value in vector["profile"].items() if name not in ("validFrom", "validTo")
    }
    starts = [epoch(text) for text in vector["expected_occurrence_starts"]]
    before = starts[0] - 3600
    station = OnTheWire(
        datetime.fromtimestamp(before, UTC).isoformat(), policies={"recurring_before_start": policy}
    )
    assert station.install(1, profile) == "Accepted"
    answer = station.composite(1, int(epoch(vector["window_end"]) - before), "A")
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    seen = [before + period["startPeriod"] for period in periods if period["limit"] == 32]
    first = epoch(profile["chargingSchedule"]["startSchedule"])
    assert seen == [start for start in starts if policy == "backwards" or start >= first]
