"""How checks hear of the recording: each names what it wants, the judge calls it in order of time."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Listener


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
