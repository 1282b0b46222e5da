"""The rig file: what one run consists of, as TOML with every key checked before anything is written."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PrivateAttr, Strict, ValidationError, model_validator

from models.vehicles import Vehicle
from rigs.cars import CarEntry, cars
from rigs.complaints import complaint, nearest, shown
from rigs.errors import BadInput
from rigs.fields import (
    Connector,
    EachPhase,
    IdTag,
    KeyValue,
    Many,
    NotNegative,
    OneOrMany,
    Positive,
    Table,
    Zone,
)
from rigs.instants import Instant, Utc, seconds, utc
from rigs.sessions import Session, planned
from rigs.station import behaviour_of, configuration_of
from twin.behaviour import Behaviour
from twin.configuration import Configuration

LIBRARY = Path(str(resources.files("rigs"))) / "library"

Fault = Literal[  # shared vocabulary of rig files and Bench.inject
    "lock-failure", "pilot-short", "diode-failure", "ground-failure", "over-voltage", "under-voltage",
    "over-current", "over-temperature", "power-meter-failure", "contactor-welded", "reader-failure",
    "power-loss", "phase-loss",
]  # fmt: skip
TagStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]  # OCPP 1.6 7.2
BootStatus = Literal["Accepted", "Pending", "Rejected"]  # OCPP 1.6 7.40


class Boot(Table):
    """What BootNotification says of the station."""

    vendor: str = Field(default="Ecotap", max_length=20)
    model: str = Field(default="EVC5", max_length=20)
    serial: str = Field(default="EVC5-0001", max_length=25)
    firmware: str = Field(default="V32R30", max_length=50)


class Meter(Table):
    """The kWh meter of each connector."""

    class_pct: float = Field(default=1.0, ge=0, le=5, description="class 1 allows ±1 %")
    gain_error_pct: float | None = Field(default=None, description="absent: drawn from the seed")
    resolution_wh: Positive = Field(default=1.0, description="one step of the register")
    register_wh: NotNegative = Field(default=0.0, description="what it shows at the start")

    @model_validator(mode="after")
    def _within_class(self) -> Self:
        if self.gain_error_pct is not None and abs(self.gain_error_pct) > self.class_pct:
            allowed = f"must have gain_error_pct within ±class_pct ({self.class_pct:g})"
            raise ValueError(f"{allowed}, got {self.gain_error_pct:g}")
        return self


class StationClock(Table):
    """How the station's own clock is wrong before the back office sets it."""

    offset_s: float = Field(default=0.0, ge=-86_400.0, le=86_400.0)
    drift_ppm: float = Field(default=0.0, ge=-500.0, le=500.0)


class Station(Table):
    behaviour: str = "evc5-v32r30"
    identity: str = Field(default="EVC5-0001", min_length=1, max_length=25, pattern=r"^[^\s:/]+$")
    connectors: Connector = 2
    rated_a: float = Field(default=32.0, ge=6, le=63, description="rating of each connector, A per phase")
    station_max_a: float = Field(
        default=63.0, ge=6, le=250, description="both connectors together, A per phase"
    )
    phases: Literal[1, 3] = 3
    latency_s: float = Field(default=0.05, ge=0, le=30, description="one way, station to back office")
    allow_overrides: bool = Field(
        default=False, description="let keys break the sheet's access and ranges, to model other firmware"
    )
    boot: Boot = Field(default_factory=Boot)
    meter: Meter = Field(default_factory=Meter)
    clock: StationClock = Field(default_factory=StationClock)
    keys: dict[str, KeyValue] = Field(default_factory=dict, description="OCPP and vendor configuration keys")
    policies: dict[str, str] = Field(default_factory=dict)


class Grid(Table):
    voltage_v: EachPhase[Positive] = (
        230.0,
        230.0,
        230.0,
    )
    frequency_hz: float = Field(default=50.0, ge=45, le=65)


class Ambient(Table):
    mean_c: float = Field(default=15.0, ge=-40, le=60)


class SessionEntry(Table):
    """One car at one connector."""

    connector: Connector = 1
    plug_in: Instant
    unplug: Instant
    vehicle: str
    soc: float = Field(ge=0, le=1, description="state of charge on arrival")
    id_tag: IdTag = "TAG1"
    cable_a: Literal[13, 20, 32, 63] = 32
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader")


