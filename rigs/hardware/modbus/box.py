"""A box of relays on Modbus as the car's end of the pilot, or as the mains: which coil does what is data."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput, BenchFault
from evc5.rigs.hardware.modbus.line import Line
from evc5.rigs.hardware.roles import Pilot

TABLES = ("pilot", "cable", "fault")
STATES = ("B", "C", "D", "E")
CABLES = ("13", "20", "32", "63")  # A, as proximity codes them (IEC 61851-1, Annex B)
LAST_COIL = 0xFFFF


@dataclass(frozen=True, slots=True)
class Coils:
    """Coils that are on in each pilot state, for each cable's amps, for each fault; that of the mains."""

    pilot: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    cable: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fault: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    mains: int | None = None


def find(name: str, folder: Path) -> Coils:
    """A TOML file beside the rig's: tables `pilot` (B, C …), `cable` (13, 20 …), `fault`; and `mains`."""
    try:
        table = user_files.toml(folder / name)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"map {name}: {error}") from None
    if unknown := sorted(set(table) - {*TABLES, "mains"}):
        raise BadInput(f"map {name}: {', '.join(unknown)} is unknown; allowed: {', '.join(TABLES)}, mains")
    found = {key: _rows(name, key, table.get(key, {})) for key in TABLES}
    for key, allowed in (("pilot", STATES), ("cable", CABLES)):
        if foreign := sorted(set(found[key]) - set(allowed)):
            raise BadInput(f"map {name}: {key}.{foreign[0]}; allowed: {', '.join(allowed)}")
    return Coils(**found, mains=_mains(name, table["mains"], found) if "mains" in table else None)


def _rows(name: str, key: str, rows: Any) -> dict[str, tuple[int, ...]]:
    if not isinstance(rows, dict):
        raise BadInput(f"map {name}: {key} must be a table of coils, got {rows!r}")
    return {row: _coils(name, coils) for row, coils in rows.items()}


def _mains(name: str, told: Any, found: Mapping[str, Mapping[str, tuple[int, ...]]]) -> int:
    """One coil, which nothing else of the box may move."""
    mains, *others = _coils(name, told) or (-1, -1)
    used = {coil for rows in found.values() for coils in rows.values() for coil in coils}
    if others or mains in used:
        raise BadInput(f"map {name}: mains must be one coil that no pilot, cable or fault has, got {told!r}")
    return mains


def _coils(name: str, coils: Any) -> tuple[int, ...]:
    listed = coils if isinstance(coils, list) else [coils]
    if not all(type(coil) is int and 0 <= coil <= LAST_COIL for coil in listed):
        raise BadInput(f"map {name}: coils are numbers from 0 to {LAST_COIL}, got {coils!r}")
    return tuple(listed)


class ModbusBox:
    """The car's end: what is on is exactly what state, cable and faults ask for, and is read back."""

    def __init__(self, line: Line, coils: Coils) -> None:
        self._line = line
        self._coils = coils
        self._state = self._cable = ""
        self._faults: set[str] = set()

    def plug(self, cable_a: float) -> None:
        self._cable = self._known(self._coils.cable, f"{cable_a:g}", "cable")
        self.pilot("B")

    def unplug(self) -> None:
        self._state = self._cable = ""
        self._faults.clear()
        self._switch()

    def pilot(self, state: str) -> None:
        self._state = "" if state == "A" else self._known(self._coils.pilot, state, "state")
        self._switch()

    def fault(self, name: str, on: bool) -> None:
        known = self._known(self._coils.fault, name, "fault")
        (self._faults.add if on else self._faults.discard)(known)
        self._switch()

    def read(self) -> Pilot:
        """Relays read no pilot."""
        return Pilot()

    def close(self) -> None:
        self._line.close()

    def _known(self, table: Mapping[str, Any], name: str, what: str) -> str:
        if name not in table:
            raise BenchFault(f"the box knows no {what} {name}; it knows {', '.join(table)}")
        return name

    def _switch(self) -> None:
        coils = self._coils
        on = {*coils.pilot.get(self._state, ()), *coils.cable.get(self._cable, ())}
        on |= {coil for fault in self._faults for coil in coils.fault[fault]}
        tables = (coils.pilot, coils.cable, coils.fault)
        every = {coil for table in tables for some in table.values() for coil in some}
        for coil in sorted(every - on) + sorted(on):  # what goes off goes first
            self._line.set_coil(coil, coil in on)
        self._see(every, on)

    def _see(self, every: Collection[int], on: Collection[int]) -> None:
        if not every:
            return
        first, last = min(every), max(every)
        bits = self._line.coils(first, last - first + 1)
        wrong = [coil for coil in every if bits[coil - first] != (coil in on)]
        if wrong:
            raise BenchFault(f"coil {wrong[0]} of the box does not switch")


class ModbusMains:
    """One coil of it as the switch of the charger's mains."""

    def __init__(self, line: Line, coil: int) -> None:
        self._line = line
        self._coil = coil

    def set(self, on: bool) -> None:
        self._line.set_coil(self._coil, on)
        if self.get() is not on:
            raise BenchFault(f"coil {self._coil} of the mains does not switch")

    def get(self) -> bool:
        return self._line.coils(self._coil, 1)[0]

    def close(self) -> None:
        self._line.close()
