"""What a charging profile says at an instant, by the rules of 3.13 and 7.8 to 7.14, one after another.

A profile is a function of time: asked at an instant it answers with a cap, or with nothing. When the answer
may change is a second question, `marks`; whoever wants stretches asks at each mark. Instants are epoch
seconds, told apart to the millisecond, as stamps are. Limits in watts become amperes per phase over the
schedule's own phases (7.12).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evc5.rigs.checks.reading.instants import FOREVER, epoch

MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
RECURS_S = {"Daily": 86_400.0, "Weekly": 604_800.0}  # 7.37
MINIMUM_A = 6.0  # IEC 61851-1 Annex A: below it there is no offer
VOLTS = 230.0  # 7.12: the area's set voltage
HIGH_VOLTS = 1.1  # EN 50160: a supply may be 10 % above it, so a voltage that is not told may
PHASES_UNTOLD = 3  # 7.12, 7.14: numberPhases where none is given
NO_LIMIT = 1e9  # amperes, in place of none
ROUNDED_S = (
    0.002  # assumed: who asks with a rounded stamp asks so much later, to be past the boundary it meets
)
TO_MS = 3  # digits of a second


class Cap(NamedTuple):
    """A limit as it was written, and in amperes per phase."""

    amps: float
    phases: int | None = None  # numberPhases, where it is given
    watts: float | None = None  # of all phases together, in a schedule of watts
    min_rate: float | None = None

    @property
    def most_w(self) -> float:
        """All that may flow over all phases, at the set voltage."""
        return self.amps * VOLTS * (self.phases or PHASES_UNTOLD) if self.watts is None else self.watts


class Profile(NamedTuple):
    """One profile as it was accepted; `zero` is second 0 of its schedule, None where charging began."""

    connector: int
    id: int
    purpose: str
    level: int
    transaction: int | None
    zero: float | None
    every: float | None  # of a recurring one
    backwards: bool  # a recurring one holds before its first time as well
    duration: float
    valid: tuple[float, float]
    starts: tuple[float, ...]  # startPeriod of each period, and its cap
    caps: tuple[Cap, ...]

    @property
    def counts_from_start(self) -> bool:
        """Does it bound the station from where the oldest transaction that runs began?"""
        return self.purpose == MAX and self.zero is None

    @property
    def is_of_transaction(self) -> bool:
        """Does it bound a connector by the transaction there, or from where that began?"""
        return self.purpose == TX or (self.purpose == DEFAULT and self.zero is None)

    def says(self, epoch_s: float, began: float | None) -> Cap | None:
        """Its cap at an instant; `began`: since when the transaction it counts from runs."""
        valid_from, valid_to = self.valid
        if round(epoch_s - valid_from, TO_MS) < 0 or round(epoch_s - valid_to, TO_MS) >= 0:
            return None
        second = self._second(epoch_s, began)
        if second is None or second >= self.duration:  # 5.16.4: what is past the duration is not executed
            return None
        begun = [cap for start, cap in zip(self.starts, self.caps, strict=True) if start <= second]
        return begun[-1] if begun else None

    def _second(self, epoch_s: float, began: float | None) -> float | None:
        """Which second of the schedule an instant is; None where it has not begun."""
        zero = began if self.zero is None else self.zero
        if zero is None:
            return None
        since = round(epoch_s - zero, TO_MS)
        if since < 0 and not self.backwards:
            return None
        return since if self.every is None else since % self.every

    def marks(self, since: float, until: float, began: float | None) -> Iterator[float]:
        """The instants within (since, until) at which it may begin to say something else, in no order.

        Of a recurring profile those of a whole round at most, so that there is always a next one.
        """
        zero = began if self.zero is None else self.zero
        inner = {0.0, self.duration, *self.starts} - {FOREVER}
        found = [*self.valid]
        if zero is not None and self.every is None:
            found += [zero + second for second in inner]
        elif zero is not None and self.every is not None:
            rounds = range(*self._rounds(since - zero, min(until, since + self.every) - zero, self.every))
            found += [zero + number * self.every + second for number in rounds for second in inner]
        return (mark for mark in found if round(mark - since, TO_MS) > 0 and mark < until)

    def _rounds(self, since: float, until: float, every: float) -> tuple[int, int]:
        """The first round that reaches into a stretch, and the first after it."""
        first = int(since // every)
        last = int(until // every) + 1
        return (first, last) if self.backwards else (max(first, 0), max(last, 1))


def read(connector: int, wire: Mapping[str, Any], now: float, policies: Mapping[str, str]) -> Profile:
    """A profile that the station has accepted."""
    told = wire["chargingSchedule"]
    recurring = wire["chargingProfileKind"] == "Recurring"
    unit = told["chargingRateUnit"]
    least = told.get("minChargingRate")
    periods = told["chargingSchedulePeriod"]
    return Profile(
        connector,
        wire["chargingProfileId"],
        wire["chargingProfilePurpose"],
        wire["stackLevel"],
        wire.get("transactionId"),
        _zero(wire, now),
        RECURS_S[wire["recurrencyKind"]] if recurring else None,  # ER 3.56: else it does not count
        recurring and policies.get("recurring_before_start") == "backwards",
        float(told.get("duration", FOREVER)),
        (_instant(wire, "validFrom", -FOREVER), _instant(wire, "validTo", FOREVER)),
        tuple(float(period["startPeriod"]) for period in periods),
        tuple(_cap(period, unit, least) for period in periods),
    )


def _zero(wire: Mapping[str, Any], now: float) -> float | None:
    """7.9, 7.13: of a schedule without a start, and of every Relative one, it is where charging begins."""
    told, kind = wire["chargingSchedule"], wire["chargingProfileKind"]
    if kind != "Relative" and "startSchedule" in told:
        return epoch(told["startSchedule"])
    return now if kind == "Recurring" else None  # only where a policy has it accepted


def _instant(wire: Mapping[str, Any], field: str, absent: float) -> float:
    return epoch(wire[field]) if field in wire else absent


def _cap(period: Mapping[str, Any], unit: str, least: float | None) -> Cap:
    limit, phases = float(period["limit"]), period.get("numberPhases")
    if unit == "A":
        return Cap(limit, phases, None, least)
    return Cap(limit / (VOLTS * (phases or PHASES_UNTOLD)), phases, limit, least)


Profiles = tuple[Profile, ...]


def installed(profiles: Profiles, new: Profile) -> Profiles:
    """With a profile in the place of those of its id, or purpose and level, on its connector (5.16.4)."""
    place = new.connector, new.purpose, new.level
    kept = (p for p in profiles if (p.connector, p.purpose, p.level) != place)
    return (*(p for p in kept if (p.connector, p.id) != (new.connector, new.id)), new)


CLEARED_BY = {"connectorId": "connector", "chargingProfilePurpose": "purpose", "stackLevel": "level"}


def cleared(profiles: Profiles, filters: Mapping[str, Any], by_id: bool) -> Profiles:
    """Without those that a ClearChargingProfile names; `by_id`: an id outdoes other filters (ER 3.26)."""
    fits = [p for p in profiles if filters.get("id", p.id) == p.id]
    if not (by_id and "id" in filters):  # ER 3.25: all that is given must match
        for field, name in CLEARED_BY.items():
            fits = [p for p in fits if filters.get(field, getattr(p, name)) == getattr(p, name)]
    return tuple(p for p in profiles if p not in fits)


def prevailing(
    profiles: Profiles, connector: int, epoch_s: float, began: float | None, own_first: bool
) -> Cap | None:
    """What rules a connector at an instant: TxProfile, else TxDefaultProfile; of 0: ChargePointMaxProfile."""
    if not connector:
        return _highest([p for p in profiles if p.purpose == MAX], epoch_s, began)
    own = [p for p in profiles if p.connector == connector]
    of_all = [p for p in profiles if p.connector == 0 and p.purpose == DEFAULT]
    defaults = [p for p in own if p.purpose == DEFAULT]
    running = [p for p in own if p.purpose == TX and began is not None]
    ranks = [running, defaults, of_all] if own_first else [running, [*of_all, *defaults]]
    found = (_highest(rank, epoch_s, began) for rank in ranks)
    return next((cap for cap in found if cap is not None), None)


def _highest(profiles: list[Profile], epoch_s: float, began: float | None) -> Cap | None:
    """3.13.2: of those that say anything now, the highest stackLevel; on a level a connector's own."""
    said = [(p.level, p.connector, cap) for p in profiles if (cap := p.says(epoch_s, began)) is not None]
    return max(said, key=lambda one: one[:2])[2] if said else None


def next_mark(profiles: Profiles, connector: int, epoch_s: float, began: float | None) -> float:
    """Until when at least what `prevailing` says of a connector stands."""
    heard = (p for p in profiles if p.connector in (0, connector) and (p.purpose == MAX) == (connector == 0))
    return min((mark for p in heard for mark in p.marks(epoch_s, FOREVER, began)), default=FOREVER)
