"""A behaviour: which firmware the twin is, as data. Sheet rows, and a policy for every open question."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from twin.keys import normal
from twin.sheet import TABLES, Key, Measurand, Message, Row, row

_SHIPPED = Path(__file__).parent / "behaviours"

# Every open question and its answers; the first is the default where a behaviour names none.
POLICIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "gap": ("local-limit", "unlimited"),
        "txdefault_precedence": ("connector", "stack-level"),
        "merge_phases": ("minimum", "lower-limit"),
        "watts_to_amps": ("schedule-phases", "phases-in-use"),
        "recurring_before_start": ("inactive", "backwards"),
        "relative_without_transaction": ("from-query", "inactive"),
        "absolute_without_start": ("from-charging", "rejected"),
        "recurring_without_start": ("rejected", "from-receipt"),
        "txprofile_without_transaction_id": ("running", "rejected"),
        "clear_id_with_filters": ("id", "all"),
        "bad_connector": ("Rejected", "CALLERROR"),
        "over_limit": ("Rejected", "CALLERROR"),
        "hardcoded_write": ("Accepted", "Rejected"),
        "too_many_keys": ("first", "CALLERROR"),
        "clock_stamp": ("boundary", "interval-start"),
        "clock_values": ("instant", "averaged"),
        "clock_midnight": ("utc", "local"),
        "clock_outside_transaction": ("sent", "transaction-only"),
        "clock_connector_zero": ("not-sent", "sent"),
        "sample_interval_changed": ("at-once", "next-transaction"),
        "bare_measurand": ("all", "total"),
        "soc_known": ("car", "absent"),
        "remote_start_profile": ("applied", "ignored", "rejected"),
        "remote_start_id_tag": ("per-key", "never-checked"),
        "occupied_status": ("off", "replaces-preparing"),
        "unsupported_action": ("known-NotSupported", "reversed"),
        "transaction_message_retry": ("attempts", "fixed-delay"),
        "station_share": ("equal", "first-come"),
        "follow_csms_time": ("real-time", "always", "never"),
    }
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A named set of sheet rows and policies."""

    name: str
    title: str
    policies: Mapping[str, str]
    table: Mapping[int, Mapping[str, Row]]
    meters: Mapping[str, frozenset[str]]  # meter type -> measurands of table 3 it can measure

    @classmethod
    def load(cls, name_or_path: str | Path) -> "Behaviour":
        """A shipped behaviour by its name, or a user's file; ValueError says in one line what is wrong."""
        return _load(name_or_path, Path(), ())

    @staticmethod
    def shipped() -> tuple[str, ...]:
        """The names of the behaviours that come with the twin."""
        return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))

    def with_policies(self, policies: Mapping[str, str]) -> "Behaviour":
        """The same firmware with other answers to some of the open questions."""
        for name, choice in policies.items():
            _check_policy(name, choice)
        return replace(self, policies=MappingProxyType({**self.policies, **policies}))

    def policy(self, name: str) -> str:
        """The answer to one open question."""
        return self.policies[name]

    def rows(self, table: int | None = None) -> tuple[Row, ...]:
        """The rows of one table of the sheet, or of all, in the sheet's order."""
        numbers = TABLES if table is None else (table,)
        return tuple(row for number in numbers for row in self.table[number].values())

    def message(self, action: str) -> Message | None:
        """The row that rules an action: its profile's table before table 12, whose Authorize is another."""
        for number in (2, 6, 7, 8, 9, 10, 12):
            for message in self.table[number].values():
                if isinstance(message, Message) and message.action == action:
                    return message
        return None

    def action(self, action: str) -> str:
        """Its support: "yes", "partially", "no", or "unknown" where the sheet has no row."""
        message = self.message(action)
        return message.support if message else "unknown"

    def supports(self, action: str) -> bool:
        """Does the charge point take (or, where it initiates, ever send) this message?"""
        return self.action(action) in ("yes", "partially")

    @property
    def measurands(self) -> Mapping[str, Measurand]:
        """Table 3, by name; whether a meter can measure them is another question (`meters`)."""
        rows = self.table[3].values()
        return {row.name: row for row in rows if isinstance(row, Measurand) and row.support == "yes"}

    @property
    def statuses(self) -> frozenset[str]:
        """Table 4."""
        return self._values(4)

    @property
    def error_codes(self) -> frozenset[str]:
        """Table 5."""
        return self._values(5)

    @property
    def triggers(self) -> frozenset[str]:
        """Table 11: what TriggerMessage can ask for."""
        return self._values(11)

    @property
    def keys(self) -> Mapping[str, Key]:
        """Tables 13 to 23 by wire name, each row once for every key it stands for, missing ones included."""
        keys = (key for key in self.rows() if isinstance(key, Key))
        return {
            name: replace(key, name=name, wire="", default=text) for key in keys for name, text in key.keys
        }

    def measured_by(self, meter_type: str) -> Mapping[str, Measurand]:
        """The measurands of a channel with this kWh meter; of a type nobody described: the usual four."""
        known = {name.lower(): measures for name, measures in self.meters.items()}
        measures = known.get(meter_type.lower(), _USUAL)
        return {name: row for name, row in self.measurands.items() if not row.meter or name in measures}

    def _values(self, table: int) -> frozenset[str]:
        return frozenset(row.name for row in self.table[table].values() if row.support == "yes")


