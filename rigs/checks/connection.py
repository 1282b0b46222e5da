"""The connection: who ended it where the rig did not, and how; a back office may restart, but it is told."""

from rigs.checks.bus import Bench, Event
from rigs.checks.call import Call
from rigs.checks.ledger import Requirement as R

KEPT = "connection.kept"
REQUIREMENTS = (
    R(KEPT, "The back office keeps the connection open, and to its protocol", "J 3, 5; RFC 6455"),
)
ENDED = ("lost", "refused")  # what a link-down tells that nobody at the bench asked for


class Connection:
    """Each end that the back office or the network brought about is a warning."""

    def __init__(self, bench: Bench) -> None:
        self._ledger = bench.ledger
        bench.bus.replies["BootNotification"].append(self._booted)
        bench.bus.events["link-down"].append(self._down)

    def _booted(self, _: Call) -> None:
        self._ledger.held(KEPT)

    def _down(self, event: Event) -> None:
        if event.detail.get("kind") in ENDED:
            why = str(event.detail.get("reason", ""))
            message = f"the connection was {event.detail['kind']}: {why}"
            self._ledger.broken(KEPT, event.t, None, "an open connection", why, message, severity="warning")
