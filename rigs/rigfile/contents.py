"""What a rig file consists of: its tables, and what they mean together. `file` reads and checks it."""

from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr

from evc5.models.vehicles import Vehicle
from evc5.rigs.rigfile.arrivals import Arrivals
from evc5.rigs.rigfile.cars import CarEntry
from evc5.rigs.rigfile.fields import Many, Table, Zone
from evc5.rigs.rigfile.hardware import Hardware
from evc5.rigs.rigfile.instants import Utc, seconds
from evc5.rigs.rigfile.session_files import SessionFile
from evc5.rigs.rigfile.surroundings import Ambient, Derating, Grid, Thermal
from evc5.rigs.rigfile.tables import (
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
from evc5.twin.sheet.behaviour import Behaviour

SHIPPED_DATA = Path(str(resources.files("evc5.rigs"))) / "data"


class Contents(Table):
    """Everything one run consists of. A run covers [start, start + days)."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=60,
        description="names the run and its default directory runs/<name>-<seed>",
    )
    title: str = Field(
        default="", description="one line for people, in the list of rigs and on the report page"
    )
    start: Utc = Field(description="when the run begins; a date and time with its offset from UTC")
    days: float = Field(gt=0, le=3660, description="how long the run lasts; it covers [start, start + days)")
    seed: int = Field(
        default=1,
        ge=0,
        description="of everything drawn at random: sessions, meter errors, walks of voltage and frequency",
    )
    timezone: Zone = Field(
        default="UTC", description="IANA zone of the local hours in this file, and of the figures"
    )
    station: Station = Field(default_factory=Station, description="the charge point")
    grid: Grid = Field(default_factory=Grid, description="the connection to the grid")
    ambient: Ambient = Field(default_factory=Ambient, description="the air outside and the sun")
    thermal: Thermal = Field(
        default_factory=Thermal, description="the box: thermal resistances and time constants"
    )
    derating: Derating = Field(default_factory=Derating, description="how current gives way to heat")
    vehicles: Many[CarEntry] = Field(default=(), description="cars of the rig's own, beside the presets")
    sessions: Many[SessionEntry] = Field(default=(), description="cars that come, one by one")
    sessions_csv: SessionsCsv | None = Field(
        default=None, description="cars that come, from a table of real sessions"
    )
    session_files: Many[SessionFile] = Field(
        default=(), description="cars that come, from files of real sessions in several formats"
    )
    generator: Generator | None = Field(default=None, description="cars that come, drawn from the seed")
    arrivals: Arrivals | None = Field(
        default=None, description="cars that come by chance, by hour and weekday, drawn from the seed"
    )
    csms: Csms = Field(default_factory=Csms, description="the back office")
    hardware: Hardware | None = Field(
        default=None, description="what stands around a real charge point: drivers by role"
    )
    faults: Many[FaultEntry] = Field(default=(), description="what breaks, and when")
    outages: Many[Outage] = Field(default=(), description="when the link or the mains is away")
    recording: Recording = Field(
        default_factory=Recording, description="what is written besides frames and events"
    )
    checks: Checks = Field(default_factory=Checks, description="how exact the judge is")

    _path: Path | None = PrivateAttr(default=None)
    _cars: dict[str, Vehicle] = PrivateAttr()
    _behaviour: Behaviour = PrivateAttr()

    @property
    def cars(self) -> Mapping[str, Vehicle]:
        """Every vehicle that the rig may name."""
        return self._cars

    @property
    def path(self) -> Path | None:
        """The file that it was read from, where there is one."""
        return self._path

    @property
    def folder(self) -> Path:
        return self._path.parent if self._path else Path.cwd()

    def data_file(self, name: str) -> Path:
        """A table of data: the file of that path beside the rig's, or else the shipped one of that name."""
        beside, shipped = self.folder / name, SHIPPED_DATA / name
        return shipped if Path(name).name == name and shipped.is_file() and not beside.exists() else beside

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def seconds(self, instant: datetime | float) -> float:
        """Seconds from the run's start."""
        return seconds(instant, self.start)
