"""The station's pulse: a Heartbeat, or anything else it sends, within each HeartbeatInterval (4.6).

Of a log that others wrote, a silence of both sides may as well be a hole in it or a line that was down.
Several of one length are a rhythm, and that is the station's.
"""

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import NETWORK, STATION
from evc5.rigs.checks.state.requirement import Requirement as R

INTERVAL = "heartbeat.interval"
REQUIREMENTS = (R(INTERVAL, "The station is heard at least every HeartbeatInterval", "4.6, 9.1.8"),)
RHYTHM = 3  # assumed: so many silences, the shortest RHYTHM_PART of the longest, are the station's own
RHYTHM_PART = 0.8  # assumed: a late beat is as late every time
MOST_SILENCES = 1000  # bounds memory


class Heartbeat:
    """`due` is when the station must have been heard again; the judge moves it on with each of its calls."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._history = context.history
        self._link = context.history.link
        self._keys = context.history.keys
        self.due = self.within = FOREVER
        self._doubtful: list[tuple[float, float]] = []  # silences of nobody's: until when, how long
        context.bus.calls["Heartbeat"].append(lambda call: context.ledger.held(INTERVAL))
        context.bus.replies["BootNotification"].append(self._booted)
        for name in ("link-down", "power-cut", "link-up", "power-restore"):
            context.bus.events[name].append(self._changed)
        context.bus.events["hole"].append(self._hole)
        context.bus.settings.append(self._set)
        context.bus.end.append(self._end)

    def hear(self, epoch_s: float) -> None:
        """The station made a call."""
        if epoch_s > self.due:
            self._late(epoch_s)
        self.due = epoch_s + self.within

    def _late(self, epoch_s: float) -> None:
        silent = epoch_s - self.due + self.within
        answered = self._link.heard_at > self.due  # so both line and recording were there
        if self._context.evidence.is_own or answered:
            self._broken(epoch_s, silent)
        else:
            self._doubt(epoch_s, silent)

    def _doubt(self, epoch_s: float, silent: float) -> None:
        if len(self._doubtful) < MOST_SILENCES:
            self._doubtful.append((epoch_s, silent))

    def _broken(self, epoch_s: float, silent: float) -> None:
        interval = self._keys.integer("HeartbeatInterval", epoch_s)
        message = "the station was not heard for longer than its heartbeat interval"
        self._context.ledger.broken(
            INTERVAL, epoch_s, None, f"a call within {interval} s", f"{silent:.0f} s of silence", message
        )

    def _hole(self, event: Event) -> None:
        since, until = self._link.outages[-1]
        if event.detail.get("kind") == "skipped":
            told = f"from {iso(since)} to {iso(until)}"
            self._context.evidence.note(
                f"the log has a hole {told}: the station's message ids leave some out"
            )
        elif self._history.boots.accepted_since is not None:
            self._doubt(until, until - since)

    def _booted(self, call: Call) -> None:
        self._set("heartbeatinterval", call.reply_epoch_s or call.epoch_s)

    def _set(self, key: str, epoch_s: float) -> None:
        """A new interval counts from now; the boot sets it as well."""
        if key != "heartbeatinterval":
            return
        interval = self._keys.integer("HeartbeatInterval", epoch_s)
        known = interval and self._history.boots.accepted_since is not None and self._link.down_since is None
        self.within = interval + self._context.tolerances.heartbeat_s if known and interval else FOREVER
        self.due = epoch_s + self.within

    def _changed(self, event: Event) -> None:
        """Off the line nothing is owed; back on it, the interval counts from the first word that comes."""
        is_hole = event.detail.get("kind") in ("skipped", "silent")
        if event.epoch_s > self.due and not is_hole:
            self._late(event.epoch_s)
        self._set("heartbeatinterval", event.epoch_s)
        self.due = FOREVER

    def _end(self, epoch_s: float) -> None:
        if epoch_s > self.due:
            self._late(epoch_s)
        lengths = [silent for _, silent in self._doubtful]
        is_rhythm = len(lengths) >= RHYTHM and min(lengths) >= RHYTHM_PART * max(lengths)
        for until, silent in self._doubtful:
            (self._broken if is_rhythm else self._warn)(until, silent)

    def _warn(self, until: float, silent: float) -> None:
        interval = self._keys.integer("HeartbeatInterval", until)
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