class User(Table):
    """Where a user of the CSV parks, and in what car (fitted to the user's sessions where none is named)."""

    connector: Connector
    vehicle: str | None = None


class SessionsCsv(Table):
    """Sessions read from a file in the Trondheim data's format."""

    path: str
    timezone: Zone = "Europe/Oslo"
    users: dict[str, User] = Field(min_length=1)
    tag_after_s: NotNegative = 15.0


class Generator(Table):
    """Seeded random sessions: one a day on each connector with the given chance."""

    vehicles: Annotated[Many[str], Field(min_length=1)]
    chance: float = Field(default=0.8, ge=0, le=1)
    plug_in_h: float = Field(default=17.5, ge=0, lt=24, description="local hour, mean")
    plug_in_sd_h: NotNegative = 1.5
    stay_h: Positive = Field(default=12.0, description="mean stay; a stay ends before the next arrival")
    stay_sd_h: NotNegative = 2.0
    soc: Annotated[
        tuple[float, float], Strict(False), Field(description="arrival, uniform between the two")
    ] = (0.2, 0.7)
    tag_after_s: NotNegative = 15.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.soc
        if not 0 <= low <= high <= 1:
            raise ValueError(f"must have 0 <= soc[0] <= soc[1] <= 1, got {[low, high]}")
        return self


class Tag(Table):
    status: TagStatus = "Accepted"
    parent: IdTag | None = None
    expires: Utc | None = None


def _wire(value: Any) -> Any:
    """A payload with TOML's dates as OCPP writes them."""
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item) for item in value]
    return utc(value).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


Payload = Annotated[dict[str, Any], BeforeValidator(_wire)]


class Action(Table):
    """A CALL of the back office at its time."""

    at: Instant
    action: str
    payload: Payload = Field(default_factory=dict)


class Reply(Table):
    """A scripted answer to the station's next CALLs of one action."""

    action: str
    payload: Payload | None = None
    error: str | None = Field(default=None, description="answer with this CALLERROR code instead")
    silent: bool = Field(default=False, description="answer nothing")
    at: Instant = Field(default=0.0, description="from when it stands")
    count: int = Field(default=1, ge=0, description="for how many CALLs; 0: all")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if (self.payload is not None) + (self.error is not None) + self.silent != 1:
            raise ValueError("must have exactly one of payload, error, silent")
        return self


class Csms(Table):
    """The embedded back office."""

    boot_status: OneOrMany[BootStatus] = ("Accepted",)
    boot_interval_s: int = Field(
        default=60, ge=0, description="retry interval given with Pending and Rejected"
    )
    heartbeat_interval_s: int = Field(default=3600, ge=0)
    unknown_tags: TagStatus = "Accepted"
    tags: dict[IdTag, Tag] = Field(default_factory=dict)
    actions: Many[Action] = ()
    replies: Many[Reply] = ()


class FaultEntry(Table):
    at: Instant
    fault: Fault
    connector: Connector = 1
    clear_at: Instant | None = None


class Outage(Table):
    """Frames do not pass (silent), the socket is gone (down), or the station has no power (power)."""

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    kind: Literal["down", "silent", "power"] = "down"


class Recording(Table):
    telemetry: bool = True
    report: bool = True


class Checks(Table):
    tolerances: dict[str, NotNegative] = Field(default_factory=dict)


