"""Which phases carry current at one connector, one day, and when it switches between one and three."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.day import FLOWS
from evc5.rigs.analysis.figures.asked import day_of_most, known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT, PHASES
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Array, Columns

COLUMNS = ("t", "phases", "pilot", *FLOWS)


def day_of_switching(run: Recorded, connector: int) -> Window:
    """The day on which the phases switched most often; where they never did, the busiest."""
    known_connectors(run)
    return day_of_most(run, connector, ("phases", "pilot"), _switched)


def _switched(rows: Columns) -> Array:
    """Row by row: do other phases conduct than when any last did, with the car still there?"""
    points = np.zeros(len(rows["t"]))
    points[[index for index, _, _ in _changes(rows)]] = 1.0
    return points


def switches(rows: Columns) -> list[tuple[float, int, int]]:
    """Each change of the number of phases while a car stays: when, from how many, to how many.

    The pause in which none conducts is part of it; the instant is that at which current may flow again.
    """
    return [(float(rows["t"][index]), before, after) for index, before, after in _changes(rows)]


def _changes(rows: Columns) -> list[tuple[int, int, int]]:
    found = []
    conducting = [index for index in range(len(rows["t"])) if rows["phases"][index] > 0]
    gone = np.cumsum(rows["pilot"] == "A")  # a car that left in between makes it another session
    for one, other in pairwise(conducting):
        before, after = int(rows["phases"][one]), int(rows["phases"][other])
        if before != after and gone[one] == gone[other]:
            found.append((other, before, after))
    return found


def plot_phases(run: Recorded, connector: int, window: Window, canvas: Canvas) -> Figure:
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, COLUMNS, connector, window.since_s, window.until_s)
    found = switches(rows)
    under = f"{len(found)} change{'s' * (len(found) != 1)} between one and three phases while a car stayed"
    title = f"Phases · connector {connector} · {window.name()}"
    with canvas.panels([0.9, 0.9, 0.9, 0.9], title, under) as (figure, (count, *lanes)):
        _draw_count(count, rows, window, [t_s for t_s, _, _ in found])
        top_a = np.fmax.reduce(highest(rows, FLOWS), initial=6.0) * 1.08
        for axes, phase, column in zip(lanes, PHASES, FLOWS, strict=True):
            at, amps = window.at(rows["t"]), rows[column]
            axes.fill_between(*jumps(at, amps), step="post", color=LIGHT[phase], alpha=0.3, linewidth=0)
            axes.plot(*steps(at, amps), color=LIGHT[phase], linewidth=1.0)
            axes.set_ylim(0, top_a)
            name_panel(axes, f"{phase}, A")
        label_time(window, lanes[-1], above=[count, *lanes[:-1]])
    return figure


def _draw_count(axes: Axes, rows: Columns, window: Window, switched_s: list[float]) -> None:
    axes.step(*jumps(window.at(rows["t"]), rows["phases"]), where="post", color=LIGHT["line"], linewidth=1.4)
    if switched_s:
        at = window.at(np.array(switched_s))
        axes.plot(at, np.full(len(at), 3.5), "v", color=LIGHT["L2"], markersize=5, label="switched")
    name_panel(axes, "Phases that conduct")
    axes.set_yticks([0, 1, 2, 3])
    axes.set_ylim(-0.2, 3.9)
