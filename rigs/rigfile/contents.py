"""What a rig file consists of: its tables, and what they mean together. `file` reads and checks it."""

from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr

from evc5.models.vehicles import Vehicle
from evc5.rigs.rigfile.cars import CarEntry
from evc5.rigs.rigfile.fields import Many, Table, Zone
from evc5.rigs.rigfile.instants import Utc, seconds
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

    @property
    def cars(self) -> Mapping[str, Vehicle]:
        """Every vehicle that the rig may name."""
        return self._cars

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

    def t(self, instant: datetime | float) -> float:
        """Seconds from the run's start."""
        return seconds(instant, self.start)
