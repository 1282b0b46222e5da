"""A battery's curve from a CSV file: which column is which, and in which unit, is told in its heading.

`soc` is 0 to 1, with % or pct in its name 0 to 100; power is `kw` or `w`. Without a heading: SoC 0 to 1, kW.
"""

import csv
import re
from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

Point = tuple[float, float]
PLAUSIBLE_KW = (0.5, 500.0)  # assumed of the highest point: less heats nobody's car, more no plug carries
_SOC = re.compile(r"\bsoc\b|state of charge")
_PERCENT = re.compile(r"%|\bpct\b|\bpercent\b")
_POWER = re.compile(r"\b(kw|w)\b")


def points(path: Path, key: str) -> list[Point]:
    """SoC (0-1) and kW, row by row; BadInput names the key, the file and what is wrong in it."""
    where = f"{key}.curve: {path.name}"
    try:
        rows = [row for row in csv.reader(user_files.text(path).splitlines()) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{where} cannot be read: {error}") from None
    heading = rows[0] if rows and not _is_number(rows[0][0]) else None
    read = _by_position if heading is None else _by_name(heading, where)
    found = []
    for number, row in enumerate(rows if heading is None else rows[1:], 1):
        point = read(row)
        if point is None:
            raise BadInput(f"{where} row {number} must be SoC,kW, got {','.join(row)}")
        found.append(point)
    _check(found, where)
    return found


def _by_position(row: Sequence[str]) -> Point | None:
    if len(row) < 2 or not (_is_number(row[0]) and _is_number(row[1])):
        return None
    return float(row[0]), float(row[1])


def _by_name(heading: Sequence[str], where: str) -> Callable[[Sequence[str]], Point | None]:
    """How a row below this heading is read."""
    names = [re.sub(r"[_()\[\]/]+", " ", name.strip().lower()) for name in heading]
    socs = [n for n, name in enumerate(names) if _SOC.search(name)]
    powers = [n for n, name in enumerate(names) if n not in socs and _POWER.search(name)]
    if len(socs) != 1 or len(powers) != 1:
        raise BadInput(
            f"{where} must name one column soc (0-1) or soc_pct and one kw or w, got {','.join(heading)}"
        )
    soc, power = socs[0], powers[0]
    soc_unit = 100.0 if _PERCENT.search(names[soc]) else 1.0
    power_unit = 1.0 if "kw" in names[power].split() else 1000.0

    def read(row: Sequence[str]) -> Point | None:
        if len(row) <= max(soc, power) or not (_is_number(row[soc]) and _is_number(row[power])):
            return None
        return float(row[soc]) / soc_unit, float(row[power]) / power_unit

    return read


def _check(found: Sequence[Point], where: str) -> None:
    """Values that only another unit explains are refused."""
    highest_soc = max((soc for soc, _ in found), default=0.0)
    if highest_soc > 1.0:
        raise BadInput(
            f"{where}: curve SoC must be within 0 and 1, got {highest_soc:g}; one of 0-100 is named soc_pct"
        )
    highest_kw = max((kw for _, kw in found), default=0.0)
    least_kw, most_kw = PLAUSIBLE_KW
    if found and not least_kw <= highest_kw <= most_kw:
        raise BadInput(
            f"{where} must reach {least_kw:g} to {most_kw:g} kW, got {highest_kw:g}: is the column kw or w?"
        )


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
