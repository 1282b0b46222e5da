"""An independent answer to "what may flow now": all occurrences of all profiles laid out in exact fractions.

Slow and plain on purpose. It reads wire payloads and shares no code with the twin. Instants are milliseconds
since the epoch; a composite schedule knows whole seconds only, and takes what begins within one as its start.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import floor, inf
from typing import Any, NamedTuple

Wire = Mapping[str, Any]
LENGTH_MS = {"Daily": 24 * 3600_000, "Weekly": 7 * 24 * 3600_000}
HORIZON_MS = 40 * 24 * 3600_000  # either side of the instant; more than any test's profile reaches


class Installed(NamedTuple):
    connector: int
    wire: Wire
    received: float


class Said(NamedTuple):
    """What one profile says at an instant."""

    limit: Fraction
    unit: str
    phases: int | None


class World(NamedTuple):
    """All that an answer depends on."""

    profiles: Sequence[Installed]
    policies: Mapping[str, str]
    connectors: int
    started: Mapping[int, float]
    query_s: float | None  # of a composite; None: the limit in force
    rated_a: Mapping[int, float]
    station_a: float


def install(profiles: list[Installed], new: Installed) -> list[Installed]:
    """What is there after an accepted SetChargingProfile."""
    kept = []
    for old in profiles:
        same_id = old.wire["chargingProfileId"] == new.wire["chargingProfileId"]
        same_slot = all(old.wire[key] == new.wire[key] for key in ("chargingProfilePurpose", "stackLevel"))
        if old.connector != new.connector or not (same_id or same_slot):
            kept.append(old)
    return [*kept, new]


def stamp(when: str | float, world: World) -> int:
    epoch = datetime.fromisoformat(when).timestamp() if isinstance(when, str) else when
    return round(epoch * 1000) if world.query_s is None else floor(epoch) * 1000


def origin(profile: Installed, world: World) -> int | None:
    """Where the schedule's own clock starts."""
    wire = profile.wire
    told = wire["chargingSchedule"].get("startSchedule")
    if wire["chargingProfileKind"] != "Relative" and told is not None:
        return stamp(told, world)
    if wire["chargingProfileKind"] == "Recurring":
        return stamp(profile.received, world)
    return None


def began(connector: int, world: World) -> int | None:
    """Where charging began on a connector; 0: on any."""
    if connector == 0 and world.started:
        return stamp(min(world.started.values()), world)
    if connector in world.started:
        return stamp(world.started[connector], world)
    if world.query_s is not None and world.policies["relative_without_transaction"] == "from-query":
        return stamp(world.query_s, world)
    return None


def intervals(profile: Installed, connector: int, world: World, t: int) -> list[tuple[int, int, Said]]:
    """Every stretch about `t` on which the profile says one thing, before validity is looked at."""
    wire, schedule = profile.wire, profile.wire["chargingSchedule"]
    start = origin(profile, world)
    if start is None:
        start = began(connector, world)
    if start is None:
        return []
    starts, length = [start], HORIZON_MS * 10
    if wire["chargingProfileKind"] == "Recurring":
        length = LENGTH_MS[wire["recurrencyKind"]]
        while starts[-1] <= t + HORIZON_MS:
            starts.append(starts[-1] + length)
        if world.policies["recurring_before_start"] == "backwards":
            while starts[0] >= t - HORIZON_MS:
                starts.insert(0, starts[0] - length)
    end = min(length, schedule["duration"] * 1000) if "duration" in schedule else length
    periods = schedule["chargingSchedulePeriod"]
    edges = [min(period["startPeriod"] * 1000, end) for period in periods] + [end]
    found = []
    for first in starts:
        for number, period in enumerate(periods):
            said = Said(
                Fraction(str(period["limit"])), schedule["chargingRateUnit"], period.get("numberPhases")
            )
            found.append((first + edges[number], first + edges[number + 1], said))
    return found


def says(profile: Installed, connector: int, world: World, t: int) -> Said | None:
    if "validFrom" in profile.wire and t < stamp(profile.wire["validFrom"], world):
        return None
    if "validTo" in profile.wire and t >= stamp(profile.wire["validTo"], world):
        return None
    hits = [said for lo, hi, said in intervals(profile, connector, world, t) if lo <= t < hi]
    assert len(hits) <= 1
    return hits[0] if hits else None


