"""What cards bring about: who is asked, what starts, what stops (3.10, 4.1, 4.8).

Only plain situations are judged: nothing else was done to the connector or the station at the time, no fault,
no outage. So a finding here needs no second reading.
"""

from collections import deque
from functools import partial

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.transactions.connection_timeout import NEAR_S
from evc5.rigs.checks.transactions.shown_cards import CARD_SOON_S, ShownCards, tag_of

STOPS, STARTS, ASKED = "card.stops", "card.starts", "card.asked"
NEEDLESS, BACK = "card.needless", "card.taken-back"
CAUSE = "transaction.start-cause"
REQUIREMENTS = (
    R(
        STOPS,
        "A card stops its own transaction, or one of its group, and no other",
        "3.10, TC_005_1_CS",
        needs=(EVENTS,),
        arises=("StopTransaction",),
    ),
    R(
        ASKED,
        "A card that nobody knows is asked for",
        "4.1, TC_003_CS",
        needs=(EVENTS,),
        arises=("Authorize",),
    ),
    R(
        NEEDLESS,
        "A card is not asked for where nothing can begin",
        "4.1",
        needs=(EVENTS,),
        arises=("Authorize",),
    ),
    R(
        BACK,
        "A card shown again takes back what it began, and no other card does",
        "4.9 B1",
        needs=(EVENTS,),
        arises=("Authorize",),
    ),
    R(
        STARTS,
        "An accepted card and a cable start a transaction",
        "4.1, 4.8, TC_003_CS, TC_004_1_CS",
        needs=(EVENTS,),
        arises=("Authorize",),
    ),
    R(
        CAUSE,
        "Every transaction has its card or its remote start",
        "4.8, 5.11",
        needs=(EVENTS,),
        arises=("StartTransaction",),
    ),
)
CARD_LOOK_S = 15.0  # assumed: a back office answers within ten seconds; of one that does not nothing is said
SAME_CLOCK_S = 1.0  # where the station's clock is that of the recording
REFUSED = "DeAuthorized"
KEEPS_CABLE = (REFUSED, "EVDisconnected")  # ER 3.5; UnlockConnectorOnEVSideDisconnect may be false
LONGEST_WAIT_S = 600.0  # from a card to the start that it brings about


