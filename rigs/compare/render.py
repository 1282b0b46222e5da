"""A comparison for the terminal, within 100 columns: only what differs."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evc5.rigs.checks.reading.instants import elapsed
from evc5.rigs.checks.verdict.render import COLUMNS, STYLES, titled_table
from evc5.rigs.compare.compare import Comparison, Tally

MOST_ROWS = 20  # of a table; the others are counted, and in --json


def show(comparison: Comparison, console: Console) -> None:
    console.print(Group(*parts(comparison)), width=min(console.width, COLUMNS))


def parts(comparison: Comparison) -> Iterator[RenderableType]:
    yield _heads(comparison)
    if comparison.verdicts:
        yield _verdicts(comparison.verdicts)
    if comparison.findings:
        yield _findings(comparison.findings)
    if not all(row["alike"] for row in comparison.transactions):
        yield _transactions(comparison.transactions)
    if comparison.missing or comparison.extra:
        yield _messages(comparison)
    if comparison.fields:
        yield _fields(comparison.fields)
    if comparison.timing:
        yield _numbers(
            "Times (B after A)", "message", {(k, "s"): row for k, row in comparison.timing.items()}
        )
    if comparison.meter:
        yield _numbers("Meter values (B − A)", "measurand", comparison.meter)
    yield _closing(comparison)


def _heads(comparison: Comparison) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for name, head in zip("AB", comparison.heads, strict=True):
        seed = None if head["seed"] is None else f"seed {head['seed']}"
        about = [str(head[key]) for key in ("rig", "behaviour") if head[key] is not None]
        grid.add_row(
            Text(name, style="bold"), Text(head["path"]), " · ".join([*about, *([seed] if seed else [])])
        )
    told = {key: [head[key] for head in comparison.heads] for key in ("rig", "seed")}
    unlike = [key for key, both in told.items() if None not in both and both[0] != both[1]]
    note = Text(f"Not the same in both: {', '.join(unlike)}.", style="yellow")
    return Padding(Group(grid, note) if unlike else grid, (1, 0))


def _verdicts(rows: list[dict[str, Any]]) -> Table:
    table = _table(f"Verdicts that differ ({len(rows)})", ("requirement", 1), "A", "B")
    for row in rows:
        table.add_row(row["title"], *(_verdict(row, side) for side in "ab"))
    return table


def _verdict(row: Mapping[str, Any], side: str) -> Text:
    word = row[f"verdict_{side}"]
    failures = row[f"failures_{side}"]
    sign, style = STYLES.get(word, ("", "dim"))
    return Text(f"{sign} {word}{f' ({failures:,})' if failures else ''}", style=style)


def _findings(rows: list[dict[str, Any]]) -> Table:
    table = _table(f"Findings that differ ({len(rows)})", ("what", 1), "requirement", "A", "B")
    for row in rows[:MOST_ROWS]:
        table.add_row(
            row["message"],
            Text(row["requirement"], style="dim"),
            _count(row["count_a"]),
            _count(row["count_b"]),
        )
    return _more(table, len(rows), 4)


def _transactions(rows: list[dict[str, Any]]) -> Table:
    unlike = [row for row in rows if not row["alike"]]
    title = f"Transactions that differ ({len(unlike)} of {len(rows)})"
    table = _table(title, "", ("start", 1), "starts", "stops", "A kWh", "B kWh", "B − A Wh", "reason")
    for name in (2, 3, 4, 5, 6):
        table.columns[name].justify = "right"
    for row in unlike[:MOST_ROWS]:
        energy = [row["energy_a_wh"], row["energy_b_wh"]]
        table.add_row(
            Text(str(row["connector"]), style="bold"),
            elapsed(row["start_s"]),
            *(
                [_later(row["start_later_s"]), _later(row["stop_later_s"])]
                if row["in"] == "both"
                else ["", ""]
            ),
            *("–" if wh is None else f"{wh / 1000:.3f}" for wh in energy),
            "" if None in energy else Text(f"{energy[1] - energy[0]:+,.0f}", style="yellow"),
            _reason(row),
        )
    return _more(table, len(unlike), 8)


def _reason(row: Mapping[str, Any]) -> Text:
    if row["in"] != "both":
        return Text(f"only in {row['in'].upper()}", style="red")
    if row["reason_a"] == row["reason_b"]:
        return Text(row["reason_a"] or "open", style="dim")
    return Text(f"{row['reason_a'] or 'open'} → {row['reason_b'] or 'open'}", style="red")


def _messages(comparison: Comparison) -> Table:
    kinds = list(dict.fromkeys([*comparison.missing, *comparison.extra]))
    table = _table("Messages that only one has", ("message", 1), "only A", "only B", "first", "connector")
    for kind in kinds[:MOST_ROWS]:
        missing, extra = comparison.missing.get(kind, Tally()), comparison.extra.get(kind, Tally())
        first = min((row for row in (missing, extra) if row.count), key=lambda row: row.t_s)
        where = "" if first.connector is None else str(first.connector)
        table.add_row(Text(kind), _count(missing.count), _count(extra.count), elapsed(first.t_s), where)
    return _more(table, len(kinds), 5)


def _fields(rows: Mapping[tuple[str, str], Tally]) -> Table:
    table = _table("Fields that differ", ("message and field", 2), "times", "first", ("A", 1), ("B", 1))
    ordered = sorted(rows.items(), key=lambda item: -item[1].count)
    for (kind, path), row in ordered[:MOST_ROWS]:
        what = Text(kind).append(f"\n{path}", style="dim")
        table.add_row(what, _count(row.count), elapsed(row.t_s), Text(row.a, "red"), Text(row.b, "green"))
    return _more(table, len(rows), 5)


def _numbers(title: str, what: str, rows: Mapping[tuple[str, str], Tally]) -> Table:
    table = _table(title, (what, 1), "times", "mean", "worst", "at", "connector")
    for column in table.columns[1:4]:
        column.justify = "right"
    ordered = sorted(rows.items(), key=lambda item: -item[1].count)
    for (name, unit), row in ordered[:MOST_ROWS]:
        where = " ".join(
            part for part in ("" if row.connector is None else str(row.connector), row.a) if part
        )
        mean, worst = (f"{value:+.4g} {unit}".strip() for value in (row.total / row.count, row.worst))
        table.add_row(Text(name), _count(row.count), mean, worst, elapsed(row.t_s), where)
    return _more(table, len(rows), 6)


def _closing(comparison: Comparison) -> RenderableType:
    word, style = ("ALIKE", "bold green") if comparison.alike else ("DIFFERENT", "bold yellow")
    paired = f"{comparison.paired:,} exchanges paired".replace(",", " ")
    alone = [sum(row.count for row in table.values()) for table in (comparison.missing, comparison.extra)]
    counts = f"{alone[0]:,} only in A · {alone[1]:,} only in B · {len(comparison.fields)} fields differ"
    line = Text(f" {word} ", style=f"{style} reverse").append(f"  {paired} · {counts}", style="default")
    return Padding(line, (0, 0, 1, 0))


def _table(title: str, *columns: str | tuple[str, int]) -> Table:
    """Columns by name; one with a ratio takes what width is left."""
    table = titled_table(title)
    for column in columns:
        if isinstance(column, str):
            table.add_column(column, no_wrap=True)
        else:
            table.add_column(column[0], ratio=column[1], overflow="fold")
    return table


def _more(table: Table, count: int, columns: int) -> Table:
    if count > MOST_ROWS:
        cells: list[RenderableType] = [""] * columns
        cells[0] = Text(f"… and {count - MOST_ROWS} more", style="dim")
        table.add_row(*cells)
    return table


def _count(number: int) -> str:
    return f"{number:,}".replace(",", " ") if number else "–"


def _later(seconds: float) -> str:
    return f"{seconds:+.1f} s" if abs(seconds) >= 0.05 else "="
