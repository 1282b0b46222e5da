"""Whether meter values, starts and stops are told soon after they happened, and in order (3.7, 4.7)."""

from typing import Any

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.connectors import QUIET_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.requirement import NETWORK, STATION
from evc5.rigs.checks.state.requirement import Requirement as R

PROMPT, ORDER, TOLD = "metering.prompt", "metering.order", "transaction.prompt"
REQUIREMENTS = (
    R(ORDER, "Meter values of a connector are told in order of time", "3.7, 4.7, TC_037_1_CS"),
    R(TOLD, "Starts and stops are told soon after they happen", "4.8, 4.10, TC_003_CS"),
    R(PROMPT, "Meter values are told soon after they are taken", "4.7, TC_070_CS, TC_071_CS"),
)
CLOCK = "clock.station"  # judged in checks.wire.clocks
QUEUED = ("Sample.Periodic", "Sample.Clock")
SAME_ORDER_S = 1.5  # assumed: a meter answers from so long before or after its stamp
PROMPT_S = 30.0  # assumed: behind other calls on a slow line
EARLY_S = 0.5  # assumed: so long before its stamp nothing is told, where the station's clock is known
CATCH_UP_S = 3600.0  # assumed: how long a CALL that got no reply may hold up the others
LATE_QUEUE_S = 600.0  # assumed: three minutes to connect anew, and the queue of a long outage


