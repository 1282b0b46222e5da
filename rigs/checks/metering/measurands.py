"""What meter values consist of: the configured measurands, their phases and units, the data of a stop."""

from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import FOREVER, iso
from evc5.rigs.checks.reading.meter import PHASES, Column, Layout, line
from evc5.rigs.checks.state.connectors import QUIET_S, STOP_TOLD_S, WHOLE_SECOND_S
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import key
from evc5.rigs.checks.state.keys import PHASE
from evc5.rigs.checks.state.listeners import Event
from evc5.rigs.checks.state.requirement import Requirement as R
from evc5.rigs.checks.state.transactions import Transaction

MEASURANDS, UNITS, CONTEXTS = "metering.measurands", "metering.units", "metering.context"
STOP_DATA = "metering.stop-data"
REQUIREMENTS = (
    R(
        MEASURANDS,
        "Exactly the configured measurands are told, on all phases",
        "3.16.3, 9.1.17, TC_070_CS",
        needs=(key("MeterValuesSampledData"),),
        arises=("MeterValues",),
    ),
    R(UNITS, "Each value has a unit of its measurand", "7.31, 7.45"),
    R(CONTEXTS, "Each value has the context of its occasion", "7.33"),
    R(
        STOP_DATA,
        "A stop carries the values of its list, of begin and end",
        "3.16.5, ER 3.14, 9.1.30",
        needs=(key("StopTxnSampledData"),),
        arises=("StopTransaction",),
    ),
)

LISTS = {
    "Sample.Periodic": "MeterValuesSampledData",
    "Trigger": "MeterValuesSampledData",
    "Sample.Clock": "MeterValuesAlignedData",
}
NOT_ASKED = "not asked for"
# Sheet table 3: "when the attached kWh meter supports it"; SoC: when a car is there to tell it.
MAY_LACK = frozenset({"Frequency", "Power.Factor", "SoC"})
LIVE_V = 50.0  # assumed: a phase of a supply has more, a wire that leads to none less
TRIGGERED_S = 60.0  # assumed: what is asked for comes so soon
SOC_TOLD_S = 60.0  # assumed: so long after it came the charge of a car is told
# 9.1.17 with the sheet's "phase values are applicable to all measurands that support it".
PHASED = frozenset({"Current.Import", "Voltage", "Power.Active.Import", "Current.Offered"})
NO_TOTAL = frozenset({"Current.Import", "Voltage", "Current.Offered"})  # there is none over the phases
REGISTER = "Energy.Active.Import.Register"

# 7.31 and 7.45: the units a measurand may have; None where OCPP 1.6 has none for it.
_UNITS: dict[str, tuple[str | None, ...]] = {
    "Current": ("A",),
    "Voltage": ("V",),
    "Power.Factor": (None,),
    "Power.Active": ("W", "kW"),
    "Power.Offered": ("W", "kW"),
    "Power.Reactive": ("var", "kvar"),
    "Energy.Active": ("Wh", "kWh"),
    "Energy.Reactive": ("varh", "kvarh"),
    "SoC": ("Percent",),
    "Temperature": ("Celsius", "Celcius", "Fahrenheit", "K"),
    "Frequency": (None, "Hertz"),
    "RPM": (None,),
}
STOP_CONTEXTS = ("Transaction.Begin", "Transaction.End")
BETWEEN = ("Sample.Periodic", "Sample.Clock")
UNFINISHED = frozenset({"PowerLoss", "Reboot", "HardReset"})  # the end's values may be lost with the power


def units_of(measurand: str) -> tuple[str | None, ...]:
    return next(units for prefix, units in _UNITS.items() if measurand.startswith(prefix))


def _twice(layout: Layout) -> set[tuple[str, str]]:
    """Measurands that one list tells twice of one phase, at one place and in one unit."""
    told = Counter((c.measurand, c.phase, c.location, c.unit, c.format) for c in layout.columns)
    return {(name, phase) for (name, phase, *_), times in told.items() if phase and times > 1}


def _phases_told(layout: Layout) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for column in layout.columns:
        if column.measurand in PHASED and column.phase is not None:
            told.setdefault(column.measurand, set()).add(column.phase)
    return told


def _is_between(block: Block, like: Block) -> bool:
    """Does it lie in the midst of samples of its kind?"""
    one = float(block.stamp[0])
    alike = (block.transaction, block.layout.context) == (like.transaction, like.layout.context)
    return alike and not like.layout.mixed and bool(like.stamp.min() < one < like.stamp.max())


