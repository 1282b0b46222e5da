"""The OCPP agent's spine: connection, boot, heartbeat, one CALL out at a time, a queue that survives outages.

What the messages mean is decided elsewhere: sessions (transactions), samples (meter values), operations
(requests of the CSMS).
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from models.timeline import CONTROL, Alarm, Timeline
from twin.behaviour import Behaviour
from twin.clock import StationClock, parse_instant
from twin.configuration import Configuration
from twin.frames import Payload
from twin.link import Link
from twin.memory import Memory, Message
from twin.rpc import Done, Refusal, Reply, Rpc

RECONNECT_S = (
    10.0,
    20.0,
    40.0,
    80.0,
    160.0,
    180.0,
)  # back-off, its last value repeats; assumed (3 min seen on EVC4)
BOOT_RETRY_S = 60.0  # where the CSMS leaves the wait to us (interval 0) or gives none; assumed
CLOCK_STEP_S = 1.0  # a smaller difference to the CSMS's time is left alone; assumed
FIXED_RETRY_S = 180.0  # EVC4 boot log: "EV RETRY [4] DELAY [3] Min"
FIXED_RETRIES = 4  # the same line
QUEUE_LIMIT = 10_000  # messages kept while offline; assumed

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
    ) -> None:
        self.timeline, self.clock, self.link, self.memory = timeline, clock, link, memory
        self.configuration, self.behaviour, self._identity = configuration, behaviour, identity
        self.rpc = Rpc(timeline, link.send, self._answer, ids)
        self.rpc.admit = self._admit
        self.rpc.strict = behaviour.policy("occupied_status") == "off"
        self.answers: dict[str, Answer] = {}  # filled by the operations
        self.refuse: Callable[[str], Refusal] = lambda action: Refusal("NotImplemented", action)
        self.on_accepted: list[Callable[[], None]] = []  # once after each accepted boot
        self.on_online: list[Callable[[], None]] = []  # each time the conversation may go on
        self.on_clock_set: list[Callable[[float], None]] = []  # with the step in seconds
        self.foreign_time = False  # does the CSMS live in another time than this run?
        self.on_foreign_time: list[Callable[[float], None]] = []  # with how far its clock is ahead of ours
        self.on_delivered: dict[str, Callable[[Message, Reply], None]] = {}
        self.registration = ""  # the last BootNotification.conf's status; "" before any
        self._urgent: deque[tuple[str, Payload, Done]] = deque()
        self._failures = 0
        self._boot = Alarm(timeline, self.send_boot, CONTROL)
        self._beat = Alarm(timeline, self._send_heartbeat, CONTROL)
        self._reconnect = Alarm(timeline, self.connect, CONTROL)
        self._retry = Alarm(timeline, self._pump, CONTROL)

    # --- connection ---

    def connect(self) -> None:
        """Open the socket, or try again after the back-off."""
        if not self.link.connect():
            self._reconnect.set(self.timeline.now + RECONNECT_S[min(self._failures, len(RECONNECT_S) - 1)])
            self._failures += 1
            return
        self._failures = 0
        if self.registration != "Accepted":
            self.send_boot()
        else:  # OCPP-J 5.4: no BootNotification on a mere reconnect
            self._online()

    def on_link_down(self) -> None:
        """The socket closed under us."""
        self.rpc.abandon()
        self._urgent.clear()
        self._beat.clear()
        self._boot.clear()
        self.connect()

    def on_text(self, text: str) -> None:
        self.rpc.receive(text)

    def die(self) -> None:
        """Power is gone or the firmware restarts: nothing of ours runs on."""
        for alarm in (self._boot, self._beat, self._reconnect, self._retry):
            alarm.clear()
        self.rpc.forget()
        self._urgent.clear()
        self.registration = ""
        self._failures = 0
        self.link.close()

    @property
    def online(self) -> bool:
        """Accepted, and the socket open."""
        return self.link.connected and self.registration == "Accepted"

    # --- boot and heartbeat, OCPP 1.6 4.2 and 4.6 ---

    def send_boot(self) -> None:
        """Announce ourselves: after each (re)boot, and when the CSMS asks for it."""
        self._say("BootNotification", self._identity(), self._booted)

    def _booted(self, reply: Reply) -> None:
        if reply.payload is None:
            self._boot.set(self.timeline.now + BOOT_RETRY_S)
            return
        was = self.registration
        self.registration = reply.payload["status"]
        interval = int(reply.payload["interval"])
        if self.registration != "Accepted":
            self._boot.set(self.timeline.now + (interval if interval > 0 else BOOT_RETRY_S))
            return
        self._adopt_time(reply.payload["currentTime"])
        if interval > 0:
            self.configuration.assign("HeartbeatInterval", interval)  # sheet table 13: always from boot
        if was != "Accepted":
            for listener in self.on_accepted:
                listener()
        self._online()

    def _online(self) -> None:
        self.schedule_heartbeat()
        for listener in self.on_online:
            listener()
        self._pump()

    def schedule_heartbeat(self) -> None:
        """The next Heartbeat is one interval from now; again after each change of the interval."""
        interval = self.configuration.integer("HeartbeatInterval")
        if interval > 0 and self.online:
            self._beat.set(self.timeline.now + interval)
        else:
            self._beat.clear()

    def _send_heartbeat(self) -> None:
        self.schedule_heartbeat()
        self.tell("Heartbeat", {}, self.beaten)

    def beaten(self, reply: Reply) -> None:
        """A Heartbeat is answered: its time is ours."""
        if reply.payload is not None:
            self._adopt_time(reply.payload["currentTime"])

    def _adopt_time(self, text: str) -> None:
        """Follow the CSMS's clock; small steps would only make the samples jitter."""
        moment = parse_instant(text)
        if moment is None:
            return
        now = self.timeline.now
        if not self._follows_time():
            for listener in self.on_foreign_time:
                listener(moment.timestamp() - self.clock.epoch(now))
        elif abs(moment.timestamp() - self.clock.epoch(now)) >= CLOCK_STEP_S:
            step_s = self.clock.set(now, moment.timestamp())
            for listener in self.on_clock_set:
                listener(step_s)

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
        """Queue a transaction-related message: in order, kept while offline. Source: OCPP 1.6 4.10."""
        queue = self.memory.queue
        queue.append(message)
        if len(queue) > QUEUE_LIMIT:
            self._drop_oldest_values()
        self._pump()

    def _drop_oldest_values(self) -> None:
        """Make room by giving up the oldest MeterValues; a StartTransaction or StopTransaction never goes."""
        queue = self.memory.queue
        first = 1 if self.rpc.busy and queue[0].attempts else 0  # what is on its way stays
        for n in range(first, len(queue)):
            if queue[n].action == "MeterValues":
                del queue[n]
                self.memory.dropped_values += 1
                return

    def _pump(self) -> None:
        """Send the next message, if one may go now: others overtake those of transactions."""
        if self.rpc.busy or not self.link.connected:
            return
        if self._urgent:
            action, payload, done = self._urgent.popleft()
            self.rpc.call(action, payload, partial(self._told, done))
        elif self.memory.queue and self.registration == "Accepted" and self._retry.due_s is None:
            message = self.memory.queue[0]
            message.attempts += 1
            self.rpc.call(message.action, message.wire(), partial(self._delivered, message))

    def _told(self, done: Done, reply: Reply) -> None:
        done(reply)
        self._pump()

    def _delivered(self, message: Message, reply: Reply) -> None:
        queue = self.memory.queue
        if reply.payload is None:
            wait_s = self._wait_before_repeat(message, reply)
            if wait_s is not None:
                self._retry.set(self.timeline.now + wait_s)
                self._pump()
                return
        queue.popleft()
        on_delivered = self.on_delivered.get(message.action)
        if on_delivered is not None:
            on_delivered(message, reply)
        self._pump()

    def _wait_before_repeat(self, message: Message, reply: Reply) -> float | None:
        """Seconds until this message is sent again, None to give it up. Source: OCPP 1.6 9.1.26, 9.1.27."""
        if not self.link.connected:
            message.attempts -= 1  # a lost link is no failed attempt: it goes first when we are back
            return 0.0
        if self.behaviour.policy("transaction_message_retry") == "fixed-delay":
            again = not reply.arrived or message.attempts <= FIXED_RETRIES
            return FIXED_RETRY_S if again else None
        if message.attempts >= self.configuration.integer("TransactionMessageAttempts"):
            return None
        return float(self.configuration.integer("TransactionMessageRetryInterval") * message.attempts)

    # --- incoming ---

    def _admit(self, action: str) -> bool:
        """Before it is accepted or pending, the charge point does not answer. Source: OCPP 1.6 4.2."""
        if self.registration in ("", "Rejected"):
            return False
        if action not in self.answers:
            raise self.refuse(action)
        return True

    def _answer(self, action: str, payload: Payload) -> Payload | None:
        return self.answers[action](payload)


def _ignore(reply: Reply) -> None:
    """Nothing hangs on this reply."""


def counter(start: int = 1) -> Iterator[str]:
    """Message ids as the device makes them: integers that count up."""
    return map(str, count(start))
