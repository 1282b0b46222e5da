"""One probe: what it asks of the unit and of people, what it disturbs, how it decides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evc5.rigs.keeper.keeper import Keeper, Refused
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.hands import Hands
from evc5.rigs.probe.line import Line
from evc5.rigs.secrets import without_passwords
from evc5.twin.ocpp.rpc import Reply
from evc5.twin.sheet.behaviour import Behaviour

PUBLISHED = "evc5-v32r30"  # the behaviour that holds the published sheet
LIMIT_S = 600.0  # of one probe; assumed

IDLE = "idle"  # a unit at which nobody charges
CAR = "car"  # hands that plug a car in and hold a card up
DISRUPTIVE = "disruptive"  # the owner's word: it takes something away, or moves something
FAULTS = "faults"  # hands that bring faults about
DANGER = "danger"  # the owner's word for this one action


@dataclass(frozen=True, slots=True)
class Options:
    """What the owner allows."""

    session: bool = False
    disruptive: bool = False
    faults: bool = False
    danger: tuple[str, ...] = ()
    only: tuple[str, ...] = ()  # groups; empty: all
    stack_above: int | None = None  # the owner's highest stack level, where profiles are in use


class GivenUp(Exception):
    """This probe goes no further: why."""


@dataclass(slots=True)
class Context:
    """What a probe works with; what it finds it notes as facts."""

    line: Line
    keeper: Keeper
    options: Options
    known: Behaviour  # the published sheet: names of keys, messages, measurands
    hands: Hands | None
    connectors: Sequence[int]  # 1, 2, …
    facts: dict[str, str] = field(default_factory=dict)
    until_epoch_s: float = float("inf")
    occupied: Callable[[], str] = lambda: ""  # at which connector a car charges, in words; empty: at none
    needs_idle: bool = False  # does it end where a car begins to charge, which can be none of ours?
    found: Mapping[str, str] = field(
        default_factory=dict
    )  # facts of the probes before, which it may build upon

    def ask(self, action: str, payload: Payload | None = None) -> Reply:
        """A CALL within the probe's time."""
        self.check()
        return self.line.ask(action, payload or {})

    def check(self) -> None:
        """GivenUp where time is over or the unit answers no more."""
        if self.line.gone:
            raise GivenUp(self.line.gone)
        if self.line.epoch_s > self.until_epoch_s:
            raise GivenUp("it took too long")
        if self.needs_idle and (why := self.occupied()):
            raise GivenUp(why)

    def note(self, name: str, value: str) -> None:
        self.facts[name] = without_passwords(value)


Run = Callable[[Context], None]


@dataclass(frozen=True, slots=True)
class Probe:
    """A row of the catalogue."""

    name: str
    group: str
    asks: str
    run: Run
    decides: str = "by the answer"
    needs: str = IDLE
    disturbs: str = "nothing"
    restores: str = "nothing to put back"
    action: str = ""  # that --danger names

    @property
    def is_felt(self) -> bool:
        """Would a car that charges notice?"""
        return self.disturbs != "nothing"

    def refused(self, options: Options, has_hands: bool) -> str | None:
        """Why it is not run under these options; None: it is."""
        if options.only and self.group not in options.only:
            return "not asked for (--only)"
        if self.needs == CAR and not options.session:
            return "needs a car (--session)"
        if self.needs == FAULTS and not options.faults:
            return f"{self.disturbs} (--faults)"
        if self.needs in (CAR, FAULTS) and not has_hands:
            return "needs a car, and nobody is here to plug one in"
        if self.needs == DISRUPTIVE and not options.disruptive:
            return f"{self.disturbs} (--disruptive)"
        if self.needs == DANGER and self.action not in options.danger:
            return f"{self.disturbs} (--danger {self.action})"
        return None


def keep_list(context: Context, key: str) -> None:
    """Refused where writing `key` might cost the owner a local list, which 1.6 cannot read back."""
    if key.lower() != "localauthlistenabled":
        return
    payload = context.ask("GetLocalListVersion").payload or {}
    version = payload.get("listVersion", 0)
    if version > 0:
        raise Refused(f"its local list of version {version} might not outlive {key} = false")


def outcome(reply: Reply) -> str:
    """An answer in a word or two: its status, a CALLERROR's code, or that there was none."""
    if reply.payload is not None:
        status = reply.payload.get("status")
        return status if isinstance(status, str) else "answered"
    return f"CALLERROR {reply.code}" if reply.code else "no answer"


def by_name(probes: Sequence[Probe]) -> Mapping[str, Probe]:
    """The catalogue by name; ValueError where a name stands twice."""
    found = {probe.name: probe for probe in probes}
    if len(found) != len(probes):
        raise ValueError("two probes have one name")
    return found
