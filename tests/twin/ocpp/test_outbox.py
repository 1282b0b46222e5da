"""Transaction messages on their way out: how long each waits for its next attempt, and which is given up."""

import pytest

from evc5.models.timeline import Timeline
from evc5.twin.ocpp.memory import UNCONFIRMED_ID, Memory, Message, Transaction
from evc5.twin.ocpp.outbox import Outbox
from evc5.twin.ocpp.rpc import NO_REPLY, Reply
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

REPLIES = {"refused": Reply(None, "InternalError"), "silence": NO_REPLY, "taken": Reply({})}


class Queue:
    """An outbox with these messages in its memory; its conversation is the test's."""

    def __init__(self, behaviour: str = "ocpp16", *actions: str, limit: int = 10) -> None:
        self.timeline = Timeline()
        self.memory = Memory()
        self.ready: list[float] = []
        known = Behaviour.load(behaviour)
        keys = {"TransactionMessageAttempts": 3, "TransactionMessageRetryInterval": 60}
        self.outbox = Outbox(
            self.timeline,
            self.memory,
            Configuration(known, keys),
            known,
            lambda: self.ready.append(self.timeline.now),
            limit,
        )
        self.retries: list[tuple[int, float]] = []
        self.outbox.on_retry.append(lambda attempts, wait_s: self.retries.append((attempts, wait_s)))
        for number, action in enumerate(actions):
            self.memory.post(Message(action, {"n": number}))

    def left(self) -> list[int]:
        return [message.payload["n"] for message in self.memory.queue]


@pytest.mark.parametrize(
    ("behaviour", "replies", "waits_s", "is_done"),
    [  # 3.7.1 and 9.1.30: the interval times the attempts that were refused; only a refusal counts
        ("ocpp16", "refused refused", [60, 120], False),
        ("ocpp16", "refused refused refused", [60, 120], True),
        ("ocpp16", "silence silence silence silence", [60] * 4, False),
        ("ocpp16", "refused silence refused silence", [60, 60, 120, 120], False),
        ("ocpp16", "refused silence refused refused", [60, 60, 120], True),
        ("ocpp16", "refused taken", [60], True),
        ("evc5-v32r30", "refused refused refused refused", [180] * 4, False),
        ("evc5-v32r30", "refused refused refused refused refused", [180] * 4, True),
        ("evc5-v32r30", "silence silence silence silence silence silence", [180] * 6, False),
    ],
)
def test_the_wait_grows_with_refusals_alone_and_they_alone_end_it(
    behaviour: str, replies: str, waits_s: list[float], is_done: bool
) -> None:
    queue = Queue(behaviour, "MeterValues")
    for reply in replies.split():
        message = queue.outbox.next()
        assert message is not None
        done = queue.outbox.settle(message, REPLIES[reply], connected=True)
        assert (queue.outbox.next() is None) and done is (not queue.left())
        queue.timeline.advance(queue.timeline.now + 10_000)
    assert [wait_s for _, wait_s in queue.retries] == waits_s
    assert queue.ready == [n * 10_000 + wait_s for n, wait_s in enumerate(waits_s)]
    assert (queue.left() == []) is is_done


def test_a_message_that_went_down_with_its_socket_goes_at_once_and_is_no_retry() -> None:
    queue = Queue("ocpp16", "MeterValues")
    message = queue.outbox.next()
    assert message is not None and not queue.outbox.settle(message, NO_REPLY, connected=False)
    queue.timeline.advance(0)
    assert (queue.ready, queue.retries, queue.outbox.next()) == ([0.0], [], message)


@pytest.mark.parametrize(
    ("replies", "attempts"), [("silence silence", [1, 1]), ("refused silence refused", [1, 1, 2])]
)
def test_a_retry_tells_of_the_attempts_that_were_refused(replies: str, attempts: list[int]) -> None:
    queue = Queue("evc5-v32r30", "MeterValues")
    for reply in replies.split():
        queue.outbox.settle(queue.memory.queue[0], REPLIES[reply], connected=True)
    assert [made for made, _ in queue.retries] == attempts


@pytest.mark.parametrize(
    ("action", "reply", "id_"),
    [  # errata 3.18: a start that is given up leaves a transaction without an id of the back office
        ("StartTransaction", Reply({"transactionId": 7}), 7),
        ("StartTransaction", Reply({"transactionId": 0}), 0),
        ("StartTransaction", REPLIES["refused"], UNCONFIRMED_ID),
        ("MeterValues", REPLIES["taken"], 5),
        ("StopTransaction", REPLIES["taken"], 5),
        ("StopTransaction", REPLIES["refused"], 5),
    ],
)
def test_only_a_start_that_is_done_with_says_which_transaction_it_is(
    action: str, reply: Reply, id_: int
) -> None:
    queue = Queue()
    transaction = Transaction(1, "TAG1", 0.0, 0.0, 0, id=None if action == "StartTransaction" else 5)
    queue.memory.queue.append(message := Message(action, {}, transaction, refusals=2))
    assert queue.outbox.settle(message, reply, connected=True) and transaction.id == id_


@pytest.mark.parametrize("anew", [Outbox.retry_now, Outbox.die])
def test_a_new_connection_and_a_new_life_wait_for_nothing(anew: object) -> None:
    queue = Queue("ocpp16", "MeterValues")
    message = queue.outbox.next()
    assert message is not None
    queue.outbox.settle(message, NO_REPLY, connected=True)
    anew(queue.outbox)  # type: ignore[operator]
    assert queue.outbox.next() is message
    queue.timeline.advance(1000)
    assert queue.ready == []


@pytest.mark.parametrize(
    ("actions", "before", "left"),
    [  # room for two
        (["MeterValues"] * 2, "", [0, 1]),
        (["MeterValues"] * 4, "", [2, 3]),
        (["MeterValues"] * 4, "sending", [0, 3]),  # not what is on its way
        (["MeterValues"] * 4, "sending silence", [2, 3]),  # it is not any more
        (["MeterValues"] * 4, "sending die", [2, 3]),  # in a new life nothing is
        (["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"], "", [0, 3]),
        (["StartTransaction", "StopTransaction", "StartTransaction"], "", [0, 1, 2]),
    ],
)
def test_room_is_made_of_the_oldest_samples_that_are_not_on_their_way(
    actions: list[str], before: str, left: list[int]
) -> None:
    queue = Queue("ocpp16", *actions, limit=2)
    if "sending" in before:
        queue.outbox.next()
    if "silence" in before:
        queue.outbox.settle(queue.memory.queue[0], NO_REPLY, connected=True)
    if "die" in before:
        queue.outbox.die()
    queue.outbox.make_room()
    assert queue.left() == left


@pytest.mark.parametrize(("messages", "full"), [(1, False), (2, True), (3, True)])
def test_a_store_is_full_at_its_limit(messages: int, full: bool) -> None:
    assert Queue("ocpp16", *["MeterValues"] * messages, limit=2).outbox.full is full
