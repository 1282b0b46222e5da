"""Whether a car charges at the unit, by what the unit tells: then nothing is asked that disturbs it."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from evc5.rigs.probe.line import Heard, Line

CHARGES = ("Charging", "SuspendedEV", "SuspendedEVSE")
CHARGES_NOT = ("Available", "Preparing", "Finishing", "Reserved", "Unavailable")  # Faulted: as before
TOLD_S = 5.0  # a status that was asked for comes within; assumed


class Occupied:
    """Reads on in what was heard; the newest word on a connector counts."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._mark = 0
        self._charging: set[int] = set()
        self._starts: dict[str, int] = {}  # connectors of StartTransaction.reqs, by message id
        self._transactions: dict[Any, int] = {}  # their connectors

    def ask(self, connectors: Sequence[int]) -> None:
        """Have the unit tell what its connectors do: else a session older than the link is not seen."""
        for connector in connectors:
            mark = self._line.mark()
            asked = {"requestedMessage": "StatusNotification", "connectorId": connector}
            reply = self._line.ask("TriggerMessage", asked)
            if (reply.payload or {}).get("status") == "Accepted":
                self._line.call_within(mark, "StatusNotification", TOLD_S)

    def why(self) -> str:
        """At which connector a car charges, in words; empty: at none."""
        heard = self._line.since(self._mark)
        self._mark += len(heard)
        for one in heard:
            with suppress(LookupError, TypeError, AttributeError):  # what no standard knows tells nothing
                self._take(one)
        return f"a car charges at connector {min(self._charging)}" if self._charging else ""

    def _take(self, one: Heard) -> None:
        frame = one.frame
        if not one.is_up:
            if frame[0] == 3 and frame[1] in self._starts:
                self._transactions[frame[2]["transactionId"]] = self._starts.pop(frame[1])
            return
        if frame[0] != 2:
            return
        payload = frame[3]
        if frame[2] == "StatusNotification":
            self._status(payload["connectorId"], payload["status"])
        elif frame[2] == "StartTransaction":
            self._starts[frame[1]] = payload["connectorId"]
            self._charging.add(payload["connectorId"])
        elif frame[2] == "StopTransaction":
            self._charging.discard(self._transactions.pop(payload["transactionId"]))

    def _status(self, connector: int, status: str) -> None:
        if status in CHARGES:
            self._charging.add(connector)
        elif status in CHARGES_NOT:
            self._charging.discard(connector)
