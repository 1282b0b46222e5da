"""What a station decides by itself: by the local list, the cache, and its keys for a lost link (3.5)."""

from collections import deque
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch
from evc5.rigs.checks.state.connectors import ANEW_TOLD_S, QUIET_S, STAMP_HAIR_S, UNSEEN_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS, key
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.transactions.connection_timeout import NEAR_S
from evc5.rigs.checks.transactions.id_tags import ASKED, CARD_LOOK_S, KEEPS_CABLE
from evc5.rigs.checks.transactions.shown_cards import CARD_SOON_S

OUT = ("Unavailable", "Faulted", "Reserved")  # statuses in which a connector may serve nobody
KNOWN, ALONE, CONFLICT = "card.known", "card.offline", "list.conflict"
REQUIREMENTS = (
    R(
        CONFLICT,
        "Where the CSMS contradicts the local list it is told so, and nowhere else",
        "3.5.2, 7.6",
        needs=(EVENTS,),
        arises=("SendLocalList",),
    ),
    R(
        KNOWN,
        "A card that list or cache accept is not asked for, under LocalPreAuthorize",
        "3.5, 9.1.12, TC_008_1_CS",
        needs=(EVENTS,),
        arises=("SendLocalList",),
    ),
    R(
        ALONE,
        "Without a link list, cache and keys decide who may charge",
        "3.5.3, 3.5.4, TC_037_1_CS, TC_039_CS",
        needs=(EVENTS,),
        arises=("SendLocalList",),
    ),
)
CONFLICT_CODE = "LocalListConflict"
MUTE_S = 600.0  # assumed: behind CALLs that get no reply it is told later
KEPT = ("Accepted", "ConcurrentTx")


class Shown(NamedTuple):
    """A card at a connector with a car, nothing running there; `status` is what the station knows of it."""

    connector: int
    epoch_s: float
    tag: str
    status: str | None
    online: bool


