"""Power by quarter of an hour and day: a picture of when a place is busy."""

from datetime import date

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.asked import known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, name_panel, wide_in
from evc5.rigs.analysis.questions.demand import TOTAL, demand
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading.columns import Array

QUARTERS = 96
ROW_IN = 0.18
LEAST_IN, MOST_IN = 0.9, 6.0
MOST_LABELS = 20
COLOURS = "cividis"  # even to every kind of colour vision


def quarters(run: Recorded, connector: int) -> tuple[list[date], Array]:
    """Local days, and the mean kW of each day's 96 quarters; 0 is all connectors.

    An hour that the clock skips is NaN, one that it shows twice the mean of both.
    """
    known = known_connectors(run)
    if connector not in (TOTAL, *known):
        raise BadInput(f"connector must be one of 0 (all), {', '.join(map(str, known))}, got {connector!r}")
    table = demand(run, "15min")
    table = table[table["connector"] == connector]
    at = table["start"].dt
    first = table["start"].iloc[0].date()
    row = np.array([(day - first).days for day in at.date])
    column = (at.hour * 4 + at.minute // 15).to_numpy()
    seconds = (table["end"] - table["start"]).dt.total_seconds().to_numpy()
    shape = (row[-1] + 1, QUARTERS)
    energy_ws, lasted_s = np.zeros(shape), np.zeros(shape)
    np.add.at(energy_ws, (row, column), table["energy_wh"].to_numpy() * 3600.0)
    np.add.at(lasted_s, (row, column), seconds)
    kw = np.full(shape, np.nan)
    np.divide(energy_ws, lasted_s * 1000.0, out=kw, where=lasted_s > 0)
    return [date.fromordinal(first.toordinal() + n) for n in range(shape[0])], kw


def plot_heatmap(run: Recorded, connector: int, canvas: Canvas) -> Figure:
    days, kw = quarters(run, connector)
    place = f"connector {connector}" if connector else "all connectors"
    most = np.unravel_index(np.nanargmax(kw), kw.shape)
    at = f"{_date(days[most[0]])} at {most[1] // 4:02}:{most[1] % 4 * 15:02}"
    under = f"mean of each quarter of an hour · the highest, {kw[most]:.1f} kW, on {at}"
    height_in = min(max(ROW_IN * len(days), LEAST_IN), MOST_IN)
    with canvas.panels([height_in], f"Quarters of an hour · {place}", under) as (figure, (axes,)):
        edges = np.linspace(0, 24, QUARTERS + 1)
        mesh = axes.pcolormesh(edges, np.arange(len(days) + 1), kw, cmap=COLOURS, vmin=0, rasterized=True)
        bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.02, aspect=12)
        bar.outline.set_visible(False)
        bar.ax.set_title("kW", fontsize=8, color=LIGHT["muted"], loc="left")
        _label(axes, days)
    return figure


def _label(axes: Axes, days: list[date]) -> None:
    name_panel(axes, "Mean kW, local hours by day")
    axes.set_ylim(len(days), 0)
    every = -(-len(days) // MOST_LABELS)
    labels = [_date(day) for day in days[::every]]
    axes.set_yticks([n + 0.5 for n in range(0, len(days), every)], labels)
    hours = range(0, 25, 3 if wide_in(axes) >= 5 else 6)
    axes.set_xticks(list(hours), [f"{hour:02}:00" for hour in hours])
    axes.grid(visible=False)


def _date(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
