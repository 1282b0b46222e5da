"""What flowed against what was offered: in the telemetry exactly, in the meter values as far as they tell."""

from functools import reduce
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import TELEMETRY
from evc5.rigs.checks.state.ledger import Told
from evc5.rigs.checks.state.requirement import OVERDRAWN
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.spans import highest_of_late

OFFER, REPORTED = "electrical.offer", "electrical.reported-offer"

REQUIREMENTS = (
    R(
        "electrical.offer",
        "The current keeps to what the pilot offered",
        "IEC 61851-1 Annex A: 5 s",
        needs=(TELEMETRY,),
        arises=("StartTransaction",),
    ),
    R("electrical.reported-offer", "The current reported keeps to the offer reported", "IEC 61851-1 Annex A"),
)


class Offer:
    """Delivered current at most the highest offer of the last seconds, plus the tolerance."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._context.telemetry.parts.items():
            self._judge(connector, rows)

    def _judge(self, connector: int, rows: Rows) -> None:
        tolerances, ledger = self._context.tolerances, self._context.ledger
        least, most = rows.low.current(), rows.high.current()
        offer = rows.high.highest("offered_a")
        flows = most > tolerances.current_a
        flows[: rows.carried] = False
        flows &= ~self._context.history.connectors.overdraws(
            connector, rows["epoch_s"], tolerances.reaction_s
        )
        wrong = np.zeros(len(rows), bool)
        above = flows & (least > _allowed(offer, tolerances))
        for k in np.flatnonzero(above).tolist():
            highest = highest_of_late(rows, offer, k, tolerances.reaction_s)
            wrong[k] = least[k] > _allowed(highest, tolerances)
        unsure = flows & ~above & (most > _allowed(rows.low.highest("offered_a"), tolerances))

        def tell(k: int) -> Told:
            highest = highest_of_late(rows, offer, k, tolerances.reaction_s)
            late = f"highest offer of the last {tolerances.reaction_s:g} s {highest:.2f} A"
            expected = f"<= {_allowed(highest, tolerances):.2f} A ({late})"
            return expected, f"{rows.current()[k]:.2f} A", "more current flows than was offered"

        ledger.judge_rows(OFFER, connector, rows["epoch_s"], flows, wrong, tell, unsure, blames=OVERDRAWN)


def _allowed(offer: Any, tolerances: Any) -> Any:
    return offer + np.maximum(tolerances.current_a, tolerances.current_part * offer)


class ReportedOffer:
    """Current.Import against Current.Offered.

    The offer before counts as well, and readings within the time to follow are let pass: the offer may just
    have fallen, even twice since the reading before, and the car still be following.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        # the last reading's offer, and since when there was too much; infinite where there was not
        self._before: dict[int, tuple[float, float]] = {}
        context.bus.readings.append(self._readings)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told = []
        for block in self._context.instant(blocks):
            imported, offered = (_highest(block, name) for name in ("Current.Import", "Current.Offered"))
            if imported is not None and offered is not None:
                told.append(np.stack([block.order, block.epoch_s, imported, offered]))
        if told:
            rows = np.concatenate(told, axis=1)
            _, epoch_s, imported, offered = rows[:, np.argsort(rows[0])]  # of all contexts, as they came
            self._judge(connector, epoch_s, imported, offered)

    def _judge(self, connector: int, epoch_s: Array, imported: Array, offered: Array) -> None:
        offer, over_since = self._before.get(connector, (offered[0], FOREVER))
        highest = np.maximum(offered, np.concatenate([[offer], offered[:-1]]))
        allowed = _allowed(highest, self._context.tolerances)
        above = imported > allowed
        since = _since(above, epoch_s, over_since)
        self._before[connector] = float(offered[-1]), float(since[-1])
        reaction_s = self._context.tolerances.reaction_s
        wrong = epoch_s - since >= reaction_s
        wrong &= ~self._context.history.connectors.overdraws(connector, epoch_s, reaction_s)

        def tell(k: int) -> Told:
            expected = f"<= {allowed[k]:.2f} A (offered {highest[k]:g} A)"
            return expected, f"{imported[k]:g} A", "Current.Import above Current.Offered"

        every = np.ones(len(epoch_s), bool)
        self._context.ledger.judge_rows(REPORTED, connector, epoch_s, every, wrong, tell, blames=OVERDRAWN)


def _since(above: Array, epoch_s: Array, before: float) -> Array:
    """Of each reading when the first of those in a row came that are above; infinite of one that is not."""
    begins = above & ~np.concatenate([[before < FOREVER], above[:-1]])
    first = np.maximum.accumulate(np.where(begins, np.arange(len(epoch_s)), -1))
    found: Array = np.where(above, np.where(first < 0, before, epoch_s[first]), FOREVER)
    return found


def _highest(block: Block, measurand: str) -> Array | None:
    """The highest of a measurand's phases, reading by reading."""
    columns = [k for k, column in enumerate(block.layout.columns) if column.measurand == measurand]
    return reduce(np.maximum, (block.values[:, k] for k in columns)) if columns else None
