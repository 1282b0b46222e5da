"""How far the twin is from the metal: what both did, a number each, and what only one of them did."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import partial
from math import inf
from statistics import median
from typing import Any

import pandas as pd

from evc5.rigs.analysis.run import Run
from evc5.rigs.errors import BadInput
from evc5.rigs.shadow.flow import flow
from evc5.rigs.shadow.metal import Metal
from evc5.rigs.shadow.readings import readings
from evc5.rigs.shadow.tolerances import TOLERANCES

LEAST_WH = 100.0  # of a transaction whose energy is compared in percent


@dataclass(frozen=True, slots=True)
class Deviation:
    """One comparison: twin less metal, in the unit of its quantity; `t_s` in seconds of the twin's run."""

    quantity: str
    value: float
    t_s: float
    connector: int | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Alone:
    """What only one of the two did."""

    who: str  # metal or twin
    what: str
    t_s: float
    connector: int | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """All comparisons of one quantity."""

    name: str
    unit: str
    tolerance: float
    count: int
    median: float  # of the absolute values
    worst: Deviation

    @property
    def within(self) -> bool:
        return abs(self.worst.value) <= self.tolerance


@dataclass(frozen=True, slots=True)
class Shadow:
    """The twin beside the metal."""

    metal: Metal
    twin: Run
    quantities: tuple[Quantity, ...]
    alone: tuple[Alone, ...]
    skipped: tuple[str, ...] = field(default=())  # what was done to the metal and cannot be done to the twin

    @property
    def within(self) -> bool | None:
        """Is each within its tolerance, and nothing done by one alone? None where nothing was compared."""
        if not self.quantities:
            return None
        return all(one.within for one in self.quantities) and not self.alone

    def table(self) -> dict[str, Any]:
        """For JSON: everything but the recordings themselves."""
        rows = [
            {"quantity": one.name, "unit": one.unit, "count": one.count, "median": one.median,
             "worst": one.worst.value, "t": one.worst.t_s, "connector": one.worst.connector,
             "what": one.worst.what, "tolerance": one.tolerance, "within": one.within}
            for one in self.quantities
        ]  # fmt: skip
        alone = [
            {"who": one.who, "what": one.what, "t": one.t_s, "connector": one.connector} for one in self.alone
        ]
        return {
            "metal": str(self.metal.run.directory), "twin": str(self.twin.directory), "within": self.within,
            "quantities": rows, "alone": alone, "skipped": list(self.skipped),
            "learned": [one.table() for one in flow(self.metal)],
        }  # fmt: skip


def limits_of(tolerances: Mapping[str, float]) -> dict[str, float]:
    """What is allowed of each quantity; BadInput for a name that is none."""
    limits = {name: limit for name, (limit, _, _) in TOLERANCES.items()}
    for name, value in tolerances.items():
        if name not in limits:
            raise BadInput(f"tolerance must be one of {', '.join(limits)}, got {name!r}")
        if not 0.0 <= value < inf:
            raise BadInput(f"tolerance {name} must be a number >= 0, got {value}")
    return limits | dict(tolerances)


def compare(metal: Metal, twin: Run, limits: Mapping[str, float], line_s: float = 0.0) -> Shadow:
    """Hold them against each other; `limits` has what is allowed of each quantity.

    `line_s` is what a CALL and its answer took on the twin's line, of which its own recording tells nothing.
    """
    shade = Metal.open(twin)
    found: list[Deviation] = []
    alone: list[Alone] = []
    for part in (_statuses, _boots, _transactions, _samples, partial(_replies, line_s=line_s)):
        for one in part(metal, shade):
            if isinstance(one, Deviation):
                found.append(one)
            else:
                alone.append(one)
    found += [Deviation(*row) for row in readings(metal, twin)]
    skipped = twin.events[twin.events["event"] == "operator"]["detail"]
    told = tuple(f"{row['skipped']}: {row['why']}" for row in skipped if "skipped" in row)
    return Shadow(metal, twin, tuple(_quantities(found, limits)), tuple(alone), told)


def _quantities(found: Iterable[Deviation], limits: Mapping[str, float]) -> Iterator[Quantity]:
    by_name: dict[str, list[Deviation]] = {name: [] for name in TOLERANCES}
    for one in found:
        by_name[one.quantity].append(one)
    for name, some in by_name.items():
        if some:
            worst = max(some, key=lambda one: abs(one.value))
            middle = median(abs(one.value) for one in some)
            yield Quantity(name, TOLERANCES[name][1], limits[name], len(some), middle, worst)


def _statuses(metal: Metal, twin: Metal) -> Iterator[Deviation | Alone]:
    """The same statuses in the same order, connector by connector; errors told count as another status."""
    for connector in range(metal.connectors() + 1):
        ours, theirs = (_told_statuses(one, connector) for one in (twin, metal))
        pairs, only_metal, only_twin = _aligned([s for _, s in theirs], [s for _, s in ours])
        for i, j in pairs:
            yield Deviation("status", ours[j][0] - theirs[i][0], ours[j][0], connector, ours[j][1])
        yield from (Alone("metal", f"status {theirs[i][1]}", theirs[i][0], connector) for i in only_metal)
        yield from (Alone("twin", f"status {ours[j][1]}", ours[j][0], connector) for j in only_twin)


def _told_statuses(one: Metal, connector: int) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for call, _ in one.calls:
        told = call.payload
        if call.action == "StatusNotification" and told.get("connectorId") == connector:
            error = told.get("errorCode", "NoError")
            status = f"{told.get('status')}{'' if error == 'NoError' else f' ({error})'}"
            if not found or found[-1][1] != status:
                found.append((call.t - one.began_s, status))
    return found


