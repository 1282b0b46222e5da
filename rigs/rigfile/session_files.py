"""Sessions of real data in a rig: which file, which of its places are played where, and in what cars."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from evc5.models.units import DAY_S
from evc5.models.vehicles import Vehicle
from evc5.rigs.errors import BadInput, warn
from evc5.rigs.rigfile.fields import Connector, NotNegative, Table, Zone
from evc5.rigs.rigfile.fitting import fitted_vehicle
from evc5.rigs.rigfile.messages import nearest, shown
from evc5.rigs.session_data.charge import Charge
from evc5.rigs.session_data.formats import Wanted, read

Format = Literal["acn-json", "acn-csv", "ocpi", "elaadnl", "trondheim", "csv"]


class Columns(Table):
    """What a CSV file of any kind calls its columns; what is left out has our name."""

    plug_in: str = Field(default="plug_in", description="when the cable went in")
    unplug: str = Field(default="unplug", description="when it came out")
    energy_kwh: str | None = Field(default=None, description="what the meter counted, kWh")
    energy_wh: str | None = Field(default=None, description="the same in Wh")
    user: str | None = Field(default=None, description="whose car it is")
    place: str | None = Field(default=None, description="at which outlet")

    @model_validator(mode="after")
    def _one_energy(self) -> Self:
        if self.energy_kwh is not None and self.energy_wh is not None:
            raise ValueError("must have energy_kwh or energy_wh, not both")
        return self


class SourceFile(Table):
    """A file of sessions, and how to read it."""

    path: str = Field(description="a file, relative to the rig's, or a shipped one: trondheim-selection.csv")
    format: Format = Field(description="whose form it has")
    timezone: Zone | None = Field(
        default=None, description="IANA zone of local times, and of the hours that are looked at for a shift"
    )
    columns: Columns | None = Field(default=None, description="csv: what its columns are called")
    time_format: str | None = Field(
        default=None, description="csv: how times are written, as strptime has it; absent: ISO 8601"
    )

    @model_validator(mode="after")
    def _for_csv(self) -> Self:
        for name in ("columns", "time_format"):
            if getattr(self, name) is not None and self.format != "csv":
                raise ValueError(f"must not have {name} with format {self.format!r}, only with 'csv'")
        return self

    def wanted(self, path: Path) -> Wanted:
        zone = ZoneInfo(self.timezone) if self.timezone else None
        columns = self.columns.model_dump(exclude_none=True) if self.columns else {}
        return Wanted(path, zone, columns, self.time_format)


class SessionFile(SourceFile):
    """Sessions read from a file of real ones."""

    places: dict[str, Connector] = Field(
        default_factory=dict,
        description="which of the file's places are played: place = connector; absent: all, where it is free",
    )
    vehicle: str | None = Field(
        default=None,
        description="the car of all: a preset or one of [[vehicles]]; absent: fitted to each user",
    )
    tag_after_s: NotNegative = Field(default=15.0, description="from plug-in to the tag at the reader, s")


Placed = tuple[int, Charge]  # its connector


def charges_of(file: SourceFile, path: Path) -> list[Charge]:
    """Every session of the file."""
    return read(file.format, file.wanted(path))


def at_places(charges: Sequence[Charge], places: Mapping[str, int], key: str, name: str) -> Iterator[Placed]:
    """The sessions at the places that are played; the others are left."""
    known = sorted({charge.place for charge in charges if charge.place})
    for place in places:
        if place not in known:
            raise BadInput(
                f"{key}.{place} must be a place of {name}, got {shown(place)}{nearest(place, known)}"
            )
    for charge in charges:
        if charge.place is not None and charge.place in places:
            yield places[charge.place], charge


def wherever_free(
    charges: Sequence[Charge], connectors: int, since: datetime, days: float, key: str, name: str
) -> Iterator[Placed]:
    """The sessions that begin within [since, since + days), each at the first connector that is free."""
    free = dict.fromkeys(range(1, connectors + 1), since)
    until = since + timedelta(seconds=days * DAY_S)
    for charge in sorted(charges, key=lambda charge: charge.plug_in):
        if not since <= charge.plug_in < until:
            continue
        connector = next((n for n, at in free.items() if at < charge.plug_in or at == since), None)
        if connector is None:
            known = ", ".join(sorted({charge.place for charge in charges if charge.place})[:20])
            raise BadInput(
                f"{name}: {charge.label}: finds no free connector at {charge.plug_in:%Y-%m-%dT%H:%M:%SZ}; "
                f"{key} says which places are played, of: {known or 'it names none'}"
            )
        free[connector] = charge.unplug
        yield connector, charge


def warn_of_nothing(charges: Sequence[Charge], since: datetime, days: float, name: str) -> None:
    """Data of another time than the run's play nothing."""
    until = since + timedelta(seconds=days * DAY_S)
    if not any(since <= charge.plug_in < until for charge in charges):
        first, last = min(one.plug_in for one in charges), max(one.plug_in for one in charges)
        warn(
            f"{name}: no session begins within the run from {since:%Y-%m-%d} to {until:%Y-%m-%d}; "
            f"they begin from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )


def vehicle_names(charges: Sequence[Charge], cars: Mapping[str, Vehicle]) -> list[str]:
    """A plausible car for each session: one a user, and of a session without one its own."""
    by_user: dict[str, list[Charge]] = {}
    for charge in charges:
        if charge.user is not None:
            by_user.setdefault(charge.user, []).append(charge)
    of_user = {user: fitted_vehicle(theirs, cars) for user, theirs in by_user.items()}
    return [of_user[one.user] if one.user is not None else fitted_vehicle([one], cars) for one in charges]