Case = tuple[Layout, str, frozenset[str], frozenset[str]]  # with its list, its phases, what it may lack


class Contents:
    """Judges each layout where its readings come, once per block."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._bare_all = context.policies["bare_measurand"] == "all"
        self._asked = False  # a TriggerMessage for MeterValues was accepted
        self._found: dict[Case, list[str]] = {}  # what is wrong with a layout
        self._strange: dict[Layout, list[Column]] = {}
        self._wires: dict[int, frozenset[str]] = {}
        self._charged: dict[int, float] = {}  # by connector: since when a car is there whose charge is known
        self._of_others = context.evidence.is_of_others
        if context.evidence.events and context.policies["soc_known"] == "car":
            context.bus.events["plug-in"].append(self._plugged)
            context.bus.events["unplug"].append(self._unplugged)
        context.bus.telemetry.append(self._wires.clear)
        context.bus.readings.append(self._readings)
        context.bus.replies["TriggerMessage"].append(self._triggered)

    def _unplugged(self, event: Event) -> None:
        self._charged.pop(event.connector or 0, None)

    def _plugged(self, event: Event) -> None:
        self._unplugged(event)
        if event.detail.get("soc") is not None:
            self._charged[event.connector or 0] = event.epoch_s

    def _triggered(self, call: Call) -> None:
        self._asked |= call.payload["requestedMessage"] == "MeterValues"

    def _readings(self, connector: int, blocks: list[Block]) -> None:
        for block in blocks:
            self._units(connector, block)
            self._occasion(connector, block)
            if not block.layout.mixed:
                self._measurands(connector, block)
        if not self._context.evidence.from_power_on:
            self._gaps(connector, blocks)

    def _units(self, connector: int, block: Block) -> None:
        strange = self._strange.get(block.layout)
        if strange is None:
            strange = [c for c in block.layout.columns if c.unit not in self._allowed(c.measurand)]
            self._strange[block.layout] = strange
        fine = len(block) * (len(block.layout.columns) - len(strange))
        self._ledger.held(UNITS, fine, connector, block.stamp)
        for column in strange:
            allowed = " or ".join(unit or "none" for unit in self._allowed(column.measurand))
            message = f"{column.measurand} has a unit that is none of its own"
            self._ledger.broken(
                UNITS, float(block.epoch_s[0]), connector, allowed, column.unit or "none", message
            )

    def _allowed(self, measurand: str) -> tuple[str | None, ...]:
        """7.43: a unit is optional; of the EVC5 the sheet has one with every measurand that has any."""
        units = units_of(measurand)
        return units if self._context.evidence.from_power_on else (*units, None)

    def _occasion(self, connector: int, block: Block) -> None:
        context = block.layout.context
        evidence = self._context.evidence
        bad = {c.context for c in block.layout.columns} & set(STOP_CONTEXTS)
        if bad and not block.layout.mixed and not evidence.from_power_on:
            self._at_its_edge(block)
            return
        reached = evidence.down and evidence.reaches_back(float(block.epoch_s[0]) - TRIGGERED_S)
        if context == "Trigger" and not self._asked and reached:
            bad.add(context)
        says = all(column.says_context for column in block.layout.columns)
        astray = block.transaction is None and says and connector != 0
        if context == "Sample.Periodic" and astray and evidence.from_power_on:
            # Between transactions others tell values in whatever context they have (4.7); the rig's do not.
            bad.add(context)
        message = "a context that does not fit the occasion"
        expected = "Sample.Periodic in a transaction, Sample.Clock, or Trigger"
        actual = ", ".join(sorted(bad))
        self._judge(CONTEXTS, not bad, block, expected, actual, message)

    def _at_its_edge(self, block: Block) -> None:
        """Others tell the values of a transaction's begin or end in MeterValues, too, taken then (7.35)."""
        context = block.layout.context
        for _, epoch_s, stamp in block.rows():
            look = partial(self._is_edge, block.connector, block.transaction, context, epoch_s, stamp)
            self._context.agenda.at(epoch_s + STOP_TOLD_S, look)

    def _is_edge(
        self, connector: int, transaction: int | None, context: str, epoch_s: float, stamp: float
    ) -> None:
        memory = self._context.history.transactions
        its = memory.by_id.get(transaction) if transaction is not None else memory.at(connector, stamp)
        if its is None:
            return
        edge = its.start if context == "Transaction.Begin" else its.stop
        good = edge is not None and abs(stamp - edge) <= QUIET_S + self._ledger.time.doubt_s(epoch_s)
        expected = f"{context} at {'its end' if edge is None else iso(edge)}"
        message = "a context that does not fit the occasion"
        actual = f"{context} at {iso(stamp)}"
        self._ledger.judge(CONTEXTS, good, epoch_s, connector, expected, actual, message)

    def _judge(
        self,
        requirement: str,
        good: bool,
        block: Block,
        expected: str,
        actual: str,
        message: str,
        severity: str = "error",
    ) -> None:
        """Each of its readings is a case: they have one layout."""
        if good:
            self._ledger.held(requirement, len(block), block.connector, block.epoch_s)
        else:
            epoch_s = float(block.epoch_s[0])
            about = requirement, epoch_s, block.connector, expected, actual, message
            self._ledger.broken(*about, count=len(block), severity=severity)

    # -- measurands ------------------------------------------------------------------------------

    def _measurands(self, connector: int, block: Block) -> None:
        key = LISTS.get(block.layout.context)
        first, last = float(block.stamp.min()), float(block.stamp.max())
        tolerance = self._context.tolerances.sample_s
        if key is None or connector == 0 or self._connectors.is_unmetered(connector, first, tolerance):
            return
        changes = [
            epoch_s
            for epoch_s in self._keys.changes(first - tolerance, key.lower())
            if epoch_s <= last + tolerance
        ]
        text = self._keys.text(key, first)
        if text is None or changes:
            return
        told_soc = self._charged.get(connector, FOREVER) + SOC_TOLD_S <= first
        what = (block.layout, text, self._wired(connector), MAY_LACK - {"SoC"} if told_soc else MAY_LACK)
        wrong = self._found.get(what)
        if wrong is None:
            wrong = self._found[what] = self._wrong(*what)
        message = f"{block.layout.context} values are not what {key} says"
        more_than_asked = self._of_others and all(one.endswith(NOT_ASKED) for one in wrong)
        severity = "warning" if more_than_asked else "error"
        self._judge(MEASURANDS, not wrong, block, text, "; ".join(wrong), message, severity)

    def _wrong(self, layout: Layout, text: str, wired: frozenset[str], may_lack: frozenset[str]) -> list[str]:
        wanted: dict[str, set[str]] = {}
        for name in filter(None, (name.strip() for name in text.split(","))):
            phase = PHASE.search(name)
            wanted.setdefault(PHASE.sub("", name), set()).update([phase[0][1:3]] if phase else ["all"])
        told: dict[str, set[str]] = {}
        for column in layout.columns:
            told.setdefault(column.measurand, set()).add(line(column.phase) or "total")
        wrong = [f"{name} {NOT_ASKED}" for name in told.keys() - wanted.keys()]
        wrong += [f"{name} missing" for name in wanted.keys() - told.keys() - may_lack]
        for name in told.keys() & wanted.keys():
            wrong += self._wrong_phases(wired, name, wanted[name], told[name])
        wrong += [f"{name} on {phase} twice" for name, phase in _twice(layout)]
        wrong += ["SoC by phase"] if told.get("SoC", {"total"}) != {"total"} else []
        return sorted(wrong)

    def _wrong_phases(self, wired: frozenset[str], name: str, wanted: set[str], told: set[str]) -> list[str]:
        if "all" in wanted and not self._context.evidence.from_power_on:
            return []  # 3.16.3: as the station can measure it, by phase, as a total, or both
        if "all" in wanted and not self._bare_all:
            good = told == {"total"} or (name in NO_TOTAL and "total" not in told)
            return [] if good else [f"{name} by phase, total only by policy"]
        if name == REGISTER and "all" in wanted and "total" not in told:
            return [f"the total of {name} missing"]
        if name not in PHASED:
            return []
        phases = wired if "all" in wanted else wanted
        return [f"{name} on {phase} missing" for phase in sorted(phases - told)]

    def _gaps(self, connector: int, blocks: list[Block]) -> None:
        """Which phases it tells is a station's choice (3.16.3), but one sample has those of its like."""
        for block in blocks:
            told = _phases_told(block.layout)
            for like in blocks if len(block) == 1 and block.transaction is not None else ():
                if not _is_between(block, like):
                    continue
                missing = [
                    f"{name} on {phase} missing"
                    for name, phases in _phases_told(like.layout).items()
                    for phase in sorted(phases - told.get(name, phases))
                ]
                if missing:
                    message = "one sample lacks a phase that those before and after it tell"
                    self._ledger.broken(
                        MEASURANDS,
                        float(block.epoch_s[0]),
                        connector,
                        "the phases of the samples around it",
                        "; ".join(missing),
                        message,
                        severity="warning",
                    )

    def _wired(self, connector: int) -> frozenset[str]:
        """The phases of an outlet: those under voltage in the telemetry, else those that it is wired to."""
        known = self._wires.get(connector)
        if known is None:
            known = self._wires[connector] = self._live(connector)
        return known

    def _live(self, connector: int) -> frozenset[str]:
        rows = self._context.telemetry.parts.get(connector)
        if rows is None:
            wired = self._context.evidence.phases or (1 if self._context.telemetry.recorded else len(PHASES))
            return frozenset(PHASES[:wired])
        return frozenset(f"L{n}" for n in (1, 2, 3) if np.nanmax(rows[f"u{n}_v"]) > LIVE_V)


