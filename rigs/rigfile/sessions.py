"""Who charges when: the sessions a rig names, reads from a table of real ones, or draws from its seed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from evc5.models.units import DAY_S
from evc5.models.vehicles import Vehicle
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.arrivals import Arrivals, arrivals, completed
from evc5.rigs.rigfile.cars import car
from evc5.rigs.rigfile.contents import Contents
from evc5.rigs.rigfile.fitting import arrival_soc, fitted_vehicle, most_wh
from evc5.rigs.rigfile.messages import shown
from evc5.rigs.rigfile.session_files import (
    Placed,
    SessionFile,
    at_places,
    charges_of,
    vehicle_names,
    warn_of_nothing,
    wherever_free,
)
from evc5.rigs.rigfile.tables import Generator, SessionEntry, SessionsCsv
from evc5.rigs.session_data.charge import Charge
from evc5.rigs.session_data.trondheim import read

CABLE_A = 32  # assumed where nobody says: the cable sold with most cars and the largest a 22 kW socket needs


class Session(NamedTuple):
    """One car at one connector, in seconds from the run's start."""

    connector: int
    plug_in_s: float
    unplug_s: float
    vehicle: Vehicle
    soc: float
    id_tag: str
    cable_a: int
    tag_after_s: float
    needed_wh: float | None  # at the meter, where the data know it
    origin: str  # where the rig says so: sessions[2], trondheim-selection.csv: row 17, generator


def planned(rig: Contents) -> tuple[Session, ...]:
    """The sessions that begin within the run, by time; BadInput for what cannot be."""
    end_s = rig.days * DAY_S
    sessions = [
        *(_entry(rig, index, entry) for index, entry in enumerate(rig.sessions)),
        *(_from_csv(rig, rig.sessions_csv) if rig.sessions_csv else ()),
        *(_from_files(rig)),
        *(_drawn(rig, rig.generator, end_s) if rig.generator else ()),
        *(_by_chance(rig, rig.arrivals, end_s) if rig.arrivals else ()),
    ]
    sessions.sort(key=lambda session: (session.plug_in_s, session.connector))
    _one_car_at_a_time(rig, sessions)
    return tuple(session for session in sessions if 0.0 <= session.plug_in_s < end_s)


def _entry(rig: Contents, index: int, entry: SessionEntry) -> Session:
    key = f"sessions[{index}]"
    plug_in_s = rig.seconds(entry.plug_in)
    unplug_s = rig.seconds(entry.unplug)
    _connector(rig, entry.connector, f"{key}.connector")
    if plug_in_s < 0.0:
        raise BadInput(
            f"{key}.plug_in must not be before the start ({shown(rig.start)}), got {shown(entry.plug_in)}"
        )
    if unplug_s <= plug_in_s:
        raise BadInput(
            f"{key}.unplug must be after plug_in {shown(entry.plug_in)}, got {shown(entry.unplug)}"
        )
    vehicle = car(entry.vehicle, f"{key}.vehicle", rig.cars)
    needed_wh = None if entry.energy_kwh is None else entry.energy_kwh * 1000.0
    soc = arrival_soc(vehicle, needed_wh) if needed_wh is not None else entry.soc or 0.0
    return Session(
        entry.connector, plug_in_s, unplug_s, vehicle, soc, entry.id_tag, entry.cable_a,
        entry.tag_after_s, needed_wh, key,
    )  # fmt: skip


def _from_csv(rig: Contents, table: SessionsCsv) -> Iterator[Session]:
    """The sessions of the users that the rig places; other users' rows are read and left."""
    path = rig.data_file(table.path)
    by_user: dict[str, list[Charge]] = {name: [] for name in table.users}
    for charge in read(path, ZoneInfo(table.timezone)):
        by_user.get(charge.user or "", []).append(charge)
    for name, charges in by_user.items():
        key = f"sessions_csv.users.{name}"
        user = table.users[name]
        _connector(rig, user.connector, f"{key}.connector")
        if not charges:
            raise BadInput(f"{key} must be a user of {path.name}, got {shown(name)}")
        vehicle = car(user.vehicle or fitted_vehicle(charges, rig.cars), f"{key}.vehicle", rig.cars)
        for charge in charges:
            yield Session(
                user.connector, rig.seconds(charge.plug_in), rig.seconds(charge.unplug), vehicle,
                arrival_soc(vehicle, charge.energy_wh), name[:20], CABLE_A, table.tag_after_s,
                charge.energy_wh, f"{path.name}: {charge.label}",
            )  # fmt: skip


