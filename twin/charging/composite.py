"""GetCompositeSchedule: the limits of all profiles and of the installation, laid over one another in time.

Each whole second has the limit that holds at its end, so that a schedule which began within a second shows at
that second: OCPP counts periods in whole seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, inf
from typing import Any, NamedTuple

from evc5.models.units import NOMINAL_V
from evc5.twin.charging.profile import ENUMERATIONS, Rejected
from evc5.twin.charging.schedule import Cap, Merging, Schedule, prevailing, tenth, to_ms
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
    merging: Merging
    local_a: Mapping[int, float]
    station_a: float
    phases: int  # of the installation
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
    """A limit in both units, for they do not follow from one another where connectors are added."""

    amps: float
    watts: float
    phases: int
    min_a: float = 0.0


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
        flow, until_ms = _flow(
            query.connector, (start_epoch_s + offset_s) * 1000 + LAST_MS_OF_SECOND, layers, begun
        )
        limit = _limit(flow, query.unit)
        hint = max(hint, tenth(flow.min_a * (1 if query.unit == "A" else NOMINAL_V * flow.phases)))
        if (limit, flow.phases) != before:
            periods.append({"startPeriod": offset_s, "limit": limit, "numberPhases": flow.phases})
            before = (limit, flow.phases)
        offset_s = until_ms // 1000 - start_epoch_s
        if offset_s >= query.duration_s:
            return periods, hint
    raise Rejected(f"more than {MOST_STEPS} changes of limit")


def _limit(flow: Flow, unit: str) -> float:
    value = flow.amps if unit == "A" else flow.watts
    return UNLIMITED if value == inf else tenth(value)


def _flow(connector: int, epoch_ms: int, layers: Layers, begun: Begun) -> tuple[Flow, int]:
    """The limit of a connector, or of the charge point, at an instant, and until when it holds."""
    whole, until_ms = prevailing(layers.stacks[0], epoch_ms, begun.on(0))
    if connector > 0:
        flow, end_ms = _connector_flow(connector, epoch_ms, layers, begun, whole)
        return flow, min(until_ms, end_ms)
    flows = []
    for each in sorted(layers.local_a):
        flow, end_ms = _connector_flow(each, epoch_ms, layers, begun, whole)
        flows.append(flow)
        until_ms = min(until_ms, end_ms)
    return _together(flows, whole, layers), until_ms


def _connector_flow(
    connector: int, epoch_ms: int, layers: Layers, begun: Begun, whole: Cap | None
) -> tuple[Flow, int]:
    own, until_ms = prevailing(layers.stacks[connector], epoch_ms, begun.on(connector))
    said = [cap for cap in (own, whole) if cap is not None]
    local_a = min(layers.local_a[connector], layers.station_a)
    if not said:
        amps = inf if layers.gap_is_unlimited else local_a
        return _flow_of(Cap(amps, layers.phases), amps, layers), until_ms
    low = layers.merging.lowest(said)
    return _flow_of(low, min(low.amps, local_a), layers), until_ms


def _flow_of(cap: Cap, amps: float, layers: Layers) -> Flow:
    phases = min(cap.width, layers.phases)
    return Flow(amps, amps * NOMINAL_V * phases, phases, cap.min_a or 0.0)


def _together(flows: Sequence[Flow], whole: Cap | None, layers: Layers) -> Flow:
    """The sum over connectors, as wide as the widest, within ChargePointMaxProfile and the station."""
    amps, watts = sum(flow.amps for flow in flows), sum(flow.watts for flow in flows)
    phases = max(flow.phases for flow in flows)
    if amps < inf:
        amps, watts = min(amps, layers.station_a), min(watts, layers.station_a * NOMINAL_V * layers.phases)
    if whole is None:
        return Flow(amps, watts, phases)
    low = layers.merging.lowest([Cap(amps, phases), whole])
    return Flow(low.amps, min(watts, _watts(whole)), min(low.width, layers.phases))


def _watts(cap: Cap) -> float:
    return cap.watts if cap.watts is not None else cap.amps * NOMINAL_V * cap.width
