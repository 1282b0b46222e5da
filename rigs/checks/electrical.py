"""What flowed against what was offered: in the telemetry exactly, in the meter values as far as they tell."""

from typing import Any

import numpy as np

from rigs.checks.bus import Bench
from rigs.checks.meter import Layout, Reading
from rigs.checks.telemetry import Rows

OFFER, REPORTED = "electrical.offer", "electrical.reported-offer"


class Offer:
    """Delivered current at most the highest offer of the last seconds, plus the tolerance."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        bench.bus.telemetry.append(self._part)

    def _part(self) -> None:
        for connector, rows in self._bench.telemetry.parts.items():
            self._judge(connector, rows)

    def _judge(self, connector: int, rows: Rows) -> None:
        tolerances, ledger = self._bench.tolerances, self._bench.ledger
        current = np.max([rows[f"i{n}_a"] for n in (1, 2, 3)], axis=0)
        offer = np.nanmax(np.nan_to_num(rows["offered_a"]), axis=1)
        flows = current > tolerances.current_a
        flows[: rows.carried] = False
        ledger.judged[OFFER] += int(np.count_nonzero(flows))
        suspects = np.flatnonzero(flows & (current > _allowed(offer, tolerances)))
        for k in suspects:
            first = max(rows.at(rows["t"][k] - tolerances.reaction_s), 0)
            highest = float(offer[first : k + 1].max())
            if current[k] > _allowed(highest, tolerances):
                ledger.judged[OFFER] -= 1
                self._broken(float(rows["t"][k]), connector, highest, float(current[k]))

    def _broken(self, t: float, connector: int, highest: float, current: float) -> None:
        allowed = _allowed(highest, self._bench.tolerances)
        self._bench.ledger.broken(
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
    """Current.Import against Current.Offered; the offer before counts as well: it may just have fallen."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._columns: dict[Layout, tuple[list[int], list[int]]] = {}
        self._before: dict[int, float] = {}
        bench.bus.readings.append(self._reading)

    def _reading(self, reading: Reading) -> None:
        columns = self._columns.get(reading.layout)
        if columns is None:
            columns = self._columns[reading.layout] = _both(reading.layout)
        imported, offered = columns
        if not imported or not offered:
            return
        values = reading.values
        offer = max([values[k] for k in offered])
        highest = max(offer, self._before.get(reading.connector, offer))
        self._before[reading.connector] = offer
        current = max([values[k] for k in imported])
        tolerances = self._bench.tolerances
        if current <= highest + max(tolerances.current_a, tolerances.current_part * highest):
            self._bench.ledger.judged[REPORTED] += 1
            return
        self._bench.ledger.broken(
            REPORTED,
            reading.t,
            reading.connector,
            f"<= {_allowed(highest, tolerances):.2f} A (offered {highest:g} A)",
            f"{current:g} A",
            "Current.Import above Current.Offered",
        )


def _both(layout: Layout) -> tuple[list[int], list[int]]:
    def of(measurand: str) -> list[int]:
        return [k for k, column in enumerate(layout.columns) if column.measurand == measurand]

    return of("Current.Import"), of("Current.Offered")
