"""A transaction is over, and its connector goes on telling that it runs (4.9, 7.7)."""

from functools import partial

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.instants import iso
from evc5.rigs.checks.state.connectors import WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.transactions import Transaction
from evc5.rigs.checks.status.status import NEEDS, RUNNING

STILL_TOLD_S = 120.0  # assumed: so soon after its stop another status is told


class AfterStop:
    """Looks a while after each stop that was told at once; `transitions` does where there is telemetry."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._history, self._link = context.history, context.history.link
        self._told: dict[int, tuple[float, str]] = {}  # by connector: since when which status
        self._unsure_since = float("-inf")  # when what was told last may have been lost, or is begun anew
        if context.evidence.telemetry:
            return
        context.bus.calls["StatusNotification"].append(self._status)
        context.bus.calls["StopTransaction"].append(self._stops)
        context.bus.calls["BootNotification"].append(lambda call: self._anew(call.epoch_s))
        context.bus.events["silence"].append(self._silent)
        for name in ("link-down", "power-cut", "reset"):
            context.bus.events[name].append(lambda event: self._anew(event.epoch_s))

    def _anew(self, epoch_s: float) -> None:
        self._unsure_since = epoch_s

    def _silent(self, silence: Event) -> None:
        if self._context.may_hide(silence):
            self._anew(silence.epoch_s)

    def _status(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        if self._told.get(connector, (0.0, ""))[1] != status:
            self._told[connector] = call.epoch_s, status

    def _stops(self, call: Call) -> None:
        its = self._history.transactions.stopped_by(call)
        since, status = self._told.get(0 if its is None else its.connector, (0.0, ""))
        if its is None or its.stop is None or status not in RUNNING or since > min(its.stop, call.epoch_s):
            return
        shortest_s = float(self._history.keys.integer("MinimumStatusDuration", call.epoch_s) or 0)
        until = call.epoch_s + STILL_TOLD_S + shortest_s
        if call.epoch_s - its.stop < STILL_TOLD_S and not self._link.may_be_queueing(call.epoch_s):
            look = partial(self._look, its, (since, status), call.epoch_s, until)
            self._context.agenda.at_last(until, look)

    def _look(self, its: Transaction, told: tuple[float, str], stop_s: float, until: float) -> None:
        """Does the status of before the stop stand, and nothing has begun that it may be of?"""
        memory = self._history.transactions
        begun = its.connector in memory.open or memory.any_within(
            its.connector, stop_s + WHOLE_SECOND_S, until
        )
        if self._unsure_since > told[0] or self._link.was_unheard(stop_s, until) or begun:
            return
        stands = self._told[its.connector] == told
        message = f"{its.name} is over, and {told[1]} stays told"
        expected, actual = "Finishing or Available", f"{told[1]} since {iso(told[0])}"
        self._context.ledger.judge(NEEDS, not stands, stop_s, its.connector, expected, actual, message)
