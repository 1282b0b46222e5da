"""Transaction-related messages on their way out: in order, each kept until it has arrived.

Source: OCPP 1.6 3.7, 9.1.29, 9.1.30; errata 3.18.
"""

from collections.abc import Callable

from evc5.models.timeline import CONTROL, Action, Alarm, Timeline
from evc5.twin.ocpp.memory import UNCONFIRMED_ID, Memory, Message
from evc5.twin.ocpp.rpc import Reply
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

FIXED_RETRY_S = 180.0  # EVC4 boot log: "EV RETRY [4] DELAY [3] Min"
FIXED_RETRIES = 4  # the same line
QUEUE_LIMIT = 10_000  # messages kept while offline; assumed


class Outbox:
    """The queue's head and what becomes of it; `ready` is called when it may be tried again."""

    def __init__(
        self,
        timeline: Timeline,
        memory: Memory,
        configuration: Configuration,
        behaviour: Behaviour,
        ready: Action,
        limit: int = QUEUE_LIMIT,
    ) -> None:
        self._timeline = timeline
        self._memory = memory
        self._configuration = configuration
        self._by_keys = behaviour.policy("transaction_message_retry") == "attempts"
        self._retry = Alarm(timeline, ready, CONTROL)
        self._limit = limit
        self._sending: Message | None = None
        self.on_retry: list[Callable[[int, float], None]] = []  # with the attempts made, and the wait in s

    @property
    def full(self) -> bool:
        return len(self._memory.queue) >= self._limit

    def make_room(self) -> None:
        """Give up the oldest MeterValues that is not on its way; a start or a stop never goes."""
        queue = self._memory.queue
        while len(queue) > self._limit:
            droppable = (
                n for n, m in enumerate(queue) if m.action == "MeterValues" and m is not self._sending
            )
            position = next(droppable, None)
            if position is None:
                return
            self._memory.drop(position)

    def next(self) -> Message | None:
        """The message to send now, None where there is none or its time has not come."""
        if not self._memory.queue or self._retry.due_s is not None:
            return None
        self._sending = self._memory.queue[0]
        return self._sending

    def settle(self, message: Message, reply: Reply, connected: bool) -> bool:
        """Its CALL has ended: True where the message is done with, False where it will be sent again."""
        self._sending = None
        message.refusals += reply.payload is None and reply.arrived
        if reply.payload is None:
            wait_s = self._wait_before_repeat(message, reply, connected)
            if wait_s is not None:
                self._retry.set(self._timeline.now + wait_s)
                self._tell_retry(message, wait_s)
                return False
        if message.transaction is not None and message.action == "StartTransaction":
            told = reply.payload
            message.transaction.id = UNCONFIRMED_ID if told is None else told["transactionId"]
        self._memory.delivered()
        return True

    def _tell_retry(self, message: Message, wait_s: float) -> None:
        if wait_s > 0:
            for listener in self.on_retry:
                listener(max(message.refusals, 1), wait_s)

    def retry_now(self) -> None:
        """We are connected anew: what waited for its next attempt goes at once."""
        self._retry.clear()

    def die(self) -> None:
        self._retry.clear()
        self._sending = None

    def _wait_before_repeat(self, message: Message, reply: Reply, connected: bool) -> float | None:
        """Seconds until this message is sent again, None to give it up.

        Only what the CSMS keeps refusing is ever given up (3.7.1); silence, and a lost link, are no refusal.
        """
        integer = self._configuration.integer
        if not connected:
            return 0.0
        if reply.arrived and message.refusals >= (
            integer("TransactionMessageAttempts") if self._by_keys else FIXED_RETRIES + 1
        ):
            return None
        if not self._by_keys:
            return FIXED_RETRY_S
        return float(integer("TransactionMessageRetryInterval") * max(message.refusals, 1))
