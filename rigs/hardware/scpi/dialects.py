"""Dialects: what an instrument wants to be told for each verb, and what its readings mean."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware import shipped
from evc5.rigs.hardware.modbus.maps import QUANTITIES

ROLES = ("load", "source", "analyser")
NEEDS = {
    "load": ("draw", "off"),
    "source": ("on", "off", "voltage", "frequency"),
    "analyser": ("read", "tells"),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """Lists are sent line by line; `tells` names the numbers that `read` is answered with."""

    name: str
    role: str
    current: str
    title: str = ""
    tried: bool = False
    error: str = ""
    setup: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    draw: tuple[str, ...] = ()
    voltage: tuple[str, ...] = ()
    frequency: tuple[str, ...] = ()
    read: str = ""
    tells: tuple[str, ...] = ()


def find(name: str, folder: Path) -> Dialect:
    """A shipped dialect by its name, or a TOML file of one beside the rig's; BadInput says what there is."""
    return shipped.find("dialect", name, folder, ("evc5.rigs.hardware.scpi", "dialects.toml"), _read)


def _read(name: str, table: dict[str, Any]) -> Dialect:
    known = {field.name for field in fields(Dialect)} - {"name"}
    if unknown := sorted(set(table) - known):
        raise BadInput(
            f"dialect {name}: {', '.join(unknown)} is unknown; allowed: {', '.join(sorted(known))}"
        )
    if table.get("role") not in ROLES or table.get("current") not in ("ac", "dc"):
        raise BadInput(f"dialect {name}: role must be one of {', '.join(ROLES)}, current ac or dc")
    if missing := [key for key in NEEDS[table["role"]] if not table.get(key)]:
        raise BadInput(f"dialect {name}: {table['role']} needs {', '.join(missing)}")
    if foreign := sorted(set(table.get("tells", ())) - set(QUANTITIES)):
        raise BadInput(f"dialect {name}: tells {', '.join(foreign)}; allowed: {', '.join(QUANTITIES)}")
    told: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return Dialect(name=name, **told)
