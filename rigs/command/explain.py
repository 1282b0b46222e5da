"""`evc5 verify --explain`: what the judge holds a recording against, and what it needs for that."""

from rich.console import Console
from rich.table import Table

from evc5.rigs.checks.state.requirement import Requirement
from evc5.rigs.checks.state.tolerances import Tolerances
from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.checks.verdict.numbers import numbers_of
from evc5.rigs.errors import BadInput
from evc5.rigs.rigfile.messages import nearest
from evc5.twin.sheet.policies import POLICIES


def explain(id: str, console: Console) -> None:
    """Print all names, or of one requirement what it asks, needs and rests on."""
    if not id:
        _all(console)
        return
    rows = {row.id: row for row in TABLE}
    if id not in rows:
        raise BadInput(f"--explain {id} is no requirement{nearest(id, list(rows))}")
    _one(rows[id], console)


def _all(console: Console) -> None:
    console.print(_table("Requirements", [(row.id, row.title) for row in TABLE]))
    console.print(_table("--tolerance NAME=VALUE", Tolerances.described()))
    choices = [(name, ", ".join(policy.choices)) for name, policy in POLICIES.items()]
    console.print(_table("--policy NAME=VALUE", choices))


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for row in rows:
        table.add_row(*row)
    return table


def _one(row: Requirement, console: Console) -> None:
    console.print(f"{row.id}: {row.title}", highlight=False)
    console.print(f"source   {row.source}", highlight=False)
    for need in row.needs:
        console.print(f"needs    {need.lacks}", highlight=False)
    if row.arises:
        console.print(f"arises   {', '.join(row.arises)}", highlight=False)
    for number in numbers_of(row.id):
        unit = "" if number.unit == "1" else f" {number.unit}"
        console.print(f"number   {number.name} = {number.value:g}{unit}: {number.source}", highlight=False)
