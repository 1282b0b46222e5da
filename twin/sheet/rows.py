"""The capability sheet's rows as types: what one line of a behaviour file may say, and what it then means.

A row is checked when it is read, so that a typing error is one line on the terminal and not a charge point
that behaves oddly.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

Choices = Mapping[str, tuple[str, ...]]


class Message(NamedTuple):
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

    @property
    def action(self) -> str:
        """The OCPP action."""
        return self.wire or self.name


class Measurand(NamedTuple):
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


class Value(NamedTuple):
    """A row of table 4, 5 or 11: a value of an enumeration that is, or never is, on the wire."""

    table: int
    name: str
    support: str = "yes"
    remark: str = ""
    source: str = ""


class Key(NamedTuple):
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

    @property
    def each(self) -> "tuple[Key, ...]":
        """The row of each single key that this one stands for, with `wire` filled in."""
        names, wires = _expanded(self.name), _expanded(self.wire or self.name)
        defaults = self.default if isinstance(self.default, tuple) else (self.default,) * len(names)
        if not len(names) == len(wires) == len(defaults):
            raise ValueError(f"default must have {len(names)} texts, one for each key of {self.name}")
        parts = zip(names, wires, defaults, strict=True)
        return tuple(self._replace(name=name, wire=wire, default=text) for name, wire, text in parts)


Row = Message | Measurand | Value | Key

ALLOWED: Mapping[type[Row], Choices] = {
    Message: {"initiator": ("Charge Point", "Central System"), "support": ("yes", "partially", "no")},
    Measurand: {"support": ("yes", "no")},
    Value: {"support": ("yes", "no")},
    Key: {
        "access": ("R", "RW", "W"),
        "type": ("Int", "Bool", "CSL", "String"),
        "required": ("Req", "Opt", ""),
        "support": ("yes", "hardcoded", "unused", "missing"),
        "channels": ("", "each", "named"),
    },
}


class Table(NamedTuple):
    """A table of the sheet."""

    title: str
    kind: type[Row]


TABLES: Mapping[int, Table] = {
    1: Table("Overview of all messages", Message),
    2: Table("Core Profile", Message),
    3: Table("Measurands supported", Measurand),
    4: Table("status field", Value),
    5: Table("errorCode field", Value),
    6: Table("Firmware Management Profile", Message),
    7: Table("Local Auth List Management Profile", Message),
    8: Table("Reservation Profile", Message),
    9: Table("Smart Charging Profile", Message),
    10: Table("Remote Trigger", Message),
    11: Table("Triggers Supported", Value),
    12: Table("Security Profile", Message),
    13: Table("Core Profile variables", Key),
    14: Table("Firmware Management Profile variables", Key),
    15: Table("Local Auth List Management Profile variables", Key),
    16: Table("Smart Charging Profile variables", Key),
    17: Table("Security Profile variables", Key),
    18: Table("Core Profile unsupported variables", Key),
    19: Table("Firmware Management Profile unsupported variables", Key),
    20: Table("Reservation Profile unsupported variables", Key),
    21: Table("Smart charging Profile unsupported variables", Key),
    22: Table("Security Profile unsupported variables", Key),
    23: Table("Vendor-specific variables", Key),
}

Tables = Mapping[int, Mapping[str, Row]]


def ruling(tables: Tables) -> dict[str, Message]:
    """The row that rules each action: its profile's before that of table 12, whose Authorize is another."""
    rows = (row for number in (12, 10, 9, 8, 7, 6, 2) for row in tables[number].values())
    return {row.action: row for row in rows if isinstance(row, Message)}


def configuration_keys(tables: Tables) -> dict[str, Key]:
    """Tables 13 to 23 by name on the wire, a row once for every key it stands for, missing keys included."""
    rows = [row for rows in tables.values() for row in rows.values() if isinstance(row, Key)]
    return {key.wire: key for row in rows for key in row.each}


class Measured(NamedTuple):
    """What the twin can tell of a measurand: its unit, "" where OCPP 1.6 has none, and in which forms."""

    unit: str
    phases: bool
    total: bool


MEASURED: Mapping[str, Measured] = {  # a current or a voltage has no total
    "Current.Import": Measured("A", phases=True, total=False),
    "Current.Offered": Measured("A", phases=True, total=False),
    "Energy.Active.Import.Register": Measured("Wh", phases=True, total=True),
    "SoC": Measured("Percent", phases=False, total=True),
    "Voltage": Measured("V", phases=True, total=False),
    "Frequency": Measured("", phases=False, total=True),
    "Power.Factor": Measured("", phases=True, total=True),
    "Power.Active.Import": Measured("W", phases=True, total=True),
    "Temperature": Measured("Celsius", phases=False, total=True),
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
    kind = TABLES[table].kind
    known = _fields_of(table)
    for field, value in given.items():
        if field not in known:
            raise ValueError(f"{field} is no field of a row of table {table}; allowed: {', '.join(known)}")
        _check(kind, field, known[field], value)
    for field in known:
        if field not in kind._field_defaults and field not in given:
            raise ValueError(f"{field} is missing: a row of table {table} needs it")
    values: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value for field, value in given.items()
    }
    made = kind(table=table, name=name, **values)
    if isinstance(made, Key):
        _ = made.each  # as many defaults as keys
    if isinstance(made, Measurand):
        _check_measured(made)
    if made.support in ("yes", "partially") and not modelled(table, name):
        raise ValueError(f'support must be "no" (the twin has no model of {name}), got "{made.support}"')
    return made


@cache
def _fields_of(table: int) -> Mapping[str, object]:
    """What a file may say of a row of `table`, beside its place, and of which type."""
    types = TABLES[table].kind.__annotations__
    return {field: shape for field, shape in types.items() if field not in ("table", "name")}


def _check_measured(made: Measurand) -> None:
    """ValueError for values that the twin does not have, and so would never send."""
    known = MEASURED.get(made.name)
    if known is None:
        raise ValueError(f"name must be one of {', '.join(MEASURED)}, got {made.name!r}")
    for form in ("phases", "total"):
        if getattr(made, form) and not getattr(known, form):
            raise ValueError(f"{form} must be false (the twin has no such value of {made.name}), got true")
    if not (made.phases or made.total):
        raise ValueError("phases or total must be true: else there is nothing to send")
    if made.unit not in ("", known.unit):
        raise ValueError(f"unit must be {known.unit!r}, which the twin sends, got {made.unit!r}")


def modelled(table: int, name: str) -> bool:
    """Could the twin do it, if the sheet said yes?"""
    return table not in _NOT_MODELLED_TABLES and name not in _NOT_MODELLED


def _expanded(name: str) -> list[str]:
    """chg_Reader[1,2] is chg_Reader1 and chg_Reader2."""
    base, _, numbers = name.partition("[")
    return [base + number for number in numbers.rstrip("]").split(",")]


def _check(kind: type[Row], field: str, shape: object, value: object) -> None:
    wanted, fits = _SHAPES[shape]
    if not fits(value):
        raise ValueError(f"{field} must be {wanted}, got {value!r}")
    allowed = ALLOWED[kind].get(field)
    if allowed is not None and value not in allowed:
        raise ValueError(f"{field} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
