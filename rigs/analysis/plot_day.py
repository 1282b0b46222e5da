"""One connector, one day: its status, the current offered and delivered, energy, state of charge, heat."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from evc5.rigs.analysis.day import (
    FLOWS,
    LINE_WIDTHS,
    OFFERED,
    Day,
    alike,
    clock_points,
    day,
    stretches,
    summary,
)
from evc5.rigs.analysis.plot_style import WIDTH_IN, Chart, chart, label_time, legend, name_panel, style, title
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import held, highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT, PHASES, mark_id
from evc5.rigs.analysis.visits import Visit
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading.columns import Columns

_STATUS_LETTER = 0.0065  # of the width: a letter of a label


def plot_day(run: Recorded, connector: int, window: Window) -> Chart:
    shown = day(run, connector, window)
    rows = shown.rows
    heights = [0.2, 2.3, 1.3, 1.0, *[0.8] * shown.has_heat]
    with style():
        figure, panels = _canvas(heights)
        title(figure, shown.name, summary(rows, shown.present))
        _draw_status(panels[0], rows, window)
        _draw_visits(panels[0], shown.present, window)
        _draw_errors(panels[0], shown)
        _draw_current(panels[1], rows, window)
        _draw_energy(panels[2], run, connector, rows, window)
        _draw_curve(panels[3], "State of charge, %", rows["t"], 100 * rows["soc"], window, (-4, 104))
        if shown.has_heat:
            _draw_curve(panels[4], "Temperature, °C", rows["t"], rows["temp_c"], window)
        label_time(window, panels[-1], above=panels[1:-1])
    return figure


def _canvas(heights_in: list[float]) -> tuple[Chart, list[Axes]]:
    """Panels of these heights above each other on one time axis."""
    top_in = 0.92
    bottom_in = 0.36
    gap_in = 0.42
    height_in = top_in + bottom_in + sum(heights_in) + gap_in * (len(heights_in) - 1)
    figure = chart(WIDTH_IN, height_in)
    panels: list[Axes] = []
    upper_in = height_in - top_in
    for tall_in in heights_in:
        box = (0.048, (upper_in - tall_in) / height_in, 0.928, tall_in / height_in)
        panels.append(figure.add_axes(box, sharex=panels[0] if panels else None))
        upper_in -= tall_in + gap_in
    return figure, panels


def _draw_status(axes: Axes, rows: Columns, window: Window) -> None:
    axes.set_ylim(0, 1)
    axes.axis("off")
    for status, begin_s, end_s in stretches(rows):
        colour = LIGHT.get(status, LIGHT["grid"])
        left, right = window.at(begin_s), window.at(end_s)
        axes.broken_barh([(left, right - left)], (0, 1), facecolors=colour, edgecolors="none")
        if end_s - begin_s > _STATUS_LETTER * (len(status) + 2) * (window.until_s - window.since_s):
            axes.text((left + right) / 2, 0.46, status, ha="center", va="center", fontsize=7.5)


def _draw_visits(axes: Axes, present: list[Visit], window: Window) -> None:
    """The cars above the status band, from plug-in to unplug, as far as their names find room."""
    free_s = window.since_s
    for visit in present:
        begin_s = max(visit.plug_in_s, window.since_s)
        end_s = min(window.until_s if visit.unplug_s is None else visit.unplug_s, window.until_s)
        ends = [window.at(begin_s), window.at(end_s)]
        axes.plot(ends, [1.28, 1.28], color=LIGHT["ink"], linewidth=1.2, clip_on=False)
        name = f"{visit.vehicle}  {visit.energy_wh / 1000:.1f} kWh"
        long_s = _STATUS_LETTER * (len(name) + 3) * (window.until_s - window.since_s)
        from_s = max(min(begin_s, window.until_s - long_s), free_s)
        if from_s < end_s:
            place, side = (begin_s, "left") if from_s == begin_s else (from_s + long_s, "right")
            axes.text(window.at(place), 1.55, name, fontsize=7.5, va="bottom", ha=side, clip_on=False)
            free_s = from_s + long_s


def _draw_errors(axes: Axes, shown: Day) -> None:
    """A mark for each, which the report's links lead to."""
    look: dict[str, Any] = {"color": LIGHT["error"], "markersize": 6, "clip_on": False, "zorder": 5}
    for index, finding in shown.errors():
        gid = mark_id(index, shown.connector)
        axes.plot([shown.window.at(finding["t"])], [0.5], "v", gid=gid, **look)


def _draw_current(axes: Axes, rows: Columns, window: Window) -> None:
    at = window.at(rows["t"])
    offered_a = highest(rows, OFFERED)
    axes.fill_between(*jumps(at, offered_a), step="post", color=LIGHT["offered"], alpha=0.28, linewidth=0)
    axes.plot(*steps(at, offered_a), color=LIGHT["offered"], linewidth=1.2, label="offered")
    groups = alike({phase: rows[name] for phase, name in zip(PHASES, FLOWS, strict=True)})
    for (names, values), width in zip(groups, LINE_WIDTHS[len(groups)], strict=True):
        look: dict[str, Any] = {"color": LIGHT[names[0]], "linewidth": width}
        axes.plot(*steps(at, values), label=f"{' '.join(names)} delivered", **look)
    axes.set_ylim(0, np.fmax.reduce(offered_a, initial=6.0) * 1.08)
    name_panel(axes, "Current per phase, A")
    legend(axes)


def _draw_energy(axes: Axes, run: Recorded, connector: int, rows: Columns, window: Window) -> None:
    """The meter's register since the window's begin, and on it the readings that were sent on the clock."""
    name_panel(axes, "Meter since the day began, kWh")
    if not len(rows["t"]):
        return
    first_wh = rows["register_wh"][0]
    line_kwh = (rows["register_wh"] - first_wh) / 1000
    axes.plot(window.at(rows["t"]), line_kwh, color=LIGHT["line"], linewidth=1.4, label="register")
    points = clock_points(run, connector, window)
    if points:
        at, kwh = zip(*((window.at(t_s), (wh - first_wh) / 1000) for t_s, wh in points), strict=True)
        look: dict[str, Any] = {"markersize": 3.2, "markeredgewidth": 0.8, "color": LIGHT["line"]}
        label = f"clock-aligned, sent ({len(points)})"
        axes.plot(at, kwh, "o", markerfacecolor=LIGHT["paper"], label=label, **look)
    axes.set_ylim(bottom=-0.04 * max(1.0, axes.get_ylim()[1]))
    legend(axes)


def _draw_curve(
    axes: Axes,
    name: str,
    t_s: np.ndarray,
    values: np.ndarray,
    window: Window,
    limits: tuple[float, float] | None = None,
) -> None:
    """A quantity that never jumps."""
    axes.plot(*held(window.at(t_s), values), color=LIGHT["line"], linewidth=1.4)
    name_panel(axes, name)
    if limits:
        axes.set_ylim(*limits)
