"""What broke a requirement, in place: a lane a requirement, above the current that flowed meanwhile."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.day import FLOWS, OFFERED
from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry

LANE_IN = 0.26
MOST_LANES = 20
MARKS = {"error": ("v", "error"), "warning": ("o", "connector2")}  # shape, and its colour's name

Finding = Mapping[str, Any]


def chosen(run: Recorded, requirement: str | None, window: Window) -> list[Finding]:
    """The findings within the window, of one requirement or of all; BadInput for one that nobody judged."""
    known = [row["id"] for row in run.summary.get("requirements", ())]
    found = list(dict.fromkeys(finding["requirement"] for finding in run.findings))
    if requirement is not None and requirement not in (*known, *found):
        there = f"with findings: {', '.join(found) or 'none'}" if known else "the run was not judged"
        raise BadInput(f"requirement must be the id of one judged, got {requirement!r}; {there}")
    return [
        finding
        for finding in run.findings
        if requirement in (None, finding["requirement"]) and window.since_s <= finding["t"] < window.until_s
    ]


def plot_violations(run: Recorded, requirement: str | None, window: Window, canvas: Canvas) -> Figure:
    findings = chosen(run, requirement, window)
    lanes = list(dict.fromkeys(finding["requirement"] for finding in findings))[:MOST_LANES]
    connectors = _connectors(run, findings)
    heights = [LANE_IN * max(len(lanes), 1), *[1.3] * len(connectors)]
    title = f"Findings · {window.name()}"
    with canvas.panels(heights, title, _summary(findings)) as (figure, (marks, *currents)):
        for axes, connector in zip(currents, connectors, strict=True):
            _draw_current(axes, run, connector, window)
            _draw_places(axes, [f for f in findings if f["connector"] in (connector, None)], window)
        _draw_marks(marks, findings, lanes, window)
        label_time(window, (marks, *currents)[-1], above=[marks, *currents][:-1])
    return figure


def _connectors(run: Recorded, findings: list[Finding]) -> list[int]:
    """Those that telemetry knows and a finding names; all, where findings are of the station."""
    known = busiest_day.connectors(run)
    named = {finding["connector"] for finding in findings}
    return [connector for connector in known if connector in named] or known


def _summary(findings: list[Finding]) -> str:
    errors = sum(finding["severity"] == "error" for finding in findings)
    requirements = len({finding["requirement"] for finding in findings})
    if not findings:
        return "nothing was found"
    return f"{errors} errors and {len(findings) - errors} warnings against {requirements} requirements"


def _draw_marks(axes: Axes, findings: list[Finding], lanes: list[str], window: Window) -> None:
    for severity, (shape, colour) in MARKS.items():
        mine = [f for f in findings if f["severity"] == severity and f["requirement"] in lanes]
        if mine:
            at = window.at(np.array([finding["t"] for finding in mine]))
            rows = [lanes.index(finding["requirement"]) for finding in mine]
            axes.plot(at, rows, shape, color=LIGHT[colour], markersize=6, label=severity, linestyle="")
    name_panel(axes, "Findings by requirement")
    axes.set_yticks(range(len(lanes)), lanes, fontsize=7.5)
    axes.set_ylim(max(len(lanes), 1) - 0.4, -0.6)


def _draw_current(axes: Axes, run: Recorded, connector: int, window: Window) -> None:
    columns = ("t", *OFFERED, *FLOWS)
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, columns, connector, window.since_s, window.until_s)
    at = window.at(rows["t"])
    offered_a, flows_a = highest(rows, OFFERED), highest(rows, FLOWS)
    axes.fill_between(*jumps(at, flows_a), step="post", color=LIGHT["L1"], alpha=0.3, linewidth=0)
    axes.plot(*steps(at, flows_a), color=LIGHT["L1"], linewidth=1.0, label="delivered")
    axes.plot(*steps(at, offered_a), color=LIGHT["line"], linewidth=1.2, label="offered")
    axes.set_ylim(0, np.fmax.reduce([*offered_a, *flows_a], initial=6.0) * 1.08)
    name_panel(axes, f"Connector {connector}, highest phase, A")


def _draw_places(axes: Axes, findings: list[Finding], window: Window) -> None:
    for finding in findings:
        colour = LIGHT[MARKS.get(finding["severity"], MARKS["warning"])[1]]
        axes.axvline(window.at(finding["t"]), color=colour, linewidth=0.9, linestyle=(0, (4, 2)))
