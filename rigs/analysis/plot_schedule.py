"""Charging profiles at work: what each installed one says, what they allow together, and what came of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from evc5.rigs.analysis.plot_style import WIDTH_IN, Chart, chart, label_time, legend, name_panel, style, title
from evc5.rigs.analysis.profile_history import Band, Place
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.schedule import (
    CAPABILITY,
    FLOWS,
    OFFERED,
    Schedule,
    lane_name,
    schedule,
    strength,
    told,
)
from evc5.rigs.analysis.stepped import highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window

_LEFT_IN = 1.55
_LANE_IN = 0.32
_CURRENT_IN = 2.5
_LANE_LETTER = 0.0075  # of the width: a letter of a label


def plot_schedule(run: Recorded, connector: int, window: Window) -> Chart:
    shown = schedule(run, connector, window)
    places = shown.places
    with style():
        figure, lanes, current = _canvas(max(len(places), 1))
        title(figure, shown.name, shown.summary())
        _draw_lanes(lanes, shown.history.bands, places, window)
        _draw_current(current, shown)
        label_time(window, current, above=[lanes])
    return figure


def _canvas(lanes: int) -> tuple[Chart, Axes, Axes]:
    lanes_in = _LANE_IN * lanes
    top_in = 0.85
    gap_in = 0.45
    bottom_in = 0.45
    height_in = top_in + lanes_in + gap_in + _CURRENT_IN + bottom_in
    figure = chart(WIDTH_IN, height_in)
    left = _LEFT_IN / WIDTH_IN
    width = 1 - (_LEFT_IN + 0.24) / WIDTH_IN
    current = figure.add_axes((left, bottom_in / height_in, width, _CURRENT_IN / height_in))
    bottom = (bottom_in + _CURRENT_IN + gap_in) / height_in
    upper = figure.add_axes((left, bottom, width, lanes_in / height_in), sharex=current)
    return figure, upper, current


def _draw_lanes(axes: Axes, bands: list[Band], places: list[Place], window: Window) -> None:
    for band in bands:
        y = places.index(band.place)
        left, right = window.at(band.begin_s), window.at(band.end_s)
        axes.broken_barh(
            [(left, right - left)], (y - 0.42, 0.84), facecolors=LIGHT["limit"], alpha=strength(band)
        )
        text = told(band)
        if band.end_s - band.begin_s > _LANE_LETTER * (len(text) + 1) * (window.until_s - window.since_s):
            axes.text((left + right) / 2, y - 0.04, text, ha="center", va="center", fontsize=7.5)
    axes.set_ylim(-0.6, max(len(places), 1) - 0.4)
    name_panel(axes, "Installed profiles")
    axes.set_yticks(range(len(places)), [lane_name(place) for place in places], fontsize=7.5)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def _draw_current(axes: Axes, shown: Schedule) -> None:
    window, rows = shown.window, shown.rows
    at = window.at(rows["t"])
    flows_a, offered_a, capability_a = (highest(rows, names) for names in (FLOWS, OFFERED, CAPABILITY))
    axes.fill_between(
        *jumps(at, flows_a), step="post", color=LIGHT["L1"], alpha=0.3, linewidth=0, label="delivered"
    )
    axes.plot(*steps(at, flows_a), color=LIGHT["L1"], linewidth=0.9)
    axes.plot(*steps(at, offered_a), color=LIGHT["line"], linewidth=1.3, label="offered")
    allowed = shown.allowed()
    if np.isfinite(allowed).any():
        line = window.at(allowed[:, 0]), allowed[:, 1]
        axes.plot(*line, color=LIGHT["limit"], linewidth=2.0, label="composite of the profiles")
    dotted: dict[str, Any] = {"linestyle": (0, (1.5, 2)), "linewidth": 1.0, "color": LIGHT["muted"]}
    axes.step(*jumps(at, capability_a), where="post", label="rated, cable, heat", **dotted)
    top_a = np.fmax.reduce([*offered_a, *capability_a, *allowed[:, 1]], initial=6.0)
    axes.set_ylim(0, min(top_a, 80.0) * 1.08)
    name_panel(axes, "Highest phase, A")
    legend(axes)
