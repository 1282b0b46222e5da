"""What the checks of a recording are given: all that its header tells, and nothing of its frames yet."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from evc5.rigs.checks.reading import telemetry
from evc5.rigs.checks.reading.instruments import Instrument
from evc5.rigs.checks.reading.logs.told import Told
from evc5.rigs.checks.reading.registers import Registers
from evc5.rigs.checks.reading.sources import zone_of
from evc5.rigs.checks.state.agenda import Agenda
from evc5.rigs.checks.state.context import Context
from evc5.rigs.checks.state.evidence import Evidence
from evc5.rigs.checks.state.keys import as_text
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.listeners import Bus
from evc5.rigs.checks.state.profiles import ROUNDED_S
from evc5.rigs.checks.state.profiles_in_force import LAPSE_S, ProfilesInForce
from evc5.rigs.checks.state.station_history import StationHistory
from evc5.rigs.checks.state.tolerances import Tolerances
from evc5.rigs.checks.verdict import recordings
from evc5.rigs.checks.verdict.recordings import Recording
from evc5.rigs.errors import BadInput

BY_HARDWARE = {"connectors": "NumberOfConnectors", "phase_switching": "ConnectorSwitch3to1PhaseSupported"}


def mapping(summary: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = summary.get(key)
    return dict(found) if isinstance(found, dict) else {}


def context_of(
    recording: Recording, policies: dict[str, str], tolerances: Tolerances, ledger: Ledger
) -> Context:
    """As a recording begins, or goes on after a hole."""
    bus, history = Bus(), StationHistory()
    summary = recording.summary
    told = recording.transcript.told()
    evidence = Evidence(history, behaviour=summary.get("behaviour"))
    evidence.header, evidence.has_header = mapping(summary, "keys"), "keys" in summary
    evidence.from_power_on = history.transactions.from_power_on = recording.is_from_power_on
    for key, value in evidence.header.items() if evidence.from_power_on else ():
        history.keys.rigged(key, as_text(value))
    for name, key in BY_HARDWARE.items():
        if evidence.from_power_on and summary.get(name) is not None:
            history.keys.rigged(key, as_text(summary[name]))
    evidence.events = recordings.tells_of_hands(recording)
    evidence.is_continuous = recording.directory is not None
    evidence.is_own = recording.transcript.is_own
    evidence.phases = summary.get("phases") if summary.get("phases") in (1, 3) else None
    evidence.end, evidence.station_clock = told.end, told.knows_clock
    evidence.records = told.records
    ledger.knows = evidence.knows
    ledger.misread = history.connectors.is_misread
    ledger.line_name = lambda number: line_name(recording.transcript.told(), number)
    zone = summary.get("timezone")
    measured = telemetry.Telemetry()
    measured.instrument = Instrument.of(summary.get("telemetry"))
    return Context(
        bus=bus,
        history=history,
        profiles=ProfilesInForce(bus, history, policies, ROUNDED_S if evidence.is_in_order else LAPSE_S),
        agenda=Agenda(bus),
        evidence=evidence,
        ledger=ledger,
        telemetry=measured,
        tolerances=tolerances,
        policies=policies,
        zone=_zone(zone),
        registers=Registers(),
    )


def _zone(name: object) -> ZoneInfo | None:
    """A summary's, which anybody may have written; None where there is no such zone."""
    with suppress(BadInput):
        return zone_of(name) if isinstance(name, str) else None
    return None


def line_name(told: Told, number: int) -> str:
    """As a message speaks of a line."""
    file, line = told.place(number)
    return f"line {line}" if file is None else f"{file}:{line}"
