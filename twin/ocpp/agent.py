"""The OCPP agent's spine: connection, boot, heartbeat, and one CALL out at a time.

What the messages mean is decided elsewhere: sessions (transactions), samples (meter values), operations
(requests of the CSMS).
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count

from evc5.models.timeline import CONTROL, Action, Alarm, Timeline
from evc5.twin.clock import StationClock, parse_instant
from evc5.twin.line.link import Link
from evc5.twin.ocpp.connection import Connection
from evc5.twin.ocpp.frames import Payload, Refusal
from evc5.twin.ocpp.memory import Memory, Message
from evc5.twin.ocpp.outbox import QUEUE_LIMIT, Outbox
from evc5.twin.ocpp.rpc import NO_REPLY, Done, Reply, Rpc
from evc5.twin.sheet import vendor
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration
from evc5.twin.sheet.keys import INT_LIMIT

BOOT_RETRY_S = 60.0  # where the CSMS leaves the wait to us (interval 0) or gives none; assumed
HEARTBEAT = "HeartbeatInterval"
LONGEST_BOOT_RETRY_S = 86_400.0  # a station that may not say a word for longer is lost; assumed
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)  # a clock's; assumed
MAX_TEXT = 1 << 16  # characters of a frame that the device can take; assumed (128 KB of RAM in an EVC4)
CLOCK_STEP_S = 1.0  # a smaller difference to the CSMS's time is left alone; assumed
MILLISECOND = 0.001  # what a timestamp is rounded to
REAL_CLOCK_STEP_S = 0.001  # ... in real time, where the difference is one of two clocks

Answer = Callable[[Payload], Payload | None]


class Agent:
    """One charge point's OCPP 1.6J conversation over a link that may come and go."""

    def __init__(
        self,
        timeline: Timeline,
        clock: StationClock,
        link: Link,
        memory: Memory,
        configuration: Configuration,
        behaviour: Behaviour,
        identity: Callable[[], Payload],
        ids: Iterator[str],
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        self.timeline = timeline
        self.clock = clock
        self.link = link
        self.memory = memory
        self.configuration = configuration
        self.behaviour = behaviour
        self._identity = identity
        self.rpc = Rpc(timeline, link.send, self._answer, ids)
        self.rpc.admit = self._admit
        self.rpc.failed = self._fail
        self.rpc.ignores_calls = True
        self.rpc.strict = behaviour.policy("occupied_status") == "off"
        self.connection = Connection(timeline, link, self._connected, self._disconnected)
        self.outbox = Outbox(timeline, memory, configuration, behaviour, self._pump, queue_limit)
        self.answers: dict[str, Answer] = {}  # filled by the operations
        self.refuse: Callable[[str], Refusal] = lambda action: Refusal("NotImplemented", action)
        self.on_accepted: list[Callable[[], None]] = []  # once after each accepted boot
        self.on_online: list[Callable[[], None]] = []  # each time the conversation may go on
        self.on_clock_set: list[Callable[[float], None]] = []  # with the step in seconds
        self.on_clock_refused: list[Callable[[str], None]] = []  # with the time that cannot be
        self.foreign_time = False  # does the CSMS live in another time than this run?
        self.clock_step_s = CLOCK_STEP_S
        self.on_foreign_time: list[Callable[[float], None]] = []  # with how far its clock is ahead of ours
        self.on_fault: list[Callable[[Exception], None]] = []  # of ours, over a frame: who writes it down
        self.on_delivered: dict[str, Callable[[Message, Reply], None]] = {}
        self.on_all_delivered: list[Action] = []  # the queue has become empty
        self.registration = ""  # the last BootNotification.conf's status; "" before any
        self._urgent: deque[tuple[str, Payload, Done]] = deque()
        self._unanswered = False  # a CALL got no reply, and none since
        self._receiving = False  # a frame is being taken in
        self._own_interval = configuration.text(HEARTBEAT)
        self._told_interval = ""  # by the last boot's answer
        self._boot = Alarm(timeline, self.send_boot, CONTROL)
        self.beat = Alarm(timeline, self._send_heartbeat, CONTROL)

    # --- connection ---

    def connect(self) -> None:
        """Open the socket, and keep at it, unless the station is set to another protocol."""
        if vendor.speaks_ocpp(self.configuration):
            self.connection.open()

    def _connected(self) -> None:
        self.outbox.retry_now()
        if self.registration == "Accepted":  # OCPP-J 5.4: no BootNotification on a mere reconnect
            self._online()
        elif self._boot.due_s is None:  # else the CSMS has said how long to wait
            self.send_boot()

    def _disconnected(self) -> None:
        """The socket is gone: nothing that was asked, or waits to be, gets a reply."""
        waiting = self._urgent
        self._urgent = deque()
        self.beat.clear()
        self.rpc.abandon()
        for _, _, done in waiting:
            done(NO_REPLY)

    def on_link_down(self) -> None:
        self.connection.lost()

    def on_link_ready(self) -> None:
        self.connection.open()

    def on_text(self, text: str) -> None:
        """A frame of the CSMS: its answer goes out before anything that it brings about."""
        self._receiving = True
        try:
            if len(text) > MAX_TEXT:
                self.rpc.refuse(text, "GenericError", f"longer than {MAX_TEXT} characters")
            else:
                self.rpc.receive(text)
        finally:
            self._receiving = False
        self._pump()

    def die(self) -> None:
        """Power is gone or the firmware restarts: nothing of ours runs on."""
        self._boot.clear()
        self.beat.clear()
        self.outbox.die()
        self.rpc.forget()
        self._urgent.clear()
        self._unanswered = False
        self._register("")
        self.connection.die()

    @property
    def online(self) -> bool:
        """Accepted, and the socket open."""
        return self.link.connected and self.registration == "Accepted"

    @property
    def boot_settled(self) -> bool:
        """Has the boot been answered, be it by a CALLERROR, or given up?"""
        return bool(self.registration) or self._boot.due_s is not None

    @property
    def at_rest(self) -> bool:
        """Is everything said and answered?"""
        waiting = self.rpc.busy or self._urgent or self.memory.queue or self._unanswered
        return self.online and not waiting

    # --- boot and heartbeat, OCPP 1.6 4.2 and 4.6 ---

    def send_boot(self) -> None:
        """Announce ourselves: after each (re)boot, and when the CSMS asks for it."""
        self._boot.clear()
        if self.link.connected:
            self._say("BootNotification", self._identity(), self._booted)

    def _booted(self, reply: Reply) -> None:
        if reply.payload is None:
            if self.link.connected:
                self._boot.set(self.timeline.now + BOOT_RETRY_S)
            return
        was = self.registration
        self._register(reply.payload["status"])
        interval = min(int(reply.payload["interval"]), INT_LIMIT)
        if self.registration != "Accepted":
            self.beat.clear()
            wait_s = min(interval, LONGEST_BOOT_RETRY_S) if interval > 0 else BOOT_RETRY_S
            self._boot.set(self.timeline.now + wait_s)
            return
        self._boot.clear()
        self._adopt_time(reply.payload["currentTime"])
        self._take_interval(interval)
        if was != "Accepted":
            for listener in self.on_accepted:
                listener()
        self._online()

    def _take_interval(self, interval: int) -> None:
        """Sheet table 13: always from the boot; 0 leaves it to the station (6.4), which takes its own."""
        if interval > 0:
            self.configuration.assign(HEARTBEAT, interval)
            self._told_interval = str(interval)
        elif self.configuration.text(HEARTBEAT) == self._told_interval:
            self.configuration.assign(HEARTBEAT, self._own_interval)

    def _register(self, status: str) -> None:
        """Before it is accepted or pending, the charge point does not answer. Source: OCPP 1.6 4.2."""
        self.registration = status
        self.rpc.ignores_calls = status in ("", "Rejected")

    def _online(self) -> None:
        self.schedule_heartbeat()
        for listener in self.on_online:
            listener()
        self._pump()

    def schedule_heartbeat(self) -> None:
        """The next Heartbeat is one interval from now; again after each change of the interval."""
        interval = self.configuration.integer(HEARTBEAT)
        if interval > 0 and self.online:
            self.beat.set(self.timeline.now + interval)
        else:
            self.beat.clear()

    def _send_heartbeat(self) -> None:
        self.schedule_heartbeat()
        self.tell("Heartbeat", {}, self.heartbeat_answered)

    def heartbeat_answered(self, reply: Reply) -> None:
        """A Heartbeat is answered: its time is ours."""
        if reply.payload is not None:
            self._adopt_time(reply.payload["currentTime"])

    def _adopt_time(self, text: str) -> None:
        """Follow the CSMS's clock (policy `follow_csms_time`); small steps would only make samples jitter."""
        at = parse_instant(text)
        if at is None or not EARLIEST <= at < LATEST:
            for refused in self.on_clock_refused:
                refused(text)
            return
        t_s = self.timeline.now
        ahead_s = at.timestamp() - self.clock.epoch(t_s)
        if not self._follows_time():
            for foreign in self.on_foreign_time:
                foreign(ahead_s)
        elif abs(ahead_s) >= self.clock_step_s:
            step_s = self.clock.set(t_s, at.timestamp())
            for listener in self.on_clock_set:
                listener(step_s)

    def keeps_its_time(self, delay_s: float) -> bool:
        """Does a Heartbeat that is answered so late, with the true time, leave the clock alone?"""
        off_s = abs(self.clock.offset_s) + delay_s + MILLISECOND
        return self._follows_time() and not self.clock.drift_ppm and off_s < self.clock_step_s

    def _follows_time(self) -> bool:
        policy = self.behaviour.policy("follow_csms_time")
        return policy == "always" or (policy == "real-time" and not self.foreign_time)

    # --- outgoing ---

    def tell(self, action: str, payload: Payload, done: Done | None = None) -> bool:
        """Send a CALL that is no transaction message; False, and nothing sent, while offline."""
        if not self.online:
            return False
        self._say(action, payload, done or _ignore)
        return True

    def answer_trigger(self, action: str, payload: Payload, done: Done | None = None) -> None:
        """Send what a TriggerMessage asked for, even while the boot is pending. Source: OCPP 1.6 4.2.1."""
        self._say(action, payload, done or _ignore)

    def _say(self, action: str, payload: Payload, done: Done) -> None:
        self._urgent.append((action, payload, done))
        self._pump()

    def post(self, message: Message) -> None:
        """Queue a transaction-related message: in order, kept while offline. Source: OCPP 1.6 3.7."""
        self.memory.post(message)
        self.flush()

    def flush(self) -> None:
        """Something was put into the memory's queue: send what may go."""
        if self.outbox.full:
            self.outbox.make_room()
        self._pump()

    def _pump(self) -> None:
        """Send the next message, if one may go now: others overtake those of transactions."""
        if self._receiving or self.rpc.busy or not self.link.connected:
            return
        if self._urgent:
            action, payload, done = self._urgent.popleft()
            self.rpc.call(action, payload, partial(self._told, done))
        elif self.registration == "Accepted":
            message = self.outbox.next()
            if message is not None:
                self.rpc.call(message.action, message.wire(), partial(self._sent, message), message.checked)

    def _told(self, done: Done, reply: Reply) -> None:
        self._taken(lambda: done(reply), reply)

    def _sent(self, message: Message, reply: Reply) -> None:
        self._taken(lambda: self._settled(message, reply), reply)

    def _taken(self, work: Action, reply: Reply) -> None:
        """Do what a reply brings about; a fault of ours over it ends this conversation, not the station."""
        try:
            work()
            self._note_reply(reply)
        except OSError:
            raise  # the system's refusal
        except Exception as error:
            self._fail(error)
            self._register("")  # it may have been the boot's: the next connection begins with one
            self.connection.hang_up()
        self._pump()

    def _settled(self, message: Message, reply: Reply) -> None:
        if self.outbox.settle(message, reply, self.link.connected):
            on_delivered = self.on_delivered.get(message.action)
            if on_delivered is not None:
                on_delivered(message, reply)
            if not self.memory.queue:
                for listener in self.on_all_delivered:
                    listener()

    def _note_reply(self, reply: Reply) -> None:
        """After a silence the first reply shows that the conversation goes on."""
        if not reply.arrived:
            self._unanswered = True
        elif self._unanswered and reply.payload is not None:
            self._unanswered = False
            self.outbox.retry_now()
            if self.online:
                for listener in self.on_online:
                    listener()

    # --- incoming ---

    def _fail(self, error: Exception) -> None:
        """A fault of ours is for whoever writes it down; where nobody does, it is not hidden."""
        if not self.on_fault:
            raise error
        for listener in self.on_fault:
            listener(error)

    def _admit(self, action: str) -> None:
        if action not in self.answers:
            raise self.refuse(action)

    def _answer(self, action: str, payload: Payload) -> Payload | None:
        return self.answers[action](payload)


def _ignore(reply: Reply) -> None:
    """Nothing hangs on this reply."""


def counter(start: int = 1) -> Iterator[str]:
    """Message ids as the device makes them: integers that count up."""
    return map(str, count(start))
