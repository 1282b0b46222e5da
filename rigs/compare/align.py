"""Two recordings side by side: exchanges of one kind are paired in order, each with the nearest of the other.

Both are read a day at a time, so that memory does not grow with the days. Transactions are paired by their
starts; what belongs to one is paired within it, on a time axis that begins with its start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evc5.rigs.compare.exchanges import Exchange, Source
from evc5.rigs.recording.reading.telemetry import DAY_S

LATE_AT_MOST_S = 3600.0  # further apart, two exchanges are not one that came late
SAME_EXCHANGE_S = 2.0  # this near they are one, whatever comes next

Timed = tuple[float, Exchange]
Couple = tuple[Exchange | None, Exchange | None]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The same exchange in both recordings, None where one lacks it; `start` is its transaction's."""

    a: Exchange | None
    b: Exchange | None
    start: "Pair | None" = None

    @property
    def one(self) -> Exchange:
        """That of the first recording, or else of the second."""
        found = self.a or self.b
        assert found is not None, "a pair has at least one side"
        return found

    @property
    def later_s(self) -> float:
        """How much later it happened in the second."""
        return self.b.happened_s - self.a.happened_s if self.a and self.b else 0.0


class Aligner:
    """Pairs the exchanges of two recordings, starts of transactions before what belongs to them."""

    def __init__(self, a: Source, b: Source) -> None:
        self._streams = a.exchanges(), b.exchanges()
        self._pending: tuple[list[Exchange], list[Exchange]] = [], []
        self._starts: tuple[dict[int, Pair], dict[int, Pair]] = {}, {}  # by each recording's transaction id

    def pairs(self) -> Iterator[Pair]:
        until_s = DAY_S
        more = True
        while more:
            more_of_a, more_of_b = self._read(0, until_s), self._read(1, until_s)
            more = more_of_a or more_of_b
            yield from self._settle(until_s - 2 * LATE_AT_MOST_S if more else float("inf"))
            until_s += DAY_S

    def _read(self, side: int, until_s: float) -> bool:
        """Read on to an instant; is there more?"""
        pending = self._pending[side]
        if pending and pending[-1].t_s >= until_s:
            return True
        for exchange in self._streams[side]:
            pending.append(exchange)
            if exchange.t_s >= until_s:
                return True
        return False

    def _settle(self, before_s: float) -> Iterator[Pair]:
        starts = _Lanes()
        others = _Lanes()
        for side, exchanges in enumerate(self._pending):
            for exchange in exchanges:
                if exchange.action == "StartTransaction":
                    starts.add(side, (exchange.way, exchange.connector), exchange.happened_s, exchange)
        for _, pair in starts.settle(before_s):
            self._name(pair)
            yield pair
        held = starts.rest
        waiting = [{start.transaction for start in held[side]} for side in (0, 1)]
        for side, exchanges in enumerate(self._pending):
            for exchange in exchanges:
                if exchange.action == "StartTransaction":
                    continue
                if exchange.transaction is not None and exchange.transaction in waiting[side]:
                    held[side].append(exchange)
                else:
                    self._sort(others, side, exchange)
        for start, pair in others.settle(before_s):
            yield pair if start is None else Pair(pair.a, pair.b, start)
        self._pending = _ordered(held[0] + others.rest[0]), _ordered(held[1] + others.rest[1])

    def _sort(self, lanes: "_Lanes", side: int, exchange: Exchange) -> None:
        start = self._starts[side].get(exchange.transaction or -1)
        shift = start.later_s if start is not None and side else 0.0
        what = (exchange.way, exchange.kind, exchange.connector)
        lanes.add(side, what, exchange.happened_s - shift, exchange, start)

    def _name(self, pair: Pair) -> None:
        for side, start in enumerate((pair.a, pair.b)):
            if start is not None and start.transaction is not None:
                self._starts[side][start.transaction] = pair


class _Lane(NamedTuple):
    start: Pair | None
    sides: tuple[list[Timed], list[Timed]]


class _Lanes:
    """Exchanges of both sides by kind, and by transaction."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[object, int], _Lane] = {}
        self.rest: tuple[list[Exchange], list[Exchange]] = [], []

    def add(self, side: int, what: object, t_s: float, exchange: Exchange, start: Pair | None = None) -> None:
        lane = self._lanes.setdefault((what, id(start)), _Lane(start, ([], [])))
        lane.sides[side].append((t_s, exchange))

    def settle(self, before_s: float) -> Iterator[tuple[Pair | None, Pair]]:
        """Pair what happened before an instant; the others stay in `rest`."""
        for lane in self._lanes.values():
            a, b = lane.sides
            a.sort(key=_time)
            b.sort(key=_time)
            i = j = 0
            for first, second in nearest(a, b, before_s):
                i, j = i + (first is not None), j + (second is not None)
                yield lane.start, Pair(first, second)
            self.rest[0].extend(exchange for _, exchange in a[i:])
            self.rest[1].extend(exchange for _, exchange in b[j:])


def nearest(a: Sequence[Timed], b: Sequence[Timed], before_s: float = float("inf")) -> Iterator[Couple]:
    """Pair two sequences in order, up to an instant; one stays alone where the next after it fits better."""
    i = j = 0
    while i < len(a) or j < len(b):
        x = a[i][0] if i < len(a) else float("inf")
        y = b[j][0] if j < len(b) else float("inf")
        if min(x, y) >= before_s:
            return
        apart_s = abs(x - y)
        skip_a = (apart_s > LATE_AT_MOST_S and x < y) or (
            apart_s > SAME_EXCHANGE_S and _fits(a, i + 1, y, apart_s)
        )
        skip_b = (apart_s > LATE_AT_MOST_S and y < x) or (
            apart_s > SAME_EXCHANGE_S and _fits(b, j + 1, x, apart_s)
        )
        yield None if skip_b else a[i][1], None if skip_a and not skip_b else b[j][1]
        i, j = i + (not skip_b), j + (skip_b or not skip_a)


def _fits(some: Sequence[Timed], index: int, t_s: float, apart_s: float) -> bool:
    return index < len(some) and abs(some[index][0] - t_s) < apart_s


def _time(timed: Timed) -> float:
    return timed[0]


def _ordered(exchanges: list[Exchange]) -> list[Exchange]:
    return sorted(exchanges, key=lambda exchange: exchange.t_s)
