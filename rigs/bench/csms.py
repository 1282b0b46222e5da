"""The embedded back office: authorises, numbers transactions, answers everything, asks what it is told to.

`BackOffice` holds what all charge points share; a `Conversation` is one charge point's side of it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple

from evc5.models.timeline import Timeline
from evc5.twin.clock import Calendar
from evc5.twin.ocpp.frames import Refusal
from evc5.twin.ocpp.rpc import Done, Reply, Rpc

STARTS_KEPT = 100
Payload = dict[str, Any]
Answer = Payload | Callable[[Payload], Payload]
Listener = Callable[[str, Payload, Payload | None, float], None]  # a request's action and payload, our answer


class Tag(NamedTuple):
    """What the back office knows of an idTag."""

    status: str = "Accepted"
    parent: str | None = None
    expires: datetime | None = None

    def info(self, now: datetime) -> Payload:
        """The idTagInfo to answer with."""
        status = (
            "Expired" if self.status == "Accepted" and self.expires and self.expires <= now else self.status
        )
        info: Payload = {"status": status}
        if self.parent is not None:
            info["parentIdTag"] = self.parent
        if self.expires is not None:
            info["expiryDate"] = self.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return info


@dataclass(slots=True, eq=False, repr=False)
class Script:
    """A scripted answer: a payload, a CALLERROR code, or silence; for `times` requests, None without end."""

    answer: Answer | None = None
    error: str | None = None
    times: int | None = None


@dataclass(slots=True, eq=False, repr=False)
class BackOffice:
    """The business side: who may charge, which transaction has which number, what is answered by script."""

    calendar: Calendar
    tags: dict[str, Tag] = field(default_factory=dict)  # by idTag in lower case
    unknown_tags: str = "Accepted"
    heartbeat_interval_s: int = 3600
    boot_interval_s: int = 60
    boot_statuses: tuple[str, ...] = ("Accepted",)  # of successive boots; the last one repeats
    scripts: dict[str, Script] = field(default_factory=dict)
    transactions: Iterator[int] = field(default_factory=lambda: count(1))
    started: dict[str, int] = field(default_factory=dict)  # the latest starts, with their numbers
    boots: int = 0
    listeners: list[Listener] = field(default_factory=list)
    asks_keys: bool = True  # after each accepted boot, so that a recording tells the keys it was made under

    def reply(
        self,
        action: str,
        payload: Answer | None = None,
        *,
        error: str | None = None,
        silent: bool = False,
        times: int | None = None,
    ) -> None:
        """Script what requests of `action` get from now on: a payload or function of the request, a CALLERROR
        with code `error`, or nothing; `times` says for how many. Without any of them the script is dropped.

        A payload is taken as it is: a test may want a wrong one.
        """
        if payload is None and error is None and not silent:
            self.scripts.pop(action, None)
        else:
            self.scripts[action] = Script(payload, error, times)

    def answer(self, action: str, payload: Payload, t_s: float) -> Payload | None:
        """The confirmation for a charge point's request; None is silence, `Refusal` a CALLERROR."""
        script = self.scripts.get(action)
        if script is not None:
            return self._scripted(action, script, payload)
        handler = HANDLERS.get(action)
        if handler is None:
            raise Refusal("NotImplemented", f"{action} is not for a central system")
        return handler(self, payload, t_s)

    def _scripted(self, action: str, script: Script, payload: Payload) -> Payload | None:
        if script.times is not None:
            script.times -= 1
            if script.times <= 0:
                del self.scripts[action]
        if script.error is not None:
            raise Refusal(script.error, "scripted")
        return script.answer(payload) if callable(script.answer) else script.answer

    def id_tag_info(self, id_tag: str, t_s: float) -> Payload:
        tag = self.tags.get(id_tag.lower()) or Tag(self.unknown_tags)
        return tag.info(self.calendar.at(t_s))


def _boot(office: BackOffice, payload: Payload, t_s: float) -> Payload:
    status = office.boot_statuses[min(office.boots, len(office.boot_statuses) - 1)]
    office.boots += 1
    interval = office.heartbeat_interval_s if status == "Accepted" else office.boot_interval_s
    return {"status": status, "currentTime": office.calendar.iso(t_s), "interval": interval}


