"""GetCompositeSchedule: the limits of all profiles and of the installation, laid over one another in time.

Each whole second has the limit that holds at its end, so that a schedule which began within a second shows at
that second: OCPP counts periods in whole seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import floor, inf
from typing import Any, NamedTuple

from evc5.models.units import NOMINAL_V
from evc5.twin.charging.phases import Outlook, PhaseRules
from evc5.twin.charging.profile import ENUMERATIONS, Rejected
from evc5.twin.charging.schedule import Cap, Schedule, prevailing, tenth, to_ms
from evc5.twin.ocpp.frames import Refusal

LAST_MS_OF_SECOND = 999
MOST_STEPS = (
    100_000  # beyond that no device would answer; assumed: a year of quarter hours has a third of them
)
UNLIMITED = -1.0  # a gap under the policy "unlimited", which OCPP has no word for; as MicroOcpp does


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: `connector` 0 is the whole charge point."""

    connector: int
    epoch_s: float
    duration_s: int
    unit: str


@dataclass(frozen=True, slots=True)
class Layers:
    """What is laid over one another: stacks by connector (0: ChargePointMaxProfile) and local limits in A."""

    stacks: Mapping[int, Sequence[Schedule]]
    rules: PhaseRules
    outlooks: Mapping[int, Outlook]  # by connector, as it stands now
    local_a: Mapping[int, float]
    station_a: float
    gap_is_unlimited: bool


@dataclass(frozen=True, slots=True)
class Begun:
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
    periods: list[dict[str, Any]] = []
    hint = 0.0
    offset_s = 0
    before = None
    for _ in range(MOST_STEPS):
        epoch_ms = (start_epoch_s + offset_s) * 1000 + LAST_MS_OF_SECOND
        flow, layers, until_ms = _flow(query.connector, epoch_ms, layers, begun)
        hint = max(hint, tenth(flow.hint_a * (1 if query.unit == "A" else NOMINAL_V * flow.phases)))
        told = flow.told(query.unit)
        if told != before:
            periods.append({"startPeriod": offset_s, "limit": told[0], "numberPhases": told[1]})
            before = told
        offset_s = until_ms // 1000 - start_epoch_s
        if offset_s >= query.duration_s:
            return periods, hint
    raise Rejected(f"more than {MOST_STEPS} changes of limit")


def _flow(connector: int, epoch_ms: int, layers: Layers, begun: Begun) -> tuple[Flow, Layers, int]:
    """The limit of a connector, or of the charge point, at an instant; what follows it, and until when."""
    whole, until_ms = prevailing(layers.stacks[0], epoch_ms, begun.on(0))
    outlooks = dict(layers.outlooks)
    flows = []
    for each in [connector] if connector else sorted(layers.local_a):
        own, end_ms = prevailing(layers.stacks[each], epoch_ms, begun.on(each))
        said = [cap for cap in (own, whole) if cap is not None]
        phases = layers.rules.conducting(said, outlooks[each])
        outlooks[each] = replace(outlooks[each], phases=phases)
        flows.append(_connector_flow(each, said, outlooks[each], layers))
        until_ms = min(until_ms, end_ms)
    flow = flows[0] if connector else _together(flows, whole, layers)
    return flow, replace(layers, outlooks=outlooks), until_ms


def _connector_flow(connector: int, said: Sequence[Cap], outlook: Outlook, layers: Layers) -> Flow:
    rules, wiring, conducting = layers.rules, outlook.wiring, outlook.phases
    local_a = min(layers.local_a[connector], layers.station_a)
    if not said:
        return Flow.of(inf if layers.gap_is_unlimited else local_a, conducting)
    asked = min(rules.asked(said) or wiring.wired, wiring.wired)
    if rules.is_impossible(said, wiring):
        return Flow.of(0.0, conducting, asked)
    used = rules.used(conducting, outlook.car)
    amps, in_watts = min((rules.offer_a(cap, outlook), cap.watts is not None) for cap in said)
    hint_a = max(rules.hint_a(cap, wiring, used) for cap in said)
    if in_watts:
        watts = min(cap.watts for cap in said if cap.watts is not None)  # which one that begins may not have
        flow = Flow.of(min(amps, local_a), used, used, hint_a)
        return flow._replace(watts=min(flow.watts, watts))
    return Flow.of(min(amps, local_a), conducting, asked, hint_a)


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
