"""The link through time: outages, silence, and what may be waiting behind them."""

from collections import deque
from collections.abc import Callable

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.keys import Keys
from evc5.rigs.recording.reading.telemetry import DAY_S

DRAIN_S = 3600.0  # assumed: a queue is delivered an hour after the link is back
HELD_S = 220.0  # a transaction message that met silence or a CALLERROR: time-out, then 3 min (EVC4 boot log)
CATCHES_UP_S = 60.0  # assumed: and what waited behind it is told within a minute more
STUCK_S = 1.0  # assumed: an answer that takes so long holds up what else there is to say
MOST_OUTAGES = 64
IN_ORDER = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})  # 3.7: told as they happened
LACKS = {"link-down": "line", "power-cut": "mains"}
BRINGS = {"link-up": "line", "power-restore": "mains"}


def _nothing() -> None:
    """Nobody knows of anything that is waited for."""


class Link:
    """Follows link-down and link-up, and CALLs of the station that met silence or a CALLERROR."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.heard_at = float("-inf")  # when the station's last frame went
        self.unheard: deque[float] = deque(maxlen=256)  # when CALLs of its went that got no reply or an error
        self.waiting: Callable[[], float | None] = _nothing  # when the CALL went that it waits for now
        self.held_since: float | None = None  # nothing of IN_ORDER that happened later may be told yet
        self.down_since: float | None = None
        self._lacking: set[str] = set()  # what a connection needs and is gone
        self.outages: list[tuple[float, float]] = []  # (from, to)
        self.drained: list[tuple[float, float]] = []  # from what was told late to when that went: a queue
        # silent outages, up to when the station may notice their end
        self.mute: list[tuple[float, float]] = []
        self._mute_since: float | None = None

    def was_down(self, stamp: float, hair_s: float = 0.0) -> bool:
        """Then, or so near to then?"""
        if self.down_since is not None and stamp + hair_s >= self.down_since:
            return True
        return any(begin - hair_s <= stamp <= end + hair_s for begin, end in self.outages)

    def was_away(self, since: float, until: float) -> bool:
        """Is the line or the mains gone now, or was it at any time of this stretch?"""
        away = any(begin <= until and end >= since for begin, end in self.outages)
        return self.down_since is not None or away

    def is_mute(self, epoch_s: float) -> bool:
        """Does nothing pass, behind a socket that is open?"""
        return (
            any(begin <= epoch_s <= end for begin, end in self.mute)
            or (self._mute_since or FOREVER) <= epoch_s
        )

    def was_unheard(self, since: float, until: float) -> bool:
        """Did a CALL of the station meet silence or a CALLERROR, so that others waited in between?"""
        waiting = self.waiting()
        held = waiting is not None and waiting <= until - STUCK_S
        return held or any(since - HELD_S <= epoch_s <= until for epoch_s in self.unheard)

    def was_held_up(self, since: float, until: float) -> bool:
        """Was it unheard, or not done yet with telling what had waited?"""
        return self.was_unheard(since - CATCHES_UP_S, until)

    def may_be_queueing(self, epoch_s: float) -> bool:
        """May the station hold messages undelivered yet, of an outage or behind a refused one?"""
        after_outage = bool(self.outages and epoch_s - self.outages[-1][1] < DRAIN_S)
        return self.down_since is not None or after_outage or self.was_unheard(epoch_s, epoch_s)

    def delivered_until(self, end: float, grace_s: float) -> float:
        """Up to when all that was to be sent must have arrived, seen from the transcript's end."""
        until = self._held_since(end if self.down_since is None else self.down_since)
        for begin, over in reversed(self.outages):  # one soon after another leaves no time to catch up
            if until - over >= DRAIN_S:
                break
            until = self._held_since(begin)
        return until - grace_s

    def _held_since(self, end: float) -> float:
        """Since when a message that is refused again and again holds up those behind it; else the end."""
        since = end if self.held_since is None else min(end, self.held_since)
        waits = [] if (epoch_s := self.waiting()) is None else [epoch_s]
        for epoch_s in (*waits, *reversed(self.unheard)):
            if since - epoch_s > HELD_S:
                break
            since = min(since, epoch_s)
        return since

    # -- what is told ----------------------------------------------------------------------------

    def gave_up(self, call: Call, is_accepted: bool) -> None:
        """A CALL got no reply, or a CALLERROR; before a boot is accepted nothing waits behind it."""
        if call.up and (is_accepted or call.action != "BootNotification"):
            self.unheard.append(call.epoch_s)
        if call.up and call.action in IN_ORDER:
            self.held_since = call.happened_s

    def confirmed(self, call: Call) -> None:
        """A CALL was answered as it should be: what waits behind it follows at once."""
        if call.up and call.action in IN_ORDER:
            self.held_since = None
            self._drains(call.happened_s, call.epoch_s)

    def _drains(self, happened_s: float, epoch_s: float) -> None:
        """A message of an outage was queued; so was one that happened before the one ahead of it went."""
        since, until = self.drained[-1] if self.drained else (FOREVER, -FOREVER)
        waited = happened_s <= until and self.may_be_queueing(epoch_s)
        if waited:
            self.drained[-1] = since, epoch_s
        elif self.was_down(happened_s):
            self.drained = [*self.drained[1 - MOST_OUTAGES :], (happened_s, epoch_s)]

    def event(self, epoch_s: float, name: str, kind: object) -> None:
        if name == "link-down" and kind == "silent":
            self._mute_since = epoch_s
        elif name == "link-up" and self._mute_since is not None:
            # behind an open socket a station learns of it when it next says something
            beat_s = float(self._keys.integer("HeartbeatInterval", epoch_s) or DAY_S)
            self.mute = [*self.mute[1 - MOST_OUTAGES :], (self._mute_since, epoch_s + beat_s)]
            self._mute_since = None
        if name in LACKS:
            self._lacking.add(LACKS[name])
            self.down_since = epoch_s if self.down_since is None else self.down_since
        elif name in BRINGS:
            self._lacking.discard(BRINGS[name])
            self._returns(epoch_s)

    def _returns(self, epoch_s: float) -> None:
        """The line is there again once neither it nor the mains are missing."""
        if self.down_since is not None and not self._lacking:
            self.outages = [*self.outages[1 - MOST_OUTAGES :], (self.down_since, epoch_s)]
            self.down_since = None
