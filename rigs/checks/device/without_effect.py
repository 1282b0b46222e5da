"""Orders that were accepted and carried out by nobody, as far as frames alone tell (5.11, 5.14, 5.18).

Where hands and resets are recorded `requests` and `resets` know more; here who goes on as before convicts
himself.
"""

from functools import partial

import numpy as np

from evc5.rigs.checks.device.answers import judge_answer
from evc5.rigs.checks.device.requests import START, STARTED, UNLOCK
from evc5.rigs.checks.device.resets import RESET
from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.transactions import Transaction

ANSWERS_OF_A_LOCK = {  # 7.46: of a connector that is not there neither is true
    "Unlocked": "a connector that does not exist is unlocked",
    "UnlockFailed": "a connector that does not exist is said to have a lock that fails",
}
MOST_TAGS = 64  # remembered
TALKS_ON_S = 600.0  # assumed: who says something so long after a reset and has not booted will not
ENDS_S = 60.0  # assumed: a transaction ends so soon before its connector is unlocked
ANOTHER_S = 10.0  # assumed: a start so soon after a remote start is its doing
BEGINS_AT_ONCE_S = 2.0  # assumed: nobody whose remote start is refused has shown a card so soon
COMES_OF_IT_S = 180.0  # assumed: a car that is there gets its start, or its card a refusal; ConnectionTimeOut