def _from_files(rig: Contents) -> Iterator[Session]:
    """The sessions of the files' places that the rig plays, or of all of them where connectors are free."""
    for index, file in enumerate(rig.session_files):
        key, name = f"session_files[{index}]", rig.data_file(file.path).name
        placed = _placed(rig, file, key)
        cars = (
            [file.vehicle] * len(placed)
            if file.vehicle
            else vehicle_names([one for _, one in placed], rig.cars)
        )
        for (connector, charge), chosen in zip(placed, cars, strict=True):
            vehicle = car(chosen, f"{key}.vehicle", rig.cars)
            yield Session(
                connector, rig.seconds(charge.plug_in), rig.seconds(charge.unplug), vehicle,
                arrival_soc(vehicle, charge.energy_wh), (charge.user or f"TAG{connector}")[:20], CABLE_A,
                file.tag_after_s, charge.energy_wh, f"{name}: {charge.label}",
            )  # fmt: skip


def _placed(rig: Contents, file: SessionFile, key: str) -> list[Placed]:
    """The file's sessions that are played, each at its connector."""
    path, connectors = rig.data_file(file.path), rig.station.connectors
    charges = charges_of(file, path)
    for place, connector in file.places.items():
        _connector(rig, connector, f"{key}.places.{place}")
    key = f"{key}.places"
    if file.places:
        placed = list(at_places(charges, file.places, key, path.name))
    else:
        placed = list(wherever_free(charges, connectors, rig.start, rig.days, key, path.name))
    warn_of_nothing([charge for _, charge in placed] or charges, rig.start, rig.days, path.name)
    return placed


def _by_chance(rig: Contents, table: Arrivals, end_s: float) -> Iterator[Session]:
    """What cars need is at most what they hold."""
    fleet = {name: car(name, f"arrivals.vehicles[{i}]", rig.cars) for i, name in enumerate(table.vehicles)}
    if table.fitted_to is not None:
        table = completed(table, charges_of(table.fitted_to, rig.data_file(table.fitted_to.path)), rig.zone)
    for one in arrivals(table, rig.start, end_s, rig.zone, rig.seed, rig.station.connectors):
        vehicle = fleet[one.vehicle]
        needed_wh = round(min(one.energy_kwh * 1000.0, most_wh(vehicle)), 3)
        yield Session(
            one.connector, one.plug_in_s, one.unplug_s, vehicle, arrival_soc(vehicle, needed_wh),
            f"TAG{one.connector}", CABLE_A, table.tag_after_s, needed_wh, "arrivals",
        )  # fmt: skip


def _drawn(rig: Contents, generator: Generator, end_s: float) -> Iterator[Session]:
    """At most one session a day on each connector, each connector with its own generator."""
    fleet = [car(name, f"generator.vehicles[{i}]", rig.cars) for i, name in enumerate(generator.vehicles)]
    for connector in range(1, rig.station.connectors + 1):
        random = Random(f"{rig.seed}:sessions:{connector}")
        free_s = 0.0
        for day in range(int(end_s // DAY_S) + 2):
            session = _evening(rig, generator, connector, day, random, fleet)
            if session and free_s < session.plug_in_s < end_s:
                free_s = session.unplug_s
                yield session


def _evening(
    rig: Contents, generator: Generator, connector: int, day: int, random: Random, fleet: Sequence[Vehicle]
) -> Session | None:
    """The day's session; every draw is made on every day, so that one day's luck does not move the next's."""
    comes = random.random() < generator.chance
    hour = random.gauss(generator.plug_in_h, generator.plug_in_sd_h)
    stay_s = max(600.0, 3600.0 * random.gauss(generator.stay_h, generator.stay_sd_h))
    soc = random.uniform(*generator.soc)
    vehicle = random.choice(fleet)
    midnight = datetime.combine(rig.start.astimezone(rig.zone).date() + timedelta(days=day), time(), rig.zone)
    plug_in_s = round(rig.seconds(midnight.astimezone(rig.start.tzinfo)) + 3600.0 * hour)
    return Session(
        connector, plug_in_s, plug_in_s + round(stay_s), vehicle, round(soc, 3), f"TAG{connector}", CABLE_A,
        generator.tag_after_s, None, "generator",
    ) if comes else None  # fmt: skip


def _connector(rig: Contents, connector: int, key: str) -> None:
    if connector > rig.station.connectors:
        raise BadInput(f"{key} must be <= station.connectors ({rig.station.connectors}), got {connector}")


def _one_car_at_a_time(rig: Contents, sessions: Sequence[Session]) -> None:
    for connector in range(1, rig.station.connectors + 1):
        here = [session for session in sessions if session.connector == connector]
        for before, after in pairwise(here):
            if after.plug_in_s <= before.unplug_s:
                raise BadInput(
                    f"{after.origin}: plug-in must be after {before.origin} leaves connector {connector} at "
                    f"{_at(rig, before.unplug_s)}, got {_at(rig, after.plug_in_s)}"
                )


def _at(rig: Contents, t_s: float) -> Any:
    return (rig.start + timedelta(seconds=t_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
