"""The load duration curve: for how much of the time the power was at least so high."""

import numpy as np
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.asked import known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, name_panel
from evc5.rigs.analysis.questions.demand import TOTAL, demand
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT, connector_colour
from evc5.rigs.recording.reading.columns import Array


def sorted_means(run: Recorded, interval: str) -> dict[int, tuple[Array, Array]]:
    """By connector, 0 for all: hours from the busiest on, and the mean kW of each interval, highest first."""
    known = known_connectors(run)
    table = demand(run, interval)
    found = {}
    for connector in (TOTAL, *known):
        mine = table[table["connector"] == connector].sort_values("mean_w", ascending=False)
        hours = (mine["end"] - mine["start"]).dt.total_seconds().to_numpy() / 3600
        found[connector] = (np.concatenate([[0.0], np.cumsum(hours)]), mine["mean_w"].to_numpy() / 1000)
    return found


def plot_duration(run: Recorded, interval: str, canvas: Canvas) -> Figure:
    curves = sorted_means(run, interval)
    hours, total_kw = curves[TOTAL]
    used_pct = 100 * float(np.diff(hours)[total_kw > 0].sum()) / hours[-1] if hours[-1] else 0.0
    mean_kw = float((np.diff(hours) * total_kw).sum() / hours[-1]) if hours[-1] else 0.0
    peak_kw = total_kw.max(initial=0.0)
    under = (
        f"highest {peak_kw:.1f} kW · mean {mean_kw:.2f} kW · power flowed for {used_pct:.0f} % of the time"
    )
    with canvas.panels([2.6], f"Load duration · means of {interval}", under) as (figure, (axes,)):
        for connector, (edges_h, kw) in curves.items():
            label = f"connector {connector}" if connector else "all together"
            colour = LIGHT[connector_colour(connector) if connector else "ink"]
            share_pct = 100 * edges_h / max(edges_h[-1], 1e-9)
            axes.step(
                share_pct, np.append(kw, kw[-1:]), where="post", color=colour, linewidth=1.2, label=label
            )
        name_panel(axes, "Mean power, kW, highest first")
        axes.set_xlabel(f"% of {hours[-1]:,.0f} h", loc="right", fontsize=8, labelpad=1)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, max(1.0, peak_kw) * 1.08)
    return figure
