"""Heat at one connector, one day: the socket's temperature, and the current that it takes away."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.day import CAPABILITY, FLOWS, limits
from evc5.rigs.analysis.figures.asked import day_of_most, known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.figures.day import draw_curve, draw_limits
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Columns

COLUMNS = ("t", "temp_c", "limited_by", *CAPABILITY, *FLOWS)
HEAT = "temperature"


def hottest_day(run: Recorded, connector: int) -> Window:
    """The day with most rows that heat limited; where it never did, the busiest."""
    known_connectors(run)
    return day_of_most(run, connector, ("limited_by",), lambda rows: rows["limited_by"] == HEAT)


def plot_heat(run: Recorded, connector: int, window: Window, canvas: Canvas) -> Figure:
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, COLUMNS, connector, window.since_s, window.until_s)
    title = f"Heat and derating · connector {connector} · {window.name()}"
    with canvas.panels([1.3, 0.2, 2.0], title, summary(rows)) as (figure, (heat, limit, current)):
        draw_curve(heat, "Temperature at the socket, °C", window.at(rows["t"]), rows["temp_c"])
        draw_limits(limit, rows, window)
        _draw_current(current, rows, window)
        label_time(window, current, above=[heat])
    return figure


def summary(rows: Columns) -> str:
    if not len(rows["t"]):
        return "nothing was recorded"
    hot_h = sum(end_s - begin_s for word, begin_s, end_s in limits(rows) if word == HEAT) / 3600
    most_c = np.fmax.reduce(rows["temp_c"], initial=-np.inf)
    taken = f"heat held the current down for {hot_h:.1f} h" if hot_h else "heat took nothing away"
    return f"at most {most_c:.1f} °C · {taken}"


def _draw_current(axes: Axes, rows: Columns, window: Window) -> None:
    at = window.at(rows["t"])
    able_a, flows_a = highest(rows, CAPABILITY), highest(rows, FLOWS)
    axes.fill_between(*jumps(at, flows_a), step="post", color=LIGHT["L1"], alpha=0.3, linewidth=0)
    axes.plot(*steps(at, flows_a), color=LIGHT["L1"], linewidth=1.0, label="delivered")
    axes.step(
        *jumps(at, able_a),
        where="post",
        color=LIGHT["L2"],
        linewidth=1.6,
        label="rating, cable and heat allow",
    )
    axes.set_ylim(0, np.fmax.reduce([*able_a, *flows_a], initial=6.0) * 1.08)
    name_panel(axes, "Highest phase, A")
