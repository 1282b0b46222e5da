"""The power of a run or a part of it: the mean of each connector, one upon the other, and the highest."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.models.units import DAY_S
from evc5.rigs.analysis.figures.asked import known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.questions.demand import TOTAL, demand
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT, connector_colour
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading.columns import Array

# up to so many days: the interval of a mean, and what it is called
INTERVALS = {1.5: ("1min", "minute"), 15.0: ("15min", "quarter of an hour"), 70.0: ("1h", "hour")}
LONGEST = ("1D", "day")


def plot_power(run: Recorded, window: Window, canvas: Canvas) -> Figure:
    connectors = known_connectors(run)
    step, word = interval_of(window)
    table = demand(run, step)
    shown = table[(table["end"] > window.since) & (table["start"] < window.until)]
    by_connector = {c: shown[shown["connector"] == c] for c in (TOTAL, *connectors)}
    total = by_connector[TOTAL]
    edges = window.at(np.array([run.seconds(at) for at in [*total["start"], total["end"].iloc[-1]]]))
    kwh, most_kw = total["energy_wh"].sum() / 1000, total["max_w"].max() / 1000
    under = f"{kwh:,.1f} kWh drawn · at most {most_kw:.1f} kW · means of each {word}"
    with canvas.panels([2.6], f"Power · {window.name()}", under) as (figure, (axes,)):
        means_kw = {c: by_connector[c]["mean_w"].to_numpy() / 1000 for c in connectors}
        _draw_means(axes, edges, means_kw)
        highest_kw = np.append(total["max_w"].to_numpy() / 1000, np.nan)
        axes.step(
            edges, highest_kw, where="post", color=LIGHT["ink"], linewidth=0.8, label="highest, all together"
        )
        axes.set_ylim(0, max(1.0, most_kw) * 1.08)
        name_panel(axes, f"kW, mean by {word}")
        label_time(window, axes)
    return figure


def interval_of(window: Window) -> tuple[str, str]:
    """Of what stretches a window of this length shows the mean, and what one is called."""
    days = (window.until_s - window.since_s) / DAY_S
    return next((names for most, names in INTERVALS.items() if days <= most), LONGEST)


def _draw_means(axes: Axes, edges: Array, means_kw: dict[int, Array]) -> None:
    below = np.zeros(len(edges) - 1)
    for connector, kw in means_kw.items():
        top = below + kw
        axes.stairs(
            top,
            edges,
            baseline=below,
            fill=True,
            color=LIGHT[connector_colour(connector)],
            label=f"connector {connector}",
        )
        below = top
