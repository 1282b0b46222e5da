"""What a recording lets the judge know; each requirement names what it needs, no check asks whose it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evc5.rigs.checks.state.requirement import Need
from evc5.rigs.checks.state.sheet_tables import SHEET
from evc5.rigs.checks.state.station_history import StationHistory

CONFIGURATION = Need("configuration", "the station's configuration: let the CSMS send GetConfiguration")
EVENTS = Need("events", "what was done with cables, cards, faults and power: record it with a rig's steps")
TELEMETRY = Need("telemetry", "what stood and flowed at the outlet: record telemetry, by instruments if real")
POWER_ON = Need("power-on", "what the station remembers: record from its first start")
BOTH_WAYS = Need("both-ways", "the frames of the other direction: record both")
BEHAVIOUR = Need("behaviour", "which firmware it is: name it with --behaviour, or record a boot")
STATION_CLOCK = Need("station-clock", "the zone of the log's times: name it with --timezone")
HEADER = Need("header", "the keys that a rig set: judge the directory of a run with one")
CURRENT = Need("current", "what flows: let MeterValuesSampledData name current, power or the register")


def key(name: str) -> Need:
    """The value of one configuration key."""
    return Need(f"key:{name}", f"the key {name}: let the CSMS send GetConfiguration")


@dataclass(slots=True, eq=False, repr=False)
class Evidence:
    """What is known of one recording; parts of it grow as it is read."""

    history: StationHistory
    events: bool = False  # what was done at the bench is written down
    telemetry: bool = False
    from_power_on: bool = False  # recorded from the station's first moment on: it remembers nothing older
    is_continuous: bool = False  # written by our own recorder, without gaps
    is_own: bool = False  # its frames were
    behaviour: str | None = None  # what the station is said to be; None: any charge point
    end: str = "station"  # where the frames were written: at the station's end, or the csms's
    station_clock: bool = True  # are the station's stamps and the frames' times of one known offset?
    header: Mapping[str, Any] = field(default_factory=dict)  # what the rig set, by key
    has_header: bool = False  # a rig may set none
    phases: int | None = None  # that the station is wired to, where the header tells it
    records: tuple[bool, ...] = (True, False)  # whose frames are recorded: up, down or both
    up: bool = False  # frames of the station were read
    down: bool = False  # frames of the CSMS were read
    began: float | None = None  # when the first frame went, epoch seconds
    notes: list[str] = field(default_factory=list)  # what the reader of a log had to assume, for people
    measured: set[str] = field(default_factory=set)  # measurands that meter values told

    def heard(self, epoch_s: float, up: bool) -> None:
        """A frame was read."""
        self.up |= up
        self.down |= not up
        self.began = epoch_s if self.began is None else self.began

    def goes_on(self, before: "Evidence") -> None:
        """After a hole: what the log as a whole told of itself so far."""
        self.up, self.down, self.notes = before.up, before.down, before.notes
        self.measured = before.measured

    def note(self, text: str) -> None:
        """Something for the reader of the verdict, said once."""
        if text not in self.notes:
            self.notes.append(text)

    def knows(self, need: Need) -> bool:
        if need.name.startswith("key:"):
            return self.history.keys.get(need.name[4:]) is not None
        return _KNOWN[need.name](self)

    @property
    def is_of_others(self) -> bool:
        """Is it of another maker's station, which may follow any choice that the standard leaves open?"""
        return not self.from_power_on and self.behaviour != SHEET

    @property
    def hears_csms(self) -> bool:
        """Are the frames of the CSMS recorded? Else what it answered is not known."""
        return False in self.records

    @property
    def is_in_order(self) -> bool:
        """Are stamps and frames of one clock, to the millisecond, as our own at the station's end?"""
        return self.events and self.is_own and self.end == "station"

    @property
    def current_source(self) -> str | None:
        """Of what flowed: telemetry, else the best measurand told; None where nothing tells."""
        if self.telemetry:
            return "telemetry"
        return next((name for name in CURRENT_SOURCES if name in self.measured), None)

    def so_far(self, epoch_s: float) -> tuple[float, float]:
        """All the time in which what is known may have changed: since the log began, or its last hole."""
        return (epoch_s if self.began is None else self.began), epoch_s

    def reaches_back(self, epoch_s: float) -> bool:
        """Does the recording reach back to this instant, or to the station's first?"""
        return self.from_power_on or (self.began is not None and epoch_s >= self.began)


# Best first; Current.Offered tells the offer alone, and never stands here.
CURRENT_SOURCES = ("Current.Import", "Power.Active.Import", "Energy.Active.Import.Register")

_KNOWN: dict[str, Callable[[Evidence], bool]] = {
    "configuration": lambda evidence: evidence.history.keys.was_told,
    "events": lambda evidence: evidence.events,
    "telemetry": lambda evidence: evidence.telemetry,
    "power-on": lambda evidence: evidence.from_power_on,
    "both-ways": lambda evidence: evidence.up and evidence.down,
    "header": lambda evidence: evidence.has_header,
    "behaviour": lambda evidence: evidence.behaviour is not None,
    "station-clock": lambda evidence: evidence.station_clock,
    "current": lambda evidence: evidence.current_source is not None,
}
