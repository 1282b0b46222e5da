"""The matrix of bugs and checks for the terminal, within 100 columns."""

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evc5.rigs.checks.verdict.catalogue import TABLE
from evc5.rigs.selftest.selftest import Outcome, Trial

COLUMNS = 100
NAMED, ALSO, ESCAPED = ("●", "green"), ("+", "dim"), ("✗", "bold red")


def show(outcome: Outcome, console: Console | None = None) -> None:
    """Print the healthy rigs, the matrix with the key to its columns, what escaped, and the closing line."""
    out = console or Console()
    width = min(out.width, COLUMNS)
    order = checks(outcome)
    out.print(matrix(outcome, order), width=width)
    out.print(key(outcome, order), width=width)
    for line in complaints(outcome):
        out.print(line, width=width)
    out.print(closing(outcome), width=width)


def checks(outcome: Outcome) -> list[str]:
    """The columns: every check that a bug names or trips, in the order of the verdict."""
    seen = {trial.bug.check for trial in outcome.seeded if trial.bug is not None}
    seen |= {requirement for trial in outcome.trials for requirement in trial.tripped}
    listed = [row.id for row in TABLE if row.id in seen]
    return listed + sorted(seen - set(listed))


def matrix(outcome: Outcome, order: list[str]) -> Table:
    """One row a bug, one character a check: ● caught by the check named, + tripped as well, ✗ escaped."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title="Seeded bugs")
    table.add_column("bug", no_wrap=True)
    table.add_column(_heads(len(order)), no_wrap=True)
    for trial in outcome.seeded:
        table.add_row(trial.bug.name if trial.bug else "", _cells(trial, order))
    return table


def _heads(count: int) -> Text:
    tens = "".join(f"{n // 10}" if n % 10 == 0 else " " for n in range(1, count + 1))
    return Text(f"{tens}\n{''.join(str(n % 10) for n in range(1, count + 1))}")


def _cells(trial: Trial, order: list[str]) -> Text:
    text = Text()
    for check in order:
        named = trial.bug is not None and trial.bug.check == check
        tripped = check in trial.tripped
        if named:
            text.append(*(NAMED if trial.passed else ESCAPED))
        else:
            text.append(*(ALSO if tripped else ("·", "dim")))
    return text


def key(outcome: Outcome, order: list[str]) -> Table:
    """What the columns stand for, and how many bugs name each."""
    sources = {row.id: row.source for row in TABLE}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Checks")
    table.add_column("", justify="right")
    table.add_column("check", no_wrap=True)
    table.add_column("bugs", justify="right")
    table.add_column("source")
    for number, check in enumerate(order, 1):
        bugs = sum(trial.bug is not None and trial.bug.check == check for trial in outcome.seeded)
        table.add_row(str(number), check, str(bugs), sources.get(check, "no such check"))
    return table


def complaints(outcome: Outcome) -> Iterator[Text]:
    """A line for each trial that did not go as it must."""
    for trial in outcome.trials:
        if trial.passed:
            continue
        got = trial.crash or ", ".join(trial.tripped) or "nothing failed"
        if trial.bug is None:
            yield Text(f"✗ the healthy twin in {trial.rig}: {got}", style="red")
        else:
            same = "" if trial.changed or trial.crash else "; the recording did not change"
            wanted = f"{trial.bug.name} in {trial.rig} must trip {trial.bug.check}"
            yield Text(f"✗ {wanted}: {got}{same}", style="red")


def closing(outcome: Outcome) -> Text:
    caught, healthy = sum(t.passed for t in outcome.seeded), sum(t.passed for t in outcome.healthy)
    words = f"{caught} of {len(outcome.seeded)} bugs caught by the check they name; "
    words += f"the healthy twin passed {healthy} of {len(outcome.healthy)} rigs"
    return Text(words, style="bold green" if outcome.passed else "bold red")