def _authorize(office: BackOffice, payload: Payload, t_s: float) -> Payload:
    return {"idTagInfo": office.id_tag_info(payload["idTag"], t_s)}


def _start(office: BackOffice, payload: Payload, t_s: float) -> Payload:
    """A start that comes again, because its answer got lost, is the same transaction."""
    key = repr(sorted(payload.items()))
    if key not in office.started:
        office.started[key] = next(office.transactions)
        if len(office.started) > STARTS_KEPT:
            del office.started[next(iter(office.started))]
    return {"transactionId": office.started[key], "idTagInfo": office.id_tag_info(payload["idTag"], t_s)}


def _stop(office: BackOffice, payload: Payload, t_s: float) -> Payload:
    """A transaction that is over was told of: another start like its own is another transaction."""
    ended = payload["transactionId"]
    office.started = {key: number for key, number in office.started.items() if number != ended}
    return {"idTagInfo": office.id_tag_info(payload["idTag"], t_s)} if "idTag" in payload else {}


HANDLERS: dict[str, Callable[[BackOffice, Payload, float], Payload]] = {
    "BootNotification": _boot,
    "Heartbeat": lambda office, payload, t_s: {"currentTime": office.calendar.iso(t_s)},
    "Authorize": _authorize,
    "StartTransaction": _start,
    "StopTransaction": _stop,
    "MeterValues": lambda office, payload, t_s: {},
    "StatusNotification": lambda office, payload, t_s: {},
    "DiagnosticsStatusNotification": lambda office, payload, t_s: {},
    "FirmwareStatusNotification": lambda office, payload, t_s: {},
    "DataTransfer": lambda office, payload, t_s: {"status": "UnknownVendorId"},
}


class Conversation:
    """One charge point on the line: its requests answered, ours sent one at a time, in order."""

    def __init__(self, office: BackOffice, timeline: Timeline, send: Callable[[str], None]) -> None:
        self.office = office
        self._timeline = timeline
        self.send = send
        self._rpc = Rpc(timeline, send, self._answer, (f"c{n}" for n in count(1)))
        self._rpc.strict = False  # a test may want a wrong answer or request
        self._waiting: deque[tuple[str, Payload, Done]] = deque()
        self.open = False
        self.losses = 0  # of the socket, so far

    def wait_at_most(self, seconds: float) -> None:
        """Take a CALL of ours for lost when it has got no answer within so many seconds."""
        self._rpc.timeout_s = seconds

    def opened(self) -> None:
        self.open = True

    def closed(self) -> None:
        """The socket is gone: nothing that was asked or waits to be asked gets an answer."""
        self.open = False
        self.losses += 1
        self._rpc.abandon()
        while self._waiting:
            self._waiting.popleft()[2](Reply())

    def receive(self, text: str) -> None:
        self._rpc.receive(text)

    def call(self, action: str, payload: Payload, done: Done | None = None) -> None:
        """Send a CALL as soon as none is outstanding; without a connection it gets no reply at once."""
        if not self.open:
            (done or _forget)(Reply())
            return
        self._waiting.append((action, payload, done or _forget))
        self._pump()

    def _pump(self) -> None:
        if self._waiting and not self._rpc.busy:
            action, payload, done = self._waiting.popleft()
            self._rpc.call(action, payload, lambda reply: self._replied(done, reply))

    def _replied(self, done: Done, reply: Reply) -> None:
        done(reply)
        self._pump()

    def _answer(self, action: str, payload: Payload) -> Payload | None:
        answer = self.office.answer(action, payload, self._timeline._now)
        for listener in self.office.listeners:
            listener(action, payload, answer, self._timeline._now)
        accepted = action == "BootNotification" and answer is not None and answer.get("status") == "Accepted"
        if accepted and self.office.asks_keys:
            self._timeline.soon(lambda: self.call("GetConfiguration", {}))
        return answer


def _forget(reply: Reply) -> None:
    """Nobody waits for this reply."""
