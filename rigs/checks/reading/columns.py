"""Readings gathered into columns, so that checks judge hundreds at once.

A block holds the readings of one connector, transaction and layout since the blocks were last handed out;
they are handed out whenever something happens that the next readings have to be seen in the light of.
"""

from array import array
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

import numpy as np
import orjson

from evc5.rigs.checks.reading.meter import Layout, Reading, finite
from evc5.rigs.checks.reading.templates import Row

Array = np.ndarray[Any, np.dtype[Any]]
T = TypeVar("T")


class Block:
    """Readings in order of arrival: `epoch_s` when each went, `stamp` when taken, `values` one row each."""

    __slots__ = (
        *("connector", "decimals", "epoch_s", "layout", "order", "stamp", "transaction", "values"),
        "_known",
    )

    def __init__(
        self,
        connector: int,
        transaction: int | None,
        layout: Layout,
        head: Array,
        values: Array,
        decimals: list[int],
    ) -> None:
        self.connector, self.transaction, self.layout = connector, transaction, layout
        self.order, self.epoch_s, self.stamp = head[:, 0], head[:, 1], head[:, 2]
        self.values = values
        self.decimals = decimals  # digits after the point, column by column, as the first reading has them
        self._known: dict[tuple[Any, ...], Any] = {}

    def __len__(self) -> int:
        return len(self.epoch_s)

    def of(self, which: Array) -> "Block":
        """Some of its readings."""
        if which.all():
            return self
        head = np.column_stack([self.order, self.epoch_s, self.stamp])[which]
        return Block(self.connector, self.transaction, self.layout, head, self.values[which], self.decimals)

    def rows(self) -> Iterator[tuple[float, float, float]]:
        """Order, epoch_s and stamp, reading by reading."""
        return zip(self.order.tolist(), self.epoch_s.tolist(), self.stamp.tolist(), strict=True)

    def once(self, work: Callable[..., T], *about: Hashable) -> T:
        """What `work` makes of this block and of `about`: worked out for the check that asks first."""
        key = (work, *about)
        if key not in self._known:
            self._known[key] = work(self, *about)
        found: T = self._known[key]
        return found

    def column(self, measurand: str, phase: str | None = None) -> Array | None:
        """One measurand on one phase (None: the total), without kilo; None where it is not told."""
        return self.once(_column, measurand, phase)


def _column(block: Block, measurand: str, phase: str | None) -> Array | None:
    at = block.layout.find(measurand, phase)
    if at is None:
        return None
    scaled: Array = block.values[:, at] * block.layout.columns[at].scale
    scaled.flags.writeable = False  # kept, and given to many
    return scaled


def distinct(*values: Array) -> Array:
    """All of these in order, each once. `np.unique` is slower here, and takes masked arrays with it."""
    ordered = np.sort(np.concatenate(values), kind="stable")  # which merges what is in order already
    return ordered[np.append(ordered[:-1] != ordered[1:], True)] if len(ordered) else ordered


def by_layout(blocks: list[Block]) -> list[Block]:
    """The readings of several blocks in one for each layout, whatever their transactions."""
    alike: dict[Layout, list[Block]] = {}
    for block in blocks:
        alike.setdefault(block.layout, []).append(block)
    return [some[0] if len(some) == 1 else _joined(some) for some in alike.values()]


def _joined(blocks: list[Block]) -> Block:
    heads = [np.column_stack([block.order, block.epoch_s, block.stamp]) for block in blocks]
    values = np.concatenate([block.values for block in blocks])
    first = blocks[0]
    return Block(first.connector, None, first.layout, np.concatenate(heads), values, first.decimals)


Key = tuple[int | None, Layout]  # transaction and layout
Gathered = tuple["array[float]", list[bytes]]  # order, epoch_s and stamp of each reading; its numbers
Listener = Callable[[int, list[Block]], None]


class Gathering:
    """Takes readings one by one, hands them out in blocks, connector by connector."""

    MOST = 2048  # readings of one block: it is handed out then, whatever happens

    def __init__(self, on_value: Callable[[float, int, str], None]) -> None:
        self.listeners: list[Listener] = []
        self.restamp: Callable[[Array, Array], Array] | None = None  # (told, clock-aligned stamps): instants
        self._on_value = on_value  # (epoch_s, connector, text) of a value that is no number
        self._open: dict[int, dict[Key, Gathered]] = {}
        self.flushed = 0  # how often blocks were handed out
        self._count = 0

    def add(self, row: Row) -> None:
        """A reading of known form."""
        block = self.block(row.connector, row.transaction, row.layout)
        self.put(row.connector, block, row.epoch_s, row.stamp, row.numbers)

    def put(self, connector: int, block: Gathered, epoch_s: float, stamp: float, numbers: bytes) -> None:
        """The same for one whose block is at hand."""
        head, texts = block
        self._count += 1
        head.extend((self._count, epoch_s, stamp))
        texts.append(numbers)
        if len(texts) >= self.MOST:
            self.flush(connector)

    def add_reading(self, reading: Reading) -> None:
        """A reading that came the general way; its numbers are known to be such."""
        head, numbers = self.block(reading.connector, reading.transaction, reading.layout)
        self._count += 1
        head.extend((self._count, reading.epoch_s, reading.stamp))
        numbers.append(b",".join(reading.texts))

    def block(self, connector: int, transaction: int | None, layout: Layout) -> Gathered:
        """Where such readings are gathered, until `flushed` counts on."""
        key = (transaction, layout)
        blocks = self._open.get(connector)
        if blocks is None:
            blocks = self._open[connector] = {}
        block = blocks.get(key)
        if block is None:
            block = blocks[key] = (array("d"), [])
        return block

    def flush(self, connector: int | None = None) -> None:
        """Hand out what is gathered for a connector, or for all."""
        self.flushed += 1
        for each in [connector] if connector is not None else list(self._open):
            gathered = self._open.pop(each, None)
            if gathered:
                blocks = [self._closed(each, *key, *content) for key, content in gathered.items()]
                for listen in self.listeners:
                    listen(each, blocks)

    def _closed(
        self,
        connector: int,
        transaction: int | None,
        layout: Layout,
        head: "array[float]",
        texts: list[bytes],
    ) -> Block:
        heads = np.frombuffer(head, float).reshape(-1, 3)
        if self.restamp is not None and layout.context == "Sample.Clock":
            heads = np.column_stack([heads[:, :2], self.restamp(heads[:, 1], heads[:, 2])])
        width = len(layout.columns)
        try:
            flat = orjson.loads(b"[" + b",".join(texts) + b"]")
            values = np.array(flat, float).reshape(-1, width)
        except (orjson.JSONDecodeError, ValueError):  # "05", "1-2", "1e400": read them one by one
            rows = zip(heads, texts, strict=True)
            values = np.array([self._numbers(connector, row[1], text) for row, text in rows])
        decimals = [len(text.partition(b".")[2]) for text in texts[0].split(b",")]
        return Block(connector, transaction, layout, heads, values, decimals)

    def _numbers(self, connector: int, epoch_s: float, text: bytes) -> list[float]:
        return [self._number(connector, epoch_s, each.decode()) for each in text.split(b",")]

    def _number(self, connector: int, epoch_s: float, text: str) -> float:
        try:
            return float("nan") if text == "null" else finite(text)
        except ValueError:
            self._on_value(epoch_s, connector, text)
            return float("nan")
