"""One connector, one day: status, what limits, current, power, the meter, state of charge, heat."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.day import (
    CAPABILITY,
    FLOWS,
    LINE_WIDTHS,
    OFFERED,
    Day,
    alike,
    clock_points,
    day,
    limits,
    stretches,
    summary,
)
from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel, wide_in
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import held, highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT, PHASES, mark_id
from evc5.rigs.analysis.visits import Visit
from evc5.rigs.analysis.window import Window
from evc5.rigs.printable import printable
from evc5.rigs.recording.reading.columns import Array, Columns

_LETTER_IN = 0.065  # of a band's text


def plot_day(run: Recorded, connector: int, window: Window, canvas: Canvas) -> Figure:
    shown = day(run, connector, window)
    rows = shown.rows
    heights = [0.2, 0.2, 2.1, 1.1, 1.1, 0.9, *[0.8] * shown.has_heat]
    with canvas.panels(heights, shown.name, summary(rows, shown.present)) as (figure, panels):
        status, limit, current, power, meter, charge, *heat = panels
        draw_bands(status, list(stretches(rows)), window, LIGHT)
        _draw_visits(status, shown.present, window)
        draw_limits(limit, rows, window)
        _draw_current(current, rows, window)
        draw_steps(power, "Power, kW", window.at(rows["t"]), rows["p_w"] / 1000)
        _draw_meter(meter, shown)
        draw_curve(charge, "State of charge, %", window.at(rows["t"]), 100 * rows["soc"])
        charge.set_ylim(-4, 104)
        for axes in heat:
            draw_curve(axes, "Temperature, °C", window.at(rows["t"]), rows["temp_c"])
        _draw_errors(status, panels[2:], shown)
        label_time(window, panels[-1], above=panels[2:-1])
    return figure


def draw_bands(
    axes: Axes, bands: list[tuple[str, float, float]], window: Window, colours: dict[str, str]
) -> None:
    """Stretches of a word, in its colour, with the word in it where there is room."""
    axes.set_ylim(0, 1)
    axes.axis("off")
    room_s = _LETTER_IN * (window.until_s - window.since_s) / wide_in(axes)  # that a letter takes
    named: set[str] = set()
    for told, begin_s, end_s in bands:
        word = printable(told)
        left, right = window.at(begin_s), window.at(end_s)
        look: dict[str, Any] = {"facecolors": colours.get(word, LIGHT["grid"]), "edgecolors": "none"}
        axes.broken_barh([(left, right - left)], (0, 1), **look, label="" if word in named else word)
        named.add(word)
        if end_s - begin_s > room_s * (len(word) + 2):
            axes.text((left + right) / 2, 0.46, word, ha="center", va="center", fontsize=7.5)


def draw_limits(axes: Axes, rows: Columns, window: Window) -> None:
    """What holds the current down, as a band and, by its colours, in the legend."""
    colours = {name.removeprefix("by-"): colour for name, colour in LIGHT.items() if name.startswith("by-")}
    draw_bands(axes, limits(rows), window, colours)
    name_panel(axes, "Limited by", handlelength=0.8)


def _draw_visits(axes: Axes, present: list[Visit], window: Window) -> None:
    """The cars above the status band, from plug-in to unplug, as far as their names find room."""
    room_s = _LETTER_IN * (window.until_s - window.since_s) / wide_in(axes)
    free_s = window.since_s
    for visit in present:
        begin_s = max(visit.plug_in_s, window.since_s)
        end_s = min(window.until_s if visit.unplug_s is None else visit.unplug_s, window.until_s)
        ends = [window.at(begin_s), window.at(end_s)]
        axes.plot(ends, [1.28, 1.28], color=LIGHT["ink"], linewidth=1.2, clip_on=False)
        name = f"{printable(visit.vehicle)}  {visit.energy_wh / 1000:.1f} kWh"
        long_s = room_s * (len(name) + 3)
        from_s = max(min(begin_s, window.until_s - long_s), free_s)
        if from_s < end_s and from_s + long_s <= window.until_s + 1.0:
            place, side = (begin_s, "left") if from_s == begin_s else (from_s + long_s, "right")
            axes.text(
                window.at(place), 1.55, printable(name), fontsize=7.5, va="bottom", ha=side, clip_on=False
            )
            free_s = from_s + long_s


def _draw_errors(status: Axes, panels: list[Axes], shown: Day) -> None:
    """A mark on the status for each, which the report's links lead to, and a line through the panels."""
    look: dict[str, Any] = {"color": LIGHT["error"], "markersize": 6, "clip_on": False, "zorder": 5}
    for index, finding in shown.errors():
        at = shown.window.at(finding["t"])
        status.plot([at], [0.5], "v", gid=mark_id(index, shown.connector), **look)
        for panel in panels:
            panel.axvline(at, color=LIGHT["error"], linewidth=0.8, linestyle=(0, (4, 2)), zorder=1.5)


