"""Two runs over each other, connector by connector: the power of each, and where they part."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.asked import known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.figures.power import interval_of
from evc5.rigs.analysis.questions.demand import TOTAL, demand
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading.columns import Array

Means = dict[int, tuple[Array, Array]]  # by connector: edges in seconds of the run, mean kW between them
LOOKS = {"A": ("L1", 2.2), "B": ("L2", 1.1)}  # colour and width: the second lies on the first


def plot_comparison(a: Recorded, b: Recorded, window: Window, canvas: Canvas) -> Figure:
    """B is laid over A by the seconds of each run; the hours shown are A's."""
    known = sorted({*known_connectors(a), *known_connectors(b)})
    step, word = interval_of(window)
    means = {"A": means_kw(a, step), "B": means_kw(b, step)}
    names = " · ".join(f"{side}: {name}" for side, name in zip("AB", _names(a, b), strict=True))
    kwh = [_kwh(side[TOTAL], window) for side in means.values()]
    under = f"{kwh[0]:,.1f} kWh in A, {kwh[1]:,.1f} kWh in B ({kwh[1] - kwh[0]:+,.1f}) · means of each {word}"
    with canvas.panels([1.5] * len(known), f"Comparison · {names}", under) as (figure, panels):
        for axes, connector in zip(panels, known, strict=True):
            for side, curves in means.items():
                if connector in curves:
                    _draw(axes, side, curves[connector], window)
            axes.set_ylim(bottom=0)
            name_panel(axes, f"Connector {connector}, kW")
        label_time(window, panels[-1], above=panels[:-1])
    return figure


def means_kw(run: Recorded, step: str) -> Means:
    """The mean power of each interval by connector, 0 for all."""
    table = demand(run, step)
    found = {}
    for connector in (TOTAL, *known_connectors(run)):
        mine = table[table["connector"] == connector]
        edges_s = [run.seconds(at) for at in [*mine["start"], mine["end"].iloc[-1]]]
        found[connector] = (np.array(edges_s), mine["mean_w"].to_numpy() / 1000)
    return found


def _kwh(curve: tuple[Array, Array], window: Window) -> float:
    """Energy within the window; an interval that it cuts counts in part."""
    edges_s, kw = curve
    inside_s = np.diff(np.clip(edges_s, window.since_s, window.until_s))
    return float((inside_s * kw).sum() / 3600)


def _draw(axes: Axes, side: str, curve: tuple[Array, Array], window: Window) -> None:
    edges_s, kw = curve
    colour, width = LOOKS[side]
    label = f"{side}, {_kwh(curve, window):,.1f} kWh"
    at = window.at(edges_s)
    axes.stairs(kw, at, baseline=None, color=LIGHT[colour], linewidth=width, label=label)


def _names(a: Recorded, b: Recorded) -> list[str]:
    """By behaviour and seed, or where these tell them not apart by directory."""
    names = [f"{run.summary.get('behaviour')}, seed {run.summary.get('seed')}" for run in (a, b)]
    return names if names[0] != names[1] else [run.directory.name for run in (a, b)]
