"""Random charging profiles as the CSMS sends them, and the policies they may be read under."""

import random
from datetime import UTC, datetime
from typing import Any

MONDAY = 1_709_510_400  # 2024-03-04T00:00:00Z
POLICIES = {
    "gap": ("local-limit", "unlimited"),
    "txdefault_precedence": ("connector", "stack-level"),
    "merge_phases": ("minimum", "lower-limit"),
    "watts_to_amps": ("schedule-phases", "phases-in-use"),
    "recurring_before_start": ("inactive", "backwards"),
    "relative_without_transaction": ("from-query", "inactive"),
    "recurring_without_start": ("rejected", "from-receipt"),
}
AMPS = (0, 5.9, 6, 8.1, 10, 13.7, 16, 16, 20, 32)
WATTS = (0, 1380, 2300, 4140.5, 6900, 7360, 11040, 11040, 22080)


def instant(rng: random.Random, spread_s: int = 2 * 86400) -> float:
    """Mostly on a coarse grid, so that boundaries coincide; now and then off it, and off the second."""
    grid = rng.choice((1, 900, 900, 3600, 3600))
    fraction = rng.choice((0, 0, 0, 0.25, 0.999))
    return MONDAY + rng.randrange(-spread_s, spread_s) // grid * grid + fraction


def iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")


def schedule(rng: random.Random) -> dict[str, Any]:
    unit = rng.choice("AAW")
    starts = sorted({0, *(rng.randrange(0, 100_000) // 900 * 900 + rng.choice((0, 0, 1)) for _ in range(3))})
    told: dict[str, Any] = {"chargingRateUnit": unit}
    told["chargingSchedulePeriod"] = [
        {"startPeriod": start, "limit": rng.choice(AMPS if unit == "A" else WATTS)}
        | ({"numberPhases": rng.choice((1, 2, 3, 3))} if rng.random() < 0.6 else {})
        for start in starts[: rng.randint(1, 4)]
    ]
    if rng.random() < 0.6:
        told["duration"] = rng.choice((900, 3600, 7200, 43200, 86400, 100_000, 700_000))
    if rng.random() < 0.7:
        told["startSchedule"] = iso(instant(rng))
    return told


def profile(rng: random.Random) -> tuple[int, dict[str, Any]]:
    purpose = rng.choice(("ChargePointMaxProfile", "TxDefaultProfile", "TxDefaultProfile", "TxProfile"))
    kind = rng.choice(("Absolute", "Recurring", "Relative"))
    wire: dict[str, Any] = {
        "chargingProfileId": rng.randint(1, 6),
        "stackLevel": rng.randint(0, 3),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule(rng),
    }
    if kind == "Recurring":
        wire["recurrencyKind"] = rng.choice(("Daily", "Daily", "Weekly"))
    if rng.random() < 0.3:
        wire["validFrom"] = iso(instant(rng))
    if rng.random() < 0.3:
        wire["validTo"] = iso(instant(rng))
    return rng.choice({"ChargePointMaxProfile": (0,), "TxProfile": (1, 2)}.get(purpose, (0, 1, 2))), wire
