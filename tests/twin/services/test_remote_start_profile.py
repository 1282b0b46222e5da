"""A chargingProfile in RemoteStartTransaction: taken where it is one for a new transaction, else refused."""

from typing import Any

import pytest

from evc5 import Bench, CallError

TX = {"chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative"}


def profile(**changes: Any) -> dict[str, Any]:
    periods = changes.pop("periods", [{"startPeriod": 0, "limit": 10.0}])
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    return {"chargingProfileId": 1, "stackLevel": 0, **TX, "chargingSchedule": schedule, **changes}


def asked(bench: Bench, wire: dict[str, Any]) -> str:
    payload = {"connectorId": 1, "idTag": "TAG1", "chargingProfile": wire}
    status: str = bench.call("RemoteStartTransaction", payload)["status"]
    return status


REFUSED = {
    "another purpose (5.11)": profile(chargingProfilePurpose="TxDefaultProfile"),
    "the station's purpose": profile(chargingProfilePurpose="ChargePointMaxProfile"),
    "a transactionId (errata 3.41)": profile(transactionId=7),
    "too many periods": profile(periods=[{"startPeriod": n, "limit": 10.0} for n in range(97)]),
    "Recurring without recurrencyKind": profile(chargingProfileKind="Recurring"),
    "too high a level": profile(stackLevel=100_000),
    "no first period": profile(periods=[{"startPeriod": 60, "limit": 10.0}]),
}


@pytest.mark.slow
@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED)
def test_a_profile_that_cannot_start_a_transaction_has_the_start_rejected(wire: dict[str, Any]) -> None:
    bench = Bench(behaviour="ocpp16")
    bench.plug_in(1)
    assert asked(bench, wire) == "Rejected"
    bench.advance(30)
    assert bench.reading(1)["status"] == "Preparing"
    assert bench.run_so_far().transactions.empty


def test_a_profile_for_the_new_transaction_holds_from_its_beginning() -> None:
    bench = Bench(behaviour="ocpp16")
    bench.plug_in(1)
    assert asked(bench, profile()) == "Accepted"
    bench.advance(60)
    assert bench.reading(1)["offered1_a"] == pytest.approx(10.0)


def test_what_a_policy_answers_with_a_callerror_is_one_here_too() -> None:
    bench = Bench(behaviour="ocpp16", policies={"over_limit": "CALLERROR"})
    bench.plug_in(1)
    with pytest.raises(CallError, match="PropertyConstraintViolation"):
        asked(bench, REFUSED["too many periods"])


def test_a_firmware_that_ignores_profiles_starts_whatever_the_profile() -> None:
    bench = Bench(behaviour="evc5-v32r30")
    bench.plug_in(1)
    assert asked(bench, REFUSED["another purpose (5.11)"]) == "Accepted"
    bench.advance(60)
    assert bench.reading(1)["offered1_a"] == pytest.approx(32.0)
