"""Real charging sessions as the Trondheim data tells them (rigs/data/README.md), in UTC and watt-hours.

The files are separated by semicolons, with decimal commas and local times to the minute.
"""

import csv
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.session_data.charge import Charge

COLUMNS = ("User_ID", "Start_plugin", "End_plugout", "El_kWh")
TIME = "%d.%m.%Y %H:%M"
AGREES_H = (
    0.02  # Start_plugin, End_plugout are minutes, Duration_hours seconds: 1.2 min covers both roundings
)


def read(path: Path, zone: ZoneInfo) -> list[Charge]:
    """Every row of the file; the first bad one is refused by its number (the header is row 1)."""
    return [charge(row, number, path.name, zone) for number, row in rows(path)]


def rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows as text, by column, each with its number."""
    try:
        with TextIOWrapper(user_files.opened(path), encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=";", restval="")
            absent = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if absent:
                raise BadInput(
                    f"{path.name}: row 1 must name the column {absent[0]} (separated by semicolons)"
                )
            yield from ((reader.line_num, row) for row in reader)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path.name}: not a CSV file in UTF-8: {error}") from None


def charge(row: Mapping[str, str], number: int, name: str, zone: ZoneInfo) -> Charge:
    """One row's meaning; BadInput names row, column and value."""
    where = f"{name}: row {number}: "
    if not row["User_ID"]:
        raise BadInput(f"{where}User_ID must not be empty")
    energy_kwh = _decimal(row, "El_kWh", where)
    if not 0 < energy_kwh < 1000:
        raise BadInput(f"{where}El_kWh must be > 0 and < 1000, got {row['El_kWh']}")
    plug_in, unplug = _interval(row, where, zone)
    if unplug <= plug_in:
        raise BadInput(
            f"{where}End_plugout must be after Start_plugin {row['Start_plugin']}, got {row['End_plugout']}"
        )
    return Charge(f"row {number}", row["User_ID"], plug_in, unplug, round(energy_kwh * 1000.0, 3))


def _interval(row: Mapping[str, str], where: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both ends in UTC. In the hour that autumn repeats, Duration_hours says which of the two was meant."""
    starts, ends = _instants(row, "Start_plugin", where, zone), _instants(row, "End_plugout", where, zone)
    if row.get("Duration_hours", "") in ("", "NA"):
        return starts[0], ends[0]
    duration_h = _decimal(row, "Duration_hours", where)
    for start, end in product(starts, ends):
        if abs((end - start).total_seconds() / 3600.0 - duration_h) <= AGREES_H:
            return start, end
    raise BadInput(
        f"{where}Duration_hours must agree with Start_plugin and End_plugout, got {row['Duration_hours']}"
    )


def _instants(row: Mapping[str, str], column: str, where: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The local time in UTC, read before and after a change of the clock."""
    try:
        local = _local(row[column]).replace(tzinfo=zone)
    except ValueError:
        raise BadInput(
            f"{where}{column} must be a time such as 31.01.2019 18:05, got {row[column] or 'nothing'}"
        ) from None
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first > second:  # in the hour that spring leaves out, folds run backwards
        raise BadInput(f"{where}{column} {row[column]} does not exist in {zone.key}")
    return first, second


def _local(text: str) -> datetime:
    """As `strptime` has it; what looks like 31.01.2019 18:05 is read as ISO 8601, in a sixth of the time."""
    if len(text) == 16 and (text[2], text[5], text[10], text[13]) == (".", ".", " ", ":"):
        with suppress(ValueError):
            return datetime.fromisoformat(f"{text[6:10]}-{text[3:5]}-{text[:2]}T{text[11:]}")
    return datetime.strptime(text, TIME)


def _decimal(row: Mapping[str, str], column: str, where: str) -> float:
    try:
        return float(row[column].replace(",", "."))
    except ValueError:
        raise BadInput(f"{where}{column} must be a number, got {row[column] or 'nothing'}") from None
