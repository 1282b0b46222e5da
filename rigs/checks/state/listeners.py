"""How checks hear of the recording: each names what it wants, the judge calls it in order of time."""

import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from evc5.rigs.checks.reading.call import Call
from evc5.rigs.checks.reading.columns import Listener


class Event(NamedTuple):
    """One row of events.jsonl."""

    epoch_s: float
    connector: int | None
    name: str
    detail: dict[str, Any]


class Breakdown(NamedTuple):
    """A check that could not go on: a fault of ours, never of the station."""

    check: str
    error: str
    where: str  # function and line of our own code
    module: str = ""


@dataclass(slots=True, eq=False, repr=False)
class Bus:
    """Who wants to hear what. Calls and replies are heard only where their payload is valid.

    A listener that breaks down is noted, with the first of its kind, and all others hear on.
    """

    calls: defaultdict[str, list[Callable[[Call], None]]] = field(default_factory=lambda: defaultdict(list))
    replies: defaultdict[str, list[Callable[[Call], None]]] = field(default_factory=lambda: defaultdict(list))
    any_call: list[Callable[[Call], None]] = field(default_factory=list)  # all but MeterValues, valid or not
    any_reply: list[Callable[[Call], None]] = field(default_factory=list)  # whatever kind of answer it was
    readings: list[Listener] = field(default_factory=list)  # (connector, its blocks)
    events: defaultdict[str, list[Callable[[Event], None]]] = field(default_factory=lambda: defaultdict(list))
    settings: list[Callable[[str, float], None]] = field(default_factory=list)  # (key in lower case, when)
    telemetry: list[Callable[[], None]] = field(default_factory=list)  # when a part was added to the history
    end: list[Callable[[float], None]] = field(default_factory=list)
    on_breakdown: Callable[[Breakdown], None] | None = None

    def tell(self, listeners: Iterable[Callable[..., None]], *what: Any) -> None:
        """Call each of them, whatever becomes of the others."""
        for listen in listeners:
            try:
                listen(*what)
            except Exception as error:
                if self.on_breakdown is None:
                    raise
                self.on_breakdown(breakdown(listen, error))


def breakdown(listen: Callable[..., Any], error: Exception) -> Breakdown:
    """What broke down, and where in our code."""
    inner = getattr(listen, "func", listen)  # of a partial
    owner = getattr(inner, "__self__", None)
    name = type(owner).__name__ if owner is not None else getattr(inner, "__qualname__", repr(inner))
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.name}:{place.lineno}"
    module = type(owner).__module__ if owner is not None else getattr(inner, "__module__", "")
    return Breakdown(name.partition(".")[0], f"{type(error).__name__}: {error}", where, module)
