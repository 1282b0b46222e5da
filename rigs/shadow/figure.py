"""Twin and metal in one figure: the current of each connector, and what the metal's meter said of it."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.figures.style import DPI, style
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.shadow.deviations import Shadow
from evc5.rigs.shadow.readings import told
from evc5.rigs.shadow.show import closing

PANEL_IN = 1.7
PHASES = ("L1", "L2", "L3")
WIDTHS = (3.0, 2.0, 1.0)  # points, so that phases that carry the same are all seen


def write_figure(shadow: Shadow, path: Path) -> None:
    """Into a PNG."""
    with style():
        plot_shadow(shadow).savefig(path, dpi=2 * DPI)


def plot_shadow(shadow: Shadow) -> Figure:
    """A panel for each connector: the twin's current as lines, the metal's readings as marks, by phase."""
    connectors = range(1, shadow.metal.connectors() + 1)
    window = Window(shadow.metal.start, 0.0, max(shadow.metal.ended_s - shadow.metal.began_s, 60.0))
    title = f"Twin and metal · {shadow.metal.identity}"
    page = Canvas().panels([PANEL_IN] * len(connectors), title, closing(shadow).plain)
    with page as (figure, panels):
        for axes, connector in zip(panels, connectors, strict=True):
            _draw(axes, shadow, connector, window)
        label_time(window, panels[-1], above=panels[:-1])
    return figure


def _draw(axes: Axes, shadow: Shadow, connector: int, window: Window) -> None:
    rows = shadow.twin.telemetry.query("connector == @connector")
    at = window.at(rows["t"].to_numpy())
    axes.set_xlim(window.at(window.since_s), window.at(window.until_s))
    for place, phase in enumerate(PHASES, 1):
        column = f"i{place}_a"
        look: Any = {"color": LIGHT[phase], "linewidth": WIDTHS[place - 1]}
        axes.step(at, rows[column].to_numpy(), where="post", label=f"{phase} twin", **look)
        for number, name, _, read in told(shadow.metal):
            if (number, name) == (connector, column):
                seen = window.at(np.asarray(read["t_s"], dtype=float))
                amps = read["value"].to_numpy(dtype=float)
                axes.plot(seen, amps, "x", color=LIGHT[phase], markersize=3, label=f"{phase} metal")
    name_panel(axes, f"Connector {connector}, A")
    axes.set_ylim(bottom=0.0)