def _aligned(a: list[str], b: list[str]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Which belong together, which only the first has, which only the second."""
    pairs = [
        (block.a + n, block.b + n)
        for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        for n in range(block.size)
    ]
    first, second = {i for i, _ in pairs}, {j for _, j in pairs}
    return pairs, [i for i in range(len(a)) if i not in first], [j for j in range(len(b)) if j not in second]


def _boots(metal: Metal, twin: Metal) -> Iterator[Deviation | Alone]:
    """One after the other; the first is where both begin."""
    theirs, ours = (
        [call.t - one.began_s for call, _ in one.calls if call.action == "BootNotification"]
        for one in (metal, twin)
    )
    if not theirs:
        ours = ours[1:]  # the metal had booted before
    for metal_s, twin_s in zip(theirs[1:], ours[1:], strict=False):
        yield Deviation("boot", twin_s - metal_s, twin_s)
    both = min(len(theirs), len(ours))
    yield from (Alone("metal", "BootNotification", t_s) for t_s in theirs[both:])
    yield from (Alone("twin", "BootNotification", t_s) for t_s in ours[both:])


def _transactions(metal: Metal, twin: Metal) -> Iterator[Deviation | Alone]:
    """By their numbers, which the back office gave to both."""
    theirs, ours = _numbered(metal), _numbered(twin)
    for number, row in theirs.items():
        began_s, connector = metal.since_start(row["start"]), int(row["connector"])
        if number in ours:
            yield from _transaction(f"transaction {number}", began_s, connector, row, ours[number])
        else:
            yield Alone("metal", f"transaction {number}", began_s, connector)
    for number, row in ours.items():
        if number not in theirs:
            yield Alone("twin", "a transaction", twin.since_start(row["start"]), int(row["connector"]))


def _transaction(
    what: str, began_s: float, connector: int, theirs: Mapping[str, Any], ours: Mapping[str, Any]
) -> Iterator[Deviation | Alone]:
    yield Deviation("start", (ours["start"] - theirs["start"]).total_seconds(), began_s, connector, what)
    ended = [_has(one, "stop") for one in (theirs, ours)]
    if all(ended):
        yield Deviation("stop", (ours["stop"] - theirs["stop"]).total_seconds(), began_s, connector, what)
        if not all(_has(one, "meter_start_wh", "meter_stop_wh") for one in (theirs, ours)):
            return
        took_wh, takes_wh = (one["meter_stop_wh"] - one["meter_start_wh"] for one in (theirs, ours))
        if took_wh >= LEAST_WH:
            yield Deviation("energy", 100.0 * (takes_wh - took_wh) / took_wh, began_s, connector, what)
    elif any(ended):
        yield Alone("metal" if ended[0] else "twin", f"end of {what}", began_s, connector)


def _numbered(one: Metal) -> dict[int, dict[str, Any]]:
    rows: Any = one.run.transactions.to_dict("records")
    told = (row for row in rows if _has(row, "transaction_id", "connector", "start"))
    return {int(row["transaction_id"]): row for row in told}


def _has(row: Mapping[str, Any], *names: str) -> bool:
    """Were these told, and readable?"""
    return all(pd.notna(row[name]) for name in names)


def _samples(metal: Metal, twin: Metal) -> Iterator[Deviation | Alone]:
    """Each stamp of either against the nearest of the other, by connector and context."""
    theirs, ours = _stamps(metal), _stamps(twin)
    for key in dict.fromkeys([*theirs, *ours]):
        both = [sorted(one.get(key, [])) for one in (theirs, ours)]
        for who, (stamps, others) in zip(("metal", "twin"), (both, both[::-1]), strict=True):
            if not others:
                yield Alone(who, f"{len(stamps)} readings, {key[1]}", stamps[0], key[0])
            for stamp in stamps if others else ():
                place = bisect_left(others, stamp)
                apart_s = min((other - stamp for other in others[max(place - 1, 0) : place + 1]), key=abs)
                yield Deviation("sample", apart_s if who == "metal" else -apart_s, stamp, *key)


def _stamps(one: Metal) -> dict[tuple[int, str], list[float]]:
    told = one.run.meter_values.reset_index()
    told = told[told["context"].isin(("Sample.Periodic", "Sample.Clock"))]
    told = told[["connector", "context", "at"]].dropna().drop_duplicates()
    rows: Any = told.itertuples(index=False, name=None)
    found: dict[tuple[int, str], list[float]] = {}
    for connector, context, at in rows:
        found.setdefault((int(connector), str(context)), []).append(one.since_start(at))
    return found


def _replies(metal: Metal, twin: Metal, line_s: float) -> Iterator[Deviation | Alone]:
    """How long each answer to the back office took, CALL by CALL of an action."""
    theirs, ours = ({action: list(some) for action, some in _delays(one).items()} for one in (metal, twin))
    for action, delays in theirs.items():
        for (t_s, metal_s), (_, twin_s) in zip(delays, ours.get(action, []), strict=False):
            yield Deviation("reply", twin_s + line_s - metal_s, t_s, None, action)


def _delays(one: Metal) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for call, reply in one.calls:
        if call.dir == "down" and reply is not None and call.t >= one.began_s:
            found.setdefault(call.action or "", []).append((call.t - one.began_s, reply.t - call.t))
    return found
