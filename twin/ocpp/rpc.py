"""One end of an OCPP-J conversation: one CALL of ours outstanding at a time, their CALLs answered at once.

Both ends use it: the charge point's agent and the embedded CSMS. Source: OCPP-J 1.6 section 4.1.1.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from evc5.models.timeline import CONTROL, Alarm, Timeline
from evc5.models.units import made
from evc5.twin.ocpp import frames
from evc5.twin.ocpp.frames import Broken, Call, Error, Frame, Payload, Refusal, Result
from evc5.twin.ocpp.schemas import validator, violation

MAX_INTEGER = 2**63 - 1  # of a reply: what a database's integers hold; assumed
REPLY_TIMEOUT_S = 30.0  # assumed: OCPP-J leaves it to the implementation

Send = Callable[[str], None]


class Reply(NamedTuple):
    """How a CALL ended: a payload, a CALLERROR's code, or neither (no reply came)."""

    payload: Payload | None = None
    code: str = ""
    description: str = ""
    details: Payload | None = None

    @property
    def arrived(self) -> bool:
        return self.payload is not None or bool(self.code)


Done = Callable[[Reply], None]
NO_REPLY = Reply()


class Rpc:
    """Sends CALLs and hands their replies on; checks every payload, in and out, against its schema.

    `answer` gets a valid CALL and returns the confirmation's payload, None for silence, or raises `Refusal`;
    `admit` is asked before the payload is looked at, and may refuse an action as such. `failed` hears of an
    exception over a frame, which is then answered InternalError (4.2.3); it may raise it again, and does
    where nobody has put another in its place.
    """

    def __init__(
        self,
        timeline: Timeline,
        send: Send,
        answer: Callable[[str, Payload], Payload | None],
        ids: Iterator[str],
        timeout_s: float = REPLY_TIMEOUT_S,
    ) -> None:
        self._timeline = timeline
        self._send = send
        self._answer = answer
        self._ids = ids
        self.timeout_s = timeout_s
        self._waiting: tuple[str, str, Done] | None = None  # id, action, what to do with the reply
        self._deadline_s = 0.0
        self.watchdog = Alarm(timeline, self._watch, CONTROL)
        self.admit: Callable[[str], None] = _anything
        self.failed: Callable[[Exception], None] = _raise
        self.ignores_calls = False  # does it answer nothing for now?
        self.strict = True  # refuse to send what the schema refuses; a device may be less careful

    @property
    def busy(self) -> bool:
        return self._waiting is not None

    def call(self, action: str, payload: Payload, done: Done, checked: bool = False) -> None:
        """Send a CALL; `done` is called once, with its reply or with `NO_REPLY` after the time-out.

        `checked`: its payload is known to keep to its schema.
        """
        if self._waiting is not None:
            raise RuntimeError(f"{action} while {self._waiting[1]} is outstanding")
        if not checked:
            self._check(action, payload, response=False)
        id_ = next(self._ids)
        self._waiting = (id_, action, done)
        self._deadline_s = self._timeline._now + self.timeout_s
        if self.watchdog.due_s is None:
            self.watchdog.set(self._deadline_s)
        self._send(frames.call_text(id_, action, payload))

    def take_ids(self, count: int) -> list[str]:
        """The ids of so many CALLs that others send and see answered."""
        return list(islice(self._ids, count))

    def watched(self, calls: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
        """When the watchdog would have been set last, and to which deadline, had CALLs been sent and answered
        at these instants; None where it would stand as it does. No answer may take as long as the time-out.
        """
        due_t_s = self.watchdog.due_s
        set_t_s = None
        for sent_t_s, answered_t_s in calls:
            self._deadline_s = sent_t_s + self.timeout_s
            if due_t_s is None or due_t_s <= sent_t_s or due_t_s < answered_t_s:
                set_t_s = sent_t_s if due_t_s is None or due_t_s <= sent_t_s else due_t_s
                due_t_s = self._deadline_s
        return None if set_t_s is None or due_t_s is None else (set_t_s, due_t_s)

    def abandon(self) -> None:
        """The link is gone: what is outstanding gets no reply."""
        self._finish(NO_REPLY)

    def forget(self) -> None:
        """The process dies (reset, power loss): nobody waits any more."""
        self._waiting = None

    def receive(self, text: str) -> None:
        """Take a frame from the other end; anything unreadable is ignored, a malformed CALL answered."""
        try:
            frame = frames.decode(text)
        except Exception as error:
            self.failed(error)
            frame = frames.unreadable(text, "InternalError", "")
        self._take(frame)

    def refuse(self, text: str, code: str, description: str) -> None:
        """Answer a CALL that is not even looked at; anything else is ignored."""
        self._take(frames.unreadable(text, code, description))

    def _take(self, frame: Frame | None) -> None:
        if isinstance(frame, Result):
            self._result(frame)
        elif isinstance(frame, Call):
            self._called(frame)
        elif isinstance(frame, Error):
            if self._waiting is not None and frame.id == self._waiting[0]:
                self._finish(Reply(None, frame.code, frame.description, frame.details))
        elif isinstance(frame, Broken) and not self.ignores_calls:
            self._send(frames.error_text(frame.id, frame.code, frame.description))

    def _result(self, frame: Result) -> None:
        if self._waiting is None or frame.id != self._waiting[0]:
            return  # late, doubled or foreign
        check = validator(self._waiting[1], response=True)
        if check is not None and not check.is_valid(frame.payload):
            self._finish(Reply(None, *violation(check, frame.payload)))
        elif any(type(value) is int and value > MAX_INTEGER for value in frame.payload.values()):
            self._finish(Reply(None, "PropertyConstraintViolation", f"a number must be <= {MAX_INTEGER}"))
        else:
            self._finish(made(Reply, (frame.payload, "", "", None)))

    def _finish(self, reply: Reply) -> None:
        if self._waiting is not None:
            done = self._waiting[2]
            self._waiting = None
            done(reply)

    def _called(self, frame: Call) -> None:
        if self.ignores_calls:
            return
        try:
            self.admit(frame.action)
            check = validator(frame.action)
            if check is not None and not check.is_valid(frame.payload):
                raise Refusal(*violation(check, frame.payload))
            payload = self._answer(frame.action, frame.payload)
            if payload is not None:
                self._check(frame.action, payload, response=True)
        except Refusal as refusal:
            self._send(frames.error_text(frame.id, refusal.code, refusal.description))
            return
        except OSError:
            raise  # the system's refusal (a full disk under a memory file), and no fault over this frame
        except Exception as error:
            self.failed(error)
            self._send(frames.error_text(frame.id, "InternalError", type(error).__name__))
            return
        if payload is not None:
            self._send(frames.result_text(frame.id, payload))

    def _check(self, action: str, payload: Payload, response: bool) -> None:
        if not self.strict:
            return
        check = validator(action, response)
        if check is not None and not check.is_valid(payload):
            code, why = violation(check, payload)
            raise ValueError(f"{action}{'.conf' if response else '.req'} breaks its schema: {code}, {why}")

    def _watch(self) -> None:
        """The one watchdog: rings at the oldest deadline, moves on while younger CALLs are outstanding."""
        if self._waiting is None:
            return
        if self._timeline._now < self._deadline_s:
            self.watchdog.set(self._deadline_s)
        else:
            self._finish(NO_REPLY)


def _raise(error: Exception) -> None:
    """Nobody takes it here."""
    raise error


def _anything(action: str) -> None:
    """No action is refused as such."""
