"""A comparison as a figure: where in the run two recordings part, in messages, times and energy."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from evc5.rigs.analysis.plot_style import (
    DPI,
    WIDTH_IN,
    Chart,
    chart,
    label_time,
    legend,
    name_panel,
    style,
    title,
)
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.compare.compare import Comparison
from evc5.rigs.errors import BadInput

MOST_LANES = 12

Draw = Callable[[Axes, Comparison, Window], None]
_MARKS: dict[str, dict[str, Any]] = {  # table: how its differences are drawn
    "missing": {"color": LIGHT["error"], "marker": "v", "label": "only in A"},
    "extra": {"color": LIGHT["L3"], "marker": "^", "label": "only in B"},
    "fields": {"color": LIGHT["L1"], "marker": "|", "label": "a field differs"},
    "timing": {"color": LIGHT["L2"], "marker": ".", "label": "at another time"},
}
# What is drawn of the meter values: the one that differs more often.
_QUANTITIES = {"Power.Active.Import": "W", "Energy.Active.Import.Register": "Wh"}


def write_figure(comparison: Comparison, path: Path) -> None:
    """Draw it into a file; the name's ending says in which format."""
    allowed = chart(1, 1).canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in allowed:
        raise BadInput(f"--figure must end in .png, .svg or .pdf, got {path}")
    figure = plot_comparison(comparison)
    try:
        with style():
            figure.savefig(path, dpi=2 * DPI)
    except OSError as error:
        raise BadInput(f"--figure {path}: {error.strerror}") from None


def plot_comparison(comparison: Comparison) -> Chart:
    """Panels for what differs: lanes of messages, the power or register told, each transaction's energy."""
    lanes = _lanes(comparison)
    panels: list[tuple[float, Draw]] = []  # height in inches, and who draws
    if lanes:
        panels.append((0.3 + 0.2 * len(lanes), _draw_marks))
    if _meter(comparison):
        panels.append((1.3, _draw_meter))
    panels.append((1.6, _draw_energy))
    height = 0.95 + sum(inches + 0.45 for inches, _ in panels)
    window = Window(datetime.fromtimestamp(comparison.start_epoch_s, UTC), 0.0, max(comparison.end_s, 60.0))
    with style():
        figure = chart(WIDTH_IN, height)
        names = " · ".join(
            f"{side}: {head['path']}" for side, head in zip("AB", comparison.heads, strict=True)
        )
        title(figure, f"Comparison · {names}", _summary(comparison))
        left = 0.215 if lanes else 0.06
        top = height - 0.9
        drawn = []
        for inches, draw in panels:
            axes = figure.add_axes((left, (top - inches) / height, 0.985 - left, inches / height))
            axes.set_xlim(window.at(window.since_s), window.at(window.until_s))
            draw(axes, comparison, window)
            drawn.append(axes)
            top -= inches + 0.45
        label_time(window, drawn[-1], above=drawn[:-1])
    return figure


def _summary(comparison: Comparison) -> str:
    if comparison.alike:
        return f"alike · {comparison.paired:,} exchanges paired"
    alone = [sum(row.count for row in table.values()) for table in (comparison.missing, comparison.extra)]
    return (
        f"{comparison.paired:,} exchanges paired · {alone[0]:,} only in A · {alone[1]:,} only in B · "
        f"{len(comparison.fields)} fields and {len(comparison.verdicts)} verdicts differ"
    )


def _lanes(comparison: Comparison) -> list[str]:
    """The kinds of messages that differ, those that differ most first."""
    counts: dict[str, int] = {}
    for (table, kind), points in comparison.points.items():
        if table in _MARKS:
            counts[kind] = counts.get(kind, 0) + points.seen
    return sorted(counts, key=lambda kind: -counts[kind])[:MOST_LANES]


def _meter(comparison: Comparison) -> str:
    """The quantity whose differences are drawn; empty where none differs."""
    told = {name: points.t_s for (table, name), points in comparison.points.items() if table == "meter"}
    return max((name for name in _QUANTITIES if name in told), key=lambda name: len(told[name]), default="")


def _draw_marks(axes: Axes, comparison: Comparison, window: Window) -> None:
    lanes = _lanes(comparison)
    for table, look in _MARKS.items():
        found = [(comparison.points.get((table, kind)), row) for row, kind in enumerate(lanes)]
        at = [(t_s, row) for points, row in found if points for t_s in points.t_s]
        if at:
            t_s, rows = np.array(at).T
            axes.scatter(window.at(t_s), rows, s=26, linewidths=0.9, alpha=0.8, zorder=2, **look)
    name_panel(axes, "Messages that differ")
    legend(axes)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.4, -0.6)


def _draw_meter(axes: Axes, comparison: Comparison, window: Window) -> None:
    """What B told above what A told, reading by reading."""
    name = _meter(comparison)
    points = comparison.points["meter", name]
    axes.axhline(0.0, color=LIGHT["rule"], linewidth=0.8)
    axes.scatter(window.at(np.array(points.t_s)), points.value, s=3, color=LIGHT["line"], linewidths=0)
    name_panel(axes, f"{name}, B − A, {_QUANTITIES[name]}")


def _draw_energy(axes: Axes, comparison: Comparison, window: Window) -> None:
    """What each transaction's energy is more in B, at its start; all of it where A lacks the transaction."""
    axes.axhline(0.0, color=LIGHT["rule"], linewidth=0.8)
    known = sorted({row["connector"] for row in comparison.transactions if row["connector"] is not None})
    for connector in known:
        rows = [row for row in comparison.transactions if row["connector"] == connector]
        at = window.at(np.array([row["start_s"] for row in rows]))
        later_wh = [(row["energy_b_wh"] or 0.0) - (row["energy_a_wh"] or 0.0) for row in rows]
        colour = LIGHT["connector1" if connector % 2 else "connector2"]
        axes.vlines(at, 0, later_wh, color=colour, linewidth=1.4)
        axes.scatter(at, later_wh, s=18, color=colour, linewidths=0, zorder=2, label=f"connector {connector}")
    name_panel(axes, "Energy of each transaction, B − A, Wh")
    legend(axes)
