"""How a run shows itself: its findings as lines, and the run as a notebook's cell shows it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evc5.rigs.printable import in_html, printable

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]

VERDICTS = {
    True: ("no fault found", "#1a7f37"),
    False: ("failed", "#b42318"),
    None: ("not judged", "#6b7280"),
}
SESSION = {  # a column of the table, and the key of a session that it shows
    "connector": "connector",
    "vehicle": "vehicle",
    "plug-in": "plug_in",
    "plug-out": "unplug",
    "kWh": "kwh",
    "short, kWh": "shortfall_kwh",
    "verdict": "verdict",
}
CELL_ROWS = 20


class Findings(list[dict[str, Any]]):
    """Findings, one after the other, which print as a line each."""

    def __repr__(self) -> str:
        return "\n".join(map(line, self)) if self else "[]"

    @property
    def table(self) -> "pd.DataFrame":
        """The same as a pandas DataFrame, one row a finding.

        - `severity`: error or warning
        - `requirement`: its id; `check`: the check that found it
        - `t`: seconds of the run; `at`: the same instant in UTC; `line`: of the file judged, null if unknown
        - `connector`: from 1, null where it is none's
        - `times`: how often the same cause
        - `message`, `expected`, `actual`: what was wrong, what would be right, what was found
        - `blames`: station, csms, network, vehicle, bench or unknown, or a list of those that fit
        """
        from evc5.rigs.analysis.verdict_tables import findings_table

        return findings_table(self)


def line(finding: Row) -> str:
    """One finding: how grave, when, where, which requirement, what was wrong, and what would be right."""
    where = "" if finding.get("connector") is None else f" connector {finding['connector']}"
    times = f" ({finding['times']} times)" if finding.get("times", 1) > 1 else ""
    told = f"{finding['message']}{times}: expected {finding['expected']}, got {finding['actual']}"
    at = finding.get("at", f"{finding['t']:.3f} s")
    return printable(f"{finding['severity']} {at}{where} {finding['requirement']}: {told}")


def page(summary: Row, directory: object) -> str:
    """A run for a notebook's cell: what it was, its verdict, findings and sessions."""
    word, colour = VERDICTS[summary.get("passed")]
    facts = (
        summary.get("title"),
        f"seed {summary.get('seed')}",
        summary.get("behaviour"),
        summary.get("state"),
    )
    head = f"<b>{in_html(str(summary.get('rig')))}</b> · {in_html(' · '.join(map(str, filter(None, facts))))}"
    verdict = f"<b style='color:{colour}'>{word}</b> · {summary.get('frames', 0):,} frames"
    findings = "".join(f"<li>{in_html(line(row))}</li>" for row in summary.get("findings", ())[:CELL_ROWS])
    parts = [f"{head}<br>{verdict} · <code>{in_html(str(directory))}</code>"]
    parts += [f"<ul>{findings}</ul>"] if findings else []
    parts += [_sessions(sessions)] if (sessions := summary.get("sessions")) else []
    return f"<div>{''.join(parts)}</div>"


def _sessions(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{name}</th>" for name in SESSION)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows[:CELL_ROWS])
    more = len(rows) - CELL_ROWS
    left = f"<p>and {more} more, in <code>run.summary['sessions']</code></p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{left}"


def _cells(row: Row) -> str:
    shown = ("" if row.get(key) is None else str(row[key]) for key in SESSION.values())
    return "".join(f"<td>{in_html(text)}</td>" for text in shown)