# Assumed of a meter type that no behaviour describes.
_USUAL = frozenset({"Current.Import", "Energy.Active.Import.Register", "Voltage", "Power.Active.Import"})

_FIELDS = ("name", "title", "inherits", "policies", "meter", "table")


def _load(name_or_path: str | Path, beside: Path, heirs: tuple[Path, ...]) -> Behaviour:
    path = _find(name_or_path, beside)
    if path in heirs:
        raise ValueError(f"{path.name}: inherits leads back to the file itself")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        return _build(given, path, heirs)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not TOML: {error}") from None


def _find(name_or_path: str | Path, beside: Path) -> Path:
    shipped = _SHIPPED / f"{name_or_path}.toml"
    if isinstance(name_or_path, str) and name_or_path in Behaviour.shipped():
        return shipped
    path = (beside / name_or_path).resolve()
    if not path.is_file():
        allowed = ", ".join(Behaviour.shipped())
        raise ValueError(f"behaviour must be one of {allowed} or a TOML file, got {str(name_or_path)!r}")
    return path


def _build(given: dict[str, Any], path: Path, heirs: tuple[Path, ...]) -> Behaviour:
    where = _Where(path.name)
    where.only(given, _FIELDS, "")
    parent = where.text(given, "inherits", "")
    base = _load(parent, path.parent, (*heirs, path)) if parent else None
    policies = {name: choices[0] for name, choices in POLICIES.items()} if base is None else base.policies
    behaviour = Behaviour(
        name=where.text(given, "name", path.stem),
        title=where.text(given, "title", base.title if base else path.stem),
        policies=MappingProxyType({**policies, **_policies(where, given)}),
        table=_tables(where, given, base),
        meters=_meters(where, given, base),
    )
    _check_overview(where, behaviour)
    _check_defaults(where, behaviour)
    return behaviour


