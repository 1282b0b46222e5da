"""Which transaction a StopTransaction means: the one that it names, or where that cannot be, another.

Told apart by what their registers showed, and by the cables and cards that were seen at their connectors.
"""

from functools import partial
from math import isfinite
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, epoch
from evc5.rigs.checks.reading.meter import DEFAULT_MEASURAND, MOST_AC_W, MOST_W, is_alternating
from evc5.rigs.checks.state.connectors import Connectors
from evc5.rigs.checks.state.transactions import UNKNOWN, Transaction, TransactionMemory

ENDED_S = 2.0  # assumed: a stop is stamped so near to what ended it


class StopMatching:
    """Remembers the registers as they were told last, and whom stops have named."""

    def __init__(self, transactions: TransactionMemory, connectors: Connectors) -> None:
        self._transactions, self._connectors = transactions, connectors
        self.shown_wh: dict[int, float] = {}  # by connector: its register as it was told last
        self._shown_at: dict[int, float] = {}  # by connector: the stamp of that
        self._is_ac = False  # as its meter values tell
        self._named_by: dict[int, Transaction] = {}  # by id: the other that its stop named

    def stop(self, call: Call, all_settled: bool) -> None:
        """A StopTransaction ends the one that it means."""
        meant = self.by_name(call.payload, all_settled)
        if meant is None or meant.meter_stop is not None:
            return
        self._names(meant, self._transactions.by_id.get(call.payload["transactionId"], meant))
        meant.is_stop_sure = not self._may_mean_another(call.payload, meant)
        self._transactions.stop(call, meant)

    def _names(self, meant: Transaction, named: Transaction) -> None:
        if named is not meant and named.id != meant.id and meant.id is not None:
            self._named_by[meant.id] = named
            if len(self._named_by) > self._transactions.RECENT:
                del self._named_by[next(iter(self._named_by))]

    def by_name(self, stop: dict[str, Any], all_settled: bool) -> Transaction | None:
        """The transaction that a stop of this id means: its own; of a wrong id, the only one it can be.

        ER 3.18: -1 stands for one whose start was not confirmed.
        """
        id, memory = stop["transactionId"], self._transactions
        known = memory.by_id.get(id)
        if known is not None:
            return self.misnamed(stop) or known
        nameless = [running for running in memory.open.values() if running.id is None]
        others = list(memory.open.values()) if all_settled and id not in memory.given else []
        candidates = nameless or (self._going_with(stop, others) if len(others) > 1 else others)
        if nameless and id == UNKNOWN:
            return min(nameless, key=partial(self.distance, stop))
        return candidates[0] if len(candidates) == 1 else None

    def misnamed(self, stop: dict[str, Any]) -> Transaction | None:
        """The one that a stop means by another's id; None where it means the one that it names.

        The register cannot be that one's own, or the stop of this one was told in that one's name before.
        """
        known = self._transactions.by_id.get(stop["transactionId"])
        if known is None or (known.stop is None and self._going_with(stop, [known])):
            return None
        others = self._going_with(stop, [its for its in self._transactions.open.values() if its is not known])
        if known.stop is not None:
            others = [its for its in others if self._follows(stop, known, its)]
        return others[0] if len(others) == 1 else None

    def _follows(self, stop: dict[str, Any], known: Transaction, its: Transaction) -> bool:
        """Is a stop in the name of one that is over that of the next there, or of whom its own named?"""
        moved = known.meter_stop is not None and float(stop["meterStop"]) > known.meter_stop
        return self._named_by.get(known.id or 0) is its or (known.connector == its.connector and moved)

    def _going_with(self, stop: dict[str, Any], running: list[Transaction]) -> list[Transaction]:
        """Those whose register can have come to where a stop tells it."""
        at, wh = epoch(stop["timestamp"]), float(stop["meterStop"])
        return [its for its in running if its.start <= at and self._can_tell(its, at, wh)]

    def _can_tell(self, its: Transaction, at: float, wh: float) -> bool:
        if self._connectors.is_misread(its.connector, its.start, at):
            return True
        return its.meter_start <= wh <= self._most_wh(its, at)

    def _most_wh(self, its: Transaction, at: float) -> float:
        """What the register of a transaction can show at an instant, by what it showed last."""
        since = max(its.start, min(self._shown_at.get(its.connector, its.start), at))
        shown_wh = max(its.meter_start, self.shown_wh.get(its.connector, 0.0))
        return shown_wh + (MOST_AC_W if self._is_ac else MOST_W) * (at - since + ENDED_S) / 3600.0

    def distance(
        self, stop: dict[str, Any], running: Transaction
    ) -> tuple[bool, bool, bool, bool, bool, float]:
        """How badly a stop goes with a transaction: by its meter, its end as it was seen, its card."""
        at = epoch(stop["timestamp"])
        otherwise = self._is_otherwise(running.connector, at, stop.get("reason", "Local"))
        tag = stop.get("idTag", "").lower()
        stop_wh = float(stop["meterStop"])
        fallen = stop_wh < self.shown_wh.get(running.connector, 0.0)
        risen_wh = stop_wh - running.meter_start
        its = self._connectors
        ends = (seen.get(running.connector, -FOREVER) for seen in (its.ending, its.card_shown))
        elsewhere = all(abs(at - ended_epoch_s) > ENDED_S for ended_epoch_s in ends)
        other = bool(tag) and running.id_tag.lower() != tag
        return fallen, otherwise, elsewhere, other, risen_wh < 0, risen_wh

    def _is_otherwise(self, connector: int, at: float, reason: str) -> bool:
        """Was the cable pulled just then and another reason told, or not pulled and that is the reason?"""
        its = self._connectors
        pulled, winked, shown = (
            abs(at - seen.get(connector, -FOREVER)) <= ENDED_S
            for seen in (its.unplugged, its.winked, its.card_shown)
        )
        if winked and not pulled:
            return False
        return pulled != (reason == "EVDisconnected") and not (pulled and shown and reason == "Local")

    def _may_mean_another(self, stop: dict[str, Any], meant: Transaction) -> bool:
        """Does a stop of id -1 go as well with another transaction that never got one?"""
        others = (its for its in self._transactions.open.values() if its.id is None and its is not meant)
        return meant.id is None and any(
            self.distance(stop, its)[:-1] == self.distance(stop, meant)[:-1] for its in others
        )

    def readings(self, connector: int, blocks: list[Block]) -> None:
        """Meter values of a connector."""
        self._is_ac |= any(is_alternating(block.layout) for block in blocks)
        registers = [(block, block.column(DEFAULT_MEASURAND)) for block in blocks]
        told = [
            (block.order[-1], float(wh[-1]), float(block.stamp[-1]))
            for block, wh in registers
            if wh is not None
        ]
        if told and isfinite(last_wh := max(told)[1]):
            self.shown_wh[connector], self._shown_at[connector] = last_wh, max(told)[2]
