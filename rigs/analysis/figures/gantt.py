"""When cars stood and when they charged: a row a local day, from midnight to midnight."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evc5.rigs.analysis.figures.asked import known_connectors
from evc5.rigs.analysis.figures.canvas import Canvas, name_panel, wide_in
from evc5.rigs.analysis.recorded import Recorded
from evc5.rigs.analysis.theme import LIGHT, connector_colour
from evc5.rigs.analysis.visits import visits
from evc5.rigs.analysis.window import Window
from evc5.rigs.errors import BadInput
from evc5.rigs.recording.reading import run_directory, telemetry

ROW_IN = 0.24  # of a day, while there are few
MOST_IN = 7.0  # of all days together
MOST_LABELS = 31
HOURS = 24.0

Bar = tuple[date, float, float]  # a day, and from which of its hours to which


def plot_sessions(run: Recorded, window: Window, canvas: Canvas) -> Figure:
    connectors = known_connectors(run)
    present = visits(run.directory, run.end_s, since_s=window.since_s, until_s=window.until_s)
    if not present:
        raise BadInput(f"no car stood there from {window.name()}; run.events has its plug-ins")
    days = _days(window)
    title = f"Sessions · {window.name()}"
    stood_h = sum(_ends(visit.unplug_s, window) - max(visit.plug_in_s, window.since_s) for visit in present)
    charged = {c: charging(run, c, window) for c in connectors}
    flowed_h = sum(end_s - begin_s for spans in charged.values() for begin_s, end_s in spans) / 3600
    count = f"{len(present)} session{'s' * (len(present) != 1)}"
    under = f"{count} · cars stood for {stood_h / 3600:,.0f} h and charged for {flowed_h:,.0f} h of them"
    with canvas.panels([min(ROW_IN * len(days), MOST_IN)], title, under) as (figure, (axes,)):
        for lane, c in enumerate(connectors):
            place = (lane / len(connectors), 1 / len(connectors))
            stood = [
                (max(v.plug_in_s, window.since_s), _ends(v.unplug_s, window))
                for v in present
                if v.connector == c
            ]
            _draw(axes, list(bars(run, stood)), days, place, c, stands=True)
            _draw(axes, list(bars(run, charged[c])), days, place, c, stands=False)
        _label(axes, days)
    return figure


def charging(run: Recorded, connector: int, window: Window) -> list[tuple[float, float]]:
    """Stretches in which power flows, in seconds of the run."""
    place = run.directory / run_directory.TELEMETRY
    rows = telemetry.during(place, ("t", "p_w"), connector, window.since_s, window.until_s)
    flows = np.concatenate([[False], rows["p_w"] > 0, [False]])
    changes = np.flatnonzero(flows[1:] != flows[:-1])
    t_s = np.append(rows["t"], rows["t"][-1:])
    return [
        (float(t_s[begin]), float(t_s[end])) for begin, end in changes.reshape(-1, 2) if t_s[end] > t_s[begin]
    ]


def bars(run: Recorded, spans: list[tuple[float, float]]) -> Iterator[Bar]:
    """Stretches of the run as they lie on local days; where the clock is changed a bar jumps with it."""
    for begin_s, end_s in spans:
        instants = [begin_s, *_turns(run, begin_s, end_s), end_s]
        for one_s, other_s in pairwise(instants):
            at = (run.start + timedelta(seconds=one_s)).astimezone(run.tz)
            hour = at.hour + at.minute / 60 + at.second / 3600
            yield at.date(), hour, min(hour + (other_s - one_s) / 3600, HOURS)


def _turns(run: Recorded, begin_s: float, end_s: float) -> list[float]:
    """The full hours within a stretch at which a local day begins or the clock is changed."""
    first = (run.start + timedelta(seconds=begin_s)).timestamp() // 3600 + 1
    found = []
    zone_before = (run.start + timedelta(seconds=begin_s)).astimezone(run.tz).utcoffset()
    for hour in range(int(first), int((run.start.timestamp() + end_s) // 3600) + 1):
        t_s = hour * 3600 - run.start.timestamp()
        at = (run.start + timedelta(seconds=t_s)).astimezone(run.tz)
        if begin_s < t_s < end_s and (at.hour == at.minute == 0 or at.utcoffset() != zone_before):
            found.append(t_s)
        zone_before = at.utcoffset()
    return found


def _ends(unplug_s: float | None, window: Window) -> float:
    return window.until_s if unplug_s is None else min(unplug_s, window.until_s)


def _days(window: Window) -> list[date]:
    count = (window.until - timedelta(microseconds=1)).date().toordinal() - window.since.date().toordinal()
    return [window.since.date() + timedelta(days=day) for day in range(count + 1)]


def _draw(
    axes: Axes, found: list[Bar], days: list[date], lane: tuple[float, float], connector: int, *, stands: bool
) -> None:
    colour = LIGHT[connector_colour(connector)]
    low, tall = lane
    label = f"connector {connector} {'plugged in' if stands else 'charging'}"
    y = [(day - days[0]).days + low + 0.5 * tall for day, _, _ in found]
    axes.barh(
        y,
        [end - begin for _, begin, end in found],
        left=[begin for _, begin, _ in found],
        height=tall * (0.9 if stands else 0.6),
        color=colour,
        alpha=0.28 if stands else 1.0,
        linewidth=0,
        label=label,
    )


def _label(axes: Axes, days: list[date]) -> None:
    name_panel(axes, "Local hours, by day")
    axes.set_ylim(len(days), 0)
    every = -(-len(days) // MOST_LABELS)
    axes.set_yticks([n + 0.5 for n in range(0, len(days), every)], [_date(day) for day in days[::every]])
    axes.set_xlim(0, HOURS)
    step = 2 if wide_in(axes) >= 5 else 6
    hours = range(0, 25, step)
    axes.set_xticks(list(hours), [f"{hour:02}:00" for hour in hours])
    axes.grid(axis="y", visible=False)


def _date(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
