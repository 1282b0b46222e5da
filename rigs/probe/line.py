"""The line to the unit that is probed: a twin in virtual time, or a real charge point that has dialled in."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, Protocol

from evc5.rigs.bench.bench import Bench, CallError, NoReply
from evc5.rigs.bench.csms import Answer, Conversation
from evc5.rigs.recording.writing.recorder import Recorder
from evc5.rigs.served.charger import Charger
from evc5.rigs.served.sockets import Line as Socket
from evc5.twin.ocpp.rpc import NO_REPLY, Reply

Payload = dict[str, Any]

SILENCES = 3  # CALLs in a row without an answer, the link standing: the unit is asked nothing more; assumed
DROPS = 5  # CALLs in a row at which the link was lost: likewise
BACK_WITHIN_S = 300.0  # a unit dials again; the EVC4 waits three minutes
ANSWER_S = 10.0  # of what is no proper CALL
LOOK_S = 0.1  # how often something waited for is looked for


class Heard(NamedTuple):
    """One frame on the line."""

    is_up: bool  # from the unit
    frame: list[Any]


class Link(Protocol):
    """What can be done to a connection from our end of it."""

    def down(self) -> None: ...
    def up(self) -> None: ...


class Device(Protocol):
    """What a bench and a real charger have in common."""

    @property
    def now(self) -> datetime: ...
    def call(self, action: str, payload: Mapping[str, Any] | None = None) -> Payload: ...
    def advance(self, seconds: float) -> Any: ...
    @property
    def link(self) -> "Link": ...


class Line:
    """Asks, listens and waits; it knows when the unit has stopped answering."""

    def __init__(
        self,
        device: Device,
        conversation: Conversation,
        recorder: Recorder,
        do: Callable[[Callable[[], None]], None],
        back_within_s: float = BACK_WITHIN_S,
        socket: Callable[[], Socket | None] = lambda: None,
    ) -> None:
        self.device = device
        self.socket = socket  # None: in memory, or gone
        self._conversation = conversation
        self._recorder = recorder
        self._do = do
        self._back_within_s = back_within_s
        self._heard: list[Heard] = []
        self._read_bytes = 0
        self._silences = self._drops = 0
        self.gone = ""  # why the unit is asked nothing more
        self.lost = 0  # how often the link was lost

    @classmethod
    def of_twin(cls, bench: Bench) -> "Line":
        return cls(bench, bench.assembly.conversation, bench.assembly.recorder, lambda errand: errand())

    @classmethod
    def of_charger(cls, charger: Charger, back_within_s: float = BACK_WITHIN_S) -> "Line":
        station = charger.station
        return cls(
            charger, station.conversation, station.recorder, charger.do, back_within_s, lambda: station.line
        )

    @property
    def epoch_s(self) -> float:
        return self.device.now.timestamp()

    # --- asking ---

    def ask(self, action: str, payload: Payload) -> Reply:
        """A CALL, and how it ended; after too many without an answer, none is sent any more."""
        if self.gone or not self._is_back():
            return NO_REPLY
        losses = self._conversation.losses
        try:
            reply = Reply(self.device.call(action, payload))
        except CallError as error:
            reply = Reply(None, error.code, str(error), error.details)
        except NoReply:
            reply = NO_REPLY
        self._count(action, reply, self._conversation.losses > losses)
        return reply

    def raw(self, text: str, id_: str) -> Reply:
        """What a text that need not be a CALL is answered with, under this id."""
        if self.gone or not self._is_back():
            return NO_REPLY
        mark = self.mark()
        self.say(text)
        answers = self.until(mark, lambda one: one.is_up and one.frame[0] in (3, 4) and one.frame[1] == id_)
        if answers is None:
            return NO_REPLY
        frame = answers.frame
        if frame[0] == 3:
            return Reply(frame[2] if isinstance(frame[2], dict) else {})
        return Reply(None, str(frame[2]), str(frame[3]) if len(frame) > 3 else "")

    def say(self, text: str) -> None:
        """Put a text on the line, and wait for nothing."""
        self._do(lambda: self._conversation.send(text))

    def script(self, action: str, answer: Answer | None = None, error: str | None = None, **how: Any) -> None:
        """Answer the unit's CALLs of an action otherwise; with neither answer nor error as usual again."""
        self._do(partial(self._conversation.office.reply, action, answer, error=error, **how))

    def keep_heartbeat(self, interval_s: int) -> None:
        """Answer every further boot with this interval, so that a boot leaves HeartbeatInterval as it was."""
        self._do(lambda: setattr(self._conversation.office, "heartbeat_interval_s", interval_s))

    def again(self) -> None:
        """Try once more with a unit that was given up: to put things back."""
        self.gone = ""
        self._silences = self._drops = 0

    def _count(self, action: str, reply: Reply, was_lost: bool) -> None:
        self.lost += was_lost
        if reply.arrived:
            self._silences = self._drops = 0
        elif was_lost:
            self._drops += 1
        else:
            self._silences += 1
        if self._silences >= SILENCES:
            self.gone = f"it has answered {SILENCES} CALLs in a row with nothing, {action} the last"
        elif self._drops >= DROPS:
            self.gone = f"the link was lost at {DROPS} CALLs in a row, {action} the last"

    def _is_back(self) -> bool:
        """Is the link there, or comes again in time?"""
        end_s = self.epoch_s + self._back_within_s
        while not self._conversation.open and self.epoch_s < end_s:
            self.device.advance(LOOK_S)
        if not self._conversation.open:
            self.gone = f"it has not dialled in again within {self._back_within_s:g} s"
        return self._conversation.open

    # --- the link ---

    def cut(self) -> None:
        """Hang up, and let nobody in until `mend`."""
        self.device.link.down()

    def mend(self) -> None:
        self.device.link.up()

    def back_after_s(self) -> float | None:
        """Wait until it has dialled in, and how long that took; None where it does not in time."""
        begin_s = self.epoch_s
        return self.epoch_s - begin_s if self._is_back() else None

    # --- listening ---

    def wait(self, seconds: float) -> None:
        self.device.advance(seconds)

    def mark(self) -> int:
        """A place in what was heard, to look from."""
        self._listen()
        return len(self._heard)

    def since(self, mark: int) -> list[Heard]:
        """All frames from a mark on."""
        self._listen()
        return self._heard[mark:]

    def calls(self, mark: int, action: str) -> list[Payload]:
        """The payloads of the unit's CALLs of an action from a mark on."""
        return [
            one.frame[3]
            for one in self.since(mark)
            if one.is_up and one.frame[0] == 2 and len(one.frame) == 4 and one.frame[2] == action
            and isinstance(one.frame[3], dict)
        ]  # fmt: skip

    def until(self, mark: int, wanted: Callable[[Heard], bool], within_s: float = ANSWER_S) -> Heard | None:
        """Wait for a frame, and return it; None where it does not come in time."""
        end_s = self.epoch_s + within_s
        while True:
            for one in self.since(mark):
                if wanted(one):
                    return one
            if self.epoch_s >= end_s:
                return None
            self.wait(LOOK_S)

    def call_within(self, mark: int, action: str, within_s: float = ANSWER_S) -> Payload | None:
        """Wait for the unit's CALL of an action: its payload."""
        found = self.until(
            mark, lambda one: one.is_up and one.frame[:1] == [2] and action in one.frame[2:3], within_s
        )
        return found.frame[3] if found is not None and isinstance(found.frame[3], dict) else None

    @staticmethod
    def moment_s(stamp: object) -> float | None:
        """A timestamp as epoch seconds, UTC where it tells no zone; None where it is none."""
        try:
            moment = datetime.fromisoformat(str(stamp))
        except ValueError:
            return None
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()

    def _listen(self) -> None:
        """Read on in the recording."""
        self._do(self._recorder.flush)
        with (self._recorder.directory / "messages.jsonl").open("rb") as file:
            file.seek(self._read_bytes)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read_bytes += len(line)
                with suppress(ValueError, KeyError):
                    self._take(json.loads(line))

    def _take(self, line: Payload) -> None:
        frame = line.get("frame")
        if isinstance(frame, list) and len(frame) >= 3 and not line.get("lost"):
            self._heard.append(Heard(line["dir"] == "up", frame))
