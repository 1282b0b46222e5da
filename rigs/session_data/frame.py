"""Sessions as a pandas table: read from a file, and taken back as charges, checked row by row."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.session_data.charge import Charge, Row
from evc5.rigs.session_data.fitting import fitted
from evc5.rigs.session_data.formats import FORMATS, Wanted, read

if TYPE_CHECKING:
    import pandas as pd

NAME = "sessions"  # what errors call a table
TYPES = {
    "plug_in": "datetime64[us, UTC]",
    "unplug": "datetime64[us, UTC]",
    "energy_kwh": "float64",
    "user": "str",
    "place": "str",
    "origin": "str",
}
REQUIRED = ("plug_in", "unplug", "energy_kwh")


def read_sessions(
    path: str | Path,
    format: str,
    *,
    timezone: str | None = None,
    columns: Mapping[str, str] | None = None,
    time_format: str | None = None,
) -> "pd.DataFrame":
    """The sessions of a file in one of the formats acn-json, acn-csv, ocpi, elaadnl, trondheim and csv.

    `timezone` is the IANA zone of local times. Of a `csv` file, `columns` says what it calls plug_in, unplug,
    energy_kwh or energy_wh, user and place, and `time_format` how it writes times, as strptime has it. The
    first bad row is refused (BadInput names file, row, value and what is allowed); hours that look shifted by
    a zone raise a warning.

    - `plug_in`, `unplug`: UTC
    - `energy_kwh`: kWh that the meter counted
    - `user`, `place`: whose car, at which outlet; null where the file does not tell
    - `origin`: where it stands in the file
    """
    import pandas as pd

    if not isinstance(format, str) or format not in FORMATS:
        raise BadInput(f"format must be {', '.join(FORMATS)}, got {short(format)}")
    wanted = Wanted(user_files.path_of(path, "path"), zone_of(timezone), columns or {}, time_format)
    rows = [
        (one.plug_in, one.unplug, one.energy_wh / 1000.0, one.user, one.place, one.label)
        for one in read(format, wanted)
    ]
    return pd.DataFrame(rows, columns=list(TYPES), dtype="object").astype(TYPES)


def fit_arrivals(
    table: "pd.DataFrame", vehicles: list[str], *, timezone: str = "UTC", form: str = "quantiles"
) -> dict[str, Any]:
    """What a rig's `arrivals` are for cars to come as in a table of sessions, in the hours of `timezone`.

    `rig.revised({"arrivals": fit_arrivals(table, ["vw-id3-58"], timezone="Europe/Oslo")})`. Stays and
    energies are the table's own quantiles, or of the form lognormal, gamma or normal with its mean and
    deviation. Each is drawn by itself: that long stays bring more energy is not kept.
    """
    zone = zone_of(timezone) or ZoneInfo("UTC")
    if not isinstance(vehicles, Iterable) or isinstance(vehicles, str | bytes):
        raise BadInput(f"vehicles must be a list of cars' names, got {short(vehicles)}")
    return {"vehicles": list(vehicles), **fitted(charges_from(table, zone), zone, form)}


def charges_from(table: "pd.DataFrame", zone: ZoneInfo | None = None) -> list[Charge]:
    """A table's rows; naive times are those of `zone`. BadInput names row, column and value."""
    if not hasattr(table, "columns"):
        raise BadInput(f"{NAME} must be a DataFrame, as read_sessions gives one, got {short(table)}")
    for column in REQUIRED:
        if column not in table.columns:
            raise BadInput(
                f"{NAME}: must have the column {column}; it has {', '.join(map(str, table.columns))}"
            )
    known = table.astype(object).where(table.notna(), None)
    return [
        _charge(row, index, zone) for index, row in zip(table.index, known.to_dict("records"), strict=True)
    ]


def _charge(values: Mapping[Any, Any], index: object, zone: ZoneInfo | None) -> Charge:
    row = Row(NAME, f"row {index}", {str(key): value for key, value in values.items()}, zone)
    plug_in, unplug = row.interval("plug_in", "unplug")
    return Charge(
        row.label, row.text("user"), plug_in, unplug, row.energy_wh("energy_kwh"), row.text("place")
    )


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of that name; BadInput where there is none."""
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):  # the last: Europe is a folder of them
        raise BadInput(
            f"timezone must be a zone of the IANA database such as Europe/Oslo, got {short(name)}"
        ) from None
