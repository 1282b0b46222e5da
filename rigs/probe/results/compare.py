"""Two probes held against each other: what another firmware, or another unit, does otherwise."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput
from evc5.rigs.probe.results.write import FORMAT
from evc5.rigs.probe.session import SHEET


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that differs; "" where only the other probe found it."""

    fact: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs, and what only one of the two could tell."""

    changes: tuple[Change, ...]
    only_one: tuple[Change, ...]

    @property
    def alike(self) -> bool:
        return not self.changes and not self.only_one


def is_probe(path: Path) -> bool:
    """Is this the directory of a probe, or its sheet.json?"""
    return path.name == SHEET or (path / SHEET).is_file()


def compare(before: Path, after: Path) -> Compared:
    """BadInput where one of them is no probe's."""
    return difference(_facts(before), _facts(after))


def difference(before: dict[str, str], after: dict[str, str]) -> Compared:
    """Facts by name, in the first one's order."""
    both = [Change(name, before[name], after[name]) for name in before if name in after]
    lost = [Change(name, value, "") for name, value in before.items() if name not in after]
    new = [Change(name, "", value) for name, value in after.items() if name not in before]
    return Compared(tuple(one for one in both if one.before != one.after), (*lost, *new))


def _facts(path: Path) -> dict[str, str]:
    file = path if path.name == SHEET else path / SHEET
    try:
        told: Any = json.loads(user_files.content(file))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    except ValueError:
        raise BadInput(f"{file} is no JSON") from None
    if (
        not isinstance(told, dict)
        or told.get("evc5_probe") != FORMAT
        or not isinstance(told.get("facts"), dict)
    ):
        raise BadInput(f"{file} is no sheet.json of evc5 probe, format {FORMAT}")
    return {str(name): str(value) for name, value in told["facts"].items()}
