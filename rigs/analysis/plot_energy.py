"""Energy needed and delivered: by day of plug-in, connector upon connector, and session by session."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evc5.models.units import DAY_S
from evc5.rigs.analysis import busiest_day
from evc5.rigs.analysis.plot_style import WIDTH_IN, Chart, chart, legend, name_panel, style, title
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT
from evc5.rigs.analysis.visits import Visit, visits
from evc5.rigs.analysis.window import Window

_MOST_BARS = 62  # beyond, days are taken together
_SHORT_WH = 500.0  # a session this far below its need is called short
_DAYS_A_BAR = (1, 7, 28, 91)
_PER = {1: "day", 7: "week", 28: "four weeks", 91: "quarter"}


def plot_energy(run: Recorded) -> Chart:
    end_s = run.end_s
    all_visits = visits(run.directory, end_s)
    known = busiest_day.connectors(run) or [1]
    with style():
        figure = chart(WIDTH_IN, 3.9)
        name = run.summary.get("rig") or run.directory.name
        title(figure, f"Energy · {name}", _summary(all_visits))
        asked = [visit for visit in all_visits if visit.needed_wh is not None]
        bars = figure.add_axes((0.048, 0.1, 0.579 if asked else 0.928, 0.68))
        _draw_bars(bars, all_visits, known, Window(run.start, 0.0, end_s))
        if asked:
            _draw_sessions(figure.add_axes((0.69, 0.1, 0.286, 0.68)), asked, known)
    return figure


def _summary(all_visits: Sequence[Visit]) -> str:
    delivered = sum(visit.energy_wh for visit in all_visits) / 1000
    needed = [visit.needed_wh for visit in all_visits if visit.needed_wh is not None]
    text = f"{len(all_visits):,} session{'s' * (len(all_visits) != 1)} · {delivered:,.1f} kWh delivered"
    if not needed:
        return text
    short = sum(_is_short(visit) for visit in all_visits)
    return f"{text} of {sum(needed) / 1000:,.1f} kWh needed · {short} left short by more than 0.5 kWh"


def _is_short(visit: Visit) -> bool:
    return visit.needed_wh is not None and visit.energy_wh < visit.needed_wh - _SHORT_WH


def _draw_bars(axes: Axes, all_visits: Sequence[Visit], known: Sequence[int], window: Window) -> None:
    first_s = busiest_day.midnight_before(window.start, 0.0)
    days = max(1, int(np.ceil((window.until_s - first_s) / DAY_S)))
    per = next((some for some in _DAYS_A_BAR if days <= some * _MOST_BARS), _DAYS_A_BAR[-1])
    edges_s = first_s + per * DAY_S * np.arange(-(-days // per) + 1)
    left = window.at(edges_s[:-1])
    width = per * 0.82
    below = np.zeros(len(left))
    for connector in known:
        mine = [visit for visit in all_visits if visit.connector == connector]
        kwh = _sums(mine, [visit.energy_wh for visit in mine], edges_s)
        look: dict[str, Any] = {"color": _colour(connector), "label": f"connector {connector}"}
        axes.bar(left + per / 2, kwh, width, bottom=below, **look)
        below += kwh
    _draw_needed(axes, all_visits, edges_s, left + per / 2, width)
    name_panel(axes, f"kWh by {_PER[per]} of plug-in")
    legend(axes)
    axes.grid(axis="x", visible=False)
    _label_bars(axes, left, per, window.start)


def _label_bars(axes: Axes, left: np.ndarray, per: int, start: datetime) -> None:
    """A date under the bars, at most ten: of the day, or of the first day that a bar takes together."""
    every = -(-len(left) // 10)
    days = [datetime.fromtimestamp(float(day) * DAY_S, UTC) for day in left[::every]]
    weekday = "%a " if per == 1 and len(left) <= 10 else ""
    labels = [day.strftime(f"{weekday}{day.day} %b") for day in days]
    axes.set_xticks(left[::every] + per / 2, labels)
    axes.set_xlim(left[0], left[-1] + per)
    axes.tick_params(axis="x", length=0)


def _draw_needed(
    axes: Axes, all_visits: Sequence[Visit], edges_s: np.ndarray, at: np.ndarray, width: float
) -> None:
    asked = [visit for visit in all_visits if visit.needed_wh is not None]
    if asked:
        kwh = _sums(asked, [visit.needed_wh or 0.0 for visit in asked], edges_s)
        axes.hlines(kwh, at - width / 2, at + width / 2, color=LIGHT["ink"], linewidth=1.4, label="needed")


def _colour(connector: int) -> str:
    return LIGHT["connector1" if connector % 2 else "connector2"]


def _sums(some: Sequence[Visit], wh: Sequence[float], edges_s: np.ndarray) -> np.ndarray:
    """kWh by the bar in which the plug went in."""
    return np.histogram([visit.plug_in_s for visit in some], edges_s, weights=np.array(wh) / 1000)[0]


def _draw_sessions(axes: Axes, asked: Sequence[Visit], known: Sequence[int]) -> None:
    name_panel(axes, "Session by session, kWh")
    top = 1.06 * max([1.0, *(max(visit.energy_wh, visit.needed_wh or 0.0) / 1000 for visit in asked)])
    axes.plot([0, top], [0, top], color=LIGHT["rule"], linewidth=1.0, zorder=1)
    for connector in known:
        mine = [visit for visit in asked if visit.connector == connector]
        axes.scatter(
            [(visit.needed_wh or 0.0) / 1000 for visit in mine],
            [visit.energy_wh / 1000 for visit in mine],
            s=18 if len(asked) <= 200 else 8,
            color=_colour(connector),
            alpha=0.75,
            linewidths=0,
            zorder=2,
        )
    axes.set(xlim=(0, top), ylim=(0, top))
    axes.set_ylabel("delivered", fontsize=8, labelpad=2)
    axes.set_xlabel("needed", loc="right", fontsize=8, labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