class Promptness:
    """Follows when what was taken is told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._first_epoch_s = np.inf
        self._latest: dict[int, float] = {}  # by connector: the last stamp told
        self._went: dict[int, float] = {}  # by connector: when its last values went
        for action in ("StartTransaction", "StopTransaction"):
            context.bus.calls[action].append(self._transaction)
        self._late: list[tuple[str, float, int | None, str, str]] = []  # as the ledger will be told
        self._at_once: list[tuple[float, int, str]] = []  # late too: when, where, how late
        context.bus.readings.append(self._readings)
        context.bus.end.append(self._end)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        if connector == 0:
            return
        for block in blocks:
            self._first_epoch_s = min(self._first_epoch_s, float(block.epoch_s[0]))
            self._prompt(connector, block)
        self._ordered(connector, [block for block in blocks if block.layout.context in QUEUED])

    def _ordered(self, connector: int, blocks: list[Block]) -> None:
        """All of one queue, whatever their layouts; triggered ones overtake it."""
        if not blocks:
            return
        order = np.argsort(np.concatenate([block.order for block in blocks]))
        stamps = np.concatenate([block.stamp for block in blocks])[order]
        before = self._latest.get(connector, stamps[0])
        earlier = np.concatenate([[before], stamps[:-1]])
        wrong = np.flatnonzero(stamps < earlier - SAME_ORDER_S)
        self._latest[connector] = float(stamps[-1])
        self._ledger.held(ORDER, len(stamps) - len(wrong))
        for k in wrong.tolist():
            message = "a meter value is told after a later one"
            epoch_s = float(stamps[k])
            expected = f"not before {iso(float(earlier[k]))}"
            actual = iso(epoch_s)
            self._ledger.broken(ORDER, epoch_s, connector, expected, actual, message)

    # -- in time ---------------------------------------------------------------------------------

    def _transaction(self, call: Call) -> None:
        """A start or a stop, the first time that it goes."""
        stamp = epoch(call.payload["timestamp"])
        its = (
            self._context.history.transactions.stopped_by(call) if call.action == "StopTransaction" else None
        )
        if its is not None and stamp < its.start:
            return  # a stamp that cannot be is told by transaction.times
        if not self._is_late(stamp, call.epoch_s):
            self._ledger.held(TOLD, 1, call.connector, call.epoch_s)
        elif not self._excused(stamp, call.epoch_s):
            actual, message = f"after {call.epoch_s - stamp:.0f} s", f"{call.action} was told late"
            self._late.append((TOLD, call.epoch_s, call.connector, actual, message))

    def _prompt(self, connector: int, block: Block) -> None:
        """A reading goes at once; one that waits has an outage, or a call that went unanswered, behind it."""
        if block.layout.context.startswith("Transaction"):
            return
        self._too_early(connector, block)
        late = block.epoch_s - block.stamp > PROMPT_S
        went = np.append(self._went.get(connector, -np.inf), block.epoch_s)
        self._went[connector] = float(went[-1])
        self._ledger.held(PROMPT, int(np.count_nonzero(~late)), connector, block.stamp[~late])
        for k in np.flatnonzero(late).tolist():
            told, taken = float(block.epoch_s[k]), float(block.stamp[k])
            if self._is_late(taken, told) and not self._excused(taken, told, float(went[k])):
                actual = f"after {told - taken:.0f} s"
                message = "a meter value was told late"
                if self._is_of_several(block, told):
                    self._at_once.append((told, connector, actual))
                else:
                    self._late.append((PROMPT, told, connector, actual, message))

    def _too_early(self, connector: int, block: Block) -> None:
        """What is stamped with an instant that has not come was not taken at it."""
        time = self._ledger.time
        if time.twin is None or not (block.stamp > block.epoch_s + EARLY_S).any():
            return
        wrong = block.stamp - block.epoch_s - time.doubts_s(block.stamp) > EARLY_S
        for k in np.flatnonzero(wrong).tolist():
            told, stamp = float(block.epoch_s[k]), float(block.stamp[k])
            actual = f"{stamp - told:.1f} s before"
            message = "a meter value is told before the time of its stamp"
            self._ledger.broken(PROMPT, told, connector, f"not before {iso(stamp)}", actual, message)

    def _is_of_several(self, block: Block, told: float) -> bool:
        """Does it come with others of other instants, as what was queued does (3.7)?"""
        together = block.stamp[np.abs(block.epoch_s - told) <= QUIET_S]
        return not self._context.evidence.is_continuous and np.ptp(together) > QUIET_S

    def _end(self, epoch_s: float) -> None:
        """Only now is it known whether it was the clock that was late."""
        others = self._context.evidence.is_of_others  # 3.7: they should go as soon as possible
        severity = "warning" if others else "error"
        for requirement, told, connector, actual, message in self._late:
            if not self._ledger.failures(CLOCK):
                about = requirement, told, connector, f"within {PROMPT_S:g} s", actual, message
                untold = told - LATE_QUEUE_S, told  # what it waited behind
                self._ledger.broken(*about, severity=severity, untold=untold, lost=told)
        for told, connector, actual in self._at_once if not self._ledger.failures(CLOCK) else ():
            expected = f"within {PROMPT_S:g} s, or queued while the line was down, which no log shows"
            message = "meter values were told late, several at once"
            more: dict[str, Any] = {"severity": "warning", "blames": [STATION, NETWORK]}
            self._ledger.broken(PROMPT, told, connector, expected, actual, message, **more)

    def _is_late(self, taken: float, told: float) -> bool:
        return told - taken - self._context.ledger.time.vague_s(told) > PROMPT_S

    def _excused(self, taken: float, told: float, before: float = -np.inf) -> bool:
        """`before`: when the values before these went; those of a long outage may go for long after it."""
        history = self._context.history
        if taken <= before and told - before <= PROMPT_S and history.link.may_be_queueing(told):
            return True  # they waited behind those, and followed soon
        if any(since <= taken <= until and told <= until + PROMPT_S for since, until in history.link.drained):
            return True  # in the queue of an outage, that other connectors' values were in as well
        if taken < self._first_epoch_s and not self._context.evidence.from_power_on:
            return True  # left from before the recording
        if history.link.was_unheard(taken - CATCH_UP_S, told):
            return True
        if (
            history.boots.accepted_since is not None
            and taken <= history.boots.accepted_since
            and told <= history.boots.accepted_since + PROMPT_S
        ):
            return True  # before that it may not be told (4.2)
        gone = [*history.link.outages, *history.boots.dark]
        gone += [
            (since, told)
            for since in (history.link.down_since, history.boots.dark_since)
            if since is not None
        ]
        return any(-np.inf < begin <= told and end >= taken - LATE_QUEUE_S for begin, end in gone)
