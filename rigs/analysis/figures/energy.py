"""Energy needed and delivered: by day of plug-in, connector upon connector, and session by session."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evc5.rigs.analysis.energy import MOST_LABELS, Energy, energy
from evc5.rigs.analysis.figures.canvas import Canvas, name_panel, wide_in
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT, connector_colour
from evc5.rigs.analysis.window import Window

_A_LABEL_IN = 0.62  # the width that a date takes


def plot_energy(run: Recorded, canvas: Canvas) -> Figure:
    shown = energy(run)
    heights = [2.6, *[2.6] * bool(shown.asked)]
    beside = (2, 1) if shown.asked else ()
    with canvas.panels(heights, shown.name, shown.summary(), shared=False, beside=beside) as (figure, panels):
        _draw_bars(panels[0], shown)
        for axes in panels[1:]:
            _draw_sessions(axes, shown)
    return figure


def _draw_bars(axes: Axes, shown: Energy) -> None:
    edges = Window(shown.run.start, 0.0, shown.run.end_s).at(shown.edges_s)
    middle, width = (edges[:-1] + edges[1:]) / 2, shown.days * 0.82
    below = np.zeros(len(middle))
    for connector in shown.connectors:
        kwh = shown.delivered_kwh(shown.at(connector))
        look: dict[str, Any] = {
            "color": LIGHT[connector_colour(connector)],
            "label": f"connector {connector}",
        }
        axes.bar(middle, kwh, width, bottom=below, **look)
        below += kwh
    if shown.asked:
        kwh = shown.needed_kwh()
        ink = LIGHT["ink"]
        axes.hlines(kwh, middle - width / 2, middle + width / 2, color=ink, linewidth=1.4, label="needed")
    name_panel(axes, shown.bars_name)
    axes.grid(axis="x", visible=False)
    labels = shown.labels(max(2, min(MOST_LABELS, int(wide_in(axes) / _A_LABEL_IN))))
    axes.set_xticks(middle[[number for number, _ in labels]], [label for _, label in labels])
    axes.set_xlim(edges[0], edges[-1])
    axes.tick_params(axis="x", length=0)


def _draw_sessions(axes: Axes, shown: Energy) -> None:
    asked = shown.asked
    top = 1.06 * max([1.0, *(max(visit.energy_wh, visit.needed_wh or 0.0) / 1000 for visit in asked)])
    axes.plot([0, top], [0, top], color=LIGHT["rule"], linewidth=1.0, zorder=1)
    for connector in shown.connectors:
        mine = [visit for visit in asked if visit.connector == connector]
        axes.scatter(
            [(visit.needed_wh or 0.0) / 1000 for visit in mine],
            [visit.energy_wh / 1000 for visit in mine],
            s=18 if len(asked) <= 200 else 8,
            color=LIGHT[connector_colour(connector)],
            alpha=0.75,
            linewidths=0,
            zorder=2,
        )
    axes.set(xlim=(0, top), ylim=(0, top))
    name_panel(axes, "Session by session: kWh delivered")
    axes.set_xlabel("kWh needed", loc="right", fontsize=8, labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
