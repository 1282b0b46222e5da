"""A behaviour: which firmware the twin is, as data. Sheet rows, and a policy for every open question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from evc5.twin.sheet import behaviour_file
from evc5.twin.sheet.policies import check
from evc5.twin.sheet.rows import Key, Measurand, Message, Row, Tables, configuration_keys, ruling

# Assumed of a kWh meter's type that no behaviour describes.
_USUAL = frozenset({"Current.Import", "Energy.Active.Import.Register", "Voltage", "Power.Active.Import"})


@dataclass(frozen=True, eq=False)  # no slots: the views below are made once
class Behaviour:
    """A named set of sheet rows and policies."""

    name: str
    title: str
    policies: Mapping[str, str]
    timing: Mapping[str, float]  # s, by the names of `timing.TIMING`
    tables: Tables
    meters: Mapping[str, frozenset[str]]  # type -> what it measures of the measurands that need a meter

    @classmethod
    def load(cls, name_or_path: str | Path) -> "Behaviour":
        """A shipped behaviour by its name, or a user's file; ValueError says in one line what is wrong."""
        if name_or_path in cls.shipped():
            return _shipped(str(name_or_path))
        return _defined(behaviour_file.read(name_or_path))

    @staticmethod
    def shipped() -> tuple[str, ...]:
        """The names of the behaviours that come with the twin."""
        return behaviour_file.shipped()

    def with_policies(self, policies: Mapping[str, str]) -> "Behaviour":
        """The same firmware with other answers to some of the open questions."""
        for name, choice in policies.items():
            check(name, choice)
        if not policies:
            return self
        return replace(self, policies=MappingProxyType({**self.policies, **policies}))

    def policy(self, name: str) -> str:
        """The answer to one open question."""
        return self.policies[name]

    def rows(self, table: int | None = None) -> tuple[Row, ...]:
        """The rows of one table of the sheet, or of all, in the sheet's order."""
        numbers = self.tables if table is None else (table,)
        return tuple(row for number in numbers for row in self.tables[number].values())

    def message(self, action: str) -> Message | None:
        """The row that rules an action; its `omits` and `ignores` name fields."""
        return self._messages.get(action)

    def action(self, action: str) -> str:
        """Its support: "yes", "partially", "no", or "unknown" where the sheet has no row."""
        message = self.message(action)
        return message.support if message else "unknown"

    def supports(self, action: str) -> bool:
        """Does the charge point take (or, where it initiates, ever send) this message?"""
        return self.action(action) in ("yes", "partially")

    @cached_property
    def measurands(self) -> Mapping[str, Measurand]:
        """Table 3 by name, whether or not the meters at hand measure them."""
        rows = (row for row in self.rows(3) if isinstance(row, Measurand))
        return {row.name: row for row in rows if row.support == "yes"}

    def measured_by(self, meter_type: str) -> Mapping[str, Measurand]:
        """The measurands of a channel with this type of kWh meter."""
        known = {name.lower(): measures for name, measures in self.meters.items()}
        measures = known.get(meter_type.lower(), _USUAL)
        return {name: row for name, row in self.measurands.items() if not row.meter or name in measures}

    @cached_property
    def statuses(self) -> frozenset[str]:
        """Table 4."""
        return self._values(4)

    @cached_property
    def error_codes(self) -> frozenset[str]:
        """Table 5."""
        return self._values(5)

    @cached_property
    def triggers(self) -> frozenset[str]:
        """Table 11: what TriggerMessage can ask for."""
        return self._values(11)

    @cached_property
    def keys(self) -> Mapping[str, Key]:
        """Tables 13 to 23 by name on the wire, each row once for every key it stands for."""
        return configuration_keys(self.tables)

    @cached_property
    def _messages(self) -> Mapping[str, Message]:
        return ruling(self.tables)

    def _values(self, table: int) -> frozenset[str]:
        return frozenset(row.name for row in self.rows(table) if row.support == "yes")


@cache
def _shipped(name: str) -> Behaviour:
    return _defined(behaviour_file.read(name))


def _defined(given: behaviour_file.Definition) -> Behaviour:
    policies, timing = MappingProxyType(given.policies), MappingProxyType(given.timing)
    return Behaviour(given.name, given.title, policies, timing, given.tables, given.meters)
