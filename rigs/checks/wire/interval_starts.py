"""Clock-aligned values stamped with the beginning of their interval (9.1.5), in a log that nobody described.

Others stamp the boundary at which the interval ends, as the rest of the judge has it; which of the two a
station does shows in the first value, and holds as long as no other speaks against it.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context

KEY = "ClockAlignedDataInterval"
NOTE = "clock-aligned values are stamped with the beginning of their interval (9.1.5), and read as at its end"


class IntervalStarts:
    """Takes each MeterValues with stamps as at the boundary."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._is_so: bool | None = None  # None: no value told yet
        self._is_open = not context.evidence.is_own and context.policies["clock_stamp"] == "boundary"

    def at_boundaries(self, call: Call) -> Any:
        """Its payload, with clock-aligned stamps moved to the end of their interval where that is due."""
        if call.action != "MeterValues" or not call.up or not self._is_open:
            return call.payload
        stamps = [epoch(one["timestamp"]) for one in call.payload["meterValue"] if _is_aligned(one)]
        intervals = [self._interval_s(stamp, call.epoch_s) for stamp in stamps]
        if min(intervals, default=0) <= 2 * self._context.tolerances.grace_s:
            return call.payload
        for stamp, interval_s in zip(stamps, intervals, strict=True):
            self._learn(call.epoch_s - stamp - interval_s)
        return _moved(call.payload, iter(intervals)) if self._is_so else call.payload

    def _interval_s(self, stamp: float, told: float) -> int:
        """Which began with the stamp and had ended when it was told; 0 where none is known."""
        keys = self._context.history.keys
        known = [each for at in (stamp, told) if (each := keys.integer(KEY, at))]
        ended = [each for each in known if stamp + each <= told + WHOLE_SECOND_S]
        return max(ended, default=min(known, default=0))

    def _learn(self, after_s: float) -> None:
        """So long after the end of the interval that begins with its stamp a value was told."""
        if after_s < -WHOLE_SECOND_S:
            self._is_so = False
        elif self._is_so is None:
            self._is_so = after_s <= self._context.tolerances.grace_s
            if self._is_so:
                self._context.evidence.note(NOTE)


def _moved(payload: Any, intervals: Iterator[int]) -> Any:
    moved = deepcopy(payload)
    for one in moved["meterValue"]:
        if _is_aligned(one):
            one["timestamp"] = iso(epoch(one["timestamp"]) + next(intervals))
    return moved


def _is_aligned(told: dict[str, Any]) -> bool:
    return {one.get("context") for one in told["sampledValue"]} == {"Sample.Clock"}
