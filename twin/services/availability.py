"""Which connectors are in service: ChangeAvailability, at once or after the transaction (OCPP 1.6 5.2).

It outlives a reset and a power loss. Connector 0 is the station as a whole.
"""

from collections.abc import Callable, Iterable

from evc5.twin.ocpp.memory import Memory

Settle = Callable[[int, bool], None]  # connector, operative


class Availability:
    """Remembers what was asked, and tells `settle` when it takes effect."""

    def __init__(self, memory: Memory, connectors: Iterable[int], busy: Callable[[int], bool]) -> None:
        self._memory = memory
        self._connectors = tuple(connectors)
        self._busy = busy
        self._inoperative: set[int] = set(memory.recall("inoperative", []))
        self._scheduled: dict[int, bool] = {int(n): to for n, to in memory.recall("scheduled", {}).items()}
        self.settle: Settle = lambda connector, operative: None

    def is_inoperative(self, connector: int) -> bool:
        return connector in self._inoperative

    def change(self, connector: int, operative: bool) -> str:
        """ChangeAvailability's status; for connector 0 all of them, Scheduled if one has to wait."""
        waiting = [self._change(one, operative) for one in ([connector] if connector else self._connectors)]
        if connector == 0:
            self._take(0, operative)
        self._keep()
        return "Scheduled" if any(waiting) else "Accepted"

    def transaction_ended(self, connector: int) -> None:
        """What was scheduled takes effect; while the cable is in, the connector is still finishing (F8)."""
        if connector in self._scheduled:
            self._take(connector, self._scheduled.pop(connector))
            self._keep()

    def _change(self, connector: int, operative: bool) -> bool:
        self._scheduled.pop(connector, None)
        if operative == (connector not in self._inoperative):
            return False  # it is in that state already
        if self._busy(connector):
            self._scheduled[connector] = operative
            return True
        self._take(connector, operative)
        return False

    def _take(self, connector: int, operative: bool) -> None:
        (self._inoperative.discard if operative else self._inoperative.add)(connector)
        self.settle(connector, operative)

    def _keep(self) -> None:
        self._memory.keep("inoperative", sorted(self._inoperative))
        self._memory.keep("scheduled", {str(n): to for n, to in self._scheduled.items()})
