"""The rig file: what one run consists of, as TOML with every key checked before anything is written."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError

from evc5.models.timeline import Timeline
from evc5.models.world import World
from evc5.rigs import user_files
from evc5.rigs.checks.state.tolerances import Tolerances
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.cars import cars
from evc5.rigs.rigfile.contents import Contents
from evc5.rigs.rigfile.hardware import Hardware
from evc5.rigs.rigfile.messages import complaint, nearest, shown
from evc5.rigs.rigfile.plain import changed, plain
from evc5.rigs.rigfile.sessions import Session, planned
from evc5.rigs.rigfile.station import behaviour_of, configuration_of, endpoint_of
from evc5.rigs.rigfile.toml import dumps
from evc5.rigs.rigfile.world import Registers, world
from evc5.twin.charging.grid import limits_nothing
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration

LIBRARY = Path(str(resources.files("evc5.rigs"))) / "library"
NOTHING: Mapping[str, Any] = MappingProxyType({})


class RigFile(Contents):
    """A rig file, read and checked."""

    _plan: tuple[Session, ...] = PrivateAttr()

    @classmethod
    def load(cls, path_or_name: str | Path) -> Self:
        """The rig file at a path, or the shipped rig of that name."""
        path = find(path_or_name)
        try:
            rig = cls.parse(user_files.toml(path), path)
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

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle holds what the file says, and is checked anew where it is read."""
        return type(self).parse, (self.table(), self._path)

    def table(self) -> dict[str, Any]:
        """What the file says, as TOML's values: what is left out stays left out."""
        told: dict[str, Any] = plain(self.model_dump(by_alias=True, exclude_unset=True))
        return told

    def revised(
        self,
        changes: Mapping[str, Any] = NOTHING,
        *,
        days: float | None = None,
        seed: int | None = None,
        behaviour: str | None = None,
    ) -> Self:
        """The same rig with other values at some key paths; for another time, seed or firmware."""
        usual = {"days": days, "seed": seed, "station.behaviour": behaviour}
        given = {key: value for key, value in usual.items() if value is not None}
        if not (changes or given):
            return self
        try:
            table = changed(self.table(), {**changes, **given})
        except BadInput as error:
            raise BadInput(f"{self.where}{error}") from None
        return self.parse(table, self._path)

    def to_toml(self) -> str:
        """The file as text; relative paths stand as they are."""
        return dumps(self.table())

    def _check(self) -> None:
        """What one table alone cannot show; BadInput at the first thing wrong."""
        self._cars = cars(self.vehicles, self.folder)
        self._behaviour = behaviour_of(self.station, self.folder)
        useless = limits_nothing(self.configuration())
        if self.grid.limits and useless and not _changes_keys(self):
            raise BadInput(f"grid.limits does nothing here: {useless}")
        if self.hardware is not None:
            _stands(self, self.hardware)
        self.world(Timeline())
        self._plan = planned(self)
        in_order(self)
        if self.csms.url is not None:
            endpoint_of(self.csms.url, self.station.identity, "csms.url")
        if self.checks.tolerances:
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
        return self._plan

    @property
    def where(self) -> str:
        """How a message about this file begins."""
        return f"{self._path.name}: " if self._path else ""


def _stands(rig: RigFile, hardware: Hardware) -> None:
    """A bench stands around a real station, at connectors that it has."""
    if rig.station.backend != "hardware":
        raise BadInput('hardware needs station.backend = "hardware"')
    for name in hardware.connector:
        if int(name) > rig.station.connectors:
            allowed = f"must be <= station.connectors ({rig.station.connectors})"
            raise BadInput(f"hardware.connector {allowed}, got {name}")


def _changes_keys(rig: RigFile) -> bool:
    """May the back office bring keys into what they are not yet?"""
    return rig.csms.url is not None or any(one.action == "ChangeConfiguration" for one in rig.csms.actions)


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
    if rig.seconds(end) <= rig.seconds(start):
        raise BadInput(f"{key} must be later than {begin} ({shown(start)}), got {shown(end)}")


def find(path_or_name: str | Path) -> Path:
    """A rig file's path: as given, or a shipped rig's by its name."""
    path = user_files.path_of(path_or_name, "a rig")
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


def copy(name: str, to: Path) -> Path:
    """A shipped rig's file, comments and all, in the folder `to` or as the .toml file `to`: to be changed."""
    if name not in names():
        raise BadInput(f"{name} is not a shipped rig{nearest(name, names())}")
    target = to if to.suffix == ".toml" else to / f"{name}.toml"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write((LIBRARY / f"{name}.toml").read_bytes())
    except FileExistsError:
        raise BadInput(f"{target} is there already and is not replaced") from None
    except OSError as error:
        raise BadInput(f"{target}: {error.strerror}") from None
    return target


def json_schema() -> dict[str, Any]:
    """For editors that complete and check TOML."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RigFile.model_json_schema(by_alias=True),
    }