class StopData:
    """Judges the transactionData of each StopTransaction against StopTxnSampledData."""

    KEY = "StopTxnSampledData"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._history = context.history
        self._connectors = context.history.connectors
        self._keys = context.history.keys
        self._of_others = context.evidence.is_of_others
        self._keeps_all = context.policies.get("stop_data") != "begin-end"  # or it is not known
        context.bus.calls["StopTransaction"].append(self._stop)

    def _stop(self, call: Call) -> None:
        stopped = self._history.transactions.stopped_by(call)
        if stopped is None or stopped.stop is None:
            return
        wanted = {context: self._wanted(at) for context, at in self._instants(stopped)}
        if None in wanted.values():
            return
        wrong = self._wrong(call, stopped, wanted)
        expected = ", ".join(sorted(set().union(*(some or set() for some in wanted.values())))) or "none"
        message = f"the values of the stop of transaction {stopped.id} are not what {self.KEY} says"
        self._ledger.judge(
            STOP_DATA, not wrong, call.epoch_s, stopped.connector, expected, "; ".join(wrong), message
        )

    def _instants(self, stopped: Transaction) -> list[tuple[str, float]]:
        return [(STOP_CONTEXTS[0], stopped.start), (STOP_CONTEXTS[1], stopped.stop or stopped.start)]

    def _wanted(self, epoch_s: float) -> frozenset[str] | None:
        """The measurands of the list; None where it is unknown, or changes at this very instant."""
        tolerance = self._context.tolerances.sample_s
        changes = self._keys.changes(epoch_s - tolerance, self.KEY.lower())
        changing = any(change <= epoch_s + tolerance for change in changes)
        return None if changing else self._keys.measurands(self.KEY, epoch_s)

    def _wrong(self, call: Call, stopped: Transaction, wanted: dict[str, Any]) -> list[str]:
        told: dict[str, set[str]] = {context: set() for context in STOP_CONTEXTS}
        between: set[str] = set()
        wrong = []
        instants = dict(self._instants(stopped))
        for reading in call.readings or ():
            for column in reading.layout.columns:
                if column.context in BETWEEN and self._keeps_all:
                    between.add(column.measurand)
                    continue  # 9.1.29, 9.1.30: what was sampled from start to stop may be there too
                if column.context not in told:
                    wrong.append(f"{column.measurand} with context {column.context}")
                    continue
                told[column.context].add(column.measurand)
                if abs(reading.stamp - instants[column.context]) > self._context.tolerances.sample_s:
                    wrong.append(f"{column.context} stamped {iso(reading.stamp)}")
        for context in STOP_CONTEXTS:
            unmetered = self._connectors.is_unmetered(stopped.connector, instants[context], WHOLE_SECOND_S)
            may_lack = stopped.reason in UNFINISHED or unmetered
            lacks = set() if may_lack else wanted[context] - told[context] - MAY_LACK
            if self._of_others:  # ER 3.14: begin and end are recommended, not asked for
                lacks -= between.union(*told.values())
            wrong += [f"{context} lacks {name}" for name in sorted(lacks)]
            wrong += [f"{context} has {name}" for name in sorted(told[context] - wanted[context])]
        return sorted(set(wrong))
