"""Faults that set in and go: told at once with their error code, and over when they are over (4.9, 7.6)."""

from collections import defaultdict
from functools import partial
from math import inf

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.state.connectors import STAMP_HAIR_S, UNREADABLE
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import EVENTS
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.sheet_tables import SHEET

CODE = "status.fault-code"
REQUIREMENTS = (
    R(
        CODE,
        "A fault is told with its error code, and as it is over NoError and the status from before it",
        "4.9: I1 to I8, 7.6, TC_041_CS",
        needs=(EVENTS,),
        arises=("fault",),
    ),
)
FAULT_TOLD_S = 10.0  # assumed: sensed and told so soon
FAULT_OVER_S = 15.0  # assumed: and over so soon; a car has 10 s to answer the offer that comes back
FAULT_QUIET_S = 10.0  # assumed: what was done so long before has had its effect
CODES = {  # 7.6; what table 5 of the sheet lacks is OtherError there
    "ground-failure": "GroundFailure",
    "over-voltage": "OverVoltage",
    "under-voltage": "UnderVoltage",
    **dict.fromkeys(UNREADABLE, "PowerMeterFailure"),
    "reader-failure": "ReaderFailure",
    "emergency-stop": "OtherError",
}
PILOT, OF_VEHICLES = "pilot-short", "EVCommunicationError"  # 7.6: no reason to be Faulted
FAULTED, NOTHING_TO_OFFER = "Faulted", "SuspendedEVSE"
BESIDE = ("Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing")  # 4.9: the statuses it goes with
LACKING = frozenset({"UnderVoltage"})  # sheet table 5
RESIDUAL, SENSOR = "ground-failure", "rcd"  # an input of io_InputCfg: RCD2, of an EVC4


def senses(context: Context, fault: str, connector: int, epoch_s: float) -> bool:
    """Is there for sure what tells the station of a fault? By policy assumed_keys it takes an input."""
    if fault != RESIDUAL or context.policies.get("assumed_keys") != "as-named":
        return True
    inputs = (context.history.keys.text("io_InputCfg", epoch_s) or "").lower().split(",")
    return any(text.strip().startswith(SENSOR) for text in inputs[connector - 1 : connector])


class Faults:
    """Looks at what is told a while after each fault's begin and end, where it was the only one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._connectors = context.history.connectors
        self._link = context.history.link
        self._agenda = context.agenda
        self._told: defaultdict[int, tuple[str, str]] = defaultdict(lambda: ("", "NoError"))
        self._before: dict[int, str] = {}  # by connector: the status that the last fault took the place of
        self._back: dict[int, tuple[str, float]] = {}  # and what it came back as, and when
        context.bus.calls["StatusNotification"].append(self._status)
        context.bus.events["fault"].append(self._came)
        context.bus.events["clear"].append(self._came)

    def _status(self, call: Call) -> None:
        connector, status = call.payload["connectorId"], call.payload["status"]
        last = self._told[connector][0]
        if status == FAULTED != last:
            self._before[connector] = last
        elif last == FAULTED != status or self._is_overtaken(connector, call):
            self._back[connector] = status, call.happened_s
        self._told[connector] = status, call.payload["errorCode"]

    def _is_overtaken(self, connector: int, call: Call) -> bool:
        """Did what a fault came back as stand for no time?"""
        return connector in self._back and call.happened_s - self._back[connector][1] < STAMP_HAIR_S

    def _came(self, event: Event) -> None:
        fault = str(event.detail.get("fault"))
        connector = event.connector
        if fault == PILOT:
            self._pilot(event)
        if not connector or fault not in CODES or not senses(self._context, fault, connector, event.epoch_s):
            return
        others = self._connectors.faults(connector) - {fault}
        if not others:
            lasts = event.name == "fault"
            until = event.epoch_s + (FAULT_TOLD_S if lasts else FAULT_OVER_S)
            self._agenda.at(until, partial(self._look, connector, fault, lasts, event.epoch_s, until))

    def _pilot(self, event: Event) -> None:
        """What is told of a car that cannot be spoken with."""
        if (
            event.connector
            and event.name == "fault"
            and not self._connectors.faults(event.connector) - {PILOT}
        ):
            until = event.epoch_s + FAULT_TOLD_S
            self._agenda.at(until, partial(self._look_at_pilot, event.connector, event.epoch_s, until))

    def _look_at_pilot(self, connector: int, epoch_s: float, until: float) -> None:
        status, told = self._told[connector]
        if status in BESIDE and self._is_alone(connector, epoch_s, until):
            message = f"{PILOT} set in"
            actual = f"{status}, {told}"
            self._ledger.judge(CODE, told == OF_VEHICLES, epoch_s, connector, OF_VEHICLES, actual, message)

    def _is_alone(self, connector: int, epoch_s: float, until: float) -> bool:
        """Did nothing else happen there, and was all heard that was said?"""
        edge = np.array([epoch_s - FAULT_QUIET_S, until])
        unheard = self._link.was_held_up(epoch_s, until)
        return self._connectors.touched_once(connector, edge) and not unheard

    def _look(self, connector: int, fault: str, lasts: bool, epoch_s: float, until: float) -> None:
        if not self._is_alone(connector, epoch_s, until):
            return
        code = CODES[fault]
        if code in LACKING and self._context.evidence.behaviour == SHEET:
            code = "OtherError"
        expected = ("Faulted", code) if lasts else ("not Faulted", "NoError")
        status, told = self._told[connector]
        good = told == expected[1] and (status == "Faulted") == lasts
        message = f"{fault} {'set in' if lasts else 'is over'}"
        self._ledger.judge(CODE, good, epoch_s, connector, ", ".join(expected), f"{status}, {told}", message)
        if not lasts and good:
            self._look_back(connector, epoch_s, message)

    def _look_back(self, connector: int, epoch_s: float, message: str) -> None:
        """Where the status is again the one from before the fault, was that told at once?

        So it is to be (I1 to I8); what is told later is a car that did not answer in its time.
        """
        before = self._before.get(connector)
        first, at = self._back.get(connector, ("", -inf))
        if before == self._told[connector][0] and epoch_s <= at <= epoch_s + FAULT_TOLD_S:
            ours = self._context.evidence.behaviour == SHEET
            severity = "error" if ours else "warning"
            good = first in (before, NOTHING_TO_OFFER)
            self._ledger.judge(CODE, good, epoch_s, connector, before, first, message, severity=severity)
