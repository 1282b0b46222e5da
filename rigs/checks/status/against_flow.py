"""The status of a connector against what meter values tell to flow (4.9, 7.7)."""

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.flow import Flow, flow_of
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND
from evc5.rigs.checks.reading.steps import step_of
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import CURRENT
from evc5.rigs.checks.state.profiles import VOLTS
from evc5.rigs.checks.state.requirement import Requirement as R

STILL = "status.no-flow"
REQUIREMENTS = (
    R(
        STILL,
        "Current is told to flow, and the register to count, in Charging alone",
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


@dataclass(slots=True, eq=False, repr=False)
class Told:
    """What one connector has told: its statuses, since when each; and of its last sample."""

    since: list[float] = field(default_factory=lambda: [-FOREVER])
    statuses: list[str] = field(default_factory=lambda: ["Charging"])  # before any is told all may be
    transaction: int | None = None
    first: float = -FOREVER  # the first sample of that transaction
    stamp: float = np.nan
    register: float = np.nan  # then, in Wh
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
    """Follows statuses and samples; what draws twice in a row in a status of rest is a finding.

    So is a register that counts there as if it drew.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
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
        begun, counted = self._counted(connector, told, block)
        holes = self._holes(told, block)
        place, since, rests = told.at(block.stamp)
        counts = (counted > DRAWS_A * VOLTS) & (begun >= since + STANDS_S)
        for k in np.flatnonzero(counts & rests & ~draws).tolist():
            counts[k] = self._rests_alone(connector, float(begun[k]), float(block.stamp[k]))
        draws |= counts
        live = np.abs(block.epoch_s - block.stamp) <= STANDS_S  # what is told later belongs to other statuses
        is_told = flow.is_told | np.isfinite(counted)
        judged = is_told & rests & live & (block.stamp - since >= STANDS_S) & (holes < since)
        before = np.append(told.drew_in, np.where(draws & judged, since, FOREVER))
        told.drew_in = float(before[-1])
        wrong = draws & judged & (before[:-1] == since)
        self._ledger.held(STILL, int((judged & ~wrong).sum()), connector, block.stamp[judged & ~wrong])
        for k in np.flatnonzero(wrong).tolist():
            status = told.statuses[place[k]]
            self._broken(
                connector, status, float(since[k]), block, self._words(flow.at(k), counted[k], status), k
            )

    def _counted(self, connector: int, told: Told, block: Block) -> tuple[Array, Array]:
        """For each sample the stamp of the one before it, and the power that the register rose by since."""
        begun, register = np.append(told.stamp, block.stamp)[:-1], block.column(DEFAULT_MEASURAND)
        if register is None or self._context.registers.is_named(connector):
            told.register = np.nan
            return begun, np.full(len(block), np.nan)
        rose = np.diff(np.append(told.register, register)) - step_of(block)
        told.register = float(register[-1])
        lasted = block.stamp - begun
        return begun, np.divide(rose * 3600.0, lasted, out=np.full(len(block), np.nan), where=lasted > 0)

    def _rests_alone(self, connector: int, since: float, until: float) -> bool:
        """Did no other connector charge that may have the same meter, and may nothing wait to be told?"""
        history = self._context.history
        others = (one for one in history.outlets() if one != connector)
        runs = any(history.transactions.any_within(one, since, until) for one in others)
        return (
            not runs and not history.link.was_away(since, until) and not history.link.may_be_queueing(until)
        )

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

    @staticmethod
    def _words(flow: Flow, counted: float, status: str) -> tuple[str, str, str]:
        """What is expected, what is told, and what that is."""
        amps, watts = float(flow.amps[0]), float(flow.watts[0])
        if amps > DRAWS_A or (watts > DRAWS_A * VOLTS and not np.isfinite(amps)):
            drawn = f"{amps:.1f} A" if np.isfinite(amps) else f"{watts:.0f} W"
            return "Charging, or no current", drawn, f"current is told to flow in {status}"
        return "Charging, or no energy", f"as by {counted:.0f} W", f"the register counts in {status}"

    def _broken(
        self, connector: int, status: str, since: float, block: Block, words: tuple[str, str, str], k: int
    ) -> None:
        expected, drawn, message = words
        actual = f"{drawn}, {status} since {iso(since)}"
        at = float(block.epoch_s[k])
        began = self._told[connector, block.layout.context].first
        untold = (since, began) if began > since else None  # a start is lost, and who knows what else
        self._ledger.broken(STILL, at, connector, expected, actual, message, untold=untold)
