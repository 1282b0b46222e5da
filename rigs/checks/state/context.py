"""What every check is given: the memory, the evidence, and where to write."""

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from evc5.rigs.checks.reading.columns import Block
from evc5.rigs.checks.reading.instants import epoch, iso
from evc5.rigs.checks.reading.registers import Registers
from evc5.rigs.checks.reading.telemetry import Telemetry
from evc5.rigs.checks.state.agenda import Agenda
from evc5.rigs.checks.state.evidence import Evidence
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.listeners import Bus, Event
from evc5.rigs.checks.state.profiles_in_force import ProfilesInForce
from evc5.rigs.checks.state.station_history import StationHistory
from evc5.rigs.checks.state.tolerances import Tolerances

LONG_SILENCE_S = 600.0  # assumed: in a silence so long a line may have been down, whatever the Heartbeats


class Context(NamedTuple):
    """One judging of one recording, as its checks see it.

    Who hears first: the history, told by the judge itself; then `profiles` and `agenda`, which listen before
    any check is made; then the checks, in the order of their table.
    """

    bus: Bus
    history: StationHistory
    profiles: ProfilesInForce
    agenda: Agenda
    evidence: Evidence
    ledger: Ledger
    telemetry: Telemetry
    tolerances: Tolerances
    policies: dict[str, str]
    zone: ZoneInfo | None  # of the station, where the summary tells it
    registers: Registers

    def about(self, since: float, until: float) -> dict[str, Any]:
        """What was judged, and as what: for a reader of the verdict."""
        return {
            "behaviour": self.evidence.behaviour,
            "station": self.history.boots.identity,
            "since": iso(since),
            "until": iso(until),
            "transactions": self.history.transactions.count,
            "notes": self.evidence.notes,
        }

    def may_hide(self, silence: Event) -> bool:
        """May something told in it be lost? It is longer than a HeartbeatInterval, or than minutes."""
        interval_s = self.history.keys.integer("HeartbeatInterval", silence.epoch_s)
        silent_s = silence.epoch_s - epoch(silence.detail["since"])
        return interval_s is None or silent_s > min(interval_s, LONG_SILENCE_S) + self.tolerances.heartbeat_s

    def instant(self, blocks: list[Block]) -> list[Block]:
        """The blocks whose values are those of their instant: clock-aligned ones may be averages (9.1.5)."""
        if self.policies["clock_values"] != "averaged":
            return blocks
        return [block for block in blocks if block.layout.context != "Sample.Clock"]
