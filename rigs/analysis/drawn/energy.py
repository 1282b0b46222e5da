"""Energy needed and delivered: by day of plug-in, connector upon connector, and session by session."""

import numpy as np

from evc5.rigs.analysis.drawn.marks import Box, Dots, Drawing, Line, Mark, Panel
from evc5.rigs.analysis.drawn.scale import round_ticks
from evc5.rigs.analysis.energy import MOST_LABELS, Energy

MANY = 200  # sessions; beyond, their dots are smaller
BAR = 0.82  # of a bar's place
HALF_LINE = 0.006  # of the panel's height: half the thickness of the line of what was needed


def draw_energy(shown: Energy) -> Drawing:
    edges_s = shown.edges_s
    middle_s = (shown.edges_s[:-1] + shown.edges_s[1:]) / 2

    def ticks(most: int) -> list[tuple[float, str]]:
        return [(float(middle_s[number]), label) for number, label in shown.labels(min(most, MOST_LABELS))]

    low, high = float(edges_s[0]), float(edges_s[-1])
    return Drawing(shown.name, shown.summary(), low, high, ticks, (_bars(shown),))


def _bars(shown: Energy) -> Panel:
    left_s = shown.edges_s[:-1]
    width_s = np.diff(shown.edges_s)
    begin_s, end_s = left_s + (1 - BAR) / 2 * width_s, left_s + (1 + BAR) / 2 * width_s
    below, marks = np.zeros(len(left_s)), list[Mark]()
    for connector in shown.connectors:
        top = below + shown.delivered_kwh(shown.at(connector))
        look = ("connector1" if connector % 2 else "connector2", 1.0, "", f"connector {connector}")
        places = zip(begin_s.tolist(), end_s.tolist(), below.tolist(), top.tolist(), strict=True)
        marks += [Box(*place, *look) for place in places if place[3] > place[2]]
        below = top
    needed = shown.needed_kwh() if shown.asked else np.zeros(0)
    high = 1.08 * max(1.0, float(below.max(initial=0.0)), float(needed.max(initial=0.0)))
    thick = HALF_LINE * high
    for begin, end, kwh in zip(begin_s.tolist(), end_s.tolist(), needed.tolist(), strict=False):
        marks += [Box(begin, end, kwh - thick, kwh + thick, "ink", label="needed")] if kwh else []
    return Panel(shown.bars_name, 200.0, 0.0, high, tuple(marks))


def draw_sessions(shown: Energy) -> Drawing:
    """Each session's energy against its need: on the line it got all."""
    most_kwh = [max(visit.energy_wh, visit.needed_wh or 0.0) / 1000 for visit in shown.asked]
    top = 1.06 * max([1.0, *most_kwh])
    diagonal = np.array([0.0, top])
    marks: list[Mark] = [Line(diagonal, diagonal, "rule", 1.2)]
    for connector in shown.connectors:
        mine = [visit for visit in shown.asked if visit.connector == connector]
        needed = np.array([(visit.needed_wh or 0.0) / 1000 for visit in mine])
        delivered = np.array([visit.energy_wh / 1000 for visit in mine])
        colour = "connector1" if connector % 2 else "connector2"
        radius = 3.0 if len(shown.asked) <= MANY else 1.8
        marks.append(Dots(needed, delivered, colour, f"connector {connector}", radius=radius))

    def ticks(most: int) -> list[tuple[float, str]]:
        return [(value, f"{value:g}") for value in round_ticks(0.0, top, min(most, 10))]

    panel = Panel("Delivered, kWh", 240.0, 0.0, top, tuple(marks))
    return Drawing(
        "Session by session",
        "kWh delivered over kWh needed; on the line a session got all",
        0.0,
        top,
        ticks,
        (panel,),
    )