class Cards:
    """Follows cards, Authorize, starts and stops."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._cards = ShownCards(context)
        self._starts: deque[Transaction] = deque(maxlen=64)
        self._stops: deque[tuple[Transaction, str]] = deque(maxlen=64)
        self._remote: deque[tuple[float, str]] = deque(maxlen=64)
        self._told: dict[int, tuple[float, str]] = {}
        self._given_up: dict[int, float] = {}  # by connector: when Preparing was last given up
        bus = context.bus
        bus.calls["StartTransaction"].append(self._started)
        bus.calls["StopTransaction"].append(self._stopped)
        bus.replies["RemoteStartTransaction"].append(self._remotely)
        if context.evidence.events:
            bus.calls["StatusNotification"].append(self._status)
            bus.events["tag"].append(self._shown)
            bus.events["plug-in"].append(self._plugged)

    # -- what the frames tell --------------------------------------------------------------------

    def _remotely(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._remote.append((call.epoch_s, tag_of(call)))

    def _started(self, call: Call) -> None:
        running = self._history.transactions.open.get(call.payload["connectorId"])
        if running is None or running.start_told != call.epoch_s:
            return
        self._starts.append(running)
        if self._context.evidence.events:
            self._caused(running)

    def _stopped(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is not None:
            self._stops.append((stopped, tag_of(call)))

    # -- transactions ----------------------------------------------------------------------------

    def _caused(self, running: Transaction) -> None:
        """The card, the remote start, or an option that needs neither (chg_Ch1Options PlugAndCharge)."""
        fault_epoch_s = self._connectors.faulty[running.connector].begin_of(running.start - WHOLE_SECOND_S)
        tag, since = running.id_tag.lower(), self._waits_since(fault_epoch_s or running.start)
        plug_and_charge = self._keys.has_option(
            f"chg_Ch{running.connector}Options", "PlugAndCharge", running.start
        )
        free_epoch_s = self._given_up.get(running.connector, -np.inf)
        doubt_s = self._ledger.time.doubt_s(running.start)
        by = running.start + WHOLE_SECOND_S + doubt_s
        if free_epoch_s > running.start or self._cards.was_being_asked(tag, free_epoch_s):
            free_epoch_s = -np.inf  # the card was asked for when it was given up, or had started by then
        shown = any(
            c == running.connector
            and who == tag
            and (epoch_s >= since or self._waits_for_ever(epoch_s))
            and free_epoch_s - STAMP_HAIR_S - doubt_s <= epoch_s <= by
            for epoch_s, c, who in reversed(self._cards.shown)
        )
        asked = any(
            who == tag and epoch_s <= by and (epoch_s >= since or self._waits_for_ever(epoch_s))
            for epoch_s, who in reversed(self._remote)
        )
        good = shown or asked or plug_and_charge
        message = f"a transaction starts on idTag {running.id_tag}, which nobody showed or sent"
        expected = "a card or a remote start before"
        self._ledger.judge(CAUSE, good, running.start_told, running.connector, expected, "neither", message)

    def _waits_for_ever(self, epoch_s: float) -> bool:
        """Does who came at this instant wait without end, whatever is set later?"""
        return self._keys.integer("ConnectionTimeOut", epoch_s) == 0

    def _any_waits_for_ever(self, instants: list[float]) -> bool:
        """The same of any; nearly nobody has such a station."""
        return self._keys.was_ever("ConnectionTimeOut", 0) and any(map(self._waits_for_ever, instants))

    def _waits_since(self, epoch_s: float) -> float:
        """Since when a card may have waited; with a ConnectionTimeOut of 0 it does so for ever."""
        limits = {self._keys.integer("ConnectionTimeOut", at) for at in (epoch_s - LONGEST_WAIT_S, epoch_s)}
        return -np.inf if 0 in limits else epoch_s - LONGEST_WAIT_S

    # -- cards -----------------------------------------------------------------------------------

    def _shown(self, event: Event) -> None:
        connector = event.connector or 0
        epoch_s = event.epoch_s
        tag = str(event.detail.get("id_tag", "")).lower()
        self._cards.shown.append((epoch_s, connector, tag))
        if not self._keys.has_reader(connector):
            return
        told_epoch_s, told = self._told.get(connector, (None, ""))
        self._agenda.at(
            epoch_s + CARD_LOOK_S, partial(self._followed, connector, epoch_s, tag, told, told_epoch_s)
        )

    def _followed(
        self, connector: int, epoch_s: float, tag: str, told: str, told_epoch_s: float | None
    ) -> None:
        if not self._connectors.alone(connector, epoch_s, epoch_s + CARD_LOOK_S):
            return
        running = self._connectors.running[connector].begin_of(epoch_s - 2 * STAMP_HAIR_S)
        if running is not None and running < epoch_s - WHOLE_SECOND_S:
            begun = (s for s in reversed(self._starts) if s.connector == connector and s.start == running)
            its = next(begun, None)
            if its is not None:
                self._in_transaction(its, epoch_s, tag)
        elif running is None and told in ("Available", "Preparing") and self._is_first(connector, epoch_s):
            self._at_rest(connector, epoch_s, tag)
        elif running is None and told == "Preparing" and told_epoch_s is not None:
            self._shown_again(connector, epoch_s, tag, told_epoch_s)
        elif running is None and told == "Unavailable" and self._told[connector][1] == told:
            self._out_of_service(connector, epoch_s, tag)

    def _shown_again(self, connector: int, epoch_s: float, tag: str, told_epoch_s: float) -> None:
        """While a card waits for its cable: the same one takes it back, another changes nothing."""
        waits_s = float(self._keys.integer("ConnectionTimeOut", epoch_s) or 0)
        before = [
            who
            for at, c, who in self._cards.shown
            if c == connector and told_epoch_s - CARD_LOOK_S <= at < epoch_s
        ]
        plugged = self._connectors.plugged[connector].begin_of(epoch_s) is not None
        remote = any(told_epoch_s - LONGEST_WAIT_S <= at <= epoch_s for at, _ in self._remote)
        if (
            plugged
            or remote
            or len(before) != 1
            or not told_epoch_s + CARD_SOON_S < epoch_s < told_epoch_s + waits_s - CARD_LOOK_S
        ):
            return
        expected = "Available" if before[0] == tag else "Preparing"
        told = self._told[connector][1]
        message = f"card {tag} was shown while {before[0]} waits for its cable"
        self._ledger.judge(BACK, told == expected, epoch_s, connector, expected, told, message)

    def _may_keep_a_cable(self, connector: int, epoch_s: float) -> bool:
        """ER 3.5: a card of the group lets go of the cable of a transaction that did not unlock it.

        That of one that was refused stays in its lock as the car goes.
        """
        over = list(self._history.transactions.finished.get(connector, ()))[-1:]
        plugged = self._connectors.plugged[connector].begin_of(epoch_s) is not None
        locked = self._keys.has_lock(connector, epoch_s) is not False
        return any(
            (plugged and last.reason in KEEPS_CABLE) or (locked and last.reason == REFUSED) for last in over
        )

    def _out_of_service(self, connector: int, epoch_s: float, tag: str) -> None:
        """Shown at one connector only, and not asked for on behalf of the CSMS."""
        if self._may_keep_a_cable(connector, epoch_s):
            return
        shown = sum(who == tag and abs(at - epoch_s) <= CARD_SOON_S for at, _, who in self._cards.shown)
        if shown == 1 and not any(
            who == tag and abs(at - epoch_s) <= CARD_SOON_S for at, who in self._remote
        ):
            asked = self._cards.was_asked(tag, epoch_s)
            message = f"card {tag} was shown at a connector out of service"
            actual = "Authorize"
            self._ledger.judge(NEEDLESS, not asked, epoch_s, connector, "no Authorize", actual, message)

    def _in_transaction(self, its: Transaction, epoch_s: float, tag: str) -> None:
        if self._keys.has_option("com_AuthOptions", "StopOnAnyCrd") or not self._keys.asks_online(epoch_s):
            return
        own = tag == its.id_tag.lower()
        answer = self._cards.answer(tag, epoch_s)
        group = self._cards.parents.get(its.id_tag.lower())
        if not own and answer is None:  # known by cache or list, or nothing that could stop it
            asks = not self._keys.has_option("com_AuthOptions", "AllowAllCards")
            if asks and group is not None and self._keys.flag("LocalPreAuthorize", epoch_s) is False:
                message = f"card {tag} was shown in a transaction of group {group}, and not asked for"
                asked = self._cards.was_asked(tag, epoch_s)
                self._ledger.judge(ASKED, asked, epoch_s, its.connector, "Authorize at once", "none", message)
            return
        may = own or (answer == "Accepted" and group is not None and self._cards.parents.get(tag) == group)
        stopped = its.stop is not None and epoch_s - WHOLE_SECOND_S <= its.stop <= epoch_s + CARD_LOOK_S
        by = next((who for stop, who in self._stops if stop is its), "")
        good = may == stopped and (not stopped or (its.reason == "Local" and by in ("", tag)))
        if own and stopped:
            good = good and (its.stop or epoch_s) <= epoch_s + CARD_SOON_S
        actual = (
            f"{its.reason} at {iso(its.stop or epoch_s)}, idTag {by or 'none'}" if stopped else "it goes on"
        )
        expected = f"Local at once, idTag {tag}" if may else "it goes on"
        message = f"card {tag} was shown in transaction {its.id} of {its.id_tag}"
        self._ledger.judge(STOPS, good, epoch_s, its.connector, expected, actual, message)

    def _is_first(self, connector: int, epoch_s: float) -> bool:
        """Does no earlier card wait here?"""
        limit_s = self._keys.integer("ConnectionTimeOut", epoch_s)
        since = epoch_s - float(limit_s or LONGEST_WAIT_S) - CARD_LOOK_S
        before = [at for at, c, _ in self._cards.shown if c == connector and at < epoch_s]
        before += [at for at, _ in self._remote if at <= epoch_s]
        return not any(since <= at for at in before) and not self._any_waits_for_ever(before)

    def _at_rest(self, connector: int, epoch_s: float, tag: str) -> None:
        """Nothing runs: the CSMS is asked, and what it accepts starts where the cable is in."""
        if self._keys.has_option("com_AuthOptions", "AllowAllCards") or not self._keys.asks_online(epoch_s):
            return
        asked = self._cards.was_asked(tag, epoch_s)
        knows = self._keys.flag("LocalPreAuthorize", epoch_s) is not False
        if not knows:
            message = f"card {tag} was shown and not asked for"
            self._ledger.judge(ASKED, asked, epoch_s, connector, "Authorize at once", "none", message)
        plugged = self._connectors.plugged[connector].begin_of(epoch_s)
        if (
            self._cards.answer(tag, epoch_s) == "Accepted"
            and plugged is not None
            and plugged < epoch_s - WHOLE_SECOND_S
        ):
            self._expect(
                connector, epoch_s, epoch_s + CARD_LOOK_S, tag, "an accepted card at a connector with a car"
            )

    def _expect(self, connector: int, since: float, until: float, tag: str, what: str) -> None:
        by = since - WHOLE_SECOND_S
        started = [s for s in self._starts if s.connector == connector and by <= s.start <= until]
        good = any(s.id_tag.lower() == tag for s in started)
        actual = f"a start on {started[0].id_tag}" if started else "none"
        self._ledger.judge(STARTS, good, since, connector, f"StartTransaction on {tag}", actual, what)

    def _plugged(self, event: Event) -> None:
        """A cable after its card."""
        connector = event.connector or 0
        epoch_s = event.epoch_s
        told_epoch_s, told = self._told.get(connector, (0.0, ""))
        shown = [
            who
            for at, c, who in self._cards.shown
            if c == connector and told_epoch_s - CARD_LOOK_S <= at <= told_epoch_s
        ]
        waits = (
            told == "Preparing"
            and epoch_s - told_epoch_s < float(self._keys.integer("ConnectionTimeOut", epoch_s) or 0) - NEAR_S
        )
        if (
            waits
            and len(shown) == 1
            and self._cards.answer(shown[0], told_epoch_s - CARD_SOON_S) == "Accepted"
        ):
            self._agenda.at(epoch_s + CARD_LOOK_S, partial(self._came, connector, epoch_s, shown[0]))

    def _came(self, connector: int, epoch_s: float, tag: str) -> None:
        if self._connectors.alone(connector, epoch_s, epoch_s + CARD_LOOK_S):
            self._expect(connector, epoch_s, epoch_s + CARD_SOON_S, tag, "a cable after its accepted card")

    # -- statuses --------------------------------------------------------------------------------

    def _status(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        before = self._told.get(connector)
        if before is not None and before[1] == status:
            return
        self._told[connector] = (call.epoch_s, status)
        if before is not None and before[1] == "Preparing" and status == "Available":
            self._taken_back(connector, call)

    def _taken_back(self, connector: int, call: Call) -> None:
        """B1: a card shown until then starts nothing any more, be it shown twice or waited in vain."""
        told_epoch_s = epoch(call.payload.get("timestamp", iso(call.epoch_s)))
        if abs(call.epoch_s - told_epoch_s) < SAME_CLOCK_S:
            self._given_up[connector] = told_epoch_s
