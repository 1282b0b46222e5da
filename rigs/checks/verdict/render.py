"""The verdict for the terminal: in full within 100 columns, or what a reader needs first within 40 lines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evc5.rigs.checks.reading.instants import elapsed
from evc5.rigs.checks.state.requirement import (
    FAIL,
    INCONCLUSIVE,
    KNOWN_DEVIATION,
    NOT_EXERCISED,
    NOT_JUDGED,
    PASS,
)
from evc5.rigs.checks.verdict.headline import headline, is_good

COLUMNS = 100
INDENT = "  "
WITHOUT_ROW = {True: (PASS, NOT_EXERCISED, NOT_JUDGED), False: (NOT_EXERCISED, NOT_JUDGED)}
MOST_SESSIONS, MOST_FINDINGS = 40, 20
KEY, MOST_KEYS = "the key ", 4  # as a want of one is worded; of several so many are named
MOST_LETTERS = 100  # of what was expected, and of what was found
MOST_FIRST, MOST_LACKS, MOST_NOTES = 5, 5, 4  # of what a reader needs first

STYLES = {
    PASS: ("✓", "green"),
    FAIL: ("✗", "bold red"),
    NOT_EXERCISED: ("·", "dim"),
    NOT_JUDGED: ("?", "yellow"),
    KNOWN_DEVIATION: ("≈", "yellow"),
    INCONCLUSIVE: ("!", "magenta"),
}
Summary = Mapping[str, Any]


def show(summary: Summary, console: Console | None = None, brief: bool = False) -> None:
    """Print the verdict of a summary (`Verdict.summary()`, or the content of summary.json) in full.

    `brief`: of the requirements only those that did not hold.
    """
    out = console or Console()
    out.print(Group(*parts(summary, brief)), width=min(out.width, COLUMNS))


def show_first(summary: Summary, console: Console, name: str) -> None:
    """Print what a reader needs first: verdict, what was judged, gravest findings, what lacks, what next."""
    console.print(Group(*first(summary, name)), width=min(console.width, COLUMNS))


def parts(summary: Summary, brief: bool = False) -> list[RenderableType]:
    """What `show` prints, piece by piece."""
    found: list[RenderableType] = []
    if summary.get("sessions"):
        found.append(sessions(summary["sessions"]))
    idle = [row for row in summary["requirements"] if row["verdict"] == NOT_EXERCISED]
    rows = [row for row in summary["requirements"] if row["verdict"] not in WITHOUT_ROW[brief]]
    if rows:
        found.append(requirements(rows))
    if idle and not brief:
        found.append(not_exercised(idle))
    if not brief:
        found += lacking(summary)
    if summary.get("findings"):
        found.append(findings(summary["findings"]))
    return [*found, *breakdowns(summary), closing(summary)]


# -- what a reader needs first -------------------------------------------------------------------


def first(summary: Summary, name: str) -> list[RenderableType]:
    """The five things, each a few lines."""
    ordered = _gravest_first(summary["findings"])
    about = [_line(text) for text in _about(summary, name)]
    found: list[RenderableType] = [closing(summary), *about, *_notes(summary), Text()]
    for finding in ordered[:MOST_FIRST]:
        found += _told(finding, _source(summary, finding))
    if len(ordered) > MOST_FIRST:
        found.append(_line(f"… and {_counted(len(ordered) - MOST_FIRST, 'more finding')}", "dim"))
    return [*found, *breakdowns(summary), *lacking(summary, MOST_LACKS), _line(_next(summary), "dim")]


def _about(summary: Summary, name: str) -> Iterator[str]:
    """Whose recording it is; from when to when, and how much."""
    about = summary.get("about", {})
    station = about.get("station", {})
    who = " ".join(filter(None, (station.get(key) for key in ("vendor", "model", "firmware"))))
    span = f"{_second(about['since'])} to {_second(about['until'])} UTC" if "since" in about else ""
    frames = _counted(summary["frames"], "frame")
    counted = _counted(about["transactions"], "transaction") if "transactions" in about else ""
    yield f"{name}: {who or 'a station that does not say which'}"
    yield ", ".join(filter(None, (span, frames, counted)))


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}".replace(",", " ")


def _notes(summary: Summary) -> Iterator[RenderableType]:
    """What the reader of the log had to assume."""
    for note in summary.get("about", {}).get("notes", ())[:MOST_NOTES]:
        yield _line(note, "dim")


def _told(row: Mapping[str, Any], source: str) -> Iterator[RenderableType]:
    colour = "red" if row["severity"] == "error" else "yellow"
    sign = "✗" if row["severity"] == "error" else "!"
    yield _line(f"{sign} {row['message']}", colour)
    yield _line(f"  {_where(row)}")
    yield _Wrapped(f"expected {_short(row['expected'])}; found {_short(row['actual'])}")
    yield _line(f"  {row['requirement']} ({source})", "dim")


def _where(row: Mapping[str, Any]) -> str:
    """Line, clock time, connector, how often, and whose it is."""
    blames = row.get("blames", "unknown")
    whose = blames if isinstance(blames, str) else " or ".join(blames)
    times = row.get("times", 1)
    pieces = (
        place(row),
        _second(row.get("at", "")),
        "" if row["connector"] is None else f"connector {row['connector']}",
        f"{times} times" if times > 1 else "",
        f"at fault: {whose}",
    )
    return " · ".join(filter(None, pieces))


def place(row: Mapping[str, Any]) -> str:
    """The line of a finding; of a log of several files, which of them too."""
    if not row.get("line"):
        return ""
    return f"{row['file']}:{row['line']}" if row.get("file") else f"line {row['line']}"


def _source(summary: Summary, finding: Mapping[str, Any]) -> str:
    rows = (row for row in summary["requirements"] if row["id"] == finding["requirement"])
    return next((row["source"] for row in rows), "")


def lacking(summary: Summary, most: int | None = None) -> list[RenderableType]:
    """What came up and was not judged, by what the recording lacks for it."""
    rows = [row for row in summary["requirements"] if row["verdict"] == NOT_JUDGED]
    if not rows:
        return []
    by = _by_remedy(Counter(lack for row in rows for lack in row["lacks"]))
    came = "1 requirement came up and is" if len(rows) == 1 else f"{len(rows)} requirements came up and are"
    found: list[RenderableType] = [_line(f"? {came} not judged, for want of", "yellow")]
    found += [_Wrapped(f"{lack} ({count})") for lack, count in by.most_common(most)]
    return found


def _by_remedy(by: Counter[str]) -> Counter[str]:
    """Keys that lack are asked for together."""
    found, keys = Counter[str](), dict[str, list[str]]()
    for lack, count in by.items():
        key, _, remedy = lack.removeprefix(KEY).partition(": ")
        if lack.startswith(KEY) and remedy:
            keys.setdefault(remedy, []).append(key)
            found[remedy] += count
        else:
            found[lack] += count
    for remedy, names in keys.items():
        several = f"the keys {', '.join(names[:MOST_KEYS])}{', …' * (len(names) > MOST_KEYS)}"
        told = f"{KEY}{names[0]}" if len(names) == 1 else several
        found[f"{told}: {remedy}"] = found.pop(remedy)
    return found


def breakdowns(summary: Summary) -> list[RenderableType]:
    """Checks that could not go on."""
    return [
        _line(f"! the check {one['check']} broke down at line {one['line']}, a fault of ours: {one['error']}")
        for one in summary.get("breakdowns", ())
    ]


def _next(summary: Summary) -> str:
    worst = _gravest_first(summary["findings"])
    explain = f", --explain {worst[0]['requirement']}: what it asks" if worst else ""
    return f"evc5 verify … --all: every requirement{explain}"


class _Wrapped:
    """A paragraph that is read to its end: indented, with no blanks behind its lines."""

    def __init__(self, text: str) -> None:
        self._text = Text(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._text.wrap(console, options.max_width - len(INDENT)):
            line.rstrip()
            yield Text(INDENT).append_text(line)


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, overflow="ellipsis", no_wrap=True)


def _gravest_first(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: (row["severity"] != "error", row["t"]))


# -- all of it -----------------------------------------------------------------------------------


def mark(verdict: str) -> Text:
    sign, style = STYLES[verdict]
    return Text(f"{sign} {verdict}", style=style)


def sessions(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A row a session; at 80 columns it is the vehicle's name that is cut, and no figure."""
    table = titled_table(f"Sessions ({len(rows)})")
    table.padding = (0, 0)
    for name, least in (("", 1), ("vehicle", 9), ("plug-in", 11), ("plug-out", 11)):
        table.add_column(name, no_wrap=True, min_width=least)
    for name, least in (("kWh", 6), ("short", 5), ("SoC %", 8), ("samples", 7)):
        table.add_column(name, justify="right", no_wrap=True, min_width=least)
    table.add_column("verdict", no_wrap=True, min_width=7)
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
    for row in _gravest_first(rows)[:MOST_FINDINGS]:
        where = "" if row["connector"] is None else str(row["connector"])
        table.add_row(elapsed(row["t"]), where, _finding(row))
    if len(rows) > MOST_FINDINGS:
        table.add_row("", "", Text(f"… and {len(rows) - MOST_FINDINGS} more in summary.json", style="dim"))
    return table


def _finding(row: Mapping[str, Any]) -> Text:
    colour = "red" if row["severity"] == "error" else "yellow"
    times = f" ({row['times']} times)" if row.get("times", 1) > 1 else ""
    text = Text(row["message"] + times, style=colour).append(f"  {row['requirement']}\n", style="dim")
    text.append("expected ", style="dim").append(f"{row['expected']}\n")
    return text.append("actual   ", style="dim").append(row["actual"])


def closing(summary: Summary) -> RenderableType:
    """One line: faults found or none, and what that rests on."""
    style = {True: "bold green", False: "bold red", None: "bold yellow"}[is_good(summary)]
    behaviour = summary.get("behaviour") or summary.get("about", {}).get("behaviour")
    return Text(headline({**summary, "behaviour": behaviour}) + "\n", style=style)


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


def _second(text: str) -> str:
    """A date-time as people write it, to the second."""
    return text[:19].replace("T", " ")


def _figure(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}"
