"""The status of a connector against what meter values tell to flow (4.9, 7.7)."""

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.flow import Flow, flow_of
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import CURRENT
from evc5.rigs.checks.state.profiles import VOLTS
from evc5.rigs.checks.state.requirement import Requirement as R

STILL = "status.no-flow"
REQUIREMENTS = (
    R(
        STILL,
        "Current is told to flow in Charging alone",
        "4.9, 7.7",
        needs=(CURRENT,),
        arises=("StatusNotification",),
    ),
)
DRAWS_A = 3.0  # assumed: half of the least that is offered (IEC 61851-1 Annex A); less may be a car's standby
STANDS_S = 60.0  # assumed: a status so old is no step on the way, and a ramp down is over
# What clock-aligned values are a mean of lies between two of them: the second in a row is all of rest.
CONTEXTS = ("Sample.Periodic", "Sample.Clock")
MOST_TOLD = 4096  # statuses kept of a connector


@dataclass(slots=True)
class Told:
    """What one connector has told: its statuses, since when each; and of its last sample."""

    since: list[float] = field(default_factory=lambda: [-FOREVER])
    statuses: list[str] = field(default_factory=lambda: ["Charging"])  # before any is told all may be
    transaction: int | None = None
    first: float = -FOREVER  # the first sample of that transaction
    stamp: float = np.nan
    gap: float = np.nan
    hole: float = -FOREVER  # the first sample after the latest hole
    drew_in: float = FOREVER  # since when the status stood in which it drew at the last sample

    def at(self, stamps: Array) -> tuple[Array, Array, Array]:
        """For each instant the place of the status that stood, since when it did, and whether it is of rest.

        Of what is older than all that is kept, the place of the oldest.
        """
        first = max(bisect_right(self.since, float(stamps.min())) - 1, 0)
        end = max(bisect_right(self.since, float(stamps.max())), first + 1)
        since = np.array(self.since[first:end])
        rests = np.array([status != "Charging" for status in self.statuses[first:end]])
        place = np.maximum(np.searchsorted(since, stamps, side="right") - 1, 0)
        return first + place, since[place], rests[place]


class AgainstFlow:
    """Follows statuses and samples; what draws twice in a row in a status of rest is a finding."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._told: dict[tuple[int, str], Told] = {}  # by connector and context
        context.bus.calls["StatusNotification"].append(self._status)
        context.bus.calls["BootNotification"].append(lambda call: self._forget(call.epoch_s))
        # what stands since then may not be told yet
        context.bus.events["link-down"].append(lambda event: self._forget(event.epoch_s))
        context.bus.readings.append(self._readings)

    def _status(self, call: Call) -> None:
        for context in CONTEXTS:
            self._turns(call, self._told.setdefault((call.payload["connectorId"], context), Told()))

    @staticmethod
    def _turns(call: Call, told: Told) -> None:
        if call.payload["status"] != told.statuses[-1]:
            told.since.append(call.epoch_s)
            told.statuses.append(call.payload["status"])
            del told.since[:-MOST_TOLD], told.statuses[:-MOST_TOLD]

    def _forget(self, epoch_s: float) -> None:
        for told in self._told.values():
            told.since.append(epoch_s)
            told.statuses.append("Charging")

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        for block in blocks:
            if connector and block.layout.context in CONTEXTS and not block.layout.mixed:
                told = self._told.setdefault((connector, block.layout.context), Told())
                self._block(connector, told, block)

    def _block(self, connector: int, told: Told, block: Block) -> None:
        flow = flow_of(block)
        draws = np.where(np.isfinite(flow.amps), flow.amps > DRAWS_A, flow.watts > DRAWS_A * VOLTS)
        holes = self._holes(told, block)
        place, since, rests = told.at(block.stamp)
        live = np.abs(block.epoch_s - block.stamp) <= STANDS_S  # what is told later belongs to other statuses
        judged = flow.is_told & rests & live & (block.stamp - since >= STANDS_S) & (holes < since)
        before = np.append(told.drew_in, np.where(draws & judged, since, FOREVER))
        told.drew_in = float(before[-1])
        wrong = draws & judged & (before[:-1] == since)
        self._ledger.held(STILL, int((judged & ~wrong).sum()), connector, block.stamp[judged & ~wrong])
        for k in np.flatnonzero(wrong).tolist():
            self._broken(connector, told.statuses[place[k]], float(since[k]), block, flow.at(k), k)

    def _holes(self, told: Told, block: Block) -> Array:
        """For each sample: the first one after the latest hole; another status may be lost in it."""
        if block.transaction != told.transaction:
            told.stamp = told.gap = np.nan
            told.first = float(block.stamp[0])
        gaps = np.diff(np.append(told.stamp, block.stamp))
        widened = gaps > 2.0 * np.append(told.gap, gaps[:-1])  # at least one sample is missing
        holes: Array = np.maximum.accumulate(np.append(told.hole, np.where(widened, block.stamp, -FOREVER)))[
            1:
        ]
        told.transaction, told.stamp, told.gap = block.transaction, float(block.stamp[-1]), float(gaps[-1])
        told.hole = float(holes[-1])
        return holes

    def _broken(self, connector: int, status: str, since: float, block: Block, flow: Flow, k: int) -> None:
        amps, watts = float(flow.amps[0]), float(flow.watts[0])
        drawn = f"{amps:.1f} A" if np.isfinite(amps) else f"{watts:.0f} W"
        expected, actual = "Charging, or no current", f"{drawn}, {status} since {iso(since)}"
        message = f"current is told to flow in {status}"
        at = float(block.epoch_s[k])
        began = self._told[connector, block.layout.context].first
        untold = (since, began) if began > since else None  # a start is lost, and who knows what else
        self._ledger.broken(STILL, at, connector, expected, actual, message, untold=untold)
