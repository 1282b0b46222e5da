"""The station's pulse: a Heartbeat, or anything else it sends, within each HeartbeatInterval (4.6).

Of a log that others wrote, a silence of both sides may as well be a hole in it or a line that was down.
Several of one length are a rhythm, and that is the station's. Who sends no Heartbeat at all may ping instead.
"""

from collections.abc import Iterable
from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.doubts import Doubt
from evc5.rigs.checks.reading.instants import FOREVER, epoch
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import NETWORK, STATION
from evc5.rigs.checks.state.requirement import Requirement as R

INTERVAL = "heartbeat.interval"
REQUIREMENTS = (R(INTERVAL, "The station is heard at least every HeartbeatInterval", "4.6, 9.1.8, J 5.3"),)


class Heartbeat:
    """`due` is when the station must have been heard again; the judge moves it on with each of its calls."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._history = context.history
        self._link = context.history.link
        self._keys = context.history.keys
        self.due = self.within = FOREVER
        self._answered_at = FOREVER  # first, since a call was due
        context.bus.calls["Heartbeat"].append(lambda call: context.ledger.held(INTERVAL))
        context.bus.calls["BootNotification"].append(self._boots)
        context.bus.replies["BootNotification"].append(self._booted)
        for name in ("link-down", "power-cut", "link-up", "power-restore", "reset"):
            context.bus.events[name].append(self._changed)
        for name in ("hole", "silence"):
            context.bus.events[name].append(self._silent)
        context.bus.any_reply.append(self._answers)
        context.bus.settings.append(self._set)
        context.bus.end.append(self._end)

    def _answers(self, call: Call) -> None:
        at = call.answered_s
        if not call.up and at > self.due:
            self._answered_at = min(self._answered_at, at)

    def hear(self, epoch_s: float) -> None:
        """The station made a call."""
        self.hear_all((epoch_s,))

    def hear_all(self, epochs_s: Iterable[float]) -> None:
        """The station made calls, between which nothing else happened."""
        accepted = self._history.boots.accepted_since is not None  # else no Heartbeat is owed yet (4.2)
        within = self.within if accepted else FOREVER
        for epoch_s in epochs_s:
            if epoch_s > self.due:
                self._late(epoch_s)
            self.due = epoch_s + within
            self._answered_at = FOREVER

    def _late(self, epoch_s: float) -> None:
        silent = epoch_s - self.due + self.within
        # so both line and recording were there, and not only as a hole ends
        answered = epoch_s - self._answered_at > self._context.tolerances.heartbeat_s
        if self._context.evidence.is_own or answered:
            self._broken(epoch_s, silent, self._keys.integer("HeartbeatInterval", epoch_s))
        else:
            self._doubt(epoch_s, silent)

    def _doubt(self, epoch_s: float, silent: float, interval: int | None = None) -> None:
        interval = self._keys.integer("HeartbeatInterval", epoch_s) if interval is None else interval
        sure, unsure = (partial(say, epoch_s, silent, interval) for say in (self._broken, self._warn))
        self._context.ledger.holes.too_long(Doubt(epoch_s - silent, silent, sure, unsure))

    def _broken(self, epoch_s: float, silent: float, interval: int | None) -> None:
        message = "the station was not heard for longer than its heartbeat interval"
        expected, severity = f"a call within {interval} s", "error"
        if self._context.evidence.is_of_others and "Heartbeat" not in self._context.ledger.seen:
            message, severity = "the station sends no Heartbeat; pings may stand for them", "warning"
            expected += ", or pings of its connection, which no log shows (J 5.3)"
        actual = f"{silent:.0f} s of silence"
        self._context.ledger.broken(INTERVAL, epoch_s, None, expected, actual, message, severity=severity)

    def _silent(self, event: Event) -> None:
        """Of both sides, in somebody's log; what a hole hides is nobody's silence."""
        since, interval_s = epoch(event.detail["since"]), event.detail["interval_s"]
        if event.detail["kind"] == "skipped" or interval_s is None:
            return
        silent_s = event.epoch_s - since
        if silent_s > interval_s + self._context.tolerances.heartbeat_s:
            self._doubt(event.epoch_s, silent_s, round(interval_s))

    def _boots(self, call: Call) -> None:
        """It was off, or began anew: boot.repeated tells of boots that come too often."""
        if not self._history.boots.boot_asked:
            self._context.ledger.holes.was_off(call.epoch_s)

    def _booted(self, call: Call) -> None:
        self._set("heartbeatinterval", call.answered_s)

    def _set(self, key: str, epoch_s: float) -> None:
        """A new interval counts from now; the boot sets it as well."""
        if key != "heartbeatinterval":
            return
        interval = self._keys.integer("HeartbeatInterval", epoch_s)
        known = interval and self._history.boots.accepted_since is not None and self._link.down_since is None
        self.within = interval + self._context.tolerances.heartbeat_s if known and interval else FOREVER
        self.due = epoch_s + self.within
        self._answered_at = FOREVER

    def _changed(self, event: Event) -> None:
        """Off the line nothing is owed; back on it, the interval counts from the first word that comes."""
        if event.epoch_s > self.due:
            self._late(event.epoch_s)
        self._set("heartbeatinterval", event.epoch_s)
        self.due = FOREVER

    def _end(self, epoch_s: float) -> None:
        if epoch_s > self.due:
            self._late(epoch_s)

    def _warn(self, until: float, silent: float, interval: int | None) -> None:
        message = "nobody was heard: the station was silent, its line down, or the log has a hole"
        self._context.ledger.broken(
            INTERVAL,
            until,
            None,
            f"a call within {interval} s; a log of the other end would tell",
            f"{silent:.0f} s of silence",
            message,
            severity="warning",
            blames=[STATION, NETWORK],
        )
