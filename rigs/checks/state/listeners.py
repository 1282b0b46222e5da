"""How checks hear of the recording: each names what it wants, the judge calls it in order of time."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Block, Listener
from evc5.rigs.checks.reading.telemetry import Telemetry
from evc5.rigs.checks.state.ledger import Ledger
from evc5.rigs.checks.state.station_history import Story
from evc5.rigs.checks.state.tolerances import Tolerances


@dataclass(slots=True)
class Bus:
    """Who wants to hear what. Calls and replies are heard only where their payload is valid."""

    calls: defaultdict[str, list[Callable[[Call], None]]] = field(default_factory=lambda: defaultdict(list))
    replies: defaultdict[str, list[Callable[[Call], None]]] = field(default_factory=lambda: defaultdict(list))
    any_call: list[Callable[[Call], None]] = field(default_factory=list)  # all but MeterValues, valid or not
    any_reply: list[Callable[[Call], None]] = field(default_factory=list)  # whatever kind of answer it was
    readings: list[Listener] = field(default_factory=list)  # (connector, its blocks)
    events: defaultdict[str, list[Callable[["Event"], None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    telemetry: list[Callable[[], None]] = field(default_factory=list)  # when a part was added to the history
    end: list[Callable[[float], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of events.jsonl, t in epoch seconds."""

    t: float
    connector: int | None
    name: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every check is given: the story so far, the telemetry, the tolerances, and where to write."""

    bus: Bus
    story: Story
    ledger: Ledger
    telemetry: Telemetry
    tolerances: Tolerances
    policies: dict[str, str]
    whole: bool  # a run directory, recorded from power-on; a transcript may begin anywhere
    zone: ZoneInfo | None  # of the station, where the summary tells it
    keys: Mapping[str, Any] = field(default_factory=dict)  # what the rig set, by key
    behaviour: str | None = None  # what the station is said to be; None: any charge point

    def instant(self, blocks: list[Block]) -> list[Block]:
        """The blocks whose values are those of their instant: clock-aligned ones may be averages (9.1.5)."""
        if self.policies["clock_values"] != "averaged":
            return blocks
        return [block for block in blocks if block.layout.context != "Sample.Clock"]
