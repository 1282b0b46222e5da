"""The words that stories of a healthy bench are written in, step by step, and what is found in one."""

from typing import Any

from foreign import period
from random_days import Step, play
from random_days.__main__ import findings

Story = tuple[dict[str, Any], dict[str, Any], list[Step]]
"""The station, its back office, what is done."""
TABLE = {"name": "steps", "start": "2024-03-01T00:00:00Z", "days": 3660.0}
LISTS_ON = {"AuthorizationCacheEnabled": True, "LocalPreAuthorize": True, "LocalAuthorizeOffline": True}
MEASURED = "Current.Import,Current.Offered,Power.Active.Import,Energy.Active.Import.Register,SoC"
SAMPLED = {
    "MeterValueSampleInterval": 60,
    "MeterValuesSampledData": MEASURED,
    "chg_KWH1": "EASTR_SDM630,1,9600,N,1",
}
ALIGNED = {**SAMPLED, "MeterValuesAlignedData": MEASURED}
DRIFTING = {"latency_s": 0.05, "clock": {"offset_s": 0.0, "drift_ppm": -500.0}}
AHEAD = {"offset_s": 0.0, "drift_ppm": 500.0}


def errors(station: dict[str, Any], csms: dict[str, Any], steps: list[Step]) -> list[tuple[str, str]]:
    """Requirement and message of each error that the judge finds in this story."""
    found = findings(play({**TABLE, "station": station, "csms": csms}, steps))
    return [(row["requirement"], row["message"]) for row in found]


def step(verb: str, *args: Any, **kwargs: Any) -> Step:
    return Step(verb, args, kwargs)


def wait(seconds: float) -> Step:
    return Step("advance", (seconds,))


def limiting(
    purpose: str,
    *periods: dict[str, Any],
    id: int,
    level: int,
    kind: str = "Relative",
    unit: str = "A",
    **schedule: Any,
) -> dict[str, Any]:
    """A charging profile; `schedule` is what its schedule says beside."""
    return {
        "chargingProfileId": id,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": {"chargingRateUnit": unit, "chargingSchedulePeriod": [*periods], **schedule},
    }


CHARGE = [step("plug_in", 1, "vw-id3-58", 0.4, 32.0), step("present_tag", 1, "TAG1")]
SIX_AMPS = limiting(
    "ChargePointMaxProfile",
    period(6.0),
    id=7,
    level=3,
    kind="Absolute",
    startSchedule="2024-03-01T00:00:00Z",
    duration=7200,
)
SIX_FROM_THE_START = limiting("ChargePointMaxProfile", period(6.0), id=7, level=3)
PENDING = {"boot_status": ["Rejected", "Pending", "Accepted"], "boot_interval_s": 60}

BROUGHT = limiting("TxProfile", period(8.1), id=8, level=0)

INVALID = {"transactionId": 1119, "idTagInfo": {"status": "Invalid"}}

BOTH_LISTED = {
    "listVersion": 9,
    "updateType": "Full",
    "localAuthorizationList": [
        {"idTag": tag, "idTagInfo": {"status": "Accepted"}} for tag in ("TAG1", "TAG3")
    ],
}

ONE_PHASE = limiting("TxDefaultProfile", period(10.0, 0, 1), id=9, level=4)
