"""Calls and their replies: pairs the frames of a transcript and judges the pairing (OCPP-J 4.1)."""

from collections.abc import Callable

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.frames import Frame
from evc5.rigs.checks.reading.ids import Ids
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.evidence import BOTH_WAYS, Evidence
from evc5.rigs.checks.state.ledger import SAME_FRAME_S, Ledger
from evc5.rigs.checks.state.requirement import CSMS, NETWORK, STATION
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.tolerances import Tolerances

REQUIREMENTS = (
    R("rpc.id", "Message ids are unique and at most 36 characters", "J 4.1.4"),
    R("rpc.one-call-station", "The charge point has one CALL outstanding at most", "J 4.1.1"),
    R("rpc.one-call-csms", "The CSMS has one CALL outstanding at most", "J 4.1.1"),
    R("rpc.matched", "Every reply answers a CALL", "J 4.1.4"),
    R("rpc.answered", "Every CALL that arrived is answered", "J 4.1.1"),
)
BEFORE = "CALLs that went before the recording, or in a gap of it: record without gaps"
LATEST = 64  # CALLs given up or answered that are remembered
LONGEST_ID = 36  # characters; J 4.1.4
AGAIN_S = 600.0  # assumed: a second reply comes so soon; an id may be used anew after a boot in a gap
MOST_KEPT = 10_000  # replies and CALLs that wait to be judged until the end
ONE_CALL = {True: "rpc.one-call-station", False: "rpc.one-call-csms"}


