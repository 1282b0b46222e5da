"""Behaviours with a few rows or policies changed, drawn at random, and what of it a probe could see."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.policies import POLICIES
from evc5.twin.sheet.rows import Key, Measurand, Message, Value, modelled

BASE = "evc5-v32r30"
OTHER_VALUES = {  # of what is hard-coded
    "GetConfigurationMaxKeys": "40",
    "SendLocalListMaxLength": "50",
    "ResetRetries": "2",
    "ChargingScheduleAllowedChargingRateUnit": "Current",
    "SupportedFeatureProfiles": "Core,SmartCharging",
}


@dataclass(frozen=True)
class Drawn:
    """One change: a policy (table 0), or fields of a row."""

    table: int
    name: str
    values: tuple[tuple[str, Any], ...]

    @property
    def subject(self) -> str:
        return f"policy {self.name}" if self.table == 0 else f"row {self.name}"


def draw(random: Random) -> list[Drawn]:
    """One to three changes of different things."""
    base = Behaviour.load(BASE)
    found: dict[str, Drawn] = {}
    wanted = random.randint(1, 3)
    while len(found) < wanted:
        one = random.choice(KINDS)(base, random)
        if one is not None:
            found[one.subject] = one
    return list(found.values())


def file(changes: list[Drawn], path: Path) -> Path:
    """The behaviour as a file."""
    lines = [f'inherits = "{BASE}"']
    lines += [
        "[policies]",
        *(f"{one.name} = {json.dumps(dict(one.values)['choice'])}" for one in changes if not one.table),
    ]
    rows = [row for one in changes if one.table for row in _both_tables(one)]
    for table in sorted({one.table for one in rows}):
        lines.append(f"[table.{table}]")
        for one in rows:
            if one.table == table:
                inner = ", ".join(f"{name} = {json.dumps(value)}" for name, value in one.values)
                lines.append(f"{json.dumps(one.name)} = {{ {inner} }}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    Behaviour.load(path)
    return path


def _both_tables(one: Drawn) -> list[Drawn]:
    """Table 1 repeats the tables of the profiles."""
    base = Behaviour.load(BASE)
    if ("support", "no") not in one.values:
        return [one]
    twins = [row for row in base.rows(1) if isinstance(row, Message) and row.action == one.name]
    return [one, *(Drawn(1, row.name, one.values) for row in twins if one.table in (2, 6, 7, 9, 10))]


def _policy(base: Behaviour, random: Random) -> Drawn:
    name = random.choice(sorted(POLICIES))
    other = [choice for choice in POLICIES[name].choices if choice != base.policy(name)]
    return Drawn(0, name, (("choice", random.choice(other)),))


def _key(base: Behaviour, random: Random) -> Drawn | None:
    rows = [row for table in range(13, 23) for row in base.rows(table) if isinstance(row, Key)]
    row = random.choice(rows)
    if row.name in ("NumberOfConnectors", "ConnectorSwitch3to1PhaseSupported"):
        return None  # the station's hardware
    if row.support == "missing":
        text = {"Int": "7", "Bool": "true"}.get(row.type, "FTP")
        return Drawn(row.table, row.name, (("support", "yes"), ("default", text)))
    ways: list[tuple[tuple[str, Any], ...]] = []
    if row.access == "RW":
        ways += [(("access", "R"),), (("reboot", True),)]
    if row.type == "Int" and row.access == "RW" and row.name != "LightIntensity":
        ways += [(("min", random.randint(1, 5)), ("default", "30")), (("max", random.randint(4000, 90000)),)]
        if row.support != "hardcoded":
            ways += [(("raised_to", random.randint(2, 40)),), (("default", str(random.randint(100, 900))),)]
    if row.type == "Bool":
        ways += [(("default", "false" if row.default == "true" else "true"),)]
    if row.support == "hardcoded" and row.access == "RW":
        ways += [(("support", "yes"),)]
    if row.name in OTHER_VALUES:
        ways += [(("default", OTHER_VALUES[row.name]),)]
    if row.support == "yes":
        ways += [(("support", "missing"),)]
    return Drawn(row.table, row.name, random.choice(ways)) if ways else None


def _message(base: Behaviour, random: Random) -> Drawn | None:
    rows = [row for table in (2, 6, 7, 9, 10) for row in base.rows(table) if isinstance(row, Message)]
    if random.random() < 0.2:
        omitted = random.sample(["meterType", "meterSerialNumber", "chargeBoxSerialNumber"], 2)
        return Drawn(2, "BootNotification", (("omits", tuple(omitted)),))
    row = random.choice([row for row in rows if row.initiator == "Central System"])
    return Drawn(row.table, row.name, (("support", "no"),))


def _measurand(base: Behaviour, random: Random) -> Drawn | None:
    row = random.choice([row for row in base.rows(3) if isinstance(row, Measurand)])
    ways: list[tuple[tuple[str, Any], ...]] = []
    if row.phases and row.total:
        ways = [(("total", False),), (("phases", False),)]
    if row.name != "Energy.Active.Import.Register":  # lists hold it from the beginning
        ways += [(("support", "no"),)] * 3
    return Drawn(3, row.name, random.choice(ways)) if ways else None


def _error(base: Behaviour, random: Random) -> Drawn | None:
    row = random.choice([row for row in base.rows(5) if modelled(5, row.name)])
    if row.name in ("NoError", "OtherError"):
        return None  # what there is always
    return Drawn(5, row.name, (("support", "no" if row.support == "yes" else "yes"),))


def _trigger(base: Behaviour, random: Random) -> Drawn:
    row = random.choice([row for row in base.rows(11) if isinstance(row, Value)])
    return Drawn(11, row.name, (("support", "no" if row.support == "yes" else "yes"),))


KINDS = (_policy, _policy, _key, _key, _key, _message, _measurand, _trigger, _error)
