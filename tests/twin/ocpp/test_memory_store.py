"""What each change of the memory leaves in its file, for the process after this one."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evc5.twin.ocpp.memory import Memory, Message, Transaction
from evc5.twin.ocpp.store import SqliteStore


class Remembering:
    """A memory with a file behind it, and what a station does to it."""

    def __init__(self, path: Path) -> None:
        self.memory = Memory(SqliteStore(path))
        self.transaction = Transaction(1, "TAG1", 5.0, 1_700_000_005.0, 100)

    def start(self) -> None:
        self.memory.open(self.transaction, Message("StartTransaction", {"idTag": "TAG1"}, self.transaction))

    def sample(self) -> None:
        self.memory.post(Message("MeterValues", {"connectorId": 1}, self.transaction))

    def keep_a_value(self) -> None:
        self.transaction.keep({"timestamp": "now"})
        self.memory.changed(self.transaction)

    def stop(self) -> None:
        self.memory.close(self.transaction, Message("StopTransaction", {"meterStop": 200}, self.transaction))

    def confirmed(self) -> None:
        self.transaction.id = 7
        self.memory.delivered()

    def delivered(self) -> None:
        self.memory.delivered()

    def drop(self) -> None:
        self.memory.drop(1)

    def fact(self) -> None:
        self.memory.keep("list", [1, "two", None])


def of_new(steps: list[Callable[[Remembering], None]], path: Path) -> Memory:
    """The memory of a process that begins after one that did this."""
    it = Remembering(path)
    for step in steps:
        step(it)
    return Memory(SqliteStore(path))


R = Remembering
START, SAMPLE, STOP = "StartTransaction", "MeterValues", "StopTransaction"


@pytest.mark.parametrize(
    ("steps", "running", "queue"),
    [  # ids of running transactions; action and id of each message that waits
        ([], [], []),
        ([R.start], [None], [(START, None)]),
        ([R.start, R.confirmed], [7], []),
        ([R.start, R.sample, R.sample], [None], [(START, None), (SAMPLE, None), (SAMPLE, None)]),
        ([R.start, R.sample, R.confirmed], [7], [(SAMPLE, 7)]),
        ([R.start, R.sample, R.stop, R.drop], [], [(START, None), (STOP, None)]),
        ([R.start, R.confirmed, R.stop], [], [(STOP, 7)]),
        ([R.start, R.stop, R.confirmed], [], [(STOP, 7)]),
        ([R.start, R.stop, R.confirmed, R.delivered], [], []),
    ],
)
def test_the_next_process_finds_what_runs_and_what_waits(
    tmp_path: Path, steps: list[Callable[[Remembering], None]], running: list[Any], queue: list[Any]
) -> None:
    found = of_new(steps, tmp_path / "memory.db")
    assert [one.id for one in found.transactions.values()] == running
    assert [(m.action, m.transaction.id if m.transaction else "none") for m in found.queue] == queue
    shared = {id(m.transaction) for m in found.queue} | {id(one) for one in found.transactions.values()}
    assert len(shared) == (1 if running or queue else 0), "one transaction, whoever tells of it"
    assert found.last_id == (7 if 7 in (running + [id_ for _, id_ in queue]) else 0)
    assert not found.queue or found.queue[0].refusals == 0


def test_what_is_told_of_a_transaction_is_kept_with_it(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    [found] = of_new([R.start, R.keep_a_value], path).transactions.values()
    assert (found.data, found.id_tag, found.began_epoch_s, found.meter_start_wh, found.accepted) == (
        [{"timestamp": "now"}], "TAG1", 1_700_000_005.0, 100, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "is_new"), [([], True), ([R.fact], False), ([R.sample], False), ([R.start, R.confirmed], False)]
)
def test_a_memory_is_new_until_something_is_in_it(
    tmp_path: Path, steps: list[Callable[[Remembering], None]], is_new: bool
) -> None:
    found = of_new(steps, tmp_path / "memory.db")
    assert found.is_new is is_new and found.lasting
    assert found.recall("list", "none") == ([1, "two", None] if R.fact in steps else "none")


@pytest.mark.parametrize("step", [R.start, R.sample, R.stop])
def test_registers_are_kept_with_each_message(tmp_path: Path, step: Callable[[Remembering], None]) -> None:
    it = Remembering(tmp_path / "memory.db")
    it.start()
    it.memory.meters = lambda: [[1, 2, 3, 4]]
    it.memory.epoch_s = lambda: 1_700_000_000.5
    step(it)
    found = Memory(SqliteStore(tmp_path / "memory.db"))
    assert (found.recall("registers"), found.last_known_epoch_s()) == ([[1, 2, 3, 4]], 1_700_000_000.5)


def test_a_memory_holds_a_password_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    SqliteStore(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_memory_without_a_file_lasts_no_longer_than_its_process() -> None:
    memory = Memory()
    memory.keep("list", 1)
    assert (memory.lasting, memory.recall("list"), memory.last_known_epoch_s()) == (False, 1, None)


@pytest.mark.parametrize(("values", "kept"), [(999, 999), (1000, 1000), (1001, 1000)])
def test_of_too_many_values_for_a_stop_the_oldest_goes(values: int, kept: int) -> None:
    transaction = Transaction(1, "TAG1", 0.0, 0.0, 0)
    for number in range(values):
        transaction.keep({"n": number})
    assert (len(transaction.data), transaction.data[-1]) == (kept, {"n": values - 1})


@pytest.mark.parametrize(
    ("action", "id_", "told"),
    [("StartTransaction", None, {}), ("StopTransaction", 7, {"transactionId": 7}),
     ("MeterValues", 0, {"transactionId": 0}),
     ("StopTransaction", None, {"transactionId": -1})],  # errata 3.18
)  # fmt: skip
def test_a_message_gets_the_id_of_its_transaction_as_it_goes(action: str, id_: int | None, told: Any) -> None:
    transaction = Transaction(1, "TAG1", 0.0, 0.0, 0, id=id_)
    assert Message(action, {"a": 1}, transaction).wire() == {**told, "a": 1}
    assert Message("MeterValues", {"a": 1}).wire() == {"a": 1}
