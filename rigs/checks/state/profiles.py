"""Charging profiles read afresh from the frames: what holds, from when to when (3.13, 7.8 to 7.14).

Instants are epoch seconds. Limits in watts become amperes per phase over the schedule's own phases (7.12).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from evc5.rigs.checks.reading.instants import epoch

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
PERIOD_S = {"Daily": 86400.0, "Weekly": 604800.0}  # 7.37
VOLTS = 230.0  # 7.12: the area's set voltage
FOREVER = float("inf")
HAIR_S = 0.002  # stamps are written to the millisecond, and a boundary is met though its sum was rounded


class Cap(NamedTuple):
    """A limit in force: amperes per phase, and as it was written."""

    amps: float
    phases: int | None = None  # numberPhases, where it is given
    watts: float | None = None
    min_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile as it was sent; `start` None counts from where charging began."""

    connector: int
    id: int
    purpose: str
    level: int
    transaction: int | None
    start: float | None
    every: float | None
    backwards: bool
    duration: float
    valid: tuple[float, float]
    offsets: tuple[float, ...]
    caps: tuple[Cap, ...]

    def at(self, t: float, began: float | None) -> tuple[Cap | None, float]:
        """The cap at an instant and until when that stands; None where the profile says nothing."""
        t += HAIR_S
        valid_from, valid_to = self.valid
        if t < valid_from:
            return None, valid_from
        start = began if self.start is None else self.start
        if start is None or t >= valid_to:
            return None, FOREVER
        cap, until = self._within(t, start)
        return cap, min(until, valid_to)

    def _within(self, t: float, start: float) -> tuple[Cap | None, float]:
        following, span = FOREVER, self.duration
        if self.every is not None and (t >= start or self.backwards):
            start += (t - start) // self.every * self.every
            following, span = start + self.every, min(span, self.every)
        into = t - start
        if into < 0:
            return None, start
        if into >= span:
            return None, following
        index = bisect_right(self.offsets, into)
        end = self.offsets[index] if index < len(self.offsets) else FOREVER
        until = start + min(end, span)
        return self.caps[index - 1], min(until, following) if until == FOREVER else until


def read(connector: int, wire: Mapping[str, Any], now: float, policies: Mapping[str, str]) -> Profile:
    """A profile that the station has accepted."""
    told, kind = wire["chargingSchedule"], wire["chargingProfileKind"]
    start = None if kind == "Relative" else _instant(told, "startSchedule")
    if start is None and kind == "Recurring":
        start = now  # only where a policy has it accepted
    recurring = kind == "Recurring"
    return Profile(
        connector,
        wire["chargingProfileId"],
        wire["chargingProfilePurpose"],
        wire["stackLevel"],
        wire.get("transactionId"),
        start,
        PERIOD_S.get(wire.get("recurrencyKind", "")) if recurring else None,
        recurring and policies.get("recurring_before_start") == "backwards",
        float(told.get("duration", FOREVER)),
        (_instant(wire, "validFrom") or -FOREVER, _instant(wire, "validTo") or FOREVER),
        tuple(float(row["startPeriod"]) for row in told["chargingSchedulePeriod"]),
        tuple(_caps(told)),
    )


def _instant(table: Mapping[str, Any], field: str) -> float | None:
    text = table.get(field)
    return None if text is None else epoch(text)


def _caps(told: Mapping[str, Any]) -> Iterable[Cap]:
    for row in told["chargingSchedulePeriod"]:
        limit, phases, least = float(row["limit"]), row.get("numberPhases"), told.get("minChargingRate")
        if told["chargingRateUnit"] == "A":
            yield Cap(limit, phases, None, least)
        else:
            yield Cap(limit / (VOLTS * (phases or 3)), phases, limit, least)


Profiles = tuple[Profile, ...]


def installed(profiles: Profiles, new: Profile) -> Profiles:
    """With a profile in the place of those of its id, or purpose and level, on its connector (5.16.4)."""

    def gives_way(old: Profile) -> bool:
        same = old.id == new.id or (old.purpose, old.level) == (new.purpose, new.level)
        return same and old.connector == new.connector

    return (*(old for old in profiles if not gives_way(old)), new)


def cleared(profiles: Profiles, filters: Mapping[str, Any], by_id: bool) -> Profiles:
    """Without those that a ClearChargingProfile names; `by_id`: an id stands above all other filters."""
    wanted = {"id": filters["id"]} if by_id and "id" in filters else dict(filters)
    fields = {
        "id": "id",
        "connectorId": "connector",
        "chargingProfilePurpose": "purpose",
        "stackLevel": "level",
    }
    return tuple(p for p in profiles if any(getattr(p, fields[name]) != v for name, v in wanted.items()))


def prevailing(
    profiles: Profiles, connector: int, t: float, began: float | None, own_first: bool
) -> tuple[Cap | None, float]:
    """What TxProfile, else TxDefaultProfile, says of a connector; of 0: ChargePointMaxProfile."""
    stack = _stack(profiles, MAX, 0, True)
    if connector:
        tx = _stack(profiles, TX, connector, True) if began is not None else []
        stack = [*tx, *_stack(profiles, DEFAULT, connector, own_first)]
    until = FOREVER
    for profile in stack:
        cap, end = profile.at(t, began)
        until = min(until, end)
        if cap is not None:
            return cap, until
    return None, until


def _stack(profiles: Profiles, purpose: str, connector: int, own_first: bool) -> list[Profile]:
    """The profiles of one purpose, the highest level first (3.13.2), the own before those of 0."""
    mine = [p for p in profiles if p.purpose == purpose and p.connector in (0, connector)]
    return sorted(mine, key=lambda p: (p.connector > 0 and own_first, p.level, p.connector > 0), reverse=True)
