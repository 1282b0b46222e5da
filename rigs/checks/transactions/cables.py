"""A transaction needs its cable; one pulled at the car ends it or waits for its card, as the keys say.

Source: 2.2, 4.8, 4.10, ER 3.5.
"""

from collections import deque
from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.transactions.id_tags import CARD_LOOK_S
from evc5.rigs.checks.transactions.shown_cards import CARD_SOON_S

CABLE, UNPLUG, BEGIN = "card.cable", "transaction.unplugged", "transaction.with-a-car"
REQUIREMENTS = (
    R(
        BEGIN,
        "A transaction begins with a car at the cable",
        "2.2, 4.8, TC_004_1_CS",
        needs=(EVENTS,),
        arises=("StartTransaction",),
    ),
    R(
        CABLE,
        "A cable that is kept after a refusal is let go for its own card",
        "ER 3.5",
        needs=(EVENTS,),
        arises=("StopTransaction",),
    ),
    R(
        UNPLUG,
        "Pulling the cable ends a transaction where the key says so",
        "4.10, 9.1.28, TC_068_CS",
        needs=(EVENTS,),
        arises=("StopTransaction",),
    ),
)


class Cables:
    """Looks at what has become of a cable a while after it was pulled, or its card shown."""

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._tags: deque[tuple[float, int]] = deque(maxlen=256)
        self._told: dict[int, str] = {}
        self._unlocked: dict[int, float] = {}  # when the CSMS last had the lock of a connector opened
        self._evidence = context.evidence
        bus = context.bus
        bus.calls["StartTransaction"].append(self._starts)
        if context.evidence.events:
            bus.calls["StatusNotification"].append(self._status)
            bus.replies["UnlockConnector"].append(self._opened)
            bus.events["tag"].append(self._shown)
            bus.events["unplug"].append(self._unplugged)

    def _starts(self, call: Call) -> None:
        """Looks a moment later: the events of the frame's own instant are yet to come."""
        if self._evidence.from_power_on and self._evidence.events:
            self._agenda.at(call.epoch_s + STAMP_HAIR_S, partial(self._begins, call))

    def _begins(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        good = self._connectors.may_have_cable(connector, call.happened_s, call.epoch_s)
        message, there = "a transaction begins without a car", "a cable that is in"
        self._ledger.judge(BEGIN, good, call.epoch_s, connector, there, "none", message)

    def _status(self, call: Call) -> None:
        self._told[call.payload["connectorId"]] = call.payload["status"]

    def _opened(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Unlocked":
            self._unlocked[call.payload["connectorId"]] = call.answered_s

    def _unplugged(self, event: Event) -> None:
        connector, epoch_s = event.connector or 0, event.epoch_s
        if self._kept_for(connector, epoch_s) is not None:
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._pulled_at_the_car, connector, epoch_s))
        running = self._history.transactions.open.get(connector)
        if (
            running is not None
            and running.start < epoch_s - WHOLE_SECOND_S
            and self._ends_when_pulled(epoch_s) is not None
        ):
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._pulled, connector, running, epoch_s))

    def _ends_when_pulled(self, epoch_s: float) -> bool | None:
        return self._keys.flag("StopTransactionOnEVSideDisconnect", epoch_s)

    def _pulled(self, connector: int, running: Transaction, epoch_s: float) -> None:
        if (
            not self._connectors.alone(connector, epoch_s, epoch_s + CARD_LOOK_S)
            or (running.stop or epoch_s) < epoch_s - WHOLE_SECOND_S
        ):
            return
        ends = self._ends_when_pulled(epoch_s)
        soon = running.stop is not None and running.stop <= epoch_s + CARD_SOON_S
        good = soon if ends else running.stop is None or running.reason != "EVDisconnected"
        actual = running.outcome
        expected = "EVDisconnected at once" if ends else "it goes on"
        message = f"the cable of transaction {running.id} was pulled"
        self._ledger.judge(UNPLUG, good, epoch_s, connector, expected, actual, message)

    # -- ER 3.5: a cable that is kept after a refusal ------------------------------------------------

    def _shown(self, event: Event) -> None:
        connector, epoch_s = event.connector or 0, event.epoch_s
        tag = str(event.detail.get("id_tag", "")).lower()
        self._tags.append((epoch_s, connector))
        if not self._keys.has_reader(connector) or self._told.get(connector) != "Finishing":
            return
        plugged = self._connectors.plugged[connector].begin_of(epoch_s) is not None
        if not plugged and self._kept_for(connector, epoch_s) == tag:
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._let_go, connector, epoch_s, tag))

    def _kept_for(self, connector: int, epoch_s: float) -> str | None:
        """Whose card lets go of the cable: of a transaction that was refused, and nothing was done since."""
        over = self._history.transactions.finished.get(connector)
        last = over[-1] if over and connector not in self._history.transactions.open else None
        if last is None or last.reason != "DeAuthorized" or last.stop is None:
            return None
        begun_s = WHOLE_SECOND_S if last.id_tag.lower() not in self._history.transactions.remote_tags else 0.0
        after = last.start + begun_s - STAMP_HAIR_S  # the card that began it does not let go of its cable
        shown = any(c == connector and after < at < epoch_s for at, c in self._tags)
        since, until = last.stop + WHOLE_SECOND_S, epoch_s - STAMP_HAIR_S
        besides = self._connectors.touches(connector, since, until) > 1  # the cable itself
        opened = self._unlocked.get(connector, last.start) > last.start
        if shown or besides or opened or not self._keys.has_lock(connector, epoch_s):
            return None
        return last.id_tag.lower()

    def _is_left_alone(self, connector: int, epoch_s: float) -> bool:
        """Is it in service, where its status tells of the cable, and nothing else done to it?"""
        in_service = connector not in self._connectors.ordered_out
        return in_service and self._connectors.alone(connector, epoch_s, epoch_s + CARD_LOOK_S)

    def _pulled_at_the_car(self, connector: int, epoch_s: float) -> None:
        if self._is_left_alone(connector, epoch_s):
            told = self._told[connector]
            message = "the cable was pulled at the car after a refusal"
            self._ledger.judge(CABLE, told == "Finishing", epoch_s, connector, "Finishing", told, message)

    def _let_go(self, connector: int, epoch_s: float, tag: str) -> None:
        if self._is_left_alone(connector, epoch_s):
            told = self._told[connector]
            message = f"card {tag} was shown for its cable"
            self._ledger.judge(CABLE, told == "Available", epoch_s, connector, "Available", told, message)
