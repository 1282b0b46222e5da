"""A charging profile: read from the wire, and refused where it makes no sense.

Two ways to say no, as OCPP has them: `Refusal` is a CALLERROR, `Rejected` the status of SetChargingProfile.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from evc5.twin.charging.schedule import DAY_MS, NEVER, WEEK_MS, Cap, Schedule, cap_of_watts, to_ms
from evc5.twin.ocpp.frames import Refusal

Wire = Mapping[str, Any]
Policies = Mapping[str, str]

CHARGE_POINT_MAX, TX_DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
RECURRENCE_MS = {"Daily": DAY_MS, "Weekly": WEEK_MS}
ENUMERATIONS = {  # OCPP 1.6 7.9, 7.10, 7.11, 7.37
    "chargingProfilePurpose": (CHARGE_POINT_MAX, TX_DEFAULT, TX),
    "chargingProfileKind": ("Absolute", "Recurring", "Relative"),
    "recurrencyKind": tuple(RECURRENCE_MS),
    "chargingRateUnit": ("A", "W"),
}


class Rejected(Exception):
    """A request that is answered with the status Rejected; the text says why."""


class ChargingProfile(NamedTuple):
    """One installed profile: what it was sent as, and its schedule."""

    connector: int
    id: int
    purpose: str
    stack_level: int
    transaction_id: int | None
    schedule: Schedule
    wire: Wire
    received_epoch_s: float

    @classmethod
    def parse(cls, connector: int, wire: Wire, epoch_s: float, policies: Policies) -> "ChargingProfile":
        """Read a payload that fits its JSON schema; raises `Refusal` or `Rejected`.

        A schema checks neither date-times nor whether the periods make a schedule: that is done here.
        """
        check_enumerations(wire)
        return cls(
            connector,
            wire["chargingProfileId"],
            wire["chargingProfilePurpose"],
            wire["stackLevel"],
            wire.get("transactionId"),
            read_schedule(wire, epoch_s, policies),
            wire,
            epoch_s,
        )

    def replaces(self, other: "ChargingProfile") -> bool:
        """Does it take the place of `other`? The connector is part of a place: 3.13.1 with 3.13.2, 5.16.4."""
        return self.connector == other.connector and (
            self.id == other.id or (self.purpose, self.stack_level) == (other.purpose, other.stack_level)
        )


def check_enumerations(wire: Wire) -> None:
    """CALLERROR for a value outside its enumeration, ER 3.38."""
    told = {**wire["chargingSchedule"], **wire}
    for field, allowed in ENUMERATIONS.items():
        value = told.get(field, allowed[0])
        if value not in allowed:
            raise Refusal("PropertyConstraintViolation", f"{field} must be one of {allowed}, got {value}")


def read_schedule(wire: Wire, epoch_s: float, policies: Policies) -> Schedule:
    """The schedule with its kind, recurrence and validity; raises `Rejected` where it is none."""
    told = wire["chargingSchedule"]
    check_sense(wire)
    recurring = wire["chargingProfileKind"] == "Recurring"  # only then recurrencyKind counts, ER 3.56
    duration_s = told.get("duration")
    return Schedule(
        offsets_ms=tuple([period["startPeriod"] * 1000 for period in told["chargingSchedulePeriod"]]),
        caps=tuple(read_caps(told)),
        start_ms=read_start(wire, epoch_s, policies),
        duration_ms=NEVER if duration_s is None else duration_s * 1000,
        every_ms=RECURRENCE_MS[wire["recurrencyKind"]] if recurring else None,
        backwards=recurring and policies["recurring_before_start"] == "backwards",
        valid_from_ms=read_instant(wire, "validFrom", -NEVER),
        valid_to_ms=read_instant(wire, "validTo", NEVER),
    )


def check_sense(wire: Wire) -> None:
    """`Rejected` for what no charge point could execute."""
    told = wire["chargingSchedule"]
    rows = told["chargingSchedulePeriod"]
    starts = [row["startPeriod"] for row in rows]
    valid_from, valid_to = read_instant(wire, "validFrom", -NEVER), read_instant(wire, "validTo", NEVER)
    wrong = {
        "stackLevel must be >= 0": wire["stackLevel"] < 0,
        "a schedule must have periods": not rows,
        "the first startPeriod must be 0": starts[:1] != [0],  # ER 3.45
        "startPeriod must rise from period to period": any(b <= a for a, b in pairwise(starts)),
        "limit must be >= 0": any(row["limit"] < 0 for row in rows),
        "numberPhases must be 1, 2 or 3": any(row.get("numberPhases", 3) not in (1, 2, 3) for row in rows),
        "duration must be > 0": told.get("duration", 1) <= 0,
        "minChargingRate must be >= 0": told.get("minChargingRate", 0) < 0,
        "validTo must lie after validFrom": valid_to <= valid_from,
        "Recurring must come with recurrencyKind": wire["chargingProfileKind"] == "Recurring"
        and "recurrencyKind" not in wire,
    }
    for why, is_so in wrong.items():
        if is_so:
            raise Rejected(why)


def read_caps(told: Wire) -> list[Cap]:
    minimum = told.get("minChargingRate")
    periods = [(float(row["limit"]), row.get("numberPhases")) for row in told["chargingSchedulePeriod"]]
    if told["chargingRateUnit"] == "W":
        return [cap_of_watts(limit, phases, minimum) for limit, phases in periods]
    return [Cap(limit, phases, min_rate=minimum) for limit, phases in periods]


def read_start(wire: Wire, epoch_s: float, policies: Policies) -> int | None:
    """The schedule's own start; None: where charging began."""
    kind = wire["chargingProfileKind"]
    told = wire["chargingSchedule"]
    if kind == "Relative":
        return None  # 7.9; a startSchedule has no meaning here
    if "startSchedule" in told:
        return read_instant(told, "startSchedule", 0)
    if kind == "Absolute":
        if policies["absolute_without_start"] == "rejected":
            raise Rejected("an Absolute schedule without startSchedule")
        return None  # 7.13
    if policies["recurring_without_start"] == "rejected":
        raise Rejected("a Recurring schedule without startSchedule")
    return to_ms(epoch_s)


def read_instant(wire: Wire, field: str, absent: int) -> int:
    """An ISO 8601 date-time (3.15: any fraction, any offset; without one UTC is assumed)."""
    text = wire.get(field)
    if text is None:
        return absent
    try:
        if "T" not in text.upper():
            raise ValueError
        instant = datetime.fromisoformat(text.upper())
    except ValueError:
        raise Refusal("TypeConstraintViolation", f"{field} must be a date-time, got {text}") from None
    return to_ms((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())
