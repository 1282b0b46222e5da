"""Shows the capability sheet as the twin holds it: for people, and as data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evc5.twin.sheet import vendor
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.keys import initial
from evc5.twin.sheet.policies import POLICIES
from evc5.twin.sheet.rows import TABLES, Key, Measurand, Message, Row, Value

VENDOR_TABLE = 23
COLUMNS: Mapping[type[Row], tuple[str, ...]] = {
    Message: ("Message", "Initiator", "Support", "Remark"),
    Measurand: ("Measurand", "Unit", "Values", "Remark"),
    Value: ("Value", "Support", "Remark"),
    Key: ("Key", "Kind", "First value, what it takes, remark"),
}


def render_sheet(behaviour: Behaviour) -> RenderableType:
    """Tables 1 to 23 with what the twin makes of each row, and the policies."""
    heading = Text(f"{behaviour.name}: {behaviour.title}\n", style="bold")
    tables = [_table(f"Table {number}. {TABLES[number].title}", number, behaviour) for number in TABLES]
    return Group(heading, *tables, _meters(behaviour), _policies(behaviour))


def sheet_data(behaviour: Behaviour) -> dict[str, Any]:
    """The same as plain data, fields that say nothing left out."""
    rows = [
        {name: value for name, value in row._asdict().items() if value not in _SILENT}
        for row in behaviour.rows()
    ]
    return {
        "behaviour": behaviour.name,
        "title": behaviour.title,
        "policies": dict(behaviour.policies),
        "meters": {name: sorted(measures) for name, measures in behaviour.meters.items()},
        "rows": rows,
    }


_SILENT = ("", None, (), False)


def _table(title: str, number: int, behaviour: Behaviour) -> RenderableType:
    cells = [_cells(row) for row in behaviour.rows(number)]
    return _grid(title, COLUMNS[TABLES[number].kind], cells)


def _grid(title: str, columns: Iterable[str], rows: Sequence[Iterable[str]]) -> RenderableType:
    table = Table(box=SIMPLE_HEAD)
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number == 0)  # names stay whole, to be searched for
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return Group(Text(title, style="bold"), table if rows else Text("\n  no rows\n"))


def _cells(row: Row) -> tuple[str, ...]:
    if isinstance(row, Message):
        return row.name, row.initiator, row.support, _remark(row, _fields(row))
    if isinstance(row, Measurand):
        values = ", ".join([*["L1-L3"] * row.phases, *["total"] * row.total])
        return row.name, row.unit, values if row.support == "yes" else "none", _remark(row)
    if isinstance(row, Value):
        return row.name, row.support, _remark(row)
    kind = f"{row.required} {row.access} {row.type}".strip()
    return row.name, kind, _remark(row, _first(row), _takes(row), _stored_only(row))


def _remark(row: Row, *facts: str) -> str:
    """What the twin holds, what the sheet remarks, and where it comes from."""
    held = "; ".join(fact for fact in facts if fact)
    source = f"[{row.source}]" if row.source else ""
    remark = ", ".join(row.remark.split(",")) if "," in row.remark and ", " not in row.remark else row.remark
    return " ".join(part for part in (f"{held}." if held and remark else held, remark, source) if part)


def _fields(row: Message) -> str:
    parts = [f"on the wire {row.wire}"] if row.wire else []
    parts += [f"never sends {', '.join(row.omits)}"] if row.omits else []
    parts += [f"ignores {', '.join(row.ignores)}"] if row.ignores else []
    parts += [f"keeps {row.store_bytes} bytes"] if row.store_bytes else []
    return "; ".join(parts)


def _first(row: Key) -> str:
    if row.support == "missing" or row.default is None:
        return ""
    values = dict.fromkeys(initial(key, channels=2) for key in row.each)
    return " | ".join(", ".join(value.split(",")) for value in values if value)  # so that lines can be broken


def _stored_only(row: Key) -> str:
    """Said of a vendor's key that the twin keeps and does not go by."""
    names = {key.name for key in row.each}
    if row.table != VENDOR_TABLE or names & vendor.ACT:
        return ""
    return "value only, unless policy assumed_keys is as-named" if names & vendor.ASSUMED else "value only"


def _takes(row: Key) -> str:
    if row.support in ("missing", "hardcoded"):
        return row.support
    if row.from_station:
        return "from the hardware"
    parts = [part for told, part in _rules(row) if told]
    return "; ".join(parts)


def _rules(row: Key) -> tuple[tuple[bool, str], ...]:
    return (
        (row.support == "unused", "unused"),
        (row.min is not None and row.max is None, f">= {row.min}"),
        (row.max is not None, f"{row.min} to {row.max}"),
        (bool(row.raised_to), f"lower is raised to {row.raised_to}"),
        (row.measurands, "measurands"),
        (row.options, "name=value"),
        (row.channels == "each", "one for each connector"),
        (bool(row.pattern), f"matches {row.pattern}"),
        (row.reboot, "needs a reboot"),
    )


def _meters(behaviour: Behaviour) -> RenderableType:
    rows = [(name, ", ".join(sorted(measures))) for name, measures in behaviour.meters.items()]
    return _grid("kWh meters (chg_KWH1, chg_KWH2)", ("Type", "Measures"), rows)


def _policies(behaviour: Behaviour) -> RenderableType:
    rows = []
    for name, policy in POLICIES.items():
        answer = behaviour.policy(name)
        others = ", ".join(choice for choice in policy.choices if choice != answer)
        rows.append((name, f"{answer} (or {others}): {policy.question}"))
    return _grid("Policies", ("Policy", "Answer, and the question"), rows)
