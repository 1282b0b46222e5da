"""A recording played again in memory: its back office side answers and asks as it did, at the same instants.

The same rig, seed and versions so give the same frames; where they do not, the first difference is told.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from evc5.models.timeline import INPUT, Timeline
from evc5.rigs.bench.network import Joined, NearEnd
from evc5.rigs.bench.tape import Answers, Entry, LinkChange, Tape
from evc5.twin.line.link import LinkListener, Record
from evc5.twin.line.wire import SETTLED, Notice

LATEST = 9  # the rank of what has waited in vain for the frames before it: it comes within its instant


@dataclass(slots=True, eq=False, repr=False)
class Likeness:
    """How far what the charge point says is what it said on the tape."""

    said: Iterator[Entry]
    frames: int = 0
    difference: dict[str, Any] | None = None

    def hear(self, t_s: float, text: str) -> None:
        if self.difference is not None:
            return
        entry = next(self.said, None)
        if entry is None:
            return  # the tape is over
        if entry.t_s == t_s and (entry.text == text or entry.frame == orjson.loads(text)):
            self.frames += 1
        else:
            self.difference = {"was": {"t": entry.t_s, "text": entry.text}, "is": {"t": t_s, "text": text}}

    def summary(self) -> dict[str, Any]:
        """As summary.json has it; where either ends before the other, that is no difference."""
        return {"same_frames": self.frames, "difference": self.difference}


class ReplayLink:
    """A link whose other end is a tape."""

    def __init__(
        self,
        tape: Tape,
        timeline: Timeline,
        record: Record,
        notice: Notice,
        cleaned: Callable[[str], str] = str,
    ) -> None:
        self._timeline = timeline
        self._record = record
        self._notice = notice
        self._in_memory = tape.pace == "max"
        self._paced = isinstance(tape.pace, int | float)
        self._answers = Answers(tape)
        self._unasked = tape.unasked()
        self._cleaned = cleaned  # as the tape was
        self._changes = tape.link_changes()
        self.likeness = Likeness(tape.said())
        self.station: LinkListener
        self.connected = False
        self.available = True  # what the rig does to the network
        self.is_silent = False
        self._reachable = True  # what the back office did
        self._passed = 0  # frames, of either direction
        self._pending: Entry | None = None  # what is said next by itself
        self._parked = False  # its time has come, but not the frames before it
        self._change: LinkChange | None = None
        self._next_unasked()
        self._next_change()

    # --- the charge point's end ---

    def connect(self) -> bool:
        change = self._change
        if change is not None and change.event == "link-up" and change.t_s <= self._timeline.now:
            self._happen(change)
        if not (self.available and self._reachable) or self.is_silent:
            return False
        self.connected = True
        return True

    def send(self, text: str) -> None:
        now = self._timeline.now
        lost = self.is_silent or not self.connected
        self._record(now, True, text, lost)
        self.likeness.hear(now, self._cleaned(text))
        self._passed += 1
        if text.startswith("[2,"):
            self._answer(text, now)
        self._look_at_parked()

    def close(self) -> None:
        self.connected = False

    drop = close

    # --- the network's faults, as the rig file has them ---

    def down(self) -> None:
        self.available = False
        if self.connected:
            self.connected = False
            self.station.on_link_down()

    def silent(self) -> None:
        self.is_silent = True

    def up(self) -> None:
        self.available = True
        self.is_silent = False

    # --- the tape's end ---

    def _answer(self, text: str, now: float) -> None:
        _, id_, action, _ = orjson.loads(text)
        answer = self._answers.next(action)
        if answer is None or answer.reply is None:
            return
        reply = answer.reply
        at = reply.t_s if answer.asked_s == now else now + (reply.t_s - answer.asked_s)
        early = self._in_memory or (not self._paced and at > now)
        text = answer.text(id_)
        self._timeline.at(at, lambda: self._reply(text, reply.place), INPUT if early else SETTLED)

    def _reply(self, text: str, place: int) -> None:
        """Answer, after what came by itself before it at the same instant."""
        now = self._timeline.now
        while (said := self._pending) and said.t_s <= now and self._passed >= said.place < place:
            self._speak(said)
        self._deliver(text)

    def _deliver(self, text: str) -> None:
        lost = self.is_silent or not self.connected
        self._record(self._timeline.now, False, text, lost)
        self._passed += 1
        if not lost:
            self.station.on_text(text)
        self._look_at_parked()

    def _next_unasked(self) -> None:
        entry = self._pending = next(self._unasked, None)
        self._parked = False
        if entry is not None:
            rank = INPUT if self._in_memory else SETTLED
            self._timeline.at(entry.t_s, lambda: self._say(entry), rank)

    def _say(self, entry: Entry) -> None:
        """Say something unasked, but not before all that the tape has before it."""
        if self._passed >= entry.place:
            self._speak(entry)
        elif entry is self._pending:
            self._parked = True
            self._timeline.soon(lambda: self._speak(entry), LATEST)

    def _look_at_parked(self) -> None:
        entry = self._pending
        if self._parked and entry is not None and self._passed >= entry.place:
            self._timeline.soon(lambda: self._speak(entry), INPUT if self._in_memory else SETTLED)

    def _speak(self, entry: Entry) -> None:
        if entry is self._pending:  # else it is said already
            self._deliver(entry.text)
            self._next_unasked()

    def _next_change(self) -> None:
        change = self._change = next(self._changes, None)
        if change is not None:
            soon = self._timeline.soon  # after the replies of the same instant
            self._timeline.at(change.t_s, lambda: soon(lambda: self._due(change), INPUT), INPUT)

    def _due(self, change: LinkChange) -> None:
        if change is self._change:  # else it was met by a `connect` of the same instant
            self._happen(change)
            if change.event == "link-up" and not self.connected:
                self.station.on_link_ready()

    def _happen(self, change: LinkChange) -> None:
        self._reachable = change.event == "link-up"
        self._notice(change.event, change.detail)
        self._next_change()
        if change.event == "link-down" and self.connected:
            self.connected = False
            self.station.on_link_down()


class Replay:
    """The network of a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._likeness: Callable[[], dict[str, Any]] = dict

    def describe(self) -> dict[str, object]:
        return {"csms": f"replay of {self.tape.messages.name}", "pace": "max"}

    def secrets(self) -> Iterable[str]:
        return ()

    def join(self, near: NearEnd) -> Joined:
        link = ReplayLink(self.tape, near.timeline, near.record, near.notice, near.cleaned)
        self._likeness = link.likeness.summary
        tape = self.tape
        return Joined(
            link, None, near.timeline, foreign_time=tape.foreign_time, clock_step_s=tape.clock_step_s
        )

    def concluded(self) -> dict[str, object]:
        """Whether the charge point said the same as on the tape."""
        return {"replay": self._likeness()}
