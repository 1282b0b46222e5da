"""Charging profiles at work: what each installed one says, what they allow together, and what came of it."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from evc5.rigs.analysis.plot_style import WIDTH_IN, Chart, chart, label_time, legend, name_panel, style, title
from evc5.rigs.analysis.profile_history import Band, Place, ProfileHistory, profile_history
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.stepped import highest, jumps, steps
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.window import Window
from evc5.rigs.recording.reading import run_directory, telemetry
from evc5.rigs.recording.reading.columns import Columns
from evc5.rigs.recording.reading.telemetry_columns import phase_names

_CAPABILITY, _OFFERED, _FLOWS = (phase_names(quantity) for quantity in ("capability", "offered", "i"))
_COLUMNS = ("t", *_CAPABILITY, *_OFFERED, *_FLOWS)
_LEFT_IN = 1.55
_LANE_IN = 0.32
_CURRENT_IN = 2.5
_LANE_LETTER = 0.0075  # of the width: a letter of a label
_FULL_A = 32.0  # the strongest colour of a band


def plot_schedule(run: Recorded, connector: int, window: Window) -> Chart:
    history = profile_history(run, connector, window)
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, _COLUMNS, connector, window.since_s, window.until_s)
    places = sorted({band.place for band in history.bands}, key=_order)
    with style():
        figure, lanes, current = _canvas(max(len(places), 1))
        title(
            figure, f"Charging profiles · connector {connector} · {window.name()}", _summary(history, places)
        )
        _draw_lanes(lanes, history.bands, places, window)
        _draw_current(current, history, rows, window)
        label_time(window, current, above=[lanes])
    return figure


def _order(place: Place) -> tuple[int, int, int]:
    """As the standard lets them prevail, the strongest at the top: 3.13.1, 3.13.2."""
    purpose, connector, level = place
    purposes = ("TxDefaultProfile", "TxProfile", "ChargePointMaxProfile")
    return purposes.index(purpose), connector, level


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


def _summary(history: ProfileHistory, places: list[Place]) -> str:
    if not places:
        return "no profile spoke in these hours"
    amps = [amps for _, _, amps in history.allowed_a if amps is not None]
    span = f"{min(amps):g}" if min(amps) == max(amps) else f"{min(amps):g} to {max(amps):g}"
    return f"{len(places)} profile{'s' * (len(places) != 1)} installed, together allowing {span} A per phase"


def _draw_lanes(axes: Axes, bands: list[Band], places: list[Place], window: Window) -> None:
    for band in bands:
        y = places.index(band.place)
        left, right = window.at(band.begin_s), window.at(band.end_s)
        amps = band.limit if band.unit == "A" else band.limit / 690.0  # W over three phases of 230 V
        strength = 0.16 + 0.5 * min(amps / _FULL_A, 1.0)
        axes.broken_barh([(left, right - left)], (y - 0.42, 0.84), facecolors=LIGHT["limit"], alpha=strength)
        text = f"{band.limit:g} A" if band.unit == "A" else f"{band.limit / 1000:g} kW"
        if band.end_s - band.begin_s > _LANE_LETTER * (len(text) + 1) * (window.until_s - window.since_s):
            axes.text((left + right) / 2, y - 0.04, text, ha="center", va="center", fontsize=7.5)
    axes.set_ylim(-0.6, max(len(places), 1) - 0.4)
    name_panel(axes, "Installed profiles")
    axes.set_yticks(range(len(places)), [_name(place) for place in places], fontsize=7.5)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


def _name(place: Place) -> str:
    purpose, connector, level = place
    where = f"connector {connector}" if connector else "all connectors"
    return f"{purpose.removesuffix('Profile')}, level {level}\n{where}"


def _draw_current(axes: Axes, history: ProfileHistory, rows: Columns, window: Window) -> None:
    at = window.at(rows["t"])
    flows_a, offered_a, capability_a = (highest(rows, names) for names in (_FLOWS, _OFFERED, _CAPABILITY))
    axes.fill_between(
        *jumps(at, flows_a), step="post", color=LIGHT["L1"], alpha=0.3, linewidth=0, label="delivered"
    )
    axes.plot(*steps(at, flows_a), color=LIGHT["L1"], linewidth=0.9)
    axes.plot(*steps(at, offered_a), color=LIGHT["line"], linewidth=1.3, label="offered")
    allowed = _allowed(history)
    if np.isfinite(allowed).any():
        line = window.at(allowed[:, 0]), allowed[:, 1]
        axes.plot(*line, color=LIGHT["limit"], linewidth=2.0, label="composite of the profiles")
    dotted: dict[str, Any] = {"linestyle": (0, (1.5, 2)), "linewidth": 1.0, "color": LIGHT["muted"]}
    axes.step(*jumps(at, capability_a), where="post", label="rated, cable, heat", **dotted)
    top_a = np.fmax.reduce([*offered_a, *capability_a, *allowed[:, 1]], initial=6.0)
    axes.set_ylim(0, min(top_a, 80.0) * 1.08)
    name_panel(axes, "Highest phase, A")
    legend(axes)


def _allowed(history: ProfileHistory) -> np.ndarray:
    """The line of what profiles allow, with a gap (NaN) where none speaks."""
    points = [
        point for begin_s, end_s, amps in history.allowed_a for point in ((begin_s, amps), (end_s, amps))
    ]
    return np.array([(t_s, np.nan if amps is None else amps) for t_s, amps in points]).reshape(-1, 2)
