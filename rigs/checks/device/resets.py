"""A reset is carried out, at once or when its stops are told, and only where it was accepted (5.14)."""

from collections import deque
from functools import partial

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import FOREVER
from evc5.rigs.checks.state.connectors import QUIET_S, STAMP_HAIR_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction

RESET, PROMPT = "reset.carried-out", "reset.prompt"
REQUIREMENTS = (
    R(
        RESET,
        "A reset ends transactions with its reason, and the station boots anew",
        "5.14, TC_013_CS",
        needs=(EVENTS,),
        arises=("Reset",),
    ),
    R(
        PROMPT,
        "A hard reset comes at once, a soft one when its stops are told",
        "5.14, TC_013_CS, TC_014_CS",
        needs=(EVENTS,),
        arises=("Reset",),
    ),
)
RESTART_S = 120.0  # assumed: last words, restart, socket
GOES_DOWN_S = 5.0  # assumed: so soon after the last word, or the reply, a station goes down


class Resets:
    """Follows each Reset to the boot that it brings, and what else may bring one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._agenda = context.agenda
        self._boots: deque[float] = deque(maxlen=64)
        self._reset_at = -FOREVER  # when the last was accepted
        self._explained_at = -FOREVER  # when something else than a reset was a reason to boot
        self._to_reset: tuple[float, str] | None = None  # when it was accepted, and its type
        self._stop: Call | None = None  # the last that was sent
        bus = context.bus
        bus.calls["BootNotification"].append(lambda call: self._boots.append(call.epoch_s))
        bus.calls["FirmwareStatusNotification"].append(self._explains_a_boot)
        bus.events["power-cut"].append(self._explains_a_boot)
        bus.replies["TriggerMessage"].append(self._triggered)
        bus.replies["Reset"].append(self._reset)
        bus.events["reset"].append(self._goes_down)
        bus.calls["StopTransaction"].append(self._stops)

    def _triggered(self, call: Call) -> None:
        if call.payload["requestedMessage"] == "BootNotification":
            self._explains_a_boot(call)

    def _reset(self, call: Call) -> None:
        if call.reply is None:
            return
        epoch_s = call.answered_s
        if call.reply["status"] != "Accepted":
            if self._reset_at <= max(self._boots, default=-FOREVER):  # else it does what it took before
                self._agenda.at(epoch_s + RESTART_S, partial(self._restarts_unbidden, epoch_s))
            return
        self._reset_at = epoch_s
        reason = f"{call.payload['type']}Reset"
        self._to_reset = epoch_s, call.payload["type"]
        running = [
            its for its in self._history.transactions.open.values() if self._history.knows_what_runs(epoch_s)
        ]
        self._agenda.at(epoch_s + RESTART_S, partial(self._restarted, reason, running, epoch_s))

    def _explains_a_boot(self, what: Call | Event) -> None:
        self._explained_at = what.epoch_s

    def _restarts_unbidden(self, epoch_s: float) -> None:
        """A boot right after a refusal: by chance the power was gone, or it does what it has refused."""
        excused = self._explained_at > epoch_s - RESTART_S
        if not excused and any(epoch_s < boot <= epoch_s + RESTART_S for boot in self._boots):
            expected = f"no BootNotification within {RESTART_S:g} s"
            message = "a reset was refused, and the station boots"
            self._ledger.broken(RESET, epoch_s, None, expected, "one", message, severity="warning")

    def _stops(self, call: Call) -> None:
        self._stop = call

    def _goes_down(self, event: Event) -> None:
        """5.14: hard, it need not wait for anything; soft, it tells its stops before."""
        asked = self._to_reset
        self._to_reset = None
        if asked is None:
            return
        epoch_s, kind = asked
        alone = self._connectors.touches(0, epoch_s + STAMP_HAIR_S, event.epoch_s) <= 1  # the event itself
        quiet = not self._connectors.unsure(
            np.array([epoch_s - GOES_DOWN_S]), QUIET_S
        ).any()  # before it fell dark
        if alone and quiet and not self._link.was_unheard(epoch_s, event.epoch_s):
            self._went_down(epoch_s, kind, event.epoch_s)

    def _went_down(self, epoch_s: float, kind: str, end: float) -> None:
        stop = self._stop
        expected = f"within {GOES_DOWN_S:g} s of all being said"
        unanswered = stop is not None and stop.reply_epoch_s is None and stop.epoch_s > end - RESTART_S
        untold = unanswered or any(its.start < epoch_s for its in self._history.transactions.open.values())
        if kind == "Soft" and unanswered and end - epoch_s > GOES_DOWN_S:
            return  # how long it hopes is left to it
        since = max(epoch_s, self._link.heard_at) if kind == "Soft" else epoch_s
        good = end - since <= GOES_DOWN_S and not (kind == "Soft" and untold)
        actual = f"after {end - since:.0f} s, {'a stop untold' if untold else 'all said'}"
        message = f"a {kind.lower()} reset was accepted"
        self._ledger.judge(PROMPT, good, end, None, expected, actual, message)

    def _restarted(self, reason: str, running: list[Transaction], epoch_s: float) -> None:
        history = self._history
        edge = np.array([epoch_s - QUIET_S])
        if (
            self._connectors.touches(0, epoch_s - QUIET_S, epoch_s + RESTART_S) > 2
            or self._connectors.unsure(edge).any()
        ):
            return  # the request itself and the event that it brings are two
        if history.link.was_away(epoch_s, epoch_s + RESTART_S):
            return  # the power or the link went before it could boot
        booted = [boot for boot in self._boots if epoch_s < boot <= epoch_s + RESTART_S]
        if not booted and not self._context.evidence.events:
            return  # what goes on as before convicts itself a while later: `without_effect`
        message = "a reset was accepted"
        expected = f"a BootNotification within {RESTART_S:g} s"
        self._ledger.judge(RESET, bool(booted), epoch_s, None, expected, "none", message)
        if not booted:
            return  # and no transaction ended: one cause
        for its in () if history.link.was_unheard(epoch_s, epoch_s + RESTART_S) else running:
            good = its.stop is not None and its.stop < epoch_s + RESTART_S and its.reason == reason
            if (
                self._connectors.touches(its.connector, epoch_s - QUIET_S, epoch_s + RESTART_S) <= 2
                and history.link.down_since is None
            ):
                actual = its.outcome
                message = f"transaction {its.id} at a reset"
                self._ledger.judge(RESET, good, epoch_s, its.connector, reason, actual, message)
