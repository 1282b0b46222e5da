"""The station that a rig file describes: its behaviour, and the configuration keys it starts with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.messages import nearest
from evc5.rigs.secrets import is_secret, passwords, without_passwords, zeros
from evc5.twin.line.endpoint import Endpoint
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.configuration import Configuration, Override

if TYPE_CHECKING:
    from evc5.rigs.rigfile.contents import Contents
    from evc5.rigs.rigfile.tables import Station

AUTHORIZATION_KEY = "AuthorizationKey"  # OCPP-J 6.2.2
RATINGS = {"chg_RatedCurrent": "rated_a", "chg_StationMaxCurrent": "station_max_a"}  # sheet table 23


def behaviour_of(station: Station, folder: Path) -> Behaviour:
    """The named behaviour, or the file beside the rig's, with the rig's policies."""
    name = station.behaviour
    try:
        behaviour = Behaviour.load(name if name in Behaviour.shipped() else folder / name)
    except (ValueError, OSError) as error:  # also a name that is too long for a file's
        unknown = f"must be {' or '.join(Behaviour.shipped())} or a TOML file, got {name!r}"
        is_there = isinstance(error, ValueError) and (folder / name).is_file()
        raise BadInput(f"station.behaviour {error if is_there else unknown}") from None
    for policy in station.policies:
        if policy not in behaviour.policies:
            known = list(behaviour.policies)
            raise BadInput(f"station.policies.{policy} is not a policy{nearest(policy, known)}")
    try:
        return behaviour.with_policies(station.policies)
    except ValueError as error:
        raise BadInput(f"station.policies.{error}") from None


def configuration_of(station: Station, behaviour: Behaviour) -> Configuration:
    """The keys as they stand before the first boot: the behaviour's, the ratings, the rig's own."""
    known = {name.casefold() for name in behaviour.keys}
    for key in station.keys:
        if key.casefold() not in known and not station.allow_overrides:
            unknown = f"station.keys.{key} is in no table of the sheet of {behaviour.name}"
            raise BadInput(unknown + nearest(key, list(behaviour.keys)))
    given = {**ratings(station), **identity(station), **station.keys}
    try:
        configuration = Configuration(behaviour, given, station.connectors, allow=station.allow_overrides)
    except ValueError as error:
        said = without_passwords(str(error))
        for key, value in station.keys.items():
            if is_secret(key):
                said = said.replace(str(value), zeros(str(value)))
        raise BadInput(f"station.keys.{said}{_way_out(station, behaviour, given)}") from None
    if station.phase_switching:
        configuration.assign("ConnectorSwitch3to1PhaseSupported", True)
    return configuration


def _way_out(station: Station, behaviour: Behaviour, given: dict[str, Override]) -> str:
    """How else the keys could stand, where they could."""
    try:
        Configuration(behaviour, given, station.connectors, allow=True)
    except ValueError:
        return ""
    return "; station.allow_overrides = true models a firmware that takes it"


def identity(station: Station) -> dict[str, Override]:
    """Who the station is, as the vendor keys that its BootNotification is made of."""
    boot = station.boot
    info = {"modelname": boot.model, "vendorname": boot.vendor, "CpSn": boot.serial}
    return {"com_OCPCID": station.identity, "com_OCPCInfo": info}


def endpoint_of(
    url: str, identity: str, key: str, secret: Callable[[], str] = str, ca_file: Path | None = None
) -> Endpoint:
    """Where the station dials in; BadInput, by its key or flag, for a URL that cannot be dialled."""
    try:
        return Endpoint(url, identity, secret, ca_file)
    except ValueError as error:
        raise BadInput(f"{key} {error}") from None


def secrets_of(rig: Contents, behaviour: Behaviour) -> Iterator[str]:
    """The credentials that a rig file and its behaviour hold, wherever they stand."""
    for key, row in behaviour.keys.items():
        for default in row.default if isinstance(row.default, tuple) else [row.default or ""]:
            yield from passwords(key, default)
    for key, value in rig.station.keys.items():
        for text in value if isinstance(value, list) else [value]:
            yield from passwords(key, str(text))
    for key in rig.csms.stations.values():
        yield from passwords(AUTHORIZATION_KEY, key)
    for url in (rig.csms.url or "", *rig.station.files):
        yield from passwords("", url)


def ratings(station: Station) -> dict[str, Override]:
    """The ratings as vendor keys, which is how the controller knows them."""
    for key, field in RATINGS.items():
        if key.casefold() in map(str.casefold, station.keys) and field in station.model_fields_set:
            raise BadInput(f"station.{field} must not stand beside station.keys.{key}, which says the same")
    return {
        "chg_RatedCurrent": [f"{station.rated_a:g}"] * station.connectors,
        "chg_StationMaxCurrent": f"{station.station_max_a:g}",
    }
