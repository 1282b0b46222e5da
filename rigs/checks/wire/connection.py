"""The connection: who ended it where the rig did not, and how; a back office may restart, but it is told."""

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R

KEPT, OUTAGE = "connection.kept", "connection.outage"
REQUIREMENTS = (
    R(KEPT, "The back office keeps the connection open, and to its protocol", "J 3, 5; RFC 6455"),
    R(OUTAGE, "No answer comes through a link that is down", "design: link-down, link-up", needs=(EVENTS,)),
)
FLIGHT_S = 1.0  # assumed: what is on its way may still arrive
ENDED = ("lost", "refused")  # what a link-down tells that nobody at the bench asked for


class Connection:
    """Each end that the back office or the network brought about is a warning."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._link = context.history.link
        context.bus.any_reply.append(self._answered)
        context.bus.events["link-up"].append(lambda _: self._ledger.held(OUTAGE))
        context.bus.replies["BootNotification"].append(self._booted)
        context.bus.events["link-down"].append(self._down)

    def _booted(self, _: Call) -> None:
        self._ledger.held(KEPT)

    def _answered(self, call: Call) -> None:
        """By the CSMS; what the station answers may be recorded and get lost."""
        down_epoch_s, epoch_s = self._link.down_since, call.reply_epoch_s
        if call.up and down_epoch_s is not None and epoch_s is not None and epoch_s > down_epoch_s + FLIGHT_S:
            message = f"{call.action} was answered while nothing passes"
            self._ledger.broken(OUTAGE, epoch_s, None, "no answer", "an answer", message)

    def _down(self, event: Event) -> None:
        if event.detail.get("kind") in ENDED:
            why = str(event.detail.get("reason", ""))
            message = f"the connection was {event.detail['kind']}: {why}"
            self._ledger.broken(
                KEPT, event.epoch_s, None, "an open connection", why, message, severity="warning"
            )
