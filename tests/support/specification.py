"""Reads the independent transcriptions under tests/spec."""

import csv

from places import SPEC

Line = dict[str, str]


def spec(name: str) -> list[Line]:
    """The lines of one transcription."""
    with (SPEC / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sheet(*tables: int) -> list[Line]:
    """The rows of these tables of the sheet."""
    return [line for line in spec("sheet") if int(line["table"]) in tables]


def names(row: str) -> list[str]:
    """The keys that a row of the sheet stands for: chg_Reader[1,2] is two."""
    base, _, numbers = row.partition("[")
    return [base + number for number in numbers.rstrip("]").split(",")]


def key_lines(behaviour: str) -> list[Line]:
    """What is expected of every key under a behaviour: its own lines before the sheet's."""
    own = spec("keys-ocpp16") if behaviour == "ocpp16" else []
    told = {line["key"].lower() for line in own}
    return [line for line in spec("keys") if line["key"].lower() not in told] + own
