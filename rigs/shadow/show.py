"""How far apart they are, for the terminal, within 80 columns."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evc5.rigs.checks.verdict.render import titled_table
from evc5.rigs.shadow.deviations import Alone, Quantity, Shadow

COLUMNS = 80
MOST_ROWS = 12  # of what one alone did; all are in shadow.json
FAR = ("s", "A", "%")  # whose worst is told in the closing line


def show(shadow: Shadow, console: Console) -> None:
    console.print(Group(*parts(shadow)), width=min(console.width, COLUMNS))


def parts(shadow: Shadow) -> Iterator[RenderableType]:
    hours = (shadow.metal.ended_s - shadow.metal.began_s) / 3600.0
    head = f"{shadow.metal.identity} from {shadow.metal.start:%Y-%m-%d %H:%M:%S}Z, {hours:.1f} h"
    yield Padding(Text(head), (1, 0, 0, 0))
    if shadow.quantities:
        yield _quantities(shadow.quantities)
    if shadow.alone:
        yield _alone(shadow.alone)
    for told in shadow.skipped:
        yield Text(f"not done to the twin: {told}", style="yellow")
    yield Padding(closing(shadow), (0, 0, 1, 0))


def _quantities(quantities: tuple[Quantity, ...]) -> Table:
    table = titled_table("Twin less metal")
    for name in ("what", "times", "median", "worst", "allowed", "where"):
        table.add_column(name, justify="right" if name in ("times", "median", "worst", "allowed") else "left")
    for one in quantities:
        worst = one.worst
        where = " · ".join(
            [_clock(worst.t_s), *([str(worst.connector)] if worst.connector is not None else [])]
        )
        style = "default" if one.within else "red"
        table.add_row(
            Text(one.name, style="bold"), f"{one.count:,}".replace(",", " "), f"{one.median:.2f} {one.unit}",
            Text(f"{worst.value:+.2f} {one.unit}", style=style), f"{one.tolerance:g} {one.unit}",
            Text(where, style="dim"),
        )  # fmt: skip
    return table


def _alone(alone: tuple[Alone, ...]) -> Table:
    table = titled_table("Done by one alone")
    for name in ("who", "what", "when", "connector"):
        table.add_column(name)
    for one in alone[:MOST_ROWS]:
        where = "" if one.connector is None else str(one.connector)
        table.add_row(Text(one.who, style="red"), one.what, _clock(one.t_s), where)
    if len(alone) > MOST_ROWS:
        table.add_row("", Text(f"… and {len(alone) - MOST_ROWS} more", style="dim"), "", "")
    return table


def closing(shadow: Shadow) -> Text:
    """The verdict: how near the twin is to the metal."""
    if shadow.within is None:
        return Text("NOT JUDGED").append("  nothing that both did could be compared")
    word, style = ("WITHIN", "bold green") if shadow.within else ("APART", "bold red")
    worst = [
        f"{_short(one.worst.value)} {one.unit} in {one.name}" for one in shadow.quantities if not one.within
    ]
    alone = f"{len(shadow.alone)} done by one alone" if shadow.alone else ""
    near = [
        f"{_short(max(abs(one.worst.value) for one in some))} {unit}"
        for unit in FAR
        if (some := [one for one in shadow.quantities if one.unit == unit])
    ]
    told = (
        f"the twin is within {', '.join(near)} of the metal" if shadow.within else ", ".join([*worst, alone])
    )
    return Text(f" {word} ", style=f"{style} reverse").append(f"  {told.rstrip(', ')}", style="default")


def _short(value: float) -> str:
    size = abs(value)
    return f"{size:.0f}" if size >= 10.0 else f"{size:.2g}"


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(round(t_s), 60)
    days, rest = divmod(minutes, 24 * 60)
    return f"{f'{days} d ' if days else ''}{rest // 60:02}:{rest % 60:02}:{seconds:02}"
