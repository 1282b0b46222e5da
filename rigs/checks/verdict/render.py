"""The verdict for the terminal: sessions, requirements and findings, within 100 columns."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

COLUMNS = 100
BRIEF = {True: ("PASS", "NOT EXERCISED"), False: ("NOT EXERCISED",)}  # verdicts that have no row
MOST_SESSIONS, MOST_FINDINGS = 40, 20

STYLES = {
    "PASS": ("✓", "green"),
    "FAIL": ("✗", "bold red"),
    "NOT EXERCISED": ("·", "dim"),
    "KNOWN DEVIATION": ("≈", "yellow"),
}


def show(summary: Mapping[str, Any], console: Console | None = None, brief: bool = False) -> None:
    """Print the verdict of a summary (`Verdict.summary()`, or the content of summary.json).

    `brief`: of the requirements only those that did not hold.
    """
    out = console or Console()
    out.print(Group(*parts(summary, brief)), width=min(out.width, COLUMNS))


def parts(summary: Mapping[str, Any], brief: bool = False) -> list[RenderableType]:
    """What `show` prints, piece by piece."""
    found: list[RenderableType] = []
    if summary.get("sessions"):
        found.append(sessions(summary["sessions"]))
    idle = [row for row in summary["requirements"] if row["verdict"] == "NOT EXERCISED"]
    rows = [row for row in summary["requirements"] if row["verdict"] not in BRIEF[brief]]
    if rows:
        found.append(requirements(rows))
    if idle and not brief:
        found.append(not_exercised(idle))
    if summary.get("findings"):
        found.append(findings(summary["findings"]))
    return [*found, closing(summary)]


def mark(verdict: str) -> Text:
    sign, style = STYLES[verdict]
    return Text(f"{sign} {verdict}", style=style)


def sessions(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = titled_table(f"Sessions ({len(rows)})")
    for name in ("", "vehicle", "plug-in", "plug-out"):
        table.add_column(name, no_wrap=True)
    for name in ("kWh", "short", "SoC %", "samples"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows[:MOST_SESSIONS]:
        table.add_row(*_session(row))
    if len(rows) > MOST_SESSIONS:
        table.add_row("", Text(f"… and {len(rows) - MOST_SESSIONS} more in summary.json", style="dim"))
    return table


def _session(row: Mapping[str, Any]) -> list[RenderableType]:
    return [
        Text(str(row["connector"]), style="bold"),
        Text(row["vehicle"] or "–", overflow="ellipsis"),
        _minute(row["plug_in"]),
        _minute(row["unplug"]),
        _figure(row["kwh"], 2),
        Text(_figure(row["shortfall_kwh"], 1), style="yellow") if row["shortfall_kwh"] else "",
        f"{_percent(row['soc_from'])} – {_percent(row['soc_to'])}",
        str(row["samples"]),
        mark(row["verdict"]),
    ]


def requirements(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = titled_table("Requirements")
    table.add_column("verdict", no_wrap=True)
    table.add_column("requirement", ratio=1)
    table.add_column("judged", justify="right", no_wrap=True)
    table.add_column("source", style="dim", max_width=28, overflow="ellipsis", no_wrap=True)
    for row in rows:
        title = Text(row["title"])
        table.add_row(mark(row["verdict"]), title, f"{row['count']:,}".replace(",", " "), row["source"])
    return table


def not_exercised(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """What nothing put to the test, by id: a paragraph, since it may be most of all."""
    text = Text("· NOT EXERCISED  ", style="dim").append(", ".join(row["id"] for row in rows), style="dim")
    return Padding(text, (0, 0, 1, 1))


def findings(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = titled_table(f"Findings ({len(rows)})")
    table.add_column("time", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("what", ratio=1)
    ordered = sorted(rows, key=lambda row: (row["severity"] != "error", row["t"]))
    for row in ordered[:MOST_FINDINGS]:
        where = "" if row["connector"] is None else str(row["connector"])
        table.add_row(_elapsed(row["t"]), where, _finding(row))
    if len(rows) > MOST_FINDINGS:
        table.add_row("", "", Text(f"… and {len(rows) - MOST_FINDINGS} more in summary.json", style="dim"))
    return table


def _finding(row: Mapping[str, Any]) -> Text:
    colour = "red" if row["severity"] == "error" else "yellow"
    text = Text(row["message"], style=colour).append(f"  {row['requirement']}\n", style="dim")
    text.append("expected ", style="dim").append(f"{row['expected']}\n")
    return text.append("actual   ", style="dim").append(row["actual"])


def closing(summary: Mapping[str, Any]) -> RenderableType:
    """One line: passed or not, and the counts behind it."""
    errors = sum(row["failures"] for row in summary["requirements"])
    verdicts = [row["verdict"] for row in summary["requirements"]]
    word, style = ("PASSED", "bold green") if summary["passed"] else ("FAILED", "bold red")
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in STYLES if verdicts.count(verdict)]
    frames = f"{summary['frames']:,} frames".replace(",", " ")
    line = Text(f" {word} ", style=f"{style} reverse").append(
        f"  {frames} · {' · '.join(counts)}", style="default"
    )
    if errors:
        line.append(f" · {errors} errors", style="red")
    return Padding(line, (0, 0, 1, 0))


def titled_table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
        pad_edge=False,
    )


def _minute(text: str | None) -> str:
    return text[5:16].replace("T", " ") if text else "still in"


def _figure(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"


def _elapsed(t: float) -> str:
    """Seconds of the run as days, hours, minutes and seconds."""
    past = timedelta(seconds=max(t, 0.0))
    hours, rest = divmod(past.seconds, 3600)
    return f"{past.days} d {hours:02}:{rest // 60:02}:{rest % 60:02}"
