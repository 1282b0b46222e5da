"""The clocks of both sides against the frames' times: a wrong one is told, and misleads no other check.

A stamp that cannot be is taken for the time of its frame from here on: it orders no registers and no
transactions. A CSMS whose clock is wrong is named, and its station judged in the time it was given (4.2).
"""

from copy import deepcopy
from dataclasses import dataclass, field
from math import copysign
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import QUARTER_S, epoch, iso
from evc5.rigs.checks.reading.station_time import TOLD_TO_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import STATION_CLOCK
from evc5.rigs.checks.state.requirement import CSMS as THE_CSMS
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.wire.interval_starts import IntervalStarts

STATION, CSMS = "clock.station", "clock.csms"
REQUIREMENTS = (
    R(
        STATION,
        "The station's stamps are of the time in which they are told",
        "3.14, 4.2, 4.6",
        (STATION_CLOCK,),
    ),
    R(CSMS, "The CSMS tells the time that it is", "4.2, 4.6", (STATION_CLOCK,)),
)
AHEAD_S = 60.0  # assumed: a clock set at its boot and with every heartbeat is not a minute off
OLDEST_S = 366 * 86_400.0  # assumed: nothing waits a year to be delivered
WIDEST_ZONE_S = 14 * 3600.0  # Pacific/Kiritimati, in the tz database
SAME_S = 2.0  # assumed: the same offset again, but for the latency
OFF_IN_A_ROW = 3  # so many stamps in a row that are off alike tell a clock from a queue, which drains
RUN_S = 60.0  # and over so long: a queue drains within seconds
STILL_S = (
    30.0  # assumed: behind other calls on a slow line a value may be told so late, as in metering.prompt
)
BEHIND = "each time alike"
LIVE = ("StatusNotification", "MeterValues")
LISTS = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}


Source = tuple[str, int | None, tuple[str, ...]]  # action, connector, contexts: each a queue of its own


@dataclass(slots=True, eq=False, repr=False)
class Run:
    """Stamps in a row that are off alike."""

    first_epoch_s: float = 0.0
    value: float = 0.0
    count: int = 0

    def goes_on(self, epoch_s: float, value: float) -> bool:
        """Take one more; has it lasted long enough to tell a clock?"""
        if not self.count or abs(value - self.value) > SAME_S:
            self.first_epoch_s = epoch_s
            self.value = value
            self.count = 0
        self.count += 1
        return self.count >= OFF_IN_A_ROW and epoch_s - self.first_epoch_s >= RUN_S


@dataclass(slots=True, eq=False, repr=False)
class Off:
    """What is known of the station's clock so far."""

    behind: Run = field(default_factory=Run)
    last: tuple[float, float, list[Any]] = (0.0, 0.0, [])  # the last stamp, when told, of what

    def is_still(self, call: Call, stamp: float) -> bool:
        """Are other values told a while later with the stamp of those before? A repetition tells the same."""
        values = [one["value"] for one in _sampled(call)]
        before, told, same = self.last
        self.last = stamp, call.epoch_s, values
        return before == stamp and same != values and call.epoch_s - told > STILL_S