class Unconnected:
    """Keeps list and cache as the frames make them, and judges starts of cards by them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._list = context.history.local_list.entries
        self._cache: dict[str, dict[str, Any]] = {}
        self._may_know_more = False  # of a time when the cache was out of use
        self._doubtful: set[str] = set()  # of these tags the latest answer may have been taken for none
        self._asked: deque[tuple[float, str]] = deque(maxlen=64)
        self._starts: deque[Transaction] = deque(maxlen=256)
        self._offline: deque[Shown] = deque(maxlen=256)  # judged when the starts of the outage are told
        self._conflict_epoch_s = self._conflict_told_epoch_s = float("-inf")
        if not context.evidence.from_power_on:
            return
        context.bus.calls["StatusNotification"].append(self._told)
        bus = context.bus
        bus.replies["SendLocalList"].append(self._sent)
        bus.replies["ClearCache"].append(self._cleared)
        bus.replies["ChangeConfiguration"].append(self._switched)
        for action in ("Authorize", "StartTransaction", "StopTransaction"):
            bus.replies[action].append(self._learnt)
        bus.calls["Authorize"].append(
            lambda call: self._asked.append((call.epoch_s, call.payload["idTag"].lower()))
        )
        bus.calls["StartTransaction"].append(self._started)
        bus.events["tag"].append(self._shown)
        bus.end.append(self._end)

    # -- list and cache --------------------------------------------------------------------------

    def _sent(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            for tag in self._list:
                self._cache.pop(tag, None)  # 3.5.3

    def _cleared(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._cache.clear()
            self._may_know_more = False

    def _switched(self, call: Call) -> None:
        """What a cache out of use keeps is open: nothing is said of it from then on."""
        if call.payload["key"].lower() in ("authorizationcacheenabled", "localauthlistenabled"):
            self._may_know_more |= bool(self._cache)
            self._cache.clear()

    def _told(self, call: Call) -> None:
        if call.payload["errorCode"] != CONFLICT_CODE:
            return
        if self._keys.text("LocalAuthListEnabled") is None:
            self._ledger.not_compared(CONFLICT, key("LocalAuthListEnabled").lacks)
        else:
            held_up = self._link.was_unheard(self._conflict_epoch_s, call.epoch_s) or self._link.is_mute(
                call.epoch_s
            )
            good = call.epoch_s - self._conflict_epoch_s <= (MUTE_S if held_up else CARD_LOOK_S)
            message = "a conflict of the local list is told"
            self._ledger.judge(
                CONFLICT, good, call.epoch_s, call.connector, "a contradiction before", "none", message
            )
        self._conflict_told_epoch_s = call.epoch_s

    def _contradicts(self, tag: str, call: Call) -> None:
        """Accepted here and not there, or the other way round, of a list that is or may be in use."""
        listed, said = self._list[tag]["status"] in KEPT, (call.reply or {})["idTagInfo"]["status"] in KEPT
        epoch_s = call.answered_s
        in_use = {self._keys.flag("LocalAuthListEnabled", when) for when in (call.epoch_s, epoch_s)}
        if listed != said and "expiryDate" not in self._list[tag] and in_use != {False}:
            self._conflict_epoch_s = epoch_s
            if call.doubtful or in_use != {True}:
                return
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._conflict_due, epoch_s, tag))

    def _conflict_due(self, epoch_s: float, tag: str) -> None:
        edge = np.array([epoch_s, epoch_s + CARD_LOOK_S])
        if not self._connectors.unsure(edge, 0.0).any() and not self._link.was_held_up(
            epoch_s, epoch_s + CARD_LOOK_S
        ):
            good = self._conflict_told_epoch_s >= epoch_s
            message = f"the CSMS contradicts the local list on {tag}"
            self._ledger.judge(CONFLICT, good, epoch_s, None, CONFLICT_CODE, "nothing", message)

    def _learnt(self, call: Call) -> None:
        tag = call.payload.get("idTag", "").lower()
        if call.reply is None or "idTagInfo" not in call.reply or not tag:
            return
        if tag in self._list:
            self._contradicts(tag, call)
        listed = tag in self._list and self._is("LocalAuthListEnabled", call.epoch_s)
        (self._doubtful.add if call.doubtful else self._doubtful.discard)(tag)
        if call.reply is not None and not listed and self._is("AuthorizationCacheEnabled", call.epoch_s):
            self._cache[tag] = call.reply["idTagInfo"]

    def _started(self, call: Call) -> None:
        running = self._history.transactions.open.get(call.payload["connectorId"])
        if running is not None and running.start_told == call.epoch_s:
            self._starts.append(running)

    def _is(self, key: str, epoch_s: float) -> bool:
        return bool(self._keys.flag(key, epoch_s))

    def _may_be_known(self, tag: str, epoch_s: float) -> bool:
        """Is it in a list or a cache of which nobody told whether it is in use?"""
        held = {"LocalAuthListEnabled": self._list, "AuthorizationCacheEnabled": self._cache}
        return any(tag in tags and self._keys.text(key, epoch_s) is None for key, tags in held.items())

    def _status(self, tag: str, epoch_s: float) -> str | None:
        """What the station knows of a card: Expired past its date (3.5.1)."""
        info = self._list.get(tag) if self._is("LocalAuthListEnabled", epoch_s) else None
        if info is None and self._is("AuthorizationCacheEnabled", epoch_s):
            info = self._cache.get(tag)
        if info is None:
            return None
        expiry = info.get("expiryDate")
        return (
            "Expired"
            if info["status"] in KEPT and expiry and epoch(expiry) <= epoch_s
            else str(info["status"])
        )

    # -- cards -----------------------------------------------------------------------------------

    def _shown(self, event: Event) -> None:
        connector = event.connector or 0
        epoch_s = event.epoch_s
        tag = str(event.detail.get("id_tag", "")).lower()
        takes_all = self._keys.has_option("com_AuthOptions", "AllowAllCards", epoch_s)
        if not self._keys.has_reader(connector) or tag in self._doubtful:
            return
        if takes_all or self._connectors.plugged[connector].begin_of(epoch_s) is None:
            return
        if self._connectors.statuses.get(connector) in OUT or self._connectors.ordered_out & {
            0,
            connector,
        }:
            return
        known = self._status(tag, epoch_s)
        if known is None and self._may_be_known(tag, epoch_s):
            return
        shown = Shown(connector, epoch_s, tag, known, self._link.down_since is None)
        if shown.online and self._connectors.statuses.get(connector) != "Preparing":
            return  # not free, or its cable was not noticed: other checks see to that
        if not shown.online:
            self._offline.append(shown)
        elif shown.status == "Accepted" and self._is("LocalPreAuthorize", epoch_s):
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._unasked, shown))
        elif (
            shown.status is None
            and self._is("LocalPreAuthorize", epoch_s)
            and self._asks_for_unknown(epoch_s)
        ):
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._unknown, shown))

    def _asks_for_unknown(self, epoch_s: float) -> bool:
        return self._keys.asks_online(epoch_s) and not self._may_know_more

    def _plain(self, shown: Shown) -> bool:
        """Nothing else was done, and the connector was free: plugged in since the last transaction there."""
        connectors, epoch_s = self._connectors, shown.epoch_s
        plugged = connectors.plugged[shown.connector].begin_of(epoch_s) or epoch_s
        out_epoch_s = float(connectors.plugged[shown.connector].last_end(np.array([plugged]))[0])
        running = connectors.running[shown.connector]
        before = np.array([epoch_s - WHOLE_SECOND_S])
        edge = np.array([epoch_s, epoch_s + CARD_LOOK_S])
        return (
            connectors.touches(shown.connector, epoch_s - QUIET_S, epoch_s + CARD_LOOK_S) == 1
            and plugged - out_epoch_s >= UNSEEN_S
            and self._is_preparing_since(plugged, epoch_s)
            and connectors.touches(shown.connector, plugged + STAMP_HAIR_S, epoch_s - STAMP_HAIR_S) == 0
            and not running.cover(before).any()
            and not bool(running.last_end(before)[0] >= plugged - WHOLE_SECOND_S)
            and not connectors.faulty[shown.connector].cover(edge).any()
            and not self._history.boots.is_dark(epoch_s, ANEW_TOLD_S)
            and not self._may_be_kept(shown)
        )

    def _is_preparing_since(self, plugged: float, epoch_s: float) -> bool:
        """Is it well within ConnectionTimeOut? 0 is for ever."""
        wait_s = self._keys.integer("ConnectionTimeOut", epoch_s)
        return wait_s is not None and (wait_s == 0 or epoch_s - plugged < wait_s - NEAR_S)

    def _may_be_kept(self, shown: Shown) -> bool:
        """Does the socket hold the cable of one refused or left at the car, for its card (ER 3.5)?"""
        finished = self._history.transactions.finished.get(shown.connector, ())
        before = [its for its in finished if its.stop is not None and its.stop <= shown.epoch_s]
        return bool(before) and before[-1].reason in KEEPS_CABLE

    def _start_of(self, shown: Shown) -> Transaction | None:
        return next(
            (
                s
                for s in self._starts
                if s.connector == shown.connector and abs(s.start - shown.epoch_s) <= CARD_SOON_S
            ),
            None,
        )

    def _is_sure(self, shown: Shown) -> bool:
        edge = np.array([shown.epoch_s, shown.epoch_s + CARD_LOOK_S])
        silent = self._link.was_unheard(*edge.tolist())
        return self._plain(shown) and not self._connectors.unsure(edge).any() and not silent

    def _was_asked(self, shown: Shown) -> bool:
        return any(
            tag == shown.tag and abs(epoch_s - shown.epoch_s) <= CARD_SOON_S for epoch_s, tag in self._asked
        )

    def _unknown(self, shown: Shown) -> None:
        """Neither list nor cache have it, or not any more (5.4)."""
        if self._is_sure(shown):
            good = self._was_asked(shown)
            message = f"card {shown.tag} is in no list and no cache"
            self._ledger.judge(
                ASKED, good, shown.epoch_s, shown.connector, "Authorize at once", "none", message
            )

    def _unasked(self, shown: Shown) -> None:
        if not self._is_sure(shown):
            return
        asked = self._was_asked(shown)
        started = self._start_of(shown)
        good = not asked and started is not None and started.id_tag.lower() == shown.tag
        actual = f"{'Authorize' if asked else 'no Authorize'}, {'a start' if started else 'no start'}"
        message = f"card {shown.tag} is known to the station"
        self._ledger.judge(
            KNOWN, good, shown.epoch_s, shown.connector, "a start at once, no Authorize", actual, message
        )

    def _end(self, end: float) -> None:
        until = self._link.delivered_until(end, self._context.tolerances.grace_s)
        for shown in self._offline:
            if shown.epoch_s < until and self._plain(shown) and self._in_outage(shown.epoch_s):
                self._alone(shown)

    def _in_outage(self, epoch_s: float) -> bool:
        """One that the station knows of, and that nothing ended while the card was looked at."""
        return self._link.was_down(epoch_s) and not self._link.is_mute(epoch_s)

    def _alone(self, shown: Shown) -> None:
        known, epoch_s = shown.status, shown.epoch_s
        if known is not None and (known != "Accepted" or self._is("LocalAuthorizeOffline", epoch_s)):
            may = known == "Accepted"
        else:
            anybody = self._keys.has_option("com_AuthOptions", "AllowAllCards", epoch_s)
            may = anybody or self._is("AllowOfflineTxForUnknownId", epoch_s)
        started = self._start_of(shown)
        good = (started is not None and started.id_tag.lower() == shown.tag) == may
        what = f"card {shown.tag}, {known or 'unknown'} to the station, while there was no link"
        expected, actual = "a start" if may else "no start", "a start" if started else "none"
        self._ledger.judge(ALONE, good, epoch_s, shown.connector, expected, actual, what)