@dataclass(frozen=True, slots=True)
class _Where:
    """The file being read, to name it in errors."""

    file: str

    def wrong(self, path: str, what: str) -> ValueError:
        return ValueError(f"{self.file}: {path} {what}" if path else f"{self.file}: {what}")

    def section(self, given: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        section = given.get(key, {})
        if not isinstance(section, dict):
            raise self.wrong(path, f"must be a table, got {section!r}")
        return section

    def text(self, given: Mapping[str, Any], key: str, default: str) -> str:
        text = given.get(key, default)
        if not isinstance(text, str):
            raise self.wrong(key, f"must be text, got {text!r}")
        return text

    def only(self, given: Mapping[str, Any], allowed: tuple[str, ...], path: str) -> None:
        for key in given:
            if key not in allowed:
                raise self.wrong(path + key, f"is unknown; allowed: {', '.join(allowed)}")


def _policies(where: _Where, given: Mapping[str, Any]) -> dict[str, str]:
    policies = dict(where.section(given, "policies", "policies"))
    for name, choice in policies.items():
        try:
            _check_policy(name, choice)
        except ValueError as error:
            raise where.wrong("", f"policies.{error}") from None
    return policies


def _check_policy(name: str, choice: object) -> None:
    if name not in POLICIES:
        raise ValueError(f"{name} is no policy; there are {', '.join(POLICIES)}")
    if choice not in POLICIES[name]:
        raise ValueError(f"{name} must be one of {', '.join(POLICIES[name])}, got {choice!r}")


def _tables(where: _Where, given: Mapping[str, Any], base: Behaviour | None) -> dict[int, dict[str, Row]]:
    tables = where.section(given, "table", "table")
    where.only(tables, tuple(map(str, TABLES)), "table.")
    return {
        number: _rows(where, number, where.section(tables, str(number), f"table.{number}"), base)
        for number in TABLES
    }


def _rows(where: _Where, number: int, given: Mapping[str, Any], base: Behaviour | None) -> dict[str, Row]:
    rows = dict(base.table[number]) if base else {}
    for name in given:
        path = f"table.{number}.{name}"
        changes = where.section(given, name, path)
        if base and name not in rows and TABLES[number][1] is not Key:
            raise where.wrong(path, f"is no row of table {number}; it has {', '.join(rows)}")
        try:
            rows[name] = row(number, name, {**_given(rows.get(name)), **changes})
        except ValueError as error:
            raise where.wrong(f"{path}.{error}", "") from None
    return rows


def _given(inherited: Row | None) -> dict[str, Any]:
    """An inherited row as if it stood in the file."""
    if inherited is None:
        return {}
    values = {name: getattr(inherited, name) for name in inherited.__slots__ if name not in ("table", "name")}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None
    }


def _meters(where: _Where, given: Mapping[str, Any], base: Behaviour | None) -> dict[str, frozenset[str]]:
    meters = dict(base.meters) if base else {}
    section = where.section(given, "meter", "meter")
    for name in section:
        meter = where.section(section, name, f"meter.{name}")
        where.only(meter, ("measures", "source"), f"meter.{name}.")
        meters[name] = frozenset(meter.get("measures", ()))
    return meters


def _check_overview(where: _Where, behaviour: Behaviour) -> None:
    """Table 1 repeats what the profiles' tables say; a file that changes one must change the other."""
    for overview in behaviour.table[1].values():
        assert isinstance(overview, Message)
        support = behaviour.action(overview.action)
        if (overview.support == "no") != (support == "no"):
            message = behaviour.message(overview.action)
            number = message.table if message else 2
            raise where.wrong(
                f"table.1.{overview.name}.support",
                f'is "{overview.support}" and table.{number} says "{support}": change both',
            )


def _check_defaults(where: _Where, behaviour: Behaviour) -> None:
    for name, key in behaviour.keys.items():
        if key.default is None:
            if key.support != "missing":
                raise where.wrong(f"table.{key.table}.{name}.default", "is missing")
            continue
        try:
            normal(key, default(key, 2), 2, behaviour.measurands)
        except ValueError as error:
            if key.default != "":
                raise where.wrong(f"table.{key.table}.{name}.default", str(error)) from None


def default(key: Key, channels: int) -> str:
    """The value a key has before anybody set one, on a station with so many channels."""
    text = key.default if isinstance(key.default, str) else ""
    if not key.channels or not text:
        return text
    return ",".join(text.replace("{n}", str(number)) for number in range(1, channels + 1))