def prevailing(purpose: str, connector: int, world: World, t: int) -> Said | None:
    """The one with the highest claim among those of a purpose that say anything."""
    best: tuple[tuple[int, ...], Said] | None = None
    for profile in world.profiles:
        if profile.wire["chargingProfilePurpose"] != purpose or profile.connector not in (0, connector):
            continue
        said = says(profile, connector, world, t)
        if said is None:
            continue
        own = int(profile.connector != 0)
        level = profile.wire["stackLevel"]
        claim = (own, level) if world.policies["txdefault_precedence"] == "connector" else (level, own)
        if best is None or claim > best[0]:
            best = (claim, said)
    return best[1] if best else None


def connector_says(connector: int, world: World, t: int) -> Said | None:
    """TxProfile, or else TxDefaultProfile."""
    own = prevailing("TxProfile", connector, world, t)
    return own if own is not None else prevailing("TxDefaultProfile", connector, world, t)


RELAYS = {1: 1, 2: 3, 3: 3}  # numberPhases asked for -> phases that conduct; relays know one and three
ONE_PHASE_BELOW_W = 4200  # policy phases-in-use; no limit of the tests lies within the hysteresis above it


def amps(said: Said, over: int, world: World) -> Fraction:
    """On each of the phases that conduct; watts are never spread over fewer."""
    if said.unit == "A":
        return said.limit
    if world.policies["watts_to_amps"] == "phases-in-use":
        return said.limit / (230 * over)
    return said.limit / (230 * max(over, RELAYS[said.phases or 3]))


def as_given(said: Said) -> Fraction:
    return said.limit if said.unit == "A" else said.limit / (230 * (said.phases or 3))


def asked(said: Sequence[Said], world: World) -> int:
    """numberPhases of several limits together."""
    if world.policies["merge_phases"] == "minimum":
        return min(one.phases or 3 for one in said)
    return min(said, key=as_given).phases or 3


def conducting(said: Sequence[Said], world: World) -> int:
    """How many phases conduct under these limits."""
    watts = [one.limit for one in said if one.unit == "W"]
    if asked(said, world) > 1 and watts and world.policies["watts_to_amps"] == "phases-in-use":
        return 1 if min(watts) < ONE_PHASE_BELOW_W else 3
    return RELAYS[asked(said, world)]


def connector_flow(connector: int, world: World, t: int) -> tuple[Fraction | float, int, int]:
    """Amperes per phase of one connector, the phases that conduct, and the numberPhases told beside amperes.

    An ampere limit is told with the numberPhases it came with; where watts bind it is those that conduct.
    """
    both = connector_says(connector, world, t), prevailing("ChargePointMaxProfile", 0, world, t)
    said = [one for one in both if one is not None]
    local = Fraction(min(world.rated_a[connector], world.station_a))
    if not said:
        return (inf if world.policies["gap"] == "unlimited" else local), 3, 3
    over = conducting(said, world)
    in_amps = [one.limit for one in said if one.unit == "A"]
    in_watts = [amps(one, over, world) for one in said if one.unit == "W"]
    lowest = min([*in_amps, *in_watts])
    told = asked(said, world) if lowest in in_amps else over
    return min(local, lowest), over, told


def composite(connector: int, unit: str, world: World, t: int) -> tuple[float, int]:
    """The limit and numberPhases that a composite schedule has for the second that begins at `t`."""
    if connector:
        current, phases, told = connector_flow(connector, world, t)
        return tenth(current if unit == "A" else current * 230 * phases), told if unit == "A" else phases
    flows = [connector_flow(number, world, t) for number in range(1, world.connectors + 1)]
    current = sum((flow[0] for flow in flows), start=Fraction(0))
    power = sum((flow[0] * 230 * flow[1] for flow in flows), start=Fraction(0))
    phases, told = max(flow[1] for flow in flows), max(flow[2] for flow in flows)
    if current != inf:
        current, power = min(current, Fraction(world.station_a)), min(power, Fraction(world.station_a) * 690)
    whole = prevailing("ChargePointMaxProfile", 0, world, t)
    if whole is not None:
        power = min(power, whole.limit if whole.unit == "W" else whole.limit * 230 * phases)
        current = min(current, amps(whole, phases, world))
    return (tenth(current), told) if unit == "A" else (tenth(power), phases)


def tenth(value: Fraction | float) -> float:
    return -1.0 if value == inf else floor(value * 10) / 10
