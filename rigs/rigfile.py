"""The rig file: what one run consists of, as TOML with every key checked before anything is written."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, ValidationError

from models.timeline import Timeline
from models.vehicles import Vehicle
from models.world import World
from rigs.cars import CarEntry, cars
from rigs.complaints import complaint, nearest, shown
from rigs.errors import BadInput
from rigs.fields import Many, Table, Zone
from rigs.instants import Utc, seconds
from rigs.rig_tables import (
    Checks,
    Csms,
    FaultEntry,
    Generator,
    Outage,
    Recording,
    SessionEntry,
    SessionsCsv,
    Station,
)
from rigs.sessions import Session, planned
from rigs.station import behaviour_of, configuration_of, endpoint_of
from rigs.surroundings import Ambient, Derating, Grid, Registers, Thermal, world
from twin.behaviour import Behaviour
from twin.configuration import Configuration

LIBRARY = Path(str(resources.files("rigs"))) / "library"


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
    thermal: Thermal = Field(default_factory=Thermal)
    derating: Derating = Field(default_factory=Derating)
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
        self._cars = cars(self.vehicles, self.folder)
        self._behaviour = behaviour_of(self.station, self.folder)
        self.configuration()
        self.world(Timeline())
        self.plan()
        in_order(self)
        if self.csms.url is not None:
            endpoint_of(self.csms.url, self.station.identity, "csms.url")
        if self.checks.tolerances:
            from rigs.checks.tolerances import Tolerances  # here: the judge costs a tenth of a second

            Tolerances().with_(self.checks.tolerances)

    def configuration(self) -> Configuration:
        """The station's keys before the first boot, a fresh copy."""
        return configuration_of(self.station, self._behaviour)

    def world(self, timeline: Timeline, registers_wh: Registers = ()) -> World:
        """The electrical world around the station; `registers_wh`: what its meters show already."""
        return world(self, timeline, registers_wh)

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
        if fault.connector == 0 and fault.fault != "power-meter-failure":
            allowed = "must be >= 1 but for power-meter-failure, where 0 is the third meter"
            raise BadInput(f"faults[{index}].connector {allowed}, got 0 with {fault.fault}")
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