def _draw_current(axes: Axes, rows: Columns, window: Window) -> None:
    at = window.at(rows["t"])
    offered_a, capability_a = highest(rows, OFFERED), highest(rows, CAPABILITY)
    axes.fill_between(*jumps(at, offered_a), step="post", color=LIGHT["offered"], alpha=0.28, linewidth=0)
    axes.plot(*steps(at, offered_a), color=LIGHT["offered"], linewidth=1.2, label="offered")
    dotted: dict[str, Any] = {"linestyle": (0, (1.5, 2)), "linewidth": 1.0, "color": LIGHT["muted"]}
    axes.step(*jumps(at, capability_a), where="post", label="rated, cable, heat", **dotted)
    groups = alike({phase: rows[name] for phase, name in zip(PHASES, FLOWS, strict=True)})
    for (names, values), width in zip(groups, LINE_WIDTHS[len(groups)], strict=True):
        look: dict[str, Any] = {"color": LIGHT[names[0]], "linewidth": width}
        axes.plot(*steps(at, values), label=f"{' '.join(names)} delivered", **look)
    axes.set_ylim(0, np.fmax.reduce([*offered_a, *capability_a], initial=6.0) * 1.08)
    name_panel(axes, "Current per phase, A")


def _draw_meter(axes: Axes, shown: Day) -> None:
    """The meter's register since the window's begin, and on it the readings that were sent on the clock."""
    rows, window = shown.rows, shown.window
    if len(rows["t"]):
        first_wh = rows["register_wh"][0]
        line_kwh = (rows["register_wh"] - first_wh) / 1000
        axes.plot(window.at(rows["t"]), line_kwh, color=LIGHT["line"], linewidth=1.4, label="register")
        points = clock_points(shown.run, shown.connector, window)
        if points:
            at, kwh = zip(*((window.at(t_s), (wh - first_wh) / 1000) for t_s, wh in points), strict=True)
            look: dict[str, Any] = {"markersize": 3.2, "markeredgewidth": 0.8, "color": LIGHT["line"]}
            label = f"clock-aligned, sent ({len(points)})"
            axes.plot(at, kwh, "o", markerfacecolor=LIGHT["paper"], label=label, **look)
        axes.set_ylim(bottom=-0.04 * max(1.0, axes.get_ylim()[1]))
    name_panel(axes, "Meter since the day began, kWh")


def draw_steps(axes: Axes, name: str, at: Array, values: Array, colour: str = "line") -> None:
    """A quantity that jumps, from zero."""
    axes.plot(*steps(at, values), color=LIGHT[colour], linewidth=1.4)
    axes.set_ylim(0, max(1.0, np.fmax.reduce(values, initial=0.0)) * 1.08)
    name_panel(axes, name)


def draw_curve(axes: Axes, name: str, at: Array, values: Array) -> None:
    """A quantity that never jumps."""
    axes.plot(*held(at, values), color=LIGHT["line"], linewidth=1.4)
    name_panel(axes, name)
