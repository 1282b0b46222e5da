"""What flowed against what was offered: in the telemetry exactly, in the meter values as far as they tell."""

from typing import Any

import numpy as np

from evc5.rigs.checks.reading.columns import Array, Block
from evc5.rigs.checks.reading.telemetry import Rows
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.ledger import Requirement as R

OFFER, REPORTED = "electrical.offer", "electrical.reported-offer"

REQUIREMENTS = (
    R("electrical.offer", "The current keeps to what the pilot offered", "IEC 61851-1 Annex A: 5 s"),
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
        current = np.max([rows[f"i{n}_a"] for n in (1, 2, 3)], axis=0)
        offer = np.nanmax(np.nan_to_num(rows["offered_a"]), axis=1)
        flows = current > tolerances.current_a
        flows[: rows.carried] = False
        ledger.held(OFFER, int(np.count_nonzero(flows)), connector, rows["t"][flows])
        suspects = np.flatnonzero(flows & (current > _allowed(offer, tolerances)))
        for k in suspects:
            first = max(rows.at(rows["t"][k] - tolerances.reaction_s), 0)
            highest = float(offer[first : k + 1].max())
            if current[k] > _allowed(highest, tolerances):
                ledger.judged[OFFER] -= 1
                self._broken(float(rows["t"][k]), connector, highest, float(current[k]))

    def _broken(self, t: float, connector: int, highest: float, current: float) -> None:
        allowed = _allowed(highest, self._context.tolerances)
        self._context.ledger.broken(
            OFFER,
            t,
            connector,
            f"<= {allowed:.2f} A (highest offer of the last 5 s {highest:.2f} A)",
            f"{current:.2f} A",
            "more current flows than was offered",
        )


def _allowed(offer: Any, tolerances: Any) -> Any:
    return offer + np.maximum(tolerances.current_a, tolerances.current_part * offer)


class ReportedOffer:
    """Current.Import against Current.Offered.

    The offer before counts as well, and one reading alone is let pass: the offer may just have fallen, even
    twice since the reading before, and the car still be following.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: dict[int, tuple[float, bool]] = {}  # the last reading's offer, and was it too much?
        context.bus.readings.append(self._readings)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        told = []
        for block in self._context.instant(blocks):
            imported, offered = (_highest(block, name) for name in ("Current.Import", "Current.Offered"))
            if imported is not None and offered is not None:
                told.append(np.stack([block.order, block.t, imported, offered]))
        if told:
            rows = np.concatenate(told, axis=1)
            _, t, imported, offered = rows[:, np.argsort(rows[0])]  # of all contexts, as they came
            self._judge(connector, t, imported, offered)

    def _judge(self, connector: int, t: Array, imported: Array, offered: Array) -> None:
        offer, over = self._before.get(connector, (offered[0], False))
        highest = np.maximum(offered, np.concatenate([[offer], offered[:-1]]))
        allowed = _allowed(highest, self._context.tolerances)
        above = imported > allowed
        self._before[connector] = float(offered[-1]), bool(above[-1])
        wrong = np.flatnonzero(above & np.concatenate([[over], above[:-1]]))
        self._context.ledger.held(REPORTED, len(t) - len(wrong), connector, t)
        for k in wrong:
            self._context.ledger.broken(
                REPORTED,
                float(t[k]),
                connector,
                f"<= {allowed[k]:.2f} A (offered {highest[k]:g} A)",
                f"{imported[k]:g} A",
                "Current.Import above Current.Offered",
            )


def _highest(block: Block, measurand: str) -> Array | None:
    """The highest of a measurand's phases, reading by reading."""
    columns = [k for k, column in enumerate(block.layout.columns) if column.measurand == measurand]
    if not columns:
        return None
    highest: Array = block.values[:, columns].max(axis=1)
    return highest
