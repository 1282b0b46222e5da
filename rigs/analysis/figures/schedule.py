"""Charging profiles at work: what each installed one says, what they allow together, and what came of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.canvas import Canvas, label_time, name_panel, wide_in
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

_LANE_IN = 0.32
_CURRENT_IN = 2.5
_LETTER_IN = 0.075  # of a band's text


def plot_schedule(run: Recorded, connector: int, window: Window, canvas: Canvas) -> Figure:
    shown = schedule(run, connector, window)
    places = shown.places
    heights = [_LANE_IN * max(len(places), 1), _CURRENT_IN]
    with canvas.panels(heights, shown.name, shown.summary()) as (figure, (lanes, current)):
        _draw_lanes(lanes, shown.history.bands, places, window)
        _draw_current(current, shown)
        label_time(window, current, above=[lanes])
    return figure


def _draw_lanes(axes: Axes, bands: list[Band], places: list[Place], window: Window) -> None:
    room_s = _LETTER_IN * (window.until_s - window.since_s) / wide_in(axes)  # that a letter takes
    for band in bands:
        y = places.index(band.place)
        left, right = window.at(band.begin_s), window.at(band.end_s)
        axes.broken_barh(
            [(left, right - left)], (y - 0.42, 0.84), facecolors=LIGHT["limit"], alpha=strength(band)
        )
        text = told(band)
        if band.end_s - band.begin_s > room_s * (len(text) + 1):
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
