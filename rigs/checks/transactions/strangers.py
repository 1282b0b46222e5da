"""A card that ends another's transaction, and is not of its group: other makers' stations (3.10).

Where hands are recorded, `id_tags` asks for more.
"""

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.transactions.id_tags import STOPS

MOST_GROUPS = 1000  # remembered


class Strangers:
    """Knows of each card what group the CSMS told it to be of, or that it is of none."""

    def __init__(self, context: Context) -> None:
        self._ledger, self._history = context.ledger, context.history
        self._groups: dict[str, tuple[float, str | None]] = {}  # by idTag in lower case: when told, and what
        if context.evidence.events:
            return
        for action in ("Authorize", "StartTransaction"):
            context.bus.replies[action].append(self._told)
        context.bus.calls["StopTransaction"].append(self._stops)

    def _told(self, call: Call) -> None:
        if call.reply is not None:
            parent = call.reply["idTagInfo"].get("parentIdTag")
            tag = call.payload["idTag"].lower()
            _, known = self._groups.get(tag, (0.0, None))  # which a reply may leave out (7.24)
            self._groups[tag] = call.answered_s, known if parent is None else parent.lower()
            if len(self._groups) > MOST_GROUPS:
                del self._groups[next(iter(self._groups))]

    def _stops(self, call: Call) -> None:
        its, tag = self._history.transactions.stopped_by(call), call.payload.get("idTag", "").lower()
        if its is None or not tag or call.payload.get("reason", "Local") != "Local" or not its.is_stop_sure:
            return
        own = its.id_tag.lower()
        if tag == own or not {tag, own} <= self._groups.keys() or self._lists(tag, own):
            return
        (told_s, group), (_, own_group) = self._groups[tag], self._groups[own]
        if told_s < its.start or self._history.keys.has_option("com_AuthOptions", "StopOnAnyCrd"):
            return  # a station that lets any card end it need not ask for it
        good = group is not None and group == own_group
        expected = f"{its.id_tag}, or a card of its group"
        message = f"{its.name} is ended by another's card"
        actual = call.payload["idTag"]
        self._ledger.judge(STOPS, good, call.epoch_s, its.connector, expected, actual, message)

    def _lists(self, *tags: str) -> bool:
        """What the local list says of a card may count (3.5.3)."""
        return any(tag in self._history.local_list.entries for tag in tags)
