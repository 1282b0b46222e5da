"""When a station that lost its line dials again: each wait twice the one before, up to a longest."""

from collections.abc import Iterator

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R

REDIALLED = "connection.redialled"
REQUIREMENTS = (
    R(
        REDIALLED,
        "A station whose line is gone dials after 10 s, after twice as long each time, then every 3 minutes",
        "J 5.3; design: the twin's back-off",
        needs=(EVENTS,),
        arises=("link-down",),
    ),
)
FIRST_REDIAL_S = 10.0  # assumed: after the attempt that follows the loss at once
LONGEST_REDIAL_S = 180.0  # EVC4 boot log: it tries again after three minutes
OFF_SCHEDULE_S = 0.5  # assumed: so far from its instant an attempt may be


class Dialling:
    """Follows each loss of the line to the first word after it; only that tells which attempt came through.

    Of a station that starts anew meanwhile nobody knows since when it dials.
    """

    def __init__(self, context: Context) -> None:
        self._ledger = context.ledger
        self._boots = context.history.boots
        self._link = context.history.link
        self._lost: float | None = None  # since when it dials
        self._up: float | None = None  # since when an attempt would come through
        self._is_connected = False
        context.bus.any_call.append(self._called)
        context.bus.events["link-down"].append(self._down)
        context.bus.events["link-up"].append(self._back)
        for name in ("power-cut", "reset"):
            context.bus.events[name].append(self._starts_anew)

    def _starts_anew(self, _: Event) -> None:
        self._lost, self._is_connected = None, False

    def _down(self, event: Event) -> None:
        if self._lost is not None and self._up is not None:
            due = self._attempt(self._up)
            if due <= event.epoch_s + OFF_SCHEDULE_S:
                self._lost, self._is_connected = None, due < event.epoch_s - OFF_SCHEDULE_S
        if event.detail.get("kind") == "down" and self._is_connected and self._lost is None:
            self._lost = event.epoch_s
        self._up = None

    def _back(self, event: Event) -> None:
        self._up = event.epoch_s
        if self._lost is not None and self._attempt(self._up) - self._up <= OFF_SCHEDULE_S:
            self._lost, self._is_connected = None, False  # it may have come through, or just not

    def _called(self, call: Call) -> None:
        if not call.up or call.lost or (self._lost is not None and self._up is None):
            return  # it went just before the line was lost, in the same instant
        up, knows = self._up, self._lost is not None and self._ledger.time.twin is not None
        if knows and up is not None and self._link.heard_at <= up:  # else meter values came before it
            self._redialled(call, self._attempt(up), up)
        self._lost, self._up, self._is_connected = None, None, True

    def _redialled(self, call: Call, due: float, up: float) -> None:
        """What had waited goes at once, unless it was refused before; other words may come any time later."""
        is_held = self._link.held_since is not None or self._link.was_unheard(up, up)
        has_waited = call.happened_s < up and self._boots.registration == "Accepted" and not is_held
        off_s = call.epoch_s - due
        if self._ledger.time.doubt_s(call.happened_s) or self._ledger.time.doubt_s(call.epoch_s):
            return
        good = off_s >= -OFF_SCHEDULE_S and (off_s <= OFF_SCHEDULE_S or not has_waited)
        message, expected = "the line is there again", f"dialled {due - up:.0f} s later, as by its back-off"
        self._ledger.judge(
            REDIALLED, good, call.epoch_s, None, expected, f"{call.epoch_s - up:.0f} s later", message
        )

    def _attempt(self, up: float) -> float:
        """The first that finds the line up."""
        return next(at for at in self._attempts() if at > up - OFF_SCHEDULE_S)

    def _attempts(self) -> Iterator[float]:
        """One at once, then each twice as long after the one before."""
        since_s, wait_s = 0.0, FIRST_REDIAL_S
        while True:
            yield self._ledger.time.later(self._lost or 0.0, since_s)
            since_s += wait_s
            wait_s = min(2 * wait_s, LONGEST_REDIAL_S)
