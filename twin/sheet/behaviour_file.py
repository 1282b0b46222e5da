"""Behaviour files: TOML that inherits another behaviour and changes rows of the sheet and policies.

Every error is a ValueError of one line that names the file, the key path, the value and what is allowed.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from evc5.twin.sheet import timing
from evc5.twin.sheet.keys import CHANNELS, initial, normal
from evc5.twin.sheet.plain_file import is_plain
from evc5.twin.sheet.policies import POLICIES, check
from evc5.twin.sheet.rows import TABLES, Key, Measurand, Message, Row, Tables, configuration_keys, row, ruling
from evc5.twin.sheet.timing import TIMING

MOST_BYTES = 4 << 20  # assumed: those that are shipped have 10 kB

_SHIPPED = Path(__file__).parent / "behaviours"
_SECTIONS = ("name", "title", "inherits", "policies", "timing", "meter", "table")


class Definition(NamedTuple):
    """What a file says, with all it inherits."""

    name: str
    title: str
    policies: Mapping[str, str]
    timing: Mapping[str, float]
    tables: Tables
    meters: Mapping[str, frozenset[str]]


_NOTHING = Definition(
    name="",
    title="",
    policies={name: policy.choices[0] for name, policy in POLICIES.items()},
    timing=TIMING,
    tables={number: {} for number in TABLES},
    meters={},
)


@cache
def shipped() -> tuple[str, ...]:
    """The names of the behaviours that come with the twin."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def read(name_or_path: str | Path, beside: Path = Path(), heirs: tuple[Path, ...] = ()) -> Definition:
    """A shipped behaviour, or that of a file (looked for `beside` the file that inherits it)."""
    if name_or_path in shipped():
        return _shipped(str(name_or_path))
    path = (beside / name_or_path).resolve()
    if not path.is_file():
        allowed = f"{', '.join(shipped())} or a behaviour file"
        raise ValueError(f"behaviour must be {allowed}, got {str(name_or_path)!r}")
    return _read(path, heirs)


@cache
def _shipped(name: str) -> Definition:
    return _read(_SHIPPED / f"{name}.toml", ())


def _read(path: Path, heirs: tuple[Path, ...]) -> Definition:
    with _at(f"{path.name}: "):  # which the errors of TOML and UTF-8 need, too
        if path in heirs:
            raise ValueError("inherits leads back to the file itself")
        given = _toml(path)
        _only(given, _SECTIONS, "")
        parent = _text(given, "inherits", "")
    base = read(parent, path.parent, (*heirs, path)) if parent else _NOTHING
    with _at(f"{path.name}: "):
        return _definition(given, base, path.stem)


def _definition(given: Mapping[str, Any], base: Definition, stem: str) -> Definition:
    definition = Definition(
        name=_text(given, "name", stem),
        title=_text(given, "title", base.title),
        policies={**base.policies, **_policies(_section(given, "policies"))},
        timing={**base.timing, **_timing(_section(given, "timing"))},
        tables=_tables(_section(given, "table"), base.tables),
        meters={**base.meters, **_meters(_section(given, "meter"))},
    )
    _check_overview(definition.tables)
    _check_defaults(definition)
    return definition


def _policies(given: Mapping[str, Any]) -> Mapping[str, str]:
    for name, choice in given.items():
        with _at("policies."):
            check(name, choice)
    return given


def _timing(given: Mapping[str, Any]) -> dict[str, float]:
    for name, seconds in given.items():
        with _at("timing."):
            timing.check(name, seconds)
    return {name: float(seconds) for name, seconds in given.items()}


