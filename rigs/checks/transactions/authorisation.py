"""Who may charge: what the CSMS said of an idTag is kept to (3.5, 4.1, 4.8)."""

from collections import deque
from typing import NamedTuple

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.flow import CARRIES_A, flow_of
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.connectors import BENCH_HAIR_S, STAMP_HAIR_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import key
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.transactions.connection_timeout import NEAR_S
from evc5.rigs.checks.transactions.offline import ALONE, KNOWN

RESPECTED, ENDED, TWICE = "authorisation.respected", "authorisation.ended", "authorisation.own-stop"
REQUIREMENTS = (
    R(RESPECTED, "No transaction starts on an idTag just refused", "4.1, 3.5, TC_007_1_CS"),
    R(
        ENDED,
        "A start that the CSMS refuses is ended, or left without energy",
        "9.1.26, ER 3.17",
        needs=(key("StopTransactionOnInvalidId"),),
    ),
    R(TWICE, "Who started a transaction stops it without asking again", "3.10, TC_005_1_CS"),
)
MOST_SAID = 1000  # remembered
MOST_WAITING = 16  # places at which one card may be waited for
FRESH_S = 60.0  # assumed: a refusal is "just" given so long before the start
END_S = 60.0  # assumed: how soon a refused start is ended
ELSEWHERE_S = 2.0  # assumed: by then a refusal at one connector is known at the other
CONCURRENT = "ConcurrentTx"
MOST_ENERGY = "MaxEnergyOnInvalidId"
ASK_S = 5.0  # an Authorize so shortly before a stop was for that stop


class Said(NamedTuple):
    """What the CSMS said of a card: when it was asked, and when it answered."""

    asked_s: float
    answered_s: float
    status: str
    by_authorize: bool = False  # else by the answer to a start or stop


NOTHING = Said(float("-inf"), float("-inf"), "")


