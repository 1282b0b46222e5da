"""The link over a real socket: what the agent sends and hears, and what the network does to it.

Whoever moves the time (`pace`) waits in the hub; this file says what there is to wait for and at which
instant a frame that came takes effect.
"""

import re
import time
from collections.abc import Callable, Mapping
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any, NamedTuple

from evc5.models.timeline import CONTROL, INPUT, Alarm, Timeline
from evc5.twin.line.endpoint import Endpoint
from evc5.twin.line.hub import Hub
from evc5.twin.line.incoming import OPEN_TIMEOUT_S, Gone, NoConnection, Pong
from evc5.twin.line.link import LinkListener, Record

if TYPE_CHECKING:
    from evc5.twin.line.websocket import Socket

PATIENCE_S = 30.0  # wall clock: how long virtual time stands still for a reply
LEAST_PATIENCE_S = 0.1  # ... from a CSMS that has long been silent
LEAST_DIAL_S = 1.0  # wall clock: dialling in takes a few round trips
REDIAL_S = 0.5  # wall clock a failed attempt takes in lockstep, else a restart would miss days; assumed
NEWS_S = 0.001  # a closed socket is news no sooner than this: a recording tells it from the frame before it
NO_PONG = "the CSMS answered no ping"
SETTLED = 3  # the rank after samples and records: what the CSMS says by itself meets a settled instant

_REPLY = re.compile(r'\s*\[\s*[34]\s*,\s*"([^"\\]*)"')

Notice = Callable[[str, Mapping[str, Any]], None]  # link-down or link-up, with its detail


class Outstanding(NamedTuple):
    """A CALL of ours that no reply has come to yet."""

    id: str
    sent_s: float
    sent_wall_s: float  # wall clock


