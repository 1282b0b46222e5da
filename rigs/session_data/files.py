"""Rows of CSV files, whatever separates them, and objects of JSON files; BadInput names the file."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.session_data.charge import Row

SEPARATORS = ";,\t|"


def csv_rows(path: Path, columns: Sequence[str], zone: ZoneInfo | None = None) -> Iterator[Row]:
    """The rows below a header that names these columns; the header is row 1, and says what separates."""
    text = _text(path)
    header = text.partition("\n")[0]
    separator = max(SEPARATORS, key=header.count)
    try:
        reader = csv.DictReader(text.splitlines(), delimiter=separator, restval="", strict=True)
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        for column in columns:
            if column not in names:
                told = f"; it has {', '.join(names)[:200]}" if any(names) else ""
                raise BadInput(f"{path.name}: row 1 must name the column {column}{told}")
        for row in reader:
            if None in row:
                raise BadInput(
                    f"{path.name}: row {reader.line_num} must have at most {len(names)} values, "
                    f"got {len(names) + len(row[None])}"
                )
            yield Row(path.name, f"row {reader.line_num}", row, zone)
    except csv.Error as error:
        raise BadInput(f"{path.name}: not a CSV file: {error}") from None


def json_rows(path: Path, inside: Sequence[str], zone: ZoneInfo | None = None) -> Iterator[Row]:
    """The objects of a list, which is the file or under one of these names in it; or one object alone."""
    try:
        whole = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name}: not a JSON file: {error}") from None
    name = next((name for name in inside if isinstance(whole, dict) and name in whole), "")
    listed: Any = whole[name] if name else [whole] if whole and isinstance(whole, dict) else whole
    if not isinstance(listed, list):
        raise BadInput(f"{path.name}: must be a list of sessions, or hold one as {' or '.join(inside)}")
    for index, item in enumerate(listed):
        label = f"{name}[{index}]"
        if not isinstance(item, dict):
            raise BadInput(f"{path.name}: {label} must be an object, got {str(item)[:60]}")
        yield Row(path.name, label, item, zone)


def _text(path: Path) -> str:
    try:
        return user_files.text(path, "utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name}: not a text in UTF-8: {error}") from None
