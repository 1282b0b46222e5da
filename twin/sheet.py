"""The capability sheet's rows as types: what one line of a behaviour file may say, and what it then means.

A row is checked when it is read, so that a typing error is one line on the terminal and not a charge point
that behaves oddly.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

Choices = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the message tables: whether the charge point takes, or ever sends, this message."""

    table: int
    name: str
    initiator: str
    support: str
    remark: str = ""
    source: str = ""
    wire: str = ""  # the name on the wire, where the sheet spells it otherwise
    omits: tuple[str, ...] = ()  # fields it never sends
    ignores: tuple[str, ...] = ()  # fields it never looks at
    store_bytes: int = 0

    ALLOWED: ClassVar[Choices] = {
        "initiator": ("Charge Point", "Central System"),
        "support": ("yes", "partially", "no"),
    }

    @property
    def action(self) -> str:
        """The OCPP action."""
        return self.wire or self.name


@dataclass(frozen=True, slots=True)
class Measurand:
    """A row of table 3."""

    table: int
    name: str
    phases: bool
    total: bool
    support: str = "yes"
    remark: str = ""
    source: str = ""
    unit: str = ""  # empty: OCPP 1.6 has no unit for it
    meter: bool = False

    ALLOWED: ClassVar[Choices] = {"support": ("yes", "no")}


@dataclass(frozen=True, slots=True)
class Value:
    """A row of table 4, 5 or 11: a value of an enumeration that is, or never is, on the wire."""

    table: int
    name: str
    support: str = "yes"
    remark: str = ""
    source: str = ""

    ALLOWED: ClassVar[Choices] = {"support": ("yes", "no")}


@dataclass(frozen=True, slots=True)
class Key:
    """A row of tables 13 to 23: one configuration key, or several of a kind (chg_KWH[1,2,3])."""

    table: int
    name: str
    access: str
    type: str
    required: str = ""  # empty: the vendor's own
    support: str = "yes"
    remark: str = ""
    source: str = ""
    wire: str = ""
    default: str | tuple[str, ...] | None = None
    min: int | None = None
    max: int | None = None
    raised_to: int = 0
    reboot: bool = False
    measurands: bool = False
    pattern: str = ""
    channels: str = ""
    options: bool = False
    from_station: bool = False

    ALLOWED: ClassVar[Choices] = {
        "access": ("R", "RW", "W"),
        "type": ("Int", "Bool", "CSL", "String"),
        "required": ("Req", "Opt", ""),
        "support": ("yes", "hardcoded", "unused", "missing"),
        "channels": ("", "each", "named"),
    }

    @property
    def keys(self) -> tuple[tuple[str, str | None], ...]:
        """The names the row stands for on the wire, each with its default."""
        base, _, numbers = (self.wire or self.name).partition("[")
        names = [base + number for number in numbers.rstrip("]").split(",")]
        defaults = self.default if isinstance(self.default, tuple) else (self.default,) * len(names)
        return tuple(zip(names, defaults, strict=True))


Row = Message | Measurand | Value | Key

TABLES: Mapping[int, tuple[str, type[Row]]] = {
    1: ("Overview of all messages", Message),
    2: ("Core Profile", Message),
    3: ("Measurands supported", Measurand),
    4: ("status field", Value),
    5: ("errorCode field", Value),
    6: ("Firmware Management Profile", Message),
    7: ("Local Auth List Management Profile", Message),
    8: ("Reservation Profile", Message),
    9: ("Smart Charging Profile", Message),
    10: ("Remote Trigger", Message),
    11: ("Triggers Supported", Value),
    12: ("Security Profile", Message),
    13: ("Core Profile variables", Key),
    14: ("Firmware Management Profile variables", Key),
    15: ("Local Auth List Management Profile variables", Key),
    16: ("Smart Charging Profile variables", Key),
    17: ("Security Profile variables", Key),
    18: ("Core Profile unsupported variables", Key),
    19: ("Firmware Management Profile unsupported variables", Key),
    20: ("Reservation Profile unsupported variables", Key),
    21: ("Smart charging Profile unsupported variables", Key),
    22: ("Security Profile unsupported variables", Key),
    23: ("Vendor-specific variables", Key),
}

# What the twin has no model of, so that no behaviour can switch it on.
_NOT_MODELLED_TABLES = (8, 12)
_NOT_MODELLED = ("CancelReservation", "ReserveNow", "Reserved", "Mode3Error")

_SHAPES: Mapping[object, tuple[str, Callable[[Any], bool]]] = {
    str: ("text", lambda value: isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    int | None: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    tuple[str, ...]: ("a list of texts", lambda value: _texts(value)),
    str | tuple[str, ...] | None: (
        "text or a list of texts",
        lambda value: isinstance(value, str) or _texts(value),
    ),
}


def row(table: int, name: str, given: Mapping[str, Any]) -> Row:
    """The row of `table` that a behaviour file describes; ValueError names the field at fault."""
    kind = TABLES[table][1]
    known = {field.name: field for field in fields(kind) if field.name not in ("table", "name")}
    for field, value in given.items():
        if field not in known:
            raise ValueError(f"{field} is no field of a row of table {table}; allowed: {', '.join(known)}")
        _check(kind, field, known[field].type, value)
    for field, spec in known.items():
        if spec.default is MISSING and field not in given:
            raise ValueError(f"{field} is missing: a row of table {table} needs it")
    values: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in given.items()
    }
    made = kind(table=table, name=name, **values)
    if made.support in ("yes", "partially") and not modelled(table, name):
        raise ValueError(f'support must be "no" (the twin has no model of {name}), got "{made.support}"')
    return made


def modelled(table: int, name: str) -> bool:
    """Could the twin do it, if the sheet said yes?"""
    return table not in _NOT_MODELLED_TABLES and name not in _NOT_MODELLED


def _check(kind: type[Row], field: str, shape: object, value: object) -> None:
    wanted, fits = _SHAPES[shape]
    if not fits(value):
        raise ValueError(f"{field} must be {wanted}, got {value!r}")
    allowed = kind.ALLOWED.get(field)
    if allowed is not None and value not in allowed:
        raise ValueError(f"{field} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
