"""Clock-aligned values stamped with the beginning of their interval (9.1.5), in a log that nobody described.

Others stamp the boundary at which the interval ends, as the rest of the judge has it; which of the two a
station does shows in the first value, and holds as long as no other speaks against it.
"""

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
        interval_s = self._context.history.keys.integer(KEY, call.epoch_s)
        if not interval_s or interval_s <= 2 * self._context.tolerances.grace_s:
            return call.payload
        late_s = [
            call.epoch_s - epoch(one["timestamp"]) for one in call.payload["meterValue"] if _is_aligned(one)
        ]
        for each in late_s:
            self._learn(each - interval_s)
        return self._moved(call.payload, interval_s) if late_s and self._is_so else call.payload

    def _learn(self, after_s: float) -> None:
        """So long after the end of the interval that begins with its stamp a value was told."""
        if after_s < -WHOLE_SECOND_S:
            self._is_so = False
        elif self._is_so is None:
            self._is_so = after_s <= self._context.tolerances.grace_s
            if self._is_so:
                self._context.evidence.note(NOTE)

    def _moved(self, payload: Any, interval_s: int) -> Any:
        moved = deepcopy(payload)
        for one in moved["meterValue"]:
            if _is_aligned(one):
                one["timestamp"] = iso(epoch(one["timestamp"]) + interval_s)
        return moved


def _is_aligned(told: dict[str, Any]) -> bool:
    return {one.get("context") for one in told["sampledValue"]} == {"Sample.Clock"}
