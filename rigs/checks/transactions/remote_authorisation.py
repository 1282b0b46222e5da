"""Is the idTag of a remote start authorised first, as AuthorizeRemoteTxRequests says (5.11, 9.1.2)?"""

from collections import deque
from typing import NamedTuple

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS, key
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R

REMOTE, SWITCH = "authorisation.remote", "AuthorizeRemoteTxRequests"
REQUIREMENTS = (
    R(
        REMOTE,
        "The idTag of a remote start is authorised first where the station is set to, else not",
        "5.11, 9.1.2",
        needs=(key(SWITCH),),
        arises=("RemoteStartTransaction",),
    ),
)
KNOWN_HERE = "a local list or cache may have known the idTag: switch LocalPreAuthorize off"


class Asked(NamedTuple):
    """Something that was said of an idTag: a remote start, a card, or an Authorize and its answer."""

    epoch_s: float
    id_tag: str
    status: str = ""


class RemoteAuthorisation:
    """Holds each start that only a remote start explains against the Authorize before it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._keys = context.history.keys
        self._remote: dict[str, float] = {}  # by idTag: when its remote start came
        self._authorised: deque[Asked] = deque(maxlen=64)
        self._cards: deque[Asked] = deque(maxlen=64)
        bus = context.bus
        bus.replies["RemoteStartTransaction"].append(self._accepted)
        bus.replies["Authorize"].append(self._answered)
        bus.calls["StartTransaction"].append(self._started)
        bus.events["tag"].append(self._card)

    def _accepted(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._remote[call.payload["idTag"].lower()] = call.epoch_s

    def _answered(self, call: Call) -> None:
        status = "" if call.reply is None else call.reply["idTagInfo"]["status"]
        self._authorised.append(Asked(call.epoch_s, call.payload["idTag"].lower(), status))

    def _card(self, event: Event) -> None:
        self._cards.append(Asked(event.epoch_s, str(event.detail.get("id_tag", "")).lower()))

    def _started(self, call: Call) -> None:
        started = self._history.transactions.started_by(call)
        asked = self._remote.pop(call.payload["idTag"].lower(), None)
        if started is None or asked is None or self._is_open(asked, call.epoch_s):
            return
        tag = started.id_tag.lower()
        if any(card.id_tag == tag for card in self._cards):
            return  # it may be the card that was authorised
        told = [one for one in self._authorised if one.id_tag == tag and one.epoch_s >= asked - STAMP_HAIR_S]
        if self._keys.flag(SWITCH, asked):
            self._beforehand(call, any(one.status == "Accepted" for one in told), asked)
        elif told and not self._context.evidence.events:
            self._ledger.not_compared(REMOTE, EVENTS.lacks)
        else:
            self._judge(call, not told, "no Authorize", "Authorize before the start")

    def _is_open(self, asked: float, started: float) -> bool:
        """May it do either: by its make, a setting that changes or is not known, a line that fails?"""
        return (
            self._context.policies.get("remote_start_id_tag") == "never-checked"
            or self._keys.text(SWITCH, asked) != self._keys.text(SWITCH, started)
            or bool(self._keys.changes(asked - STAMP_HAIR_S, SWITCH.lower()))  # in that instant
            or self._keys.text(SWITCH, asked) is None
            or self._history.link.may_be_queueing(started)
            or self._keys.has_option("com_AuthOptions", "AllowAllCards", asked)
        )

    def _beforehand(self, call: Call, is_authorised: bool, asked: float) -> None:
        if not is_authorised and self._may_know(asked):
            self._ledger.not_compared(REMOTE, KNOWN_HERE)
            return
        self._judge(call, is_authorised, "Authorize, answered Accepted, before the start", "none")

    def _may_know(self, epoch_s: float) -> bool:
        """May a list or cache have answered for the CSMS (LocalPreAuthorize, 9.1.13; chkOnlineAuth)?"""
        is_asked_first = (self._keys.text("LocalPreAuthorize", epoch_s) or "").lower() == "false"
        if is_asked_first and self._keys.asks_online(epoch_s):
            return False
        kept = ("LocalAuthListEnabled", "AuthorizationCacheEnabled")
        return any((self._keys.text(name, epoch_s) or "true").lower() != "false" for name in kept)

    def _judge(self, call: Call, good: bool, expected: str, actual: str) -> None:
        tag = call.payload["idTag"]
        message = f"a remote start of idTag {tag}, with {SWITCH} {self._keys.text(SWITCH, call.epoch_s)}"
        self._ledger.judge(REMOTE, good, call.epoch_s, call.connector, expected, actual, message)
