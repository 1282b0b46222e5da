"""A StartTransaction or StopTransaction that meets a CALLERROR is sent again, so late and so often.

Source: OCPP 1.6 3.7.1, 9.1.29, 9.1.30; EVC4 boot log "EV RETRY [4] DELAY [3] Min".
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.transactions.repeats import key_of

RETRY, RESUMED = "transaction.retry", "transaction.resumed"
SOURCE = "3.7.1, 9.1.29, 9.1.30"
REQUIREMENTS = (
    R(RETRY, "A refused transaction message is repeated, so late and so often", SOURCE),
    R(RESUMED, "A start or stop that met silence is sent again once the CSMS answers anew", "3.7, 4.8, 4.10"),
)
FIXED_ATTEMPTS = 5  # in all: EVC4 boot log "EV RETRY [4]"
FIXED_WAIT_S = 180.0  # EVC4 boot log "DELAY [3] Min"
RETRY_SLACK_S = 15.0  # assumed: another CALL may be on its way first
RESUME_S = 60.0  # assumed: "as soon as possible" (3.7)
SILENCE_S = 600.0  # a CALL unanswered so long ago may still hasten the next attempt
UNTOLD_ATTEMPTS = 3  # assumed: so often at least a station tries that does not tell how often
ENDS = ("link-down", "link-up", "power-cut", "power-restore", "reset", "clock-set")


class Rule(NamedTuple):
    """How often a message is sent in all, and the wait that grows with each refusal, or does not."""

    attempts: int
    wait_s: float
    grows: bool

    def after(self, refusals: int) -> float:
        return self.wait_s * (refusals if self.grows else 1)


@dataclass(slots=True, eq=False, repr=False)
class Refused:
    """A message, how often it was refused, when last, and which rule holds for it."""

    call: Call
    rule: Rule
    times: int
    epoch_s: float

    @property
    def due_epoch_s(self) -> float | None:
        """When it is to be sent again; None where it has been tried as often as it may."""
        return None if self.times >= self.rule.attempts else self.epoch_s + self.rule.after(self.times)


class Retries:
    """Follows what was refused until it is taken or given up; interruptions leave it unjudged."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._link = context.history.link
        self._keys = context.history.keys
        self._agenda = context.agenda
        self._refused: dict[Hashable, Refused] = {}
        self._refusals: Counter[float] = Counter()  # by when they were sent: others may go just then
        self._unanswered: dict[Hashable, Call] = {}  # starts and stops, as last sent
        self._unresumed: dict[Hashable, Call] = {}  # those of them since which no other CALL was answered
        self._tries: Counter[Hashable] = Counter()  # of those, how often each was sent
        self._era = 0  # interruptions so far
        self._uncounted: set[Hashable] = {None}  # no key, or refused before an interruption: who counted?
        context.bus.any_reply.append(self._answered)
        context.bus.any_call.append(self._sent)
        for name in ENDS:
            context.bus.events[name].append(self._interrupted)

    def _interrupted(self, _: Event) -> None:
        self._uncounted.update(self._refused)
        self._refused.clear()
        self._refusals.clear()
        self._unanswered.clear()
        self._unresumed.clear()
        self._tries.clear()
        self._era += 1

    def _answered(self, call: Call) -> None:
        if call.up and call.action in ("StartTransaction", "StopTransaction"):
            self._settled(call)
        elif call.up and call.reply is not None and not call.doubtful:
            self._goes_on(call)

    def _settled(self, call: Call) -> None:
        key, rule = key_of(call), self._rule(call.epoch_s)
        self._unanswered.pop(key, None)
        self._unresumed.pop(key, None)
        del self._tries[key]
        before = self._refused.pop(key, None)
        if call.error is None or call.reply_epoch_s is None or rule is None or key in self._uncounted:
            return
        self._refusals[call.epoch_s] += 1
        now = Refused(call, rule, before.times + 1 if before else 1, call.reply_epoch_s)
        self._refused[key] = now
        if now.due_epoch_s is not None:
            self._agenda.at(now.due_epoch_s + RETRY_SLACK_S, partial(self._overdue, key, now))

    def _rule(self, epoch_s: float) -> Rule | None:
        """By the station's policy; None where nobody says which it is, or what its keys are."""
        if self._context.policies["transaction_message_retry"] == "fixed-delay":
            return (
                Rule(FIXED_ATTEMPTS, FIXED_WAIT_S, grows=False)
                if self._context.evidence.behaviour is not None
                else None
            )
        attempts = self._keys.integer("TransactionMessageAttempts", epoch_s)
        wait_s = self._keys.integer("TransactionMessageRetryInterval", epoch_s)
        return None if not attempts or wait_s is None else Rule(attempts, float(wait_s), grows=True)

    def _goes_on(self, call: Call) -> None:
        """Another CALL was answered after these had been given up: there is a conversation again."""
        if not self._unresumed or self._history.boots.registration != "Accepted":
            return
        epoch_s = call.answered_s
        before = {key: its for key, its in self._unresumed.items() if its.epoch_s < call.epoch_s}
        for key, waiting in before.items():
            del self._unresumed[key]
            self._agenda.at(epoch_s + RESUME_S, partial(self._resumed, key, waiting, epoch_s, self._era))

    def _resumed(self, key: Hashable, waiting: Call, epoch_s: float, era: int) -> None:
        if era != self._era or self._may_be_dropped(key, epoch_s):
            return
        good = self._unanswered.get(key) is not waiting
        if not good and any(epoch_s <= sent <= epoch_s + RESUME_S for sent in self._link.unheard):
            self._unresumed[key] = waiting  # what stood before it met silence in its turn
            return
        message = f"{waiting.action} met silence, and the CSMS answers again"
        expected = f"sent again within {RESUME_S:g} s"
        self._ledger.judge(RESUMED, good, epoch_s, waiting.connector, expected, "not sent", message)

    def _may_be_dropped(self, key: Hashable, epoch_s: float) -> bool:
        """3.7.1: after TransactionMessageAttempts it is given up; where that is not told, after three."""
        attempts = self._keys.integer("TransactionMessageAttempts", epoch_s)
        return attempts != 0 and self._tries[key] >= (attempts or UNTOLD_ATTEMPTS)

    def _sent(self, call: Call) -> None:
        if call.up and call.action in ("StartTransaction", "StopTransaction") and call.valid:
            self._tries[key_of(call)] += 1
            self._unanswered[key_of(call)] = self._unresumed[key_of(call)] = call
        refused = self._refused.get(key_of(call)) if call.up and self._refused else None
        if (
            refused is None
            or self._rule(call.epoch_s) != refused.rule
            or self._was_silent(refused.epoch_s, call.epoch_s)
        ):
            return
        waited_s = self._ledger.time.lasted_s(refused.epoch_s, call.epoch_s)  # its clock may be set meanwhile
        waited = f"{waited_s:.0f} s after refusal {refused.times}"
        if refused.due_epoch_s is None:
            message = f"{call.action} was sent again after its last attempt"
            self._broken(call, f"{refused.rule.attempts} attempts", waited, message)
        else:
            wanted_s = refused.rule.after(refused.times)
            wanted = f"{wanted_s:g} s after refusal {refused.times}"
            good = -WHOLE_SECOND_S <= waited_s - wanted_s <= RETRY_SLACK_S
            message = f"{call.action} was sent again too {'early' if waited_s < wanted_s else 'late'}"
            self._ledger.judge(RETRY, good, call.epoch_s, call.connector, wanted, waited, message)

    def _overdue(self, key: Hashable, refused: Refused) -> None:
        now_epoch_s = refused.epoch_s + refused.rule.after(refused.times) + RETRY_SLACK_S
        if self._refused.get(key) is not refused or self._was_silent(refused.epoch_s, now_epoch_s):
            return
        waits = key in self._unanswered  # the next attempt went, and got no reply yet
        if not waits and self._rule(now_epoch_s) == refused.rule:
            wanted = f"another attempt, {refused.rule.attempts} in all"
            message = f"{refused.call.action} was not sent again after refusal {refused.times}"
            self._broken(refused.call, wanted, "none", message)

    def _was_silent(self, since: float, until: float) -> bool:
        """Did another CALL get no answer? The first one that does hastens what waits."""
        unheard = Counter(epoch_s for epoch_s in self._link.unheard if since - SILENCE_S <= epoch_s <= until)
        return any(times > self._refusals[epoch_s] for epoch_s, times in unheard.items())

    def _broken(self, call: Call, expected: str, actual: str, message: str) -> None:
        self._ledger.broken(RETRY, call.epoch_s, call.connector, expected, actual, message)
