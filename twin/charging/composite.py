"""GetCompositeSchedule: the limits of all profiles and of the installation, laid over one another in time.

Each whole second has the limit that holds at its end, so that a schedule which began within a second shows at
that second: OCPP counts periods in whole seconds.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import floor, inf
from typing import Any, NamedTuple

from evc5.models.units import NOMINAL_V
from evc5.twin.charging.phases import Outlook, PhaseRules
from evc5.twin.charging.profile import ENUMERATIONS, Rejected
from evc5.twin.charging.schedule import NEVER, WEEK_MS, Cap, Schedule, prevailing, tenth, to_ms
from evc5.twin.ocpp.frames import Refusal

LAST_MS_OF_SECOND = 999
MOST_PERIODS = 366 * 96  # beyond a year of quarter hours no device would answer; assumed
MOST_STEPS = 100_000  # to find them; assumed
WEEK_S = WEEK_MS // 1000  # the longest recurrence, in which whatever recurs comes again
UNLIMITED = -1.0  # a gap under the policy "unlimited", which OCPP has no word for; as MicroOcpp does


class Query(NamedTuple):
    """What is asked: `connector` 0 is the whole charge point."""

    connector: int
    epoch_s: float
    duration_s: int
    unit: str


class Layers(NamedTuple):
    """What is laid over one another: stacks by connector (0: ChargePointMaxProfile) and local limits in A."""

    stacks: Mapping[int, Sequence[Schedule]]
    rules: PhaseRules
    outlooks: Mapping[int, Outlook]  # by connector, as it stands now
    local_a: Mapping[int, float]
    station_a: float
    gap_is_unlimited: bool


class Begun(NamedTuple):
    """Where charging began, which Relative schedules count from: by connector, 0 for the charge point."""

    at_ms: Mapping[int, int]
    otherwise_ms: int | None

    @classmethod
    def of(cls, began_epoch_s: Mapping[int, float], guess_epoch_s: float | None) -> "Begun":
        """`guess_epoch_s` stands in for transactions that do not run; None: they are silent."""
        at_ms = {connector: to_ms(epoch_s) for connector, epoch_s in began_epoch_s.items()}
        if at_ms:
            at_ms[0] = min(at_ms.values())
        return cls(at_ms, None if guess_epoch_s is None else floor(guess_epoch_s) * 1000)

    def on(self, connector: int) -> int | None:
        return self.at_ms.get(connector, self.otherwise_ms)


class Flow(NamedTuple):
    """A limit in both units, for they do not follow from one another where connectors are added.

    `asked` is the numberPhases told beside amperes: they hold on each phase, however many conduct, so that
    they are told as they were given. Watts are those of the phases that conduct.
    """

    amps: float
    watts: float
    phases: int
    asked: int
    hint_a: float = 0.0

    @classmethod
    def of(cls, amps: float, phases: int, asked: int | None = None, hint_a: float = 0.0) -> "Flow":
        """So much on each of so many phases."""
        return cls(amps, amps * NOMINAL_V * phases, phases, phases if asked is None else asked, hint_a)

    def told(self, unit: str) -> tuple[float, int]:
        """Limit and numberPhases in a unit."""
        value, phases = (self.amps, self.asked) if unit == "A" else (self.watts, self.phases)
        return UNLIMITED if value == inf else tenth(value), phases


def check(unit: str, duration_s: int) -> None:
    """CALLERROR for a unit that is none (ER 3.24) or a time that runs backwards."""
    if unit not in ENUMERATIONS["chargingRateUnit"]:
        raise Refusal("PropertyConstraintViolation", f"chargingRateUnit must be A or W, got {unit}")
    if duration_s < 0:
        raise Refusal("PropertyConstraintViolation", f"duration must be >= 0, got {duration_s}")


def answer(query: Query, layers: Layers, begun: Begun) -> dict[str, Any]:
    """GetCompositeSchedule.conf; raises `Rejected` where it would be too long."""
    start_epoch_s = floor(query.epoch_s)
    periods, hint = _periods(query, layers, begun, start_epoch_s)
    schedule = {
        "duration": query.duration_s,
        "chargingRateUnit": query.unit,
        "chargingSchedulePeriod": periods,
    }
    if hint > 0:
        schedule["minChargingRate"] = hint
    return {
        "status": "Accepted",
        "connectorId": query.connector,
        "scheduleStart": datetime.fromtimestamp(start_epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "chargingSchedule": schedule,  # without startSchedule, ER 3.57
    }


def _periods(
    query: Query, layers: Layers, begun: Begun, start_epoch_s: int
) -> tuple[list[dict[str, Any]], float]:
    """The periods from the start, equal neighbours as one, and the highest minChargingRate among them."""
    told = _Periods()
    hint = 0.0
    offset_s = 0
    week = _Week.of(0, start_epoch_s, layers, begun)
    for _ in range(MOST_STEPS):
        epoch_ms = (start_epoch_s + offset_s) * 1000 + LAST_MS_OF_SECOND
        flow, layers, until_ms = _flow(query.connector, epoch_ms, layers, begun)
        hint = max(hint, tenth(flow.hint_a * (1 if query.unit == "A" else NOMINAL_V * flow.phases)))
        told.add(offset_s, flow.told(query.unit))
        offset_s = min(until_ms // 1000 - start_epoch_s, week.end_s)
        if offset_s == week.end_s and offset_s < query.duration_s:
            if week.recurs(layers):
                offset_s = told.repeat(week.from_s, min(query.duration_s, week.steady_until_s))
            week = _Week.of(offset_s, start_epoch_s, layers, begun)
        if offset_s >= query.duration_s:
            return told.rows, hint
    raise Rejected(f"more than {MOST_STEPS} changes of limit")


class _Periods:
    """The periods of a composite so far; `Rejected` where they become too many."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._last: tuple[float, int] | None = None
        self._all: list[tuple[int, tuple[float, int]]] = []  # also those that repeat the one before

    def add(self, offset_s: int, told: tuple[float, int]) -> None:
        """From an offset on this is the limit, on so many phases."""
        self._all.append((offset_s, told))
        if told == self._last:
            return
        if len(self.rows) == MOST_PERIODS:
            raise Rejected(f"more than {MOST_PERIODS} periods")
        self.rows.append({"startPeriod": offset_s, "limit": told[0], "numberPhases": told[1]})
        self._last = told

    def repeat(self, from_s: int, until_s: int) -> int:
        """The week from an offset on comes again, whole weeks, up to another; where it then stands."""
        week = [(offset_s, told) for offset_s, told in self._all if offset_s >= from_s]
        weeks = (until_s - from_s) // WEEK_S
        if any(told != self._last for _, told in week):  # else the same goes on
            for number in range(1, weeks):
                for offset_s, told in week:
                    self.add(offset_s + number * WEEK_S, told)
        return from_s + weeks * WEEK_S


