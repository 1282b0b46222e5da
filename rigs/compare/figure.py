"""A comparison as a figure: where in the run two recordings part, in messages, times and energy."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.figures.style import DPI, chart, style
from evc5.rigs.analysis.theme import LIGHT, connector_colour
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


def plot_comparison(comparison: Comparison, canvas: Canvas | None = None) -> Figure:
    """Panels for what differs: lanes of messages; by connector, the power or register told, and energies."""
    panels = list(_panels(comparison))
    window = Window(datetime.fromtimestamp(comparison.start_epoch_s, UTC), 0.0, max(comparison.end_s, 60.0))
    names = " · ".join(f"{side}: {head['path']}" for side, head in zip("AB", comparison.heads, strict=True))
    heights = [inches for inches, _ in panels]
    shown = (canvas or Canvas()).panels(heights, f"Comparison · {names}", _summary(comparison))
    with shown as (figure, drawn):
        for axes, (_, draw) in zip(drawn, panels, strict=True):
            draw(axes, comparison, window)
        label_time(window, drawn[-1], above=drawn[:-1])
    return figure


def _panels(comparison: Comparison) -> Iterator[tuple[float, Draw]]:
    """Height in inches of each panel, and who draws it."""
    lanes = _lanes(comparison)
    if lanes:
        yield 0.3 + 0.2 * len(lanes), _draw_marks
    quantity = _meter(comparison)
    for table, kind, connector in comparison.points:
        if quantity and (table, kind) == ("meter", quantity):
            yield 1.3, partial(_draw_meter, connector=connector)
    known = sorted({row["connector"] for row in comparison.transactions if row["connector"] is not None})
    for connector in known or [None]:
        yield 1.3, partial(_draw_energy, connector=connector)


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
    for (table, kind, _), points in comparison.points.items():
        if table in _MARKS:
            counts[kind] = counts.get(kind, 0) + points.seen
    return sorted(counts, key=lambda kind: -counts[kind])[:MOST_LANES]


def _meter(comparison: Comparison) -> str:
    """The quantity whose differences are drawn; empty where none differs."""
    counts = dict.fromkeys(_QUANTITIES, 0)
    for (table, name, _), points in comparison.points.items():
        if table == "meter" and name in counts:
            counts[name] += len(points.t_s)
    return max(counts, key=counts.__getitem__) if any(counts.values()) else ""


def _draw_marks(axes: Axes, comparison: Comparison, window: Window) -> None:
    lanes = _lanes(comparison)
    for table, look in _MARKS.items():
        found = [(comparison.points.get((table, kind, None)), row) for row, kind in enumerate(lanes)]
        at = [(t_s, row) for points, row in found if points for t_s in points.t_s]
        if at:
            t_s, rows = np.array(at).T
            axes.scatter(window.at(t_s), rows, s=26, linewidths=0.9, alpha=0.8, zorder=2, **look)
    name_panel(axes, "Messages that differ")
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.4, -0.6)


def _draw_meter(axes: Axes, comparison: Comparison, window: Window, connector: int | None) -> None:
    """What B told above what A told, reading by reading, at one connector."""
    name = _meter(comparison)
    points = comparison.points["meter", name, connector]
    axes.axhline(0.0, color=LIGHT["rule"], linewidth=0.8)
    colour = LIGHT[connector_colour(connector or 1)]
    axes.scatter(window.at(np.array(points.t_s)), points.value, s=3, color=colour, linewidths=0)
    name_panel(axes, f"{name}{_at(connector)}, B − A, {_QUANTITIES[name]}")


def _draw_energy(axes: Axes, comparison: Comparison, window: Window, connector: int | None) -> None:
    """What each transaction's energy is more in B, at its start; all of it where A lacks the transaction."""
    axes.axhline(0.0, color=LIGHT["rule"], linewidth=0.8)
    rows = [row for row in comparison.transactions if row["connector"] == connector]
    at = window.at(np.array([row["start_s"] for row in rows]))
    later_wh = [(row["energy_b_wh"] or 0.0) - (row["energy_a_wh"] or 0.0) for row in rows]
    colour = LIGHT[connector_colour(connector or 1)]
    axes.vlines(at, 0, later_wh, color=colour, linewidth=1.4)
    axes.scatter(at, later_wh, s=18, color=colour, linewidths=0, zorder=2)
    name_panel(axes, f"Energy of each transaction{_at(connector)}, B − A, Wh")


def _at(connector: int | None) -> str:
    return f", connector {connector}" if connector is not None else ""
