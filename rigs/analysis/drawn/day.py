"""One connector, one day: status and cars, current offered and delivered, energy, charge, heat."""

import numpy as np

from evc5.rigs.analysis.day import (
    CAPABILITY,
    FLOWS,
    LINE_WIDTHS,
    OFFERED,
    Day,
    alike,
    clock_points,
    limits,
    stretches,
    summary,
)
from evc5.rigs.analysis.drawn.marks import Area, Box, Car, Dots, Drawing, Flag, Line, Mark, Panel
from evc5.rigs.analysis.shown import line as told
from evc5.rigs.analysis.stepped import held, highest, jumps, steps
from evc5.rigs.analysis.theme import PHASES, THEME, mark_id
from evc5.rigs.recording.reading.columns import Array


def draw_day(day: Day) -> Drawing:
    panels = [_status(day), _limited(day), _current(day), _power(day), _energy(day), _charge(day)]
    panels += [_heat(day)] if day.has_heat else []
    window = day.window
    return Drawing(
        day.name,
        summary(day.rows, day.present),
        window.since_s,
        window.until_s,
        window.ticks,
        tuple(panels),
    )


def stairs(x: Array, y: Array) -> tuple[Array, Array]:
    """The outline of a quantity that jumps, for an area: along zero too."""
    x, y = jumps(x, y)
    until = np.append(x[1:], x[-1:])
    return np.column_stack([x, until]).ravel(), np.repeat(y, 2)


def _status(day: Day) -> Panel:
    boxes = [
        Box(begin_s, end_s, 0.0, 1.0, status if status in THEME else "grid", text=status)
        for status, begin_s, end_s in stretches(day.rows)
    ]
    return Panel("", 22.0, 0.0, 1.0, (*boxes, *_cars(day), *_flags(day)), bare=True)


def _limited(day: Day) -> Panel:
    """What holds the current down, named in the legend where its stretch has no room for the word."""
    boxes = [
        Box(
            begin_s, end_s, 0.0, 1.0, f"by-{word}" if f"by-{word}" in THEME else "grid", text=word, label=word
        )
        for word, begin_s, end_s in limits(day.rows)
    ]
    return Panel("Limited by", 16.0, 0.0, 1.0, tuple(boxes), bare=True)


def _cars(day: Day) -> list[Car]:
    window = day.window
    return [
        Car(
            max(visit.plug_in_s, window.since_s),
            window.until_s if visit.unplug_s is None else min(visit.unplug_s, window.until_s),
            f"{visit.vehicle}  {visit.energy_wh / 1000:.1f} kWh",
        )
        for visit in day.present
    ]


def _flags(day: Day) -> list[Flag]:
    return [
        Flag(finding["t"], mark_id(index, day.connector), told(finding)) for index, finding in day.errors()
    ]


def _current(day: Day) -> Panel:
    t_s = day.rows["t"]
    offered_a = highest(day.rows, OFFERED)
    marks: list[Mark] = [
        Area(*stairs(t_s, offered_a), "offered"),
        Line(*steps(t_s, offered_a), "offered", 1.2, "offered"),
    ]
    able_a = highest(day.rows, CAPABILITY)
    marks.append(Line(*stairs(t_s, able_a), "muted", 1.0, "rated, cable, heat", dotted=True))
    groups = alike({phase: day.rows[name] for phase, name in zip(PHASES, FLOWS, strict=True)})
    for (names, values), width in zip(groups, LINE_WIDTHS[len(groups)], strict=True):
        marks.append(Line(*steps(t_s, values), names[0], width, f"{' '.join(names)} delivered"))
    top_a = float(np.fmax.reduce([*offered_a, *able_a], initial=6.0)) * 1.08
    return Panel("Current per phase, A", 200.0, 0.0, top_a, tuple(marks))


def _power(day: Day) -> Panel:
    kw = day.rows["p_w"] / 1000
    top_kw = 1.08 * max(1.0, float(np.fmax.reduce(kw, initial=0.0)))
    return Panel("Power, kW", 100.0, 0.0, top_kw, (Line(*steps(day.rows["t"], kw), "line"),))


def _energy(day: Day) -> Panel:
    """The meter's register since the day began, and on it the readings that were sent on the clock."""
    t_s, register_wh = day.rows["t"], day.rows["register_wh"]
    name = "Meter since the day began, kWh"
    if not len(t_s):
        return Panel(name, 110.0, 0.0, 1.0, ())
    kwh = (register_wh - register_wh[0]) / 1000
    marks: list[Mark] = [Line(t_s, kwh, "line", label="register")]
    points = np.array(clock_points(day.run, day.connector, day.window)).reshape(-1, 2)
    if len(points):
        sent_kwh = (points[:, 1] - register_wh[0]) / 1000
        label = f"clock-aligned, sent ({len(points)})"
        marks.append(Dots(points[:, 0], sent_kwh, "line", label, hollow=True))
    top_kwh = max(1.0, float(np.nanmax(kwh, initial=0.0)))
    return Panel(name, 110.0, -0.04 * top_kwh, 1.06 * top_kwh, tuple(marks))


def _charge(day: Day) -> Panel:
    line = Line(*held(day.rows["t"], 100 * day.rows["soc"]), "line")
    return Panel("State of charge, %", 84.0, -4.0, 104.0, (line,))


def _heat(day: Day) -> Panel:
    temp_c = day.rows["temp_c"]
    low_c, high_c = float(np.nanmin(temp_c)), float(np.nanmax(temp_c))
    room_k = 0.06 * (high_c - low_c)
    line = Line(*held(day.rows["t"], temp_c), "line")
    return Panel("Temperature, °C", 72.0, low_c - room_k, high_c + room_k, (line,))
