"""What a payload is held against, and how a breach is told: its code, where it is, and in how many words."""

from typing import Any

import pytest

from evc5.twin.ocpp.schemas import validator, violation

SCHEDULE = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": SCHEDULE,
}


def told(action: str, payload: Any, response: bool = False) -> tuple[str, str] | None:
    check = validator(action, response)
    assert check is not None
    return None if check.is_valid(payload) else violation(check, payload)


def with_limit(limit: Any) -> dict[str, Any]:
    schedule = {**SCHEDULE, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    return {"connectorId": 1, "csChargingProfiles": {**PROFILE, "chargingSchedule": schedule}}


@pytest.mark.parametrize(
    ("action", "payload", "code", "where"),
    [  # OCPP-J 1.6 table 7
        ("Reset", {"type": "Hard"}, None, ""),
        ("Reset", {}, "ProtocolError", "payload"),
        ("Reset", {"type": "Sideways"}, "PropertyConstraintViolation", "type"),
        ("Reset", {"type": 3}, "TypeConstraintViolation", "type"),
        ("Reset", {"type": "Hard", "more": 1}, "FormationViolation", "payload"),
        ("Authorize", {"idTag": "x" * 20}, None, ""),
        ("Authorize", {"idTag": "x" * 21}, "TypeConstraintViolation", "idTag"),
        ("SetChargingProfile", with_limit(8.1), None, ""),  # 7.13: tenths, as a decimal has them
        ("SetChargingProfile", with_limit(8.11), "PropertyConstraintViolation",
         "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.0.limit"),
        ("SetChargingProfile", with_limit("8"), "TypeConstraintViolation",
         "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.0.limit"),
    ],
)  # fmt: skip
def test_a_breach_has_its_code_and_its_place(
    action: str, payload: dict[str, Any], code: str | None, where: str
) -> None:
    breach = told(action, payload)
    if code is None:
        assert breach is None
    else:
        assert breach is not None and breach[0] == code and breach[1].startswith(f"{where}: ")


def test_a_breach_is_told_in_at_most_255_characters() -> None:
    breach = told("Reset", {"type": "x" * 1000})
    assert breach is not None and len(breach[1]) == 255  # OCPP-J 4.2.3


@pytest.mark.parametrize("levels", [10, 16, 17, 100, 250])
def test_a_payload_however_deep_is_told_of(levels: int) -> None:
    deep: Any = 1
    for level in range(levels):
        deep = [deep] if level % 2 else {"a": deep}
    breach = told("DataTransfer", {"vendorId": "v", "data": deep})
    assert breach is not None and breach[0] == "TypeConstraintViolation" and breach[1].startswith("data: ")


@pytest.mark.parametrize("action", ["MakeCoffee", "", "x" * 10_000, "../Reset", "Reset.json"])
def test_what_is_no_action_of_1_6_has_no_schema(action: str) -> None:
    assert validator(action) is None and validator(action, response=True) is None


def test_a_request_and_its_answer_have_schemas_of_their_own() -> None:
    assert told("Reset", {"status": "Accepted"}, response=True) is None
    assert told("Reset", {"status": "Accepted"}) is not None
    assert told("Reset", {"type": "Hard"}, response=True) is not None


def test_a_time_that_is_none_is_for_whoever_reads_it() -> None:
    """A schema's format is no constraint of OCPP-J: a clock refuses what it cannot take."""
    assert told("Heartbeat", {"currentTime": "tomorrow"}, response=True) is None