def _meters(given: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    for name in given:
        meter = _section(given, name, "meter.")
        _only(meter, ("measures", "source"), f"meter.{name}.")
        measures = meter.get("measures")
        if not isinstance(measures, list) or not all(isinstance(item, str) for item in measures):
            raise ValueError(f"meter.{name}.measures must be a list of measurands, got {measures!r}")
    return {name: frozenset(meter["measures"]) for name, meter in given.items()}


def _tables(given: Mapping[str, Any], base: Tables) -> Tables:
    _only(given, tuple(map(str, TABLES)), "table.")
    homes = {name: number for number, rows in base.items() for name in rows if isinstance(rows[name], Key)}
    return {
        number: _rows(number, _section(given, str(number), "table."), inherited, homes)
        for number, inherited in base.items()
    }


def _rows(
    number: int, given: Mapping[str, Any], inherited: Mapping[str, Row], homes: Mapping[str, int]
) -> dict[str, Row]:
    """`homes`: in which table each key stands; it has one row."""
    rows = dict(inherited)
    for name in given:
        path = f"table.{number}.{name}"
        changes = _section(given, name, f"table.{number}.")
        if inherited and name not in rows and TABLES[number].kind is not Key:
            raise ValueError(f"{path} is no row of table {number}; it has {', '.join(inherited)}")
        home = homes.get(name, number)
        if TABLES[number].kind is Key and home != number:
            raise ValueError(f"{path} is a row of table {home}: change table.{home}.{name}")
        with _at(f"{path}."):
            rows[name] = row(number, name, {**_as_given(rows.get(name)), **changes})
    return rows


def _as_given(inherited: Row | None) -> dict[str, Any]:
    """An inherited row as it would stand in the file."""
    if inherited is None:
        return {}
    values = inherited._asdict()
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if name not in ("table", "name") and value is not None
    }


def _check_overview(tables: Tables) -> None:
    """Table 1 repeats the profiles' tables: who changes one must change the other."""
    ruled = ruling(tables)
    for overview in tables[1].values():
        if not isinstance(overview, Message):
            continue
        other = ruled.get(overview.action)
        if other is not None and (overview.support == "no") != (other.support == "no"):
            path = f"table.{other.table}.{other.name}.support"
            says = f"table.1.{overview.name}.support is {overview.support!r}"
            raise ValueError(f"{says}, {path} is {other.support!r}: change both")


def _check_defaults(definition: Definition) -> None:
    rows = definition.tables[3].values()
    measurands = {
        known.name: known for known in rows if isinstance(known, Measurand) and known.support == "yes"
    }
    for name, key in configuration_keys(definition.tables).items():
        path = f"table.{key.table}.{name}.default"
        if key.default is None and key.support != "missing":
            raise ValueError(f"{path} is missing")
        if key.default:
            with _at(f"{path} "):
                normal(key, initial(key, CHANNELS), CHANNELS, measurands)  # as on a station with both


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Put the path before what is wrong."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}{error}") from None


def _toml(path: Path) -> dict[str, Any]:
    """What a file says; a ValueError, too, for a device, a pipe, or what nests beyond any behaviour."""
    if path.exists() and not is_plain(path):
        raise ValueError("must be a file")
    try:
        with path.open("rb") as file:
            told = file.read(MOST_BYTES + 1)
        if len(told) > MOST_BYTES:
            raise ValueError(f"must have at most {MOST_BYTES:,} bytes")
        return tomllib.loads(told.decode().replace("\r\n", "\n"))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _section(given: Mapping[str, Any], name: str, path: str = "") -> Mapping[str, Any]:
    section = given.get(name, {})
    if not isinstance(section, dict):
        raise ValueError(f"{path}{name} must be a table, got {type(section).__name__}")
    return section


def _text(given: Mapping[str, Any], name: str, default: str) -> str:
    text = given.get(name, default)
    if not isinstance(text, str):
        raise ValueError(f"{name} must be text, got {text!r}")
    return text


def _only(given: Mapping[str, Any], allowed: tuple[str, ...], path: str) -> None:
    for name in given:
        if name not in allowed:
            raise ValueError(f"{path}{name} is unknown; allowed: {', '.join(allowed)}")
