"""Many stations judged at once: a row each, worst first, and what ails them by cause and firmware."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evc5.rigs.checks import Verdict
from evc5.rigs.checks.verdict.recordings import Recording

# Rows shown; --all and --json have them all.
MOST_STATIONS = 40
MOST_CAUSES = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One station: what it is, and how often it erred, requirement by requirement."""

    station: str
    vendor: str
    model: str
    firmware: str
    frames: int
    errors: int
    warnings: int
    causes: dict[str, int]
    first: str  # the first error in words

    def table(self) -> dict[str, Any]:
        return asdict(self)


def rows(found: Sequence[tuple[Recording, Verdict]]) -> list[tuple[Row, Verdict]]:
    """The stations, the one with most errors first; where two logs are of one station, each by its file."""
    names = Counter(recording.name for recording, _ in found)
    table = []
    for recording, verdict in found:
        is_alone = names[recording.name] == 1
        name = recording.name if is_alone else str(recording.transcript.path)
        table.append((_row(recording, name, verdict), verdict))
    return sorted(table, key=lambda row: (-row[0].errors, -row[0].warnings, row[0].station))


def _row(recording: Recording, name: str, verdict: Verdict) -> Row:
    boot = recording.transcript.boot
    errors = [finding for finding in verdict.findings if finding["severity"] == "error"]
    causes = Counter({row["id"]: row["failures"] for row in verdict.requirements if row["failures"]})
    return Row(
        name,
        str(boot.get("chargePointVendor", "")),
        str(boot.get("chargePointModel", "")),
        str(boot.get("firmwareVersion", "")),
        verdict.frames,
        causes.total(),
        sum(row["warnings"] for row in verdict.requirements),
        dict(causes.most_common()),
        errors[0]["message"] if errors else "",
    )


def show(table: Sequence[Row], console: Console, most: int = MOST_STATIONS) -> None:
    """Print the stations, so many at most, then the causes by vendor, model and firmware."""
    console.print(_stations(table, most))
    if any(row.causes for row in table):
        console.print(_causes(table))
    failed = sum(bool(row.errors) for row in table)
    word = "no fault found" if not failed else f"{failed} with faults"
    console.print(f"{len(table)} stations · {word} · --station NAME shows one")


def _stations(table: Sequence[Row], most: int) -> Table:
    shown = Table(
        title=f"Stations ({len(table)}), worst first", title_justify="left", box=None, pad_edge=False
    )
    for name in ("station", "vendor model firmware"):
        shown.add_column(name, overflow="ellipsis", no_wrap=True, min_width=12, max_width=24)
    for name in ("frames", "errors", "warnings"):
        shown.add_column(name, justify="right", min_width=len(name))
    shown.add_column("first error", max_width=40, overflow="ellipsis", no_wrap=True)
    for row in table[:most]:
        made = " ".join(part for part in (row.vendor, row.model, row.firmware) if part)
        numbers = (str(row.frames), str(row.errors), str(row.warnings))
        style = "red" if row.errors else "yellow" if row.warnings else "green"
        shown.add_row(Text(row.station, style=style), Text(made), *numbers, Text(row.first))
    if len(table) > most:
        shown.add_row(Text(f"… and {len(table) - most} more (--all)", style="dim"))
    return shown


def _causes(table: Sequence[Row]) -> Table:
    stations: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table:
        for cause in row.causes:
            stations[cause, " ".join(filter(None, (row.vendor, row.model, row.firmware)))].append(row)
    shown = Table(title="Causes", title_justify="left", box=None, pad_edge=False, expand=True)
    for name in ("requirement", "vendor model firmware"):
        shown.add_column(name, overflow="fold")
    for name in ("stations", "errors"):
        shown.add_column(name, justify="right")
    ranked = sorted(stations.items(), key=lambda item: -len(item[1]))
    for (cause, made), those in ranked[:MOST_CAUSES]:
        shown.add_row(cause, Text(made or "–"), str(len(those)), str(sum(row.causes[cause] for row in those)))
    return shown
