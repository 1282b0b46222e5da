"""The formats that sessions come in: for each, how its rows become charges.

ACN-Data (ev.caltech.edu), Session and CDR objects of OCPI 2.2.1, ElaadNL's open transactions, the Trondheim
data, and any CSV file whose columns are named.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evc5.rigs.errors import BadInput, warn
from evc5.rigs.session_data import trondheim
from evc5.rigs.session_data.charge import Charge, Row
from evc5.rigs.session_data.files import csv_rows, json_rows
from evc5.rigs.session_data.shifted import warn_where_shifted

AGREES_H = 0.02  # ElaadNL's ConnectedTime has two decimals of an hour, its times are of the minute


class Wanted(NamedTuple):
    """A file, and what its format leaves open."""

    path: Path
    zone: ZoneInfo | None = None  # of local times; of the hours that a shift is looked for in
    columns: Mapping[str, str] = MappingProxyType({})  # csv: ours = theirs
    time_format: str | None = None  # csv: as strptime has it


def read(kind: str, wanted: Wanted) -> list[Charge]:
    """Every session of a file; the first bad row is refused. Of hours that look shifted it warns."""
    charges = list(FORMATS[kind](wanted))
    if not charges:
        raise BadInput(f"{wanted.path.name}: must hold sessions, has none")
    zone = wanted.zone or _zone_of(kind, wanted)
    if zone is not None:
        warn_where_shifted(wanted.path.name, charges, zone)
    return charges


def _zone_of(kind: str, wanted: Wanted) -> ZoneInfo | None:
    """Where the hours are people's, as far as a format tells."""
    if kind == "elaadnl":
        return ZoneInfo("Europe/Amsterdam")
    if not kind.startswith("acn"):
        return None
    rows = _acn_json_rows(wanted) if kind == "acn-json" else _acn_csv_rows(wanted)
    first = next(iter(rows))
    try:
        return ZoneInfo(first.text("timezone") or "America/Los_Angeles")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise first.refusal("timezone", "a zone of the IANA database") from None


def _acn_json(wanted: Wanted) -> Iterator[Charge]:
    return map(_acn, _acn_json_rows(wanted))


def _acn_csv(wanted: Wanted) -> Iterator[Charge]:
    return map(_acn, _acn_csv_rows(wanted))


def _acn_json_rows(wanted: Wanted) -> Iterator[Row]:
    return json_rows(wanted.path, ("_items",), wanted.zone)


def _acn_csv_rows(wanted: Wanted) -> Iterator[Row]:
    return csv_rows(wanted.path, ("connectionTime", "disconnectTime", "kWhDelivered"), wanted.zone)


def _acn(row: Row) -> Charge:
    """Times are RFC 1123 in GMT; userID is null where nobody claimed the session."""
    plug_in, unplug = row.interval("connectionTime", "disconnectTime")
    place = row.text("spaceID") or row.text("stationID")
    return Charge(row.label, row.text("userID"), plug_in, unplug, row.energy_wh("kWhDelivered"), place)


def _ocpi(wanted: Wanted) -> Iterator[Charge]:
    """Sessions and CDRs, mixed as they come; times without a zone are UTC."""
    open_ = 0
    for row in json_rows(wanted.path, ("data",), ZoneInfo("UTC")):
        for former in ("start_datetime", "stop_date_time"):
            if former in row.values:
                raise BadInput(f"{row.file}: {row.label}: {former} is of OCPI before 2.2; 2.2.1 is read")
        if row.text("end_date_time") is None and row.text("status") in ("ACTIVE", "PENDING", "RESERVATION"):
            open_ += 1
        else:
            yield _ocpi_charge(row)
    if open_:
        warn(f"{wanted.path.name}: {open_} sessions that have not ended are left out")


def _ocpi_charge(row: Row) -> Charge:
    plug_in, unplug = row.interval("start_date_time", "end_date_time")
    is_cdr = "total_energy" in row.values
    location = row.values.get("cdr_location") if is_cdr else row.values
    token = row.values.get("cdr_token")
    inner = Row(row.file, row.label, location if isinstance(location, dict) else {})
    user = Row(row.file, row.label, token if isinstance(token, dict) else {})
    energy_wh = row.energy_wh("total_energy" if is_cdr else "kwh")
    return Charge(row.label, user.text("uid"), plug_in, unplug, energy_wh, inner.text("evse_uid"))


def _elaadnl(wanted: Wanted) -> Iterator[Charge]:
    """Semicolons and decimal commas; times are UTC, the day first, and agree with ConnectedTime."""
    columns = ("ChargePoint", "Connector", "UTCTransactionStart", "UTCTransactionStop", "TotalEnergy")
    for row in csv_rows(wanted.path, columns, ZoneInfo("UTC")):
        plug_in, unplug = row.interval(columns[2], columns[3], _day_first(row, columns[2]))
        if row.text("ConnectedTime") is not None:
            told_h = row.number("ConnectedTime", 1e6, "a number of hours >= 0")
            if abs((unplug - plug_in).total_seconds() / 3600.0 - told_h) > AGREES_H:
                raise row.refusal("ConnectedTime", f"the hours from {columns[2]} to {columns[3]}")
        place = "/".join(filter(None, (row.text("ChargePoint"), row.text("Connector"))))
        user = row.text("StartCard")
        yield Charge(row.label, user, plug_in, unplug, row.energy_wh("TotalEnergy"), place or None)


def _day_first(row: Row, key: str) -> str | None:
    """How times are written: 31/12/2019 18:05, with hyphens, with seconds or without; None: as ISO 8601."""
    text = row.text(key) or ""
    for separator in "/-":
        if text[2:3] == text[5:6] == separator:
            seconds = ":%S" if text.count(":") == 2 else ""
            return f"%d{separator}%m{separator}%Y %H:%M{seconds}"
    return None


def _trondheim(wanted: Wanted) -> Iterator[Charge]:
    return iter(trondheim.read(wanted.path, wanted.zone or ZoneInfo("Europe/Oslo")))


def _csv(wanted: Wanted) -> Iterator[Charge]:
    """Columns as they are named: plug_in, unplug, energy_kwh or energy_wh; user and place where there are."""
    ours = dict(wanted.columns)
    energy = "energy_wh" if "energy_wh" in ours else "energy_kwh"
    unit_wh = 1.0 if energy == "energy_wh" else 1000.0
    start, end, counted = (ours.get(name, name) for name in ("plug_in", "unplug", energy))
    required = (start, end, counted, *(ours[name] for name in ("user", "place") if name in ours))
    for row in csv_rows(wanted.path, required, wanted.zone):
        plug_in, unplug = row.interval(start, end, wanted.time_format)
        user, place = row.text(ours.get("user", "user")), row.text(ours.get("place", "place"))
        yield Charge(row.label, user, plug_in, unplug, row.energy_wh(counted, unit_wh), place)


FORMATS: Mapping[str, Callable[[Wanted], Iterator[Charge]]] = {
    "acn-json": _acn_json,
    "acn-csv": _acn_csv,
    "ocpi": _ocpi,
    "elaadnl": _elaadnl,
    "trondheim": _trondheim,
    "csv": _csv,
}
