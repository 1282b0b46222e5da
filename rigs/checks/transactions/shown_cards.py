"""Which cards were shown where, which of them were asked for, and what was answered."""

from collections import deque
from typing import NamedTuple

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.connectors import BENCH_HAIR_S, STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context

CARD_SOON_S = 5.0  # assumed: what a card brings about follows so soon


class Said(NamedTuple):
    """An Authorize and what the CSMS answered."""

    epoch_s: float
    tag: str
    answered: float
    status: str


class ShownCards:
    """Follows cards and Authorize; `shown` are the instant, the connector and the idTag of each card.

    `parents` are the groups that answers told, by idTag; all of them in lower case.
    """

    def __init__(self, context: Context) -> None:
        self.shown: deque[tuple[float, int, str]] = deque(maxlen=256)
        self.parents: dict[str, str] = {}
        self._asked: deque[tuple[float, str]] = deque(maxlen=64)
        self._said: deque[Said] = deque(maxlen=64)
        context.bus.calls["Authorize"].append(lambda call: self._asked.append((call.epoch_s, tag_of(call))))
        context.bus.replies["Authorize"].append(self._authorized)
        context.bus.replies["StartTransaction"].append(self._confirmed)

    def _authorized(self, call: Call) -> None:
        if call.reply is not None:
            info = call.reply["idTagInfo"]
            self._said.append(Said(call.epoch_s, tag_of(call), call.answered_s, info["status"]))
            self._learn(tag_of(call), info)

    def _confirmed(self, call: Call) -> None:
        if call.reply is not None:
            self._learn(tag_of(call), call.reply["idTagInfo"])

    def _learn(self, tag: str, info: dict[str, str]) -> None:
        if "parentIdTag" in info:
            self.parents[tag] = info["parentIdTag"].lower()

    def was_being_asked(self, tag: str, epoch_s: float) -> bool:
        """Was a card shown before an instant, and its Authorize, maybe behind other CALLs, answered later?

        Shown at several connectors it is asked for as often, and which answer is whose nobody tells.
        """
        shown = [at for at, _, who in self.shown if who == tag and at <= epoch_s + STAMP_HAIR_S]
        answers = [said for said in self._said if said.tag == tag]
        return any(
            said.answered >= epoch_s - STAMP_HAIR_S
            for n, at in enumerate(shown)
            for said in [one for one in answers if one.epoch_s >= at][: len(shown) - n]
        )

    def was_asked(self, tag: str, epoch_s: float) -> bool:
        """Did an Authorize follow a card shown then?"""
        since, until = epoch_s - BENCH_HAIR_S, epoch_s + CARD_SOON_S
        return any(who == tag and since <= at <= until for at, who in self._asked)

    def answer(self, tag: str, epoch_s: float) -> str | None:
        """What the CSMS said of a card when asked for it just now; None where it said this and that of one
        shown at several connectors: which answer is whose nobody tells.
        """
        found = [
            said.status
            for said in self._said
            if said.tag == tag and epoch_s - BENCH_HAIR_S <= said.epoch_s <= epoch_s + CARD_SOON_S
        ]
        if len({*found}) > 1 and len(self._places(tag, epoch_s)) > 1:
            return None
        return found[-1] if found else None

    def _places(self, tag: str, epoch_s: float) -> set[int]:
        """The connectors at which a card was shown around an instant."""
        return {c for at, c, who in self.shown if who == tag and abs(at - epoch_s) <= CARD_SOON_S}


def tag_of(call: Call) -> str:
    return str(call.payload.get("idTag", "")).lower()