class _Week(NamedTuple):
    """A week of a composite in which schedules do nothing but recur, or the part before one does more."""

    from_s: int
    end_s: int
    steady_until_s: int
    outlooks: Mapping[int, Outlook]

    @classmethod
    def of(cls, from_s: int, start_epoch_s: int, layers: Layers, begun: Begun) -> "_Week":
        epoch_ms = (start_epoch_s + from_s) * 1000 + LAST_MS_OF_SECOND
        until_ms = min(
            (
                schedule.steady_until(epoch_ms, begun.on(connector))
                for connector, stack in layers.stacks.items()
                for schedule in stack
            ),
            default=NEVER,
        )
        until_s = until_ms // 1000 - start_epoch_s
        return cls(from_s, min(from_s + WEEK_S, until_s), until_s, layers.outlooks)

    def recurs(self, layers: Layers) -> bool:
        """Is it whole, and does the next begin as it did?"""
        return self.end_s == self.from_s + WEEK_S and layers.outlooks == self.outlooks


def _flow(connector: int, epoch_ms: int, layers: Layers, begun: Begun) -> tuple[Flow, Layers, int]:
    """The limit of a connector, or of the charge point, at an instant; what follows it, and until when."""
    whole, until_ms = prevailing(layers.stacks[0], epoch_ms, begun.on(0))
    outlooks = dict(layers.outlooks)
    flows = []
    for each in [connector] if connector else sorted(layers.local_a):
        own, end_ms = prevailing(layers.stacks[each], epoch_ms, begun.on(each))
        said = [cap for cap in (own, whole) if cap is not None]
        phases = layers.rules.conducting(said, outlooks[each])
        outlooks[each] = outlooks[each]._replace(phases=phases)
        flows.append(_connector_flow(each, said, outlooks[each], layers))
        until_ms = min(until_ms, end_ms)
    flow = flows[0] if connector else _together(flows, whole, layers)
    return flow, layers._replace(outlooks=outlooks), until_ms


def _connector_flow(connector: int, said: Sequence[Cap], outlook: Outlook, layers: Layers) -> Flow:
    rules, wiring, conducting = layers.rules, outlook.wiring, outlook.phases
    local_a = min(layers.local_a[connector], layers.station_a)
    if not said:
        return Flow.of(inf if layers.gap_is_unlimited else local_a, conducting)
    asked = min(rules.asked(said) or wiring.wired, wiring.wired)
    if rules.is_impossible(said, wiring):
        return Flow.of(0.0, conducting, asked)
    used = rules.used(conducting, outlook.car)
    amps, are_from_watts = min((rules.offer_a(cap, outlook), cap.watts is not None) for cap in said)
    hint_a = max(rules.hint_a(cap, wiring, used) for cap in said)
    watts = [cap.watts for cap in said if cap.watts is not None]
    over = used if watts else conducting
    flow = Flow.of(min(amps, local_a), over, used if are_from_watts else asked, hint_a)
    return flow._replace(watts=min(flow.watts, *watts)) if watts else flow  # one that begins may exceed them


def _together(flows: Sequence[Flow], whole: Cap | None, layers: Layers) -> Flow:
    """The sum over connectors, as wide as the widest, within ChargePointMaxProfile and the station."""
    amps, watts = sum(flow.amps for flow in flows), sum(flow.watts for flow in flows)
    phases = max(flow.phases for flow in flows)
    asked = max(flow.asked for flow in flows)
    wiring = max((one.wiring for one in layers.outlooks.values()), key=lambda wiring: wiring.wired)
    if amps < inf:
        amps = min(amps, layers.station_a)
        watts = min(watts, layers.station_a * NOMINAL_V * wiring.wired)
    if whole is not None:
        trial_a = layers.rules.trial_a(whole, layers.outlooks.values())
        whole_a = max(layers.rules.amps(whole, wiring, phases), trial_a)
        amps = min(amps, whole_a)
        watts = min(watts, whole_a * NOMINAL_V * phases if whole.watts is None else whole.watts)
    return Flow(amps, watts, phases, asked)