class Pairing:
    """Pairs CALLs with replies in both directions and judges ids, order and answers."""

    def __init__(
        self,
        ledger: Ledger,
        evidence: Evidence,
        tolerances: Tolerances,
        on_given_up: Callable[[Call], None],
    ) -> None:
        self._on_given_up, self._evidence = on_given_up, evidence
        self._ledger = ledger
        self._call_timeout_s, self._answer_s = tolerances.call_timeout_s, tolerances.answer_s
        self._open: dict[bool, dict[str, Call]] = {True: {}, False: {}}
        self._given_up: dict[bool, dict[str, Call]] = {True: {}, False: {}}
        self._ids = {True: Ids(), False: Ids()}
        self._answered: dict[bool, dict[str, float]] = {True: {}, False: {}}  # latest CALLs: when, by id
        self._orphans: list[tuple[float, bool, str, int | None]] = []  # judged when both ways are known
        self._silent: list[Call] = []  # CALLs without a reply, likewise
        self._heard_at = float("-inf")  # when the last frame went, of either side
        self._torn = 0  # lines that could not be read and are not known to have been CALLs
        self._foreign_epoch_s = {True: -FOREVER, False: -FOREVER}  # when a frame that is none was last sent
        self._is_gone = False  # the charge point, or its line, and nothing was heard of it since

    def call(self, call: Call) -> None:
        """A CALL was sent."""
        self._heard_at = call.epoch_s
        self._is_gone &= not call.up
        waiting = self._open[call.up]
        if (not call.up) not in self._evidence.records:
            self._untold(waiting)
        if waiting:
            self._overtaken(call, waiting)
        else:
            self._ledger.held(ONE_CALL[call.up])
        if len(call.id) > LONGEST_ID:
            self._bad_id(call, f"at most {LONGEST_ID} characters", "message id too long")
        elif not self._ids[call.up].is_new(call.id):
            if call.id in waiting or call.id in self._given_up[call.up]:
                self._ledger.held("rpc.id")  # J errata 3.1: one that met silence may be sent again as it was
            else:
                self._used_id(call)
        else:
            self._ledger.held("rpc.id")
        waiting[call.id] = call

    @property
    def is_idle(self) -> bool:
        """Does the charge point wait for nothing?"""
        return not self._open[True]

    def waits_since(self) -> float | None:
        """When the CALL went that the charge point waits for; None where it waits for nothing."""
        return next((call.epoch_s for call in self._open[True].values()), None)

    @property
    def is_new(self) -> Callable[[str], bool]:
        """Of a CALL of the charge point with its reply right behind it: is its id new?"""
        return self._ids[True].is_new

    def _untold(self, waiting: dict[str, Call]) -> None:
        """The other side's frames are not recorded: when it answered is not known."""
        for call in list(waiting.values()):
            self._give_up(call)

    def _used_id(self, call: Call) -> None:
        """Where a count fell back, and no log tells of connections, it may be that of a new one (J 4.1.4).

        By J errata 3.1, of 2025, ids are not used again on a new connection either.
        """
        if self._evidence.is_own or self._evidence.is_continuous or not self._ids[call.up].fell:
            self._bad_id(call, "an id of its own", "message id used before")
            return
        self._ids[call.up] = Ids()
        self._ids[call.up].is_new(call.id)
        expected = "an id of its own; J 4.1.4 lets a new connection, which no log shows, begin anew"
        message = "message ids are counted anew, as on a new connection"
        self._bad_id(call, expected, message, severity="warning")

    def _bad_id(self, call: Call, expected: str, message: str, severity: str = "error") -> None:
        self._ledger.broken(
            "rpc.id",
            call.epoch_s,
            None,
            expected,
            call.id,
            message,
            severity=severity,
            blames=STATION if call.up else CSMS,
        )

    def expects_empty_reply(self, id: str) -> bool:
        """Does the charge point wait for the confirmation of this MeterValues, which is always empty?"""
        call = self._open[True].get(id)
        return call is not None and call.action == "MeterValues"

    def reply(self, epoch_s: float, up: bool, id: str) -> Call | None:
        """The CALL that a reply answers, or None; its `reply` and `error` are filled in by the caller."""
        call = self._open[not up].pop(id, None) or self._given_up[not up].pop(id, None)
        if call is not None:
            self._ledger.held("rpc.matched")
            self._ledger.held("rpc.answered")
            call.reply_epoch_s = epoch_s
            self._answers(call, epoch_s)
        elif epoch_s - self._answered[not up].get(id, float("-inf")) <= AGAIN_S:
            message = "a second reply to a CALL that was answered"
            self._unmatched(epoch_s, up, id, self._ledger.lines.at(epoch_s), message)
        elif self._torn:
            self._torn -= 1
        elif epoch_s - self._foreign_epoch_s[not up] > self._answer_s:
            self._orphan(epoch_s, up, id)
        self._heard_at = epoch_s
        self._is_gone &= not up
        return call

    def _answers(self, call: Call, epoch_s: float) -> None:
        answered = self._answered[call.up]
        answered[call.id] = epoch_s
        if len(answered) > LATEST:
            del answered[next(iter(answered))]

    def _orphan(self, epoch_s: float, up: bool, id: str) -> None:
        """A reply to no CALL; where a recording begins, or goes on after a gap, it may lack the CALL."""
        heard_at = max(self._heard_at, self._evidence.history.link.heard_at)
        is_whole = self._evidence.is_continuous or self._evidence.is_own
        is_after_gap = not is_whole and epoch_s - heard_at > self._answer_s
        if is_after_gap or not self._evidence.reaches_back(epoch_s - self._answer_s):
            self._ledger.not_compared("rpc.matched", BEFORE)
            return
        self._orphans.append((epoch_s, up, id, self._ledger.lines.at(epoch_s)))
        del self._orphans[MOST_KEPT:]

    def lost_reply(self, up: bool, id: str) -> None:
        """A reply went but never arrived: its CALL stays outstanding, and its receiver did answer."""
        call = self._open[not up].get(id)
        if call is not None:
            call.lost = True

    def foreign(self, frame: Frame) -> None:
        """A frame that is none was sent; an error reply with any id may follow."""
        self._foreign_epoch_s[frame.up] = frame.epoch_s

    def broken_line(self) -> None:
        """A line could not be read: the CALL of a reply yet to come may have stood on it."""
        self._torn += 1

    def interrupted(self) -> None:
        """The link or the station went down: what was outstanding needs no answer any more.

        Nor does what is sent to it until it says something: the CSMS may not know yet.
        """
        self._is_gone = True
        for up in (True, False):
            for call in list(self._open[up].values()):
                self._give_up(call)

    def rebooted(self, boot: Call) -> None:
        """The station started anew: only its BootNotification is outstanding now."""
        self.interrupted()
        self._is_gone = False
        self._given_up[True].pop(boot.id, None)
        self._answered[True].clear()  # a new life may count its ids anew
        self._open[True][boot.id] = boot

    def end(self, epoch_s: float) -> None:
        for up in (True, False):
            for call in list(self._open[up].values()):
                if epoch_s - call.epoch_s >= self._answer_s:
                    self._unanswered(call)
        self._settle()

    def _settle(self) -> None:
        """What a recording of one direction only does not show is nobody's fault."""
        known = {True: self._evidence.up, False: self._evidence.down}
        for epoch_s, up, id, line in self._orphans:
            if known[not up]:
                self._unmatched(epoch_s, up, id, line)
            else:
                self._ledger.not_compared("rpc.matched", BOTH_WAYS.lacks)
        for call in self._silent:
            if known[not call.up]:
                self._without_reply(call)
            else:
                self._ledger.not_compared("rpc.answered", BOTH_WAYS.lacks)

    def _unmatched(
        self, epoch_s: float, up: bool, id: str, line: int | None, message: str = "reply to no CALL"
    ) -> None:
        self._ledger.broken(
            "rpc.matched",
            epoch_s,
            None,
            "the id of a CALL outstanding",
            id,
            message,
            blames=STATION if up else CSMS,
            line=line,
        )

    def _overtaken(self, late: Call, waiting: dict[str, Call]) -> None:
        for call in list(waiting.values()):
            waited = self._ledger.time.lasted_s(call.epoch_s, late.epoch_s)
            if self._is_gone:
                self._give_up(call)
            elif waited < self._call_timeout_s - SAME_FRAME_S:
                self._ledger.broken(
                    ONE_CALL[late.up],
                    late.epoch_s,
                    None,
                    f"the reply to {call.action} {call.id}, or {self._call_timeout_s:g} s of silence, first",
                    f"{late.action} {late.id} sent {waited:.3f} s after it",
                    "a second CALL while one was outstanding",
                    blames=STATION if late.up else CSMS,
                )
            else:
                self._ledger.held(ONE_CALL[late.up])
                self._unanswered(call)
                self._give_up(call)

    def _give_up(self, call: Call) -> None:
        """Its sender does not wait any more; a late reply may still come."""
        forgotten = self._given_up[call.up]
        forgotten[call.id] = self._open[call.up].pop(call.id)
        if len(forgotten) > LATEST:
            del forgotten[next(iter(forgotten))]
        self._on_given_up(call)

    def _unanswered(self, call: Call) -> None:
        if not call.lost and len(self._silent) < MOST_KEPT:
            self._silent.append(call)

    def _without_reply(self, call: Call) -> None:
        self._ledger.broken(
            "rpc.answered",
            call.epoch_s,
            call.connector,
            f"a reply within {self._answer_s:g} s",
            "none",
            f"{call.action} {call.id} of the {'charge point' if call.up else 'CSMS'} was not answered",
            severity="warning" if call.up else "error",
            blames=[CSMS, NETWORK] if call.up else STATION,
            line=call.line,
        )