class WithoutEffect:
    """Follows resets, unlocking and remote starts of a recording that has no events."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger, self._history = context.ledger, context.history
        self._unfollowed: list[Call] = []  # resets accepted, and no boot since
        self._outlived: dict[int | None, float] = {}  # what ran before a soft reset: when the station booted
        self._unlocked: dict[int, tuple[Transaction, float]] = {}  # by connector: what ran there, and when
        self._refused: dict[str, float] = {}  # by idTag: when it was last not accepted
        self._shown: dict[str, float] = {}  # by idTag: when the station last asked for it
        self._accepted: dict[str, float] = {}  # by idTag: when its last remote start was
        if context.evidence.events:
            return
        bus = context.bus
        bus.replies["Reset"].append(self._resets)
        bus.any_call.append(self._called)
        bus.readings.append(self._readings)
        bus.calls["BootNotification"].append(self._boots)
        bus.replies["UnlockConnector"].append(self._unlocks)
        bus.calls["StopTransaction"].append(self._stopped)
        bus.replies["RemoteStartTransaction"].append(self._remotely)
        bus.replies["Authorize"].append(self._answered)
        bus.end.append(self._end)

    # -- resets ----------------------------------------------------------------------------------

    def _resets(self, call: Call) -> None:
        if call.reply is not None and call.reply["status"] == "Accepted":
            self._unfollowed.append(call)

    def _boots(self, call: Call) -> None:
        if self._unfollowed and not self._history.boots.boot_asked:
            self._ledger.held(RESET, 1)
            if any(reset.payload["type"] == "Soft" for reset in self._unfollowed):
                self._outlived = {its.id: call.epoch_s for its in self._history.transactions.open.values()}
            self._unfollowed.clear()

    def _called(self, call: Call) -> None:
        if not self._unfollowed or not call.up or call.action == "BootNotification":
            return
        self._talks(call.epoch_s, call.action)

    def _outlives(self, connector: int, block: Block) -> None:
        """5.14: a soft reset ends every transaction first."""
        booted = self._outlived.get(block.transaction)
        late = np.flatnonzero(block.stamp > booted) if booted is not None else np.arange(0)
        if late.size:
            del self._outlived[block.transaction]
            message = f"transaction {block.transaction} goes on over a soft reset"
            epoch_s = float(block.epoch_s[late[0]])
            self._ledger.broken(RESET, epoch_s, connector, "its StopTransaction", "MeterValues", message)

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        for block in blocks if self._outlived else ():
            self._outlives(connector, block)
        if self._unfollowed:
            self._talks(max(float(block.epoch_s[-1]) for block in blocks), "MeterValues")

    def _talks(self, epoch_s: float, action: str) -> None:
        for_s = epoch_s - (self._unfollowed[0].reply_epoch_s or self._unfollowed[0].epoch_s)
        if for_s > TALKS_ON_S:
            told = f"none for {for_s:.0f} s, though {action} came"
            self._goes_on(self._unfollowed.pop(0), told, epoch_s)

    def _goes_on(self, reset: Call, told: str, epoch_s: float) -> None:
        """Hard or soft, one cause."""
        kind = reset.payload["type"].lower()
        message = f"a {kind} reset was accepted and the station went on without it"
        self._ledger.broken(
            RESET,
            reset.epoch_s,
            None,
            "a BootNotification",
            told,
            message,
            line=reset.line,
            cause="without effect",
            untold=(reset.epoch_s, min(epoch_s, reset.epoch_s + TALKS_ON_S)),
        )

    # -- unlocking -------------------------------------------------------------------------------

    def _unlocks(self, call: Call) -> None:
        connector = call.payload["connectorId"]
        running = self._history.transactions.open.get(connector)
        status = None if call.reply is None else call.reply["status"]
        unlocked = status == "Unlocked"
        outlets = self._history.outlets()
        if status in ANSWERS_OF_A_LOCK and self._history.is_counted and connector not in outlets:
            expected, message = f"NotSupported: of connectors {outlets}", ANSWERS_OF_A_LOCK[status]
            severity = "error" if unlocked else "warning"
            self._ledger.broken(UNLOCK, call.epoch_s, connector, expected, status, message, severity=severity)
        if unlocked and running is not None:
            self._unlocked[connector] = running, call.answered_s

    def _stopped(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is not None and self._unlocked.get(stopped.connector, (None,))[0] is stopped:
            self._judge(*self._unlocked.pop(stopped.connector), epoch(call.payload["timestamp"]))

    def _end(self, epoch_s: float) -> None:
        until = self._history.link.delivered_until(epoch_s, self._context.tolerances.grace_s)
        for running, unlocked in self._unlocked.values():
            if unlocked + TALKS_ON_S < until:
                self._judge(running, unlocked, None)

    def _judge(self, its: Transaction, unlocked: float, stop: float | None) -> None:
        good = stop is not None and stop <= unlocked + ENDS_S
        message = f"connector {its.connector} was unlocked and {its.name} went on"
        told = "it runs still" if stop is None else f"it stops at {iso(stop)}"
        self._ledger.judge(UNLOCK, good, unlocked, its.connector, "its StopTransaction first", told, message)

    # -- remote starts ---------------------------------------------------------------------------

    def _answered(self, call: Call) -> None:
        self._shown[call.payload["idTag"].lower()] = call.epoch_s
        if len(self._shown) > MOST_TAGS:
            del self._shown[next(iter(self._shown))]
        if call.reply is not None and call.reply["idTagInfo"]["status"] != "Accepted":
            self._refused[call.payload["idTag"].lower()] = call.epoch_s
            if len(self._refused) > MOST_TAGS:
                del self._refused[next(iter(self._refused))]

    def _remotely(self, call: Call) -> None:
        """What comes of it is known where a car waits already, as the connector itself says."""
        connector = call.connector
        at, tag = call.answered_s, call.payload["idTag"].lower()
        if call.reply is not None and call.reply["status"] == "Rejected" and not self._is_held(tag, at):
            self._context.agenda.at(at + BEGINS_AT_ONCE_S, partial(self._done_all_the_same, call, tag, at))
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        self._accepted[tag] = at
        if len(self._accepted) > MOST_TAGS:
            del self._accepted[next(iter(self._accepted))]
        if connector is None:
            return
        self._context.agenda.at(at + ANOTHER_S, partial(self._of_another, call, connector, at))
        if self._history.connectors.statuses.get(connector) != "Preparing":
            return
        wait_s = max(float(self._history.keys.integer("ConnectionTimeOut") or 0), COMES_OF_IT_S)
        self._context.agenda.at(at + wait_s, partial(self._came_of_it, call, at, at + wait_s))

    def _is_held(self, tag: str, at: float) -> bool:
        """Was its card shown of late?"""
        return self._shown.get(tag, float("-inf")) > at - COMES_OF_IT_S

    def _done_all_the_same(self, call: Call, tag: str, since: float) -> None:
        """Refused, and a transaction of its idTag begins in that moment, with no other order for it."""
        at = [one for one in (call.connector,) if one] or self._history.outlets()
        begun = [
            its
            for connector in at
            if (its := self._history.transactions.open.get(connector)) is not None
            and its.id_tag.lower() == tag
            and since <= its.start_told <= since + BEGINS_AT_ONCE_S
            and abs(its.start - its.start_told) <= BEGINS_AT_ONCE_S
        ]
        if begun and self._accepted.get(tag, float("-inf")) < since - COMES_OF_IT_S:
            judge_answer(self._ledger, START, call, False, f"Accepted: {begun[0].name} begins at once")

    def _elsewhere(self, call: Call, connector: int, since: float) -> bool:
        """Has its idTag started at another connector than the one that was named?"""
        tag = call.payload["idTag"].lower()
        return any(
            its.id_tag.lower() == tag and since - WHOLE_SECOND_S <= its.start_told <= since + COMES_OF_IT_S
            for other, its in self._history.transactions.open.items()
            if other != connector
        )

    def _of_another(self, call: Call, connector: int, since: float) -> None:
        """5.11: the transaction is that of the idTag asked for, unless somebody showed a card meanwhile."""
        tag, its = call.payload["idTag"].lower(), self._history.transactions.open.get(connector)
        if its is None and self._elsewhere(call, connector, since):
            message, expected = "a remote start was accepted and begins elsewhere", f"connector {connector}"
            self._ledger.broken(STARTED, since, connector, expected, "another", message, line=call.line)
        if its is None or not since - WHOLE_SECOND_S <= its.start_told <= since + ANOTHER_S:
            return
        if self._shown.get(its.id_tag.lower(), float("-inf")) < since - COMES_OF_IT_S:
            self._ledger.judge(
                STARTED,
                its.id_tag.lower() == tag,
                its.start_told,
                connector,
                f"a start on {call.payload['idTag']}",
                its.id_tag,
                "a remote start was accepted and the transaction is another idTag's",
            )

    def _came_of_it(self, call: Call, since: float, until: float) -> None:
        tag, connector = call.payload["idTag"].lower(), call.connector or 0
        refused = self._refused.get(tag, float("-inf")) >= since - WHOLE_SECOND_S
        moved = self._history.connectors.statuses.get(connector) != "Preparing"
        started = self._history.transactions.any_within(connector, since - WHOLE_SECOND_S, until)
        if (
            moved
            or refused
            or self._elsewhere(call, connector, since)
            or self._history.link.may_be_queueing(until)
        ):
            return  # given up, or not allowed
        self._ledger.judge(
            STARTED,
            started,
            since,
            connector,
            f"a start on {call.payload['idTag']}",
            f"none for {until - since:.0f} s, and Preparing still",
            "a remote start was accepted where a car waits, and nothing came of it",
            severity="warning",
            line=call.line,
        )