class Clocks:
    """Hears each CALL of the station before all others, and each answer that tells the time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._csms_ahead = 0.0  # as it told last, while that is more than a minute
        self._off: dict[Source, Off] = {}
        self._told_pace = False
        self._interval_starts = IntervalStarts(context)

    def told(self, call: Call) -> None:
        """The CSMS's answer to a BootNotification or Heartbeat."""
        text = (call.reply or {}).get("currentTime")
        if not isinstance(text, str) or not self._context.evidence.station_clock:
            return
        if self._ledger.time.pace != 1.0:
            return  # it tells its own time, and the station lives in another
        at = call.answered_s
        if self._is_unset(call, text, at):
            return
        ahead = epoch(text) - at
        self._csms_ahead = ahead if abs(ahead) > AHEAD_S else 0.0
        if not self._csms_ahead:
            self._ledger.held(CSMS)
            return
        message = f"the CSMS's clock is {_span(ahead)}, and its station's with it"
        self._ledger.broken(CSMS, at, None, iso(at), text, message, severity="warning", blames=THE_CSMS)

    def _is_unset(self, call: Call, text: str, at: float) -> bool:
        """Did a twin hear the time of its run, and go on in another?"""
        time = self._ledger.time
        told, twin = epoch(text), time.twin
        if twin is None or call.doubtful or (call.reply or {}).get("status", "Accepted") != "Accepted":
            return False
        run_s = time.t_s(at)
        if abs(told - twin.start - run_s) > AHEAD_S:
            return False  # the CSMS's own clock is wrong
        follows = self._context.policies.get("follow_csms_time") != "never"
        off = twin.start + run_s + twin.ahead_s(run_s) - told
        if abs(off) <= (twin.step_s + TOLD_TO_S if follows else AHEAD_S):
            return False
        message = f"the CSMS tells the time, and the station's clock stays {_span(off)}"
        self._ledger.broken(STATION, at, None, text, iso(told + off), message, cause="clock")
        return True

    def mended(self, call: Call) -> Any:
        """A valid CALL's payload with the stamps that cannot be replaced by its frame's time.

        A clock that is behind by the same all the time is told, and left: its stamps agree with one another.
        """
        if not call.up or not self._context.evidence.station_clock:
            return call.payload
        if self._ledger.time.pace != 1.0 and not self._told_pace:
            self._runs_fast(call, self._ledger.time.pace)
        call.payload = self._interval_starts.at_boundaries(call)
        wrong = {text for text in _stamps(call) if self._is_wrong(call, text)}
        if not wrong:
            return call.payload
        payload = deepcopy(call.payload)
        for table in _stamped(call.action, payload):
            if table.get("timestamp") in wrong:
                table["timestamp"] = iso(call.epoch_s)
        return payload

    def _runs_fast(self, call: Call, pace: float) -> None:
        """One finding: all else is judged in the station's own time."""
        self._told_pace = True
        message = (
            "the station's time runs many times as fast as its frames come: a twin that is run accelerated"
            " (evc5 run --csms, --pace); it is judged in its own time"
        )
        told = f"{pace:,.0f} times as fast, from {iso(call.epoch_s)}"
        blamed = ["bench", "station"]
        self._ledger.broken(
            STATION, call.epoch_s, None, "as fast", told, message, severity="warning", blames=blamed
        )

    def _is_wrong(self, call: Call, text: str) -> bool:
        off = epoch(text) - call.epoch_s
        ahead = copysign(max(abs(off) - self._ledger.time.vague_s(call.epoch_s), 0.0), off)
        if self._csms_ahead and abs(ahead - self._csms_ahead) <= AHEAD_S:
            return True  # as it was given: no fault of its own, and no use to any other check
        what = self._fault(call, epoch(text), ahead)
        if what is None:
            self._ledger.held(STATION, 1, call.connector, call.epoch_s)
            return False
        message = f"{call.action} is stamped {what}"
        self._ledger.broken(
            STATION, call.epoch_s, None, f"about {iso(call.epoch_s)}", text, message, cause="clock"
        )
        return BEHIND not in what

    def _fault(self, call: Call, stamp: float, ahead: float) -> str | None:
        if ahead > AHEAD_S:
            return f"{_span(ahead)} of its frame{_zone(ahead)}"
        if ahead < -OLDEST_S:
            return "in another age: the clock was never set"
        if call.action not in LIVE or self._context.history.link.was_unheard(stamp, call.epoch_s):
            return None  # what went unanswered held up what came after
        contexts = tuple(sorted({one.get("context", "") for one in _sampled(call)}))
        if contexts == ("Sample.Clock",) and self._context.policies["clock_stamp"] == "interval-start":
            return None  # 9.1.5: stamped with the beginning of its interval
        off = self._off.setdefault((call.action, call.connector, contexts), Off())
        is_behind, is_still = off.behind.goes_on(call.epoch_s, -ahead), off.is_still(call, stamp)
        if is_still and -ahead > STILL_S:
            return "with one and the same time: the clock stands still"
        if is_behind and -ahead > AHEAD_S:
            return f"{_span(ahead)} its frame, {BEHIND}{_zone(ahead)}"
        return None


def _stamped(action: str, payload: Any) -> list[dict[str, Any]]:
    """The tables of a payload that may bear a timestamp."""
    return [payload, *payload.get(LISTS.get(action, ""), ())]


def _sampled(call: Call) -> list[dict[str, Any]]:
    """All sampled values of a MeterValues; none of any other CALL."""
    return [one for item in call.payload.get("meterValue", ()) for one in item["sampledValue"]]


def _stamps(call: Call) -> list[str]:
    found = [table.get("timestamp") for table in _stamped(call.action, call.payload)]
    return list(dict.fromkeys(text for text in found if isinstance(text, str)))


def _span(ahead_s: float) -> str:
    span = abs(ahead_s)
    text = f"{span / 3600.0:.2g} h" if span >= 3600.0 else f"{span:.0f} s"
    return f"{text} {'ahead' if ahead_s > 0 else 'behind'}"


def _zone(ahead_s: float) -> str:
    """Quarter hours are zones: whoever is off by them tells local time."""
    quarters = round(ahead_s / QUARTER_S)
    near = abs(ahead_s - quarters * QUARTER_S) <= AHEAD_S and 0 < abs(quarters) * QUARTER_S <= WIDEST_ZONE_S
    return ": local time told as UTC" if near else ""