class WireLink:
    """One charge point's WebSocket.

    With `latency_s` (lockstep) a reply takes effect at sent + latency, as over the memory link, and anything
    else at the present instant, but never before what came ahead of it. Without (paced), all at its arrival.
    """

    def __init__(
        self,
        timeline: Timeline,
        hub: Hub,
        endpoint: Endpoint,
        record: Record,
        notice: Notice,
        latency_s: float | None = None,
        ping_interval_s: Callable[[], float] = float,
        opened: "Socket | None" = None,
    ) -> None:
        self._timeline = timeline
        self._hub = hub
        self.endpoint = endpoint  # another one holds from the next time it dials in
        self._record = record
        self._notice = notice
        self._latency_s = latency_s
        self._ping_interval_s = ping_interval_s
        self.station: LinkListener
        self.connected = False
        self.available = True
        self.is_silent = False
        self.heard = False  # has the CSMS ever sent anything?
        self.must_hear = True  # is it an error where it never does?
        self.patience_s = PATIENCE_S
        self._socket: Socket | None = None
        self._dialling: Thread | None = None
        self._ready = opened  # dialled already; the first `connect` takes it
        self._outstanding: Outstanding | None = None
        self._pinged_wall_s: float | None = None  # wall clock of a ping that is not answered yet
        self._overdue = False  # the next ping is due, and that one is not answered
        self._latest_s = 0.0  # the instant of the last frame that came
        self._was_lost = False
        self._unwritten: list[tuple[float, bool, str, bool]] = []  # frames not yet recorded
        self._ping = Alarm(timeline, self._send_ping, CONTROL)

    # --- the charge point's end ---

    def dialled(self, opened: "Socket") -> None:
        """The next `connect` takes this socket, which is open already."""
        self._ready = opened

    def connect(self) -> bool:
        if not self.available or self.is_silent:
            return False
        opened = self._ready or self._dial()
        self._ready = None
        if opened is None:
            return False
        self._socket = opened
        self.connected = True
        self._hub.watch(opened.raw, self._read)
        if opened.unheard:
            self._hub.post(self._read)
        if self._was_lost:
            self._was_lost = False
            self._notice("link-up", {"kind": "reconnected"})
        self.schedule_ping()
        return True

    def send(self, text: str) -> None:
        now_s = self._timeline._now
        opened = self._socket
        sent = opened is not None and not self.is_silent and opened.send(text)
        if sent and text.startswith("[2,"):
            self._outstanding = Outstanding(text[4 : text.index('"', 4)], now_s, time.monotonic())
        elif opened is not None and opened.unheard:
            self._hub.post(self._read)
        self._note(now_s, True, text, not sent)

    def close(self) -> None:
        self._dialling = None
        if self._socket is not None:
            self._forget().close()

    def drop(self) -> None:
        """The power fails: nobody says goodbye."""
        self._dialling = None
        if self._socket is not None:
            self._forget().abort()

    def _note(self, t_s: float, up: bool, text: str, lost: bool) -> None:
        """In lockstep what came is recorded after the next frame is sent, while its answer is under way."""
        self._unwritten.append((t_s, up, text, lost))
        if up or self._latency_s is None:
            self.write_down()

    def write_down(self) -> None:
        """Record what has passed since the last time."""
        for row in self._unwritten:
            self._record(*row)
        self._unwritten.clear()

    # --- pings, OCPP-J 5.3 ---

    def schedule_ping(self) -> None:
        """The next ping is one interval from now; again after each change of the interval."""
        interval_s = self._ping_interval_s()
        if interval_s > 0 and self.connected:
            self._ping.set(self._timeline.now + interval_s)
        else:
            self._ping.clear()

    def _send_ping(self) -> None:
        if self._socket is None or self.is_silent:
            return
        if self._pinged_wall_s is None and self._socket.ping():
            self._pinged_wall_s = time.monotonic()
            self.schedule_ping()
        elif self._pinged_wall_s is not None and self._latency_s is not None:
            self._overdue = True  # in lockstep an interval may be no time at all: now it has to be waited for
        elif self._pinged_wall_s is not None:
            self._ended(NO_PONG, self._socket)

    def _ponged(self) -> None:
        self._pinged_wall_s = None
        if self._overdue:
            self._overdue = False
            self._send_ping()

    def _expect_nothing(self) -> None:
        self._outstanding = self._pinged_wall_s = None
        self._overdue = False

    # --- the network's faults ---

    def down(self) -> None:
        """The socket is gone and cannot be opened until `up`."""
        self.available = False
        self._dialling = None
        if self._socket is not None:
            self._forget().abort()
            self.station.on_link_down()

    def silent(self) -> None:
        """The socket stays open, but no frame passes in either direction until `up`."""
        self.is_silent = True
        self._expect_nothing()

    def up(self) -> None:
        self.available = True
        self.is_silent = False
        self.schedule_ping()

    # --- for whoever moves the time ---

    @property
    def deadline_wall_s(self) -> float | None:
        """Until when, of the wall clock, time has to stand still for an answer; None where none is due."""
        if self._outstanding is not None:
            return self._outstanding.sent_wall_s + self.patience_s
        if self._overdue and self._pinged_wall_s is not None:
            return self._pinged_wall_s + self.patience_s
        return None

    def give_up(self) -> None:
        """The deadline has passed: no answer will come. NoConnection where none ever came."""
        self.check_heard()
        self._be_impatient()
        if self._outstanding is not None:
            self._outstanding = None
        elif self._overdue and self._socket is not None:
            self._ended(NO_PONG, self._socket)

    def check_heard(self) -> None:
        """NoConnection where the CSMS has never said anything."""
        if self.must_hear and not self.heard:
            said = f"takes the connection but answers nothing within {self.patience_s:g} s"
            raise NoConnection(f"{self.endpoint.uri}: {said}")

    def _be_impatient(self) -> None:
        """The longer nothing comes, the shorter the next wait; the first word that comes makes up for it."""
        self.patience_s = max(self.patience_s / 2, LEAST_PATIENCE_S)

    # --- what comes ---

    def _dial(self) -> "Socket | None":
        """Dial in again: in lockstep time stands still meanwhile; paced, a thread does it and tells later."""
        if self._latency_s is None:
            if self._dialling is None:
                self._dialling = Thread(target=self._dial_aside, daemon=True)
                self._dialling.start()
            return None
        try:
            return _opened(self.endpoint, min(OPEN_TIMEOUT_S, max(self.patience_s, LEAST_DIAL_S)))
        except NoConnection as failure:
            self._refused(failure)
            self._be_impatient()
            time.sleep(REDIAL_S)
            return None

    def _dial_aside(self) -> None:
        """Runs in a thread of its own; only what it posts touches the link."""
        me = current_thread()
        try:
            opened = _opened(self.endpoint)
        except NoConnection as failure:
            said = failure
            self._hub.post(lambda: self._dialled(me, None, said))
        else:
            self._hub.post(lambda: self._dialled(me, opened, None))

    def _dialled(self, who: Thread, opened: "Socket | None", failure: NoConnection | None) -> None:
        if who is not self._dialling:  # hung up meanwhile
            if opened is not None:
                opened.close()
            return
        self._dialling = None
        if failure is not None:
            self._refused(failure)
        else:
            self._ready = opened
            self.station.on_link_ready()

    def _refused(self, failure: NoConnection) -> None:
        if not self._was_lost:
            self._was_lost = True
            self._notice("link-down", {"kind": "refused", "reason": str(failure)})

    def _read(self) -> None:
        """Take what the socket has, each message at the instant at which it takes effect."""
        opened = self._socket
        if opened is None:
            return
        for message in opened.receive():
            if isinstance(message, str):
                self._arrived(message, opened)
            elif isinstance(message, Pong):
                self._ponged()
            elif isinstance(message, Gone):
                self._ended(message.why, opened)

    def _arrived(self, text: str, opened: "Socket") -> None:
        self.heard = True
        self.patience_s = PATIENCE_S
        now_s = self._timeline._now
        latency_s = self._latency_s
        answered = self._outstanding
        rank = SETTLED
        t_s = max(now_s, self._latest_s)
        if answered is not None and (match := _REPLY.match(text)) and match[1] == answered.id:
            self._outstanding = None
            if latency_s is not None and answered.sent_s + latency_s > t_s:
                rank = INPUT
                t_s = answered.sent_s + latency_s
        self._latest_s = t_s
        self._timeline.at(t_s, lambda: self._deliver(text, opened), rank)

    def _deliver(self, text: str, opened: "Socket") -> None:
        lost = self.is_silent or opened is not self._socket
        self._note(self._timeline._now, False, text, lost)
        if not lost:
            self.station.on_text(text)

    def _ended(self, why: str, opened: "Socket") -> None:
        """The socket closed; the news takes as long as a frame, and no frame ahead of it is lost."""
        self._hub.forget(opened.raw)
        self._expect_nothing()
        delay_s = 0.0 if self._latency_s is None else max(self._latency_s, NEWS_S)
        t_s = max(self._timeline.now + delay_s, self._latest_s)
        self._timeline.at(t_s, lambda: self._lose(why, opened), INPUT)

    def _lose(self, why: str, opened: "Socket") -> None:
        if opened is not self._socket:
            return
        forgotten = self._forget()
        (forgotten.abort if why == NO_PONG else forgotten.close)()
        self._was_lost = True
        self._notice("link-down", {"kind": "lost", "reason": why})
        self.station.on_link_down()

    def _forget(self) -> "Socket":
        opened = self._socket
        self._socket = None
        assert opened is not None
        self._hub.forget(opened.raw)
        self._expect_nothing()
        self.connected = False
        self._ping.clear()
        return opened


def _opened(endpoint: Endpoint, timeout_s: float = OPEN_TIMEOUT_S) -> "Socket":
    from evc5.twin.line.websocket import open_socket  # whoever never dials need not wait for its library

    return open_socket(endpoint, timeout_s)