class RigFile(Table):
    """Everything one run consists of. A run covers [start, start + days)."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)
    title: str = ""
    start: Utc
    days: float = Field(gt=0, le=3660)
    seed: int = Field(default=1, ge=0)
    timezone: Zone = "UTC"
    station: Station = Field(default_factory=Station)
    grid: Grid = Field(default_factory=Grid)
    ambient: Ambient = Field(default_factory=Ambient)
    vehicles: Many[CarEntry] = ()
    sessions: Many[SessionEntry] = ()
    sessions_csv: SessionsCsv | None = None
    generator: Generator | None = None
    csms: Csms = Field(default_factory=Csms)
    faults: Many[FaultEntry] = ()
    outages: Many[Outage] = ()
    recording: Recording = Field(default_factory=Recording)
    checks: Checks = Field(default_factory=Checks)

    _path: Path | None = PrivateAttr(default=None)
    _cars: dict[str, Vehicle] = PrivateAttr()
    _behaviour: Behaviour = PrivateAttr()

    @classmethod
    def load(cls, path_or_name: str | Path) -> Self:
        """The rig file at a path, or the shipped rig of that name."""
        path = find(path_or_name)
        try:
            rig = cls.parse(tomllib.loads(path.read_text("utf-8")), path)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"{path.name}: not a TOML file: {error}") from None
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}") from None
        return rig

    @classmethod
    def parse(cls, table: Mapping[str, Any], path: Path | None = None) -> Self:
        """A rig from a table as TOML gives it; `path` is what its relative paths are relative to."""
        try:
            rig = cls.model_validate(table)
            rig._path = path
            rig._check()
        except (ValidationError, BadInput) as error:
            said = complaint(error, cls) if isinstance(error, ValidationError) else str(error)
            raise BadInput(f"{path.name}: {said}" if path else said) from None
        return rig

    def revised(
        self, days: float | None = None, seed: int | None = None, behaviour: str | None = None
    ) -> Self:
        """The same rig for another time, seed or firmware."""
        table = self.model_dump(by_alias=True, exclude_unset=True)
        if days is not None:
            table["days"] = days
        if seed is not None:
            table["seed"] = seed
        if behaviour is not None:
            table["station"] = {**table.get("station", {}), "behaviour": behaviour}
        return self.parse(table, self._path)

    def _check(self) -> None:
        """What one table alone cannot show; BadInput at the first thing wrong."""
        self._cars = cars(self.vehicles)
        self._behaviour = behaviour_of(self.station, self.folder)
        self.configuration()
        self.plan()
        in_order(self)
        if self.checks.tolerances:
            from rigs.checks.tolerances import Tolerances  # here: the judge costs a tenth of a second

            Tolerances().with_(self.checks.tolerances)

    def configuration(self) -> Configuration:
        """The station's keys before the first boot, a fresh copy."""
        return configuration_of(self.station, self._behaviour)

    @property
    def behaviour(self) -> Behaviour:
        return self._behaviour

    def plan(self) -> tuple[Session, ...]:
        """The sessions that begin within the run, by time."""
        return planned(self)

    @property
    def cars(self) -> Mapping[str, Vehicle]:
        """Every vehicle that the rig may name."""
        return self._cars

    @property
    def where(self) -> str:
        """How a message about this file begins."""
        return f"{self._path.name}: " if self._path else ""

    @property
    def folder(self) -> Path:
        return self._path.parent if self._path else Path.cwd()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def t(self, instant: datetime | float) -> float:
        """Seconds from the run's start."""
        return seconds(instant, self.start)


def in_order(rig: RigFile) -> None:
    """What begins must end later, and at a connector that the station has."""
    for index, outage in enumerate(rig.outages):
        _later(rig, f"outages[{index}].to", outage.end, "from", outage.start)
    for index, fault in enumerate(rig.faults):
        if fault.connector > rig.station.connectors:
            allowed = f"must be <= station.connectors ({rig.station.connectors})"
            raise BadInput(f"faults[{index}].connector {allowed}, got {fault.connector}")
        if fault.clear_at is not None:
            _later(rig, f"faults[{index}].clear_at", fault.clear_at, "at", fault.at)


def _later(rig: RigFile, key: str, end: datetime | float, begin: str, start: datetime | float) -> None:
    if rig.t(end) <= rig.t(start):
        raise BadInput(f"{key} must be later than {begin} ({shown(start)}), got {shown(end)}")


def find(path_or_name: str | Path) -> Path:
    """A rig file's path: as given, or a shipped rig's by its name."""
    path = Path(path_or_name)
    shipped = LIBRARY / f"{path_or_name}.toml"
    if path.is_file():
        return path
    if shipped.is_file() and path.name == str(path_or_name):
        return shipped
    if path.suffix == ".toml" or path.name != str(path_or_name):
        raise BadInput(f"{path}: no such rig file")
    raise BadInput(f"{path_or_name}: neither a file nor a shipped rig{nearest(str(path_or_name), names())}")


def names() -> list[str]:
    """The shipped rigs."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def json_schema() -> dict[str, Any]:
    """For editors that complete and check TOML."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RigFile.model_json_schema(by_alias=True),
    }