class Authorisation:
    """Follows Authorize, StartTransaction and StopTransaction by idTag; idTags are case-insensitive."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._keys = context.history.keys
        self._said: dict[str, Said] = {}  # by idTag
        self._accepted: dict[str, list[float]] = {}  # by idTag: when, and none has begun on it yet
        self._refused: list[tuple[Transaction, float]] = []
        self._unwanted: dict[int, tuple[Transaction, float]] = {}  # by connector: refused, and when
        self._asked: deque[tuple[float, str]] = deque(maxlen=16)
        self._listed_at = float("-inf")  # when the local list was last sent
        self._sent: deque[tuple[float, str]] = deque(maxlen=16)  # as it was asked for, answered or not
        self._tags: deque[Event] = deque(maxlen=16)
        bus = context.bus
        bus.calls["Authorize"].append(self._authorize)
        bus.replies["Authorize"].append(self._authorized)
        bus.replies["SendLocalList"].append(self._listed)
        bus.replies["StartTransaction"].append(self._confirmed)
        bus.calls["StartTransaction"].append(self._start)
        bus.calls["StopTransaction"].append(self._stop)
        bus.replies["StopTransaction"].append(self._stop_confirmed)
        bus.events["tag"].append(self._tags.append)
        if not context.evidence.from_power_on:
            bus.readings.append(self._readings)
        bus.end.append(self._end)

    def _authorize(self, call: Call) -> None:
        """A card shown where its own transaction runs is not asked for, whether it stops it or not."""
        tag = call.payload["idTag"].lower()
        self._sent.append((call.epoch_s, tag))
        shown = [
            e for e in self._tags if call.epoch_s - ASK_S <= e.epoch_s <= call.epoch_s and tag == _tag(e)
        ]
        running = self._history.transactions.open.get(shown[0].connector or 0) if len(shown) == 1 else None
        left = running is not None and self._connectors.ending.get(running.connector, -1.0) >= running.start
        if left or self._just_remote(tag, call.epoch_s) or self._link.may_be_queueing(call.epoch_s):
            return  # its stop may be waiting to be told, or a remote start's tag is asked for
        if (
            running is not None
            and running.id_tag.lower() == tag
            and running.start < shown[0].epoch_s - WHOLE_SECOND_S
        ):
            message = f"Authorize was sent for the idTag that started transaction {running.id}"
            self._ledger.broken(TWICE, call.epoch_s, running.connector, "no Authorize", "Authorize", message)

    def _authorized(self, call: Call) -> None:
        tag = call.payload["idTag"].lower()
        self._asked.append((call.epoch_s, tag))
        if not self._context.evidence.events:
            self._needless(call, tag)
        if call.reply is not None:
            _, answered_s, before, _ = self._said.get(tag, NOTHING)
            if (
                before != "Accepted" or call.epoch_s - answered_s > WHOLE_SECOND_S
            ):  # else the start may rest on either
                answered_s = call.answered_s
                self._said[tag] = Said(call.epoch_s, answered_s, call.reply["idTagInfo"]["status"], True)
            if call.reply["idTagInfo"]["status"] == "Accepted":
                self._accepted[tag] = [*self._accepted.get(tag, ())[-MOST_WAITING:], answered_s]
            for known in (self._said, self._accepted):
                if len(known) > MOST_SAID:
                    del known[next(iter(known))]

    def _needless(self, call: Call, tag: str) -> None:
        """A card that the list accepts is not asked for, where the station goes by it (9.1.12)."""
        keys = [self._keys.flag(name, call.epoch_s) for name in ("LocalAuthListEnabled", "LocalPreAuthorize")]
        listed = self._history.local_list.entries.get(tag, {})
        if all(keys) and listed.get("status") == "Accepted" and "expiryDate" not in listed:
            message = f"idTag {call.payload['idTag']} is asked for, which the local list accepts"
            self._ledger.broken(KNOWN, call.epoch_s, None, "no Authorize", "Authorize", message)

    def _listed(self, call: Call) -> None:
        self._listed_at = call.answered_s

    def _listed_as_bad(self, call: Call, tag: str) -> None:
        """3.5.4: offline a card that the list refuses begins nothing; told so late it was.

        Told at once it was asked for before, for what is listed is in no cache that may let it in (3.5.3).
        """
        begun = call.happened_s
        listed = self._history.local_list.entries.get(tag, {}).get("status", "Accepted")
        in_use = self._keys.flag("LocalAuthListEnabled", call.epoch_s) and begun >= self._listed_at
        asked = any(who == tag and abs(at - begun) <= FRESH_S for at, who in self._sent)
        if listed in ("Accepted", CONCURRENT) or not in_use or asked or self._is_for_anybody(call):
            return
        if not self._context.evidence.events and not self._remotely(tag):
            offline = call.epoch_s - begun > FRESH_S
            where = "offline" if offline else "unasked"
            message = f"a transaction starts {where} on idTag {call.payload['idTag']}"
            expected, actual = "no start", f"{listed} in the local list"
            self._ledger.broken(ALONE, call.epoch_s, call.connector, expected, actual, message)

    def _is_for_anybody(self, call: Call) -> bool:
        """Is every card welcome, or none needed?"""
        keys, at = self._keys, call.happened_s
        anybody = keys.has_option("com_AuthOptions", "AllowAllCards", at)
        return anybody or keys.has_option(f"chg_Ch{call.connector}Options", "PlugAndCharge", at)

    def _start(self, call: Call) -> None:
        tag = call.payload["idTag"].lower()
        self._listed_as_bad(call, tag)
        last = self._said.get(tag, NOTHING)
        said_epoch_s, _, said, _ = last
        waits = self._waits(tag, call) or self._was_shown_before(tag, call, last)
        if not said:
            return
        started = self._history.transactions.open[call.payload["connectorId"]]
        fresh = 0.0 <= started.start + self._context.tolerances.sample_s - said_epoch_s <= FRESH_S
        offline = self._link.was_down(started.start, STAMP_HAIR_S)  # then list and cache speak for the CSMS
        if fresh and not offline and not self._is_listed(tag, started.start):
            message = f"a transaction starts on idTag {call.payload['idTag']}"
            good = said == "Accepted" or self._remotely(tag) or self._is_for_anybody(call) or waits
            self._ledger.judge(
                RESPECTED, good, call.epoch_s, started.connector, "no start", f"{said} before", message
            )

    def _waits(self, tag: str, call: Call) -> bool:
        """Does a start rest on an earlier answer, after which the card waited for its cable here?"""
        since = self._waiting_since(call)
        waiting = [at for at in self._accepted.get(tag, ()) if at >= since]
        if not waiting:
            return False
        by_cache = self._keys.flag("LocalPreAuthorize", call.epoch_s)
        self._accepted[tag] = waiting if by_cache else waiting[:-1]  # then this one may need no answer
        return len(self._history.outlets()) > 1 and self._is_before_its_cable(waiting[0], call)

    def _was_shown_before(self, tag: str, call: Call, said: Said) -> bool:
        """Did the card wait for its cable already as another transaction's answer refused it?

        Then what the station knew itself had let it in.
        """
        since = self._waiting_since(call)
        shown = [e.epoch_s for e in self._tags if _tag(e) == tag and e.connector in (None, call.connector)]
        held = [at for at in shown if since <= at < said.answered_s and self._is_before_its_cable(at, call)]
        return not said.by_authorize and bool(held)

    def _waiting_since(self, call: Call) -> float:
        """Since when a card on which one begins now may have waited for its cable: ConnectionTimeOut."""
        wait_s = self._keys.integer("ConnectionTimeOut", call.epoch_s) or FOREVER
        return call.happened_s - wait_s - NEAR_S

    def _is_before_its_cable(self, epoch_s: float, call: Call) -> bool:
        """Was the cable with which one begins now not in yet?"""
        plugged = self._connectors.plugged[call.connector or 0].begin_of(call.happened_s)
        return plugged is None or epoch_s <= plugged

    def _is_listed(self, tag: str, epoch_s: float) -> bool:
        """The local list goes before what the CSMS said, where it may be in use (3.5.1, 9.1.13)."""
        uses = [self._keys.text(name, epoch_s) for name in ("LocalAuthListEnabled", "LocalPreAuthorize")]
        in_use = all((text or "true").lower() == "true" for text in uses)
        return in_use and self._history.local_list.accepts(tag)

    def _remotely(self, tag: str) -> bool:
        """A remote start may be carried out unasked (AuthorizeRemoteTxRequests; FW-611)."""
        return tag in self._history.transactions.remote_tags

    def _confirmed(self, call: Call) -> None:
        if call.reply is None:
            return
        started = self._history.transactions.by_id.get(call.reply["transactionId"])
        status = call.reply["idTagInfo"]["status"]
        tag = call.payload["idTag"].lower()
        answered_s = call.answered_s
        before = self._said.get(tag, NOTHING)
        asked_since = started is not None and before.asked_s > started.start + WHOLE_SECOND_S
        anew = before.by_authorize and asked_since
        if not anew and status != CONCURRENT:  # which speaks of this transaction, not of the card
            known_s = answered_s + ELSEWHERE_S
            self._said[tag] = Said(known_s, known_s, status)
        if started is not None and status != "Accepted" and started.stop is None:
            if status != CONCURRENT:
                self._refused.append((started, answered_s))
            self._unwanted[started.connector] = started, answered_s

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        """ER 3.17: whichever the key says, no energy is left to a transaction that was refused."""
        its, refused = self._unwanted.get(connector, (None, 0.0))
        if its is None:
            return
        if self._keys.flag("StopTransactionOnInvalidId", refused) or self._keys.integer(MOST_ENERGY):
            return  # told of where it ends, or some energy is allowed
        for block in (block for block in blocks if block.transaction == its.id):
            late = block.stamp > max(refused, its.start) + END_S
            flows = late & (flow_of(block).amps > CARRIES_A) & (its.stop is None or block.stamp < its.stop)
            for k in np.flatnonzero(flows)[:1].tolist():
                message = f"transaction {its.id} is left its energy although its idTag was refused"
                expected = f"no current after {END_S:g} s"
                actual = f"{flow_of(block).amps[k]:g} A"
                self._ledger.broken(ENDED, float(block.epoch_s[k]), connector, expected, actual, message)
                del self._unwanted[connector]
                return

    def _stop(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is None or stopped.stop is None:
            return
        for refusal in [entry for entry in self._refused if entry[0] is stopped]:
            self._refused.remove(refusal)
            self._ended(stopped, refusal[1])
        if stopped.reason == "Local" and call.payload.get("idTag", "").lower() == stopped.id_tag.lower():
            self._unasked(call, stopped)

    def _stop_confirmed(self, call: Call) -> None:
        """What the CSMS says of the idTag that stopped one is the latest of it (3.5.1, 4.10)."""
        told = (call.reply or {}).get("idTagInfo")
        if told is not None and "idTag" in call.payload:
            known_s = call.answered_s
            self._said[call.payload["idTag"].lower()] = Said(known_s, known_s, told["status"])

    def _ended(self, stopped: Transaction, refused_epoch_s: float) -> None:
        if self._keys.text("StopTransactionOnInvalidId", refused_epoch_s) == "true":
            took = (stopped.stop or refused_epoch_s) - refused_epoch_s
            message = f"transaction {stopped.id} went on although its idTag was refused"
            self._ledger.judge(
                ENDED,
                took <= END_S,
                refused_epoch_s,
                stopped.connector,
                f"ended in {END_S:g} s",
                f"{took:.0f} s",
                message,
            )

    def _just_remote(self, tag: str, epoch_s: float) -> bool:
        """Has a remote start just named this tag, so that it may be asked for?"""
        return abs(epoch_s - self._history.transactions.remote_tags.get(tag, float("-inf"))) <= ASK_S

    def _unasked(self, call: Call, stopped: Transaction) -> None:
        tag = stopped.id_tag.lower()
        stop = stopped.stop or call.epoch_s
        # what was asked before it started, started it
        since, until = max(stop - ASK_S, stopped.start + WHOLE_SECOND_S), stop + BENCH_HAIR_S
        asked = [epoch_s for epoch_s, who in self._asked if who == tag and since <= epoch_s <= until]
        shown = [event for event in self._tags if abs(event.epoch_s - stop) <= 2 * ASK_S]
        if len(shown) > 1 or self._link.was_down(stop) or self._just_remote(tag, stop):
            return  # another card or connector may have been the reason to ask
        message = f"Authorize was sent for the idTag that started transaction {stopped.id}"
        self._ledger.judge(
            TWICE, not asked, call.epoch_s, stopped.connector, "no Authorize", "Authorize", message
        )

    def _end(self, epoch_s: float) -> None:
        until = self._link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        for transaction, refused_epoch_s in self._refused:
            if (
                self._keys.text("StopTransactionOnInvalidId", refused_epoch_s) == "true"
                and refused_epoch_s + END_S < until
            ):
                message = f"transaction {transaction.id} went on although its idTag was refused"
                self._ledger.broken(
                    ENDED, refused_epoch_s, transaction.connector, "StopTransaction", "none", message
                )


def _tag(event: Event) -> str:
    return str(event.detail.get("id_tag", "")).lower()
